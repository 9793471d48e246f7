#include "models/numerics/matrix.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/numerics/dispatch.hpp"
#include "models/numerics/matrix_comparison.hpp"

namespace d1::numerics {
namespace {

using types::bf16;
using types::fp32;

TEST(dispatch, a_forced_target_is_the_only_one_until_it_is_released) {
    const std::vector<std::string> targets = dispatch_targets();
    ASSERT_FALSE(targets.empty());
    for (const std::string& target : targets) {
        const forced_dispatch_target forced(target);
        EXPECT_THAT(dispatch_targets(), testing::ElementsAre(target));
    }
    EXPECT_EQ(dispatch_targets(), targets);
    EXPECT_THROW(forced_dispatch_target("6502"), std::invalid_argument);
}

constexpr std::array all_rules{arithmetic{}, arithmetic{.keep_subnormals = false},
                               arithmetic{.accumulator = accumulator_format::fp21},
                               arithmetic{.keep_subnormals = false, .accumulator = accumulator_format::fp21}};

// The operands of all classes and types, on one target.
test::met compare_all_classes() {
    test::met seen;
    std::uint64_t seed = 1;
    for (const test::pattern_class kind : test::all_classes) {
        for (const matrix_shape shape : {matrix_shape{1, 1, 1}, {2, 3, 1}, {1, 2, 5}, {3, 1, 4}, {1, 3, 0}}) {
            for (const auto& [a, b] : {std::pair{bf16, bf16}, {fp32, bf16}, {bf16, fp32}, {fp32, fp32}}) {
                for (const bool accumulate : {false, true}) {
                    for (const arithmetic& rules : all_rules) {
                        test::compare_with_reference({shape, a, b, kind, accumulate, rules}, seed++, seen);
                        if (testing::Test::HasFatalFailure()) return seen;
                    }
                }
            }
        }
    }
    return seen;
}

TEST(matrix, every_dispatch_target_equals_the_integer_reference) {
    for (const std::string& target : dispatch_targets()) {
        SCOPED_TRACE(target);
        const forced_dispatch_target forced(target);
        const test::met seen = compare_all_classes();
        EXPECT_GT(seen.subnormal, 100U);
        EXPECT_GT(seen.infinite, 100U);
        EXPECT_GT(seen.nan, 100U);
        EXPECT_GT(seen.finite, 10'000U);
    }
}

std::vector<std::byte> fp32_bytes(const std::vector<float>& values) {
    std::vector<std::byte> result(4 * values.size());
    encode(fp32, values, result);
    return result;
}

// c[0][0] of one block whose row 0 of A is `a`, four values a step, against ones.
float first_element(const std::vector<float>& a, float start, bool accumulate, arithmetic rules = {}) {
    const matrix_shape shape{1, 1, static_cast<std::uint32_t>(a.size() / 4)};
    std::vector<float> slices(32 * a.size() / 4);
    for (std::size_t i = 0; i < a.size(); ++i) slices[i / 4 * 32 + i % 4] = a[i];
    std::vector<std::byte> c = fp32_bytes(std::vector<float>(64, start));
    matrix_multiply_accumulate(c, fp32_bytes(slices), fp32, fp32_bytes(std::vector<float>(slices.size(), 1)), fp32,
                               shape, accumulate, rules);
    std::vector<float> result(64);
    decode(fp32, c, result);
    return result[0];
}

TEST(matrix, a_step_adds_neighbouring_products_first_then_the_pairs_then_c) {
    // Left to right this would be 1; with products 0 and 2 paired, 3.
    EXPECT_EQ(first_element({0x1p24F, 1, -0x1p24F, 1}, 1, true), 2);
}

TEST(matrix, k_ascends) {
    EXPECT_EQ(first_element({0x1p24F, 0, 0, 0, 1, 0, 0, 0, -0x1p24F, 0, 0, 0}, 0, false), 0);
    EXPECT_EQ(first_element({-0x1p24F, 0, 0, 0, 0x1p24F, 0, 0, 0, 1, 0, 0, 0}, 0, false), 1);
}

TEST(matrix, without_accumulation_c_starts_at_plus_zero_whatever_was_there) {
    const float result = first_element({-0.0F, -0.0F, -0.0F, -0.0F}, std::numeric_limits<float>::quiet_NaN(), false);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(result), 0U);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(first_element({}, 7, false)), 0U);
}

TEST(matrix, with_accumulation_c_goes_on_from_where_it_was) {
    EXPECT_EQ(first_element({1, 2, 3, 4}, 100, true), 110);
    EXPECT_EQ(first_element({}, 7, true), 7);
    const float zero = first_element({-0.0F, -0.0F, -0.0F, -0.0F}, -0.0F, true);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(zero), 0x8000'0000U);
}

TEST(matrix, the_21_bit_accumulator_rounds_the_result_of_each_step_and_nothing_else) {
    const arithmetic narrow{.accumulator = accumulator_format::fp21};
    EXPECT_EQ(first_element({1, 0x1p-13F, 0, 0}, 0, false, narrow), 0x1.0008p0F);
    EXPECT_EQ(first_element({1, 0x1p-14F, 0, 0}, 0, false, narrow), 1) << "a tie goes to even";
    EXPECT_EQ(first_element({1, 0x1p-14F, 0x1p-14F, 0}, 0, false, narrow), 0x1.0008p0F)
        << "within a step all bits stay";
    EXPECT_EQ(first_element({1, 0, 0, 0, 0x1p-14F, 0, 0, 0, 0x1p-14F, 0, 0, 0}, 0, false, narrow), 1);
    EXPECT_EQ(first_element({0x1p-75F, 0, 0, 0}, 0, false, narrow), 0x1p-75F) << "denormals are kept";
    EXPECT_EQ(first_element({0x1p-76F, 0, 0, 0}, 0, false, narrow), 0);
    EXPECT_EQ(first_element({-0x1p65F, 0, 0, 0}, 0, false, narrow), -0x1.FFF8p64F) << "what is too large is clamped";
    EXPECT_EQ(first_element({}, 0x1.000002p0F, true, narrow), 0x1.000002p0F) << "no step, no rounding";
}

constexpr std::array cfloats{element_type{number_format::cfp8_143, 7}, element_type{number_format::cfp8_152, 15},
                             element_type{number_format::cfp16_shp, 15}, element_type{number_format::cfp16_uhp}};

TEST(matrix, a_product_of_cfloats_is_that_of_their_values_in_fp32) {
    const matrix_shape shape{2, 3, 5};
    const auto random_codes = [](element_type type, std::size_t size, std::uint64_t key) {
        std::vector<std::byte> result(size);
        for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<std::byte>(counter_random(1, key, i));
        std::vector<float> values(size / bytes(type.format));
        decode(type, result, values);
        return std::pair(result, fp32_bytes(values));
    };
    for (const element_type a_type : cfloats) {
        for (const element_type b_type : cfloats) {
            for (const arithmetic& rules : all_rules) {
                const auto [a, a_wide] = random_codes(a_type, shape.a_bytes(a_type), 1);
                const auto [b, b_wide] = random_codes(b_type, shape.b_bytes(b_type), 2);
                std::vector<std::byte> c(shape.c_bytes()), expected(shape.c_bytes());
                matrix_multiply_accumulate(c, a, a_type, b, b_type, shape, false, rules);
                matrix_multiply_accumulate(expected, a_wide, fp32, b_wide, fp32, shape, false, rules);
                EXPECT_EQ(c, expected) << name(a_type.format) << " by " << name(b_type.format);
            }
        }
    }
}

template <class A, class B>
void expect_integer_product(element_type a_type, element_type b_type, std::uint64_t seed, bool accumulate) {
    const matrix_shape shape{2, 2, 3};
    std::vector<A> a(2 * 3 * slice_elements);
    std::vector<B> b(2 * 3 * slice_elements);
    std::vector<std::int32_t> c(4 * block_elements);
    // One in four at an end of its range, so that sums saturate.
    const auto fill = [seed](auto& values, std::uint64_t key) {
        using value = std::remove_reference_t<decltype(values[0])>;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::uint64_t random = counter_random(seed, key, i);
            using limits = std::numeric_limits<value>;
            values[i] = random >> 62 != 0   ? static_cast<value>(random)
                        : random >> 61 != 0 ? limits::min()
                                            : limits::max();
        }
    };
    fill(a, 1), fill(b, 2), fill(c, 3);
    const std::vector<std::int32_t> start = c;
    matrix_multiply_accumulate(std::as_writable_bytes(std::span(c)), std::as_bytes(std::span(a)), a_type,
                               std::as_bytes(std::span(b)), b_type, shape, accumulate);
    for (std::size_t i = 0; i < c.size(); ++i) {
        const std::size_t block = i / 64, row = i % 64 / 8, column = i % 8;
        double expected = accumulate ? start[i] : 0;  // a double is exact up to 2^53
        for (std::size_t k = 0; k < 3; ++k) {
            for (std::size_t j = 0; j < 4; ++j) {
                expected += static_cast<double>(a[(block / 2 * 3 + k) * 32 + row * 4 + j]) *
                            static_cast<double>(b[(block % 2 * 3 + k) * 32 + j * 8 + column]);
            }
            expected = std::clamp(expected, -0x1p31, 0x1p31 - 1);
        }
        ASSERT_EQ(c[i], expected) << "seed " << seed << " element " << i;
    }
}

