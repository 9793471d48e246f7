#pragma once
// Made by scripts/fit_functions.py, which says how; not to be edited.

#include <array>
#include <cstdint>

namespace d1::numerics::constants {

// clang-format off

// 1/x is about the float of pattern seed - pattern(x).
inline constexpr std::uint32_t reciprocal_seed = 0x7EF3'11C3;

// 1/sqrt(x) is about the float of pattern seed - pattern(x)/2.
inline constexpr std::uint32_t reciprocal_square_root_seed = 0x5F37'4753;

// 1/ln 2.
inline constexpr float log2_e = 0x1.715476p+0F;

// ln 2 = ln2_high + ln2_low; a product of ln2_high and an integer below 512 is exact.
inline constexpr float ln2_high = 0x1.62e4p-1F;

// The rest of ln 2.
inline constexpr float ln2_low = 0x1.7f7d1cp-20F;

// exp r = 1 + r + r^2 P(r), |r| <= ln(2)/2.
// Relative error of the function due to it, at most: 2^-28.0.
inline constexpr std::array exponential{
    0x1.fffffcp-2F, 0x1.555492p-3F, 0x1.5558f2p-5F, 0x1.1239dep-7F, 0x1.6a246ap-10F};

// log(1+f) = f - f^2/2 + f^3 P(f), sqrt(1/2) <= 1+f <= sqrt(2).
// Relative error of the function due to it, at most: 2^-28.3.
inline constexpr std::array logarithm{
    0x1.555548p-2F, -0x1.000006p-2F, 0x1.99a4b6p-3F, -0x1.555c4ep-3F, 0x1.233758p-3F,
    -0x1.fc21bap-4F, 0x1.e6f0e2p-4F, -0x1.de3e3ep-4F, 0x1.145978p-4F};

// Up to it tanh is its polynomial, beyond it 1 - 2/(exp(2x) + 1).
inline constexpr float tangent_limit = 0x1.4p-1F;

// tanh x = x + x^3 P(x^2), x < tangent_limit.
// Relative error of the function due to it, at most: 2^-26.8.
inline constexpr std::array hyperbolic_tangent{
    -0x1.555532p-2F, 0x1.110726p-3F, -0x1.b83c5ap-5F, 0x1.522692p-6F, -0x1.75e196p-8F};

// Up to it erf is its polynomial, beyond it 1 - exp(-P(x)).
inline constexpr float error_limit = 0x1.dp-1F;

// From it on erf rounds to 1.
inline constexpr float error_end = 0x1p+2F;

// erf x = x + x P(x^2), x < error_limit.
// Relative error of the function due to it, at most: 2^-28.4.
inline constexpr std::array small_error_function{
    0x1.06eba8p-3F, -0x1.812744p-2F, 0x1.ce2e46p-4F, -0x1.b813ep-6F, 0x1.54fd32p-8F,
    -0x1.ac2798p-11F, 0x1.635a9p-14F};

// 1 - erf x = exp(-P(x)), error_limit <= x <= error_end.
// Relative error of the function due to it, at most: 2^-26.0.
inline constexpr std::array large_error_function{
    -0x1.667faep-13F, 0x1.2126b4p+0F, 0x1.444adap-1F, 0x1.bb5968p-4F, -0x1.9b203p-6F,
    0x1.10b2aap-8F, -0x1.c56434p-12F, 0x1.5ee5bcp-16F};

}  // namespace d1::numerics::constants
