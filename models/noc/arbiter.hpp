#pragma once
// Who goes first.

#include <bit>
#include <cstdint>

#include "models/noc/noc_parameters.hpp"

namespace d1::noc {

/// Picks one of several requesters, numbered from 0. Round robin: the first one from behind the last that was served
/// on; with credit given to it only when served().
class arbiter {
  public:
    /// `requests`: bit i for requester i; not 0. `age(i)` tells how old i's packet is, smaller is older; it is asked
    /// only under oldest_first, where equal ages go to the first in round-robin order.
    template <typename Age>
    [[nodiscard]] std::uint32_t pick(arbitration_kind kind, std::uint32_t requests, Age&& age) const noexcept {
        if (kind == arbitration_kind::fixed_priority) {
            return static_cast<std::uint32_t>(std::countr_zero(requests));
        }
        const std::uint32_t behind = requests & (~0U << next_);
        std::uint32_t chosen = static_cast<std::uint32_t>(std::countr_zero(behind != 0 ? behind : requests));
        if (kind == arbitration_kind::oldest_first) {
            auto oldest = age(chosen);
            for (std::uint32_t left = requests; left != 0; left &= left - 1) {
                const auto i = static_cast<std::uint32_t>(std::countr_zero(left));
                if (const auto a = age(i); a < oldest) {
                    oldest = a;
                    chosen = i;
                }
            }
        }
        return chosen;
    }
    void served(std::uint32_t requester) noexcept { next_ = static_cast<std::uint8_t>((requester + 1) & 31U); }
    void reset() noexcept { next_ = 0; }

  private:
    std::uint8_t next_ = 0;
};

}  // namespace d1::noc
