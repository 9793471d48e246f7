// A routing of one's own: what is taken as it is, and what is refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/noc/route_table.hpp"
#include "models/noc/route_table_audit.hpp"
#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

port towards(std::int32_t from, std::int32_t to, port less, port more) {
    return to < from ? less : more;
}
port xy(coordinate here, port /*input*/, coordinate destination) {
    return here.x != destination.x ? towards(here.x, destination.x, port::west, port::east)
                                   : towards(here.y, destination.y, port::north, port::south);
}
port yx(coordinate here, port /*input*/, coordinate destination) {
    return here.y != destination.y ? towards(here.y, destination.y, port::north, port::south)
                                   : towards(here.x, destination.x, port::west, port::east);
}
/// Clockwise round the four nodes of a square.
port clockwise(coordinate here, port /*input*/, coordinate /*destination*/) {
    if (here.y == 0) {
        return here.x == 0 ? port::east : port::south;
    }
    return here.x == 1 ? port::west : port::north;
}

std::string refusal(grid shape, const std::vector<coordinate>& blocked, const next_hop& route) {
    try {
        const route_table table(shape, blocked, route);
    } catch (const input_error& error) {
        return error.what();
    }
    return "";
}

TEST(custom_routing, of_xy_is_the_table_of_a_mesh_without_dead_nodes) {
    for (const grid shape : {grid{1, 1}, {2, 2}, {1, 7}, {6, 4}, {18, 20}}) {
        const route_table own(shape, {}, xy);
        const route_table rule(shape, {});
        EXPECT_EQ(own.statistics(), rule.statistics());
        for (std::uint32_t s = 0; s < shape.size(); ++s) {
            for (std::uint32_t d = 0; d < shape.size(); ++d) {
                ASSERT_EQ(own.path(node_index{s}, node_index{d}), rule.path(node_index{s}, node_index{d}));
                ASSERT_EQ(own.hops(node_index{s}, node_index{d}), rule.hops(node_index{s}, node_index{d}));
            }
        }
        EXPECT_EQ(own.dependencies().dependencies(), rule.dependencies().dependencies());
    }
}

TEST(custom_routing, keeps_the_promises_of_a_table) {
    const grid shape{5, 4};
    EXPECT_EQ(test::auditor(route_table(shape, {}, yx), {shape, {}}).run().fault, "");
}

TEST(custom_routing, counts_the_pairs_that_do_not_go_xy) {
    const route_table table({3, 2}, {}, yx);
    const auto& report = table.statistics();
    EXPECT_EQ(report.pairs, 30U);
    EXPECT_EQ(report.xy_live, 30U);
    EXPECT_EQ(report.xy_kept, 18U);  // pairs in one row: 2 * 6; in one column: 3 * 2
    EXPECT_EQ(report.xy_lost, 12U);
    EXPECT_EQ(report.detoured, 12U);
    EXPECT_EQ(report.extra_hops_total, 0U);
    EXPECT_EQ(report.longest_path, 3U);
}

TEST(custom_routing, may_depend_on_where_a_packet_came_from_and_go_round_a_blocked_router) {
    // 3 x 2 with the middle of the upper row blocked: one path round it, down first.
    const auto below = [](coordinate here, port input, coordinate destination) {
        if (here.y == 0) {
            return port::south;
        }
        if (here.x == destination.x) {
            return port::north;
        }
        EXPECT_NE(input, here.x < destination.x ? port::east : port::west);
        return here.x < destination.x ? port::east : port::west;
    };
    const std::vector<coordinate> blocked{{1, 0}};
    const route_table table({3, 2}, blocked, below);
    const grid g = table.shape();
    EXPECT_EQ(table.hops(g.index({0, 0}), g.index({2, 0})), 4U);
    EXPECT_FALSE(table.live(g.index({1, 0})));
    EXPECT_EQ(table.statistics().pairs, 20U);
    EXPECT_TRUE(table.dependencies().acyclic());
}

TEST(custom_routing, is_refused_where_it_could_deadlock_and_the_cycle_is_printed) {
    EXPECT_THAT(refusal({2, 2}, {}, clockwise),
                HasSubstr("the routing can deadlock: packets on each of these links may wait for the next, and on the "
                          "last for the first: node[0,0] east, node[1,0] south, node[1,1] west, node[0,1] north."));
    // Turns of both kinds: XY to even columns, YX to odd ones.
    const auto mixed = [](coordinate here, port in, coordinate to) {
        return to.x % 2 == 0 ? xy(here, in, to) : yx(here, in, to);
    };
    EXPECT_THAT(refusal({4, 4}, {}, mixed), HasSubstr("can deadlock"));
}

TEST(custom_routing, is_refused_where_a_path_does_not_lead_to_its_destination) {
    const auto east = [](coordinate, port, coordinate) { return port::east; };
    EXPECT_EQ(
        refusal({2, 1}, {}, east),
        "the routing from node[1,0] to node[0,0] is no path: node[1,0] sends packets east, where no router is. It "
        "goes node[1,0].");
    EXPECT_THAT(refusal({3, 2}, {{1, 0}}, xy), HasSubstr("node[0,0] sends packets east, where no router is"));
    EXPECT_THAT(
        refusal({3, 1}, {}, [](coordinate here, port, coordinate) { return here.x == 1 ? port::west : port::east; }),
        HasSubstr("from node[0,0] to node[2,0] is no path: node[1,0] sends packets back west. It goes "
                  "node[0,0] east node[1,0]."));
    EXPECT_THAT(refusal({2, 1}, {}, [](coordinate, port, coordinate) { return port::local; }),
                HasSubstr("node[0,0] has to name a direction"));
    // Round the square for ever, past a destination that is not on it.
    const auto square = [](coordinate here, port in, coordinate to) {
        return here.x == 2 ? xy(here, in, to) : clockwise(here, in, to);
    };
    EXPECT_THAT(refusal({3, 2}, {}, square), HasSubstr("packets go round in circles"));
    EXPECT_THAT(refusal({3, 2}, {}, square), Not(HasSubstr("deadlock")));
}

TEST(custom_routing, is_refused_on_a_mesh_that_is_not_connected) {
    EXPECT_THAT(refusal({3, 1}, {{1, 0}}, xy), HasSubstr("cut off"));
}

}  // namespace
}  // namespace d1::noc
