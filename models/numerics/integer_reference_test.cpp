#include "models/numerics/integer_reference.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/numerics/host_comparison.hpp"
#include "models/numerics/rounding_reference.hpp"

namespace d1::numerics {
namespace {

namespace reference = integer_reference;

TEST(integer_reference, multiplies_and_adds_as_the_host_does) {
    test::compare_with_host(1, 500'000);
}

TEST(integer_reference, multiplies_and_adds_all_pairs_of_special_values_as_the_host_does) {
    for (std::uint64_t i = 0; i < 32; ++i) {
        for (std::uint64_t j = 0; j < 32; ++j) {
            const auto special = [](std::uint64_t n) { return test::special_pattern((n & 15) | n >> 4 << 32); };
            test::expect_as_host(special(i), special(j));
        }
    }
}

TEST(integer_reference, known_roundings) {
    EXPECT_EQ(reference::add(0x3F80'0000, 0x3380'0000, true), 0x3F80'0000U);        // 1 + 2^-24: a tie, to even
    EXPECT_EQ(reference::add(0x3F80'0001, 0x3380'0000, true), 0x3F80'0002U);        // the next one up: a tie, to even
    EXPECT_EQ(reference::add(0x3F80'0000, 0x3380'0001, true), 0x3F80'0001U);        // just above the tie
    EXPECT_EQ(reference::multiply(0x0080'0000, 0x3F00'0000, true), 0x0040'0000U);   // smallest normal / 2
    EXPECT_EQ(reference::multiply(0x0080'0000, 0xBF00'0000, false), 0x8000'0000U);  // the same, flushed, keeps its sign
    EXPECT_EQ(reference::multiply(0x0000'0001, 0x3F00'0000, true), 0x0000'0000U);   // half the smallest: a tie, to even
    EXPECT_EQ(reference::add(0x7F7F'FFFF, 0x7300'0000, true), 0x7F80'0000U);        // largest + half its unit
    EXPECT_EQ(reference::add(0x7F80'0000, 0xFF80'0000, true), 0x7FC0'0000U);
    EXPECT_EQ(reference::multiply(0x0000'0000, 0xFF80'0000, true), 0x7FC0'0000U);
    EXPECT_EQ(reference::multiply(0x007F'FFFF, 0x7F80'0000, false), 0x7FC0'0000U);  // a flushed operand is zero
}

TEST(integer_reference, rounds_to_bf16_by_the_definition) {
    for (std::uint32_t upper = 0; upper < 0x1'0000; ++upper) {
        for (const std::uint32_t lower : {0x0000U, 0x0001U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU, 0x1234U}) {
            const std::uint32_t pattern = upper << 16 | lower;
            ASSERT_EQ(reference::round_to_bf16(pattern), test::nearest_bf16(pattern)) << std::hex << pattern;
        }
    }
}

std::uint32_t pattern_of(float value) {
    return std::bit_cast<std::uint32_t>(value);
}

TEST(integer_reference, a_step_adds_neighbouring_products_first_then_the_pairs_then_c) {
    const reference::four ones{pattern_of(1), pattern_of(1), pattern_of(1), pattern_of(1)};
    // Left to right this is 1; with products 0 and 2 paired, 3. As it should be: (2^24 + 1) -> 2^24, (-2^24 + 1) exact.
    const reference::four a{pattern_of(0x1p24F), pattern_of(1), pattern_of(-0x1p24F), pattern_of(1)};
    EXPECT_EQ(reference::matrix_step(pattern_of(1), a, ones, {}), pattern_of(2));
}

TEST(integer_reference, a_dot_product_ascends_in_k_and_pads_its_tail_with_zeros) {
    // Ascending: 2^24, then + 1 is lost, then - 2^24. Descending the 1 would stay.
    const std::vector<std::uint32_t> a{pattern_of(0x1p24F), 0, 0, 0, pattern_of(1), 0, 0, 0, pattern_of(-0x1p24F)};
    const std::vector<std::uint32_t> ones(9, pattern_of(1));
    EXPECT_EQ(reference::dot(a, ones, {}), pattern_of(0));
    EXPECT_EQ(reference::dot({}, {}, {}), pattern_of(0));

    const std::vector<std::uint32_t> minus_zero{0x8000'0000};
    EXPECT_EQ(reference::dot(minus_zero, std::span(ones).first(1), {}), pattern_of(0));
    std::vector<std::uint32_t> counting;
    for (const float n : {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}) counting.push_back(pattern_of(n));
    EXPECT_EQ(reference::dot(counting, counting, {}), pattern_of(91));
}

TEST(integer_reference, rounds_to_the_21_bit_accumulator_by_the_definition) {
    for (std::uint64_t i = 0; i < 1'000'000; ++i) {
        auto pattern = static_cast<std::uint32_t>(counter_random(1, 1, i));
        if (i % 4 == 0) pattern &= ~0x1FFU;  // ties
        const double value = std::bit_cast<float>(pattern);
        if (std::isnan(value)) continue;
        // Scaled so that the unit of the last place is one; all exact but the rounding asked for.
        int exponent = 0;
        std::frexp(value, &exponent);
        const int unit = std::max(exponent - 14, -75);
        const double nearest = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
        const double expected = std::copysign(std::min(std::fabs(nearest), 0x1.FFF8p64), value);
        ASSERT_EQ(reference::round_to_fp21(pattern), pattern_of(static_cast<float>(expected))) << std::hex << pattern;
    }
    EXPECT_EQ(reference::round_to_fp21(0xFF80'0000), pattern_of(-0x1.FFF8p64F));
    EXPECT_EQ(reference::round_to_fp21(0xFF80'0001), 0x7FC0'0000U);
    EXPECT_EQ(reference::round_to_fp21(pattern_of(-0x1p-76F)), 0x8000'0000U);
    EXPECT_EQ(reference::round_to_fp21(pattern_of(0x1.000002p-76F)), pattern_of(0x1p-75F));
}

}  // namespace
}  // namespace d1::numerics
