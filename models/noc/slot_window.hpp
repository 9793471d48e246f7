#pragma once
// The slots of a link in the cycles just ahead.

#include <bit>
#include <cassert>
#include <cstdint>

#include "models/packet/packet_times.hpp"
#include "models/timing/cycle.hpp"

namespace d1::noc {

/// Which slots are taken of a link that carries `rate` packets a cycle, 1 to 4, in the `reach` cycles from `now` on;
/// all later ones are free. `now` never falls from call to call. Not modelled: who holds a slot.
class slot_window {
  public:
    static constexpr timing::cycle reach = 64;

    explicit slot_window(std::uint32_t rate) : rate_(rate) { assert(rate >= 1 && rate <= 4); }

    /// The first cycle at or after `from` that has a slot left.
    [[nodiscard]] timing::cycle first_free(timing::cycle from, timing::cycle now) noexcept {
        advance(now);
        if (from - now >= reach) {
            return from;
        }
        return from + static_cast<timing::cycle>(std::countr_one(full_ >> (from - now)));
    }

    /// Takes a slot of a cycle that has one left, less than `reach` ahead.
    void take(timing::cycle slot, timing::cycle now) noexcept {
        advance(now);
        assert(slot - now < reach);
        const std::uint64_t bit = 1ULL << (slot - now);
        const std::uint32_t taken = ((ones_ & bit) != 0 ? 1U : 0U) + ((twos_ & bit) != 0 ? 2U : 0U) + 1;
        if (taken == rate_) {
            full_ |= bit;
        } else {
            twos_ |= (ones_ & bit);
            ones_ ^= bit;
        }
    }

    /// Takes the slots of all packets, the first of which passes `now`, if all are free and one word can tell. Returns
    /// false, with nothing taken, otherwise.
    [[nodiscard]] bool take_as_wanted(const packet_times& times, timing::cycle now) noexcept {
        advance(now);
        assert(times.first == now);
        if (rate_ != 1 || times.mask == 0 || (full_ & times.mask) != 0) {
            return false;
        }
        full_ |= times.mask;
        return true;
    }

    void reset() noexcept {
        first_ = 0;
        full_ = 0;
        ones_ = 0;
        twos_ = 0;
    }

  private:
    void advance(timing::cycle now) noexcept {
        const timing::cycle passed = now - first_;
        const std::uint64_t kept = passed < reach ? ~0ULL : 0;
        const std::uint64_t shift = passed % reach;
        full_ = full_ >> shift & kept;
        ones_ = ones_ >> shift & kept;
        twos_ = twos_ >> shift & kept;
        first_ = now;
    }

    timing::cycle first_ = 0;
    std::uint64_t full_ = 0;  // bit c: no slot left in cycle first_ + c
    // Where the rate is above 1, how many are taken in a cycle that is not full: bit c of each.
    std::uint64_t ones_ = 0;
    std::uint64_t twos_ = 0;
    std::uint32_t rate_;
};

}  // namespace d1::noc
