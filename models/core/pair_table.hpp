#pragma once
// Two instructions side by side: what reservation of their remembered slots says, against the pipeline that runs both.

#include <string>
#include <vector>

#include "models/core/core_parameters.hpp"
#include "models/sram/sram_parameters.hpp"

namespace d1 {

/// One thread begins `first`, another `second` in the same cycle.
struct pair_error {
    std::string first;
    std::string second;
    std::uint64_t reserved = 0;  ///< cycles to the last result, at `at`
    std::uint64_t pipeline = 0;  ///< the same on the pipeline, both kernels' code in the instruction cache
    [[nodiscard]] double part() const noexcept {
        return static_cast<double>(reserved) / static_cast<double>(pipeline) - 1;
    }
};

/// All pairs of a set of kernels of every kind, some thousand cycles long.
[[nodiscard]] std::vector<pair_error> pair_errors(const core_parameters& core = {}, const sram_parameters& memory = {});

/// Their errors in per cent, as a table in Markdown: the first down, the second across.
[[nodiscard]] std::string pair_table();

}  // namespace d1
