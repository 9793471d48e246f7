#pragma once
// Loads a mesh of routers with traffic and measures it.

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "models/noc/noc_parameters.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/packet/burst.hpp"
#include "models/packet/link.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/timing/event_queue.hpp"
#include "testbenches/traffic/load.hpp"

namespace d1::traffic {

/// What came of a load. Sums are over the bursts created in the measured cycles.
struct measurement {
    std::uint64_t bursts = 0;
    std::uint64_t latency = 0;          ///< cycles from a burst's creation to its last packet, less the ejection's
    std::uint64_t hops = 0;             ///< links between routers on the bursts' ways
    std::uint64_t packets_created = 0;  ///< in the measured cycles
    std::uint64_t packets_arrived = 0;  ///< in the measured cycles, whenever created
    std::uint64_t retries = 0;          ///< walks that met a full calendar and were tried again, in all cycles
    std::uint64_t node_cycles = 0;      ///< nodes times measured cycles

    [[nodiscard]] double mean_latency() const noexcept { return ratio(latency, bursts); }
    [[nodiscard]] double mean_hops() const noexcept { return ratio(hops, bursts); }
    /// Packets per node and cycle.
    [[nodiscard]] double offered_rate() const noexcept { return ratio(packets_created, node_cycles); }
    [[nodiscard]] double accepted_rate() const noexcept { return ratio(packets_arrived, node_cycles); }

    friend bool operator==(const measurement&, const measurement&) = default;

  private:
    [[nodiscard]] static double ratio(std::uint64_t a, std::uint64_t b) noexcept {
        return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
    }
};

/// A mesh without dead routers, with an injector and a sink at each router's local sockets. Bursts have neither answers
/// nor a window. A node puts one packet a cycle into its router; a burst that finds another on its way in waits at its
/// node, and that counts as latency.
///
/// A packet that is created and put in at cycle t and meets nobody stands at the sink hops * hop_cycles + hop_cycles
/// later; the latter is the model's constant for ejection, from the last router into the node, and is taken off. At ca
/// it takes another hop_cycles from its node into the first router, which is taken off too.
class mesh_traffic : public sc_core::sc_module {
  public:
    mesh_traffic(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing);
    ~mesh_traffic() override;

    /// Simulates `offered` on the empty mesh, until the last burst has arrived. Can be called any number of times, with
    /// the same result for the same load.
    [[nodiscard]] measurement run(const load& offered);

    [[nodiscard]] noc::router_mesh& mesh() noexcept { return mesh_; }
    [[nodiscard]] timing::event_queue& events() noexcept { return events_; }
    [[nodiscard]] const burst_pool& bursts() const noexcept { return bursts_; }

  private:
    class injector;
    class sink;

    void arrived(const burst& b, timing::cycle last_packet);

    noc_parameters parameters_;
    timing_kind timing_;
    timing::event_queue events_;
    noc::router_mesh mesh_;
    burst_pool bursts_;
    std::vector<std::unique_ptr<injector>> injectors_;
    std::vector<std::unique_ptr<sink>> sinks_;
    load load_;
    measurement result_;
};

}  // namespace d1::traffic
