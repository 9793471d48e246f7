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
    std::uint64_t cycles_before_stores = 0;
    std::uint64_t simulated = 0;  ///< cycles that were not skipped
    [[nodiscard]] std::uint64_t cycles() const noexcept { return counts.total_cycles(); }
};

/// Runs the only thread of `m`, which is in `k`, for `cycles` cycles, to its end, or until nothing has started for
/// `still` cycles, with nothing at the mesh ports. Where the machine is at the head of a loop in the same state as some
/// iterations before, all that follows is the same again until the loop ends: these iterations are counted and not run.
/// So the machine is then, but for absolute time, as if it had run every cycle. Returns how many it did run.
std::uint64_t run_only_thread(machine& m, const kernel& k, std::uint64_t cycles,
                              std::uint64_t still = ~std::uint64_t{0});

/// Runs `k` so.
[[nodiscard]] kernel_run run_alone(const kernel& k, const core_parameters& core, const sram_parameters& memory);

/// How a kernel bears somebody else at its ports.
struct kernel_in_company {
    std::uint64_t patience = 0;        ///< cycles that all load ports may be shut in a row and nothing is late
    std::uint64_t without_stores = 0;  ///< cycles that it gets through, alone, while no vector can be stored
    std::uint64_t simulated = 0;
};

/// Runs `k`, which takes `alone` cycles alone, two times: with the load ports shut for a stretch, a third of its way
/// down, since halves and quarters of a product end between passes; and without a store port.
[[nodiscard]] kernel_in_company run_in_company(const kernel& k, std::uint64_t alone, const core_parameters& core,
                                               const sram_parameters& memory);

/// The same as run_alone, cycle by cycle.
[[nodiscard]] kernel_run run_all_cycles(const kernel& k, const core_parameters& core, const sram_parameters& memory);

}  // namespace d1::pipeline
