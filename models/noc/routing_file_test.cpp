// Route tables as text: what they say, what is refused, and that what is written can be read.

#include "models/noc/routing_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "models/noc/mesh_routing.hpp"
#include "models/noc/route_table_audit.hpp"
#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

using ::testing::HasSubstr;

const std::string xy_lines =
    "d1routes 1\n"
    "*,* any <,* west   # along the row first\n"
    "*,* any >,* east\n"
    "\n"
    "*,* any =,< north\n"
    "*,* any =,> south\n";

std::string refusal(const std::string& text, grid shape, const mesh_faults& faults = {}) {
    try {
        static_cast<void>(routing_file(text, "r.txt").table(shape, faults));
    } catch (const input_error& error) {
        EXPECT_EQ(error.kind(), error_class::routing);
        return error.what();
    }
    return "";
}

void expect_same_paths(const route_table& a, const route_table& b) {
    ASSERT_EQ(a.shape(), b.shape());
    EXPECT_EQ(a.statistics(), b.statistics());
    const std::uint32_t nodes = a.shape().size();
    for (std::uint32_t s = 0; s < nodes; ++s) {
        for (std::uint32_t d = 0; d < nodes; ++d) {
            ASSERT_EQ(a.reachable(node_index{s}, node_index{d}), b.reachable(node_index{s}, node_index{d}));
            if (a.reachable(node_index{s}, node_index{d})) {
                ASSERT_EQ(a.path(node_index{s}, node_index{d}), b.path(node_index{s}, node_index{d}));
            }
        }
    }
}

TEST(routing_file, says_xy_in_four_lines) {
    for (const grid shape : {grid{1, 1}, {2, 3}, {18, 20}}) {
        expect_same_paths(routing_file(xy_lines, "r.txt").table(shape, {}), route_table(shape, {}));
    }
}

TEST(routing_file, lets_the_last_line_that_fits_decide) {
    // Packets for the south-east corner go down in the first column, whatever way they came.
    const route_table table = routing_file(xy_lines + "0,0-1 any 2,2 south\n", "r.txt").table({3, 3}, {});
    const grid g = table.shape();
    EXPECT_EQ(table.next(g.index({0, 0}), port::local, g.index({2, 2})), port::south);
    EXPECT_EQ(table.next(g.index({0, 1}), port::north, g.index({2, 2})), port::south);
    EXPECT_EQ(table.next(g.index({0, 2}), port::north, g.index({2, 2})), port::east);
    EXPECT_EQ(table.next(g.index({1, 0}), port::local, g.index({2, 2})), port::east);
    EXPECT_EQ(table.next(g.index({0, 0}), port::local, g.index({2, 1})), port::east);
}

TEST(routing_file, tells_inputs_apart) {
    const std::string text = "d1routes 1\nmesh 3 1\n* , any";
    EXPECT_THAT(refusal(text, {3, 1}), HasSubstr("r.txt:3"));
    const route_table table =
        routing_file("d1routes 1\n*,* local,west >,0 east\n*,* east,local <,0 west\n", "r.txt").table({3, 1}, {});
    EXPECT_EQ(table.hops(node_index{0}, node_index{2}), 2U);
    EXPECT_THAT(refusal("d1routes 1\n*,* local >,0 east\n*,* any <,0 west\n", {3, 1}),
                HasSubstr("node[1,0] has to name a direction (no line of r.txt is for router 1,0, input west, "
                          "destination 2,0). It goes node[0,0] east node[1,0]."));
}

TEST(routing_file, reads_what_was_written_as_the_same_paths) {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    const auto expect_round_trip = [](const route_table& table, const mesh_faults& faults) {
        std::ostringstream text;
        write_routes(text, table);
        expect_same_paths(routing_file(text.str(), "r.txt").table(table.shape(), faults), table);
    };
    for (int trial = 0; trial < 30; ++trial) {
        const grid shape{static_cast<std::int32_t>(2 + random() % 7), static_cast<std::int32_t>(2 + random() % 7)};
        const test::place_map map = test::random_map(shape, random() % 4, static_cast<std::uint32_t>(random()));
        if (map.blocked.size() < shape.size() && cut_off_from_first(map) == 0) {
            SCOPED_TRACE(testing::Message() << "seed " << seed << "\n" << to_string(map));
            expect_round_trip(route_table(shape, map.faults()), map.faults());
        }
    }
    const mesh_faults harvest{{{3, 2}, {14, 5}, {6, 8}, {11, 12}, {1, 15}, {16, 17}}, {{{8, 8}, {9, 8}}}};
    expect_round_trip(route_table({18, 20}, harvest), harvest);
    noc_parameters yx;
    yx.routing = routing_kind::yx;
    expect_round_trip(mesh_routing(yx, harvest).table(), harvest);
}

