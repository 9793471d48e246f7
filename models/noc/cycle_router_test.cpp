// The mesh cycle by cycle, against closed forms.

#include "models/noc/cycle_router.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "models/noc/cycle_bench.hpp"

namespace d1::noc {
namespace {

using bench = test::cycle_bench;

noc_parameters mesh_of(std::uint32_t columns, std::uint32_t rows) {
    noc_parameters p;
    p.columns = columns;
    p.rows = rows;
    return p;
}

std::uint32_t distance(coordinate a, coordinate b) {
    return static_cast<std::uint32_t>(std::abs(a.x - b.x) + std::abs(a.y - b.y));
}

TEST(cycle_router, takes_a_cycle_a_hop_and_one_in_and_one_out_at_zero_load_for_every_pair) {
    // SystemC elaborates once a process: all benches stand before the first one runs.
    std::deque<bench> benches;
    for (const auto& [stages, latency] : {std::pair{1U, 0U}, {3U, 0U}, {1U, 2U}, {4U, 3U}}) {
        noc_parameters p = mesh_of(5, 4);
        p.pipeline_stages = stages;
        p.link_latency = latency;
        benches.emplace_back(p, "bench" + std::to_string(benches.size()));
    }
    for (bench& b : benches) {
        const std::uint32_t stages = b.parameters.pipeline_stages;
        const std::uint32_t latency = b.parameters.link_latency;
        timing::cycle at = 1;
        std::vector<std::tuple<coordinate, coordinate, timing::cycle>> sent;
        for (std::uint32_t i = 0; i < 20; ++i) {
            for (std::uint32_t j = 0; j < 20; ++j, at += 100) {
                sent.emplace_back(b.places().at(node_index{i}), b.places().at(node_index{j}), at);
                b.send(at, std::get<0>(sent.back()), std::get<1>(sent.back()));
            }
        }
        b.run();
        std::map<coordinate, std::size_t> seen;
        for (const auto& [from, to, when] : sent) {
            const auto& all = b.at(to);
            const std::size_t nth = seen[to]++;
            ASSERT_LT(nth, all.size());
            // Links have one more than routers on the way: into the first, and out of each.
            const std::uint32_t routers = distance(from, to) + 1;
            EXPECT_EQ(all[nth].at, when + routers * (stages - 1) + (routers + 1) * (1 + latency)) << nth;
            EXPECT_EQ(all[nth].source, from);
        }
    }
}

TEST(cycle_router, carries_a_single_flow_at_a_packet_a_cycle) {
    bench b(mesh_of(6, 1));
    for (std::uint32_t i = 0; i < 100; ++i) {
        b.send(1, {0, 0}, {5, 0}, 16);
    }
    b.run();
    const auto& all = b.at({5, 0});
    ASSERT_EQ(all.size(), 1600U);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(all[i].at, 1 + 7 + i);
        EXPECT_EQ(all[i].index, i % 16);
        EXPECT_EQ(all[i].number, i / 16);
    }
}

TEST(cycle_router, needs_two_places_a_channel_for_full_rate_and_gives_half_with_one) {
    // A place is free again two cycles after its packet came: one cycle to leave, one for the credit.
    std::deque<bench> benches;
    for (const std::uint32_t depth : {1U, 2U}) {
        noc_parameters p = mesh_of(4, 1);
        p.buffer_depth = depth;
        benches.emplace_back(p, "bench" + std::to_string(depth));
    }
    for (bench& b : benches) {
        const std::uint32_t depth = b.parameters.buffer_depth;
        for (std::uint32_t i = 0; i < 64; ++i) {
            b.send(1, {0, 0}, {3, 0}, 16);
        }
        b.run();
        const auto& all = b.at({3, 0});
        ASSERT_EQ(all.size(), 1024U);
        EXPECT_EQ(all.back().at - all.front().at, depth == 1 ? 2 * 1023U : 1023U);
    }
}

TEST(cycle_router, reaches_the_buffers_depth_by_the_credits_round_trip) {
    // A packet takes 1 + latency cycles to the buffer and `stages` to leave it, the first of which is that of its
    // arrival; its credit takes 1 + latency back.
    std::deque<bench> benches;
    for (const auto& [stages, latency] : {std::pair{1U, 0U}, {2U, 0U}, {1U, 1U}, {3U, 2U}, {5U, 3U}}) {
        for (const std::uint32_t depth : {1U, 2U, 3U, 5U, 8U, 12U, 16U}) {
            noc_parameters p = mesh_of(4, 1);
            p.pipeline_stages = stages;
            p.link_latency = latency;
            p.buffer_depth = depth;
            benches.emplace_back(p, "bench" + std::to_string(benches.size()));
        }
    }
    for (bench& b : benches) {
        const noc_parameters& p = b.parameters;
        const std::uint64_t round_trip = (1 + p.link_latency) + (p.pipeline_stages - 1) + (1 + p.link_latency);
        EXPECT_EQ(p.credit_round_trip(), round_trip);
        for (std::uint32_t i = 0; i < 64; ++i) {
            b.send(1, {0, 0}, {3, 0}, 16);
        }
        b.run();
        const auto& all = b.at({3, 0});
        ASSERT_EQ(all.size(), 1024U);
        // So many packets that whole round trips lie between the first and the one behind them.
        const std::uint64_t window = std::min<std::uint64_t>(p.buffer_depth, round_trip);
        const std::uint64_t trips = 1023 / window;
        EXPECT_EQ(all[trips * window].at - all[0].at, trips * round_trip)
            << p.pipeline_stages << " stages, latency " << p.link_latency << ", depth " << p.buffer_depth;
    }
}

TEST(cycle_router, takes_in_and_puts_out_as_many_packets_a_cycle_as_a_node_may) {
    // Four classes, so that several channels of an input have a packet.
    std::deque<bench> benches;
    for (const auto& [injection, ejection] : {std::pair{1U, 1U}, {2U, 4U}, {4U, 4U}, {4U, 1U}, {4U, 2U}}) {
        noc_parameters p = mesh_of(2, 1);
        p.link_packets_per_cycle = 4;
        p.injection_packets_per_cycle = injection;
        p.ejection_packets_per_cycle = ejection;
        p.buffer_depth = 16;
        benches.emplace_back(p, "bench" + std::to_string(benches.size()));
    }
    for (bench& b : benches) {
        for (std::uint32_t i = 0; i < 100; ++i) {
            b.send(1, {0, 0}, {1, 0}, 16, static_cast<message_class>(i % message_class_count));
        }
        b.run();
        const std::uint64_t rate =
            std::min(b.parameters.injection_packets_per_cycle, b.parameters.ejection_packets_per_cycle);
        ASSERT_EQ(b.at({1, 0}).size(), 1600U);
        EXPECT_EQ(b.at({1, 0}).back().at, 1 + 3 + 1600 / rate - 1) << "rate " << rate;
    }
}

TEST(cycle_router, shares_a_link_in_halves_between_two_flows) {
    bench b(mesh_of(4, 2));
    // Both turn into the column at x = 3 from different inputs of the router there.
    for (std::uint32_t i = 0; i < 100; ++i) {
        b.send(1, {0, 0}, {3, 1}, 16);
        b.send(1, {3, 0}, {3, 1}, 16);
    }
    b.run();
    const auto shares = b.shares({3, 1}, 100, 1100);
    EXPECT_EQ(shares.at({0, 0}), 500U);
    EXPECT_EQ(shares.at({3, 0}), 500U);
}

TEST(cycle_router, ejects_a_packet_a_cycle_from_n_sources) {
    bench b(mesh_of(3, 3));
    for (std::uint32_t i = 0; i < 9; ++i) {
        if (i != 4) {
            for (std::uint32_t n = 0; n < 20; ++n) {
                b.send(1, b.places().at(node_index{i}), {1, 1}, 16);
            }
        }
    }
    b.run();
    const auto& all = b.at({1, 1});
    ASSERT_EQ(all.size(), 8U * 320U);
    for (std::size_t i = 1; i < all.size(); ++i) {
        EXPECT_EQ(all[i].at, all[i - 1].at + 1);
    }
}

TEST(cycle_router, round_robin_gives_the_parking_lot_shares_on_a_line_of_eight) {
    bench b(mesh_of(9, 1));
    constexpr std::uint32_t bursts = 1000;
    for (std::int32_t x = 0; x < 8; ++x) {
        for (std::uint32_t n = 0; n < bursts; ++n) {
            b.send(1, {x, 0}, {8, 0}, 16);
        }
    }
    b.run();
    // The source next to the sink gets one half, the next one a quarter, ...; the farthest two get the same.
    const auto shares = b.shares({8, 0}, 2000, 2000 + 12800);
    for (std::int32_t x = 0; x < 8; ++x) {
        const double expected = 12800.0 / static_cast<double>(1U << static_cast<unsigned>(x == 0 ? 7 : 8 - x));
        EXPECT_NEAR(shares.at({x, 0}), expected, 1.0) << x;
    }
}

TEST(cycle_router, oldest_first_gives_every_source_the_same_share) {
    noc_parameters p = mesh_of(9, 1);
    p.arbitration = arbitration_kind::oldest_first;
    bench b(p);
    for (std::int32_t x = 0; x < 8; ++x) {
        for (std::uint32_t n = 0; n < 8000; ++n) {
            b.send(1 + n, {x, 0}, {8, 0});
        }
    }
    b.run();
    const auto shares = b.shares({8, 0}, 2000, 2000 + 12800);
    for (std::int32_t x = 0; x < 8; ++x) {
        EXPECT_NEAR(shares.at({x, 0}), 1600.0, 0.05 * 1600) << x;
    }
}

TEST(cycle_router, fixed_priority_lets_the_lowest_input_pass_and_starves_the_others) {
    noc_parameters p = mesh_of(3, 1);
    p.arbitration = arbitration_kind::fixed_priority;
    bench b(p);
    for (std::uint32_t n = 0; n < 100; ++n) {
        b.send(1, {0, 0}, {2, 0}, 16);
        b.send(1, {1, 0}, {2, 0}, 16);
    }
    b.run();
    // West comes before local, so the far source has the link to itself once it is there.
    const auto shares = b.shares({2, 0}, 10, 1000);
    EXPECT_EQ(shares.at({0, 0}), 990U);
    EXPECT_EQ(shares.at({1, 0}), 0U);
}

TEST(cycle_router, sustains_neighbour_traffic_at_full_rate) {
    bench b(mesh_of(6, 5));
    for (std::uint32_t i = 0; i < 30; ++i) {
        const coordinate c = b.places().at(node_index{i});
        for (std::uint32_t n = 0; n < 20; ++n) {
            b.send(1, c, {c.x ^ 1, c.y}, 16);
        }
    }
    b.run();
    for (const auto& all : b.arrivals) {
        ASSERT_EQ(all.size(), 320U);
        EXPECT_EQ(all.back().at, 1 + 3 + 319U);
    }
}

TEST(cycle_router, carries_several_packets_a_cycle_on_wider_links) {
    noc_parameters p = mesh_of(4, 1);
    p.link_packets_per_cycle = 4;
    p.injection_packets_per_cycle = 4;
    p.ejection_packets_per_cycle = 4;
    p.buffer_depth = 16;
    bench b(p);
    // Four channels, as one input names one packet a channel and round.
    for (std::uint32_t n = 0; n < 25; ++n) {
        b.send(1, {0, 0}, {3, 0}, 16);
    }
    b.run();
    const auto& all = b.at({3, 0});
    ASSERT_EQ(all.size(), 400U);
    EXPECT_EQ(all.back().at, 1 + 5 + 99U);
}

TEST(cycle_router, serves_a_slow_output_in_whichever_round_it_is_wanted) {
    // On the way from node 0, two packets a cycle to node 2 go before one to node 1, whose output takes one a cycle.
    noc_parameters p = mesh_of(3, 1);
    p.link_packets_per_cycle = 4;
    p.injection_packets_per_cycle = 4;
    p.buffer_depth = 64;
    p.arbitration = arbitration_kind::fixed_priority;
    bench b(p);
    for (std::uint32_t n = 0; n < 30; ++n) {
        b.send(1 + n, {0, 0}, {2, 0}, 2, message_class::request_low);
        b.send(1 + n, {0, 0}, {1, 0}, 1, message_class::data);
    }
    b.run();
    ASSERT_EQ(b.at({1, 0}).size(), 30U);
    for (std::uint32_t n = 0; n < 30; ++n) {
        EXPECT_EQ(b.at({1, 0})[n].at, 1 + n + 3) << n;
    }
    EXPECT_EQ(b.at({2, 0}).size(), 60U);
}

TEST(cycle_router, keeps_classes_from_blocking_each_other) {
    noc_parameters p = mesh_of(4, 1);
    bench b(p);
    // Data for node 1 comes from both sides of it and fills its link's buffers; a response passes all the same.
    for (std::uint32_t n = 0; n < 50; ++n) {
        b.send(1, {0, 0}, {3, 0}, 16);
        b.send(1, {1, 0}, {3, 0}, 16);
        b.send(1, {2, 0}, {3, 0}, 16);
    }
    const auto number = b.send(300, {0, 0}, {3, 0}, 1, message_class::response);
    b.run();
    timing::cycle arrived = 0;
    for (const auto& a : b.at({3, 0})) {
        arrived = a.number == number ? a.at : arrived;
    }
    // It waits at most for one packet of class data at its sender and at each of four routers.
    EXPECT_LE(arrived, 300U + 5 + 5);
}

TEST(cycle_router, delivers_every_packet_once_and_in_order_under_random_load) {
    const auto seed = std::random_device{}();
    std::mt19937_64 random(seed);
    std::deque<bench> benches;
    for (int trial = 0; trial < 8; ++trial) {
        noc_parameters p =
            mesh_of(static_cast<std::uint32_t>(1 + random() % 6), static_cast<std::uint32_t>(1 + random() % 6));
        p.buffer_depth = static_cast<std::uint32_t>(1 + random() % 8);
        p.channels_per_class = static_cast<std::uint32_t>(1 + random() % 4);
        p.pipeline_stages = static_cast<std::uint32_t>(1 + random() % 3);
        p.link_latency = static_cast<std::uint32_t>(random() % 3);
        p.link_packets_per_cycle = random() % 2 == 0 ? 1 : 4;
        p.arbitration = static_cast<arbitration_kind>(random() % 3);
        benches.emplace_back(p, "bench" + std::to_string(trial));
    }
    for (bench& b : benches) {
        std::uint64_t packets = 0;
        std::map<std::uint64_t, std::uint32_t> length;
        for (int n = 0; n < 3000; ++n) {
            const auto pick = [&] {
                return b.places().at(node_index{static_cast<std::uint32_t>(random() % b.places().size())});
            };
            const auto size = static_cast<std::uint32_t>(1 + random() % 16);
            const auto number = b.send(1 + random() % 4000, pick(), pick(), size,
                                       static_cast<message_class>(random() % message_class_count));
            length[number] = size;
            packets += size;
        }
        b.run();
        std::uint64_t arrived = 0;
        for (const auto& all : b.arrivals) {
            std::map<std::uint64_t, std::uint32_t> next;
            for (const auto& a : all) {
                ASSERT_EQ(a.index, next[a.number]++) << "seed " << seed;
                ++arrived;
            }
            for (const auto& [number, count] : next) {
                ASSERT_EQ(count, length[number]) << "seed " << seed;
            }
        }
        EXPECT_EQ(arrived, packets) << "seed " << seed;
    }
}

TEST(cycle_router, rests_when_nothing_is_under_way_and_starts_afresh_after_a_reset) {
    bench b(mesh_of(4, 4));
    b.send(5, {0, 0}, {3, 3});
    b.run();
    EXPECT_TRUE(b.events.empty());
    const auto served = b.events.now();
    EXPECT_LE(served, 5U + 8 + 2);  // the last credit is back, and then nothing ticks
    const auto first = b.at({3, 3});
    b.events.reset();
    b.mesh.reset();
    for (auto& s : b.senders) {
        s->reset();
    }
    b.at({3, 3}).clear();
    b.send(5, {0, 0}, {3, 3});
    b.run();
    ASSERT_EQ(b.at({3, 3}).size(), 1U);
    EXPECT_EQ(b.at({3, 3})[0].at, first[0].at);
    EXPECT_EQ(b.mesh.at(node_index{0}).packets(port::east), 1U);
}

}  // namespace
}  // namespace d1::noc
