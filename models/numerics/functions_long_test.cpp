#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "models/numerics/division_comparison.hpp"
#include "models/numerics/function_reference.hpp"
#include "models/numerics/functions.hpp"

namespace d1::numerics {
namespace {

using enum elementary_function;

constexpr std::uint64_t all_patterns = 0x1'0000'0000;
constexpr std::uint32_t chunk = 0x1'0000;

// Calls with all FP32 patterns in ascending order, a chunk at a time, until a check has failed.
template <class Check>
void for_all_patterns(Check check) {
    std::vector<std::uint32_t> patterns(chunk);
    for (std::uint64_t first = 0; first < all_patterns && !testing::Test::HasFatalFailure(); first += chunk) {
        for (std::uint32_t i = 0; i < chunk; ++i) patterns[i] = static_cast<std::uint32_t>(first) + i;
        check(patterns);
    }
}

std::vector<float> values_of(const std::vector<std::uint32_t>& patterns) {
    std::vector<float> values(patterns.size());
    std::transform(patterns.begin(), patterns.end(), values.begin(), [](auto p) { return std::bit_cast<float>(p); });
    return values;
}

class every_operand : public testing::TestWithParam<elementary_function> {};

TEST_P(every_operand, has_the_documented_worst_error_and_monotonicity) {
    test::measured_function measured{.function = GetParam()};
    for_all_patterns([&](const std::vector<std::uint32_t>& patterns) { measured.add(patterns); });
    const function_record& documented = record(GetParam());
    EXPECT_EQ(measured.differences, 0U) << std::hex << measured.last_difference;
    EXPECT_EQ(std::ceil(measured.worst_error * 1000) / 1000, documented.worst_error) << measured.worst_error;
    EXPECT_EQ(measured.descents, documented.descents);
    if (!is_correctly_rounded(GetParam())) {
        EXPECT_EQ(measured.worst_operand, documented.worst_operand) << std::hex << measured.worst_operand;
    }
}

// So the documented error holds for both settings, where neither operand nor result is subnormal.
TEST_P(every_operand, with_subnormals_flushed_has_the_same_result_but_for_subnormal_operands_and_results) {
    for_all_patterns([](const std::vector<std::uint32_t>& patterns) {
        std::vector<float> flushed = values_of(patterns), kept = flushed;
        for (float& value : kept) value = flush_subnormal(value);
        evaluate_each(GetParam(), flushed, {}, {.keep_subnormals = false});
        evaluate_each(GetParam(), kept, {});
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            if (std::bit_cast<std::uint32_t>(flushed[i]) != std::bit_cast<std::uint32_t>(flush_subnormal(kept[i]))) {
                FAIL() << std::hex << patterns[i];
            }
        }
    });
}

INSTANTIATE_TEST_SUITE_P(functions, every_operand,
                         testing::Values(reciprocal, square_root, reciprocal_square_root, exponential, logarithm,
                                         hyperbolic_tangent, error_function),
                         [](const auto& test) { return std::string(record(test.param).name); });

TEST(square_root_and_reciprocal, equal_the_host_for_every_operand) {
    for_all_patterns([](const std::vector<std::uint32_t>& patterns) {
        const std::vector<float> operands = values_of(patterns);
        std::vector<float> roots = operands, inverses = operands;
        evaluate_each(square_root, roots, {});
        evaluate_each(reciprocal, inverses, {});
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            const float root = std::sqrt(operands[i]), inverse = 1 / operands[i];
            const auto is_same = [](float a, float b) {
                return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (a != a && b != b);
            };
            if (!is_same(roots[i], root) || !is_same(inverses[i], inverse)) FAIL() << std::hex << patterns[i];
        }
    });
}

TEST(tanh_and_erf, are_odd_for_every_operand) {
    for_all_patterns([](const std::vector<std::uint32_t>& patterns) {
        if (patterns[0] >> 31 != 0) return;
        for (const elementary_function f : {hyperbolic_tangent, error_function}) {
            std::vector<float> positive = values_of(patterns), negative = positive;
            for (float& value : negative) value = -value;
            evaluate_each(f, positive, {});
            evaluate_each(f, negative, {});
            for (std::size_t i = 0; i < patterns.size(); ++i) {
                if (positive[i] == positive[i] &&
                    std::bit_cast<std::uint32_t>(-positive[i]) != std::bit_cast<std::uint32_t>(negative[i])) {
                    FAIL() << record(f).name << std::hex << ' ' << patterns[i];
                }
            }
        }
    });
}

TEST(division, equals_the_host_on_a_thousand_million_pairs) {
    test::compare_random_divisions_with_host(3, 100'000'000);
    test::compare_hard_divisions_with_host(4, 300'000'000);
}

}  // namespace
}  // namespace d1::numerics
