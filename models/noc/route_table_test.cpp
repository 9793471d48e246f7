// What routing around dead nodes promises, checked by walking every path.

#include "models/noc/route_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <random>
#include <string_view>

#include "models/noc/live_mesh.hpp"
#include "models/noc/route_table_audit.hpp"
#include "models/noc/turn_rule.hpp"
#include "models/parameter/error.hpp"
#include "models/reporting/sanitized.hpp"

namespace d1::noc {
namespace {

using test::auditor;
using test::draw;
using test::place_map;

const std::vector<coordinate> default_dead{{3, 2}, {14, 5}, {6, 8}, {11, 12}, {1, 15}, {16, 17}};

route_table::report expect_good_routes(const place_map& map) {
    const route_table table(map.shape, map.blocked);
    EXPECT_EQ(auditor(table, map).run().fault, "") << to_string(map);
    return table.statistics();
}

std::string refusal(const place_map& map) {
    try {
        const route_table table(map.shape, map.blocked);
    } catch (const input_error& error) {
        return error.what();
    }
    return "";
}

TEST(route_table, is_xy_for_every_pair_of_a_mesh_without_dead_nodes) {
    for (const grid shape : {grid{1, 1}, {1, 2}, {2, 1}, {1, 20}, {18, 1}, {2, 2}, {3, 5}, {7, 4}, {18, 20}}) {
        const auto report = expect_good_routes({shape, {}});
        const std::uint64_t pairs = std::uint64_t{shape.size()} * (shape.size() - 1);
        EXPECT_EQ(report.xy_kept, pairs);
        EXPECT_EQ(report.xy_lost, 0U);
        EXPECT_EQ(report.extra_hops_total, 0U);
        EXPECT_EQ(report.longest_path, static_cast<std::uint32_t>(shape.columns + shape.rows - 2));
    }
}

TEST(route_table, goes_along_the_row_first) {
    const route_table table({18, 20}, {});
    const grid g = table.shape();
    EXPECT_EQ(table.next(g.index({3, 4}), port::local, g.index({5, 9})), port::east);
    EXPECT_EQ(table.next(g.index({5, 4}), port::west, g.index({5, 9})), port::south);
    EXPECT_EQ(table.next(g.index({5, 9}), port::north, g.index({5, 9})), port::local);
    EXPECT_EQ(table.next(g.index({5, 9}), port::local, g.index({0, 0})), port::west);
    EXPECT_EQ(table.next(g.index({0, 9}), port::east, g.index({0, 0})), port::north);
    EXPECT_EQ(table.hops(g.index({0, 0}), g.index({17, 19})), 36U);
}

TEST(route_table, marks_what_no_packet_comes_to) {
    const route_table table({3, 3}, std::vector<coordinate>{{1, 1}});
    const grid g = table.shape();
    EXPECT_FALSE(table.live(g.index({1, 1})));
    EXPECT_TRUE(table.live(g.index({0, 1})));
    EXPECT_FALSE(table.reachable(g.index({0, 1}), g.index({1, 1})));
    EXPECT_EQ(table.next(g.index({0, 1}), port::local, g.index({1, 1})), route_table::no_port);
    EXPECT_EQ(table.next(g.index({1, 1}), port::local, g.index({0, 1})), route_table::no_port);
    EXPECT_EQ(table.next(g.index({0, 0}), port::west, g.index({2, 2})), route_table::no_port) << "beyond the edge";
    EXPECT_THROW((void)table.path(g.index({0, 0}), g.index({1, 1})), std::invalid_argument);
}

TEST(route_table, gives_each_router_its_own_part) {
    const route_table table({4, 3}, std::vector<coordinate>{{2, 1}});
    for (std::uint32_t v = 0; v < 12; ++v) {
        const auto part = table.router(node_index{v});
        ASSERT_EQ(part.size(), 60U);
        for (std::uint32_t in = 0; in < port_count; ++in) {
            for (std::uint32_t d = 0; d < 12; ++d) {
                EXPECT_EQ(part[in * 12 + d], table.next(node_index{v}, static_cast<port>(in), node_index{d}));
            }
        }
    }
}

TEST(route_table, lists_the_routers_of_a_path) {
    const route_table table({4, 3}, {});
    const grid g = table.shape();
    EXPECT_THAT(table.path(g.index({0, 2}), g.index({2, 1})),
                testing::ElementsAre(g.index({0, 2}), g.index({1, 2}), g.index({2, 2}), g.index({2, 1})));
    EXPECT_THAT(table.path(g.index({1, 1}), g.index({1, 1})), testing::ElementsAre(g.index({1, 1})));
}

TEST(route_table, goes_round_one_dead_node_wherever_it_stands) {
    for (const grid shape : {grid{2, 2}, {2, 5}, {5, 2}, {3, 3}, {5, 6}, {8, 7}}) {
        for (std::uint32_t v = 0; v < shape.size(); ++v) {
            const auto report = expect_good_routes({shape, {shape.at(node_index{v})}});
            EXPECT_LE(report.longest_path, static_cast<std::uint32_t>(shape.columns + shape.rows)) << "node " << v;
        }
    }
}

TEST(route_table, goes_round_every_pair_of_dead_nodes_that_leaves_the_others_connected) {
    const grid shape{5, 5};
    for (std::uint32_t a = 0; a < shape.size(); ++a) {
        for (std::uint32_t b = a + 1; b < shape.size(); ++b) {
            const place_map map{shape, {shape.at(node_index{a}), shape.at(node_index{b})}};
            if (cut_off_from_first(map) == 0) {
                expect_good_routes(map);
            } else {
                EXPECT_NE(refusal(map), "") << to_string(map);
            }
        }
    }
}

TEST(route_table, serves_every_connected_set_of_a_small_mesh) {
    const grid shape{4, 3};
    std::uint32_t served = 0;
    for (std::uint32_t set = 0; set < (1U << shape.size()) - 1; ++set) {
        place_map map{shape, {}};
        for (std::uint32_t v = 0; v < shape.size(); ++v) {
            if ((set >> v & 1U) != 0) {
                map.blocked.push_back(shape.at(node_index{v}));
            }
        }
        if (cut_off_from_first(map) == 0) {
            ++served;
            expect_good_routes(map);
        } else {
            EXPECT_NE(refusal(map), "") << to_string(map);
        }
    }
    EXPECT_GT(served, 0U);
}

// Shapes that break rules made for lone dead nodes.
std::vector<place_map> difficult_maps() {
    return {
        // walls with one gap
        draw({".......", ".......", "######.", ".......", "......."}),
        draw({".......", ".......", ".######", ".......", "......."}),
        draw({".......", "###.###", ".......", "###.###", "......."}),
        draw({"..#....", "..#....", "..#....", "..#....", "......."}),
        draw({".......", "..#....", "..#....", "..#....", "..#...."}),
        draw({"..#....", "..#....", ".......", "..#....", "..#...."}),
        // pockets open to each side, with nodes in them
        draw({".......", ".#...#.", ".#...#.", ".#####.", "......."}),
        draw({".......", ".#####.", ".#...#.", ".#...#.", "......."}),
        draw({".......", ".#####.", ".....#.", ".#####.", "......."}),
        draw({".......", ".#####.", ".#.....", ".#####.", "......."}),
        // one in another
        draw({".........", ".#######.", ".#.....#.", ".#.###.#.", ".#.#...#.", ".#.#.###.", ".#.#.....", ".#.######",
              "........."}),
        // spirals, both ways round
        draw({"########.", ".......#.", ".#####.#.", ".#...#.#.", ".#.#.#.#.", ".#.###.#.", ".#.....#.", ".#######.",
              "........."}),
        draw({".########", ".#.......", ".#.#####.", ".#.#...#.", ".#.#.#.#.", ".#.###.#.", ".#.....#.", ".#######.",
              "........."}),
        // checkered corners and a checkered middle with lanes
        draw({"..#.#..", ".......", "#.#.#.#", ".......", "..#.#.."}),
        draw({".#.#.#.", ".......", ".#.#.#.", ".......", ".#.#.#."}),
        draw({".......", ".#.#.#.", ".......", "..#.#..", ".......", ".#.#.#.", "......."}),
        // whole columns and rows but one node, dead trunks
        draw({"...#...", "...#...", "...#...", "...#...", "...#...", "......."}),
        draw({".#.#.#.", ".#.#.#.", ".#.#.#.", ".#...#.", "...#..."}),
        draw({".......", "######.", ".......", ".######", ".......", "######.", "......."}),
        draw({".#...#.", ".#.#.#.", ".#.#.#.", ".#.#.#.", "...#..."}),
        // diagonals
        draw({".......", ".#.....", "..#....", "...#...", "....#..", ".....#.", "......."}),
        draw({".......", ".....#.", "....#..", "...#...", "..#....", ".#.....", "......."}),
        // two rooms and a door; a comb; a ring; a plus
        draw({"...#...", "...#...", ".......", "...#...", "...#..."}),
        draw({".#.#.#.#.", ".#.#.#.#.", ".#.#.#.#.", "........."}),
        draw({".......", ".#####.", ".#####.", ".#####.", "......."}),
        draw({"###.###", "###.###", ".......", "###.###", "###.###"}),
        // what is left is small
        draw({"##", ".."}),
        draw({"###", "#.#", "###"}),
        draw({"##.", "##.", "..."}),
    };
}

TEST(route_table, serves_walls_pockets_spirals_and_combs) {
    for (const place_map& map : difficult_maps()) {
        ASSERT_EQ(cut_off_from_first(map), 0U) << to_string(map);
        expect_good_routes(map);
    }
}

TEST(route_table, serves_walls_across_the_whole_die) {
    for (std::int32_t gap = 0; gap < 20; gap += 3) {
        place_map wall{{18, 20}, {}};
        for (std::int32_t y = 0; y < 20; ++y) {
            if (y != gap) {
                wall.blocked.push_back({8, y});
            }
        }
        expect_good_routes(wall);
    }
    for (std::int32_t gap = 0; gap < 18; gap += 4) {
        place_map wall{{18, 20}, {}};
        for (std::int32_t x = 0; x < 18; ++x) {
            if (x != gap) {
                wall.blocked.push_back({x, 10});
            }
        }
        expect_good_routes(wall);
    }
}

TEST(route_table, serves_a_die_with_a_dead_node_in_every_column) {
    place_map stairs{{18, 20}, {}};
    place_map slope{{18, 20}, {}};
    for (std::int32_t x = 0; x < 18; ++x) {
        stairs.blocked.push_back({x, (x * 7) % 20});
        slope.blocked.push_back({x, x + 1});
    }
    expect_good_routes(stairs);
    slope.blocked.pop_back();
    expect_good_routes(slope);
}

TEST(route_table, serves_random_sets) {
    const std::uint32_t sets = is_sanitized ? 20 : 60;
    for (std::uint32_t seed = 1; seed <= sets; ++seed) {
        const std::uint32_t count = 1 + seed % 20;
        const place_map map = test::random_map({18, 20}, count, seed);
        SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(count) + " dead nodes");
        if (cut_off_from_first(map) == 0) {
            const auto report = expect_good_routes(map);
            EXPECT_LT(report.xy_lost * 20, report.xy_live) << "most XY paths have no reason to change";
        } else {
            EXPECT_NE(refusal(map), "");
        }
    }
}

TEST(route_table, serves_random_sets_that_leave_little) {
    std::uint32_t served = 0;
    for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
        const grid shape{3 + static_cast<std::int32_t>(seed % 5), 3 + static_cast<std::int32_t>(seed % 4)};
        const place_map map = test::random_map(shape, shape.size() * (1 + seed % 3) / 6, seed);
        SCOPED_TRACE("seed " + std::to_string(seed));
        if (cut_off_from_first(map) == 0) {
            ++served;
            expect_good_routes(map);
        } else {
            EXPECT_NE(refusal(map), "");
        }
    }
    EXPECT_GT(served, 300U);
}

