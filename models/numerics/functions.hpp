#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "models/numerics/arithmetic.hpp"

namespace d1::numerics {

/// Functions that the SIMD unit computes by a sequence of its FP32 and integer operations; the hardware has no
/// instruction for them that is published. The sequences, step by step: docs/numerics.md.
///   divide                  a / b, correctly rounded
///   reciprocal              1 / a, correctly rounded
///   square_root             of a, correctly rounded
///   reciprocal_square_root  1 / sqrt(a)
///   exponential             e^a
///   logarithm               natural
///   hyperbolic_tangent      tanh a
///   error_function          erf a
/// Zeros, infinities and NaN are treated as IEEE 754 says: log -1 is NaN, log +-0 and 1 / -0 are -infinity.
enum class elementary_function : std::uint8_t {
    divide,
    reciprocal,
    square_root,
    reciprocal_square_root,
    exponential,
    logarithm,
    hyperbolic_tangent,
    error_function
};

/// What is known of a sequence.
struct function_record {
    elementary_function function{};
    std::string_view name;
    std::uint32_t operations = 0;  ///< of the SIMD unit, for each element, whatever its value
    /// The largest error over all FP32 operands whose result is finite, in units of the last place of the exact result,
    /// rounded up to 1/1000. `divide`: over the pairs of the long test.
    double worst_error = 0;
    std::uint32_t worst_operand = 0;  ///< the first of the patterns where it is met; 0 for correctly rounded functions
    std::uint32_t descents = 0;       ///< neighbouring operands between which a monotonic function goes the wrong way
};

/// One record a function, in the order of the enumeration; the long test measures every figure again.
inline constexpr std::array<function_record, 8> function_records{{
    {elementary_function::divide, "divide", 98, 0.5, 0, 0},
    {elementary_function::reciprocal, "reciprocal", 84, 0.5, 0, 0},
    {elementary_function::square_root, "square_root", 68, 0.5, 0, 0},
    {elementary_function::reciprocal_square_root, "reciprocal_square_root", 39, 0.0, 0, 0},
    {elementary_function::exponential, "exponential", 32, 0.0, 0, 0},
    {elementary_function::logarithm, "logarithm", 43, 0.0, 0, 0},
    {elementary_function::hyperbolic_tangent, "hyperbolic_tangent", 56, 0.0, 0, 0},
    {elementary_function::error_function, "error_function", 62, 0.0, 0, 0},
}};

[[nodiscard]] constexpr const function_record& record(elementary_function function) {
    return function_records[static_cast<std::size_t>(function)];
}

/// function(a), or a / b. A NaN result is the canonical one. If `rules` say so, subnormal operands, intermediate values
/// and results count as zeros of their sign.
[[nodiscard]] float evaluate(elementary_function function, float a, float b = 0, arithmetic rules = {});

/// The same for every element: a[i] = function(a[i]), or a[i] / b[i]; the same bits, on every host. Throws
/// std::invalid_argument unless b has as many elements as a for `divide`, and none for the others. The spans must not
/// overlap.
void evaluate(elementary_function function, std::span<float> a, std::span<const float> b, arithmetic rules = {});

}  // namespace d1::numerics
