#include "models/numerics/functions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "models/numerics/dispatch.hpp"
#include "models/numerics/division_comparison.hpp"
#include "models/numerics/function_reference.hpp"
#include "models/numerics/function_table.hpp"
#include "models/numerics/test_patterns.hpp"
#include "models/reporting/sanitized.hpp"

namespace d1::numerics {
namespace {

using enum elementary_function;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();
constexpr float least = std::numeric_limits<float>::denorm_min();
constexpr float least_normal = std::numeric_limits<float>::min();
constexpr float greatest = std::numeric_limits<float>::max();
constexpr arithmetic flush{.keep_subnormals = false};

std::uint32_t bits_of(float value) {
    return std::bit_cast<std::uint32_t>(value);
}

// Every 8191st pattern, which is prime (with sanitizers every 65521st), and all within 64 of a border: of a binade, of
// a range, of a function's pieces; and where the documented worst errors are.
std::vector<std::uint32_t> sample_patterns(std::uint32_t sign) {
    std::vector<std::uint32_t> result;
    constexpr std::uint32_t step = is_sanitized ? 65521 : 8191;
    for (std::uint32_t pattern = 0; pattern <= 0x7FFF'FFFF; pattern += step) result.push_back(pattern);
    for (std::uint32_t exponent = 0; exponent <= 255; ++exponent) {
        for (std::uint32_t i = 0; i < 64; ++i) {
            result.push_back(exponent << 23 | i);
            result.push_back((exponent << 23 | 0x7F'FFFF) - i);
        }
    }
    for (const float border : {0.625F, 0.90625F, 4.0F, 9.0F, 10.0F, 87.33655F, 88.72284F, 89.0F, 103.97208F, 104.0F,
                               0.34657359F, 0.70710677F, 1.4142135F, 0x1p-60F, 3.8325F}) {
        for (std::uint32_t i = 0; i < 128; ++i) result.push_back(bits_of(border) - 64 + i);
    }
    for (const function_record& r : function_records) result.push_back(r.worst_operand & 0x7FFF'FFFF);
    std::sort(result.begin(), result.end());
    for (std::uint32_t& pattern : result) pattern |= sign;
    return result;
}

TEST(elementary_function, is_within_its_documented_error_of_the_exact_result_and_monotonic) {
    for (const function_record& r : function_records) {
        if (r.function == divide) continue;
        for (const bool keep : {true, false}) {
            SCOPED_TRACE(testing::Message() << r.name << " keep " << keep);
            test::measured_function measured{.function = r.function, .keep_subnormals = keep};
            measured.add(sample_patterns(0));
            measured.add(sample_patterns(0x8000'0000));
            EXPECT_EQ(std::ceil(measured.worst_error * 1000) / 1000, r.worst_error)
                << std::hex << measured.worst_operand;
            EXPECT_EQ(measured.differences, 0U) << std::hex << measured.last_difference;
            EXPECT_LE(measured.descents, r.descents);
        }
    }
}

struct exact_case {
    elementary_function function;
    float operand;
    float result;
};

TEST(elementary_function, has_the_special_values_of_ieee_754) {
    const std::array cases{
        exact_case{reciprocal, 0, inf},
        exact_case{reciprocal, -0.0F, -inf},
        exact_case{reciprocal, inf, 0},
        exact_case{reciprocal, -inf, -0.0F},
        exact_case{reciprocal, 0x1p-128F, inf / 1},
        exact_case{reciprocal, 0x1.000008p-128F, 0x1.FFFFFp127F},
        exact_case{reciprocal, 0x1p127F, 0x1p-127F},
        exact_case{square_root, 0, 0},
        exact_case{square_root, -0.0F, -0.0F},
        exact_case{square_root, inf, inf},
        exact_case{square_root, -least, quiet_nan},
        exact_case{square_root, -inf, quiet_nan},
        exact_case{reciprocal_square_root, 0, inf},
        exact_case{reciprocal_square_root, -0.0F, -inf},
        exact_case{reciprocal_square_root, inf, 0},
        exact_case{reciprocal_square_root, -least, quiet_nan},
        exact_case{reciprocal_square_root, -inf, quiet_nan},
        exact_case{reciprocal_square_root, 0x1p-148F, 0x1p74F},
        exact_case{exponential, 0, 1},
        exact_case{exponential, -0.0F, 1},
        exact_case{exponential, inf, inf},
        exact_case{exponential, -inf, 0},
        exact_case{exponential, 0x1.62E430p+6F, inf},              // above ln(2^128)
        exact_case{exponential, 0x1.62E42Ep+6F, 0x1.FFFF08p127F},  // below it
        exact_case{exponential, -0x1.9D1DA0p+6F, least},
        exact_case{exponential, -0x1.9FE36Ap+6F, 0},  // below ln(2^-150)
        exact_case{logarithm, 1, 0},
        exact_case{logarithm, 0, -inf},
        exact_case{logarithm, -0.0F, -inf},
        exact_case{logarithm, inf, inf},
        exact_case{logarithm, -inf, quiet_nan},
        exact_case{logarithm, -least, quiet_nan},
        exact_case{logarithm, -1, quiet_nan},
        exact_case{logarithm, least, -0x1.9D1DA0p+6F},
        exact_case{hyperbolic_tangent, 0, 0},
        exact_case{hyperbolic_tangent, -0.0F, -0.0F},
        exact_case{hyperbolic_tangent, inf, 1},
        exact_case{hyperbolic_tangent, -inf, -1},
        exact_case{hyperbolic_tangent, least, least},
        exact_case{error_function, 0, 0},
        exact_case{error_function, -0.0F, -0.0F},
        exact_case{error_function, inf, 1},
        exact_case{error_function, -inf, -1},
        exact_case{error_function, least, least},
        exact_case{error_function, -3 * least, -3 * least},  // 1.128 times 3 units
        exact_case{error_function, 7 * least, 8 * least},
    };
    for (const exact_case& c : cases) {
        const float result = evaluate(c.function, c.operand);
        EXPECT_EQ(bits_of(result), bits_of(c.result)) << record(c.function).name << ' ' << c.operand << ": " << result;
    }
    for (const function_record& r : function_records) {
        for (const std::uint32_t pattern : {0x7FC0'0000U, 0xFFC0'0000U, 0x7F80'0001U, 0xFFFF'FFFFU}) {
            const auto any_nan = std::bit_cast<float>(pattern);
            EXPECT_EQ(bits_of(evaluate(r.function, any_nan, 1)), canonical_nan_fp32) << r.name;
        }
    }
}

TEST(elementary_function, of_a_power_of_two_is_exact_where_the_result_is_one) {
    for (int exponent = -149; exponent <= 127; ++exponent) {
        const float x = std::ldexp(1.0F, exponent);
        const float inverse = exponent < -127 ? inf : std::ldexp(1.0F, -exponent);
        EXPECT_EQ(evaluate(reciprocal, x), inverse) << exponent;
        EXPECT_EQ(evaluate(reciprocal, -x), -inverse) << exponent;
        if (exponent % 2 != 0) continue;
        EXPECT_EQ(evaluate(square_root, x), std::ldexp(1.0F, exponent / 2)) << exponent;
        EXPECT_EQ(evaluate(reciprocal_square_root, x), std::ldexp(1.0F, -exponent / 2)) << exponent;
    }
}

TEST(elementary_function, tanh_and_erf_are_odd) {
    for (const std::uint32_t pattern : sample_patterns(0)) {
        const auto x = std::bit_cast<float>(pattern);
        if (std::isnan(x)) continue;
        for (const elementary_function f : {hyperbolic_tangent, error_function}) {
            ASSERT_EQ(bits_of(evaluate(f, -x)), bits_of(evaluate(f, x)) ^ 0x8000'0000) << record(f).name << ' ' << x;
        }
    }
}

TEST(square_root_and_reciprocal, equal_the_host_on_a_sample) {
    for (const std::uint32_t pattern : sample_patterns(0)) {
        const auto x = std::bit_cast<float>(pattern);
        if (std::isnan(x)) continue;
        ASSERT_EQ(bits_of(evaluate(square_root, x)), bits_of(std::sqrt(x))) << x;
        ASSERT_EQ(bits_of(evaluate(reciprocal, x)), bits_of(1 / x)) << x;
    }
}

TEST(division, equals_the_host_on_pairs_of_all_classes) {
    test::compare_random_divisions_with_host(1, 100'000);
}

TEST(division, equals_the_host_next_to_ties_and_on_them) {
    test::compare_hard_divisions_with_host(2, 300'000);
}

TEST(division, has_the_special_values_of_ieee_754) {
    const std::array operands{0.0F,     least, 3 * least, least_normal, 1.0F,     1.5F,
                              greatest, inf,   quiet_nan, 0x1.0p-127F,  0x1p127F, 0x1.FFFFFEp-127F};
    for (const float a : operands) {
        for (const float b : operands) {
            for (const float sign : {1.0F, -1.0F}) {
                test::expect_division_as_host(a * sign, b);
                test::expect_division_as_host(a, b * sign);
                test::expect_division_as_host(a * sign, b * sign);
            }
        }
    }
}

TEST(division, by_one_and_by_itself_is_exact) {
    for (const std::uint32_t pattern : sample_patterns(0)) {
        const auto x = std::bit_cast<float>(pattern);
        if (!std::isfinite(x) || x == 0) continue;
        ASSERT_EQ(evaluate(divide, x, 1), x);
        ASSERT_EQ(evaluate(divide, x, x), 1) << x;
        ASSERT_EQ(evaluate(divide, x, -x), -1) << x;
    }
}

TEST(elementary_function, flushes_subnormal_operands_and_results_if_told_so) {
    EXPECT_EQ(bits_of(evaluate(divide, 1, 0x1p127F, flush)), 0U);
    EXPECT_EQ(bits_of(evaluate(divide, -1, 0x1p127F, flush)), 0x8000'0000U);
    EXPECT_EQ(evaluate(divide, least_normal, 1, flush), least_normal);
    EXPECT_EQ(evaluate(divide, 0x1.FFFFFEp-1F, 0x1p126F, flush), least_normal) << "rounded up to a normal number";
    EXPECT_EQ(evaluate(divide, 1, -0x1p-127F, flush), -inf);
    EXPECT_EQ(bits_of(evaluate(divide, 0x1p-127F, 0x1p-127F, flush)), canonical_nan_fp32);
    EXPECT_EQ(evaluate(reciprocal, 0x1p-127F, 0, flush), inf);
    EXPECT_EQ(evaluate(square_root, 0x1p-127F, 0, flush), 0);
    EXPECT_EQ(evaluate(reciprocal_square_root, -0x1p-127F, 0, flush), -inf);
    EXPECT_EQ(evaluate(logarithm, 0x1p-127F, 0, flush), -inf);
    EXPECT_EQ(evaluate(logarithm, -0x1p-127F, 0, flush), -inf);
    EXPECT_EQ(evaluate(exponential, -88, 0), 0x1.07B71p-127F) << "kept";
    EXPECT_EQ(evaluate(exponential, -88, 0, flush), 0);
    EXPECT_EQ(bits_of(evaluate(hyperbolic_tangent, -0x1p-127F, 0, flush)), 0x8000'0000U);
    EXPECT_EQ(bits_of(evaluate(error_function, -0x1p-127F, 0, flush)), 0x8000'0000U);
}

TEST(elementary_function, gives_the_same_bits_on_every_dispatch_target_and_one_at_a_time) {
    std::vector<float> a, b;
    for (const test::pattern_class kind : test::all_classes) {
        for (std::uint64_t i = 0; i < 1003; ++i) {  // not a multiple of any vector's lanes
            a.push_back(std::bit_cast<float>(test::pattern(kind, counter_random(7, 1, a.size()))));
            b.push_back(std::bit_cast<float>(test::pattern(kind, counter_random(7, 2, b.size()))));
        }
    }
    for (const std::string& target : dispatch_targets()) {
        const forced_dispatch_target forced(target);
        for (const function_record& r : function_records) {
            for (const bool keep : {true, false}) {
                std::vector<float> results = a;
                const std::span<const float> second = operand_count(r.function) == 2 ? b : std::span<const float>{};
                evaluate_each(r.function, results, second, {.keep_subnormals = keep});
                for (std::size_t i = 0; i < a.size(); ++i) {
                    const float one = evaluate(r.function, a[i], b[i], {.keep_subnormals = keep});
                    ASSERT_EQ(bits_of(results[i]), bits_of(one))
                        << target << ' ' << r.name << ' ' << a[i] << ' ' << b[i];
                }
            }
        }
    }
}

TEST(elementary_function, refuses_operands_that_do_not_fit) {
    std::vector<float> three(3), two(2);
    EXPECT_NO_THROW(evaluate_each(divide, three, std::vector<float>(3)));
    EXPECT_THROW(evaluate_each(divide, three, two), std::invalid_argument);
    EXPECT_THROW(evaluate_each(divide, three, {}), std::invalid_argument);
    EXPECT_THROW(evaluate_each(logarithm, two, three), std::invalid_argument);
    EXPECT_NO_THROW(evaluate_each(logarithm, {}, {}));
}

TEST(function_table, is_the_one_in_the_documentation) {
    std::ifstream file(std::string(D1_SOURCE_DIR) + "/docs/numerics.md");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_THAT(text, testing::HasSubstr("\n" + function_table() + "\n"))
        << "put the output of build/release/bin/function_table there";
}

}  // namespace
}  // namespace d1::numerics
