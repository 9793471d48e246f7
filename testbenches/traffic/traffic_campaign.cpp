#include "testbenches/traffic/traffic_campaign.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "models/noc/routing_file.hpp"
#include "models/noc/routing_traits.hpp"
#include "models/numerics/counter_random.hpp"
#include "testbenches/traffic/mesh_traffic.hpp"

namespace d1::traffic {

namespace {

/// Random numbers, one after the other.
class dice {
  public:
    dice(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}
    /// From `least` to `most`.
    std::uint32_t from(std::uint32_t least, std::uint32_t most) {
        return least + static_cast<std::uint32_t>(bits() % (most - least + 1));
    }
    bool percent(std::uint32_t chance) { return from(0, 99) < chance; }

  private:
    std::uint64_t bits() { return numerics::counter_random(seed_, stream_, drawn_++); }
    std::uint64_t seed_;
    std::uint64_t stream_;
    std::uint64_t drawn_ = 0;
};

bool joins(const place_pair& link, coordinate a, coordinate b) {
    return link == place_pair{a, b} || link == place_pair{b, a};
}

/// Whether all places but the dead ones hang together, by filling them from one of them.
bool connected(const grid& places, const std::vector<coordinate>& dead, const std::vector<place_pair>& dead_links) {
    std::vector<bool> open(places.size(), true);
    for (const coordinate c : dead) {
        open[to_number(places.index(c))] = false;
    }
    std::vector<coordinate> reached;
    const auto passes = [&](coordinate from, coordinate to) {
        return std::none_of(dead_links.begin(), dead_links.end(),
                            [&](const place_pair& link) { return joins(link, from, to); });
    };
    const auto visit = [&](coordinate c, coordinate from) {
        if (places.contains(c) && open[to_number(places.index(c))] && passes(from, c)) {
            open[to_number(places.index(c))] = false;
            reached.push_back(c);
        }
    };
    const coordinate first =
        places.at(static_cast<node_index>(std::find(open.begin(), open.end(), true) - open.begin()));
    visit(first, first);
    for (std::size_t i = 0; i < reached.size(); ++i) {  // NOLINT(modernize-loop-convert): it grows meanwhile
        for (const port p : {port::west, port::east, port::north, port::south}) {
            visit(neighbour(reached[i], p), reached[i]);
        }
    }
    return std::none_of(open.begin(), open.end(), [](bool left) { return left; });
}

/// Dead nodes and links that leave the others together.
void draw_faults(dice& d, mesh_setting& s) {
    const grid places{static_cast<std::int32_t>(s.noc.columns), static_cast<std::int32_t>(s.noc.rows)};
    const auto any_place = [&] { return places.at(static_cast<node_index>(d.from(0, places.size() - 1))); };
    do {
        s.dead.clear();
        s.dead_links.clear();
        const std::uint32_t nodes = std::min(d.from(0, 20), places.size() - 1);
        while (s.dead.size() < nodes) {
            const coordinate c = any_place();
            if (std::find(s.dead.begin(), s.dead.end(), c) == s.dead.end()) {
                s.dead.push_back(c);
            }
        }
        for (std::uint32_t links = d.percent(50) ? 0 : d.from(1, 6); links > 0; --links) {
            const coordinate a = any_place();
            const coordinate b = neighbour(a, d.percent(50) ? port::east : port::south);
            if (places.contains(b) && std::none_of(s.dead_links.begin(), s.dead_links.end(),
                                                   [&](const place_pair& link) { return joins(link, a, b); })) {
                s.dead_links.push_back({a, b});
            }
        }
    } while (!connected(places, s.dead, s.dead_links) || (!s.dead_routers && !connected(places, {}, s.dead_links)));
}

/// A table in a file, with the paths that xy takes round the faults.
parameter::file_name write_table(const mesh_setting& s, const std::string& name) {
    const grid places{static_cast<std::int32_t>(s.noc.columns), static_cast<std::int32_t>(s.noc.rows)};
    const noc::mesh_faults faults{s.dead_routers ? s.dead : std::vector<coordinate>(), s.dead_links};
    const std::string path = testing::TempDir() + name + "_" + std::to_string(::getpid()) + ".txt";
    std::ofstream file(path);
    noc::write_routes(file, noc::route_table(places, faults));
    return {path};
}

mesh_setting random_setting(dice& d, std::uint32_t longest, routing_kind routing) {
    mesh_setting s;
    s.noc.columns = d.from(1, longest);
    s.noc.rows = d.from(1, longest);
    s.noc.pipeline_stages = d.percent(70) ? 1 : d.from(2, 4);
    s.noc.link_latency = d.percent(70) ? 0 : d.from(1, 3);
    s.noc.link_packets_per_cycle = d.percent(70) ? 1 : d.from(2, 4);
    s.noc.injection_packets_per_cycle = d.percent(70) ? 1 : d.from(2, 4);
    s.noc.ejection_packets_per_cycle = d.percent(70) ? 1 : d.from(2, 4);
    s.noc.buffer_depth = d.from(1, 8);
    s.noc.channels_per_class = d.from(traits_of(routing).channels_per_class, 4);
    s.noc.arbitration = static_cast<arbitration_kind>(d.from(0, 2));
    s.noc.routing = routing;
    s.noc.corruption_rate = d.percent(60) ? 0 : d.from(1, 50'000'000);
    s.noc.retry_cycles = d.from(1, 6);
    s.noc.max_retries = d.from(0, 3);
    s.timing = d.percent(75) ? timing_kind::ca : d.percent(80) ? timing_kind::at : timing_kind::lt;
    s.dead_routers = d.percent(80);
    if (traits_of(routing).avoids_faults) {
        draw_faults(d, s);
    }
    s.seed = d.from(0, 1000);
    s.stall_percent = d.percent(50) ? 0 : d.from(1, 60);
    s.check_links = true;
    s.watch_order = true;
    return s;
}

load random_load(dice& d, std::uint64_t seed, mesh_traffic& bench) {
    const auto any_class = [&] { return static_cast<message_class>(d.from(0, message_class_count - 1)); };
    load l;
    l.seed = seed;
    l.warm_up = d.from(0, 200);
    l.measured = d.from(100, 800);
    l.rate = d.from(1, 60) / 100.0;
    l.drain = 10'000'000;  // beyond everything: what does not arrive by then never does
    l.pattern = static_cast<pattern_kind>(d.from(0, static_cast<std::uint32_t>(pattern_kind::neighbour)));
    const auto live =
        static_cast<std::uint32_t>(std::find(bench.live().begin(), bench.live().end(), true) - bench.live().begin());
    l.hot = {d.from(0, 100) / 100.0, bench.mesh().places().at(static_cast<node_index>(live))};
    l.channel_class = any_class();
    const std::uint32_t percent = d.from(1, 99);
    l.burst_packets = d.percent(40) ? burst_sizes(d.from(1, burst::capacity))
                                    : burst_sizes({{1, percent}, {d.from(2, burst::capacity), 100 - percent}});
    if (d.percent(30)) {
        l.phases =
            on_off{d.from(1, 50), d.from(0, 50), d.percent(50) ? on_off::lengths::random : on_off::lengths::fixed};
        l.rate /= l.phases->boost();
    }
    if (d.percent(50)) {
        l.replies = reply_rule{d.from(1, burst::capacity), d.from(0, 30), any_class()};
        l.outstanding = d.percent(50) ? d.from(1, 20) : 0;
    }
    return l;
}

void expect_sound(mesh_traffic& bench, const mesh_setting& s, const load& offered, const measurement& m) {
    EXPECT_TRUE(m.drained && m.complete && m.waits.empty());
    EXPECT_EQ(m.all_created, m.all_arrived + m.all_refused);
    const bool corrupts = s.noc.corruption_rate != 0;
    // Below ca it is the network interface that lets bursts wait for one that was sent again.
    if (traits_of(s.noc.routing).in_order && (s.timing == timing_kind::ca || !corrupts)) {
        EXPECT_EQ(m.out_of_order, 0U);
    }
    EXPECT_EQ(bench.bursts().in_use(), 0U);
    EXPECT_TRUE(bench.events().empty());
    if (!corrupts) {
        EXPECT_EQ(m.all_refused, 0U);
        EXPECT_EQ(m.replies.latency.count(), offered.replies ? m.latency.count() : 0);
    }
    for (const flow* const f : {static_cast<const flow*>(&m), &m.replies}) {
        // Packets follow each other at the rates of the ends, so several in a cycle at most.
        const std::uint64_t fastest = std::max(
            {s.noc.injection_packets_per_cycle, s.noc.ejection_packets_per_cycle, s.noc.link_packets_per_cycle});
        EXPECT_GE(f->latency.sum() * fastest + f->latency.count() * fastest,
                  f->hops.sum() * s.noc.hop_cycles() * fastest + f->followers);
    }
    for (std::size_t i = 0; s.timing != timing_kind::lt && i < m.link_packets.size(); ++i) {
        const std::uint32_t rate =
            i % port_count == to_number(port::local) ? s.noc.ejection_packets_per_cycle : s.noc.link_packets_per_cycle;
        // Below ca a walk counts its links at its injection, wherever it stands.
        if (s.timing == timing_kind::ca) {
            EXPECT_LE(m.link_packets[i], offered.measured * rate);
        }
    }
}

}  // namespace

void run_campaign(const campaign_size& size, std::uint64_t seed) {
    struct subject {
        mesh_setting setting;
        std::unique_ptr<mesh_traffic> bench;
    };
    std::vector<subject> all;
    for (std::uint32_t i = 0; i < size.meshes; ++i) {
        dice d(seed, i);
        const auto routing = static_cast<routing_kind>(i % (static_cast<std::uint32_t>(routing_kind::table) + 1));
        mesh_setting s = random_setting(d, size.longest, routing);
        if (i == 0) {  // the smallest mesh is always among them
            s.noc.columns = s.noc.rows = 1;
            s.dead.clear();
            s.dead_links.clear();
        }
        const std::string name = "mesh" + std::to_string(i);
        if (routing == routing_kind::table) {
            s.noc.routing_table = write_table(s, name);
        }
        auto bench = std::make_unique<mesh_traffic>(name.c_str(), s);
        std::remove(s.noc.routing_table.path.c_str());
        all.push_back({s, std::move(bench)});
    }
    std::uint64_t packets = 0;
    std::uint64_t loads = 0;
    for (; packets < size.packets && !testing::Test::HasFailure(); ++loads) {
        const subject& on = all[loads % all.size()];
        dice d(seed, size.meshes + loads);
        const load offered = random_load(d, seed + loads, *on.bench);
        SCOPED_TRACE("campaign seed " + std::to_string(seed) + ", load " + std::to_string(loads) + " on mesh " +
                     std::to_string(loads % all.size()) + ": " + std::to_string(on.setting.noc.columns) + " x " +
                     std::to_string(on.setting.noc.rows) + ", " + std::to_string(on.setting.dead.size()) + " dead, " +
                     std::string(traits_of(on.setting.noc.routing).name) + ", " + to_string(on.setting.timing));
        const measurement m = on.bench->run(offered);
        expect_sound(*on.bench, on.setting, offered, m);
        packets += m.all_arrived;
    }
    testing::Test::RecordProperty("packets", std::to_string(packets));
    std::cout << packets << " packets of " << loads << " loads on " << all.size() << " meshes, seed " << seed << "\n";
}

}  // namespace d1::traffic
