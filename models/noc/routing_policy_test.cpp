// What the routing policies make of a mesh.

#include "models/noc/routing_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <set>

#include "models/noc/mesh_routing.hpp"
#include "models/noc/route_table_audit.hpp"
#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

using test::auditor;
using test::place_map;
using ::testing::HasSubstr;

noc_parameters mesh_of(grid shape, routing_kind routing, std::uint32_t channels = 1) {
    noc_parameters p;
    p.columns = static_cast<std::uint32_t>(shape.columns);
    p.rows = static_cast<std::uint32_t>(shape.rows);
    p.routing = routing;
    p.channels_per_class = channels;
    return p;
}

std::string refusal(const noc_parameters& p, const mesh_faults& faults) {
    try {
        const mesh_routing routing(p, faults);
    } catch (const input_error& error) {
        return error.what();
    }
    return "";
}

std::uint32_t distance(coordinate a, coordinate b) {
    return static_cast<std::uint32_t>(std::abs(a.x - b.x) + std::abs(a.y - b.y));
}

/// Some nodes and links, drawn by the generator's own output alone.
place_map random_faults(std::mt19937& random, grid shape, std::uint32_t nodes, std::uint32_t links) {
    place_map map{shape, {}, {}};
    const auto place = [&] { return shape.at(node_index{static_cast<std::uint32_t>(random() % shape.size())}); };
    for (std::uint32_t i = 0; i < nodes; ++i) {
        const coordinate c = place();
        if (map.live(c)) {
            map.blocked.push_back(c);
        }
    }
    for (std::uint32_t i = 0; i < links; ++i) {
        const coordinate a = place();
        const coordinate b = neighbour(a, static_cast<port>(random() % 4));
        if (shape.contains(b) && map.passes(a, b)) {
            map.links.push_back({a, b});
        }
    }
    return map;
}

// ---------------------------------------------------------------------------------------------------- dead links

TEST(dead_links, are_avoided_wherever_one_is) {
    for (const grid shape : {grid{2, 2}, {2, 5}, {5, 2}, {4, 4}, {6, 5}}) {
        for (std::uint32_t v = 0; v < shape.size(); ++v) {
            for (const port p : {port::east, port::south}) {
                const coordinate a = shape.at(node_index{v});
                if (!shape.contains(neighbour(a, p))) {
                    continue;
                }
                const place_map map{shape, {}, {{neighbour(a, p), a}}};
                const route_table table(shape, map.faults());
                EXPECT_EQ(auditor(table, map).run().fault, "") << v;
                EXPECT_EQ(table.hops(node_index{v}, shape.index(neighbour(a, p))), 3U) << "round the square";
            }
        }
    }
}

TEST(dead_links, and_dead_nodes_are_avoided_together_by_xy_and_yx) {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    std::uint32_t served = 0;
    for (int trial = 0; trial < 150; ++trial) {
        const grid shape{static_cast<std::int32_t>(1 + random() % 8), static_cast<std::int32_t>(1 + random() % 8)};
        const place_map map = random_faults(random, shape, random() % 4, random() % 8);
        if (map.blocked.size() == shape.size() || cut_off_from_first(map) != 0) {
            EXPECT_THROW(route_table(shape, map.faults()), input_error);
            continue;
        }
        ++served;
        for (const routing_kind kind : {routing_kind::xy, routing_kind::yx}) {
            const mesh_routing routing(mesh_of(shape, kind), map.faults());
            ASSERT_EQ(auditor(routing.table(), map).run().fault, "") << "seed " << seed << "\n" << to_string(map);
        }
    }
    EXPECT_GT(served, 20U);
}

TEST(dead_links, are_refused_where_no_link_is) {
    const auto fault_of = [](const place_pair& link) {
        return refusal(mesh_of({4, 3}, routing_kind::xy), {{}, {link}});
    };
    EXPECT_THAT(fault_of({{0, 0}, {1, 1}}), HasSubstr("dead link node[0,0] to node[1,1] does not exist"));
    EXPECT_THAT(fault_of({{3, 0}, {4, 0}}), HasSubstr("is not on the die"));
    EXPECT_THAT(refusal(mesh_of({4, 3}, routing_kind::xy), {{}, {{{0, 0}, {1, 0}}, {{1, 0}, {0, 0}}}}),
                HasSubstr("is named twice"));
    EXPECT_THAT(refusal(mesh_of({2, 1}, routing_kind::xy), {{}, {{{0, 0}, {1, 0}}}}),
                HasSubstr("the dead nodes and links cut off 1 of 2 live nodes from the others: node[1,0]."));
}

