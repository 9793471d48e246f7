#pragma once
// The layer that `d1sim explain` is asked about.

#include <string>

#include "testbenches/d1sim/options.hpp"

namespace d1 {

/// A matrix product on a machine.
struct explained_layer {
    std::string name;
    gemm_shape shape{};
    kernels::gemm_types types;
    d1_parameters parameters;  ///< the timing level of the layer among them, payloads switched off
};

/// The layer of a table, or of the JSON of `d1sim run`, that --layer names; without it the one with most
/// multiply-accumulates of a table, with most cycles of a result. Throws input_error.
[[nodiscard]] explained_layer find_layer(const explain_options& options);

}  // namespace d1
