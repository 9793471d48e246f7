#pragma once
// Conversions of the CFloat formats against their definition, for tests.

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <limits>
#include <vector>

#include "models/numerics/cfloat.hpp"
#include "models/numerics/cfloat_reference.hpp"

namespace d1::numerics::test {

inline std::uint32_t first_element(std::span<const std::byte> memory, element_type type) {
    std::uint32_t code = 0;
    std::memcpy(&code, memory.data(), bytes(type.format));
    return code;
}

inline std::uint32_t encode_one(element_type type, float value, arithmetic rules = {}, rounding how = {},
                                status_flags* raised = nullptr) {
    std::array<std::byte, 4> memory{};
    const auto element = std::span(memory).first(bytes(type.format));
    encode(type, std::span(&value, 1), element, rules, how, raised);
    return first_element(element, type);
}

inline float decode_one(element_type type, std::uint32_t code, arithmetic rules = {}, status_flags* raised = nullptr) {
    float value = 0;
    decode(type, std::as_bytes(std::span(&code, 1)).first(bytes(type.format)), std::span(&value, 1), rules, raised);
    return value;
}

inline std::string shown(element_type type, arithmetic rules) {
    return std::string(name(type.format)) + " bias " + std::to_string(type.bias) +
           (rules.cfloat_denormals == denormal_reading::printed ? " printed" : " gradual") +
           (rules.keep_uhp_denormals ? " keeping UHP denormals" : "");
}

/// One value, both signs, both roundings; the random words are those on either side of where the result changes.
inline void expect_rounding(element_type type, arithmetic rules, const value_table& table, float value) {
    const auto place = table.find(exact(std::isinf(value) ? std::numeric_limits<float>::max() : value));
    const auto nearest = table.nearest(place);
    const bool is_signed = fields_of(type.format).is_signed;
    const auto as_expected = [&](std::uint32_t code, status_flags raised, const value_table::result& expected) {
        return code == expected.code && raised.overflow == expected.overflow && raised.underflow == expected.underflow;
    };
    status_flags raised;
    std::uint32_t code = encode_one(type, value, rules, {}, &raised);
    ASSERT_TRUE(as_expected(code, raised, nearest)) << value << " gave " << code << " not " << nearest.code;
    ASSERT_EQ(encode_one(type, -value, rules), is_signed ? code | (table.largest() + 1) : 0U) << -value;
    const cfloat format = cfloat_of(type, rules);
    const auto threshold = static_cast<std::uint32_t>((std::uint64_t{1} << 32) - place.fraction());
    for (const std::uint32_t random : {0U, threshold - 1, threshold, 0xFFFF'FFFFU}) {
        const auto expected = table.stochastic(place, random);
        const cfloat::result r = format.encode(numerics::magnitude_of(value), rounding_mode::stochastic, random);
        ASSERT_TRUE(as_expected(r.code, {.overflow = r.overflow, .underflow = r.underflow}, expected))
            << value << " with " << random << " gave " << r.code << " not " << expected.code;
    }
}

/// Every code is read as its fields say and written back; every two neighbours, their midpoint and what lies just
/// beside all three is rounded as it should; so is what lies beyond the largest value.
inline void expect_as_defined(element_type type, arithmetic rules) {
    SCOPED_TRACE(shown(type, rules));
    const value_table table(type, rules);
    const bool is_signed = fields_of(type.format).is_signed;
    for (std::uint32_t code = 0; code <= table.largest(); ++code) {
        status_flags raised;
        const float value = decode_one(type, code, rules, &raised);
        ASSERT_EQ(exact(value), value_of(type, code, rules)) << code;
        ASSERT_EQ(raised, (status_flags{.denormal = code > 0 && code < table.smallest_normal()})) << code;
        ASSERT_EQ(encode_one(type, value, rules), value == 0 ? 0 : code);
        if (is_signed) {
            const float negative = decode_one(type, code | (table.largest() + 1), rules);
            ASSERT_EQ(std::bit_cast<std::uint32_t>(negative), std::bit_cast<std::uint32_t>(-value)) << code;
        }
    }
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const auto expect_around = [&](float value) {
        for (const float near : {std::nextafter(value, 0.0F), value, std::nextafter(value, infinity)}) {
            expect_rounding(type, rules, table, near);
            if (testing::Test::HasFatalFailure()) return;
        }
    };
    for (std::uint32_t code = 0; code < table.largest(); ++code) {
        expect_around(float_of(table.values()[code]));
        expect_around(float_of((table.values()[code] + table.values()[code + 1]) / 2));
        if (testing::Test::HasFatalFailure()) return;
    }
    const rational largest = table.values().back();
    const rational unit = largest - table.values()[table.largest() - 1];
    for (const rational& value : {largest, rational(largest + unit / 2), rational(largest + unit)}) {
        expect_around(float_of(value));
    }
    for (const float value : {std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::min(),
                              std::numeric_limits<float>::max(), infinity}) {
        expect_rounding(type, rules, table, value);
    }
}

inline constexpr std::array both_readings{
    arithmetic{}, arithmetic{.cfloat_denormals = denormal_reading::printed, .keep_uhp_denormals = true}};

}  // namespace d1::numerics::test
