#pragma once
// The layer that `d1sim explain` is asked about.

#include <string>

#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/step_kernel.hpp"

namespace d1 {

/// A pass of a layer on a machine.
struct explained_layer {
    std::string name;
    layer_pass pass = layer_pass::forward;
    step_work work{};
    d1_parameters parameters;  ///< the timing level of the layer among them, payloads switched off
};

/// The layer of a table, or of the JSON of `d1sim run`, that --layer names, and its pass that --pass names. Without a
/// layer it is the one with most multiply-accumulates of a table, with most cycles of a result; without a pass the
/// first, of a table forward. Throws input_error.
[[nodiscard]] explained_layer find_layer(const explain_options& options);

}  // namespace d1
