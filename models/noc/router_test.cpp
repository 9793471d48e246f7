// What routers do to single flows; the mesh as a whole is in mesh_test.cpp.

#include "models/noc/router.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "models/noc/mesh_endpoints.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/statistics/json_writer.hpp"

namespace d1::noc {
namespace {

timing::clock test_clock() {
    return timing::clock(sc_core::sc_time(500, sc_core::SC_PS));
}

noc_parameters mesh_of(std::uint32_t columns, std::uint32_t rows) {
    noc_parameters p;
    p.columns = columns;
    p.rows = rows;
    return p;
}

/// A mesh with ends. One process elaborates once, so a test makes all that it needs before it runs any.
class bench {
  public:
    bench(const char* name, const noc_parameters& parameters, timing_kind timing = timing_kind::at)
        : events((std::string(name) + "_events").c_str(), test_clock()),
          mesh((std::string(name) + "_mesh").c_str(), parameters, timing, events),
          ends((std::string(name) + "_ends").c_str(), parameters, timing, routers(), events) {}
    ~bench() { EXPECT_EQ(ends.bursts().in_use(), 0U); }
    bench(const bench&) = delete;
    bench& operator=(const bench&) = delete;

    [[nodiscard]] router& at(coordinate c) { return mesh.at(mesh.places().index(c)); }

    timing::event_queue events;
    router_mesh mesh;
    mesh_endpoints ends;