// ---------------------------------------------------------------------------------------------------- fixed paths

TEST(routing_policy, yx_goes_along_the_column_first) {
    for (const grid shape : {grid{1, 1}, {3, 2}, {5, 4}, {18, 20}}) {
        const mesh_routing routing(mesh_of(shape, routing_kind::yx), {});
        for (std::uint32_t s = 0; s < shape.size(); ++s) {
            for (std::uint32_t d = 0; d < shape.size(); ++d) {
                coordinate at = shape.at(node_index{s});
                const coordinate to = shape.at(node_index{d});
                for (const node_index n : routing.table().path(node_index{s}, node_index{d})) {
                    ASSERT_EQ(shape.at(n), at);
                    at.y != to.y ? at.y += at.y < to.y ? 1 : -1 : at.x += at.x < to.x ? 1 : -1;
                }
            }
        }
    }
}

TEST(routing_policy, yx_is_xy_on_the_mirrored_die) {
    const mesh_faults faults{{{3, 2}, {14, 5}, {6, 8}, {11, 12}, {1, 15}, {16, 17}}};
    mesh_faults mirrored;
    for (const coordinate c : faults.routers) {
        mirrored.routers.push_back({c.y, c.x});
    }
    const mesh_routing yx(mesh_of({18, 20}, routing_kind::yx), faults);
    const mesh_routing xy(mesh_of({20, 18}, routing_kind::xy), mirrored);
    for (std::uint32_t s = 0; s < 360; s += 7) {
        for (std::uint32_t d = 0; d < 360; ++d) {
            const coordinate a = yx.shape().at(node_index{s});
            const coordinate b = yx.shape().at(node_index{d});
            ASSERT_EQ(yx.table().hops(node_index{s}, node_index{d}),
                      xy.table().hops(xy.shape().index({a.y, a.x}), xy.shape().index({b.y, b.x})));
        }
    }
}

// ---------------------------------------------------------------------------------------------------- o1turn

TEST(routing_policy, o1turn_has_xy_and_yx_on_channels_of_their_own) {
    const mesh_routing o1(mesh_of({6, 5}, routing_kind::o1turn, 3), {{{2, 2}}});
    const mesh_routing xy(mesh_of({6, 5}, routing_kind::xy), {{{2, 2}}});
    const mesh_routing yx(mesh_of({6, 5}, routing_kind::yx), {{{2, 2}}});
    ASSERT_EQ(o1.planes(), 2U);
    for (std::uint32_t s = 0; s < 30; ++s) {
        for (std::uint32_t d = 0; o1.live(node_index{s}) && d < 30; ++d) {
            if (o1.live(node_index{d})) {
                EXPECT_EQ(o1.table(0).path(node_index{s}, node_index{d}),
                          xy.table().path(node_index{s}, node_index{d}));
                EXPECT_EQ(o1.table(1).path(node_index{s}, node_index{d}),
                          yx.table().path(node_index{s}, node_index{d}));
            }
        }
    }
    for (const std::uint32_t channels : {2U, 3U, 4U}) {
        std::array<std::set<std::uint32_t>, 2> used;
        burst_pool bursts;
        for (std::uint32_t d = 0; d < 30; ++d) {
            for (std::uint32_t plane = 0; plane < 2; ++plane) {
                const burst_ptr b = bursts.acquire(false);
                b->destination = node_index{d};
                b->channel_class = message_class::response;
                b->table_offset = static_cast<std::uint16_t>(plane * 30);
                used[plane].insert(o1.ways().channel(*b, channels));
            }
        }
        std::set<std::uint32_t> all;
        for (const auto& set : used) {
            all.insert(set.begin(), set.end());
        }
        EXPECT_EQ(used[0].size() + used[1].size(), all.size()) << "no channel serves both";
        EXPECT_EQ(all.size(), channels) << "all are used";
        EXPECT_EQ(*all.begin(), 3 * channels);
        EXPECT_EQ(*all.rbegin(), 4 * channels - 1);
    }
}

