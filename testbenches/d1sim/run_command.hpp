#pragma once
// `d1sim run`: the layers of a table, one after the other, on one die.

#include "testbenches/d1sim/layer_result.hpp"
#include "testbenches/d1sim/options.hpp"

namespace d1 {

/// Exit codes of the program.
enum class exit_code : int { good = 0, failed = 1, bad_input = 2, deadlock = 3, interrupted = 130 };

/// Deadlock before interruption before failure.
[[nodiscard]] exit_code exit_code_of(const table_result& table);

/// Runs the table, prints the text report on stdout and writes the JSON report. Every layer is planned before the first
/// one runs, so what does not fit is refused at once. To be called from sc_main, once a process. Throws input_error for
/// bad input.
[[nodiscard]] exit_code run_table(const run_options& options);

}  // namespace d1
