#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "models/numerics/arithmetic.hpp"

/// FP32 arithmetic on bit patterns, in integers: the judge of the vector code, with which it shares nothing. Rounds to
/// nearest even; a NaN result is 0x7FC00000; subnormals that are not kept become zero of their sign, in and out.
namespace d1::numerics::integer_reference {
using four = std::array<std::uint32_t, 4>;
[[nodiscard]] std::uint32_t multiply(std::uint32_t a, std::uint32_t b, bool keep_subnormals);
[[nodiscard]] std::uint32_t add(std::uint32_t a, std::uint32_t b, bool keep_subnormals);
/// The nearest bf16, ties to even; overflow gives infinity, NaN 0x7FC0.
[[nodiscard]] std::uint16_t round_to_bf16(std::uint32_t value);
/// The nearest number of 1 sign, 7 exponent and 13 mantissa bits (bias 63), as an FP32; ties to even; what is larger
/// than the largest, 0x1.FFF8p64, becomes that; NaN 0x7FC00000.
[[nodiscard]] std::uint32_t round_to_fp21(std::uint32_t value);
/// One matrix step of one element: c + ((a0 b0 + a1 b1) + (a2 b2 + a3 b3)), rounded to the accumulator of the rules.
[[nodiscard]] std::uint32_t matrix_step(std::uint32_t c, const four& a, const four& b, arithmetic rules);
/// Matrix steps over ascending k from c = +0, the tail padded with +0. Operands are FP32 patterns, a is as long as b.
[[nodiscard]] std::uint32_t dot(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b, arithmetic rules);
}  // namespace d1::numerics::integer_reference
