#pragma once
// The slots of a link or a port: which of the coming cycles are taken.

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/packet/packet_times.hpp"

namespace d1::timing {

/// Reserves the slots of a resource that serves `rate` packets a cycle. A ring of bitmaps, 64 cycles a word, cleared when
/// a word is met again: the first free slot at or after a cycle is found by bit scan, and later reservations use the gaps
/// that earlier, far-off ones leave. Reservations reach `horizon` cycles ahead of `now`.
/// Not modelled: who holds a slot, and the finite queue in front of the resource.
class slot_calendar {
  public:
    slot_calendar(std::uint32_t rate, std::uint32_t horizon);

    /// Gives each packet the first free slot at or after its own time and after the packet before it, and writes these
    /// back. Returns false, with nothing taken and `times` unspecified, if one would lie `horizon` or more past `now`.
    [[nodiscard]] bool reserve(packet_times& times, std::uint64_t now) {
        if (rate_ == 1 && times.last() + 1 < now + horizon_) {
            if (times.count == 1) {
                word& w = at(times.first >> 6U);
                const std::uint64_t bit = 1ULL << (times.first & 63U);
                if ((w.full & bit) == 0) {
                    w.full |= bit;
                    return true;
                }
            } else if (times.contiguous() && reserve_run(times.first, times.count)) {
                return true;
            }
        }
        return reserve_each(times, now);
    }

    /// Takes one more slot in the first cycle at or after `from` that has one, as `reserve` does for one packet.
    [[nodiscard]] std::optional<std::uint64_t> reserve_one(std::uint64_t from, std::uint64_t now);

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
    bool reserve_run(std::uint64_t first, std::uint32_t count);
    bool reserve_each(packet_times& times, std::uint64_t now);
    void take(std::uint64_t slot);
    void give_back(std::uint64_t slot);
    [[nodiscard]] std::uint8_t& count(std::uint64_t slot) { return counts_[slot & (64 * (mask_ + 1) - 1)]; }

    std::uint32_t rate_;
    std::uint32_t horizon_;
    std::uint64_t mask_;
    std::vector<word> ring_;
    std::vector<std::uint8_t> counts_;  // slots taken in each cycle; only where the rate is above 1
};

}  // namespace d1::timing
