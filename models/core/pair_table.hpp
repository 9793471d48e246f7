#pragma once
// Two instructions side by side: what reservation of their remembered slots says, against the pipeline that runs both.

#include <string>
#include <vector>

#include "models/core/core_parameters.hpp"
#include "models/core/steady_states.hpp"
#include "models/sram/sram_parameters.hpp"

namespace d1 {

/// A kernel with its name in the table.
struct named_kernel {
    std::string name;
    instruction_cost cost;
};

/// One of every kind, some thousand cycles long.
[[nodiscard]] std::vector<named_kernel> kernels_of_pairs(const core_parameters& core = {},
                                                         const sram_parameters& memory = {});

/// One thread begins `first`, another `second` in the same cycle.
struct pair_error {
    std::string first;
    std::string second;
    std::uint64_t reserved = 0;  ///< cycles to the last result, at `at`
    std::uint64_t pipeline = 0;  ///< the same at `ca`: on the pipeline
    [[nodiscard]] double part() const noexcept {
        return static_cast<double>(reserved) / static_cast<double>(pipeline) - 1;
    }
};

/// Kernels of the same kinds, some hundred cycles long.
[[nodiscard]] std::vector<named_kernel> short_kernels_of_pairs();

/// One thread begins a long kernel, another in the same cycle a short one, and the same again whenever it is done, for
/// half of that time: cycles to its last result.
[[nodiscard]] std::vector<pair_error> errors_of_rows();

/// All pairs of them.
[[nodiscard]] std::vector<pair_error> pair_errors(const core_parameters& core = {}, const sram_parameters& memory = {});

/// Their errors in per cent, as a table in Markdown: the first down, the second across.
[[nodiscard]] std::string pair_table();

}  // namespace d1
