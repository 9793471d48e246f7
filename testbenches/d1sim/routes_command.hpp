#pragma once
// `d1sim map --routes`: the paths of the mesh as a file.

#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/run_command.hpp"

namespace d1 {

/// Writes the fixed paths of the mesh's routing as a route table. Throws input_error where the routing has none, or
/// where the file cannot be written.
[[nodiscard]] exit_code write_routes(const routes_options& options);

}  // namespace d1