TEST(matrix, integers_are_multiplied_exactly_and_saturate_at_the_end_of_each_step) {
    constexpr element_type int8{number_format::int8}, int16{number_format::int16};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        expect_integer_product<std::int8_t, std::int8_t>(int8, int8, seed, seed % 2 == 0);
        expect_integer_product<std::int8_t, std::int16_t>(int8, int16, seed, seed % 2 == 0);
        expect_integer_product<std::int16_t, std::int16_t>(int16, int16, seed, seed % 2 == 0);
    }
}

TEST(matrix, integers_do_not_meet_other_numbers_and_int32_is_for_results) {
    constexpr auto int8 = number_format::int8;
    EXPECT_TRUE(can_multiply(number_format::bf16, number_format::cfp8_143));
    EXPECT_TRUE(can_multiply(int8, number_format::int16));
    EXPECT_FALSE(can_multiply(int8, number_format::cfp8_143));
    EXPECT_FALSE(can_multiply(int8, number_format::int32));
    std::vector<std::byte> c(256), a(32), b(64);
    EXPECT_THROW(matrix_multiply_accumulate(c, a, {int8}, b, bf16, {1, 1, 1}, false), std::invalid_argument);
}

TEST(matrix, subnormals_that_are_not_kept_vanish_from_operands_intermediate_values_and_results) {
    const arithmetic flush{.keep_subnormals = false};
    EXPECT_EQ(first_element({0x1p-127F, 0, 0, 0}, 0, false), 0x1p-127F);
    EXPECT_EQ(first_element({0x1p-127F, 0, 0, 0}, 0, false, flush), 0);
    // 1.5 - 1 times the smallest normal is subnormal inside the sum, then made normal again by the other pair.
    EXPECT_EQ(first_element({0x1.8p-126F, -0x1p-126F, 0x1p-126F, 0}, 0, false), 0x1.8p-126F);
    EXPECT_EQ(first_element({0x1.8p-126F, -0x1p-126F, 0x1p-126F, 0}, 0, false, flush), 0x1p-126F);
    EXPECT_EQ(first_element({0x1p-126F, 0, 0, 0}, 0x1p-127F, true, flush), 0x1p-126F);
}

