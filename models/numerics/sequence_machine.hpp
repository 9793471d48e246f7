#pragma once
// What the sequences of elementary functions are written in: the FP32 and 32-bit integer operations of one SIMD lane.
// Each operator is one operation of the unit; a reinterpretation of bits, a constant, and what depends on constants
// alone are none. Everything is inlined into its caller, so that a loop over elements becomes vector code for the
// caller's instruction set.

#include <bit>
#include <concepts>
#include <cstdint>

#include "models/numerics/arithmetic.hpp"

namespace d1::numerics::sequence {

/// Counts nothing: for computing.
struct no_tally {
    template <std::same_as<no_tally>... Operands>
    [[gnu::always_inline]] static constexpr no_tally one_more(Operands...) {
        return {};
    }
};

/// Counts the operations on everything that grew from one input. Null: a constant.
struct operation_tally {
    std::uint32_t* count = nullptr;

    template <std::same_as<operation_tally>... Operands>
    static constexpr operation_tally one_more(Operands... operands) {
        operation_tally result;
        ((result.count = operands.count != nullptr ? operands.count : result.count), ...);
        if (result.count != nullptr) ++*result.count;
        return result;
    }
};

/// The types of one lane. If subnormals are not kept, FP32 operations flush operands and results (see arithmetic).
template <bool keep_subnormals, class Tally = no_tally>
struct machine {
    /// A comparison's result: all ones or all zeros.
    struct flag {
        std::uint32_t mask = 0;
        [[no_unique_address]] Tally tally{};

        [[gnu::always_inline]] constexpr flag(bool holds, Tally t) : mask(0U - std::uint32_t{holds}), tally(t) {}
        [[gnu::always_inline]] constexpr flag(std::uint32_t m, Tally t) : mask(m), tally(t) {}

        [[gnu::always_inline]] friend constexpr flag operator||(flag a, flag b) {
            return {a.mask | b.mask, Tally::one_more(a.tally, b.tally)};
        }
    };

    /// 32 bits. Sums and differences wrap; comparisons are signed.
    struct word {
        std::uint32_t value = 0;
        [[no_unique_address]] Tally tally{};

        constexpr word() = default;
        template <std::same_as<std::uint32_t> Constant>
        // NOLINTNEXTLINE(google-explicit-constructor): a constant stands in a sequence as it would in plain arithmetic
        [[gnu::always_inline]] constexpr word(Constant constant, Tally t = {}) : value(constant), tally(t) {}

        [[gnu::always_inline]] friend constexpr word operator+(word a, word b) {
            return {a.value + b.value, Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr word operator-(word a, word b) {
            return {a.value - b.value, Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr word operator&(word a, word b) {
            return {a.value & b.value, Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr word operator|(word a, word b) {
            return {a.value | b.value, Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr word operator^(word a, word b) {
            return {a.value ^ b.value, Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr flag operator<(word a, word b) {
            return {static_cast<std::int32_t>(a.value) < static_cast<std::int32_t>(b.value),
                    Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr flag operator==(word a, word b) {
            return {a.value == b.value, Tally::one_more(a.tally, b.tally)};
        }
    };

    /// FP32; each result is rounded to nearest even.
    struct real {
        float value = 0;
        [[no_unique_address]] Tally tally{};

        constexpr real() = default;
        template <std::same_as<float> Constant>
        // NOLINTNEXTLINE(google-explicit-constructor): as above
        [[gnu::always_inline]] constexpr real(Constant constant, Tally t = {}) : value(constant), tally(t) {}

        [[gnu::always_inline]] friend constexpr real operator+(real a, real b) {
            return {settle(a.value + b.value), Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr real operator-(real a, real b) {
            return {settle(a.value - b.value), Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr real operator*(real a, real b) {
            return {settle(a.value * b.value), Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr flag operator<(real a, real b) {
            return {a.value < b.value, Tally::one_more(a.tally, b.tally)};
        }
        [[gnu::always_inline]] friend constexpr flag operator==(real a, real b) {
            return {a.value == b.value, Tally::one_more(a.tally, b.tally)};
        }
    };

    template <unsigned places>
    [[gnu::always_inline]] static constexpr word shift_left(word a) {
        return {a.value << places, Tally::one_more(a.tally)};
    }
    template <unsigned places>
    [[gnu::always_inline]] static constexpr word shift_right(word a) {
        return {a.value >> places, Tally::one_more(a.tally)};
    }
    /// Copies of the sign come in from the left.
    template <unsigned places>
    [[gnu::always_inline]] static constexpr word shift_right_signed(word a) {
        return {static_cast<std::uint32_t>(static_cast<std::int32_t>(a.value) >> places), Tally::one_more(a.tally)};
    }

    // By masks, and not by a conditional expression, which compilers may turn into a branch.
    [[gnu::always_inline]] static constexpr word select(flag f, word yes, word no) {
        return {(yes.value & f.mask) | (no.value & ~f.mask), Tally::one_more(f.tally, yes.tally, no.tally)};
    }
    [[gnu::always_inline]] static constexpr real select(flag f, real yes, real no) {
        const word chosen = select(f, bits(yes), bits(no));
        return {std::bit_cast<float>(chosen.value), chosen.tally};
    }

    [[gnu::always_inline]] static constexpr word bits(real a) {
        return {std::bit_cast<std::uint32_t>(a.value), a.tally};
    }
    [[gnu::always_inline]] static constexpr real number(word a) {
        return {settle(std::bit_cast<float>(a.value)), a.tally};
    }

    [[gnu::always_inline]] static constexpr float settle(float value) {
        if constexpr (keep_subnormals) return value;
        const auto pattern = std::bit_cast<std::uint32_t>(value);
        const auto below = static_cast<std::int32_t>((pattern & 0x7FFF'FFFF) - 0x0080'0000) >> 31;  // a mask, no branch
        return std::bit_cast<float>(pattern & (0x8000'0000 | ~static_cast<std::uint32_t>(below)));
    }
};

}  // namespace d1::numerics::sequence
