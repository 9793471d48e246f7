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

using types::bf16;
using types::fp32;

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

struct conversion {
    double value;
    std::int64_t expected;
    bool overflow = false;
};

TEST(integers, are_rounded_to_nearest_even_and_saturate) {
    const auto expect = [](number_format format, const std::vector<conversion>& conversions) {
        for (const auto& [value, expected, overflow] : conversions) {
            const auto source = static_cast<float>(value);
            std::vector<std::byte> memory(bytes(format));
            std::vector<std::int64_t> result(1);
            status_flags raised;
            encode({format}, std::span(&source, 1), memory, {}, {}, &raised);
            decode({format}, memory, result);
            EXPECT_EQ(result[0], expected) << name(format) << ' ' << value;
            EXPECT_EQ(raised, (status_flags{.invalid = std::isnan(value), .overflow = overflow})) << value;
        }
    };
    constexpr double infinity = std::numeric_limits<double>::infinity();
    expect(number_format::int8, {{0, 0},
                                 {0.5, 0},
                                 {1.5, 2},
                                 {2.5, 2},
                                 {-0.5, 0},
                                 {-1.5, -2},
                                 {127.49, 127},
                                 {127.5, 127, true},
                                 {-128.5, -128},
                                 {-128.51, -128, true},
                                 {1e30, 127, true},
                                 {infinity, 127, true},
                                 {-infinity, -128, true},
                                 {std::nan(""), 0},
                                 {1e-40, 0}});
    expect(number_format::int16,
           {{32767.498, 32767}, {32767.5, 32767, true}, {-32768.5, -32768}, {-4e4, -32768, true}});
    expect(number_format::int32, {{16777217.0, 16777216},
                                  {2147483520.0, 2147483520},
                                  {2147483648.0, 2147483647, true},
                                  {-2147483648.0, -2147483648},
                                  {-2147483904.0, -2147483648, true},
                                  {0.75, 1}});
}

TEST(integers, are_read_as_the_nearest_fp32) {
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        const auto value = static_cast<std::int32_t>(counter_random(1, 1, i) >> (32 + i % 32));
        std::vector<float> read(1);
        decode({number_format::int32}, std::as_bytes(std::span(&value, 1)), read);
        const double error = std::fabs(static_cast<double>(read[0]) - value);
        const double unit = std::ldexp(1.0, std::max(std::ilogb(static_cast<double>(read[0])), 23) - 23);
        ASSERT_LE(error, unit / 2) << value;
    }
    const std::vector<std::int32_t> ties{0x100'0001, 0x100'0003, -0x100'0001};
    std::vector<float> read(3);
    decode({number_format::int32}, std::as_bytes(std::span(ties)), read);
    EXPECT_THAT(read, testing::ElementsAre(0x1p24F, 0x1.000004p24F, -0x1p24F));
}

TEST(integers, are_rounded_once_to_any_format) {
    // A tie of bf16 plus one: by way of FP32 it would become the tie.
    const std::vector<std::int64_t> values{(1 << 30) + (1 << 22) + 1, -(1 << 30) - (1 << 22) - 1, (1 << 30) + (1 << 22),
                                           0, (std::int64_t{1} << 62) + (std::int64_t{1} << 54) + 1};
    std::vector<std::byte> memory(2 * values.size());
    encode({number_format::bf16}, values, memory);
    std::vector<float> read(values.size());
    decode(bf16, memory, read);
    EXPECT_THAT(read, testing::ElementsAre(0x1.02p30F, -0x1.02p30F, 0x1p30F, 0.0F, 0x1.02p62F));
    const std::vector<std::int64_t> more{16, 17, 300, -1, 100'000};
    memory.resize(more.size());
    status_flags raised;
    encode({number_format::cfp8_143, 0}, more, memory, {}, {}, &raised);
    EXPECT_EQ(raised, status_flags{.overflow = true});
    decode({number_format::cfp8_143, 0}, memory, read);
    EXPECT_THAT(read, testing::ElementsAre(16.0F, 16.0F, 288.0F, -1.0F, 61440.0F));
}

TEST(integers, stochastic_rounding_takes_one_of_the_two_neighbours_in_proportion) {
    const std::vector<float> values(100'000, -2.25F);
    std::vector<std::byte> memory(values.size());
    std::vector<std::int64_t> rounded(values.size());
    encode({number_format::int8}, values, memory, {}, {.mode = rounding_mode::stochastic});
    decode({number_format::int8}, memory, rounded);
    std::int64_t lower = 0;
    for (const std::int64_t value : rounded) {
        ASSERT_TRUE(value == -2 || value == -3);
        lower += value == -3 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(lower), 25'000, 5 * std::sqrt(100'000 * 0.25 * 0.75));
}

TEST(status_flags, of_bf16_and_fp32_are_found_where_they_are_asked_for) {
    status_flags raised;
    const auto flags_of = [&](element_type type, float value) {
        std::vector<std::byte> memory(bytes(type.format));
        raised = {};
        encode(type, std::span(&value, 1), memory, {}, {}, &raised);
        return raised;
    };
    constexpr float infinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(flags_of(bf16, 1.1F), status_flags{});
    EXPECT_EQ(flags_of(bf16, infinity), status_flags{});
    EXPECT_EQ(flags_of(bf16, std::numeric_limits<float>::max()), status_flags{.overflow = true});
    EXPECT_EQ(flags_of(bf16, 0x1.01p-130F), status_flags{.underflow = true});
    EXPECT_EQ(flags_of(bf16, 0x1p-130F), status_flags{});
    EXPECT_EQ(flags_of(fp32, std::nanf("")), status_flags{.invalid = true});
    std::vector<float> read(1);
    raised = {};
    const std::vector<std::uint32_t> smallest{1};
    const std::vector<std::uint16_t> nan{0x7FC0};
    decode(fp32, std::as_bytes(std::span(smallest)), read, {}, &raised);
    EXPECT_EQ(raised, status_flags{.denormal = true});
    decode(bf16, std::as_bytes(std::span(nan)), read, {}, &raised);
    EXPECT_EQ(raised, (status_flags{.invalid = true, .denormal = true}));
}

TEST(number_format, names_and_sizes) {
    EXPECT_EQ(name(number_format::bf16), "bf16");
    EXPECT_EQ(name(number_format::fp32), "fp32");
    EXPECT_EQ(number_format_from_name("bf16"), number_format::bf16);
    EXPECT_EQ(number_format_from_name("fp32"), number_format::fp32);
    EXPECT_EQ(number_format_from_name("BF16"), std::nullopt);
    EXPECT_EQ(number_format_from_name("cfp8_143"), number_format::cfp8_143);
    EXPECT_EQ(name(last_number_format), "int32");
    const std::vector<std::uint32_t> sizes{2, 4, 1, 1, 2, 2, 1, 2, 4};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto format = static_cast<number_format>(i);
        EXPECT_EQ(bytes(format), sizes[i]) << name(format);
        EXPECT_EQ(number_format_from_name(name(format)), format);
    }
}

}  // namespace
}  // namespace d1::numerics