  private:
    std::vector<router_base*> routers() {
        std::vector<router_base*> all;
        for (std::uint32_t i = 0; i < mesh.places().size(); ++i) {
            all.push_back(&mesh.at(static_cast<node_index>(i)));
        }
        return all;
    }
};

std::uint32_t distance(coordinate a, coordinate b) {
    return static_cast<std::uint32_t>(std::abs(a.x - b.x) + std::abs(a.y - b.y));
}

/// Sends one burst a time from everywhere to everywhere, each into an empty mesh.
void expect_zero_load_latency(bench& b, std::uint32_t hop_cycles, std::uint32_t link_cycles, std::uint32_t packets) {
    const grid g = b.mesh.places();
    timing::cycle at = 0;
    for (std::uint32_t i = 0; i < g.size(); ++i) {
        for (std::uint32_t j = 0; j < g.size(); ++j) {
            b.ends.send(at, g.at(static_cast<node_index>(i)), g.at(static_cast<node_index>(j)), packets);
            at += 100;
        }
    }
    sc_core::sc_start();
    for (const auto& p : b.ends.passages()) {
        const std::uint32_t hops = distance(p.source, p.destination);
        EXPECT_EQ(p.hops, hops);
        EXPECT_EQ(p.arrival.first, p.sent + (hops + 1) * hop_cycles + link_cycles);  // into the mesh and out of it
        EXPECT_EQ(p.arrival.last(), p.arrival.first + packets - 1);
        EXPECT_EQ(p.arrival.count, packets);
    }
}

TEST(router, takes_a_hop_for_each_link_and_those_from_and_to_the_node_on_an_empty_mesh) {
    bench b("b", mesh_of(4, 3));
    expect_zero_load_latency(b, 1, 1, 1);
}

TEST(router, lets_a_burst_pass_as_it_is_on_an_empty_mesh) {
    bench b("b", mesh_of(3, 4));
    expect_zero_load_latency(b, 1, 1, 16);
}

TEST(router, takes_as_long_as_its_parameter_says) {
    noc_parameters p = mesh_of(3, 3);
    p.pipeline_stages = 3;
    p.link_latency = 2;
    bench b("b", p);
    expect_zero_load_latency(b, 5, 3, 4);
}

TEST(router, takes_the_same_time_on_an_empty_mesh_when_loosely_timed) {
    bench b("b", mesh_of(3, 3), timing_kind::lt);
    expect_zero_load_latency(b, 1, 1, 7);
}

TEST(router, is_one_of_37_from_corner_to_corner_of_the_empty_full_mesh) {
    bench b("b", {});
    const auto& there = b.ends.send(0, {0, 0}, {17, 19});
    const auto& back = b.ends.send(1000, {17, 19}, {0, 0});
    sc_core::sc_start();
    EXPECT_EQ(there.hops, 36U);
    EXPECT_EQ(back.hops, 36U);
    EXPECT_EQ(there.arrival.first - there.sent, 36U + 2U);
    EXPECT_EQ(back.arrival.first - back.sent, 36U + 2U);
}

// ---------------------------------------------------------------------------------------------------- shared links

/// Two nodes send a packet each cycle over the one link from (1,0) to (2,0), to different nodes.
struct two_flows {
    two_flows(bench& b, timing::cycle cycles) {
        for (timing::cycle t = 0; t < cycles; ++t) {
            far.push_back(&b.ends.send(t, {0, 0}, {3, 0}));
            near.push_back(&b.ends.send(t, {1, 0}, {2, 0}));
        }
    }
    [[nodiscard]] static std::size_t arrived(const std::vector<const mesh_endpoints::passage*>& flow,
                                             timing::cycle until) {
        std::size_t n = 0;
        for (const auto* p : flow) {
            n += p->arrival.first <= until;
        }
        return n;
    }
    std::vector<const mesh_endpoints::passage*> far;
    std::vector<const mesh_endpoints::passage*> near;
};

TEST(router, gives_two_flows_half_of_a_link_each_at_one_packet_a_cycle) {
    bench b("b", mesh_of(4, 1));
    const two_flows flows(b, 1000);
    sc_core::sc_start();
    EXPECT_NEAR(static_cast<double>(two_flows::arrived(flows.far, 1000)), 500, 5);
    EXPECT_NEAR(static_cast<double>(two_flows::arrived(flows.near, 1000)), 500, 5);
    // 2000 packets over one link, then what remains of the way.
    EXPECT_NEAR(static_cast<double>(flows.far.back()->arrival.first), 2000, 5);
    EXPECT_NEAR(static_cast<double>(flows.near.back()->arrival.first), 2000, 5);
    EXPECT_EQ(b.at({1, 0}).packets(port::east), 2000U);
}

TEST(router, does_not_slow_two_flows_down_at_four_packets_a_cycle) {
    noc_parameters p = mesh_of(4, 1);
    p.link_packets_per_cycle = 4;
    bench b("b", p);
    const two_flows flows(b, 1000);
    sc_core::sc_start();
    for (const auto* f : flows.far) {
        EXPECT_EQ(f->arrival.first, f->sent + 3 + 2);
    }
    for (const auto* f : flows.near) {
        EXPECT_EQ(f->arrival.first, f->sent + 1 + 2);
    }
    EXPECT_EQ(b.at({1, 0}).waited(port::east), 0U);
}

TEST(router, gives_a_node_as_many_packets_a_cycle_as_it_ejects) {
    noc_parameters slow = mesh_of(3, 1);
    noc_parameters fast = mesh_of(3, 1);
    fast.ejection_packets_per_cycle = 2;
    bench one("one", slow);
    bench two("two", fast);
    for (bench* b : {&one, &two}) {
        for (timing::cycle t = 0; t < 100; ++t) {
            b->ends.send(t, {0, 0}, {1, 0});
            b->ends.send(t, {2, 0}, {1, 0});
        }
    }
    sc_core::sc_start();
    timing::cycle last_of_one = 0;
    for (const auto& p : one.ends.passages()) {
        last_of_one = std::max(last_of_one, p.arrival.last());
    }
    EXPECT_EQ(last_of_one, 1U + 2U + 199U);
    for (const auto& p : two.ends.passages()) {
        EXPECT_EQ(p.arrival.first, p.sent + 3);
    }
}

TEST(router, lets_a_packet_use_the_gap_that_a_later_one_has_left) {
    // The first is reserved far ahead at (3,0); the second passes there before it.
    bench b("b", mesh_of(5, 1));
    b.ends.send(0, {0, 0}, {4, 0});
    const auto& second = b.ends.send(0, {3, 0}, {4, 0});
    const auto& third = b.ends.send(3, {3, 0}, {4, 0});
    sc_core::sc_start();
    EXPECT_EQ(second.arrival.first, 3U);
    EXPECT_EQ(third.arrival.first, 3U + 3U + 1U);  // its slot is the first one's
}

TEST(router, lets_a_burst_end_that_was_alone_when_it_began) {
    bench b("b", mesh_of(3, 2));
    b.ends.send(3, {1, 0}, {2, 0}, 2);                      // stands at (1,0) in cycles 4 and 5
    const auto& burst = b.ends.send(0, {0, 0}, {2, 1}, 4);  // stands there from cycle 2 to 5
    sc_core::sc_start();
    // In cycle 4 the burst, which was alone when it began, has its slots already.
    EXPECT_EQ(burst.arrival.first, 5U);
    EXPECT_EQ(burst.arrival.last(), 8U);
    EXPECT_EQ(b.at({1, 0}).waited(port::east), 4U);  // the packets of cycles 4 and 5 leave in cycles 6 and 7
}

TEST(router, lets_a_train_be_whole_that_met_a_burst_of_one_packet_alone) {
    bench b("b", mesh_of(3, 2));
    b.ends.send(2, {1, 0}, {2, 0});                         // stands at (1,0) in cycle 3, when the burst comes
    b.ends.send(4, {1, 0}, {2, 0}, 2);                      // stands there in cycles 5 and 6
    const auto& burst = b.ends.send(1, {0, 0}, {2, 1}, 8);  // stands there from cycle 3 to 10
    sc_core::sc_start();
    // Whichever of them goes first, the burst has all its slots by cycle 4, and does not take turns with what comes
    // later, as it would with a burst that it has met.
    EXPECT_LE(burst.arrival.last(), 14U);
}

TEST(router, lets_bursts_that_have_met_take_turns_packet_by_packet) {
    bench b("b", mesh_of(3, 2));
    b.ends.send(0, {1, 0}, {2, 0}, 2);                      // leaves (1,0) to the east in cycles 1 and 2
    b.ends.send(4, {1, 0}, {2, 0}, 2);                      // stands there in cycles 5 and 6
    const auto& burst = b.ends.send(1, {0, 0}, {2, 1}, 8);  // stands there from cycle 3 to 10
    sc_core::sc_start();
    // Since another burst left for the east just before, this one has no slots ahead: in cycle 5 it is the other's
    // turn.
    EXPECT_EQ(burst.arrival.first, 6U);
    EXPECT_EQ(burst.arrival.last(), 15U);
    EXPECT_EQ(b.at({1, 0}).waited(port::east), 1U + 1 + 2 * 5);  // the other's second, and the burst's last six
}

// ---------------------------------------------------------------------------------------------------- statistics

TEST(router, registers_packets_and_waits_of_each_link) {
    bench b("b", mesh_of(4, 1));
    statistics::group top;
    b.mesh.register_statistics(top);
    for (timing::cycle t = 0; t < 10; ++t) {
        b.ends.send(t, {0, 0}, {3, 0});
        b.ends.send(t, {1, 0}, {2, 0});
    }
    sc_core::sc_start();
    std::map<std::string, std::uint64_t> found;
    top.visit([&](const std::string& path, const statistics::counter_entry& c) { found[path] = c.value(); });
    EXPECT_EQ(found.size(), 4U * port_count * 3);
    EXPECT_EQ(found.at("router[0,0].east.packets"), 10U);
    EXPECT_EQ(found.at("router[1,0].east.packets"), 20U);
    EXPECT_EQ(found.at("router[2,0].east.packets"), 10U);
    EXPECT_EQ(found.at("router[2,0].local.packets"), 10U);
    EXPECT_EQ(found.at("router[3,0].local.packets"), 10U);
    EXPECT_EQ(found.at("router[1,0].west.packets"), 0U);
    // 10 + 10 packets that come one a cycle each leave one a cycle: the k-th pair waits k cycles between them, about.
    std::uint64_t lateness = 0;
    for (const auto& p : b.ends.passages()) {
        lateness += p.arrival.first - (p.sent + p.hops + 2);
    }
    EXPECT_GT(lateness, 0U);
    EXPECT_EQ(found.at("router[1,0].east.waited"), lateness);
    b.mesh.reset();
    top.visit([](const std::string& path, const statistics::counter_entry& c) { EXPECT_EQ(c.value(), 0U) << path; });
}

}  // namespace
}  // namespace d1::noc
