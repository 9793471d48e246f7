#pragma once
// `d1sim check`: what is wrong with programs, without running them.

#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/run_command.hpp"

namespace d1 {

/// Checks each file: its faults go to stderr, as compilers tell theirs, and a line for a good one to stdout. A file
/// that cannot be read is a fault and the next is checked all the same. Gives exit_code::bad_input if any has a fault.
[[nodiscard]] exit_code check_programs(const check_options& options);

}  // namespace d1