TEST(route_table, has_short_detours_and_keeps_nearly_all_xy_paths_on_the_default_die) {
    const place_map map{{18, 20}, default_dead};
    const auto report = expect_good_routes(map);
    EXPECT_EQ(report.pairs, 354U * 353U);
    EXPECT_LT(report.xy_lost * 50, report.xy_live);        // under 2 %
    EXPECT_LT(report.extra_hops_total * 5, report.pairs);  // 0.2 hops a pair
    EXPECT_LE(report.longest_path, 40U);
}

TEST(route_table, does_not_depend_on_the_order_of_the_dead_nodes) {
    std::vector<coordinate> dead = default_dead;
    const route_table first({18, 20}, dead);
    std::reverse(dead.begin(), dead.end());
    const route_table second({18, 20}, dead);
    EXPECT_EQ(first.statistics(), second.statistics());
    for (std::uint32_t v = 0; v < 360; ++v) {
        ASSERT_TRUE(std::ranges::equal(first.router(node_index{v}), second.router(node_index{v})));
    }
}

TEST(route_table, tells_the_dependencies_of_its_paths) {
    const route_table table({18, 20}, default_dead);
    const channel_dependency_graph graph = table.dependencies();
    EXPECT_TRUE(graph.acyclic());

    channel_dependency_graph walked(360 * 4);
    for (std::uint32_t s = 0; s < 360; ++s) {
        for (std::uint32_t d = 0; d < 360; ++d) {
            if (table.reachable(node_index{s}, node_index{d})) {
                const std::vector<node_index> path = table.path(node_index{s}, node_index{d});
                std::uint32_t held = ~0U;
                for (std::size_t i = 0; i + 1 < path.size(); ++i) {
                    const auto step = static_cast<std::int32_t>(to_number(path[i + 1])) -
                                      static_cast<std::int32_t>(to_number(path[i]));
                    const std::uint32_t direction = step == -1 ? 0U : step == 1 ? 1U : step == -18 ? 2U : 3U;
                    const std::uint32_t wanted = to_number(path[i]) * 4 + direction;
                    if (held != ~0U) {
                        walked.add(held, wanted);
                    }
                    held = wanted;
                }
            }
        }
    }
    EXPECT_EQ(walked.dependencies(), graph.dependencies());
    for (std::uint32_t c = 0; c < graph.channels(); ++c) {
        ASSERT_TRUE(std::ranges::equal(walked.waits_for(c), graph.waits_for(c))) << "channel " << c;
    }
}

