#pragma once
// Which channel a packet may hold while it waits for which other.

#include <cstdint>
#include <span>
#include <vector>

namespace d1::noc {

/// A channel dependency graph: channels by number, and an edge from a to b where some packet that occupies a may wait
/// for b. Deterministic wormhole or packet routing is free of deadlock if and only if the graph has no cycle
/// (W. J. Dally, C. L. Seitz, Deadlock-Free Message Routing in Multiprocessor Interconnection Networks, 1987).
///
/// It knows nothing of what the channels are; those of a mesh are numbered as in live_mesh.hpp.
class channel_dependency_graph {
  public:
    explicit channel_dependency_graph(std::uint32_t channels) : waits_for_(channels) {}

    /// Once is enough; adding an edge again changes nothing. Both numbers must be below channels().
    void add(std::uint32_t from, std::uint32_t to);

    [[nodiscard]] std::uint32_t channels() const noexcept { return static_cast<std::uint32_t>(waits_for_.size()); }
    [[nodiscard]] std::uint64_t dependencies() const noexcept { return dependencies_; }
    /// The channels that packets on `from` may wait for, ascending.
    [[nodiscard]] std::span<const std::uint32_t> waits_for(std::uint32_t from) const { return waits_for_.at(from); }

    /// The channels of one cycle in order, each waiting for the next and the last for the first; empty when there is
    /// none. The cycle found depends on the edges alone, not on the order of adding them.
    [[nodiscard]] std::vector<std::uint32_t> find_cycle() const;
    [[nodiscard]] bool acyclic() const { return find_cycle().empty(); }

  private:
    std::vector<std::vector<std::uint32_t>> waits_for_;
    std::uint64_t dependencies_ = 0;
};

}  // namespace d1::noc
