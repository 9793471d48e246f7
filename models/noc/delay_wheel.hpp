#pragma once
// What is under way on links.

#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "models/timing/cycle.hpp"

namespace d1::noc {

/// Small numbers that come out in the cycle that each was put in for, at most `longest` cycles later. Every cycle in
/// which something is under way must be taken, before anything is put in that is due `longest` cycles later.
class delay_wheel {
  public:
    /// `capacity`: how many may be due in one cycle.
    delay_wheel(std::uint32_t capacity, std::uint32_t longest)
        : mask_(std::bit_ceil(longest) - 1),
          stride_(std::bit_ceil(capacity + 1)),
          things_(std::size_t{mask_ + 1} * stride_) {}

    [[nodiscard]] bool empty() const noexcept { return under_way_ == 0; }

    void put(std::uint32_t thing, timing::cycle due) noexcept {
        std::uint16_t* const slot = slot_of(due);
        const std::uint16_t place = ++slot[0];
        assert(place < stride_);
        slot[place] = static_cast<std::uint16_t>(thing);
        ++under_way_;
    }
    /// Calls visit(thing) for all that are due at `now`, in the order in which they were put in.
    template <typename Visitor>
    void take(timing::cycle now, Visitor&& visit) {
        std::uint16_t* const slot = slot_of(now);
        const std::uint32_t count = slot[0];
        for (std::uint32_t i = 1; i <= count; ++i) {
            visit(std::uint32_t{slot[i]});
        }
        slot[0] = 0;
        under_way_ -= count;
    }
    void clear() noexcept {
        for (std::uint32_t slot = 0; slot <= mask_; ++slot) {
            things_[std::size_t{slot} * stride_] = 0;
        }
        under_way_ = 0;
    }

  private:
    [[nodiscard]] std::uint16_t* slot_of(timing::cycle at) noexcept {
        return &things_[(static_cast<std::uint32_t>(at) & mask_) * std::size_t{stride_}];
    }

    std::uint32_t mask_;
    std::uint32_t stride_;
    std::uint32_t under_way_ = 0;
    std::vector<std::uint16_t> things_;  // of each cycle: how many, and which
};

}  // namespace d1::noc
