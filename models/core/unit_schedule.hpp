#pragma once
// How instructions of different threads share a core's units.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "models/core/cycle_stack.hpp"
#include "models/timing/cycle.hpp"

namespace d1 {

/// What instructions take slots of: matrix unit, SIMD unit, vector load ports, vector store ports, gather engine, and
/// where the pipeline sets their costs, windows of fetch, places in decode and address units.
enum class unit : std::uint8_t { matrix, simd, vector_load, vector_store, gather, fetch, decode, address };
inline constexpr std::size_t unit_count = 8;

/// Slots of each unit.
using unit_slots = std::array<std::uint64_t, unit_count>;

/// What an instruction wants: how long it takes alone, the slots it takes of each unit, spread evenly over that time,
/// and the cycles from its last slot to its result.
struct unit_demand {
    std::uint64_t cycles = 0;  ///< at least slots / rate of each unit
    unit_slots slots{};
    std::uint64_t latency = 0;
    cycle_shares shares{};     ///< what the cycles go to when it is alone, those of different classes different ones
    bool wants_ports = false;  ///< what is left of them goes to waiting for vector ports
    unit_slots shuts{};        ///< slots that it leaves to nobody who starts later, though it does not take them
    std::uint64_t late_stores = 0;  ///< so many of its slots of the store ports may lag behind its others
};

/// Reserves the units of a core in the order in which instructions start. One that finds units partly taken goes on at
/// the pace that what is left allows, until those before it end; in whole slots, so nothing is given out twice. Stores
/// may lag behind the rest as far as a demand allows. Not modelled: which slot within a stretch of even pace an
/// instruction takes.
class unit_schedule {
  public:
    /// `rates`: slots of each unit a cycle.
    explicit unit_schedule(const unit_slots& rates) : rates_(rates) {}

    /// Reserves from `now` on and returns when the result is there. `now` must not go back from call to call.
    [[nodiscard]] timing::cycle reserve(timing::cycle now, const unit_demand& demand);

    void reset() { running_.clear(); }

    /// A stretch of even pace: `done` cycles' worth (of the instruction alone) at its two ends.
    struct stretch {
        timing::cycle begin, end;
        std::uint64_t done_at_begin, done_at_end;
    };
    /// Those of what was reserved last, one behind the other, its latency not among them; until the next reservation.
    [[nodiscard]] std::span<const stretch> latest() const noexcept { return running_.back().stretches; }

  private:
    struct running {
        unit_demand demand;
        std::vector<stretch> stretches;

        [[nodiscard]] std::uint64_t progress(timing::cycle at) const;
        [[nodiscard]] std::uint64_t taken(std::size_t unit, timing::cycle at) const;
    };

    [[nodiscard]] std::uint64_t left(std::size_t unit, timing::cycle begin, timing::cycle end) const;
    [[nodiscard]] std::uint64_t pace(const unit_demand& d, timing::cycle begin, timing::cycle end, std::uint64_t done,
                                     std::uint64_t late) const;

    unit_slots rates_;
    std::vector<running> running_;
    std::vector<timing::cycle> breaks_;
};

}  // namespace d1
