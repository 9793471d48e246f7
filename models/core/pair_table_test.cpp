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

TEST(pair_errors, are_within_five_per_cent_of_all_pairs) {
    const auto errors = pair_errors();
    EXPECT_EQ(errors.size(), 144U);
    for (const pair_error& e : errors) {
        EXPECT_LT(std::abs(e.part()), 0.05) << e.first << ", " << e.second;
        if (e.first == e.second) {
            EXPECT_LT(std::abs(e.part()), 0.01) << e.first << " twice";
        }
    }
}

TEST(pair_errors, are_small_for_rows_of_short_kernels_too) {
    const auto errors = errors_of_rows();
    EXPECT_EQ(errors.size(), 120U);
    double squares = 0;
    for (const pair_error& e : errors) {
        EXPECT_LT(std::abs(e.part()), 0.15) << e.first << ", " << e.second;
        squares += e.part() * e.part();
    }
    EXPECT_LT(std::sqrt(squares / static_cast<double>(errors.size())), 0.02);
}

}  // namespace
}  // namespace d1
