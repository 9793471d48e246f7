#pragma once
// `d1sim noc`: synthetic traffic on the mesh alone, and its figures.

#include "testbenches/d1sim/noc_options.hpp"
#include "testbenches/d1sim/run_command.hpp"

namespace d1 {

/// Runs each rate of the sweep on one mesh, prints a line a point, and writes JSON and CSV where asked for. Throws
/// input_error for settings that do not go together and for files that cannot be written.
[[nodiscard]] exit_code run_noc(const noc_options& options);

}  // namespace d1