TEST(turn_rule, refuses_no_turn_that_would_leave_the_graph_without_a_cycle) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        const place_map map = test::random_map({9, 8}, 1 + seed % 6, seed);
        if (cut_off_from_first(map) != 0) {
            continue;
        }
        SCOPED_TRACE("seed " + std::to_string(seed));
        const live_mesh mesh(map.shape, map.blocked);
        const turn_set turns = choose_turns(mesh);
        channel_dependency_graph graph(mesh.channels());
        std::vector<turn> refused;
        for (std::uint32_t v = 0; v < mesh.size(); ++v) {
            for (std::uint32_t ports = 0; ports < 16; ++ports) {
                const turn t{node_index{v}, static_cast<port>(ports / 4), static_cast<port>(ports % 4)};
                if (!mesh.has(t)) {
                    continue;
                }
                if (turns.permits(t)) {
                    graph.add(to_number(mesh.before(t)), to_number(live_mesh::after(t)));
                } else {
                    refused.push_back(t);
                }
            }
        }
        EXPECT_TRUE(graph.acyclic());
        for (const turn& t : refused) {
            channel_dependency_graph more = graph;
            more.add(to_number(mesh.before(t)), to_number(live_mesh::after(t)));
            EXPECT_FALSE(more.acyclic()) << "at node " << to_number(t.at);
        }
    }
}

