#pragma once
// How an adaptive policy chooses between the outputs that it allows.

#include <algorithm>
#include <cstdint>

#include "models/packet/coordinate.hpp"

namespace d1::noc {

/// A router's choices for packets to one destination, of all its inputs, as routers keep them: four bits an input for
/// the outputs allowed (none at the destination), and above them two an input for the output preferred.
class packed_exits {
  public:
    explicit packed_exits(std::uint32_t bits = 0) noexcept : bits_(bits) {}
    [[nodiscard]] std::uint32_t bits() const noexcept { return bits_; }
    [[nodiscard]] std::uint32_t allowed(std::uint32_t input) const noexcept { return bits_ >> (4 * input) & 15U; }
    [[nodiscard]] std::uint32_t preferred(std::uint32_t input) const noexcept {
        return bits_ >> (4 * port_count + 2 * input) & 3U;
    }
    void set(std::uint32_t input, std::uint32_t allowed, std::uint32_t preferred) noexcept {
        bits_ |= allowed << (4 * input) | preferred << (4 * port_count + 2 * input);
    }

  private:
    std::uint32_t bits_;
};

/// Credits below which a packet looks for another output than the preferred one: a quarter of a buffer.
[[nodiscard]] constexpr std::uint32_t scarce_credits(std::uint32_t buffer_depth) noexcept {
    return std::max(1U, buffer_depth / 4);
}
/// The same of a packet that is not in the mesh yet, which waits for so many: half a buffer. Without that a mesh beyond
/// saturation fills up with new packets, and since ways by the turns of an adaptive policy wait for each other in long
/// chains, few of them move.
[[nodiscard]] constexpr std::uint32_t credits_to_enter(std::uint32_t buffer_depth) noexcept {
    return std::max(1U, buffer_depth / 2);
}

}  // namespace d1::noc
