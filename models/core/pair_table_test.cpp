#include "models/core/pair_table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace d1 {
namespace {

TEST(pair_table, stands_in_the_documentation) {
    std::ifstream file(D1_SOURCE_DIR "/docs/core.md");
    std::ostringstream page;
    page << file.rdbuf();
    EXPECT_NE(page.str().find(pair_table()), std::string::npos)
        << "put the output of build/release/bin/pair_table into docs/core.md";
}

TEST(pair_errors, are_within_five_per_cent_but_for_the_three_that_the_documentation_explains) {
    const auto errors = pair_errors();
    EXPECT_EQ(errors.size(), 144U);
    int beyond = 0;
    for (const pair_error& e : errors) {
        beyond += std::abs(e.part()) > 0.05 ? 1 : 0;
        EXPECT_LT(std::abs(e.part()), 0.085) << e.first << ", " << e.second;
        if (e.first == e.second) {
            EXPECT_LT(std::abs(e.part()), 0.01) << e.first << " twice";
        }
    }
    EXPECT_LE(beyond, 3);
}

}  // namespace
}  // namespace d1
