#pragma once
// The slots of a link or a port: which of the coming cycles are taken.

#include <bit>
#include <cstdint>
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
    /// back. Returns false, with nothing taken and `times` as they were, if one would lie `horizon` or more past `now`.
    [[nodiscard]] bool reserve(packet_times& times, std::uint64_t now) {
        return reserve_as_wanted(times, now) || reserve_each(times, now);
    }

    /// Takes the slots that the packets ask for if all are free and one or two words can tell, which is so for most
    /// bursts. Returns false, with nothing taken, where only `reserve` knows.
    [[nodiscard]] bool reserve_as_wanted(const packet_times& times, std::uint64_t now) {
        return rate_ == 1 && times.mask != 0 && times.first + 64 < now + horizon_ &&
               reserve_mask(times.first, times.mask);
    }

    /// Gives the slots of `times` back, as `reserve` returned them.
    void release(const packet_times& times);
    /// Gives slots back that reserve_as_wanted took: bit c of `mask` for cycle `first + c`.
    void release(std::uint64_t first, std::uint64_t mask);

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
    void take(word& w, std::uint64_t slot) {
        if (rate_ == 1 || ++count(slot) == rate_) {
            w.full |= 1ULL << (slot & 63U);
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
