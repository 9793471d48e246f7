#pragma once
// `d1sim exec`: programs in the text form, with arrays in and out.

#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/run_command.hpp"

namespace d1 {

/// Checks the programs, loads the buffers, runs, dumps the buffers and writes the JSON report; prints a summary on
/// stdout, and on stderr what went wrong. Buffers are dumped only if the programs came to their end. To be called from
/// sc_main, once a process. Throws input_error for bad input.
[[nodiscard]] exit_code exec_programs(const exec_options& options);

}  // namespace d1
