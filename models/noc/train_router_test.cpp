// The mesh at `at`, against closed forms and against the same mesh cycle by cycle.

#include "models/noc/train_router.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "models/noc/cycle_ends.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/noc/train_ends.hpp"

namespace d1::noc {
namespace {

std::string numbered(std::size_t number) {
    return std::string("m").append(std::to_string(number));
}

noc_parameters mesh_of(std::uint32_t columns, std::uint32_t rows) {
    noc_parameters p;
    p.columns = columns;
    p.rows = rows;
    return p;
}

struct offer {
    timing::cycle at = 0;
    coordinate source;
    coordinate destination;
    std::uint32_t packets = 1;
    message_class channel_class = message_class::data;
};

/// A mesh with a sender and a receiver at every live router, at `at` or ca.
class bench final : private timing::event_handler {
  public:
    bench(const std::string& name, const noc_parameters& p, timing_kind timing,
          const std::vector<coordinate>& dead = {})
        : parameters(p),
          events((name + "_events").c_str(), timing::clock(sc_core::sc_time(500, sc_core::SC_PS))),
          mesh((name + "_mesh").c_str(), p, timing, events, dead),
          trains_(mesh.places().size()),
          packets_(mesh.places().size()) {
        for (std::uint32_t i = 0; i < mesh.places().size(); ++i) {
            const auto here = static_cast<node_index>(i);
            if (!mesh.has(here)) {
                continue;
            }
            const std::string in = name + "_in" + std::to_string(i);
            const std::string out = name + "_out" + std::to_string(i);
            if (timing == timing_kind::at) {
                trains_[i] = std::make_unique<train_sender>(out.c_str(), testbench_rank(mesh.places(), i), p, events);
                train_receivers_.push_back(std::make_unique<train_receiver>(
                    in.c_str(), p, events, [this](burst& b, const packet_times& times) {
                        for (std::uint32_t k = 0; k < times.count; ++k) {
                            arrivals[b.sequence].push_back(times.first + times.offset[k]);
                        }
                    }));
                trains_[i]->out.bind(mesh.at(here).in(port::local));
                mesh.at(here).out(port::local).bind(train_receivers_.back()->in);
            } else {
                packets_[i] = std::make_unique<cycle_sender>(out.c_str(), p, events);
                cycle_receivers_.push_back(
                    std::make_unique<cycle_receiver>(in.c_str(), [this](burst& b, std::uint32_t index) {
                        EXPECT_EQ(arrivals[b.sequence].size(), index);
                        arrivals[b.sequence].push_back(events.now() + parameters.link_cycles());
                    }));
                packets_[i]->out.bind(mesh.at(here).in(port::local));
                mesh.at(here).out(port::local).bind(cycle_receivers_.back()->in);
            }
        }
    }
    ~bench() { EXPECT_EQ(bursts.in_use(), 0U) << "bursts that somebody still holds"; }

    /// Sends everything, and tells when each packet of each came out.
    const std::vector<std::vector<timing::cycle>>& run(const std::vector<offer>& all) {
        reset();
        offers_ = all;
        arrivals.assign(all.size(), {});
        for (std::size_t i = 0; i < all.size(); ++i) {
            events.schedule(
                all[i].at,
                timing::order_of(timing::phase::injections, to_number(mesh.places().index(all[i].source)), 0, i), *this,
                &offers_[i]);
        }
        sc_core::sc_start();
        for (std::size_t i = 0; i < all.size(); ++i) {
            EXPECT_EQ(arrivals[i].size(), all[i].packets) << "burst " << i;
        }
        return arrivals;
    }

    noc_parameters parameters;
    timing::event_queue events;
    router_mesh mesh;
    burst_pool bursts;
    std::vector<std::vector<timing::cycle>> arrivals;

  private:
    void reset() {
        events.reset();
        mesh.reset();
        for (const auto& sender : trains_) {
            if (sender) {
                sender->reset();
            }
        }
        for (const auto& sender : packets_) {
            if (sender) {
                sender->reset();
            }
        }
    }

    void serve(void* subject) override {
        const offer& o = *static_cast<const offer*>(subject);
        burst_ptr b = bursts.acquire(false);
        b->source = mesh.places().index(o.source);
        b->destination = mesh.places().index(o.destination);
        b->channel_class = o.channel_class;
        b->sequence = static_cast<std::uint64_t>(&o - offers_.data());
        b->times = packet_times::back_to_back(0, o.packets);
        const std::uint32_t source = to_number(b->source);
        if (trains_[source]) {
            trains_[source]->send(std::move(b));
        } else {
            packets_[source]->send(std::move(b));
        }
    }