TEST(routing_policy, spreads_what_goes_to_a_node_over_channels_only_where_packets_may_overtake) {
    burst_pool bursts;
    const burst_ptr b = bursts.acquire(false);
    b->channel_class = message_class::data;
    b->destination = node_index{7};
    for (const bool in_order : {false, true}) {
        for (const std::uint32_t planes : {1U, 2U}) {
            const burst_ways ways{.planes = planes, .nodes = 30, .in_order = in_order};
            std::set<std::uint32_t> used;
            for (b->sequence = 0; b->sequence < 20; ++b->sequence) {
                b->table_offset = static_cast<std::uint16_t>((planes - 1) * 30);
                used.insert(ways.channel(*b, 4));
            }
            EXPECT_EQ(used.size(), in_order ? 1U : 4 / planes);
            EXPECT_EQ(*used.rbegin(), 11U) << "the last of the class, whose channels begin with 8";
        }
    }
}

TEST(routing_policy, o1turn_draws_by_seed_and_burst_and_both_ways_equally_often) {
    burst_ways ways{.seed = 5, .planes = 2, .nodes = 100};
    burst_pool bursts;
    const burst_ptr b = bursts.acquire(false);
    const auto draw = [&](std::uint32_t source, message_class c, std::uint64_t number) {
        b->source = node_index{source};
        b->channel_class = c;
        b->sequence = number;
        ways.choose(*b);
        return b->table_offset;
    };
    std::uint32_t second = 0;
    std::uint32_t same_as_other_seed = 0;
    for (std::uint32_t source = 0; source < 100; ++source) {
        for (std::uint64_t n = 0; n < 100; ++n) {
            ways.seed = 5;
            const std::uint32_t drawn = draw(source, message_class::data, n);
            EXPECT_EQ(draw(source, message_class::data, n), drawn);
            second += drawn == 100 ? 1U : 0U;
            ways.seed = 6;
            same_as_other_seed += draw(source, message_class::data, n) == drawn ? 1U : 0U;
        }
    }
    EXPECT_NEAR(second, 5000, 250);  // five standard deviations
    EXPECT_NEAR(same_as_other_seed, 5000, 250);
}

// ---------------------------------------------------------------------------------------------------- odd-even

/// All states (router, input port) that packets to a destination come to, by all ways that are allowed.
TEST(routing_policy, odd_even_goes_shortest_ways_without_a_cycle_and_by_the_turn_model) {
    for (const grid shape : {grid{1, 1}, {2, 2}, {1, 5}, {5, 1}, {4, 5}, {7, 6}}) {
        const mesh_routing routing(mesh_of(shape, routing_kind::odd_even), {});
        channel_dependency_graph waits(shape.size() * direction_count);
        std::uint64_t choices = 0;
        for (std::uint32_t d = 0; d < shape.size(); ++d) {
            std::set<std::pair<std::uint32_t, std::uint32_t>> open;
            std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
            for (std::uint32_t s = 0; s < shape.size(); ++s) {
                open.insert({s, to_number(port::local)});
            }
            while (!open.empty()) {
                const auto [v, in] = *open.begin();
                open.erase(open.begin());
                if (v == d || !seen.insert({v, in}).second) {
                    continue;
                }
                const coordinate here = shape.at(node_index{v});
                const adaptive_exits choice = routing.exits(node_index{v}, static_cast<port>(in), node_index{d});
                const std::uint32_t exits = choice.allowed;
                ASSERT_NE(exits, 0U) << "a packet is stuck";
                ASSERT_TRUE(exits >> to_number(choice.preferred) & 1U);
                choices += exits & (exits - 1) ? 1U : 0U;
                for (std::uint32_t out = 0; out < direction_count; ++out) {
                    if ((exits >> out & 1U) == 0) {
                        continue;
                    }
                    const coordinate there = neighbour(here, static_cast<port>(out));
                    ASSERT_TRUE(shape.contains(there));
                    ASSERT_EQ(distance(there, shape.at(node_index{d})) + 1, distance(here, shape.at(node_index{d})));
                    const auto from = static_cast<port>(in);
                    const auto to = static_cast<port>(out);
                    // Chiu's rules: in even columns no turn from eastwards, in odd ones none to westwards.
                    const bool from_east = from == port::west && (to == port::north || to == port::south);
                    const bool to_west = (from == port::north || from == port::south) && to == port::west;
                    ASSERT_FALSE(here.x % 2 == 0 ? from_east : to_west);
                    if (from != port::local) {
                        waits.add(to_number(channel_from(shape.index(neighbour(here, from)), opposite(from))),
                                  to_number(channel_from(node_index{v}, to)));
                    }
                    open.insert({to_number(shape.index(there)), to_number(opposite(to))});
                }
            }
        }
        EXPECT_TRUE(waits.acyclic());
        EXPECT_EQ(choices > 0, shape.columns > 1 && shape.rows > 1) << shape.columns << " x " << shape.rows;
    }
}