TEST(route_table, refuses_a_set_that_cuts_nodes_off_and_names_them) {
    const std::string corner = refusal({{18, 20}, {{1, 0}, {0, 1}}});
    EXPECT_THAT(corner, testing::HasSubstr("cut off 1 of 358 live nodes"));
    EXPECT_THAT(corner, testing::HasSubstr("node[0,0]."));
    EXPECT_THAT(corner, testing::HasSubstr("die.harvest.dead"));
    EXPECT_THAT(corner, testing::HasSubstr("die.harvest.dead_router=false"));

    const std::string corners = refusal(draw({".#..", "#...", "...#", "..#."}));
    EXPECT_THAT(corners, testing::HasSubstr("cut off 2 of 12 live nodes from the others: node[0,0], node[3,3]."));

    const std::string half = refusal(draw({"....#..", "....#..", "....#..", "....#..", "....#.."}));
    EXPECT_THAT(half, testing::HasSubstr("cut off 10 of 30"));
    EXPECT_THAT(half, testing::HasSubstr("node[5,0]"));
    EXPECT_THAT(half, testing::Not(testing::HasSubstr("node[0,")));
}

TEST(route_table, names_ten_cut_off_nodes_and_counts_the_rest) {
    place_map wall{{18, 20}, {}};
    for (std::int32_t x = 0; x < 18; ++x) {
        wall.blocked.push_back({x, 1});
    }
    const std::string message = refusal(wall);
    EXPECT_THAT(message, testing::HasSubstr("cut off 18 of 342"));
    EXPECT_THAT(message, testing::HasSubstr("node[9,0] and 8 more."));
    EXPECT_THAT(message, testing::Not(testing::HasSubstr("node[10,0]")));
}

TEST(route_table, refuses_places_and_shapes_that_make_no_sense) {
    EXPECT_THAT(refusal({{3, 3}, {{3, 0}}}), testing::HasSubstr("node[3,0] is not on the die"));
    EXPECT_THAT(refusal({{3, 3}, {{0, -1}}}), testing::HasSubstr("node[0,-1] is not on the die"));
    EXPECT_THAT(refusal({{3, 3}, {{1, 1}, {0, 0}, {1, 1}}}), testing::HasSubstr("node[1,1] is named twice"));
    EXPECT_THAT(refusal({{1, 1}, {{0, 0}}}), testing::HasSubstr("no live node"));
    EXPECT_THAT(refusal({{0, 3}, {}}), testing::HasSubstr("0 columns"));
    EXPECT_THAT(refusal({{3, -1}, {}}), testing::HasSubstr("-1 rows"));
    EXPECT_THAT(refusal({{65, 1}, {}}), testing::HasSubstr("from 1 to 64"));
}

}  // namespace
}  // namespace d1::noc
