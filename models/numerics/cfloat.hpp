#pragma once
// One element of the CFloat formats: the fields of a code, and rounding to them in integers.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/number_format.hpp"
#include "models/numerics/rounding.hpp"

namespace d1::numerics {

/// A finite magnitude, significand x 2^exponent, whose leading one is worth 2^top. Of zero, and of what is below every
/// normal number of the destination, top may be larger.
struct magnitude {
    std::uint64_t significand = 0;
    int exponent = 0;
    int top = 0;
};

/// The magnitude of a float that is not NaN. Infinity is 2^128.
[[nodiscard]] constexpr magnitude magnitude_of(float value) {
    const std::uint32_t pattern = std::bit_cast<std::uint32_t>(value) & 0x7FFF'FFFF;
    const std::uint32_t field = pattern >> 23;
    const int top = static_cast<int>(std::max(field, 1U)) - 127;
    return {(pattern & 0x7F'FFFF) | (field == 0 ? 0U : 0x80'0000U), top - 23, top};
}

/// The magnitude of an integer.
[[nodiscard]] constexpr magnitude magnitude_of(std::int64_t value) {
    const std::uint64_t whole = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    return {whole, 0, whole == 0 ? -126 : static_cast<int>(std::bit_width(whole)) - 1};
}

/// A fixed-point number of units of 2^unit, below 2^32 of them: 32 bits of fraction, the last of which is set if
/// anything below it is. Of a value beyond that the result means nothing.
[[nodiscard]] constexpr std::uint64_t in_units(const magnitude& value, int unit) {
    const int drop = unit - 32 - value.exponent;
    if (drop <= 0) return value.significand << std::min(-drop, 63);
    const std::uint64_t kept = value.significand >> std::min(drop, 63);
    return kept | (kept << std::min(drop, 63) != value.significand ? 1 : 0);
}

/// The integer that a fixed-point number of 32 fraction bits rounds to.
[[nodiscard]] constexpr std::uint64_t round_fixed_point(std::uint64_t value, rounding_mode mode, std::uint32_t random) {
    // Half a unit less the last bit, and one more if the kept part is odd, carries exactly when nearest even must.
    const std::uint64_t nearest = 0x7FFF'FFFF + (value >> 32 & 1);
    return (value + (mode == rounding_mode::nearest ? nearest : random)) >> 32;
}

/// A floating-point format without infinity and NaN: sign (or none), exponent field E, mantissa field M.
///   E > 0  1.M x 2^(E - bias), the largest E included
///   E = 0  0.M x 2^denormal_exponent, or 0 if there are no denormals; zero keeps its sign
/// All values must be normal numbers in FP32, or zero; so they are for the biases 0..63.
struct cfloat {
    int exponent_bits = 0;
    int mantissa_bits = 0;
    bool is_signed = true;
    int bias = 0;
    int denormal_exponent = 0;
    bool has_denormals = true;

    [[nodiscard]] constexpr int smallest_exponent() const { return 1 - bias; }
    [[nodiscard]] constexpr std::uint32_t smallest_normal() const { return 1U << mantissa_bits; }
    /// The code of the largest value; of the sign if there is one: this, plus 1.
    [[nodiscard]] constexpr std::uint32_t largest() const { return (1U << (exponent_bits + mantissa_bits)) - 1; }

    [[nodiscard]] constexpr bool is_denormal(std::uint32_t code) const {
        return (code & largest()) < smallest_normal() && (code & (smallest_normal() - 1)) != 0;
    }

    /// The value of a code; exact.
    [[nodiscard]] constexpr float decode(std::uint32_t code) const {
        const std::uint32_t fields = code & largest();
        const auto rebias = static_cast<std::uint32_t>(127 - bias) << 23;
        const std::uint32_t normal = (fields << (23 - mantissa_bits)) + rebias;
        const auto unit = static_cast<std::uint32_t>(denormal_exponent - mantissa_bits + 127) << 23;
        const float denormal = static_cast<float>(static_cast<std::int32_t>(fields)) * std::bit_cast<float>(unit);
        const std::uint32_t below = has_denormals ? std::bit_cast<std::uint32_t>(denormal) : 0;
        const std::uint32_t sign = code > largest() ? 0x8000'0000 : 0;
        return std::bit_cast<float>(sign | (fields < smallest_normal() ? below : normal));
    }

    /// A code and what it took to get there.
    struct result {
        std::uint32_t code = 0;
        bool overflow = false;
        bool underflow = false;
    };

    /// The code, without a sign, that a magnitude rounds to; beyond the largest value, that.
    [[nodiscard]] constexpr result encode(const magnitude& value, rounding_mode mode, std::uint32_t random) const {
        const bool is_normal = value.top >= smallest_exponent();
        const int unit = (is_normal ? value.top : denormal_exponent) - mantissa_bits;
        std::uint64_t units = in_units(value, unit);
        const bool inexact = static_cast<std::uint32_t>(units) != 0;
        if (!is_normal) units = across_the_gap(units);
        const int exponent_field = std::max(value.top, smallest_exponent()) - smallest_exponent();
        // The leading one of a normal number adds 1 to the exponent field; so does a carry out of the mantissa.
        std::uint64_t code =
            round_fixed_point(units, mode, random) + (static_cast<std::uint64_t>(exponent_field) << mantissa_bits);
        result r;
        r.underflow = code < smallest_normal() && inexact;
        if (!has_denormals && code < smallest_normal()) {
            r.underflow |= code != 0;
            code = 0;
        }
        r.overflow = code > largest();
        r.code = static_cast<std::uint32_t>(std::min<std::uint64_t>(code, largest()));
        return r;
    }

  private:
    /// As printed, 2^m - 1 units of the denormals are followed by the smallest normal at 2^(m + 1) of them. What lies
    /// between is scaled so that the gap is one unit wide, its ends being neighbours as their codes are.
    [[nodiscard]] constexpr std::uint64_t across_the_gap(std::uint64_t units) const {
        const std::uint64_t largest_denormal = std::uint64_t{smallest_normal() - 1} << 32;
        if (denormal_exponent == smallest_exponent() || units <= largest_denormal) return units;
        const std::uint64_t distance = units - largest_denormal;
        const std::uint64_t width = smallest_normal() + 1;
        return largest_denormal + (distance / width | (distance % width != 0 ? 1 : 0));
    }
};

/// The fields of a CFloat format as the rules have them. Throws std::logic_error for an integer format; bf16 and fp32
/// are described as far as their finite normal numbers go.
[[nodiscard]] cfloat cfloat_of(element_type type, arithmetic rules);

}  // namespace d1::numerics