TEST(routing_file, is_refused_where_it_could_deadlock_with_the_cycle_and_its_lines) {
    const std::string turning =
        "d1routes 1\n"
        "*,0 any *,* east\n"
        "1,0 any *,* south\n"
        "*,1 any *,* west\n"
        "0,1 any *,* north\n";
    EXPECT_THAT(refusal(turning, {2, 2}),
                HasSubstr("the routing can deadlock: packets on each of these links may wait for the next, and on the "
                          "last for the first: node[0,0] east (r.txt:2), node[1,0] south (r.txt:3), node[1,1] west "
                          "(r.txt:4), node[0,1] north (r.txt:5)."));
}

TEST(routing_file, is_refused_where_it_does_not_lead_to_the_destination_with_the_path) {
    EXPECT_THAT(refusal("d1routes 1\n*,* any *,* east\n", {2, 1}),
                HasSubstr("node[1,0] sends packets east, where no router is (r.txt:2). It goes node[1,0]."));
    EXPECT_THAT(refusal(xy_lines, {3, 2}, {{{1, 0}}}), HasSubstr("where no router is (r.txt:3)"));
    EXPECT_THAT(refusal(xy_lines, {3, 2}, {{}, {{{0, 0}, {1, 0}}}}), HasSubstr("where the link is dead (r.txt:3)"));
}

TEST(routing_file, is_refused_with_the_line_where_it_is_no_table) {
    EXPECT_THAT(refusal("", {2, 2}), HasSubstr("r.txt: holds no route table"));
    EXPECT_THAT(refusal("# nothing\n", {2, 2}), HasSubstr("r.txt: holds no route table"));
    EXPECT_THAT(refusal("\nroutes\n", {2, 2}), HasSubstr("r.txt:2: a route table begins with the line 'd1routes 1'"));
    EXPECT_THAT(refusal("d1routes 2\n", {2, 2}), HasSubstr("r.txt:1: "));
    const auto line = [](const std::string& text) { return refusal("d1routes 1\n" + text + "\n", {4, 4}); };
    EXPECT_THAT(line("1,1 any 2,2"), HasSubstr("r.txt:2: must be ROUTER INPUT DESTINATION OUTPUT"));
    EXPECT_THAT(line("1 any 2,2 east"), HasSubstr("r.txt:2: router '1': must be COLUMN,ROW"));
    EXPECT_THAT(line("<,1 any 2,2 east"), HasSubstr("router '<,1'"));
    EXPECT_THAT(line("3-1,1 any 2,2 east"), HasSubstr("router '3-1,1'"));
    EXPECT_THAT(line("1,1 up 2,2 east"), HasSubstr("input 'up': must be any, or some of"));
    EXPECT_THAT(line("1,1 any 2,-2 east"), HasSubstr("destination '2,-2'"));
    EXPECT_THAT(line("1,1 any 2,2 local"), HasSubstr("output 'local': must be west, east, north or south"));
    EXPECT_THAT(line("1,1 any 2,4 east"), HasSubstr("r.txt:2: names places outside of the mesh of 4 x 4"));
    EXPECT_THAT(line("0-4,1 any 2,2 east"), HasSubstr("r.txt:2: names places outside"));
    EXPECT_THAT(line("mesh 4 5"), HasSubstr("r.txt: is for a mesh of 4 x 5, and this one has 4 x 4"));
    EXPECT_THAT(line("mesh four 5"), HasSubstr("r.txt:2: a mesh has two numbers"));
}

TEST(routing_file, that_cannot_be_read_is_refused_with_its_name) {
    try {
        static_cast<void>(routing_file::load("no/such/file.txt"));
        FAIL();
    } catch (const input_error& error) {
        EXPECT_EQ(error.kind(), error_class::file_unreadable);
        EXPECT_THAT(error.what(), HasSubstr("no/such/file.txt: cannot be read"));
    }
}

}  // namespace
}  // namespace d1::noc
