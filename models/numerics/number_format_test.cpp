#include "models/numerics/number_format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "models/numerics/rounding_reference.hpp"

namespace d1::numerics {
namespace {

constexpr element_type bf16{number_format::bf16};
constexpr element_type fp32{number_format::fp32};

float float_of(std::uint32_t pattern) {
    return std::bit_cast<float>(pattern);
}

std::uint16_t encode_pattern(std::uint32_t pattern) {
    return bf16_from_float(float_of(pattern));
}

TEST(bf16, decodes_every_pattern_to_the_value_its_fields_spell) {
    for (std::uint32_t value = 0; value < 0x1'0000; ++value) {
        const std::uint32_t exponent = value >> 7 & 0xFF, mantissa = value & 0x7F;
        if (exponent == 0xFF) continue;
        const double magnitude =
            exponent == 0 ? std::ldexp(mantissa, -133) : std::ldexp(128 + mantissa, static_cast<int>(exponent) - 134);
        const float decoded = float_from_bf16(static_cast<std::uint16_t>(value));
        ASSERT_EQ(std::fabs(decoded), magnitude) << value;
        ASSERT_EQ(std::signbit(decoded), value >= 0x8000) << value;
    }
    EXPECT_EQ(float_from_bf16(0x7F80), std::numeric_limits<float>::infinity());
    EXPECT_EQ(float_from_bf16(0xFF80), -std::numeric_limits<float>::infinity());
    EXPECT_TRUE(std::isnan(float_from_bf16(0x7F81)));
}

TEST(bf16, every_pattern_survives_decode_and_encode_except_that_nan_becomes_canonical) {
    for (std::uint32_t value = 0; value < 0x1'0000; ++value) {
        const auto element = static_cast<std::uint16_t>(value);
        const bool is_nan = (value & 0x7FFF) > 0x7F80;
        ASSERT_EQ(bf16_from_float(float_from_bf16(element)), is_nan ? 0x7FC0 : element) << value;
    }
}

TEST(bf16, rounds_to_nearest_even_around_every_representable_value_and_every_tie) {
    for (std::uint32_t upper = 0; upper < 0x1'0000; ++upper) {
        for (const std::uint32_t lower : {0x0000U, 0x0001U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU}) {
            const std::uint32_t pattern = upper << 16 | lower;
            ASSERT_EQ(encode_pattern(pattern), test::nearest_bf16(pattern)) << std::hex << pattern;
        }
    }
}

TEST(bf16, rounds_to_nearest_even_on_a_sample_of_all_patterns) {
    for (std::uint64_t pattern = 0; pattern < 0x1'0000'0000; pattern += 2003) {
        const auto sample = static_cast<std::uint32_t>(pattern);
        ASSERT_EQ(encode_pattern(sample), test::nearest_bf16(sample)) << std::hex << pattern;
    }
}

TEST(bf16, overflows_to_infinity_from_half_a_unit_above_the_largest_value) {
    EXPECT_EQ(encode_pattern(0x7F7F'7FFF), 0x7F7F);
    EXPECT_EQ(encode_pattern(0x7F7F'8000), 0x7F80);
    EXPECT_EQ(encode_pattern(0xFF7F'8000), 0xFF80);
}

TEST(bf16, keeps_subnormals_and_the_sign_of_what_underflows) {
    EXPECT_EQ(encode_pattern(0x0001'0000), 0x0001);
    EXPECT_EQ(encode_pattern(0x007F'C000), 0x0080);  // up to the smallest normal
    EXPECT_EQ(encode_pattern(0x8000'0001), 0x8000);
}

TEST(number_format, bulk_conversion_equals_the_scalar_one_at_any_alignment_and_length) {
    for (const std::size_t length : {0U, 1U, 7U, 8U, 33U, 1000U}) {
        for (const std::size_t offset : {0U, 1U, 3U}) {
            std::vector<float> values(length);
            for (std::size_t i = 0; i < length; ++i) values[i] = float_of(static_cast<std::uint32_t>(i * 0x0413'5C97));
            std::vector<std::byte> memory(offset + 2 * length + 1, std::byte{0xA5});
            encode(bf16, values, std::span(memory).subspan(offset, 2 * length));
            std::vector<float> decoded(length);
            decode(bf16, std::span(memory).subspan(offset, 2 * length), decoded);
            for (std::size_t i = 0; i < length; ++i) {
                const std::uint16_t element = bf16_from_float(values[i]);
                EXPECT_EQ(std::memcmp(&memory[offset + 2 * i], &element, 2), 0);
                EXPECT_EQ(std::bit_cast<std::uint32_t>(decoded[i]), std::uint32_t{element} << 16);
            }
            EXPECT_EQ(memory.back(), std::byte{0xA5});
        }
    }
}

TEST(number_format, fp32_keeps_every_bit_but_makes_nan_canonical) {
    const std::vector<std::uint32_t> patterns{0x8000'0000, 0x0000'0001, 0x3F80'0001,
                                              0xFF80'0000, 0x7F80'0001, 0xFFC1'2345};
    std::vector<float> values(patterns.size());
    decode(fp32, std::as_bytes(std::span(patterns)), values);
    std::vector<std::uint32_t> encoded(patterns.size());
    encode(fp32, values, std::as_writable_bytes(std::span(encoded)));
    EXPECT_THAT(encoded, testing::ElementsAre(0x8000'0000, 0x0000'0001, 0x3F80'0001, 0xFF80'0000, canonical_nan_fp32,
                                              canonical_nan_fp32));
}

TEST(number_format, spans_of_different_length_are_refused) {
    std::vector<float> values(4);
    std::vector<std::byte> memory(7);
    EXPECT_THROW(decode(bf16, memory, values), std::invalid_argument);
    EXPECT_THROW(encode(bf16, values, memory), std::invalid_argument);
    EXPECT_THROW(encode(fp32, values, std::span(memory).first(4)), std::invalid_argument);
}

TEST(number_format, names_and_sizes) {
    EXPECT_EQ(name(number_format::bf16), "bf16");
    EXPECT_EQ(name(number_format::fp32), "fp32");
    EXPECT_EQ(number_format_from_name("bf16"), number_format::bf16);
    EXPECT_EQ(number_format_from_name("fp32"), number_format::fp32);
    EXPECT_EQ(number_format_from_name("BF16"), std::nullopt);
    EXPECT_EQ(bytes(number_format::bf16), 2U);
    EXPECT_EQ(bytes(number_format::fp32), 4U);
}

}  // namespace
}  // namespace d1::numerics
