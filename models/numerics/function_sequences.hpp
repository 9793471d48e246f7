#pragma once
// The elementary functions as sequences of a SIMD lane's operations. docs/numerics.md explains them step by step. None
// has a branch, so each takes the same number of operations for every operand. The error bounds in the comments are in
// units of the last place of the result.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "models/numerics/function_constants.hpp"
#include "models/numerics/number_format.hpp"
#include "models/numerics/sequence_machine.hpp"

namespace d1::numerics::sequence {

inline constexpr std::uint32_t sign_bit = 0x8000'0000;
inline constexpr std::uint32_t infinity_pattern = 0x7F80'0000;
inline constexpr std::uint32_t one_pattern = 0x3F80'0000;
inline constexpr std::uint32_t mantissa_bits = 0x007F'FFFF;
inline constexpr std::uint32_t smallest_normal_pattern = 0x0080'0000;
inline constexpr std::uint32_t upper_half_bits = 0xFFFF'F000;  // sign, exponent, and 12 bits of significand
inline constexpr std::uint32_t lowest_exponent = 0U - 24;  // of a quotient; with a smaller one it is zero all the same
inline constexpr float infinity = std::bit_cast<float>(infinity_pattern);
inline constexpr float nan = std::bit_cast<float>(canonical_nan_fp32);
// A small number plus this has the number's nearest integer in its low bits.
inline constexpr float integer_magic = 0x1.8p23F;

/// The sequences on one type of lane.
template <class Machine>
class functions {
  public:
    using real = typename Machine::real;

    [[gnu::always_inline]] static constexpr real divide(real a, real b) {
        const word sign = (bits(a) ^ bits(b)) & sign_bit;
        return number(bits(divide_magnitudes(magnitude(a), magnitude(b))) | sign);
    }

    [[gnu::always_inline]] static constexpr real reciprocal(real x) { return divide(1.0F, x); }

    [[gnu::always_inline]] static constexpr real reciprocal_square_root(real x) {
        const auto [scaled, is_scaled] = scale_up(x);
        const real y = refined_root(scaled) * select(is_scaled, 0x1p48F, 1.0F);
        const real positive = select(bits(x) == infinity_pattern, 0.0F, y);
        const real any = select(x < 0.0F, nan, positive);
        return select(x == 0.0F, number(bits(x) | infinity_pattern), any);
    }

    [[gnu::always_inline]] static constexpr real square_root(real x) {
        const auto [scaled, is_scaled] = scale_up(x);
        const real s = rounded_root(scaled) * select(is_scaled, 0x1p-48F, 1.0F);
        const real defined = select(bits(x) == infinity_pattern, x, s);
        const real any = select(x < 0.0F, nan, defined);
        return select(x == 0.0F, x, any);
    }

    [[gnu::always_inline]] static constexpr real exponential(real x) {
        const real above = select(x < -104.0F, -104.0F, x);                            // the result is zero there,
        const auto [p, k] = reduced_exponential(select(89.0F < above, 89.0F, above));  // and infinity here
        // Two factors, since 2^k alone may be no FP32. Only the last product rounds.
        const word half = Machine::template shift_right_signed<1>(k);
        const real scale = number(Machine::template shift_left<23>(half) + one_pattern);
        const real rest = number(Machine::template shift_left<23>(k - half) + one_pattern);
        return (p * scale) * rest;
    }

    [[gnu::always_inline]] static constexpr real logarithm(real x) {
        constexpr std::uint32_t root_half_pattern = 0x3F35'04F3;
        constexpr auto magic = std::bit_cast<std::uint32_t>(integer_magic);
        const flag is_small = bits(x) < smallest_normal_pattern;
        const real normal = select(is_small, x * 0x1p24F, x);
        // normal = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2)
        const word k = Machine::template shift_right_signed<23>(bits(normal) - root_half_pattern);
        const real f = number(bits(normal) - Machine::template shift_left<23>(k)) - 1.0F;
        const real exponent = number(k + select(is_small, magic - 24, magic)) - integer_magic;
        const real square = f * f;
        const real cube_part = (f * square) * polynomial(constants::logarithm, f);
        const real low = cube_part + exponent * constants::ln2_low;
        const real log = exponent * constants::ln2_high + (f - (square * 0.5F - low));
        const real defined = select(bits(x) < infinity_pattern, log, x);
        const real any = select(bits(x) < 0U, nan, defined);
        return select(x == 0.0F, -infinity, any);
    }

    [[gnu::always_inline]] static constexpr real hyperbolic_tangent(real x) {
        const real m = magnitude(x);
        const real square = m * m;
        const real small = m + (m * square) * polynomial(constants::hyperbolic_tangent, square);
        constexpr float end = 10;  // tanh rounds to 1 from 9.02 on
        const auto [p, k] = reduced_exponential(select(end < m, end, m) * 2.0F);
        const real large = 1.0F - near_reciprocal(scale_by(p, k) + 1.0F) * 2.0F;
        return with_sign_of(x, select(constants::tangent_limit < m, large, small));  // a NaN comes from `small`
    }

