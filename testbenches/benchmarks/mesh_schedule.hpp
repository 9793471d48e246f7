#pragma once
// The traffic that benchmarks of the mesh offer again and again.

#include <cstdint>
#include <vector>

#include "models/noc/noc_parameters.hpp"
#include "models/noc/route_table.hpp"
#include "models/packet/burst.hpp"
#include "models/packet/coordinate.hpp"
#include "models/timing/cycle.hpp"
#include "testbenches/traffic/load.hpp"

namespace d1::benchmarks {

struct injection {
    node_index source{};
    node_index destination{};
    message_class channel_class = message_class::data;
};

/// Uniform random traffic on the full mesh: who injects in which cycle of a period.
struct schedule {
    static constexpr timing::cycle period = 1000;

    schedule(double rate, std::uint32_t packets) : burst_packets(packets), by_cycle(period) {
        const traffic::load offered{
            .rate = rate, .burst_packets = packets, .warm_up = 0, .measured = period, .seed = 1};
        const noc_parameters mesh;
        const grid places{static_cast<std::int32_t>(mesh.columns), static_cast<std::int32_t>(mesh.rows)};
        const noc::route_table routes(places, {});
        const traffic::destinations everywhere(places, std::vector<bool>(places.size(), true),
                                               traffic::pattern_kind::uniform);
        for (std::uint32_t n = 0; n < places.size(); ++n) {
            const auto here = static_cast<node_index>(n);
            traffic::creation_process process(offered, here, everywhere);
            for (auto c = process.next(); c.at < period; c = process.next()) {
                by_cycle[c.at].push_back({here, c.destination});
                visits += routes.hops(here, c.destination) + 1;
            }
        }
    }
    std::uint32_t burst_packets;
    std::vector<std::vector<injection>> by_cycle;
    std::uint64_t visits = 0;  ///< of routers by bursts, in a period
};

}  // namespace d1::benchmarks
