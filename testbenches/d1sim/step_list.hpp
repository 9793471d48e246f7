#pragma once
// Everything that `d1sim run` runs, in its order: from one table, or from the three of a training set.

#include <string>
#include <vector>

#include "testbenches/d1sim/layer_step.hpp"
#include "testbenches/d1sim/options.hpp"

namespace d1 {

/// The steps, at least one, and what a user should know of how the tables were read.
struct step_list {
    std::vector<layer_step> steps;
    std::vector<std::string> warnings;
};

/// The layers of the table, one after the other; under training each with its gradients and the optimizer behind it.
/// With tables of gradients, forward, dgrad and wgrad are the rows that they have for the layer; a batch multiplies K
/// of a weight gradient, since that is summed over the samples. Throws input_error for a bad table, for tables whose
/// layers differ, and for a pattern of --no-optimizer that matches no layer.
[[nodiscard]] step_list read_steps(const run_options& options);

}  // namespace d1
