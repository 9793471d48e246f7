#pragma once
// What the step of an optimizer must give: its judge under `d1sim run --check`.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "testbenches/d1sim/layer_step.hpp"
#include "testbenches/d1sim/reference.hpp"

namespace d1 {

/// Tensors of a step by name, an FP32 pattern for each element: `g` the gradient, `w` the weights, `v` the momentum of
/// SGD, `m` and `v` the moments of AdamW. Behind a step there is `copy` too, BF16 patterns in the low half.
using optimizer_state = std::map<std::string, std::vector<std::uint32_t>>;

/// The stream by which `copy` is rounded stochastically.
inline constexpr std::uint64_t weight_rounding_key = 0x7765'6967'6874;  // "weight"

/// Checks the step that `before` became `after` by:
///     sgd    v = 0.9 v + g;  w = w - 0.01 v
///     adamw  m = 0.9 m + 0.1 g;  v = 0.999 v + 0.001 g^2;  w = 0.99999 w - 0.01 m / (sqrt(1000 v) + 1e-8)
/// the first step of AdamW at a learning rate of 0.001 and a decay of 0.01, every constant rounded to FP32 once and
/// every operation to FP32. Two judges:
/// 1. Bit for bit, all elements of all tensors: loops in plain floats; the square root and the quotient of IEEE 754 by
///    the host. `copy` is w with its lower half plus the upper half of counter_random(rounding seed,
///    weight_rounding_key, element) carried into the upper one.
/// 2. All of w, within 12 2^-24 of the sum of the magnitudes of its terms in double precision; 12 is more than the
///    roundings on the way to it.
/// It shares no code with the kernels.
[[nodiscard]] check_result check_optimizer(optimizer_kind kind, const optimizer_state& before,
                                           const optimizer_state& after, numerics::arithmetic rules);

}  // namespace d1
