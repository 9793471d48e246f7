#pragma once
// How an adaptive policy chooses between the outputs that it allows.

#include <algorithm>
#include <bit>
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

/// Which of the outputs that a policy allows a packet wants: the preferred one while it has credits enough.
class adaptive_choice {
  public:
    explicit adaptive_choice(std::uint32_t buffer_depth) noexcept
        : scarce_(std::max(1U, buffer_depth / 4)), to_enter_(std::max(1U, buffer_depth / 2)) {}

    /// Credits that a packet from `input` leaves with: one; or half a buffer if it is not in the mesh yet. Without that
    /// a mesh beyond saturation fills up with new packets, and since ways by the turns of an adaptive policy wait for
    /// each other in long chains, few of them move.
    [[nodiscard]] std::uint32_t to_leave(std::uint32_t input) const noexcept { return is_new(input) ? to_enter_ : 1; }

    /// The output, of those allowed to a packet from `input`, which are some. Where the preferred one has less than a
    /// quarter of a buffer free, or less than takes to enter, it is that with the most; `credits(output)` tells.
    template <typename Credits>
    [[nodiscard]] std::uint32_t output(packed_exits exits, std::uint32_t input, Credits&& credits) const noexcept {
        std::uint32_t best = exits.preferred(input);
        if (credits(best) < (is_new(input) ? to_enter_ : scarce_)) {
            for (std::uint32_t left = exits.allowed(input); left != 0; left &= left - 1) {
                const auto other = static_cast<std::uint32_t>(std::countr_zero(left));
                best = credits(other) > credits(best) ? other : best;
            }
        }
        return best;
    }

  private:
    [[nodiscard]] static bool is_new(std::uint32_t input) noexcept { return input == to_number(port::local); }

    std::uint32_t scarce_;
    std::uint32_t to_enter_;
};

}  // namespace d1::noc
