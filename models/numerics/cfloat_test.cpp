#include "models/numerics/cfloat.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "models/numerics/cfloat_comparison.hpp"

namespace d1::numerics {
namespace {

using test::decode_one, test::encode_one;
using enum number_format;

constexpr arithmetic printed{.cfloat_denormals = denormal_reading::printed};
constexpr rounding stochastic{.mode = rounding_mode::stochastic};
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

class cfloat8 : public testing::TestWithParam<number_format> {};
INSTANTIATE_TEST_SUITE_P(of, cfloat8, testing::Values(cfp8_143, cfp8_152),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST_P(cfloat8, all_codes_at_all_biases_in_both_readings_convert_as_defined) {
    for (std::uint8_t bias = 0; bias <= largest_bias; ++bias) {
        for (const arithmetic& rules : test::both_readings) {
            test::expect_as_defined({GetParam(), bias}, rules);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(cfloat8_143, spans_the_exponents_of_table_4_of_the_paper) {
    EXPECT_EQ(decode_one({cfp8_143, 0}, 0x08), 0x1p1F);
    EXPECT_EQ(decode_one({cfp8_143, 0}, 0x7F), 0x1.Ep15F);
    EXPECT_EQ(decode_one({cfp8_143, 63}, 0x08), 0x1p-62F);
    EXPECT_EQ(decode_one({cfp8_143, 63}, 0x7F), 0x1.Ep-48F);
}

TEST(cfloat8_152, spans_the_exponents_of_table_5_of_the_paper) {
    EXPECT_EQ(decode_one({cfp8_152, 0}, 0x04), 0x1p1F);
    EXPECT_EQ(decode_one({cfp8_152, 0}, 0x7F), 0x1.Cp31F);
    EXPECT_EQ(decode_one({cfp8_152, 63}, 0x04), 0x1p-62F);
    EXPECT_EQ(decode_one({cfp8_152, 63}, 0x7F), 0x1.Cp-32F);
}

TEST(cfloat16, the_ends_of_the_ranges) {
    EXPECT_EQ(decode_one({cfp16_shp, 0}, 0x7FFF), 0x1.FFCp31F);
    EXPECT_EQ(decode_one({cfp16_shp, 63}, 0x0001), 0x1p-72F);
    EXPECT_EQ(decode_one({cfp16_shp, 63}, 0x0001, printed), 0x1p-73F);
    EXPECT_EQ(decode_one({cfp16_uhp, 0}, 0xFFFF), 0x1.FFCp32F);
    EXPECT_EQ(decode_one({cfp16_uhp, 0}, 0x0400), 0x1p-30F);
    EXPECT_EQ(decode_one({cfp16_uhp, 7}, 0x0400), 0x1p-30F) << "the bias of UHP is fixed";
}

TEST(cfloat, denormals_are_gradual_or_leave_the_gap_that_the_paper_prints) {
    EXPECT_EQ(decode_one({cfp8_143, 0}, 0x07), 1.75F);
    EXPECT_EQ(decode_one({cfp8_143, 0}, 0x07, printed), 0.875F);
    EXPECT_EQ(encode_one({cfp8_143, 0}, 1.4375F, printed), 0x08U) << "a tie goes to the even code";
    EXPECT_EQ(encode_one({cfp8_143, 0}, 1.43F, printed), 0x07U);
}

TEST(cfloat, what_is_too_large_or_no_number_is_clamped_or_zero_and_flagged) {
    for (const rounding how : {rounding{}, stochastic}) {
        for (const number_format format : {cfp8_143, cfp8_152, cfp16_shp, cfp16_uhp}) {
            const std::uint32_t sign = format == cfp16_uhp ? 0 : 1U << (bits(format) - 1);
            const std::uint32_t largest = (format == cfp16_uhp ? 0xFFFF : sign - 1);
            const auto expect = [&](float value, std::uint32_t code, status_flags flags) {
                status_flags raised;
                EXPECT_EQ(encode_one({format, 7}, value, {}, how, &raised), code) << name(format) << ' ' << value;
                EXPECT_EQ(raised, flags) << name(format) << ' ' << value;
            };
            const status_flags below_zero{.invalid = format == cfp16_uhp, .overflow = format != cfp16_uhp};
            expect(infinity, largest, {.overflow = true});
            expect(0x1p127F, largest, {.overflow = true});
            expect(-infinity, format == cfp16_uhp ? 0 : sign | largest, below_zero);
            expect(-0x1p127F, format == cfp16_uhp ? 0 : sign | largest, below_zero);
            expect(nan, 0, {.invalid = true});
            expect(-nan, 0, {.invalid = true});
            expect(0.0F, 0, {});
            expect(-0.0F, sign, {});
            expect(1, encode_one({format, 7}, 1), {});
        }
    }
}

TEST(cfloat, flags_stay_raised) {
    status_flags raised;
    static_cast<void>(encode_one({cfp8_143, 0}, infinity, {}, {}, &raised));
    static_cast<void>(encode_one({cfp8_143, 0}, nan, {}, {}, &raised));
    static_cast<void>(encode_one({cfp8_143, 0}, 0.01F, {}, {}, &raised));
    static_cast<void>(decode_one({cfp8_143, 0}, 1, {}, &raised));
    EXPECT_EQ(raised, (status_flags{true, true, true, true}));
}

TEST(cfloat, uhp_has_denormals_only_if_asked_for) {
    constexpr arithmetic keeping{.keep_uhp_denormals = true};
    status_flags raised;
    EXPECT_EQ(encode_one({cfp16_uhp}, 0x1p-31F, {}, {}, &raised), 0U);
    EXPECT_EQ(raised, status_flags{.underflow = true});
    EXPECT_EQ(encode_one({cfp16_uhp}, 0x1p-31F, keeping), 0x0200U);
    EXPECT_EQ(decode_one({cfp16_uhp}, 0x0200), 0);
    EXPECT_EQ(decode_one({cfp16_uhp}, 0x0200, keeping), 0x1p-31F);
    EXPECT_EQ(encode_one({cfp16_uhp}, 0x1.FFFp-31F), 0x0400U) << "what rounds up to the smallest normal stays";
}

TEST(cfloat, a_bias_beyond_63_is_refused_where_there_is_a_bias) {
    for (const number_format format : {cfp8_143, cfp8_152, cfp16_shp}) {
        EXPECT_THROW(static_cast<void>(encode_one({format, 64}, 1)), std::invalid_argument);
        EXPECT_THROW(static_cast<void>(decode_one({format, 64}, 1)), std::invalid_argument);
    }
    for (const number_format format : {bf16, fp32, cfp16_uhp, int8}) {
        EXPECT_EQ(encode_one({format, 64}, 1), encode_one({format}, 1));
    }
}

TEST(cfloat, encoding_never_falls_where_the_value_rises) {
    for (const number_format format : {cfp8_143, cfp8_152, cfp16_shp, cfp16_uhp}) {
        for (const arithmetic& rules : test::both_readings) {
            const element_type type{format, 20};
            float before = decode_one(type, encode_one(type, -infinity, rules), rules);
            for (std::int64_t i = -0x7F80'0000; i <= 0x7F80'0000; i += 99'991) {
                const auto pattern = static_cast<std::uint32_t>(i < 0 ? -i : i) | (i < 0 ? 0x8000'0000 : 0);
                const float value = decode_one(type, encode_one(type, std::bit_cast<float>(pattern), rules), rules);
                ASSERT_GE(value, before) << test::shown(type, rules) << std::hex << pattern;
                before = value;
            }
        }
    }
}

// Rounds the value `count` times with the words of elements 0, 1, ... and gives the mean.
double mean_of(element_type type, float value, std::size_t count, arithmetic rules, std::uint64_t key) {
    const std::vector<float> values(count, value);
    std::vector<std::byte> codes(count * bytes(type.format));
    std::vector<float> rounded(count);
    encode(type, values, codes, rules, {rounding_mode::stochastic, key, 0});
    decode(type, codes, rounded, rules);
    return std::accumulate(rounded.begin(), rounded.end(), 0.0) / static_cast<double>(count);
}

TEST(stochastic_rounding, has_the_value_as_its_mean) {
    constexpr std::size_t count = 100'000;
    for (const element_type type : {element_type{cfp8_143, 7}, {cfp8_152, 15}, {cfp16_shp, 15}, {cfp16_uhp}, {bf16}}) {
        for (const arithmetic& rules : test::both_readings) {
            const std::uint32_t middle = encode_one(type, 1);
            for (const std::uint32_t code : {0U, 1U, middle - 1, middle, middle + 1}) {
                const double below = decode_one(type, code, rules);
                const double gap = decode_one(type, code + 1, rules) - below;
                if (type.format == cfp16_uhp && below == 0 && !rules.keep_uhp_denormals) continue;  // flushed
                for (const double place : {0.0625, 0.3, 0.5, 0.9}) {
                    const auto value = static_cast<float>(below + place * gap);
                    const double p = (value - below) / gap;
                    // A mean of `count` coins; five of its standard deviations are missed once in two million.
                    const double allowed = 5 * std::sqrt(p * (1 - p) / count) * gap;
                    EXPECT_NEAR(mean_of(type, value, count, rules, code), value, allowed)
                        << test::shown(type, rules) << " code " << code << " place " << place;
                }
            }
        }
    }
}

TEST(stochastic_rounding, leaves_alone_what_is_representable) {
    for (const element_type type : {element_type{cfp8_143, 7}, {cfp8_152, 15}, {cfp16_shp, 15}, {cfp16_uhp}, {bf16}}) {
        for (std::uint32_t code = 0; code >> bits(type.format) == 0; code += 1 + code / 256) {
            const float value = decode_one(type, code);
            if (std::isnan(value)) continue;
            const rounding how{rounding_mode::stochastic, 1, code};
            ASSERT_EQ(std::bit_cast<std::uint32_t>(decode_one(type, encode_one(type, value, {}, how))),
                      std::bit_cast<std::uint32_t>(value));
        }
    }
}

TEST(stochastic_rounding, of_an_element_depends_on_seed_key_and_index_alone) {
    const element_type type{cfp8_143, 7};
    std::vector<float> values(1000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0F + 0.001F * static_cast<float>(i);
    std::vector<std::byte> whole(values.size()), parts(values.size());
    const arithmetic seeded{.rounding_seed = 99};
    encode(type, values, whole, seeded, {rounding_mode::stochastic, 5, 70});
    for (std::size_t end = values.size(); end > 0;) {  // from the last to the first, in pieces of any size
        const std::size_t size = std::min<std::size_t>(end, 1 + end % 37);
        end -= size;
        encode(type, std::span(values).subspan(end, size), std::span(parts).subspan(end, size), seeded,
               {rounding_mode::stochastic, 5, 70 + end});
    }
    EXPECT_EQ(parts, whole);
    const test::value_table table(type, {});
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto word = static_cast<std::uint32_t>(counter_random(99, 5, 70 + i) >> 32);
        ASSERT_EQ(static_cast<std::uint32_t>(whole[i]),
                  table.stochastic(table.find(test::exact(values[i])), word).code);
    }
    std::vector<std::byte> other(values.size());
    encode(type, values, other, {.rounding_seed = 100}, {rounding_mode::stochastic, 5, 70});
    EXPECT_NE(other, whole);
    encode(type, values, other, seeded, {rounding_mode::stochastic, 6, 70});
    EXPECT_NE(other, whole);
}

TEST(stochastic_rounding, to_bf16_adds_the_word_below_the_kept_bits) {
    EXPECT_EQ(encode_one({bf16}, infinity, {}, stochastic), 0x7F80U);
    EXPECT_EQ(encode_one({bf16}, nan, {}, stochastic), canonical_nan_bf16);
    for (std::uint64_t i = 0; i < 100'000; ++i) {
        const auto pattern = static_cast<std::uint32_t>(counter_random(3, 4, i));
        if ((pattern & 0x7F80'0000) == 0x7F80'0000) continue;
        const std::uint32_t word = rounding_word(1, {rounding_mode::stochastic, 9, i}, 0);
        const bool up = (pattern & 0xFFFF) + (word >> 16) > 0xFFFF;
        ASSERT_EQ(encode_one({bf16}, std::bit_cast<float>(pattern), {}, {rounding_mode::stochastic, 9, i}),
                  (pattern >> 16) + (up ? 1 : 0));
    }
}

}  // namespace
}  // namespace d1::numerics
