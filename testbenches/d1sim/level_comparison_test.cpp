// The brief comparison of at with ca (docs/noc.md has the whole one, and which bounds do not hold yet).

#include "testbenches/d1sim/level_comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace d1 {
namespace {

TEST(level_comparison, runs_traffic_and_every_program_at_both_levels) {
    comparison_options options{.parameters = {}, .extent = comparison_extent::brief, .measured = 2000};
    options.parameters.die.harvest.dead.clear();
    options.parameters.die.noc.columns = 8;  // small, so that it is quick; d1sim noc --compare is for the die
    options.parameters.die.noc.rows = 8;
    std::size_t told = 0;
    const level_comparison found = compare_levels(options, [&](const compared_cycles&) { ++told; });
    EXPECT_TRUE(found.complete);
    EXPECT_TRUE(found.failures.empty()) << found.failures.front().what << ": " << found.failures.front().why;
    // Single packets and bursts at 0.3 and 0.6 of saturation; a matrix product; three collectives.
    ASSERT_EQ(found.rows.size(), 8U);
    EXPECT_EQ(told, 8U);
    for (const compared_cycles& row : found.rows) {
        SCOPED_TRACE(comparison_line(row));
        EXPECT_GT(row.at, 0);
        EXPECT_GT(row.ca, 0);
        EXPECT_TRUE(row.bound);
        if (row.what == "single packets") {
            EXPECT_EQ(*row.bound, 0.03);
            // The bounds are of the die's 18 x 20, where mesh_traffic_test holds these to them up to 0.8 of saturation.
            EXPECT_TRUE(row.holds() || row.part > 0.5);
        }
    }
    EXPECT_EQ(comparison_json(options, found).at("rows").as_array().size(), 8U);
}

TEST(level_comparison, is_beyond_its_bound_on_either_side) {
    EXPECT_TRUE((compared_cycles{.what = "", .at = 103, .ca = 100, .bound = 0.0301}.holds()));
    EXPECT_FALSE((compared_cycles{.what = "", .at = 104, .ca = 100, .bound = 0.03}.holds()));
    EXPECT_FALSE((compared_cycles{.what = "", .at = 96, .ca = 100, .bound = 0.03}.holds()));
    EXPECT_TRUE((compared_cycles{.what = "", .at = 50, .ca = 100}.holds()));
    EXPECT_THAT(comparison_line({.what = "x", .at = 96, .ca = 100, .bound = 0.03}), testing::HasSubstr("-4.0%"));
}

}  // namespace
}  // namespace d1