    [[gnu::always_inline]] static constexpr real error_function(real x) {
        const real m = magnitude(x);
        const real square = m * m;
        const real scaled = m * 0x1p24F;  // so that the product is never subnormal
        const real small = (scaled + scaled * polynomial(constants::small_error_function, square)) * 0x1p-24F;
        const real end = select(constants::error_end < m, constants::error_end, m);
        const auto [p, k] = reduced_exponential(0.0F - polynomial(constants::large_error_function, end));
        const real large = 1.0F - scale_by(p, k);
        return with_sign_of(x, select(constants::error_limit < m, large, small));  // a NaN comes from `small`
    }

  private:
    using word = typename Machine::word;
    using flag = typename Machine::flag;

    // A value as the sum of two: 12 bits of significand each, so that a product of two such is exact.
    struct halves {
        real high;
        real low;
    };

    // value = significand 2^(exponent - 127), 1 <= significand < 2. The exponent of a subnormal is below 1.
    struct unpacked {
        real significand;
        word exponent;
    };

    struct scaled_operand {
        real value;
        flag is_scaled;
    };

    // p 2^k
    struct scaled_exponential {
        real p;
        word k;
    };

    [[gnu::always_inline]] static constexpr word bits(real a) { return Machine::bits(a); }
    [[gnu::always_inline]] static constexpr real number(word a) { return Machine::number(a); }
    [[gnu::always_inline]] static constexpr real select(flag f, real yes, real no) {
        return Machine::select(f, yes, no);
    }
    [[gnu::always_inline]] static constexpr word select(flag f, word yes, word no) {
        return Machine::select(f, yes, no);
    }
    [[gnu::always_inline]] static constexpr real magnitude(real x) { return number(bits(x) & ~sign_bit); }
    [[gnu::always_inline]] static constexpr real with_sign_of(real x, real y) {
        return number(bits(y) | (bits(x) & sign_bit));
    }
    [[gnu::always_inline]] static constexpr halves split(real x) {
        const real high = number(bits(x) & upper_half_bits);
        return {high, x - high};
    }

    // Horner's rule, constant term first in `coefficients`.
    template <std::size_t count>
    [[gnu::always_inline]] static constexpr real polynomial(const std::array<float, count>& coefficients, real x) {
        return polynomial_from<0>(coefficients, x);
    }
    template <std::size_t first, std::size_t count>
    [[gnu::always_inline]] static constexpr real polynomial_from(const std::array<float, count>& coefficients, real x) {
        if constexpr (first + 1 == count) {
            return coefficients[first];
        } else {
            return polynomial_from<first + 1>(coefficients, x) * x + coefficients[first];
        }
    }

    // ------------------------------------------------------------------------------------------------- division

    [[gnu::always_inline]] static constexpr unpacked unpack(real x) {
        const flag is_subnormal = bits(x) < smallest_normal_pattern;
        const real normal = select(is_subnormal, x * 0x1p24F, x);
        const word exponent = Machine::template shift_right<23>(bits(normal)) - select(is_subnormal, 24U, 0U);
        return {number((bits(normal) & mantissa_bits) | one_pattern), exponent};
    }

    // 1/x for a normal x, the error 2^-17 of it: two steps of Newton's.
    [[gnu::always_inline]] static constexpr real rough_reciprocal(real x) {
        const real y0 = number(word(constants::reciprocal_seed) - bits(x));
        const real y1 = y0 * (2.0F - x * y0);
        return y1 * (2.0F - x * y1);
    }

    // One more step, which ends in a sum: within a unit of the last place.
    [[gnu::always_inline]] static constexpr real near_reciprocal(real x) {
        const real y = rough_reciprocal(x);
        return y + y * (1.0F - x * y);
    }

    // x - y (z.high + z.low). Exact if y z is within a unit of the last place of x.
    [[gnu::always_inline]] static constexpr real remainder(real x, halves y, halves z) {
        return (((x - y.high * z.high) - y.high * z.low) - y.low * z.high) - y.low * z.low;
    }

    // a / b, correctly rounded, for magnitudes.
    [[gnu::always_inline]] static constexpr real divide_magnitudes(real a, real b) {
        const auto [a_significand, a_exponent] = unpack(a);
        const auto [y, b_exponent] = unpack(b);
        const flag is_less = a_significand < y;
        const real x = select(is_less, a_significand + a_significand, a_significand);
        const word exponent = (a_exponent - b_exponent) + select(is_less, 126U, 127U);
        // 1 <= x/y < 2, and q is x/y with an error below one unit: 12 bits first, then the rest of them.
        const halves divisor = split(y);
        const real reciprocal = rough_reciprocal(y);
        const real first = number(bits(x * reciprocal) & upper_half_bits);
        const real q = first + ((x - first * divisor.high) - first * divisor.low) * reciprocal;
        const real rest = remainder(x, split(q), divisor);  // x - q y, exact
        const word finite = round_quotient(q, rest, y, exponent);
        const word limited = select(word(254U) < exponent, word(infinity_pattern), finite);
        return handle_special_division(a, b, number(limited));
    }

