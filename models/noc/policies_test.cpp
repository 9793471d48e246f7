// Every routing policy cycle by cycle, on random meshes.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "models/noc/cycle_bench.hpp"
#include "models/noc/mesh_endpoints.hpp"
#include "models/noc/route_table_audit.hpp"

namespace d1::noc {
namespace {

using bench = test::cycle_bench;

struct setting {
    noc_parameters noc;
    mesh_faults faults;
};

setting random_setting(std::mt19937_64& random, routing_kind routing) {
    while (true) {
        setting s;
        const grid shape{static_cast<std::int32_t>(1 + random() % 6), static_cast<std::int32_t>(1 + random() % 6)};
        test::place_map map{shape, {}, {}};
        if (traits_of(routing).avoids_faults) {
            map = test::random_map(shape, static_cast<std::uint32_t>(random() % 3) % shape.size(),
                                   static_cast<std::uint32_t>(random()));
            const coordinate a = shape.at(node_index{static_cast<std::uint32_t>(random() % shape.size())});
            if (random() % 2 == 0 && shape.contains(neighbour(a, port::east))) {
                map.links.push_back({a, neighbour(a, port::east)});
            }
        }
        if (cut_off_from_first(map) != 0) {
            continue;
        }
        s.faults = map.faults();
        s.noc.columns = static_cast<std::uint32_t>(shape.columns);
        s.noc.rows = static_cast<std::uint32_t>(shape.rows);
        s.noc.routing = routing;
        s.noc.buffer_depth = static_cast<std::uint32_t>(1 + random() % 4);
        const std::uint32_t least = traits_of(routing).channels_per_class;
        s.noc.channels_per_class = static_cast<std::uint32_t>(least + random() % (5 - least));
        s.noc.arbitration = static_cast<arbitration_kind>(random() % 3);
        s.noc.link_packets_per_cycle = random() % 2 == 0 ? 1 : 4;
        return s;
    }
}

/// Loads a mesh far beyond saturation and looks at what comes out: each packet once, where it belongs, and in order
/// where that is promised.
void expect_delivery(bench& b, std::mt19937_64& random) {
    std::vector<coordinate> live;
    for (std::uint32_t i = 0; i < b.places().size(); ++i) {
        if (b.mesh.has(node_index{i})) {
            live.push_back(b.places().at(node_index{i}));
        }
    }
    struct sent {
        coordinate to;
        message_class channel_class = message_class::data;
        std::uint32_t packets = 0;
    };
    std::map<std::uint64_t, sent> all;
    std::uint64_t packets = 0;
    timing::cycle at = 1;
    for (int n = 0; n < 1500; ++n) {
        at += random() % 2;
        const sent s{live[random() % live.size()], static_cast<message_class>(random() % message_class_count),
                     static_cast<std::uint32_t>(1 + random() % 16)};
        all[b.send(at, live[random() % live.size()], s.to, s.packets, s.channel_class)] = s;
        packets += s.packets;
    }
    b.run();
    EXPECT_TRUE(b.events.empty()) << "something is stuck";
    std::uint64_t arrived = 0;
    for (const coordinate c : live) {
        std::map<std::uint64_t, std::uint32_t> next;                           // packet by burst
        std::map<std::pair<coordinate, message_class>, std::uint64_t> newest;  // burst by source and class
        for (const auto& a : b.at(c)) {
            const sent& s = all.at(a.number);
            ASSERT_EQ(s.to, c);
            ASSERT_EQ(a.index, next[a.number]) << "a burst keeps to one way only where paths are fixed";
            ++next[a.number];
            if (b.mesh.routing().traits().in_order) {
                std::uint64_t& last = newest[{a.source, s.channel_class}];
                ASSERT_LE(last, a.number);
                last = a.number;
            }
            ++arrived;
        }
    }
    EXPECT_EQ(arrived, packets);
}

/// As above, where packets of a burst may overtake each other: each comes once.
void expect_each_packet_once(bench& b, std::mt19937_64& random) {
    std::map<std::uint64_t, std::uint32_t> missing;  // by burst: a bit for each packet
    std::map<std::uint64_t, coordinate> to;
    timing::cycle at = 1;
    const auto place = [&] {
        return b.places().at(node_index{static_cast<std::uint32_t>(random() % b.places().size())});
    };
    for (int n = 0; n < 1500; ++n) {
        at += random() % 2;
        const auto count = static_cast<std::uint32_t>(1 + random() % 16);
        const coordinate destination = place();
        const std::uint64_t number =
            b.send(at, place(), destination, count, static_cast<message_class>(random() % message_class_count));
        missing[number] = (1U << count) - 1;
        to[number] = destination;
    }
    b.run();
    EXPECT_TRUE(b.events.empty()) << "something is stuck";
    for (std::uint32_t i = 0; i < b.places().size(); ++i) {
        for (const auto& a : b.arrivals[i]) {
            ASSERT_EQ(to.at(a.number), b.places().at(node_index{i}));
            ASSERT_NE(missing[a.number] & 1U << a.index, 0U) << "came twice";
            missing[a.number] &= ~(1U << a.index);
        }
    }
    for (const auto& [number, packets] : missing) {
        ASSERT_EQ(packets, 0U) << "lost";
    }
}

TEST(policies, deliver_every_packet_once_and_in_order_where_promised) {
    const auto seed = std::random_device{}();
    std::mt19937_64 random(seed);
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::deque<bench> benches;  // SystemC elaborates once a process
    for (const routing_kind routing :
         {routing_kind::xy, routing_kind::yx, routing_kind::o1turn, routing_kind::odd_even}) {
        for (int trial = 0; trial < 4; ++trial) {
            const setting s = random_setting(random, routing);
            benches.emplace_back(s.noc, "bench" + std::to_string(benches.size()), s.faults);
        }
    }
    for (bench& b : benches) {
        SCOPED_TRACE(testing::Message() << b.mesh.routing().traits().name << " on " << b.parameters.columns << " x "
                                        << b.parameters.rows << ", depth " << b.parameters.buffer_depth << ", "
                                        << b.parameters.channels_per_class << " channels");
        if (b.mesh.routing().adaptive()) {
            expect_each_packet_once(b, random);
        } else {
            expect_delivery(b, random);
        }
    }
}

TEST(policies, o1turn_spreads_the_packets_of_a_pair_over_two_paths) {
    noc_parameters p;
    p.columns = 2;
    p.rows = 2;
    p.routing = routing_kind::o1turn;
    p.channels_per_class = 2;
    bench b(p);
    for (std::uint32_t n = 0; n < 1000; ++n) {
        b.send(1 + 2 * n, {0, 0}, {1, 1});
    }
    b.run();
    EXPECT_NEAR(static_cast<double>(b.mesh.at(node_index{0}).packets(port::east)), 500, 80);
    EXPECT_EQ(b.mesh.at(node_index{0}).packets(port::east) + b.mesh.at(node_index{0}).packets(port::south), 1000U);
    EXPECT_EQ(b.at({1, 1}).size(), 1000U);
}

TEST(policies, odd_even_goes_where_credits_are_left) {
    // From the odd column packets may go east or south. Another flow takes all of the link east of there.
    noc_parameters p;
    p.columns = 4;
    p.rows = 3;
    p.routing = routing_kind::odd_even;
    bench b(p);
    for (std::uint32_t n = 0; n < 300; ++n) {
        b.send(1 + n, {1, 0}, {3, 2});
        b.send(1 + n, {3, 0}, {3, 2});
        b.send(1 + n, {2, 0}, {3, 2});
    }
    b.run();
    const router& r = b.mesh.at(b.places().index({1, 0}));
    EXPECT_EQ(r.packets(port::east) + r.packets(port::south), 300U);
    EXPECT_GT(r.packets(port::south), 50U);
    EXPECT_GT(r.packets(port::east), 10U);
}

TEST(policies, odd_even_goes_the_ways_that_it_prefers_where_nobody_is_in_the_way_at_every_level) {
    noc_parameters p;
    p.columns = 5;
    p.rows = 3;
    p.routing = routing_kind::odd_even;
    bench b(p);
    struct level {
        level(timing_kind timing, bench& b) : mesh(to_string(timing), b.parameters, timing, b.events) {
            for (std::uint32_t i = 0; i < mesh.places().size(); ++i) {
                routers.push_back(&mesh.at(node_index{i}));
            }
            ends.emplace(("ends_" + std::string(to_string(timing))).c_str(), b.parameters, timing, routers, b.events);
        }
        router_mesh mesh;
        std::vector<router_base*> routers;
        std::optional<mesh_endpoints> ends;
    };
    level at(timing_kind::at, b);
    level lt(timing_kind::lt, b);
    constexpr std::uint32_t count = 1000;
    for (std::uint32_t n = 0; n < count; ++n) {
        const std::uint32_t cycle = 1 + 50 * n;
        for (const coordinate to : {coordinate{3, 2}, coordinate{4, 2}}) {
            b.send(cycle, {1, 0}, to);
            at.ends->send(cycle, {1, 0}, to);
            lt.ends->send(cycle, {1, 0}, to);
        }
    }
    b.run();
    const node_index corner = b.places().index({1, 0});
    for (router_mesh* const mesh : {&b.mesh, &lt.mesh, &at.mesh}) {
        EXPECT_EQ(mesh->at(corner).packets(port::east), count) << "to an odd column: along the row first";
        EXPECT_EQ(mesh->at(corner).packets(port::south), count) << "to an even one: along the column first";
        EXPECT_EQ(mesh->at(b.places().index({3, 0})).packets(port::south), count) << "in the destination's column";
    }
    for (std::uint32_t n = 0; n < count; ++n) {
        EXPECT_EQ(b.at({3, 2})[n].at, 1 + 50 * n + 4 + 2);
    }
}

}  // namespace
}  // namespace d1::noc