/// Of one packet of every pair of nodes, how many leave through each link, where `next` names the way.
template <typename Next>
std::vector<std::uint32_t> link_loads(grid shape, Next&& next) {
    std::vector<std::uint32_t> loads(std::size_t{shape.size()} * direction_count);
    for (std::uint32_t s = 0; s < shape.size(); ++s) {
        for (std::uint32_t d = 0; d < shape.size(); ++d) {
            port from = port::local;
            for (node_index at{s}; at != node_index{d};) {
                const port to = next(at, from, node_index{d});
                ++loads[std::size_t{to_number(at)} * direction_count + to_number(to)];
                at = shape.index(neighbour(shape.at(at), to));
                from = opposite(to);
            }
        }
    }
    return loads;
}

TEST(routing_policy, odd_even_prefers_ways_that_load_every_link_as_xy_does) {
    for (const grid shape : {grid{2, 2}, {2, 5}, {4, 5}, {6, 3}, {10, 7}, {18, 20}}) {
        const mesh_routing odd_even(mesh_of(shape, routing_kind::odd_even), {});
        const auto loads = link_loads(
            shape, [&](node_index at, port from, node_index to) { return odd_even.exits(at, from, to).preferred; });
        for (std::uint32_t v = 0; v < shape.size(); ++v) {
            // Those of this side of the link, times those of the other: by xy all turn in their destination's column.
            const coordinate c = shape.at(node_index{v});
            const auto load = [&](port p) { return loads[std::size_t{v} * direction_count + to_number(p)]; };
            const auto product = [](std::int32_t lines, std::int32_t here, std::int32_t there) {
                return static_cast<std::uint32_t>(lines * here * there);
            };
            EXPECT_EQ(load(port::west), product(shape.rows, c.x, shape.columns - c.x));
            EXPECT_EQ(load(port::east), product(shape.rows, c.x + 1, shape.columns - c.x - 1));
            EXPECT_EQ(load(port::north), product(shape.columns, c.y, shape.rows - c.y));
            EXPECT_EQ(load(port::south), product(shape.columns, c.y + 1, shape.rows - c.y - 1));
        }
    }
}

// ---------------------------------------------------------------------------------------------------- refusals

TEST(routing_policy, is_refused_without_the_channels_that_it_needs) {
    EXPECT_EQ(refusal(mesh_of({4, 4}, routing_kind::o1turn), {}),
              "die.noc.routing = o1turn: o1turn needs 2 channels of each message class, and there is 1; set "
              "die.noc.channels_per_class or another policy");
    EXPECT_EQ(refusal(mesh_of({4, 4}, routing_kind::o1turn, 2), {}), "");
}

TEST(routing_policy, is_refused_on_a_mesh_with_faults_that_it_does_not_avoid) {
    EXPECT_EQ(refusal(mesh_of({4, 4}, routing_kind::odd_even), {}), "");
    EXPECT_THAT(refusal(mesh_of({4, 4}, routing_kind::odd_even), {{{1, 1}}}),
                HasSubstr("odd_even cannot avoid dead routers and links"));
    EXPECT_THAT(refusal(mesh_of({4, 4}, routing_kind::odd_even), {{}, {{{1, 1}, {1, 2}}}}),
                HasSubstr("odd_even cannot avoid dead routers and links"));
}

TEST(routing_policy, of_ones_own_is_asked_for_its_plan_and_held_to_its_traits) {
    struct greedy final : routing_policy {
        [[nodiscard]] routing_traits traits() const override { return {"greedy", 3, true, false}; }
        [[nodiscard]] route_plan plan(grid shape, const mesh_faults& faults) const override {
            return {{route_table(shape, faults)}};
        }
    };
    EXPECT_NO_THROW(mesh_routing(greedy(), mesh_of({3, 3}, routing_kind::xy, 3), {}));
    EXPECT_THROW(mesh_routing(greedy(), mesh_of({3, 3}, routing_kind::xy, 2), {}), input_error);
    EXPECT_THROW(mesh_routing(greedy(), mesh_of({3, 3}, routing_kind::xy, 3), {{{1, 1}}}), input_error);
}

}  // namespace
}  // namespace d1::noc
