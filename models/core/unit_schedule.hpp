#pragma once
// How instructions of different threads share a core's units.

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "models/core/cycle_stack.hpp"
#include "models/core/pipeline/shut_stretches.hpp"
#include "models/timing/cycle.hpp"

namespace d1 {

/// What instructions take slots of: matrix unit, SIMD unit, vector load ports, vector store ports, gather engine, and
/// where the pipeline sets their costs, windows of fetch, places in decode and address units.
enum class unit : std::uint8_t { matrix, simd, vector_load, vector_store, gather, fetch, decode, address };
inline constexpr std::size_t unit_count = 8;

/// Slots of each unit.
using unit_slots = std::array<std::uint64_t, unit_count>;

/// What an instruction wants: how long it takes alone, the slots it takes of each unit, spread evenly over that time or
/// a part of it, and the cycles from its last slot to its result. And what it does to others, or bears of them.
struct unit_demand {
    std::uint64_t cycles = 0;  ///< at least slots / rate of each unit
    unit_slots slots{};
    std::uint64_t latency = 0;
    cycle_shares shares{};     ///< what the cycles go to when it is alone, those of different classes different ones
    bool wants_ports = false;  ///< what is left of them goes to waiting for vector ports
    std::uint64_t cycles_before_stores = 0;  ///< at its beginning, without a slot of the store ports
    std::uint64_t cycles_behind_loads = 0;   ///< at its end, without a slot of the load ports
    std::uint64_t late_stores = 0;           ///< so many of its slots of the store ports may lag behind its others
    shut_stretches loads_shut{};             ///< of its cycles, those in which it leaves no load port
    /// Cycles that others may leave it no load port in a row before it is held up.
    std::uint64_t patience = std::numeric_limits<std::uint64_t>::max();
};

/// Slots of a unit that an instruction has taken, alone, when `progress` of its cycles are done.
[[nodiscard]] std::uint64_t slots_due(const unit_demand& d, std::size_t u, std::uint64_t progress) noexcept;

/// Reserves the units of a core in the order in which instructions start. One that finds units partly taken goes on at
/// the pace that what is left allows, until those before it end; in whole slots, so nothing is given out twice. Stores
/// may lag behind the rest as far as a demand allows; what of them is late at its end goes on at the pace of what is
/// left. Stretches in which one before it leaves no load port stop it for what they last beyond its patience. Not
/// modelled: which slot within a stretch of even pace an instruction takes.
class unit_schedule {
  public:
    /// `rates`: slots of each unit a cycle.
    explicit unit_schedule(const unit_slots& rates) : rates_(rates) {}

    /// Reserves from `now` on and returns when the result is there. `now` must not go back from call to call.
    [[nodiscard]] timing::cycle reserve(timing::cycle now, const unit_demand& demand);

    /// Whether slots are reserved from `now` on.
    [[nodiscard]] bool is_busy(timing::cycle now) const noexcept;

    void reset() { running_.clear(); }

    /// A stretch of even pace: `done` cycles' worth (of the instruction alone) at its two ends, and stores that are
    /// late.
    struct stretch {
        timing::cycle begin = 0, end = 0;
        std::uint64_t done_at_begin = 0, done_at_end = 0;
        std::uint64_t late_at_begin = 0, late_at_end = 0;
    };
    /// Those of what was reserved last, one behind the other, its latency not among them; until the next reservation.
    [[nodiscard]] std::span<const stretch> latest() const noexcept { return running_.back().stretches; }

  private:
    /// Cycles' worth done, and stores that are late.
    struct standing {
        std::uint64_t done;
        std::uint64_t late;
    };
    struct running {
        unit_demand demand;
        std::vector<stretch> stretches;
        std::uint64_t holds_up = 0;  // cycles, of the one that is being reserved

        [[nodiscard]] standing at(timing::cycle time) const;
        [[nodiscard]] timing::cycle time_of(std::uint64_t progress) const;
        [[nodiscard]] std::uint64_t taken(std::size_t u, const standing& s) const;
    };
    struct room {
        std::uint64_t cycles;  // in which nobody holds up the one that is being reserved
        unit_slots slots;
    };

    void look_at_others(timing::cycle now, const unit_demand& demand);
    [[nodiscard]] room left(timing::cycle begin, timing::cycle end) const;
    [[nodiscard]] std::uint64_t pace(const unit_demand& d, const stretch& here, timing::cycle end) const;
    [[nodiscard]] bool comes_there(const unit_demand& d, const stretch& here, timing::cycle end) const;
    [[nodiscard]] timing::cycle end_of_stretch(const unit_demand& d, const stretch& here, timing::cycle next) const;

    unit_slots rates_;
    std::vector<running> running_;
    std::vector<timing::cycle> breaks_;
};

}  // namespace d1
