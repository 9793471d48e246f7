#include "testbenches/d1sim/reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/numerics/counter_random.hpp"
#include "models/numerics/integer_reference.hpp"
#include "models/numerics/test_patterns.hpp"
#include "testbenches/d1sim/optimizer_reference.hpp"
#include "testbenches/d1sim/tensors.hpp"

namespace d1 {
namespace {

using numerics::counter_random;
using patterns = std::vector<std::uint16_t>;
using testing::StartsWith;

using numerics::types::bf16;
using numerics::types::fp32;

struct arithmetic_case {
    numerics::element_type output;
    numerics::arithmetic rules;
};
constexpr std::array all_arithmetic{arithmetic_case{bf16, {true}},
                                    arithmetic_case{bf16, {false}},
                                    arithmetic_case{fp32, {true}},
                                    arithmetic_case{fp32, {false}},
                                    arithmetic_case{bf16, {.accumulator = numerics::accumulator_format::fp21}},
                                    arithmetic_case{fp32, {.accumulator = numerics::accumulator_format::fp21}}};

std::ostream& operator<<(std::ostream& out, const arithmetic_case& test) {
    return out << name(test.output.format) << (test.rules.keep_subnormals ? ", keeping" : ", flushing")
               << (test.rules.accumulator == numerics::accumulator_format::fp21 ? ", 21 bits" : "");
}

// C in integer arithmetic.
std::vector<std::uint32_t> product(const gemm_shape& shape, const patterns& a, const patterns& b,
                                   const arithmetic_case& test) {
    std::vector<std::uint32_t> result;
    const auto widen = [](std::uint16_t element) { return std::uint32_t{element} << 16U; };
    std::vector<std::uint32_t> row(shape.k), column(shape.k);
    for (std::size_t m = 0; m < shape.m; ++m) {
        for (std::size_t n = 0; n < shape.n; ++n) {
            for (std::size_t k = 0; k < shape.k; ++k) {
                row[k] = widen(a[m * shape.k + k]);
                column[k] = widen(b[k * shape.n + n]);
            }
            const std::uint32_t sum = numerics::integer_reference::dot(row, column, test.rules);
            result.push_back(test.output == bf16 ? numerics::integer_reference::round_to_bf16(sum) : sum);
        }
    }
    return result;
}

// BF16 patterns of a class that is nasty in some way.
patterns nasty(std::size_t count, numerics::test::pattern_class kind, std::uint64_t seed, std::uint64_t key) {
    patterns result;
    for (std::size_t i = 0; i < count; ++i) {
        result.push_back(static_cast<std::uint16_t>(numerics::test::pattern(kind, counter_random(seed, key, i)) >> 16));
    }
    return result;
}

check_result check(const gemm_shape& shape, const patterns& a, const patterns& b, const arithmetic_case& test,
                   const std::vector<std::uint32_t>& result) {
    return check_gemm(shape, a, b, test.output, test.rules, result, 1);
}

// Shapes on both sides of the nest's blocks and of a step of four.
constexpr std::array some_shapes{gemm_shape{1, 1, 1},   gemm_shape{3, 5, 2},    gemm_shape{2, 3, 7},
                                 gemm_shape{1, 70, 33}, gemm_shape{64, 32, 32}, gemm_shape{65, 33, 37},
                                 gemm_shape{130, 1, 5}, gemm_shape{7, 31, 64},  gemm_shape{5, 6, 129}};

TEST(check_gemm, agrees_with_integer_arithmetic_on_operands_of_every_kind) {
    constexpr std::uint64_t seed = 21;
    for (const gemm_shape& shape : some_shapes) {
        for (const auto kind : numerics::test::all_classes) {
            const patterns a = nasty(shape.m * shape.k, kind, seed, 1);
            const patterns b = nasty(shape.k * shape.n, kind, seed, 2);
            for (const arithmetic_case& test : all_arithmetic) {
                const check_result found = check(shape, a, b, test, product(shape, a, b, test));
                ASSERT_EQ(found.results, shape.m * shape.n);
                ASSERT_TRUE(found.good())
                    << "seed " << seed << " class " << static_cast<int>(kind) << ' ' << shape.m << 'x' << shape.n << 'x'
                    << shape.k << ' ' << test << ": " << found.first_difference;
                ASSERT_EQ(found.first_difference, "");
            }
        }
    }
}

TEST(check_gemm, agrees_with_integer_arithmetic_on_all_sums_of_two_special_products) {
    // Zero, the ends of the subnormals, the least normals, 2^-63 and 2^63 (whose products meet the ends of the range),
    // ones, the largest finite value, infinity and a NaN with a payload; of both signs.
    constexpr std::array<std::uint16_t, 12> magnitudes{0x0000, 0x0001, 0x007F, 0x0080, 0x0081, 0x2001,
                                                       0x3F80, 0x3F81, 0x5F01, 0x7F7F, 0x7F80, 0x7F81};
    patterns special;
    for (const std::uint16_t magnitude : magnitudes) {
        special.push_back(magnitude);
        special.push_back(static_cast<std::uint16_t>(magnitude | 0x8000));
    }
    const std::size_t pairs = special.size() * special.size();
    patterns a;
    patterns b(2 * special.size());
    for (std::size_t i = 0; i < pairs; ++i) {
        a.insert(a.end(), {special[i / special.size()], special[i % special.size()]});
    }
    const gemm_shape shape{pairs, special.size(), 2};
    for (std::size_t shift = 0; shift < special.size(); ++shift) {
        for (std::size_t n = 0; n < special.size(); ++n) {
            b[n] = special[n];
            b[special.size() + n] = special[(n + shift) % special.size()];
        }
        for (const arithmetic_case& test : all_arithmetic) {
            const check_result found = check(shape, a, b, test, product(shape, a, b, test));
            ASSERT_TRUE(found.good()) << test << ": " << found.first_difference;
        }
    }
}

TEST(check_gemm, names_the_wrong_result_and_both_values) {
    const gemm_shape shape{5, 20, 1};
    const patterns a(5, 0x3F80), b(20, 0x3F80);
    std::vector<std::uint32_t> result(100, 0x3F80);
    result[77] = 0x3F81;
    EXPECT_EQ(check(shape, a, b, {bf16, {}}, result).first_difference,
              "row 3, column 17: the die has 0x3f81 (1.00781), the reference 0x3f80 (1)");
    result.assign(100, 0x3F80'0000);
    result[80] = 0x3F7F'FFFF;
    EXPECT_EQ(check(shape, a, b, {fp32, {}}, result).first_difference,
              "row 4, column 0: the die has 0x3f7fffff (0.99999994), the reference 0x3f800000 (1)");
}

TEST(check_gemm, finds_any_single_flipped_bit) {
    constexpr std::uint64_t seed = 31;
    const gemm_shape shape{67, 41, 9};
    const patterns a = random_bf16(shape.m * shape.k, seed, 1);
    const patterns b = random_bf16(shape.k * shape.n, seed, 2);
    for (const arithmetic_case& test : all_arithmetic) {
        const auto right = product(shape, a, b, test);
        for (std::uint64_t i = 0; i < 100; ++i) {
            const std::size_t index = counter_random(seed, 3, i) % right.size();
            const std::uint32_t bit = counter_random(seed, 4, i) % 32;  // of a BF16 also the half that must be zero
            auto result = right;
            result[index] ^= std::uint32_t{1} << bit;
            const check_result found = check(shape, a, b, test, result);
            ASSERT_EQ(found.wrong, 1);
            ASSERT_FALSE(found.good());
            ASSERT_THAT(found.first_difference, StartsWith("row " + std::to_string(index / shape.n) + ", column " +
                                                           std::to_string(index % shape.n) + ": "));
        }
    }
}

TEST(check_gemm, names_the_first_of_several_wrong_results_in_row_major_order) {
    const gemm_shape shape{70, 50, 1};
    const patterns a(70, 0x3F80), b(50, 0x3F80);
    std::vector<std::uint32_t> result(3500, 0x3F80);
    for (const std::size_t index : {151U, 3450U, 140U, 3045U}) result[index] = 0;
    const check_result found = check(shape, a, b, {bf16, {}}, result);
    EXPECT_EQ(found.wrong, 4);
    EXPECT_THAT(found.first_difference, StartsWith("row 2, column 40: "));
}

TEST(check_gemm, samples_results_for_the_integer_reference) {
    const auto ones = [](std::uint64_t m, std::uint64_t n, std::uint32_t result) {
        return check({m, n, 1}, patterns(m, 0x3F80), patterns(n, 0x3F80), {bf16, {}},
                     std::vector<std::uint32_t>(m * n, result));
    };
    EXPECT_EQ(ones(8, 8, 0x3F80).sampled, 64);
    EXPECT_EQ(ones(9, 7, 0x3F80).sampled, 63);
    EXPECT_EQ(ones(100, 100, 0x3F80).sampled, 66);
    EXPECT_EQ(ones(100, 100, 0x3F80).sampled_wrong, 0);
    EXPECT_EQ(ones(100, 100, 0x3F81).sampled_wrong, 66);
    EXPECT_EQ(ones(100, 100, 0x3F81).wrong, 10'000);
}

TEST(check_gemm, samples_other_results_with_another_seed) {
    const gemm_shape shape{100, 100, 1};
    const patterns a(100, 0x3F80), b(100, 0x3F80);
    std::vector<std::uint32_t> half_wrong(10'000, 0x3F80);
    for (std::size_t i = 0; i < half_wrong.size(); i += 2) half_wrong[i] = 0;
    std::array<std::uint64_t, 66> times{};
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto found = check_gemm(shape, a, b, bf16, {}, half_wrong, seed);
        EXPECT_EQ(found.sampled_wrong, check_gemm(shape, a, b, bf16, {}, half_wrong, seed).sampled_wrong);
        ++times.at(found.sampled_wrong);
    }
    EXPECT_LT(*std::max_element(times.begin(), times.end()), 20);
}

TEST(check_convolution, is_the_product_with_im2col) {
    constexpr std::uint64_t seed = 41;
    for (std::uint64_t i = 0; i < 60; ++i) {
        const auto random = [&](std::uint64_t which, std::uint64_t limit) {
            return 1 + counter_random(seed, i, which) % limit;
        };
        convolution_shape shape{.ifmap_height = random(0, 9),
                                .ifmap_width = random(1, 9),
                                .filter_height = 1,
                                .filter_width = 1,
                                .channels = random(2, 7),
                                .filters = random(3, 40),
                                .stride = random(4, 3),
                                .batch = random(5, 3)};
        if (i % 3 == 1) {  // the filter is as large as its input
            shape.filter_height = shape.ifmap_height, shape.filter_width = shape.ifmap_width;
        } else if (i % 3 == 2) {  // any filter; otherwise 1x1
            shape.filter_height = random(6, shape.ifmap_height), shape.filter_width = random(7, shape.ifmap_width);
        }
        const gemm_shape gemm = shape.as_gemm();
        const patterns input = random_bf16(shape.input_bytes(1), seed, 2 * i);
        const patterns weights = random_bf16(gemm.k * gemm.n, seed, 2 * i + 1);
        const patterns a = im2col(shape, input);
        const arithmetic_case& test = all_arithmetic.at(i % all_arithmetic.size());
        auto result = product(gemm, a, weights, test);
        const auto convolution = [&] {
            return check_convolution(shape, input, weights, test.output, test.rules, result, seed);
        };
        ASSERT_TRUE(convolution().good()) << "case " << i << ": " << convolution().first_difference;
        ASSERT_TRUE(check(gemm, a, weights, test, result).good());
        result.at(counter_random(seed, i, 8) % result.size()) ^= 0x100;
        ASSERT_EQ(convolution().wrong, 1) << "case " << i;
    }
}

TEST(check_gemm, finds_right_results_within_the_bound_and_not_far_within) {
    double worst_bf16 = 0;
    double worst_fp32 = 0;
    double worst_flush = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const gemm_shape shape{9, 11, 1 + counter_random(seed, 0, 0) % 200};
        for (const auto kind : numerics::test::all_classes) {
            const patterns a = nasty(shape.m * shape.k, kind, seed, 1);
            const patterns b = nasty(shape.k * shape.n, kind, seed, 2);
            for (const arithmetic_case& test : all_arithmetic) {
                const check_result found = check(shape, a, b, test, product(shape, a, b, test));
                ASSERT_EQ(found.outside_bound, 0) << "seed " << seed << ' ' << test << ' ' << found.first_difference;
                ASSERT_LE(found.worst_bound_ratio, 1);
                const bool normal = kind == numerics::test::pattern_class::ordinary;
                if (normal) {
                    ASSERT_EQ(found.bounded, found.results);
                }
                double& worst = test.output == bf16 ? worst_bf16 : normal ? worst_fp32 : worst_flush;
                worst = std::max(worst, found.worst_bound_ratio);
            }
        }
    }
    EXPECT_GT(worst_bf16, 0.95);
    EXPECT_GT(worst_fp32, 0.05);
    EXPECT_GT(worst_flush, 0.1);
}

TEST(check_gemm, finds_another_order_wrong_but_within_the_bound_and_a_missing_product_outside) {
    constexpr std::uint64_t seed = 51;
    const gemm_shape shape{40, 40, 64};
    const patterns a = random_bf16(shape.m * shape.k, seed, 1);
    const patterns b = random_bf16(shape.k * shape.n, seed, 2);
    std::vector<std::uint32_t> descending, incomplete;
    for (std::size_t m = 0; m < shape.m; ++m) {
        for (std::size_t n = 0; n < shape.n; ++n) {
            const std::size_t missing = counter_random(seed, m, n) % shape.k;
            float sum = 0;
            float sum_without = 0;
            for (std::size_t k = shape.k; k-- > 0;) {
                const float p =
                    numerics::float_from_bf16(a[m * shape.k + k]) * numerics::float_from_bf16(b[k * shape.n + n]);
                sum += p;
                if (k != missing) sum_without += p;
            }
            descending.push_back(std::bit_cast<std::uint32_t>(sum));
            incomplete.push_back(std::bit_cast<std::uint32_t>(sum_without));
        }
    }
    const check_result other_order = check(shape, a, b, {fp32, {}}, descending);
    EXPECT_GT(other_order.wrong, other_order.results / 2);
    EXPECT_EQ(other_order.outside_bound, 0);
    const check_result other_sum = check(shape, a, b, {fp32, {}}, incomplete);
    EXPECT_EQ(other_sum.outside_bound, other_sum.results);
}

// 2^p 2^p - 2^p 2^p + 1 in that order, so that FP32 is exact; the result is 1 and `ulps` BF16 units.
check_result check_of_cancellation(std::uint16_t power, std::uint32_t ulps) {
    const auto large = static_cast<std::uint16_t>((127 + power) << 7);
    const auto minus_large = static_cast<std::uint16_t>(large | 0x8000);
    return check({1, 1, 3}, {large, minus_large, 0x3F80}, {large, large, 0x3F80}, {bf16, {}}, {0x3F80 + ulps});
}

TEST(check_gemm, bounds_an_error_of_bf16_to_half_a_unit_unless_the_sum_cancels) {
    EXPECT_TRUE(check_of_cancellation(0, 0).good());
    EXPECT_EQ(check_of_cancellation(0, 1).outside_bound, 1);
    EXPECT_EQ(check_of_cancellation(4, 1).outside_bound, 1);   // 256 - 256 + 1
    EXPECT_EQ(check_of_cancellation(10, 2).outside_bound, 0);  // 2^20 - 2^20 + 1: FP32 may lose two units
    EXPECT_EQ(check_of_cancellation(10, 2).wrong, 1);
}

TEST(check_gemm, bounds_the_error_of_one_fp32_product_by_two_roundings) {
    // g = 2^-23, M = 1.5: the bound is one and a half units of the result.
    const auto wrong_by = [](std::uint32_t ulps) {
        return check({1, 1, 1}, {0x3FC0}, {0x3F80}, {fp32, {}}, {0x3FC0'0000 + ulps});
    };
    EXPECT_EQ(wrong_by(1).outside_bound, 0);
    EXPECT_NEAR(wrong_by(1).worst_bound_ratio, 1 / 1.5, 1e-5);
    EXPECT_EQ(wrong_by(2).outside_bound, 1);
    EXPECT_NEAR(wrong_by(2).worst_bound_ratio, 2 / 1.5, 1e-5);
}

TEST(check_gemm, allows_for_flushed_results_only_where_they_are_flushed) {
    // 2^-63 2^-64 is subnormal: zero if flushed. The flush costs 2^-127 of a bound of (1 + 4) 2^-126.
    const auto found = [](bool keep) { return check({1, 1, 1}, {0x2000}, {0x1F80}, {fp32, {keep}}, {0}); };
    EXPECT_TRUE(found(false).good());
    EXPECT_NEAR(found(false).worst_bound_ratio, 0.1, 1e-5);
    EXPECT_EQ(found(true).wrong, 1);
    EXPECT_EQ(found(true).outside_bound, 1);
}

TEST(check_gemm, counts_a_nan_or_infinity_in_place_of_a_number_as_outside) {
    for (const std::uint32_t result : {0x7FC0U, 0x7F80U, 0xFF80U}) {
        EXPECT_EQ(check({1, 1, 1}, {0x3F80}, {0x3F80}, {bf16, {}}, {result}).outside_bound, 1);
    }
}

TEST(check_gemm, has_no_bound_where_something_may_overflow) {
    for (const std::uint16_t large : patterns{0x7F00, 0x7F7F, 0x7F80, 0x7FC0}) {  // 2^127 and more
        const arithmetic_case test{bf16, {}};
        const patterns a{0x3F80, 0x3F80}, b{large, 0x3F80};
        const check_result found = check({1, 1, 2}, a, b, test, product({1, 1, 2}, a, b, test));
        EXPECT_EQ(found.bounded, 0) << std::hex << large;
        EXPECT_TRUE(found.good());
    }
    EXPECT_EQ(check({1, 1, 1}, {0x3F80}, {0x7EFF}, {bf16, {}}, {0x7EFF}).bounded, 1);
}

// ---- gradients

// Whole numbers that BF16 holds, small enough that no sum of them rounds in FP32.
patterns whole_numbers(std::size_t count, std::uint64_t key) {
    patterns result(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto number = static_cast<float>(static_cast<int>(counter_random(7, key, i) % 17) - 8);
        result[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number) >> 16U);
    }
    return result;
}
float value(std::uint16_t pattern) {
    return std::bit_cast<float>(std::uint32_t{pattern} << 16U);
}
std::vector<std::uint32_t> fp32_patterns(const std::vector<float>& values) {
    std::vector<std::uint32_t> result;
    for (const float v : values) result.push_back(std::bit_cast<std::uint32_t>(v + 0.0F));  // no -0
    return result;
}

TEST(check_input_gradient, accepts_the_gradient_by_its_definition_and_counts_every_other_result) {
    const gemm_shape s{.m = 5, .n = 6, .k = 7};
    const patterns dy = whole_numbers(s.m * s.n, 1);
    const patterns w = whole_numbers(s.k * s.n, 2);
    std::vector<float> dx(s.m * s.k);
    for (std::size_t m = 0; m < s.m; ++m) {
        for (std::size_t k = 0; k < s.k; ++k) {
            for (std::size_t n = 0; n < s.n; ++n) dx[m * s.k + k] += value(dy[m * s.n + n]) * value(w[k * s.n + n]);
        }
    }
    auto result = fp32_patterns(dx);
    const check_result good = check_input_gradient(s, dy, w, fp32, {}, result, 1);
    EXPECT_TRUE(good.good()) << good.first_difference;
    EXPECT_EQ(good.results, 35U);
    result[9] ^= 1U;
    result[30] ^= 0x400000U;
    const check_result bad = check_input_gradient(s, dy, w, fp32, {}, result, 1);
    EXPECT_EQ(bad.wrong, 2U);
    EXPECT_THAT(bad.first_difference, StartsWith("row 1, column 2: "));
}

TEST(check_weight_gradient, of_a_convolution_accepts_the_gradient_by_its_definition_and_counts_every_other_result) {
    const convolution_shape s{.ifmap_height = 9,
                              .ifmap_width = 8,
                              .filter_height = 3,
                              .filter_width = 2,
                              .channels = 3,
                              .filters = 5,
                              .stride = 2,
                              .batch = 2};
    const patterns x = whole_numbers(s.input_bytes(1), 3);
    const patterns dy = whole_numbers(s.batch * s.output_height() * s.output_width() * s.filters, 4);
    std::vector<float> dw(s.filter_height * s.filter_width * s.channels * s.filters);
    std::size_t out = 0;
    for (std::size_t image = 0; image < s.batch; ++image) {
        for (std::size_t oy = 0; oy < s.output_height(); ++oy) {
            for (std::size_t ox = 0; ox < s.output_width(); ++ox) {
                for (std::size_t f = 0; f < s.filters; ++f, ++out) {
                    for (std::size_t r = 0; r < s.filter_height; ++r) {
                        for (std::size_t q = 0; q < s.filter_width; ++q) {
                            for (std::size_t c = 0; c < s.channels; ++c) {
                                const std::size_t at =
                                    ((image * s.ifmap_height + oy * s.stride + r) * s.ifmap_width + ox * s.stride + q) *
                                        s.channels +
                                    c;
                                dw[((r * s.filter_width + q) * s.channels + c) * s.filters + f] +=
                                    value(x[at]) * value(dy[out]);
                            }
                        }
                    }
                }
            }
        }
    }
    auto result = fp32_patterns(dw);
    const check_result good = check_weight_gradient(s, x, dy, fp32, {}, result, 1);
    EXPECT_TRUE(good.good()) << good.first_difference;
    EXPECT_EQ(good.results, 90U);
    // The same from the matrix of windows.
    EXPECT_TRUE(check_weight_gradient(s.as_gemm(), im2col(s, x), dy, fp32, {}, result, 1).good());
    result[89] ^= 1U;
    EXPECT_EQ(check_weight_gradient(s, x, dy, fp32, {}, result, 1).wrong, 1U);
}

// ---- optimizers

std::uint32_t pattern(float number) {
    return std::bit_cast<std::uint32_t>(number);
}

TEST(check_optimizer, accepts_steps_that_are_known_by_hand_and_names_what_differs) {
    // Twice the same weight, for SGD: v = 0.9 * 1 + 0.5 and w = 2 - 0.01 v, each operation rounded to FP32.
    const optimizer_state before{
        {"w", {pattern(2), pattern(2)}}, {"v", {pattern(1), pattern(1)}}, {"g", {pattern(0.5F), pattern(0.5F)}}};
    const std::uint32_t v = pattern(1.4F);
    const std::uint32_t w = pattern(1.986F);  // 0x3FFE353F: its lower half carries where a random half is above 0xCAC0
    ASSERT_EQ(w, 0x3FFE'353FU);
    const auto half = [](std::uint64_t element) {
        return static_cast<std::uint32_t>(counter_random(1, weight_rounding_key, element) >> 48U);
    };
    const auto copy = [&](std::uint64_t element) { return 0x3FFEU + (half(element) > 0xCAC0 ? 1U : 0U); };
    optimizer_state after{{"w", {w, w}}, {"v", {v, v}}, {"copy", {copy(0), copy(1)}}};
    const check_result good = check_optimizer(optimizer_kind::sgd, before, after, {});
    EXPECT_TRUE(good.good()) << good.first_difference;
    EXPECT_EQ(good.results, 6U);
    EXPECT_EQ(good.bounded, 2U);
    for (const char* tensor : {"w", "v", "copy"}) {
        optimizer_state wrong = after;
        wrong.at(tensor)[1] ^= 1U;
        const check_result found = check_optimizer(optimizer_kind::sgd, before, wrong, {});
        EXPECT_EQ(found.wrong, 1U) << tensor;
        EXPECT_THAT(found.first_difference, StartsWith("tensor " + std::string(tensor) + ", element 1: "));
    }
    after.at("w")[0] = pattern(1.9861F);
    EXPECT_EQ(check_optimizer(optimizer_kind::sgd, before, after, {}).outside_bound, 1U);
    after.at("w").pop_back();
    EXPECT_THROW((void)check_optimizer(optimizer_kind::sgd, before, after, {}), std::invalid_argument);
}

TEST(check_optimizer, of_adamw_moves_weights_against_the_sign_of_the_first_gradient_by_the_learning_rate) {
    // From moments of zero the first step is 0.001 whatever the gradient, beside the decay of 1e-5.
    const optimizer_state before{{"w", {pattern(1)}}, {"m", {0}}, {"v", {0}}, {"g", {pattern(-0.25F)}}};
    optimizer_state after{
        {"w", {pattern(1.00099F)}}, {"m", {pattern(-0.025F)}}, {"v", {pattern(0.0000625F)}}, {"copy", {0}}};
    const check_result found = check_optimizer(optimizer_kind::adamw, before, after, {});
    EXPECT_EQ(found.outside_bound, 0U) << found.worst_bound_ratio;
    EXPECT_GE(found.wrong, 1U) << "a weight of 1 has no copy of 0";
    after.at("w")[0] = pattern(1.00101F);
    EXPECT_EQ(check_optimizer(optimizer_kind::adamw, before, after, {}).outside_bound, 1U);
}

TEST(check_gemm, refuses_operands_of_another_size) {
    const auto checked = [](std::size_t a, std::size_t b, std::size_t result) {
        (void)check({2, 3, 4}, patterns(a), patterns(b), {bf16, {}}, std::vector<std::uint32_t>(result));
    };
    EXPECT_NO_THROW(checked(8, 12, 6));
    EXPECT_THROW(checked(9, 12, 6), std::invalid_argument);
    EXPECT_THROW(checked(8, 11, 6), std::invalid_argument);
    EXPECT_THROW(checked(8, 12, 5), std::invalid_argument);
    const std::vector<std::uint32_t> result(4);
    EXPECT_THROW((void)check_convolution({3, 3, 2, 2, 1, 1, 1, 1}, patterns(8), patterns(4), bf16, {}, result, 1),
                 std::invalid_argument);
}

}  // namespace
}  // namespace d1
