#pragma once
// Where the energy of a run went: events by what each costs.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "models/statistics/energy_parameters.hpp"

namespace d1::statistics {

/// What happened in a run that costs energy. Counted from programs and routes, so the same with payloads switched off
/// and, where routes do not depend on it, at every timing level.
struct energy_events {
    std::uint64_t macs_8_bit = 0;       ///< multiply-accumulates of two 8-bit operands in the matrix units
    std::uint64_t macs_16_bit = 0;      ///< all others there
    std::uint64_t simd_operations = 0;  ///< on one FP32 element each
    std::uint64_t sram_lines = 0;       ///< of 64 B, read or written, at vector and mesh ports
    std::uint64_t register_bytes = 0;   ///< read from or written to vector registers
    std::uint64_t packet_hops = 0;      ///< links that packets left a router by, the one to the interface among them
    std::uint64_t time = 0;             ///< ps
    std::uint64_t node_time = 0;        ///< ps, of all live nodes together

    energy_events& operator+=(const energy_events& other) noexcept;
    friend bool operator==(const energy_events&, const energy_events&) = default;
};

/// Energy by the block in which it went, in fJ.
struct energy_stack {
    std::uint64_t matrix = 0;
    std::uint64_t simd = 0;
    std::uint64_t sram = 0;
    std::uint64_t registers = 0;
    std::uint64_t mesh = 0;
    std::uint64_t leakage = 0;

    /// The blocks in the order in which they are told, with their names.
    [[nodiscard]] std::array<std::pair<std::string_view, std::uint64_t>, 6> blocks() const noexcept {
        return {{{"matrix", matrix},
                 {"simd", simd},
                 {"sram", sram},
                 {"registers", registers},
                 {"mesh", mesh},
                 {"leakage", leakage}}};
    }
    [[nodiscard]] std::uint64_t total() const noexcept { return matrix + simd + sram + registers + mesh + leakage; }
    friend bool operator==(const energy_stack&, const energy_stack&) = default;
};

/// Each count times its energy times the calibration, in integers; leakage is power times time. Not modelled: clocks,
/// fetch and decode apart from what calibration spreads over the events; dependence on data, temperature, voltage; the
/// host's side, and what is beyond the die. Good for runs of up to a second of simulated time.
[[nodiscard]] energy_stack energy_of(const energy_events& events, const energy_parameters& each) noexcept;

[[nodiscard]] constexpr double joules(std::uint64_t femtojoules) noexcept {
    return static_cast<double>(femtojoules) * 1e-15;
}

/// Average power over `time` ps in W; 0 where no time passed.
[[nodiscard]] constexpr double watts(std::uint64_t femtojoules, std::uint64_t time) noexcept {
    return time == 0 ? 0.0 : static_cast<double>(femtojoules) / static_cast<double>(time) * 1e-3;
}

}  // namespace d1::statistics
