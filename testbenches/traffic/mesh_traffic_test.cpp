#include "testbenches/traffic/mesh_traffic.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "models/reporting/sanitized.hpp"

namespace d1::traffic {
namespace {

// ---------------------------------------------------------------------------------------------------- the mesh

/// Mean distance of two places drawn at random from a line of n, the same one included: the sum over d from 1 to n - 1
/// of d * 2 (n - d) / n^2. The mean of 18 x 20 without a node's traffic to itself is 360 / 359 of the sum of both.
double mean_distance(int n) {
    double sum = 0;
    for (int d = 1; d < n; ++d) {
        sum += 2.0 * d * (n - d) / n / n;
    }
    return sum;
}

/// Mean latencies, in cycles, under uniform random traffic on 18 x 20 nodes as computed outside this model before it
/// was written, by packets per node and cycle.
using latencies = std::map<double, double>;

void expect_latencies(mesh_traffic& bench, std::uint32_t burst_packets, const latencies& reference, double tolerance,
                      timing::cycle measured = 10000) {
    for (const auto& [rate, latency] : reference) {
        const load offered{.rate = rate, .burst_packets = burst_packets, .measured = measured, .seed = 1};
        const measurement m = bench.run(offered);
        SCOPED_TRACE("rate " + std::to_string(rate) + ", seed " + std::to_string(offered.seed));
        EXPECT_NEAR(m.mean_latency(), latency, tolerance * latency);
        EXPECT_NEAR(m.mean_hops(), 12.67, 0.1);
        EXPECT_EQ(m.all_created, m.all_arrived);
        EXPECT_NEAR(m.offered_rate(), rate, 0.02 * rate);
        EXPECT_NEAR(m.accepted_rate(), m.offered_rate(), 0.01 * rate);  // nothing piles up
        EXPECT_EQ(m.latency.count() * burst_packets, m.packets_created);
    }
}

TEST(mesh_traffic, goes_as_far_as_the_closed_form_of_the_full_mesh_says) {
    EXPECT_NEAR((mean_distance(18) + mean_distance(20)) * 360 / 359, 12.67, 0.005);
    mesh_traffic bench("bench", {.noc = {}, .timing = timing_kind::at});
    EXPECT_NEAR(bench.run({.rate = 0.1, .measured = is_sanitized ? 2000U : 10000U}).mean_hops(), 12.67, 0.1);
    EXPECT_EQ(bench.bursts().in_use(), 0U);
}

TEST(mesh_traffic, has_the_latency_of_a_mesh_of_queues_cycle_by_cycle) {
    mesh_traffic bench("bench", {.noc = {}, .timing = timing_kind::ca});
    expect_latencies(bench, 1, {{0.05, 13.01}, {0.12, 14.63}, {0.15, 17.03}}, 0.02, is_sanitized ? 2500 : 10000);
    EXPECT_EQ(bench.bursts().in_use(), 0U);
}

TEST(mesh_traffic, has_the_latency_of_a_mesh_of_queues_cycle_by_cycle_for_bursts_of_16) {
    mesh_traffic bench("bench", {.noc = {}, .timing = timing_kind::ca});
    expect_latencies(bench, 16, {{0.05, 38.7}, {0.10, 63.7}}, 0.05, is_sanitized ? 8000 : 20000);
    EXPECT_EQ(bench.bursts().in_use(), 0U);
}

/// How far the mean latency at `at` is from that at ca, as a part of the latter. The way into the first router and out
/// of the last belongs to it.
double error_of_at(mesh_traffic& at, mesh_traffic& ca, const load& offered) {
    const measurement a = at.run(offered);
    const measurement c = ca.run(offered);
    EXPECT_EQ(a.all_arrived, a.all_created);
    EXPECT_EQ(a.all_created, c.all_created);
    return (a.mean_latency() - c.mean_latency()) / (c.mean_latency() + 2);
}

TEST(mesh_traffic, of_single_packets_is_at_at_within_3_percent_of_ca_up_to_70_percent_of_saturation_and_6_up_to_80) {
    mesh_traffic at("at", {.noc = {}, .timing = timing_kind::at});
    mesh_traffic ca("ca", {.noc = {}, .timing = timing_kind::ca});
    constexpr std::uint32_t cycles = is_sanitized ? 1000 : 3000;
    const double saturation = ca.run({.rate = 0.2, .measured = cycles}).accepted_rate();
    EXPECT_GE(saturation, 0.17);
    for (const auto& [part, tolerance] : std::map<double, double>{{0.2, 0.03}, {0.5, 0.03}, {0.7, 0.03}, {0.8, 0.06}}) {
        EXPECT_NEAR(error_of_at(at, ca, {.rate = part * saturation, .measured = cycles}), 0, tolerance)
            << part << " of saturation";
    }
}

TEST(mesh_traffic, of_bursts_of_16_is_at_at_within_10_percent_of_ca_up_to_60_percent_of_saturation) {
    mesh_traffic at("at", {.noc = {}, .timing = timing_kind::at});
    mesh_traffic ca("ca", {.noc = {}, .timing = timing_kind::ca});
    const double saturation = ca.run({.rate = 0.2, .burst_packets = 16, .measured = 5000}).accepted_rate();
    EXPECT_GE(saturation, 0.11);
    for (const double part : {0.2, 0.4, 0.6}) {
        const load offered{.rate = part * saturation, .burst_packets = 16, .measured = is_sanitized ? 3000U : 10000U};
        EXPECT_NEAR(error_of_at(at, ca, offered), 0, 0.10) << part << " of saturation";
    }
}

TEST(mesh_traffic, has_the_latency_of_the_distance_when_loosely_timed) {
    noc_parameters slow;
    slow.link_latency = 2;
    mesh_traffic bench("bench", {.noc = slow, .timing = timing_kind::lt});
    const measurement m = bench.run({.rate = 0.9, .warm_up = 100, .measured = 200});
    EXPECT_GT(m.latency.count(), 360U * 200 * 8 / 10);
    EXPECT_EQ(m.latency.sum(), 3 * m.hops.sum());
}

noc_parameters small_mesh() {
    noc_parameters p;
    p.columns = 6;
    p.rows = 5;
    return p;
}

TEST(mesh_traffic, measures_the_same_for_the_same_load_however_often) {
    mesh_traffic bench("bench", {.noc = small_mesh(), .timing = timing_kind::at, .check_links = true});
    mesh_traffic other("other", {.noc = small_mesh(), .timing = timing_kind::at, .check_links = true});
    const load a{.rate = 0.2, .burst_packets = 3, .warm_up = 100, .measured = 1000, .seed = 5};
    const load b{.rate = 0.2, .burst_packets = 3, .warm_up = 100, .measured = 1000, .seed = 6};
    const measurement first = bench.run(a);
    const measurement second = bench.run(b);
    EXPECT_NE(first, second);
    EXPECT_EQ(bench.run(a), first);
    EXPECT_EQ(other.run(b), second);
}

TEST(mesh_traffic, delivers_everything_in_the_end_however_much_is_offered) {
    mesh_traffic bench("bench", {.noc = small_mesh(), .timing = timing_kind::at, .check_links = true});
    const measurement m = bench.run({.rate = 0.9, .burst_packets = 16, .warm_up = 0, .measured = 2000, .seed = 7});
    EXPECT_EQ(m.latency.count() * 16, m.packets_created);
    EXPECT_NEAR(m.offered_rate(), 0.9, 0.05);
    EXPECT_LT(m.accepted_rate(), m.offered_rate() * 0.9);
    EXPECT_EQ(bench.bursts().in_use(), 0U);
    EXPECT_TRUE(bench.events().empty());
}

TEST(mesh_traffic, between_neighbours_is_sustained_at_one_packet_a_cycle) {
    // A row's way back from its end meets only the local packets of others: the east links carry 1, the west links 1.
    mesh_traffic bench("bench", {.noc = small_mesh(), .timing = timing_kind::ca, .check_links = true});
    const measurement m = bench.run({.rate = 1, .warm_up = 200, .measured = 1000, .pattern = pattern_kind::neighbour});
    EXPECT_EQ(m.packets_arrived, 30 * 1000U);
    EXPECT_LE(m.latency.max(), 5U + 5);
}

TEST(mesh_traffic, of_uniform_never_gets_more_through_than_the_bisection) {
    mesh_traffic bench("bench", {.noc = {}, .timing = timing_kind::ca});
    const measurement m = bench.run({.rate = 0.3, .warm_up = 500, .measured = 500});
    EXPECT_LT(m.accepted_rate(), 0.2);
    EXPECT_GT(m.accepted_rate(), 0.15);
    EXPECT_EQ(m.all_created, m.all_arrived);
}

/// 10 x 10 nodes.
mesh_setting small_mesh(routing_kind routing, std::uint32_t channels_per_class, timing_kind timing = timing_kind::ca) {
    mesh_setting s{.noc = {}, .timing = timing};
    s.noc.columns = s.noc.rows = 10;
    s.noc.routing = routing;
    s.noc.channels_per_class = channels_per_class;
    return s;
}
double accepted(mesh_traffic& bench, double rate) {
    return bench.run({.rate = rate, .warm_up = 500, .measured = 2000, .drain = 0}).accepted_rate();
}

TEST(mesh_traffic, of_uniform_is_carried_by_odd_even_as_by_xy_below_saturation_and_beyond) {
    mesh_traffic odd_even("odd_even", small_mesh(routing_kind::odd_even, 1));
    mesh_traffic xy("xy", small_mesh(routing_kind::xy, 1));
    for (const double rate : {0.28, 0.4, 0.6}) {
        EXPECT_GE(accepted(odd_even, rate), 0.97 * accepted(xy, rate)) << rate;
    }
}

TEST(mesh_traffic, of_uniform_is_carried_by_odd_even_at_at_as_at_ca_below_saturation_and_beyond) {
    mesh_traffic at("at", small_mesh(routing_kind::odd_even, 1, timing_kind::at));
    mesh_traffic ca("ca", small_mesh(routing_kind::odd_even, 1));
    for (const double rate : {0.28, 0.4, 0.6}) {
        EXPECT_NEAR(accepted(at, rate), accepted(ca, rate), 0.06 * accepted(ca, rate)) << rate;
    }
}

TEST(mesh_traffic, of_uniform_gets_no_worse_with_further_channels) {
    mesh_traffic two("two", small_mesh(routing_kind::o1turn, 2));
    mesh_traffic four("four", small_mesh(routing_kind::o1turn, 4));
    for (const double rate : {0.36, 0.4}) {
        EXPECT_GE(accepted(four, rate), 0.99 * accepted(two, rate)) << rate;
    }
}

TEST(mesh_traffic, goes_round_dead_nodes_and_neither_comes_from_there_nor_goes_there) {
    mesh_traffic at("at",
                    {.noc = small_mesh(), .timing = timing_kind::at, .dead = {{2, 2}, {4, 1}}, .check_links = true});
    mesh_traffic ca("ca",
                    {.noc = small_mesh(), .timing = timing_kind::ca, .dead = {{2, 2}, {4, 1}}, .check_links = true});
    for (mesh_traffic* const each : {&at, &ca}) {
        mesh_traffic& bench = *each;
        const measurement m = bench.run({.rate = 0.1, .warm_up = 100, .measured = 2000, .seed = 9});
        EXPECT_EQ(m.node_cycles, 28U * 2000);
        EXPECT_EQ(m.all_created, m.all_arrived);
        for (const coordinate c : {coordinate{2, 2}, {4, 1}}) {
            for (std::size_t p = 0; p < port_count; ++p) {
                EXPECT_EQ(m.link_packets[to_number(bench.mesh().places().index(c)) * port_count + p], 0U);
            }
        }
        EXPECT_EQ(bench.bursts().in_use(), 0U);
    }
}

TEST(mesh_traffic, counts_the_packets_of_each_link) {
    mesh_traffic bench("bench", {.noc = small_mesh(), .timing = timing_kind::ca, .check_links = true});
    const measurement m = bench.run({.rate = 1, .warm_up = 200, .measured = 1000, .pattern = pattern_kind::neighbour});
    const auto link = [&](coordinate c, port p) {
        return m.link_packets[to_number(bench.mesh().places().index(c)) * port_count + to_number(p)];
    };
    EXPECT_EQ(link({0, 3}, port::east), 1000U);
    EXPECT_EQ(link({3, 3}, port::west), 1000U);
    EXPECT_EQ(link({3, 3}, port::local), 1000U);
    EXPECT_EQ(link({3, 3}, port::north), 0U);
}

TEST(mesh_traffic, ends_soon_after_the_drain_of_a_mesh_beyond_saturation_and_leaves_nothing) {
    mesh_traffic at("at", {.noc = small_mesh(), .timing = timing_kind::at});
    mesh_traffic ca("ca", {.noc = small_mesh(), .timing = timing_kind::ca});
    for (mesh_traffic* const each : {&at, &ca}) {
        SCOPED_TRACE(each->name());
        const load much{.rate = 1, .burst_packets = 16, .warm_up = 0, .measured = 2000, .drain = 500};
        const measurement m = each->run(much);
        EXPECT_FALSE(m.drained);
        EXPECT_TRUE(m.complete);
        EXPECT_LT(m.all_arrived, m.all_created);
        EXPECT_EQ(each->bursts().in_use(), 0U);
        EXPECT_EQ(each->run(much), m);
        EXPECT_TRUE(each->run({.rate = 0.05, .warm_up = 0, .measured = 2000}).drained);
    }
}

TEST(mesh_traffic, to_one_node_is_taken_there_at_one_packet_a_cycle_whatever_is_offered) {
    mesh_traffic bench("bench", {.noc = small_mesh(), .timing = timing_kind::ca});
    const coordinate hot{3, 2};
    const measurement m = bench.run({.rate = 0.5,
                                     .warm_up = 500,
                                     .measured = 1000,
                                     .pattern = pattern_kind::hotspot,
                                     .hot = {.share = 1, .place = hot},
                                     .drain = 100});
    EXPECT_EQ(m.link_packets[to_number(bench.mesh().places().index(hot)) * port_count + to_number(port::local)], 1000U);
}

TEST(mesh_traffic, keeps_the_order_of_a_source_destination_and_class_under_xy) {
    mesh_traffic at("at", {.noc = small_mesh(), .timing = timing_kind::at, .watch_order = true});
    mesh_traffic ca("ca", {.noc = small_mesh(), .timing = timing_kind::ca, .watch_order = true});
    for (mesh_traffic* const each : {&at, &ca}) {
        SCOPED_TRACE(each->name());
        const measurement m = each->run({.rate = 0.4, .burst_packets = 5, .warm_up = 0, .measured = 2000});
        EXPECT_EQ(m.out_of_order, 0U);
        EXPECT_EQ(m.all_arrived, m.all_created);
    }
}

// ---------------------------------------------------------------------------------------------------- the watchdog

/// Clockwise round a square, which no table would let pass.
struct round_a_square final : noc::routing_policy {
    [[nodiscard]] routing_traits traits() const override { return {"round", 1, true, false}; }
    [[nodiscard]] noc::route_plan plan(grid shape, const noc::mesh_faults& faults) const override {
        const auto clockwise = [](coordinate here, port, coordinate) {
            if (here.y == 0) {
                return here.x == 0 ? port::east : port::south;
            }
            return here.x == 1 ? port::west : port::north;
        };
        return {{noc::route_table(shape, faults, clockwise, {.origin = {}, .refuse_cycles = false})}};
    }
};

TEST(mesh_traffic, ends_where_nothing_moves_any_more_and_names_the_circle_of_waits) {
    noc_parameters square;
    square.columns = 2;
    square.rows = 2;
    square.buffer_depth = 2;
    const round_a_square routing;
    mesh_traffic bench("bench", {.noc = square, .timing = timing_kind::ca, .watchdog = 2000, .routing = &routing});
    const measurement m = bench.run({.rate = 1, .warm_up = 0, .measured = 5000});
    EXPECT_FALSE(m.complete);
    EXPECT_GT(m.all_created, m.all_arrived);
    EXPECT_LT(bench.events().now(), 50000U);
    ASSERT_GE(m.waits.size(), 6U);
    EXPECT_EQ(m.waits[0], "each of these waits for a credit of the next, and the last for one of the first:");
    // Along the square, from wherever it begins: what came from the west waits for the south, and so on.
    const std::vector<std::string> circle{"node[1,0] router: west buffer of channel 2 (data) holds 2 packets",
                                          "node[1,1] router: north buffer of channel 2 (data) holds 2 packets",
                                          "node[0,1] router: east buffer of channel 2 (data) holds 2 packets",
                                          "node[0,0] router: south buffer of channel 2 (data) holds 2 packets"};
    const std::vector<std::string> outputs{"for south, where no credit", "for west, where no credit",
                                           "for north, where no credit", "for east, where no credit"};
    std::size_t first = 0;
    while (first < 4 && m.waits[1].rfind(circle[first], 0) != 0) {
        ++first;
    }
    ASSERT_LT(first, 4U) << m.waits[1];
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(m.waits[1 + i].rfind(circle[(first + i) % 4], 0), 0U) << m.waits[1 + i];
        EXPECT_NE(m.waits[1 + i].find(outputs[(first + i) % 4]), std::string::npos) << m.waits[1 + i];
    }
}

TEST(mesh_traffic, is_left_alone_by_the_watchdog_while_anything_moves_or_nothing_is_under_way) {
    noc_parameters small = {};
    small.columns = 3;
    small.rows = 3;
    mesh_traffic bench("bench", {.noc = small, .timing = timing_kind::ca, .watchdog = 10});
    const measurement rare = bench.run({.rate = 0.001, .warm_up = 0, .measured = 20000});
    EXPECT_TRUE(rare.complete);
    EXPECT_TRUE(rare.waits.empty());
    const measurement full = bench.run({.rate = 1, .warm_up = 0, .measured = 2000});
    EXPECT_TRUE(full.complete);
    EXPECT_TRUE(full.waits.empty());
}

}  // namespace
}  // namespace d1::traffic
