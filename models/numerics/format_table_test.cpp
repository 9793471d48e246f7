#include "models/numerics/format_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace d1::numerics {
namespace {

TEST(format_table, is_the_one_in_the_documentation) {
    std::ostringstream page;
    page << std::ifstream(std::string(D1_SOURCE_DIR) + "/docs/numerics.md").rdbuf();
    EXPECT_THAT(page.str(), testing::HasSubstr(format_table()))
        << "put the output of build/release/bin/format_table into docs/numerics.md";
}

TEST(format_table, shows_half_a_unit_as_the_worst_error) {
    // A midpoint beside a power of two: half a unit of 2^-3, over 1 + 2^-4.
    EXPECT_THAT(format_table(),
                testing::HasSubstr("| cfp8_143 | 8 | 7 | 1.875 x 2^8 | 2^-6 | 2^-9 | 2^-10 | 5.88 % |"));
}

}  // namespace
}  // namespace d1::numerics
