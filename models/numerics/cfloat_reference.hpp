#pragma once
// The CFloat formats by their definition, in rational numbers, for tests: every value from its fields, rounding by
// looking for the neighbours. Shares nothing with the code under test.

#include <algorithm>
#include <bit>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/number_format.hpp"

namespace d1::numerics::test {

using boost::multiprecision::cpp_int;
using rational = boost::multiprecision::cpp_rational;

inline rational power_of_two(int exponent) {
    const cpp_int power = cpp_int(1) << std::abs(exponent);
    return exponent < 0 ? rational(1, power) : rational(power);
}

inline rational exact(float value) {
    int exponent = 0;
    const float fraction = std::frexp(value, &exponent);
    return rational(static_cast<std::int64_t>(std::ldexp(fraction, 24))) * power_of_two(exponent - 24);
}

/// The nearest float of a rational that a float can hold exactly, or that lies within its range.
inline float float_of(const rational& value) {
    return static_cast<float>(value.convert_to<double>());
}

struct cfloat_fields {
    std::uint32_t exponent_bits = 0;
    std::uint32_t mantissa_bits = 0;
    bool is_signed = true;
};

inline cfloat_fields fields_of(number_format format) {
    switch (format) {
        case number_format::cfp8_143:
            return {4, 3, true};
        case number_format::cfp8_152:
            return {5, 2, true};
        case number_format::cfp16_shp:
            return {5, 10, true};
        default:
            return {6, 10, false};
    }
}

/// What a code without sign stands for, by the text of the paper.
inline rational value_of(element_type type, std::uint32_t code, arithmetic rules) {
    const cfloat_fields f = fields_of(type.format);
    const int bias = type.format == number_format::cfp16_uhp ? 31 : type.bias;
    const int exponent = static_cast<int>(code >> f.mantissa_bits);
    const rational mantissa(code & ((1U << f.mantissa_bits) - 1), 1U << f.mantissa_bits);
    if (exponent > 0) return (1 + mantissa) * power_of_two(exponent - bias);
    if (type.format == number_format::cfp16_uhp && !rules.keep_uhp_denormals) return 0;
    return mantissa * power_of_two(rules.cfloat_denormals == denormal_reading::printed ? -bias : 1 - bias);
}

/// All values of a type without sign, by code.
class value_table {
  public:
    value_table(element_type type, arithmetic rules)
        : flushes_(type.format == number_format::cfp16_uhp && !rules.keep_uhp_denormals) {
        const cfloat_fields f = fields_of(type.format);
        smallest_normal_ = 1U << f.mantissa_bits;
        rules.keep_uhp_denormals = true;  // rounding looks at the denormals first
        for (std::uint32_t code = 0; code >> (f.exponent_bits + f.mantissa_bits) == 0; ++code) {
            values_.push_back(value_of(type, code, rules));
        }
    }

    [[nodiscard]] const std::vector<rational>& values() const { return values_; }
    [[nodiscard]] std::uint32_t largest() const { return static_cast<std::uint32_t>(values_.size()) - 1; }
    [[nodiscard]] std::uint32_t smallest_normal() const { return smallest_normal_; }

    /// The code of a magnitude, and whether it was clamped.
    struct result {
        std::uint32_t code = 0;
        bool overflow = false;
        bool underflow = false;
    };

    /// Where a magnitude lies between its neighbours. The values go on beyond the largest as if there were one more
    /// exponent, so that rounding is defined there.
    struct position {
        rational value;
        std::uint32_t below;  ///< the code of the largest value that is not above, at most one more than the largest
        rational place;       ///< between it and the next, 0 to below 1

        /// The first 32 bits of the place, the last of them set if more follow.
        [[nodiscard]] std::uint64_t fraction() const {
            const rational scaled = place * power_of_two(32);
            const cpp_int whole = numerator(scaled) / denominator(scaled);
            return whole.convert_to<std::uint64_t>() | (scaled != whole ? 1 : 0);
        }
    };
    [[nodiscard]] position find(const rational& value) const {
        const auto above = std::upper_bound(values_.begin(), values_.end(), value);
        const auto below = static_cast<std::uint32_t>(above - values_.begin()) - 1;
        const rational distance = value - values_[below];
        if (below < largest()) return {value, below, distance / (values_[below + 1] - values_[below])};
        const rational unit = values_[below] - values_[below - 1];
        if (distance >= unit) return {value, largest() + 1, 0};
        return {value, below, distance / unit};
    }

    [[nodiscard]] result nearest(const position& at) const {
        const rational half(1, 2);
        return finish(at, at.place > half || (at.place == half && at.below % 2 == 1));
    }

    /// Up where the fraction and the random word make 2^32.
    [[nodiscard]] result stochastic(const position& at, std::uint32_t random) const {
        return finish(at, at.fraction() + random >= std::uint64_t{1} << 32);
    }

  private:
    [[nodiscard]] result finish(const position& at, bool up) const {
        const std::uint32_t code = at.below + (up ? 1 : 0);
        result r{code};
        if (flushes_ && code < smallest_normal_) r.code = 0;
        if (code > largest()) r = {largest(), true};
        r.underflow = r.code < smallest_normal_ && values_[r.code] != at.value;
        return r;
    }

    bool flushes_;
    std::uint32_t smallest_normal_ = 0;
    std::vector<rational> values_;
};

}  // namespace d1::numerics::test
