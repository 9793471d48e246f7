// Requests with replies, closed loops and replay, against closed forms and laws that hold for any network.

#include <gtest/gtest.h>

#include <string>

#include "testbenches/traffic/mesh_traffic.hpp"

namespace d1::traffic {
namespace {

noc_parameters mesh_of(std::uint32_t columns, std::uint32_t rows) {
    noc_parameters p;
    p.columns = columns;
    p.rows = rows;
    return p;
}

class request_reply : public testing::TestWithParam<timing_kind> {};
INSTANTIATE_TEST_SUITE_P(levels, request_reply, testing::Values(timing_kind::lt, timing_kind::at, timing_kind::ca),
                         [](const auto& level) { return std::string(to_string(level.param)); });

std::shared_ptr<const burst_trace> replay_of(const grid& places, coordinate from, const creation& burst) {
    auto t = std::make_shared<burst_trace>(places);
    t->add(places.index(from), burst);
    return t;
}

TEST_P(request_reply, takes_two_ways_and_the_service_when_nothing_else_is_under_way) {
    noc_parameters slow = mesh_of(5, 4);
    slow.link_latency = 1;
    mesh_traffic bench("bench", {.noc = slow, .timing = GetParam()});
    const grid places = bench.mesh().places();
    const measurement m =
        bench.run({.warm_up = 0,
                   .measured = 20,
                   .replies = reply_rule{.packets = 16, .service = 25, .channel_class = message_class::response},
                   .replay = replay_of(places, {0, 3}, {3, places.index({4, 1}), 4, message_class::request_low})});
    // 6 links of 2 cycles each way; 3 and 15 packets behind the first; beyond 2 and 2 ways at the ends.
    EXPECT_EQ(m.latency.max(), 12U + 3);
    EXPECT_EQ(m.replies.latency.max(), 12U + 15);
    EXPECT_EQ(m.round_trip.latency.max(), 12U + 3 + 25 + 12 + 15);
    EXPECT_EQ(m.round_trip.latency.count(), 1U);
    EXPECT_EQ(m.packets_created, 4U);
    EXPECT_EQ(m.replies.packets_created, 0U);  // behind the measured cycles, but measured, as its request is
    EXPECT_EQ(m.all_arrived, 20U);
    EXPECT_EQ(bench.bursts().in_use(), 0U);
}

/// One packet each way, so that trains are no matter; classes meet at senders, inputs and outputs.
TEST(request_reply_of_single_packets, takes_at_at_the_cycles_of_ca_below_saturation_and_beyond) {
    mesh_traffic at("at", {.noc = mesh_of(10, 8), .timing = timing_kind::at});
    mesh_traffic ca("ca", {.noc = mesh_of(10, 8), .timing = timing_kind::ca});
    for (const double rate : {0.05, 0.12, 0.2}) {
        SCOPED_TRACE(rate);
        const load offered{.rate = rate,
                           .warm_up = 200,
                           .measured = 1000,
                           .channel_class = message_class::request_low,
                           .replies = reply_rule{.packets = 1, .service = 6}};
        const measurement a = at.run(offered);
        const measurement c = ca.run(offered);
        EXPECT_EQ(a.latency.mean(), c.latency.mean());
        EXPECT_EQ(a.queueing, c.queueing);
        EXPECT_EQ(a.replies.latency.max(), c.replies.latency.max());
        EXPECT_EQ(a.round_trip.latency.mean(), c.round_trip.latency.mean());
        EXPECT_EQ(a.link_packets, c.link_packets);
    }
}

TEST_P(request_reply, answers_every_request_once) {
    mesh_traffic bench("bench", {.noc = mesh_of(6, 5), .timing = GetParam(), .watch_order = true});
    const measurement m = bench.run({.rate = 0.05,
                                     .burst_packets = burst_sizes({{1, 80}, {3, 20}}),
                                     .warm_up = 200,
                                     .measured = 3000,
                                     .channel_class = message_class::request_low,
                                     .replies = reply_rule{.packets = 4, .service = 10}});
    EXPECT_EQ(m.latency.count(), m.replies.latency.count());
    EXPECT_EQ(m.latency.count(), m.round_trip.latency.count());
    // latency and round trip leave out the ways at the ends, two and four; the service lies between.
    EXPECT_EQ(m.round_trip.latency.sum(), m.latency.sum() + m.replies.latency.sum() + 10 * m.latency.count());
    EXPECT_EQ(m.all_arrived, m.all_created);
    EXPECT_EQ(m.out_of_order, 0U);
    EXPECT_EQ(bench.bursts().in_use(), 0U);
}

TEST_P(request_reply, of_a_closed_loop_obeys_littles_law) {
    mesh_traffic bench("bench", {.noc = mesh_of(6, 5), .timing = GetParam()});
    for (const std::uint32_t outstanding : {1U, 4U, 32U}) {
        const load offered{.warm_up = 2000,
                           .measured = 20000,
                           .channel_class = message_class::request_low,
                           .replies = reply_rule{.packets = 2, .service = 5},
                           .outstanding = outstanding};
        const measurement m = bench.run(offered);
        SCOPED_TRACE(std::to_string(outstanding) + " outstanding, seed " + std::to_string(offered.seed));
        // throughput * round trip = outstanding, with the ways at the ends: each request takes the place of a reply.
        const double round_trip = m.round_trip.mean_latency() + 4 * noc_parameters{}.hop_cycles();
        EXPECT_NEAR(m.accepted_rate() * round_trip, outstanding, 0.01 * outstanding);
        EXPECT_NEAR(m.replies.accepted_rate(), 2 * m.accepted_rate(), 0.01 * m.accepted_rate());
        EXPECT_EQ(m.all_arrived, m.all_created);
    }
    EXPECT_EQ(bench.bursts().in_use(), 0U);
}

TEST(closed_loop, of_one_request_has_the_throughput_of_its_zero_load_round_trip) {
    // Two nodes, each other's partner: the ways do not meet. Request: 1 link and 2 ends; the same back.
    mesh_traffic bench("bench", {.noc = mesh_of(2, 1), .timing = timing_kind::ca});
    const measurement m = bench.run({.warm_up = 100,
                                     .measured = 6000,
                                     .channel_class = message_class::request_low,
                                     .replies = reply_rule{},
                                     .outstanding = 1});
    EXPECT_EQ(m.round_trip.latency.max(), 2U);
    EXPECT_EQ(m.packets_arrived, 2U * 1000);
}

TEST_P(request_reply, gives_the_same_figures_when_its_trace_is_replayed) {
    mesh_traffic bench("bench", {.noc = mesh_of(6, 5), .timing = GetParam()});
    const load random{.rate = 0.15,
                      .burst_packets = burst_sizes({{1, 50}, {16, 50}}),
                      .warm_up = 300,
                      .measured = 2000,
                      .seed = 5,
                      .pattern = pattern_kind::hotspot,
                      .phases = on_off{.on = 20, .off = 60}};
    load pairs = random;
    pairs.replies = reply_rule{.packets = 3, .service = 7};
    load closed = pairs;
    closed.outstanding = 3;
    closed.phases.reset();
    for (const load& offered : {random, pairs, closed}) {
        burst_trace recorded(bench.mesh().places());
        bench.record(&recorded);
        const measurement first = bench.run(offered);
        bench.record(nullptr);
        EXPECT_GT(recorded.bursts(), 100U);
        recorded.set({.senders = 30, .warm_up = 300, .measured = 2000});
        load replayed{.warm_up = 300, .measured = 2000, .replies = offered.replies};
        replayed.replay = std::make_shared<burst_trace>(
            burst_trace::parse(recorded.text(), "written", bench.mesh().places(), std::vector<bool>(30, true)));
        EXPECT_EQ(*replayed.replay, recorded);
        EXPECT_EQ(bench.run(replayed), first);
    }
}

}  // namespace
}  // namespace d1::traffic
