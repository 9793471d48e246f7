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
    return mantissa * power_of_two(rules.denormals == cfloat_denormals::printed ? -bias : 1 - bias);
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

    [[nodiscard]] result nearest(const rational& value) const {
        const auto [below, place] = find(value);
        const bool up = place > rational(1, 2) || (place == rational(1, 2) && below % 2 == 1);
        return finish(value, below + (up ? 1 : 0));
    }

    /// Up where the first 32 bits of the place between the neighbours, the last one set if more follow, and the random
    /// word make 2^32.
    [[nodiscard]] result stochastic(const rational& value, std::uint32_t random) const {
        const auto [below, place] = find(value);
        return finish(value, below + (fraction_of(place) + random >= std::uint64_t{1} << 32 ? 1 : 0));
    }

    /// 32 bits of the place between the neighbours.
    [[nodiscard]] std::uint64_t fraction(const rational& value) const { return fraction_of(find(value).place); }

  private:
    struct position {
        std::uint32_t
            below;       ///< the code of the largest value that is not above; one more than the largest is there too
        rational place;  ///< between it and the next, 0 to below 1
    };

    // The values go on beyond the largest as if there were one more exponent, so that its rounding is defined.
    [[nodiscard]] position find(const rational& value) const {
        const auto above = std::upper_bound(values_.begin(), values_.end(), value);
        const auto below = static_cast<std::uint32_t>(above - values_.begin()) - 1;
        if (below < largest()) return {below, (value - values_[below]) / (values_[below + 1] - values_[below])};
        const rational unit = values_[below] - values_[below - 1];
        if (value - values_[below] >= unit) return {largest() + 1, 0};
        return {below, (value - values_[below]) / unit};
    }

    [[nodiscard]] static std::uint64_t fraction_of(const rational& place) {
        const rational scaled = place * power_of_two(32);
        const cpp_int whole = numerator(scaled) / denominator(scaled);
        return whole.convert_to<std::uint64_t>() | (scaled != whole ? 1 : 0);
    }

    [[nodiscard]] result finish(const rational& value, std::uint32_t code) const {
        result r{code};
        if (flushes_ && code < smallest_normal_) r.code = 0;
        if (code > largest()) r = {largest(), true};
        r.underflow = r.code < smallest_normal_ && values_[r.code] != value;
        return r;
    }

    bool flushes_;
    std::uint32_t smallest_normal_ = 0;
    std::vector<rational> values_;
};

}  // namespace d1::numerics::test
