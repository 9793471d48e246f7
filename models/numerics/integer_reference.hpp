#pragma once

#include <array>
#include <cstdint>
#include <span>

/// FP32 arithmetic on bit patterns, in integers: the judge of the vector code, with which it shares nothing. Rounds to
/// nearest even; a NaN result is 0x7FC00000; subnormals that are not kept become zero of their sign, in and out.
namespace d1::numerics::integer_reference {
using four = std::array<std::uint32_t, 4>;
using bf16_span = std::span<const std::uint16_t>;
[[nodiscard]] std::uint32_t multiply(std::uint32_t a, std::uint32_t b, bool keep_subnormals);
[[nodiscard]] std::uint32_t add(std::uint32_t a, std::uint32_t b, bool keep_subnormals);
/// The nearest bf16, ties to even; overflow gives infinity, NaN 0x7FC0.
[[nodiscard]] std::uint16_t round_to_bf16(std::uint32_t value);
/// One matrix step of one element: c + ((a0 b0 + a1 b1) + (a2 b2 + a3 b3)).
[[nodiscard]] std::uint32_t matrix_step(std::uint32_t c, const four& a, const four& b, bool keep_subnormals);
/// Matrix steps over ascending k from c = +0, the tail padded with +0. Operands are bf16; a is as long as b.
[[nodiscard]] std::uint32_t dot(bf16_span a, bf16_span b, bool keep_subnormals);
}  // namespace d1::numerics::integer_reference
