// Packets that links corrupt: how often, what it costs at each level, and that none is lost.

#include "models/noc/link_errors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "models/noc/cycle_bench.hpp"
#include "models/noc/mesh_endpoints.hpp"

namespace d1::noc {
namespace {

noc_parameters line_of(std::uint32_t columns, std::uint32_t per_billion) {
    noc_parameters p;
    p.columns = columns;
    p.rows = 1;
    p.corruption_rate = per_billion;
    return p;
}

TEST(link_errors, corrupt_at_the_rate_and_refuse_what_fails_once_more_than_it_may) {
    burst_pool bursts;
    const burst_ptr b = bursts.acquire(false);
    b->kind = burst_kind::push_data;
    for (const std::uint32_t retries : {0U, 2U}) {
        noc_parameters p = line_of(4, 100'000'000);
        p.max_retries = retries;
        p.retry_cycles = 7;
        const link_errors errors(p, 3, node_index{1});
        std::map<std::uint32_t, std::uint32_t> resent;
        std::uint32_t refused = 0;
        constexpr std::uint32_t trials = 200000;
        for (std::uint32_t n = 0; n < trials / 16; ++n) {
            b->sequence = n;
            for (std::uint32_t packet = 0; packet < 16; ++packet) {
                const link_errors::outcome o = errors.of(*b, packet, port::east);
                EXPECT_EQ(o.cycles, 7 * o.resent);
                ++resent[o.resent];
                refused += o.refused ? 1U : 0U;
            }
        }
        // Geometric: n failures before the first success, each with a probability of a tenth.
        const auto expect_share = [](std::uint32_t count, double share) {
            EXPECT_NEAR(count, trials * share, 5 * std::sqrt(trials * share));
        };
        for (std::uint32_t n = 0; n < retries; ++n) {
            expect_share(resent[n], std::pow(0.1, n) * 0.9);
        }
        expect_share(resent[retries], std::pow(0.1, retries));
        expect_share(refused, std::pow(0.1, retries + 1));
    }
    const link_errors none(line_of(4, 0), 3, node_index{1});
    EXPECT_FALSE(none.possible());
    EXPECT_EQ(none.of(*b, 0, port::east).resent, 0U);
}

TEST(link_errors, refuse_no_packet_whose_loss_nobody_would_be_told_of) {
    burst_pool bursts;
    const burst_ptr b = bursts.acquire(false);
    noc_parameters p = line_of(4, 100'000'000);
    p.max_retries = 0;
    const link_errors errors(p, 3, node_index{1});
    for (const burst_kind kind : {burst_kind::signal, burst_kind::push_answer, burst_kind::error_answer,
                                  burst_kind::barrier_come, burst_kind::barrier_end}) {
        b->kind = kind;
        std::uint32_t resent = 0;
        for (std::uint32_t n = 0; n < 1000; ++n) {
            b->sequence = n;
            EXPECT_FALSE(errors.of(*b, 0, port::east).refused);
            resent += errors.of(*b, 0, port::east).resent;
        }
        EXPECT_GT(resent, 50U);
    }
}

/// Bursts one after the other over a line, far enough apart that none meets another.
TEST(link_errors, cost_the_same_at_every_level_where_nothing_is_in_the_way) {
    noc_parameters p = line_of(8, 50'000'000);
    p.retry_cycles = 5;
    p.buffer_depth = 32;  // what is held up behind a packet that is sent again holds up nobody
    constexpr std::uint32_t count = 400;
    constexpr timing::cycle apart = 1000;
    test::cycle_bench ca(p, "ca");
    struct level {
        level(const char* name, const noc_parameters& parameters, timing_kind timing)
            : events((std::string(name) + "_events").c_str(), timing::clock(sc_core::sc_time(500, sc_core::SC_PS))),
              mesh((std::string(name) + "_mesh").c_str(), parameters, timing, events),
              ends((std::string(name) + "_ends").c_str(), parameters, timing, routers(), events) {}
        std::vector<router_base*> routers() {
            std::vector<router_base*> all;
            for (std::uint32_t i = 0; i < mesh.places().size(); ++i) {
                all.push_back(&mesh.at(node_index{i}));
            }
            return all;
        }
        timing::event_queue events;
        router_mesh mesh;
        mesh_endpoints ends;
    };
    level at("at", p, timing_kind::at);
    level lt("lt", p, timing_kind::lt);
    for (std::uint32_t n = 0; n < count; ++n) {
        const std::uint32_t packets = 1 + n % 16;
        ca.send(1 + n * apart, {0, 0}, {7, 0}, packets);
        at.ends.send(1 + n * apart, {0, 0}, {7, 0}, packets);
        lt.ends.send(1 + n * apart, {0, 0}, {7, 0}, packets);
    }
    sc_core::sc_start();
    std::vector<timing::cycle> last(count, 0);  // of each burst at ca, from its sending
    std::uint64_t arrived = 0;
    for (const auto& a : ca.at({7, 0})) {
        last[a.number] = a.at - (1 + a.number * apart);
        ++arrived;
    }
    std::uint64_t packets = 0;
    std::uint64_t late = 0;
    for (std::uint32_t n = 0; n < count; ++n) {
        const auto& passage = at.ends.passages()[n];
        packets += passage.packets;
        late += last[n] - (7 + 2 + passage.packets - 1);
        EXPECT_EQ(passage.arrival.last() - passage.sent, last[n]) << n;
        EXPECT_EQ(lt.ends.passages()[n].arrival.last() - passage.sent, last[n]) << n;
    }
    EXPECT_GT(late, 0U);
    EXPECT_EQ(arrived, packets);
    const auto resent = [](router_mesh& mesh) {
        std::uint64_t all = 0;
        for (std::uint32_t i = 0; i < mesh.places().size(); ++i) {
            all += mesh.at(node_index{i}).resent(port::east);
        }
        return all;
    };
    // 7 links, a failure in twenty, each failure again with that probability.
    const double expected = static_cast<double>(packets) * 7 * 0.05 / 0.95;
    for (router_mesh* mesh : {&ca.mesh, &at.mesh, &lt.mesh}) {
        EXPECT_NEAR(static_cast<double>(resent(*mesh)), expected, 5 * std::sqrt(expected));
    }
}

TEST(link_errors, lose_double_and_reorder_nothing_under_load) {
    const auto seed = std::random_device{}();
    std::mt19937_64 random(seed);
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::deque<test::cycle_bench> benches;
    for (int trial = 0; trial < 4; ++trial) {
        noc_parameters p;
        p.columns = 4;
        p.rows = 4;
        p.corruption_rate = 100'000'000;
        p.max_retries = static_cast<std::uint32_t>(random() % 3);
        p.buffer_depth = static_cast<std::uint32_t>(1 + random() % 4);
        p.link_packets_per_cycle = random() % 2 == 0 ? 1 : 4;
        benches.emplace_back(p, "bench" + std::to_string(trial));
    }
    for (test::cycle_bench& b : benches) {
        std::uint64_t packets = 0;
        for (int n = 0; n < 2000; ++n) {
            const auto place = [&] { return b.places().at(node_index{static_cast<std::uint32_t>(random() % 16)}); };
            const auto size = static_cast<std::uint32_t>(1 + random() % 16);
            b.send(1 + random() % 4000, place(), place(), size);
            packets += size;
        }
        b.run();
        EXPECT_TRUE(b.events.empty());
        std::uint64_t arrived = 0;
        for (const auto& all : b.arrivals) {
            std::map<std::uint64_t, std::uint32_t> next;
            for (const auto& a : all) {
                ASSERT_EQ(a.index, next[a.number]++);
                ++arrived;
            }
        }
        EXPECT_EQ(arrived, packets);
    }
}

}  // namespace
}  // namespace d1::noc
