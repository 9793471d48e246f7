#include "testbenches/traffic/traffic_campaign.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

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

/// Whether all places but the dead ones hang together, by filling them from one of them.
bool connected(const grid& places, const std::vector<coordinate>& dead) {
    std::vector<bool> open(places.size(), true);
    for (const coordinate c : dead) {
        open[to_number(places.index(c))] = false;
    }
    std::vector<coordinate> reached;
    const auto visit = [&](coordinate c) {
        if (places.contains(c) && open[to_number(places.index(c))]) {
            open[to_number(places.index(c))] = false;
            reached.push_back(c);
        }
    };
    visit(places.at(static_cast<node_index>(std::find(open.begin(), open.end(), true) - open.begin())));
    for (std::size_t i = 0; i < reached.size(); ++i) {
        for (const port p : {port::west, port::east, port::north, port::south}) {
            visit(neighbour(reached[i], p));
        }
    }
    return std::none_of(open.begin(), open.end(), [](bool left) { return left; });
}

std::vector<coordinate> random_dead(dice& d, const grid& places) {
    for (;;) {
        const std::uint32_t wanted = std::min(d.from(0, 20), places.size() - 1);
        std::vector<coordinate> dead;
        while (dead.size() < wanted) {
            const coordinate c = places.at(static_cast<node_index>(d.from(0, places.size() - 1)));
            if (std::find(dead.begin(), dead.end(), c) == dead.end()) {
                dead.push_back(c);
            }
        }
        if (connected(places, dead)) {
            return dead;
        }
    }
}

mesh_setting random_setting(dice& d, std::uint32_t longest) {
    mesh_setting s;
    s.noc.columns = d.from(1, longest);
    s.noc.rows = d.from(1, longest);
    s.noc.link_latency = d.percent(70) ? 0 : d.from(1, 3);
    s.noc.link_packets_per_cycle = d.percent(70) ? 1 : d.from(2, 4);
    s.noc.injection_packets_per_cycle = d.percent(70) ? 1 : d.from(2, 4);
    s.noc.ejection_packets_per_cycle = d.percent(70) ? 1 : d.from(2, 4);
    s.noc.buffer_depth = d.from(1, 8);
    s.noc.channels_per_class = d.from(1, 4);
    s.noc.calendar_horizon = 256;
    s.noc.arbitration = static_cast<arbitration_kind>(d.from(0, 2));
    s.timing = d.percent(75) ? timing_kind::ca : d.percent(80) ? timing_kind::at : timing_kind::lt;
    s.dead_routers = d.percent(80);
    s.dead = random_dead(d, {static_cast<std::int32_t>(s.noc.columns), static_cast<std::int32_t>(s.noc.rows)});
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
    EXPECT_EQ(m.all_created, m.all_arrived);
    EXPECT_EQ(m.out_of_order, 0U);
    EXPECT_EQ(bench.bursts().in_use(), 0U);
    EXPECT_TRUE(bench.events().empty());
    EXPECT_EQ(m.replies.latency.count(), offered.replies ? m.latency.count() : 0);
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
        mesh_setting s = random_setting(d, size.longest);
        if (i == 0) {  // the smallest mesh is always among them
            s.noc.columns = s.noc.rows = 1;
            s.dead.clear();
        }
        auto bench = std::make_unique<mesh_traffic>(("mesh" + std::to_string(i)).c_str(), s);
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
                     to_string(on.setting.timing));
        const measurement m = on.bench->run(offered);
        expect_sound(*on.bench, on.setting, offered, m);
        packets += m.all_arrived;
    }
    testing::Test::RecordProperty("packets", std::to_string(packets));
    std::cout << packets << " packets of " << loads << " loads on " << all.size() << " meshes, seed " << seed << "\n";
}

}  // namespace d1::traffic