    std::vector<offer> offers_;
    std::vector<std::unique_ptr<train_sender>> trains_;
    std::vector<std::unique_ptr<cycle_sender>> packets_;
    std::vector<std::unique_ptr<train_receiver>> train_receivers_;
    std::vector<std::unique_ptr<cycle_receiver>> cycle_receivers_;
};

/// The same mesh at both levels.
struct both {
    explicit both(const noc_parameters& p, const std::string& name = "", const std::vector<coordinate>& dead = {})
        : at(name + "at", p, timing_kind::at, dead), ca(name + "ca", p, timing_kind::ca, dead) {}
    void expect_same_cycles(const std::vector<offer>& all) { EXPECT_EQ(at.run(all), ca.run(all)); }
    bench at;
    bench ca;
};

std::vector<offer> random_offers(std::uint32_t seed, const grid& places, timing::cycle cycles, double rate,
                                 std::uint32_t longest, const std::vector<bool>& live = {}) {
    std::mt19937 random(seed);
    std::vector<offer> all;
    const auto alive = [&](std::uint32_t n) { return live.empty() || live[n]; };
    for (timing::cycle t = 0; t < cycles; ++t) {
        for (std::uint32_t n = 0; n < places.size(); ++n) {
            const auto to = static_cast<std::uint32_t>(random() % places.size());
            const auto packets = static_cast<std::uint32_t>(1 + random() % longest);
            if (static_cast<double>(random()) < rate * 0x1p32 / packets && alive(n) && alive(to)) {
                all.push_back({t, places.at(static_cast<node_index>(n)), places.at(static_cast<node_index>(to)),
                               packets, message_class::data});
            }
        }
    }
    return all;
}

// ---------------------------------------------------------------------------------------------------- exact

TEST(train_router, carries_single_packets_in_the_cycles_of_ca_beyond_saturation_too) {
    std::deque<both> meshes;
    for (const auto kind :
         {arbitration_kind::round_robin, arbitration_kind::oldest_first, arbitration_kind::fixed_priority}) {
        noc_parameters p = mesh_of(6, 5);
        p.arbitration = kind;
        meshes.emplace_back(p, numbered(meshes.size()));
    }
    for (const std::uint32_t depth : {1U, 2U, 3U}) {
        noc_parameters p = mesh_of(6, 5);
        p.buffer_depth = depth;
        p.pipeline_stages = depth;
        meshes.emplace_back(p, numbered(meshes.size()));
    }
    for (both& m : meshes) {
        for (const double rate : {0.1, 0.9}) {
            SCOPED_TRACE("rate " + std::to_string(rate) + ", seed 41");
            m.expect_same_cycles(random_offers(41, m.at.mesh.places(), 600, rate, 1));
        }
    }
}

TEST(train_router, carries_a_burst_that_meets_no_other_in_the_cycles_of_ca) {
    std::deque<both> meshes;
    for (const std::uint32_t depth : {1U, 2U, 5U, 8U, 64U}) {
        for (const std::uint32_t hop : {1U, 4U}) {
            noc_parameters p = mesh_of(5, 4);
            p.buffer_depth = depth;
            p.link_latency = hop - 1;
            meshes.emplace_back(p, numbered(meshes.size()));
        }
    }
    std::vector<offer> all;
    for (std::uint32_t i = 0; i < 20; ++i) {
        const grid places{5, 4};
        all.push_back({1 + 400 * timing::cycle{i}, places.at(static_cast<node_index>(i)),
                       places.at(static_cast<node_index>((7 * i + 3) % 20)), 1 + i % 16, message_class::data});
    }
    for (both& m : meshes) {
        m.expect_same_cycles(all);
    }
    const auto& first = meshes[6].at.arrivals[0];  // depth 8, a cycle a hop, one packet from (0,0) to (3,0)
    EXPECT_EQ(first, std::vector<timing::cycle>{1 + 3 + 2});
}

TEST(train_router, holds_up_what_stands_behind_a_packet_that_waits_as_ca_does) {
    // From (0,0), packets for (3,0) wait at (1,0), whose link to the east others fill; behind them stands one that
    // leaves the row at (1,0).
    both m(mesh_of(4, 2));
    std::vector<offer> all;
    for (timing::cycle t = 0; t < 40; ++t) {
        all.push_back({t, {1, 0}, {3, 0}});
        all.push_back({t, {0, 0}, {3, 0}});
    }
    const std::size_t held_up = all.size();
    all.push_back({12, {0, 0}, {1, 1}});
    m.expect_same_cycles(all);
    EXPECT_GT(m.at.arrivals[held_up][0], 12U + 2 + 2);  // hops, in and out: what it would take alone
}

TEST(train_router, stops_who_sends_into_a_full_buffer_as_ca_does) {
    // A packet every other cycle gets through buffers of one place; (2,0) is shared by two, and what has no place there
    // stays upstream.
    std::deque<both> meshes;
    for (const std::uint32_t depth : {1U, 2U, 4U}) {
        noc_parameters p = mesh_of(4, 1);
        p.buffer_depth = depth;
        meshes.emplace_back(p, numbered(depth));
    }
    std::vector<offer> all;
    for (timing::cycle t = 0; t < 100; ++t) {
        all.push_back({t, {0, 0}, {3, 0}});
        all.push_back({t, {2, 0}, {3, 0}});
        all.push_back({t, {0, 0}, {1, 0}});
    }
    for (both& m : meshes) {
        m.expect_same_cycles(all);
    }
}

TEST(train_router, gives_two_flows_half_of_a_link_each) {
    both m(mesh_of(4, 1));
    std::vector<offer> all;
    for (timing::cycle t = 0; t < 1000; ++t) {
        all.push_back({t, {0, 0}, {3, 0}});
        all.push_back({t, {1, 0}, {2, 0}});
    }
    const auto& arrivals = m.at.run(all);
    std::array<std::uint32_t, 2> share{};
    for (std::size_t i = 0; i < all.size(); ++i) {
        share[i % 2] += arrivals[i][0] > 100 && arrivals[i][0] <= 900 ? 1U : 0U;
    }
    EXPECT_EQ(share[0], 400U);
    EXPECT_EQ(share[1], 400U);
}

TEST(train_router, gives_inputs_equal_shares_on_a_line_into_one) {
    // The parking lot: at each router what passes and what begins there get half each.
    bench b("b", mesh_of(8, 1), timing_kind::at);
    std::vector<offer> all;
    for (std::int32_t x = 1; x < 8; ++x) {
        for (timing::cycle t = 0; t < 4000; ++t) {
            all.push_back({t, {x, 0}, {0, 0}});
        }
    }
    const auto& arrivals = b.run(all);
    std::map<std::int32_t, std::uint32_t> share;
    for (std::size_t i = 0; i < all.size(); ++i) {
        share[all[i].source.x] += arrivals[i][0] > 1000 && arrivals[i][0] <= 1000 + 2048 ? 1U : 0U;
    }
    for (std::int32_t x = 1; x < 8; ++x) {
        EXPECT_NEAR(share[x], 2048 >> std::min(x, 6), 1) << "from " << x;
    }
}

TEST(train_router, brings_bursts_of_many_to_one_at_a_packet_a_cycle) {
    bench b("b", mesh_of(5, 5), timing_kind::at);
    std::vector<offer> all;
    for (std::uint32_t n = 0; n < 25; ++n) {
        for (int i = 0; n != 12 && i < 10; ++i) {
            all.push_back({0, b.mesh.places().at(static_cast<node_index>(n)), {2, 2}, 16, message_class::data});
        }
    }
    timing::cycle last = 0;
    for (const auto& packets : b.run(all)) {
        last = std::max(last, packets.back());
    }
    EXPECT_EQ(last, 24U * 160 - 1 + 3);  // the nearest are a hop away
}

// ---------------------------------------------------------------------------------------------------- near

TEST(train_router, lets_a_train_that_is_under_way_finish_before_a_burst_that_comes_to_it) {
    // At ca both would take turns and end together.
    both m(mesh_of(4, 1));
    const std::vector<offer> all{{0, {0, 0}, {3, 0}, 16}, {1, {1, 0}, {3, 0}, 16}};
    const auto& a = m.at.run(all);
    const auto& c = m.ca.run(all);
    EXPECT_EQ(std::max(a[0].back(), a[1].back()), std::max(c[0].back(), c[1].back()));
    for (const std::size_t i : {0U, 1U}) {
        EXPECT_NEAR(static_cast<double>(a[i].back()), static_cast<double>(c[i].back()), 8);
    }
}

TEST(train_router, lets_packets_of_their_own_go_between_those_of_a_train_as_ca_does_and_makes_up_for_it_behind) {
    both m(mesh_of(3, 2));
    const std::vector<offer> all{{0, {0, 0}, {2, 1}, 8},  // stands at (1,0) from cycle 2 to 9, and leaves for the east
                                 {2, {1, 0}, {2, 0}, 1, message_class::response},   // stands there in cycle 3
                                 {3, {1, 0}, {2, 0}, 1, message_class::response},   // in cycle 4
                                 {8, {1, 0}, {2, 0}, 2, message_class::response}};  // in cycles 9 and 10
    using cycles = std::vector<timing::cycle>;
    const auto& a = m.at.run(all);
    const auto& c = m.ca.run(all);
    EXPECT_EQ(a[0], (cycles{5, 6, 7, 8, 9, 10, 11, 12}));
    EXPECT_EQ(a[1], c[1]);
    EXPECT_EQ(a[1], cycles{5});
    EXPECT_EQ(a[2], c[2]);
    EXPECT_EQ(a[2], cycles{7});
    EXPECT_EQ(a[3], (cycles{14, 15}));  // the link's cycles 10 and 11 are for the two
    // The link's last cycle: the long burst goes a hop further behind it.
    EXPECT_EQ(std::max(a[0].back() - 1, a[3].back()), std::max(c[0].back() - 1, c[3].back()));
}

TEST(train_router, keeps_order_and_is_near_ca_on_any_mesh_below_saturation) {
    struct trial {
        std::uint32_t seed;
        std::vector<offer> all;
        std::unique_ptr<both> mesh;
    };
    std::vector<trial> trials;
    for (std::uint32_t seed = 100; trials.size() < 12; ++seed) {
        std::mt19937 generator(seed);
        const auto random = [&generator] { return static_cast<std::uint32_t>(generator()); };
        noc_parameters p = mesh_of(2 + random() % 6, 2 + random() % 6);
        p.buffer_depth = 1 + random() % 12;
        p.channels_per_class = 1 + random() % 2;
        const grid places{static_cast<std::int32_t>(p.columns), static_cast<std::int32_t>(p.rows)};
        std::vector<bool> live(places.size(), true);
        std::vector<coordinate> dead;
        if (seed % 2 == 0 && p.columns > 2 && p.rows > 2) {
            dead.push_back({1, 1});
            live[to_number(places.index({1, 1}))] = false;
        }
        const double rate = 0.05 + 0.05 * (random() % 3);  // below saturation, where a mean is one
        trials.push_back({seed, random_offers(seed, places, 1500, rate, seed % 3 == 0 ? 16 : 5, live),
                          std::make_unique<both>(p, numbered(seed), dead)});
    }
    double error = 0;
    for (trial& t : trials) {
        SCOPED_TRACE("seed " + std::to_string(t.seed));
        const auto& a = t.mesh->at.run(t.all);
        const auto& c = t.mesh->ca.run(t.all);
        std::map<std::pair<coordinate, coordinate>, timing::cycle> before;
        double sum_a = 0;
        double sum_c = 0;
        for (std::size_t i = 0; i < t.all.size(); ++i) {
            for (const timing::cycle at : a[i]) {
                timing::cycle& last = before[{t.all[i].source, t.all[i].destination}];
                ASSERT_GT(at, last) << "burst " << i;
                last = at;
            }
            sum_a += static_cast<double>(a[i].back() - t.all[i].at);
            sum_c += static_cast<double>(c[i].back() - t.all[i].at);
        }
        EXPECT_NEAR(sum_a / sum_c, 1, 0.15);
        error += std::abs(sum_a / sum_c - 1) / static_cast<double>(trials.size());
    }
    EXPECT_LT(error, 0.05);
}

TEST(train_router, carries_four_packets_a_cycle_where_links_do) {
    noc_parameters p = mesh_of(4, 1);
    p.link_packets_per_cycle = 4;
    bench b("b", p, timing_kind::at);
    std::vector<offer> all;
    for (timing::cycle t = 0; t < 300; ++t) {
        all.push_back({t, {0, 0}, {3, 0}});
        all.push_back({t, {1, 0}, {2, 0}});
    }
    const auto& arrivals = b.run(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(arrivals[i][0], all[i].at + (i % 2 == 0 ? 3U : 1U) + 2);
    }
}

TEST(train_router, serves_classes_in_turn_so_a_long_burst_holds_up_no_answer) {
    both m(mesh_of(4, 1));
    std::vector<offer> all;
    for (timing::cycle t = 0; t < 10; ++t) {
        all.push_back({16 * t, {0, 0}, {3, 0}, 16, message_class::data});
        all.push_back({16 * t + 5, {0, 0}, {3, 0}, 1, message_class::response});
    }
    const auto& a = m.at.run(all);
    const auto& c = m.ca.run(all);
    for (std::size_t i = 1; i < all.size(); i += 2) {
        EXPECT_LE(a[i].back(), c[i].back() + 16) << i;
    }
}

}  // namespace
}  // namespace d1::noc
