#pragma once

#include <cstdint>

#include "models/numerics/counter_random.hpp"

namespace d1::numerics {

/// Which neighbour a value that lies between two representable ones becomes.
///   nearest     the nearer one; of two equally near ones that with the even code
///   stochastic  the upper one (away from zero) with a probability equal to the value's place between the two, so that
///               the mean over many random words is the value
enum class rounding_mode : std::uint8_t { nearest, stochastic };

/// How the elements of one destination are rounded.
///
/// The random word of element i of the destination is the upper half of counter_random(seed, key, first_index + i),
/// the seed being arithmetic::rounding_seed: 32 random bits. A value rounds up where the random word plus the first 32
/// bits of the fraction that would be cut off carries; the last of those bits is set if anything below it is. So the
/// probability is right to 2^-32 of the distance between the neighbours, exact from FP32 to every format's normal
/// numbers, and a value that is representable never changes. Who rounds, when and in which order changes nothing:
/// kernels make key and index those of the tensor and its element.
struct rounding {
    rounding_mode mode = rounding_mode::nearest;
    std::uint64_t key = 0;
    std::uint64_t first_index = 0;

    friend constexpr bool operator==(rounding, rounding) = default;
};

/// The random word of an element.
[[nodiscard]] constexpr std::uint32_t rounding_word(std::uint64_t seed, rounding how, std::uint64_t element) {
    return static_cast<std::uint32_t>(counter_random(seed, how.key, how.first_index + element) >> 32);
}

/// What conversions had to report (CFP p. 9); sticky: joined by |=.
struct status_flags {
    bool invalid = false;    ///< a NaN, or a value below zero for a format without sign
    bool denormal = false;   ///< a denormal operand
    bool overflow = false;   ///< a result beyond the largest value, infinity included
    bool underflow = false;  ///< a result below the smallest normal value that is not exact

    constexpr status_flags& operator|=(status_flags other) {
        invalid |= other.invalid;
        denormal |= other.denormal;
        overflow |= other.overflow;
        underflow |= other.underflow;
        return *this;
    }
    friend constexpr bool operator==(status_flags, status_flags) = default;
};

}  // namespace d1::numerics