    // The pattern of (q + rest/y) 2^(exponent - 127), correctly rounded, subnormal results included.
    [[gnu::always_inline]] static constexpr word round_quotient(real q, real rest, real y, word exponent) {
        // To a grid of 2^(1 - exponent) units for a subnormal result: a sum with `shift` leaves just the bits to keep.
        const word least = select(exponent < lowest_exponent, lowest_exponent, exponent);
        const flag is_subnormal = least < 1U;
        const word shift_pattern = Machine::template shift_left<23>(word(128U) - least);
        const real shift = number(select(is_subnormal, shift_pattern, word(0U)));
        const real half_grid = select(is_subnormal, shift * 0x1p-24F, 0x1p-24F);
        const real kept = q + shift;
        const real dropped = q - (kept - shift);
        // dropped + rest/y beyond half of the grid: one more or one less.
        const flag is_above = (half_grid - dropped) * y < rest;
        const flag is_below = rest + (half_grid + dropped) * y < 0.0F;
        const word rounded = (bits(kept) + select(is_above, 1U, 0U)) - select(is_below, 1U, 0U);
        return rounded - select(is_subnormal, shift_pattern, shift_pattern - smallest_normal_pattern);
    }

    // The quotient if a or b is zero, infinite or NaN: a product with zero, one or infinity in the place of 1/b.
    [[gnu::always_inline]] static constexpr real handle_special_division(real a, real b, real quotient) {
        const real inverse = select(b == 0.0F, infinity, select(b == infinity, 0.0F, 1.0F));
        const real special = select(word(infinity_pattern) < bits(b), b, a * inverse);
        return select(is_special(a) || is_special(b), special, quotient);
    }

    // Zero, infinite or NaN, for a magnitude.
    [[gnu::always_inline]] static constexpr flag is_special(real x) {
        return word(infinity_pattern - 2) < (bits(x) - 1U) || bits(x) == 0U;
    }

    // ----------------------------------------------------------------------------------------------- square roots

    // Far enough from the smallest normal for the low part of a residual.
    [[gnu::always_inline]] static constexpr scaled_operand scale_up(real x) {
        const flag is_small = x < 0x1p-60F;
        return {select(is_small, x * 0x1p96F, x), is_small};
    }

    // 1/sqrt(x), the error 2^-8.6 of it: one step of Newton's.
    [[gnu::always_inline]] static constexpr real rough_root(real x) {
        const real y = number(word(constants::reciprocal_square_root_seed) - Machine::template shift_right<1>(bits(x)));
        return y * (1.5F - ((x * 0.5F) * y) * y);  // y * y might underflow
    }

    // 1/sqrt(x) as h + h (e/2 + 3/8 e^2 + 5/16 e^3), where h has 12 bits and e = 1 - x h^2 is nearly exact.
    [[gnu::always_inline]] static constexpr real refined_root(real x) {
        const real h = number(bits(rough_root(x)) & upper_half_bits);
        const auto [x_high, x_low] = split(x);
        const auto [p_high, p_low] = split(x_high * h);
        const real e = ((1.0F - p_high * h) - p_low * h) - (x_low * h) * h;
        return h + (h * e) * (((e * 0.3125F) + 0.375F) * e + 0.5F);
    }

    // sqrt(x), correctly rounded: a root with an error below one unit, and then the exact remainder decides.
    [[gnu::always_inline]] static constexpr real rounded_root(real x) {
        const real y = refined_root(x);
        const real first = number(bits(x * y) & upper_half_bits);
        const real half = (x - first * first) * (y * 0.5F);
        const real root = first + (half + (half * half) * (y * 0.5F));
        const halves s = split(root);
        const real rest = ((x - s.high * s.high) - (s.high + s.high) * s.low) - s.low * s.low;
        // The root is above root + unit/2 if rest > root unit + unit^2/4, where all but the last are multiples of
        // unit^2. Rounding may have taken the root to a power of two from below, so the unit is that of `first`.
        const real limit = root * (number(bits(first) & infinity_pattern) * 0x1p-23F);
        const flag is_above = limit < rest;
        const flag is_not_below = 0.0F < rest + limit;
        return number((bits(root) + select(is_above, 1U, 0U)) - select(is_not_below, 0U, 1U));
    }

    // ----------------------------------------------------------------------------------------------- exponentials

    // exp x for |x| <= 104 as p 2^k with sqrt(1/2) <= p <= sqrt(2), about.
    [[gnu::always_inline]] static constexpr scaled_exponential reduced_exponential(real x) {
        const real magic = x * constants::log2_e + integer_magic;
        const real nearest = magic - integer_magic;
        const real r = (x - nearest * constants::ln2_high) - nearest * constants::ln2_low;
        const real p = (r + (r * r) * polynomial(constants::exponential, r)) + 1.0F;
        return {p, bits(magic) - std::bit_cast<std::uint32_t>(integer_magic)};
    }

    // p 2^k where that is normal.
    [[gnu::always_inline]] static constexpr real scale_by(real p, word k) {
        return number(bits(p) + Machine::template shift_left<23>(k));
    }
};

}  // namespace d1::numerics::sequence
