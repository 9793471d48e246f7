#pragma once
// What is under way on links.

#include <bit>
#include <cassert>
#include <cstdint>
#include <memory>

#include "models/timing/cycle.hpp"

namespace d1::noc {

/// Small numbers that come out from the cycle on that each was put in for, at most `longest` cycles later.
class delay_wheel {
  public:
    /// `capacity`: how many may be due in one cycle.
    delay_wheel(std::uint32_t capacity, std::uint32_t longest)
        : mask_(std::bit_ceil(longest + 1) - 1),
          stride_(std::bit_ceil(capacity + 1)),
          things_(std::make_unique<std::uint16_t[]>(std::size_t{mask_ + 1} * stride_)) {}

    /// To be called when all that is due in the present cycle, and before, has been taken.
    void put(std::uint32_t thing, timing::cycle due) noexcept {
        assert(due > taken_ && due - taken_ <= mask_);
        std::uint16_t* const slot = slot_of(due);
        const std::uint16_t place = ++slot[0];
        assert(place < stride_);
        slot[place] = static_cast<std::uint16_t>(thing);
        ++under_way_;
    }
    /// Calls visit(thing) for all that are due by `now` and have not been taken, in the order of their cycles and of
    /// being put in.
    template <typename Visitor>
    void take(timing::cycle now, Visitor&& visit) {
        for (timing::cycle due = taken_ + 1; under_way_ != 0 && due <= now; ++due) {
            std::uint16_t* const slot = slot_of(due);
            const std::uint32_t count = slot[0];
            for (std::uint32_t i = 1; i <= count; ++i) {
                visit(std::uint32_t{slot[i]});
            }
            slot[0] = 0;
            under_way_ -= count;
        }
        taken_ = now;
    }
    [[nodiscard]] timing::cycle taken() const noexcept { return taken_; }
    void clear() noexcept {
        for (std::uint32_t slot = 0; slot <= mask_; ++slot) {
            things_[std::size_t{slot} * stride_] = 0;
        }
        under_way_ = 0;
        taken_ = 0;
    }

  private:
    [[nodiscard]] std::uint16_t* slot_of(timing::cycle at) noexcept {
        return &things_[(static_cast<std::uint32_t>(at) & mask_) * std::size_t{stride_}];
    }

    std::uint32_t mask_;
    std::uint32_t stride_;
    std::uint32_t under_way_ = 0;
    timing::cycle taken_ = 0;                  // what was due until then has been taken
    std::unique_ptr<std::uint16_t[]> things_;  // of each cycle: how many, and which
};

}  // namespace d1::noc
