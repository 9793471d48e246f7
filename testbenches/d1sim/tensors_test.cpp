#include "testbenches/d1sim/tensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <vector>

#include "models/numerics/counter_random.hpp"
#include "models/numerics/number_format.hpp"

namespace d1 {
namespace {

using numerics::counter_random;

TEST(random_bf16, has_uniform_sign_mantissa_and_exponent_from_minus_7_to_0) {
    constexpr std::size_t count = std::size_t{1} << 20;
    std::map<std::uint16_t, std::size_t> occurrences;
    for (const std::uint16_t pattern : random_bf16(count, 5, 7)) ++occurrences[pattern];
    EXPECT_EQ(occurrences.size(), 2 * 8 * 128);
    const double mean = count / 2048.0;
    for (const auto& [pattern, times] : occurrences) {
        const float magnitude = std::fabs(numerics::float_from_bf16(pattern));
        ASSERT_GE(magnitude, 0x1p-7F);
        ASSERT_LT(magnitude, 2.0F);
        ASSERT_NEAR(static_cast<double>(times), mean, 6 * std::sqrt(mean)) << std::hex << pattern;
    }
}

TEST(random_bf16, takes_element_i_from_field_i_of_the_counted_words) {
    const auto values = random_bf16(10, 3, 4);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint64_t field = counter_random(3, 4, i / 4) >> (16 * (i % 4));
        const std::uint64_t exponent = 120 + (field >> 7 & 7);
        EXPECT_EQ(values[i], (field & 0x8000) + (exponent << 7) + (field & 0x7F)) << i;
    }
}

TEST(random_bf16, does_not_depend_on_how_many_are_drawn) {
    const auto all = random_bf16(33, 1, 2);
    for (std::size_t count = 0; count <= all.size(); ++count) {
        EXPECT_THAT(random_bf16(count, 1, 2),
                    testing::ElementsAreArray(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
    }
}

TEST(random_bf16, differs_by_seed_and_by_key) {
    EXPECT_NE(random_bf16(100, 1, 2), random_bf16(100, 1, 3));
    EXPECT_NE(random_bf16(100, 1, 2), random_bf16(100, 2, 2));
}

TEST(random_bf16, makes_sums_of_64_products_depend_on_their_order) {
    constexpr std::size_t sums = 1000;
    constexpr std::size_t k = 64;
    const auto a = random_bf16(sums * k, 1, 1);
    const auto b = random_bf16(sums * k, 1, 2);
    std::size_t different = 0;
    for (std::size_t i = 0; i < sums; ++i) {
        const auto product = [&](std::size_t j) {
            return numerics::float_from_bf16(a[i * k + j]) * numerics::float_from_bf16(b[i * k + j]);
        };
        float ascending = 0;
        float descending = 0;
        for (std::size_t j = 0; j < k; ++j) ascending += product(j);
        for (std::size_t j = k; j-- > 0;) descending += product(j);
        if (ascending != descending) ++different;
    }
    EXPECT_GT(different, sums / 2);
}

// Each element of A from its definition.
std::vector<std::uint16_t> by_definition(const convolution_shape& shape, const std::vector<std::uint16_t>& input) {
    std::vector<std::uint16_t> a;
    const gemm_shape gemm = shape.as_gemm();
    for (std::size_t row = 0; row < gemm.m; ++row) {
        const std::size_t x = row % shape.output_width();
        const std::size_t y = row / shape.output_width() % shape.output_height();
        const std::size_t image = row / shape.output_width() / shape.output_height();
        for (std::size_t k = 0; k < gemm.k; ++k) {
            const std::size_t channel = k % shape.channels;
            const std::size_t s = k / shape.channels % shape.filter_width;
            const std::size_t r = k / shape.channels / shape.filter_width;
            const std::size_t line = image * shape.ifmap_height + y * shape.stride + r;
            a.push_back(input.at((line * shape.ifmap_width + x * shape.stride + s) * shape.channels + channel));
        }
    }
    return a;
}

TEST(im2col, puts_the_window_of_each_output_pixel_into_a_row) {
    for (std::uint64_t i = 0; i < 200; ++i) {
        const auto random = [&](std::uint64_t which, std::uint64_t limit) {
            return 1 + counter_random(11, i, which) % limit;
        };
        convolution_shape shape{.ifmap_height = random(0, 9),
                                .ifmap_width = random(1, 9),
                                .filter_height = 0,
                                .filter_width = 0,
                                .channels = random(2, 5),
                                .filters = 1,
                                .stride = random(3, 4),
                                .batch = random(4, 3)};
        shape.filter_height = random(5, shape.ifmap_height);
        shape.filter_width = random(6, shape.ifmap_width);
        const auto input = random_bf16(shape.input_bytes(1), 11, i);
        ASSERT_EQ(im2col(shape, input), by_definition(shape, input)) << "case " << i;
    }
}

TEST(im2col, of_single_pixels_at_stride_one_is_the_input) {
    const convolution_shape shape{6, 5, 1, 1, 3, 4, 1, 2};
    const auto input = random_bf16(shape.input_bytes(1), 1, 1);
    EXPECT_EQ(im2col(shape, input), input);
}

TEST(im2col, refuses_an_input_of_another_size) {
    const convolution_shape shape{6, 5, 3, 3, 3, 4, 1, 2};
    EXPECT_THROW((void)im2col(shape, random_bf16(shape.input_bytes(1) - 1, 1, 1)), std::invalid_argument);
    EXPECT_THROW((void)im2col(shape, random_bf16(shape.input_bytes(1) + 1, 1, 1)), std::invalid_argument);
}

TEST(random_cfloat8, takes_element_i_from_byte_i_of_the_counted_words) {
    const auto codes = random_cfloat8(20, 3, 4);
    for (std::size_t i = 0; i < codes.size(); ++i) {
        EXPECT_EQ(codes[i], numerics::counter_random(3, 4, i / 8) >> (8 * (i % 8)) & 0xFF);
    }
}

TEST(bf16_of_cfloat8, is_what_the_simulator_reads_in_the_same_codes) {
    for (const auto format : {numerics::number_format::cfp8_143, numerics::number_format::cfp8_152}) {
        for (std::uint8_t bias = 0; bias <= numerics::largest_bias; ++bias) {
            for (const auto reading : {numerics::denormal_reading::gradual, numerics::denormal_reading::printed}) {
                std::vector<std::uint16_t> codes(256);
                std::vector<std::byte> bytes(256);
                for (std::size_t i = 0; i < 256; ++i) {
                    codes[i] = static_cast<std::uint16_t>(i);
                    bytes[i] = static_cast<std::byte>(i);
                }
                std::vector<float> values(256);
                numerics::decode({format, bias}, bytes, values, {.cfloat_denormals = reading});
                const auto patterns = bf16_of_cfloat8(codes, {format, bias}, reading);
                for (std::size_t i = 0; i < 256; ++i) {
                    ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), std::uint32_t{patterns[i]} << 16)
                        << name(format) << " bias " << int{bias} << " code " << i;
                }
            }
        }
    }
}

}  // namespace
}  // namespace d1
