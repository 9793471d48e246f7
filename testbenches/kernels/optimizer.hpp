#pragma once
// Steps of optimizers: the weights and their state, updated in place.

#include <cstdint>
#include <optional>

#include "testbenches/kernels/formula.hpp"

namespace d1::kernels {

/// The types of an optimizer's tensors: `w` (weights), `g` (gradient), the state `m`, `v`, and, if it has a type,
/// `copy`: the new weights once more, as the next forward pass reads them, beside master weights that are kept wider.
struct optimizer_types {
    numerics::element_type weights{numerics::number_format::fp32};
    numerics::element_type gradient{numerics::number_format::bf16};
    numerics::element_type state{numerics::number_format::fp32};
    /// The copy, or without one the weights, are rounded stochastically by the stream of that key, if there is one.
    formula::rounding_key key{};
    std::optional<numerics::element_type> copy{};
};

/// SGD with momentum, the gradient g' = (w weight_decay) + g where there is a decay, else g:
///   v = (v momentum) + g'
///   w = (v (-learning_rate)) + w
/// Tensors: `w`, `v` (updated), `g`. Hyper-parameters are rounded to FP32 once.
struct sgd {
    double learning_rate = 0.01;
    double momentum = 0.9;
    double weight_decay = 0;
};
[[nodiscard]] kernel make_sgd(const sgd& s, std::uint64_t elements, const optimizer_types& types, const die& on);

/// Adam, step number `step` (from 1 on); with decoupled weight decay it is AdamW. g' = (w weight_decay) + g where there
/// is a decay that is not decoupled, else g:
///   m = (m beta1) + (g' (1 - beta1))
///   v = (v beta2) + ((g' g') (1 - beta2))
///   u = m / (sqrt(v c2) + epsilon),  c2 = 1 / (1 - beta2^step)
///   w = (u (-c1)) + w,  c1 = learning_rate / (1 - beta1^step)
/// where w, before the last sum, is w (1 - learning_rate weight_decay) if the decay is decoupled.
/// Tensors: `w`, `m`, `v` (updated), `g`. Each constant is computed in double precision, the powers by repeated
/// multiplication, and rounded to FP32 once.
struct adam {
    double learning_rate = 0.001;
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0;
    bool decoupled = true;
    std::uint32_t step = 1;
};
[[nodiscard]] kernel make_adam(const adam& a, std::uint64_t elements, const optimizer_types& types, const die& on);

}  // namespace d1::kernels
