#pragma once
// Activations and other kernels that do one thing to every element.

#include <cstdint>
#include <string_view>

#include "testbenches/kernels/formula.hpp"

namespace d1::kernels {

/// Activations of x, each operation rounded to FP32 and the last result to the type of its tensor:
///   relu  y = maximum(x, +0)
///   gelu  y = x ((erf(x c) 1/2) + 1/2), c = 1/sqrt(2)
///   silu  y = x / (exp(-x) + 1)
enum class activation : std::uint8_t { relu, gelu, silu };

[[nodiscard]] std::string_view name(activation a);

/// Tensors `input` x (input) and `output` y (output) of `elements`.
[[nodiscard]] kernel make_activation(activation a, std::uint64_t elements, numerics::element_type x,
                                     numerics::element_type y, const die& on);

/// Tensors `input` x, `d_output` dy (inputs) and `d_input` dx (output):
///   relu  dx = dy if x > 0, otherwise +0
///   gelu  dx = dy (((erf(x c) 1/2) + 1/2) + x (exp((x x) (-1/2)) d)), d = 1/sqrt(2 pi)
///   silu  dx = dy (s ((x (1 - s)) + 1)), s = 1 / (exp(-x) + 1), 1 - s as (s (-1)) + 1
[[nodiscard]] kernel make_activation_gradient(activation a, std::uint64_t elements, numerics::element_type x,
                                              numerics::element_type dy, numerics::element_type dx, const die& on);

/// Tensors `a`, `b` (inputs) and `output` y (output): y = a + b.
[[nodiscard]] kernel make_residual_add(std::uint64_t elements, numerics::element_type inputs,
                                       numerics::element_type output, const die& on);

/// Tensors `input` x (input) and `output` y (output): y = x, rounded to its type; with a key stochastically.
[[nodiscard]] kernel make_conversion(std::uint64_t elements, numerics::element_type x, numerics::element_type y,
                                     formula::rounding_key key, const die& on);

}  // namespace d1::kernels
