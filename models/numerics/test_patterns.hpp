#pragma once
// Operands for the tests of arithmetic: FP32 bit patterns, each class aimed at something that rounding can get wrong.

#include <array>
#include <cstdint>

#include "models/numerics/counter_random.hpp"

namespace d1::numerics::test {

enum class pattern_class : std::uint8_t {
    ordinary,     // close exponents: cancellation, carries, ties
    tiny,         // operands and products around and below the smallest normal
    border,       // normal products whose differences are subnormal
    huge,         // products and sums around the largest finite number
    any,          // all bit patterns
    special,      // signed zeros, infinities, NaN, ends of the normal and subnormal ranges, ones
    rare_special  // ordinary, one in 64 special
};

inline constexpr std::array all_classes{pattern_class::ordinary,    pattern_class::tiny, pattern_class::border,
                                        pattern_class::huge,        pattern_class::any,  pattern_class::special,
                                        pattern_class::rare_special};

inline std::uint32_t special_pattern(std::uint64_t random) {
    constexpr std::array<std::uint32_t, 16> magnitudes{
        0x0000'0000, 0x0000'0001, 0x0001'0000, 0x007F'FFFF, 0x007F'0000, 0x0080'0000, 0x0080'0001, 0x3F80'0000,
        0x3F80'0001, 0x3F7F'FFFF, 0x4B80'0000, 0x7F7F'0000, 0x7F7F'FFFF, 0x7F80'0000, 0x7F81'2345, 0x7FC0'0000};
    return magnitudes[random % magnitudes.size()] | (random >> 32 & 1 ? 0x8000'0000 : 0);
}

// A random sign and mantissa, often with most of its low bits zero so that exact ties come up, and an exponent field
// of first .. first + 2^bits - 1.
inline std::uint32_t pattern_with_exponent(std::uint64_t random, std::uint32_t first, std::uint32_t bits) {
    const std::uint32_t exponent = first + static_cast<std::uint32_t>(random >> 40 & ((1U << bits) - 1));
    const std::uint32_t mantissa_mask = (random >> 60) < 8 ? 0x7F'FFFF : 0x7F'0000;
    const auto low = static_cast<std::uint32_t>(random);
    return (low & 0x8000'0000) | exponent << 23 | (low & mantissa_mask);
}

inline std::uint32_t pattern(pattern_class kind, std::uint64_t random) {
    switch (kind) {
        case pattern_class::ordinary:
            return pattern_with_exponent(random, 124, 3);
        case pattern_class::tiny:
            return pattern_with_exponent(random, random >> 59 & 1 ? 48 : 0, 4);
        case pattern_class::border:
            return pattern_with_exponent(random, 63, 2);
        case pattern_class::huge:
            return pattern_with_exponent(random, random >> 57 & 7 ? 188 : 251, 2);
        case pattern_class::any:
            return static_cast<std::uint32_t>(random);
        case pattern_class::special:
            return special_pattern(random);
        case pattern_class::rare_special:
            break;
    }
    return random >> 50 & 63 ? pattern_with_exponent(random, 124, 3) : special_pattern(mix_bits(random));
}

}  // namespace d1::numerics::test
