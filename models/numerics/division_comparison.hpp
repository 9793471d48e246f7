#pragma once
// Division against the host's, for tests.

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "models/numerics/functions.hpp"
#include "models/numerics/host_comparison.hpp"
#include "models/numerics/test_patterns.hpp"

namespace d1::numerics::test {

inline void expect_divisions_as_host(const std::vector<float>& a, const std::vector<float>& b) {
    for (const bool keep : {true, false}) {
        std::vector<float> quotients = a;
        evaluate_each(elementary_function::divide, quotients, b, {.keep_subnormals = keep});
        for (std::size_t i = 0; i < a.size(); ++i) {
            const std::uint32_t expected =
                on_host([](float x, float y) { return x / y; }, std::bit_cast<std::uint32_t>(a[i]),
                        std::bit_cast<std::uint32_t>(b[i]), keep);
            ASSERT_EQ(std::bit_cast<std::uint32_t>(quotients[i]), expected)
                << std::hexfloat << a[i] << " / " << b[i] << " keep " << keep;
        }
    }
}

inline void expect_division_as_host(float a, float b) {
    expect_divisions_as_host({a}, {b});
}

// `pair`(i) gives the i-th dividend and divisor.
template <class Pair>
void compare_divisions_with_host(std::uint64_t count, Pair pair) {
    constexpr std::uint64_t chunk = 4096;
    std::vector<float> a, b;
    for (std::uint64_t first = 0; first < count; first += chunk) {
        a.clear(), b.clear();
        for (std::uint64_t i = first; i < first + chunk && i < count; ++i) {
            const auto [dividend, divisor] = pair(i);
            a.push_back(dividend), b.push_back(divisor);
        }
        expect_divisions_as_host(a, b);
        if (testing::Test::HasFatalFailure()) return;
    }
}

inline void compare_random_divisions_with_host(std::uint64_t seed, std::uint64_t pairs_per_class) {
    for (const pattern_class kind : all_classes) {
        SCOPED_TRACE(testing::Message() << "seed " << seed << " class " << static_cast<int>(kind));
        compare_divisions_with_host(pairs_per_class, [&](std::uint64_t i) {
            const auto random = [&](std::uint64_t which) {
                return counter_random(seed, static_cast<std::uint64_t>(kind), 2 * i + which);
            };
            return std::pair(std::bit_cast<float>(pattern(kind, random(0))),
                             std::bit_cast<float>(pattern(kind, random(1))));
        });
        if (testing::Test::HasFatalFailure()) return;
    }
}

/// Quotients as close as can be to half way between two results, and exactly there: a dividend near m times the
/// divisor, where m is half way between two normal numbers, or between two subnormal ones at the end of the range.
inline void compare_hard_divisions_with_host(std::uint64_t seed, std::uint64_t pairs) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    compare_divisions_with_host(pairs, [seed](std::uint64_t i) {
        const std::uint64_t random = counter_random(seed, 1, i);
        const std::uint64_t more = counter_random(seed, 2, i);
        const auto divisor_bits = static_cast<int>(more >> 8 & 31) % 24 + 1;  // few: then the product is exact, a tie
        const double divisor =
            std::ldexp(1.0, divisor_bits - 1) + static_cast<double>(random & ((1U << (divisor_bits - 1)) - 1));
        const bool is_subnormal = (more >> 20 & 1) != 0;
        const int result_bits = is_subnormal ? static_cast<int>(more >> 21 & 31) % 24 : 24;
        const double half =
            std::ldexp(1.0, result_bits) + static_cast<double>(random >> 32 & ((1U << result_bits) - 1));
        const double middle = 2 * std::floor(half / 2) + 1;  // odd, a bit more than the result can have
        const auto product = static_cast<float>(middle * divisor);
        const auto near =
            std::bit_cast<float>(std::bit_cast<std::uint32_t>(product) + static_cast<std::uint32_t>(more & 3) - 1);
        // middle 2^-150 is half way between subnormals; a normal quotient may be anywhere.
        const int down = is_subnormal ? 150 : static_cast<int>(more >> 32 & 127);
        const int divisor_scale = static_cast<int>(more >> 40 & 63);
        return std::pair(std::ldexp(near, divisor_scale - down),
                         static_cast<float>(std::ldexp(divisor, divisor_scale)));
    });
}

}  // namespace d1::numerics::test
