#pragma once
// The slots of a link or a port: which of the coming cycles are taken.

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/packet/packet_times.hpp"

namespace d1::timing {

/// Reserves the slots of a resource that serves `rate` packets a cycle. A ring of bitmaps, 64 cycles a word, cleared
/// when a word is met again: the first free slot at or after a cycle is found by bit scan, and later reservations use
/// the gaps that earlier, far-off ones leave. Reservations reach `horizon` cycles ahead of `now`. Not modelled: who
/// holds a slot, and the finite queue in front of the resource.
class slot_calendar {
  public:
    slot_calendar(std::uint32_t rate, std::uint32_t horizon);

    /// Gives each packet the first free slot at or after its own time and after the packet before it, and writes these
    /// back. Returns false, with nothing taken and `times` unspecified, if one would lie `horizon` or more past `now`.
    [[nodiscard]] bool reserve(packet_times& times, std::uint64_t now) {
        // Most bursts find all their slots free: one or two words decide.
        if (rate_ == 1 && times.mask != 0 && times.last() + 1 < now + horizon_ &&
            reserve_mask(times.first, times.mask)) {
            return true;
        }
        return reserve_each(times, now);
    }

    /// Takes one more slot in the first cycle at or after `from` that has one, as `reserve` does for one packet.
    [[nodiscard]] std::optional<std::uint64_t> reserve_one(std::uint64_t from, std::uint64_t now) {
        const std::uint64_t end = now + horizon_;
        std::uint64_t number = from >> 6U;
        std::uint64_t free = ~at(number).full & (~std::uint64_t{0} << (from & 63U));
        while (free == 0) {
            if (++number * 64 >= end) {
                return std::nullopt;
            }
            free = ~at(number).full;
        }
        const std::uint64_t slot = number * 64 + static_cast<std::uint64_t>(std::countr_zero(free));
        if (slot >= end) {
            return std::nullopt;
        }
        take(slot);
        return slot;
    }

    /// Gives the slots of `times` back, as `reserve` returned them.
    void release(const packet_times& times);

    /// How many packets' places of cycle `slot` are taken.
    [[nodiscard]] std::uint32_t taken(std::uint64_t slot) const;

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
    bool reserve_mask(std::uint64_t first, std::uint64_t mask) {
        const std::uint32_t shift = first & 63U;
        word& low = at(first >> 6U);
        if ((low.full & mask << shift) != 0) {
            return false;
        }
        const std::uint64_t rest = shift == 0 ? 0 : mask >> (64 - shift);
        if (rest != 0) {
            word& high = at((first >> 6U) + 1);
            if ((high.full & rest) != 0) {
                return false;
            }
            high.full |= rest;
        }
        low.full |= mask << shift;
        return true;
    }
    bool reserve_each(packet_times& times, std::uint64_t now);
    void take(std::uint64_t slot) {
        if (rate_ == 1 || ++count(slot) == rate_) {
            at(slot >> 6U).full |= 1ULL << (slot & 63U);
        }
    }
    void give_back(std::uint64_t slot);
    [[nodiscard]] std::uint8_t& count(std::uint64_t slot) { return counts_[slot & (64 * (mask_ + 1) - 1)]; }

    std::uint32_t rate_;
    std::uint32_t horizon_;
    std::uint64_t mask_;
    std::vector<word> ring_;
    std::vector<std::uint8_t> counts_;  // slots taken in each cycle; only where the rate is above 1
};

}  // namespace d1::timing
