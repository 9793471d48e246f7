// Properties of the whole mesh under random traffic.

#include "models/noc/mesh.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "models/noc/mesh_endpoints.hpp"
#include "models/noc/router_mesh.hpp"

namespace d1::noc {
namespace {

/// A mesh whose routers were built in an order of our choice, with ends.
class ordered_bench {
  public:
    ordered_bench(const std::string& name, const noc_parameters& parameters, timing_kind timing = timing_kind::at,
                  std::vector<std::uint32_t> order = {})
        : places{static_cast<std::int32_t>(parameters.columns), static_cast<std::int32_t>(parameters.rows)},
          routes(places, {}) {
        if (order.empty()) {
            order.resize(places.size());
            std::iota(order.begin(), order.end(), 0U);
        }
        const timing::clock clock(sc_core::sc_time(500, sc_core::SC_PS));
        events = std::make_unique<timing::event_queue>((name + "_events").c_str(), clock);
        routers.resize(places.size());
        std::vector<router_base*> wired(places.size());
        for (const std::uint32_t i : order) {
            routers[i] = std::make_unique<router>((name + std::to_string(i)).c_str(), static_cast<node_index>(i),
                                                  routes, parameters, timing, *events);
            wired[i] = routers[i].get();
        }
        connect_mesh(places, wired);
        ends = std::make_unique<mesh_endpoints>((name + "_ends").c_str(), parameters, timing, wired, *events);
    }
    ~ordered_bench() { EXPECT_EQ(ends->bursts().in_use(), 0U); }
    ordered_bench(const ordered_bench&) = delete;
    ordered_bench& operator=(const ordered_bench&) = delete;

    /// Packets and waits of every link of every router.
    [[nodiscard]] std::vector<std::uint64_t> counters() const {
        std::vector<std::uint64_t> all;
        for (const auto& r : routers) {
            for (std::uint32_t p = 0; p < port_count; ++p) {
                all.push_back(r->packets(static_cast<port>(p)));
                all.push_back(r->waited(static_cast<port>(p)));
            }
        }
        return all;
    }

    grid places;
    route_table routes;
    std::unique_ptr<timing::event_queue> events;
    std::vector<std::unique_ptr<router>> routers;
    std::unique_ptr<mesh_endpoints> ends;
};

struct random_traffic {
    std::uint32_t seed = 0;
    timing::cycle cycles = 400;
    double rate = 0.15;  ///< bursts per node and cycle
    std::uint32_t longest = 16;

