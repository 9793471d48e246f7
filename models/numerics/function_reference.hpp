#pragma once
// The elementary functions by the C library in double precision, and errors against them, for tests.

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "models/numerics/functions.hpp"
#include "models/numerics/number_format.hpp"

namespace d1::numerics::test {

/// Far more exact than FP32, though not correctly rounded itself.
inline double reference(elementary_function function, double a, double b = 0) {
    switch (function) {
        case elementary_function::divide:
            return a / b;
        case elementary_function::reciprocal:
            return 1 / a;
        case elementary_function::square_root:
            return std::sqrt(a);
        case elementary_function::reciprocal_square_root:
            return 1 / std::sqrt(a);
        case elementary_function::exponential:
            return std::exp(a);
        case elementary_function::logarithm:
            return std::log(a);
        case elementary_function::hyperbolic_tangent:
            return std::tanh(a);
        case elementary_function::error_function:
            return std::erf(a);
    }
    return 0;
}

/// Whether the function grows (1) or falls (-1) from an operand of this pattern to the next in its half of the
/// patterns.
inline int direction(elementary_function function, std::uint32_t pattern) {
    const bool falls =
        function == elementary_function::reciprocal || function == elementary_function::reciprocal_square_root;
    return (falls ? -1 : 1) * (pattern >> 31 == 0 ? 1 : -1);
}

inline constexpr double beyond_fp32 = 0x1p128;

/// |result - exact| in units of the last place of `exact`, as FP32 with subnormals would have it. Infinity counts as
/// 2^128, which is what it is rounded from at least.
inline double error_in_ulp(float result, double exact) {
    const auto bounded = [](double x) { return std::fabs(x) > beyond_fp32 ? std::copysign(beyond_fp32, x) : x; };
    const double magnitude = std::fabs(exact) < 0x1.FFFFFFp127 ? std::fabs(exact) : 0x1.FFFFFFp127;
    const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(magnitude) >> 52) - 1023;
    const int unit = (exponent < -126 ? -126 : exponent) - 23;
    const double per_unit = std::bit_cast<double>(static_cast<std::uint64_t>(1023 - unit) << 52);
    return std::fabs(bounded(result) - bounded(exact)) * per_unit;
}

/// What a sequence does over many operands, in the order of their patterns.
struct measured_function {
    elementary_function function{};
    bool keep_subnormals = true;
    double worst_error = 0;
    std::uint32_t worst_operand = 0;
    std::uint64_t descents = 0;     ///< neighbours between which it goes the wrong way
    std::uint64_t differences = 0;  ///< zeros, infinities and NaN that the reference does not have, or the other way
    std::uint32_t last_difference = 0;
    float previous = std::bit_cast<float>(canonical_nan_fp32);

    /// `patterns` ascending, all of one sign.
    void add(std::span<const std::uint32_t> patterns) {
        std::vector<float> values(patterns.size());
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::bit_cast<float>(patterns[i]);
        evaluate_each(function, values, {}, {.keep_subnormals = keep_subnormals});
        for (std::size_t i = 0; i < values.size(); ++i) add(patterns[i], values[i]);
    }

    void add(std::uint32_t pattern, float result) {
        const float operand = std::bit_cast<float>(pattern);
        const double exact = reference(function, keep_subnormals ? operand : flush_subnormal(operand));
        if (!is_kind_right(result, exact)) {
            ++differences;
            last_difference = pattern;
        } else if (std::isfinite(exact)) {
            note_error(pattern, result, exact);
        }
        if (static_cast<float>(direction(function, pattern)) * (result - previous) < 0) ++descents;
        previous = result;
    }

  private:
    void note_error(std::uint32_t pattern, float result, double exact) {
        const bool may_be_flushed = !keep_subnormals && std::fabs(exact) < 0x1p-126;
        const double error = may_be_flushed && result == 0 ? 0 : error_in_ulp(result, exact);
        if (error <= worst_error) return;
        worst_error = error;
        worst_operand = pattern;
    }

    // NaN and infinities where the reference has them, a NaN canonical, the sign right also for zeros, nothing
    // subnormal if flushed.
    [[nodiscard]] bool is_kind_right(float result, double exact) const {
        if (std::isnan(exact)) return std::bit_cast<std::uint32_t>(result) == canonical_nan_fp32;
        if (std::isinf(exact) && !std::isinf(result)) return std::fabs(result) == beyond_fp32;
        if (!keep_subnormals && flush_subnormal(result) != result) return false;
        return !std::isnan(result) && std::signbit(result) == std::signbit(exact);
    }
};

}  // namespace d1::numerics::test
