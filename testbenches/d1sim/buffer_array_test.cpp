// How arrays become the elements of buffers, and back.

#include "testbenches/d1sim/buffer_array.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

namespace d1 {
namespace {

using numerics::element_type;
using testing::HasSubstr;

using numerics::types::bf16;
using numerics::types::fp32;

template <typename Number>
npy_array array_of(char kind, const std::vector<Number>& numbers) {
    npy_array a{kind, sizeof(Number), {numbers.size()}, std::vector<std::byte>(numbers.size() * sizeof(Number))};
    std::memcpy(a.bytes.data(), numbers.data(), a.bytes.size());
    return a;
}

template <typename Pattern, typename Number>
std::vector<Pattern> stored(char kind, const std::vector<Number>& numbers, element_type type, std::size_t first = 0) {
    const npy_array a = array_of(kind, numbers);
    EXPECT_EQ(why_not(a, type), "");
    std::vector<Pattern> patterns(numbers.size() - first);
    store(a, first, type, std::as_writable_bytes(std::span(patterns)));
    return patterns;
}

/// The bf16 nearest to a double, found by trying both neighbours of a truncation; of two as near the even one.
std::uint16_t nearest_bf16(double value) {
    const auto magnitude = [](std::uint16_t p) {
        return p == 0x7F80 ? std::ldexp(1.0, 128) : static_cast<double>(numerics::float_from_bf16(p));
    };
    std::uint16_t low = 0;
    for (std::uint16_t bit = 0x4000; bit != 0; bit = static_cast<std::uint16_t>(bit / 2)) {
        const auto candidate = static_cast<std::uint16_t>(low | bit);
        if (candidate < 0x7F80 && magnitude(candidate) <= std::abs(value)) low = candidate;
    }
    const auto high = static_cast<std::uint16_t>(low + 1);
    const double below = std::abs(value) - magnitude(low);
    const double above = magnitude(high) - std::abs(value);
    const bool up = above < below || (above == below && low % 2 == 1);
    return static_cast<std::uint16_t>((up ? high : low) | (std::signbit(value) ? 0x8000 : 0));
}

TEST(buffer_array, takes_float32_bit_for_bit_into_fp32) {
    const std::vector<float> numbers{1.5F, -0.0F, std::bit_cast<float>(0x7FA0'0001U), 1e-45F};
    const auto patterns = stored<std::uint32_t>('f', numbers, fp32);
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(patterns[i], std::bit_cast<std::uint32_t>(numbers[i]));
}

TEST(buffer_array, rounds_float64_once) {
    // 1 + 2^-8 is halfway between two bf16; a little more must go up, though in float32 it is the half exactly.
    const double above_half = 1 + std::ldexp(1.0, -8) + std::ldexp(1.0, -50);
    const double below_half = 1 + 3 * std::ldexp(1.0, -8) - std::ldexp(1.0, -50);
    EXPECT_EQ(stored<std::uint16_t>('f', std::vector<double>{above_half, below_half}, bf16),
              (std::vector<std::uint16_t>{0x3F81, 0x3F81}));
    std::mt19937_64 engine(1);
    std::vector<double> numbers{0.0, -0.0, 3.4e38, -3.5e38, 1e300, -1e300, 1e-300, 5e-324, 1e-40};
    for (int i = 0; i < 20000; ++i) {
        const auto half = static_cast<std::uint16_t>(engine() % 0x7F80);
        const double middle =
            (static_cast<double>(numerics::float_from_bf16(half)) +
             (half == 0x7F7F ? std::ldexp(1.0, 128)
                             : static_cast<double>(numerics::float_from_bf16(static_cast<std::uint16_t>(half + 1))))) /
            2;
        const double off = std::ldexp(1.0, -static_cast<int>(20 + engine() % 30));
        numbers.push_back(middle *
                          (1 + (engine() % 3 == 0   ? 0
                                : engine() % 2 == 0 ? off
                                                    : -off)) *
                          (engine() % 2 == 0 ? 1 : -1));
    }
    const auto patterns = stored<std::uint16_t>('f', numbers, bf16);
    for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(patterns[i], nearest_bf16(numbers[i])) << numbers[i];
    EXPECT_EQ(stored<std::uint32_t>('f', std::vector<double>{1e300, 0.1}, fp32),
              (std::vector<std::uint32_t>{0x7F80'0000, std::bit_cast<std::uint32_t>(0.1F)}));
}

TEST(buffer_array, takes_unsigned_integers_of_the_width_as_patterns) {
    EXPECT_EQ(stored<std::uint16_t>('u', std::vector<std::uint16_t>{0x7FFF, 3}, bf16),
              (std::vector<std::uint16_t>{0x7FFF, 3}));
    EXPECT_EQ(stored<std::uint32_t>('u', std::vector<std::uint32_t>{9, 8, 7}, fp32, 1),
              (std::vector<std::uint32_t>{8, 7}))
        << "from an element on";
}

TEST(buffer_array, says_what_else_it_would_take) {
    EXPECT_THAT(why_not(array_of<std::int64_t>('i', {1}), fp32),
                HasSubstr("elements of type int64; expected float32 or float64 to be converted to fp32, or its bit "
                          "patterns as uint32"));
    EXPECT_NE(why_not(array_of<std::uint32_t>('u', {1}), bf16), "");
    EXPECT_NE(why_not(array_of<std::int16_t>('i', {1}), bf16), "") << "a number or a pattern?";
}

TEST(buffer_array, gives_back_every_bf16) {
    std::vector<std::uint16_t> all(0x10000);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    npy_array a = array_for(bf16);
    append(a, bf16, std::as_bytes(std::span(all)));
    EXPECT_EQ(a.type_name(), "float32");
    std::vector<std::uint16_t> again(all.size());
    store(a, 0, bf16, std::as_writable_bytes(std::span(again)));
    for (std::size_t i = 0; i < all.size(); ++i) {
        const bool nan = (i & 0x7FFFU) > 0x7F80;
        EXPECT_EQ(again[i], nan ? numerics::canonical_nan_bf16 : all[i]);
    }
}

}  // namespace
}  // namespace d1
