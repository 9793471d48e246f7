#pragma once
// `d1sim explain`: what set the end of a layer, and what would shorten it.

#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/run_command.hpp"

namespace d1 {

/// Runs a layer, follows its critical path from the end to the launch, then runs it again for each parameter that has a
/// part in the path and can be doubled or halved; prints the chain, what its cycles were, and the cycles of each of
/// those runs. To be called from sc_main, which makes no module itself. Throws input_error for bad input.
[[nodiscard]] exit_code explain_layer(const explain_options& options);

}  // namespace d1
