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

/// How many of a and b the function reads.
[[nodiscard]] constexpr std::uint32_t operand_count(elementary_function function) {
    return function == elementary_function::divide ? 2 : 1;
}

/// Whether the result is always the FP32 nearest to the exact one, ties to even.
[[nodiscard]] constexpr bool is_correctly_rounded(elementary_function function) {
    return function <= elementary_function::square_root;
}

/// What is known of a sequence.
struct function_record {
    elementary_function function{};
    std::string_view name;
    /// Of the SIMD unit, for each element, whatever its value.
    std::uint32_t operations = 0;
    /// The largest error over all FP32 operands, in units of the last place of the exact result, rounded up to 1/1000.
    double worst_error = 0;
    /// The first of the patterns where it is met; 0 if the function is correctly rounded.
    std::uint32_t worst_operand = 0;
    /// In how many places the function, which is monotonic, goes the wrong way from an operand to the next.
    std::uint64_t descents = 0;
};

/// One record a function, in the order of the enumeration; the long test measures every figure again.
inline constexpr std::array<function_record, 8> function_records{{
    {elementary_function::divide, "divide", 98, 0.5, 0, 0},
    {elementary_function::reciprocal, "reciprocal", 84, 0.5, 0, 0},
    {elementary_function::square_root, "square_root", 68, 0.5, 0, 0},
    {elementary_function::reciprocal_square_root, "reciprocal_square_root", 39, 0.506, 0x0080'9F86, 0},
    {elementary_function::exponential, "exponential", 32, 0.977, 0xC0BB'8A6A, 0},
    {elementary_function::logarithm, "logarithm", 43, 0.847, 0x3F34'B76F, 0},
    {elementary_function::hyperbolic_tangent, "hyperbolic_tangent", 56, 1.637, 0x3F22'D886, 0},
    {elementary_function::error_function, "error_function", 62, 1.377, 0x3F72'0CA9, 264},
}};

[[nodiscard]] constexpr const function_record& record(elementary_function function) {
    return function_records[static_cast<std::size_t>(function)];
}

/// function(a), or a / b. A NaN result is the canonical one. If `rules` say so, subnormal operands, intermediate values
/// and results count as zeros of their sign.
[[nodiscard]] float evaluate(elementary_function function, float a, float b = 0, arithmetic rules = {});

/// The same for every element: a[i] = function(a[i]), or a[i] / b[i]; the same bits, on every host. Throws
/// std::invalid_argument unless b has as many elements as a for `divide`, and none for the others. They must not
/// overlap.
void evaluate_each(elementary_function function, std::span<float> a, std::span<const float> b, arithmetic rules = {});

}  // namespace d1::numerics
