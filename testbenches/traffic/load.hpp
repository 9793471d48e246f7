#pragma once
// What traffic is offered to a mesh.

#include <cstdint>

#include "models/packet/coordinate.hpp"
#include "models/timing/cycle.hpp"

namespace d1::traffic {

/// Uniform random traffic: in every cycle every node creates a burst with a fixed probability, for a node that is drawn
/// from all alike, itself included.
struct load {
    double rate = 0.1;                ///< packets that a node creates per cycle, from 0 to 1
    std::uint32_t burst_packets = 1;  ///< packets of a burst, from 1 to burst::capacity
    timing::cycle warm_up = 2000;     ///< cycles before the first burst that is measured
    timing::cycle measured = 10000;   ///< cycles in which measured bursts are created; none is afterwards
    std::uint64_t seed = 1;

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
    creation_process(const load& offered, node_index here, std::uint32_t nodes);

    /// The next burst; its `at` is load::end() or later when there is none left.
    [[nodiscard]] creation next();

  private:
    load load_;
    std::uint64_t here_ = 0;
    std::uint32_t nodes_ = 1;
    std::uint64_t threshold_ = 0;  // a burst is created where 63 random bits are below
    timing::cycle cycle_ = 0;
};

}  // namespace d1::traffic
