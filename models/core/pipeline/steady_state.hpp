#pragma once
// What a kernel takes when it runs alone, found by running it as far as it repeats itself.

#include <cstdint>

#include "models/core/pipeline/machine.hpp"

namespace d1::pipeline {

/// A kernel alone, from its first fetch to its last result, its code in the instruction cache.
struct kernel_run {
    machine_counts counts;
    std::uint64_t busy_cycles = 0;     ///< to the last start of an operation
    std::uint64_t loading_cycles = 0;  ///< to the last load of a vector
    std::uint64_t simulated = 0;       ///< cycles that were not skipped
    [[nodiscard]] std::uint64_t cycles() const noexcept { return counts.total_cycles(); }
};

/// Runs the only thread of `m`, which is in `k`, for `cycles` cycles or to its end, with nothing at the mesh ports.
/// Where the machine is at the head of a loop in the same state as some iterations before, all that follows is the same
/// again until the loop ends: these iterations are counted and not run. So the machine is then, but for absolute time,
/// as if it had run every cycle. Returns how many it did run.
std::uint64_t run_only_thread(machine& m, const kernel& k, std::uint64_t cycles);

/// Runs `k` so.
[[nodiscard]] kernel_run run_alone(const kernel& k, const core_parameters& core, const sram_parameters& memory);

/// The same, cycle by cycle.
[[nodiscard]] kernel_run run_all_cycles(const kernel& k, const core_parameters& core, const sram_parameters& memory);

}  // namespace d1::pipeline