TEST(matrix, a_bf16_slice_is_one_line_and_a_block_of_c_four) {
    const matrix_shape one{1, 1, 1};
    EXPECT_EQ(one.a_bytes(bf16), 64U);
    EXPECT_EQ(one.b_bytes(bf16), 64U);
    EXPECT_EQ(one.c_bytes(), 256U);
    EXPECT_EQ((matrix_shape{27, 29, 16}.steps()), 27U * 29 * 16);
}

TEST(matrix, operands_of_any_alignment_give_the_same_bytes) {
    const matrix_shape shape{2, 3, 3};
    const test::operand a = test::random_operand(bf16, 2 * 3 * 32, test::pattern_class::ordinary, 1, 1);
    const test::operand b = test::random_operand(fp32, 3 * 3 * 32, test::pattern_class::ordinary, 1, 2);
    std::vector<std::byte> aligned(shape.c_bytes()), shifted(shape.c_bytes() + 1);
    matrix_multiply_accumulate(aligned, a.bytes, bf16, b.bytes, fp32, shape, false);
    std::vector<std::byte> shifted_a(a.bytes.size() + 1), shifted_b(b.bytes.size() + 1);
    std::copy(a.bytes.begin(), a.bytes.end(), shifted_a.begin() + 1);
    std::copy(b.bytes.begin(), b.bytes.end(), shifted_b.begin() + 1);
    matrix_multiply_accumulate(std::span(shifted).subspan(1), std::span(shifted_a).subspan(1), bf16,
                               std::span(shifted_b).subspan(1), fp32, shape, false);
    EXPECT_TRUE(std::equal(aligned.begin(), aligned.end(), shifted.begin() + 1));
}

TEST(matrix, spans_that_do_not_fit_the_shape_are_refused) {
    const matrix_shape shape{2, 1, 3};
    std::vector<std::byte> c(shape.c_bytes()), a(shape.a_bytes(bf16)), b(shape.b_bytes(bf16));
    const auto run = [&](std::span<std::byte> to, std::span<const std::byte> left, std::span<const std::byte> right) {
        matrix_multiply_accumulate(to, left, bf16, right, bf16, shape, false);
    };
    EXPECT_NO_THROW(run(c, a, b));
    EXPECT_THROW(run(std::span(c).subspan(1), a, b), std::invalid_argument);
    EXPECT_THROW(run(c, std::span(a).subspan(1), b), std::invalid_argument);
    EXPECT_THROW(run(c, a, std::span(b).subspan(1)), std::invalid_argument);
    EXPECT_THROW(matrix_multiply_accumulate(c, a, fp32, b, bf16, shape, false), std::invalid_argument);
    const matrix_shape vast{1U << 31, 1U << 31, 1U << 31};  // its sizes are 0 modulo 2^64
    EXPECT_THROW(matrix_multiply_accumulate({}, {}, bf16, {}, bf16, vast, false), std::invalid_argument);
}

}  // namespace
}  // namespace d1::numerics
