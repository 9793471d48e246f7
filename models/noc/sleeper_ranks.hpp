#pragma once
// In which order those who sleep at `at` act within a cycle.

#include <cstdint>

#include "models/packet/coordinate.hpp"

namespace d1::noc {

/// Each node's network interface, and its router, which shares most with it, at once behind it. What one of them sends
/// is there in the next cycle at the earliest, so the order among nodes does not show.
[[nodiscard]] constexpr std::uint32_t interface_rank(node_index node) noexcept {
    return 2 * to_number(node);
}
[[nodiscard]] constexpr std::uint32_t router_rank(node_index node) noexcept {
    return 2 * to_number(node) + 1;
}
/// The i-th of a testbench, behind those of all nodes.
[[nodiscard]] constexpr std::uint32_t testbench_rank(const grid& nodes, std::uint32_t i) noexcept {
    return 2 * nodes.size() + i;
}

}  // namespace d1::noc
