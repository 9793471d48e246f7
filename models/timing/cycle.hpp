#pragma once
// Cycles of the die's clock, and how they meet sc_time.

#include <array>
#include <cstdint>
#include <systemc>

namespace d1::timing {

/// A point in time or a duration, in cycles of the die's clock; points count from the launch of the run.
using cycle = std::uint64_t;

/// The clock as a figure, not as a signal that toggles: inside a block time is counted in cycles, at a face it is
/// sc_time.
class clock {
  public:
    /// `period` must be a positive multiple of SystemC's time resolution.
    explicit clock(const sc_core::sc_time& period) : period_(period.value()) {
        for (cycle cycles = 0; cycles < short_times; ++cycles) {
            times_[cycles] = sc_core::sc_time::from_value(cycles * period_);
        }
    }

    [[nodiscard]] sc_core::sc_time period() const { return sc_core::sc_time::from_value(period_); }
    [[nodiscard]] sc_core::sc_time time(cycle cycles) const {
        // Making an sc_time is a call into the kernel's library; annotated delays are short and looked up.
        return cycles < short_times ? times_[cycles] : sc_core::sc_time::from_value(cycles * period_);
    }
    /// Whether `time` is exactly that many cycles.
    [[nodiscard]] bool is(const sc_core::sc_time& time, cycle cycles) const { return time.value() == cycles * period_; }

    /// Whole cycles in `time`. A face always passes whole cycles; a rest is cut off.
    [[nodiscard]] cycle cycles(const sc_core::sc_time& time) const {
        // Annotated delays are short: a 32-bit division is several times faster than a 64-bit one.
        const std::uint64_t value = time.value();
        if (((value | period_) >> 32U) == 0) {
            return static_cast<std::uint32_t>(value) / static_cast<std::uint32_t>(period_);
        }
        return value / period_;
    }

  private:
    static constexpr cycle short_times = 256;

    std::uint64_t period_;
    std::array<sc_core::sc_time, short_times> times_;
};

}  // namespace d1::timing
