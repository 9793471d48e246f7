#pragma once
// What traffic is offered to a mesh.

#include <cstdint>

#include "models/packet/coordinate.hpp"
#include "models/timing/cycle.hpp"
#include "testbenches/traffic/destinations.hpp"

namespace d1::traffic {

/// In every cycle every node that sends creates a burst with a fixed probability; where to, its destinations say.
struct load {
    double rate = 0.1;                ///< packets that a node creates per cycle, from 0 to 1
    std::uint32_t burst_packets = 1;  ///< packets of a burst, from 1 to burst::capacity
    timing::cycle warm_up = 2000;     ///< cycles before the first burst that is measured
    timing::cycle measured = 10000;   ///< cycles in which measured bursts are created; none is afterwards
    std::uint64_t seed = 1;
    pattern_kind pattern = pattern_kind::uniform;
    hotspot hot{};

    [[nodiscard]] timing::cycle end() const noexcept { return warm_up + measured; }
    [[nodiscard]] bool measures(timing::cycle at) const noexcept { return at >= warm_up && at < end(); }
};

/// The bursts that one node creates under a load, in the order of time. What is drawn for a cycle depends on the seed,
/// the node and the cycle alone.
class creation_process {
  public:
    struct creation {
        timing::cycle at = 0;
        node_index destination{};
    };

    creation_process() = default;
    /// `to` must outlive it.
    creation_process(const load& offered, node_index here, const destinations& to);

    /// The next burst; its `at` is load::end() or later when there is none left.
    [[nodiscard]] creation next();

  private:
    load load_;
    node_index here_{};
    const destinations* to_ = nullptr;
    std::uint64_t number_ = 0;
    std::uint64_t threshold_ = 0;  // a burst is created where 63 random bits are below
    timing::cycle cycle_ = 0;
};

}  // namespace d1::traffic
