#pragma once
// The slots of a link or a port: which of the coming cycles are taken.

#include <bit>
#include <cstdint>
#include <vector>

#include "models/packet/packet_times.hpp"

namespace d1::timing {

/// The slots of a resource that serves `rate` packets a cycle. A ring of bitmaps, 64 cycles a word, cleared when a word
/// is met again: the first free slot at or after a cycle is found by bit scan, and a later taker uses the gaps that
/// earlier ones leave. What is asked for and taken at a time lies within `reach` cycles; older slots are forgotten. Not
/// modelled: who holds a slot, and the finite queue in front of the resource.
class slot_calendar {
  public:
    slot_calendar(std::uint32_t rate, std::uint32_t reach);

    /// The first cycle at or after `from` that has a slot left.
    [[nodiscard]] std::uint64_t first_free(std::uint64_t from) {
        std::uint64_t number = from >> 6U;
        std::uint64_t free = ~at(number).full & ~std::uint64_t{0} << (from & 63U);
        while (free == 0) {
            free = ~at(++number).full;
        }
        return number * 64 + static_cast<std::uint64_t>(std::countr_zero(free));
    }

    /// Takes a slot of a cycle that has one left.
    void take(std::uint64_t slot) {
        word& w = at(slot >> 6U);
        if (rate_ == 1 || ++counts_[slot & (64 * (mask_ + 1) - 1)] == rate_) {
            w.full |= 1ULL << (slot & 63U);
        }
    }

    /// Takes the slots of all packets if they are free and one or two words can tell, which is so for most trains.
    /// Returns false, with nothing taken, otherwise.
    [[nodiscard]] bool take_as_wanted(const packet_times& times) {
        if (rate_ != 1 || times.mask == 0) {
            return false;
        }
        const std::uint32_t shift = times.first & 63U;
        word& low = at(times.first >> 6U);
        if ((low.full & times.mask << shift) != 0) {
            return false;
        }
        const std::uint64_t rest = shift == 0 ? 0 : times.mask >> (64 - shift);
        if (rest != 0) {
            word& high = at((times.first >> 6U) + 1);
            if ((high.full & rest) != 0) {
                return false;
            }
            high.full |= rest;
        }
        low.full |= times.mask << shift;
        return true;
    }

    void reset();

  private:
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    struct word {
        std::uint64_t number = never;  // which 64 cycles the word holds at present
        std::uint64_t full = 0;        // bit set: no slot left in that cycle
    };

    word& at(std::uint64_t number) {
        word& w = ring_[number & mask_];
        if (w.number != number) {
            clear(w, number);
        }
        return w;
    }
    void clear(word& w, std::uint64_t number);

    std::uint32_t rate_;
    std::uint64_t mask_;
    std::vector<word> ring_;
    std::vector<std::uint8_t> counts_;  // slots taken in each cycle; only where the rate is above 1
};

}  // namespace d1::timing