    /// Offers the same to each of `benches`.
    void offer(std::initializer_list<ordered_bench*> benches) const {
        std::mt19937 random(seed);
        const std::uint32_t nodes = (*benches.begin())->places.size();
        for (timing::cycle t = 0; t < cycles; ++t) {
            for (std::uint32_t n = 0; n < nodes; ++n) {
                if (static_cast<double>(random()) >= rate * 0x1p32) {
                    continue;
                }
                const auto to = static_cast<node_index>(random() % nodes);
                const auto packets = static_cast<std::uint32_t>(1 + random() % longest);
                for (ordered_bench* b : benches) {
                    b->ends->send(t, b->places.at(static_cast<node_index>(n)), b->places.at(to), packets);
                }
            }
        }
    }
};

noc_parameters small_mesh() {
    noc_parameters p;
    p.columns = 5;
    p.rows = 4;
    return p;
}

TEST(mesh, keeps_the_order_of_packets_of_a_pair) {
    constexpr std::uint32_t seed = 11;
    SCOPED_TRACE("seed " + std::to_string(seed));
    noc_parameters fast = small_mesh();
    fast.link_packets_per_cycle = 4;
    ordered_bench at_one("one", small_mesh());
    ordered_bench at_four("four", fast);
    random_traffic{seed}.offer({&at_one, &at_four});
    sc_core::sc_start();
    for (const ordered_bench* b : {&at_one, &at_four}) {
        std::map<std::pair<coordinate, coordinate>, const mesh_endpoints::passage*> before;
        for (const auto& p : b->ends->passages()) {
            for (std::uint32_t i = 1; i < p.arrival.count; ++i) {
                ASSERT_LT(p.arrival.offset[i - 1], p.arrival.offset[i]);  // a node ejects one packet a cycle
            }
            const auto*& previous = before[{p.source, p.destination}];
            if (previous != nullptr && previous->sent + previous->packets <= p.sent) {
                ASSERT_LT(previous->arrival.last(), p.arrival.first)
                    << "sent at " << previous->sent << " and " << p.sent;
            }
            previous = &p;
        }
        EXPECT_GT(b->ends->passages().size(), 1000U);
    }
}

TEST(mesh, never_puts_more_packets_into_a_node_in_a_cycle_than_it_ejects) {
    constexpr std::uint32_t seed = 12;
    SCOPED_TRACE("seed " + std::to_string(seed));
    ordered_bench b("b", small_mesh());
    random_traffic{seed}.offer({&b});
    random_traffic{.seed = seed + 1, .rate = 0.3, .longest = 1}.offer({&b});
    sc_core::sc_start();
    // A burst of one packet may come in a cycle of another burst, which then is made up for: as many such packets as go
    // between those of the longest burst are ahead of their slots at most.
    struct count {
        std::uint32_t of_bursts = 0;
        std::uint32_t lone = 0;
    };
    std::map<coordinate, std::map<timing::cycle, count>> taken;
    for (const auto& p : b.ends->passages()) {
        for (std::uint32_t i = 0; i < p.arrival.count; ++i) {
            count& c = taken[p.destination][p.arrival.first + p.arrival.offset[i]];
            ++(p.packets == 1 ? c.lone : c.of_bursts);
        }
    }
    std::uint32_t between = 0;
    for (const auto& [node, cycles] : taken) {
        std::uint32_t ahead = 0;
        timing::cycle last = 0;
        for (const auto& [cycle, c] : cycles) {
            EXPECT_LE(c.of_bursts, 1U);
            EXPECT_LE(c.lone, 1U);
            between += c.of_bursts * c.lone;
            const auto made_up_for = static_cast<std::uint32_t>(std::min<timing::cycle>(ahead, cycle - last - 1));
            ahead = ahead - made_up_for + c.of_bursts + c.lone - 1;
            EXPECT_LE(ahead, packet_times::capacity / 2);
            last = cycle;
        }
    }
    EXPECT_GT(between, 10U);
}

TEST(mesh, counts_every_packet_on_every_link_of_its_path_and_every_cycle_of_waiting) {
    constexpr std::uint32_t seed = 13;
    SCOPED_TRACE("seed " + std::to_string(seed));
    ordered_bench b("b", small_mesh());
    random_traffic{.seed = seed, .rate = 0.02}.offer({&b});  // so that most waiting is in the mesh
    sc_core::sc_start();
    std::vector<std::uint64_t> packets(b.places.size() * port_count);
    std::uint64_t lateness = 0;
    for (const auto& p : b.ends->passages()) {
        // XY, walked here.
        coordinate here = p.source;
        const auto leave = [&](port to) {
            packets[to_number(b.places.index(here)) * port_count + to_number(to)] += p.packets;
            here = neighbour(here, to);
        };
        while (here.x != p.destination.x) {
            leave(here.x < p.destination.x ? port::east : port::west);
        }
        while (here.y != p.destination.y) {
            leave(here.y < p.destination.y ? port::south : port::north);
        }
        leave(port::local);
        for (std::uint32_t i = 0; i < p.packets; ++i) {
            lateness += p.arrival.first + p.arrival.offset[i] - (p.sent + i + p.hops + 2);
        }
    }
    std::uint64_t waited = 0;
    for (std::uint32_t n = 0; n < b.places.size(); ++n) {
        for (std::uint32_t i = 0; i < port_count; ++i) {
            const auto p = static_cast<port>(i);
            EXPECT_EQ(b.routers[n]->packets(p), packets[n * port_count + i]) << "router " << n << ", port " << i;
            waited += b.routers[n]->waited(p);
        }
    }
    EXPECT_LE(waited, lateness);  // the rest was spent at the nodes, before a place in a buffer was free
    EXPECT_GT(waited, lateness / 4);
}

TEST(mesh, knows_no_contention_when_loosely_timed) {
    constexpr std::uint32_t seed = 14;
    SCOPED_TRACE("seed " + std::to_string(seed));
    ordered_bench b("b", small_mesh(), timing_kind::lt);
    random_traffic{.seed = seed, .rate = 0.9}.offer({&b});
    sc_core::sc_start();
    for (const auto& p : b.ends->passages()) {
        EXPECT_EQ(p.arrival.first, p.sent + p.hops + 2);
        EXPECT_EQ(p.arrival.last(), p.arrival.first + p.packets - 1);
    }
    for (const auto& r : b.routers) {
        for (std::uint32_t i = 0; i < port_count; ++i) {
            EXPECT_EQ(r->waited(static_cast<port>(i)), 0U);
        }
    }
}

TEST(mesh, does_not_depend_on_the_order_in_which_its_routers_were_built) {
    constexpr std::uint32_t seed = 15;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::vector<std::uint32_t> order(20);
    std::iota(order.begin(), order.end(), 0U);
    ordered_bench plain("plain", small_mesh(), timing_kind::at, order);
    std::shuffle(order.begin(), order.end(), std::mt19937(seed));
    ordered_bench shuffled("shuffled", small_mesh(), timing_kind::at, order);
    random_traffic{seed}.offer({&plain, &shuffled});
    sc_core::sc_start();
    EXPECT_EQ(plain.ends->passages(), shuffled.ends->passages());
    EXPECT_EQ(plain.counters(), shuffled.counters());
}

TEST(mesh, gives_the_same_again_after_a_reset) {
    constexpr std::uint32_t seed = 16;
    SCOPED_TRACE("seed " + std::to_string(seed));
    ordered_bench b("b", small_mesh());
    random_traffic{seed}.offer({&b});
    sc_core::sc_start();
    const auto passages = b.ends->passages();
    const auto counters = b.counters();
    b.events->reset();
    b.ends->clear();
    for (const auto& r : b.routers) {
        r->reset();
    }
    random_traffic{seed}.offer({&b});
    sc_core::sc_start();
    EXPECT_EQ(b.ends->passages(), passages);
    EXPECT_EQ(b.counters(), counters);
}

}  // namespace
}  // namespace d1::noc
