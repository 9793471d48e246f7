#include "testbenches/d1sim/tensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "models/numerics/counter_random.hpp"

namespace d1 {

std::vector<std::uint16_t> random_bf16(std::size_t count, std::uint64_t seed, std::uint64_t key) {
    static_assert(std::endian::native == std::endian::little, "field 0 of a word is stored first");
    constexpr std::size_t fields = 4;
    // In each 16-bit field: sign, three exponent bits and mantissa are random, the upper exponent bits those of 2^-7.
    constexpr std::uint64_t random_bits = 0x83FF'83FF'83FF'83FF;
    constexpr std::uint64_t smallest_exponent = 0x3C00'3C00'3C00'3C00;
    std::vector<std::uint16_t> result(count);
    for (std::size_t i = 0; i < count; i += fields) {
        const std::uint64_t random = numerics::counter_random(seed, key, i / fields);
        const std::uint64_t patterns = (random & random_bits) | smallest_exponent;
        std::memcpy(&result[i], &patterns, std::min(fields, count - i) * sizeof(std::uint16_t));
    }
    return result;
}

std::vector<std::uint32_t> random_fp32(std::size_t count, std::uint64_t seed, std::uint64_t key) {
    constexpr std::uint32_t random_bits = 0x83FF'FFFF;
    constexpr std::uint32_t smallest_exponent = 0x3C00'0000;
    std::vector<std::uint32_t> result(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto random = static_cast<std::uint32_t>(numerics::counter_random(seed, key, i));
        result[i] = (random & random_bits) | smallest_exponent;
    }
    return result;
}

std::vector<std::uint16_t> random_cfloat8(std::size_t count, std::uint64_t seed, std::uint64_t key) {
    constexpr std::size_t fields = 8;
    std::vector<std::uint16_t> result(count);
    for (std::size_t i = 0; i < count; ++i) {
        result[i] = numerics::counter_random(seed, key, i / fields) >> (8 * (i % fields)) & 0xFF;
    }
    return result;
}

std::vector<std::uint16_t> bf16_of_cfloat8(std::span<const std::uint16_t> codes, numerics::element_type type,
                                           numerics::denormal_reading reading) {
    if (type.format != numerics::number_format::cfp8_143 && type.format != numerics::number_format::cfp8_152) {
        throw std::invalid_argument("bf16_of_cfloat8: not a CFloat8 format");
    }
    const int mantissa_bits = type.format == numerics::number_format::cfp8_143 ? 3 : 2;
    const int denormal_exponent = (reading == numerics::denormal_reading::gradual ? 1 : 0) - type.bias;
    std::array<std::uint16_t, 256> values{};
    for (int code = 0; code < 256; ++code) {
        const int exponent = (code & 0x7F) >> mantissa_bits;
        const int mantissa = code & ((1 << mantissa_bits) - 1);
        const int significand = exponent == 0 ? mantissa : mantissa + (1 << mantissa_bits);
        const int scale = (exponent == 0 ? denormal_exponent : exponent - type.bias) - mantissa_bits;
        const auto value = static_cast<float>(std::ldexp(code < 128 ? significand : -significand, scale));
        const auto pattern = std::bit_cast<std::uint32_t>(std::copysign(value, code < 128 ? 1.0F : -1.0F));
        values[static_cast<std::size_t>(code)] = static_cast<std::uint16_t>(pattern >> 16);
    }
    std::vector<std::uint16_t> result(codes.size());
    std::transform(codes.begin(), codes.end(), result.begin(), [&](std::uint16_t code) { return values.at(code); });
    return result;
}

std::vector<std::uint16_t> im2col(const convolution_shape& shape, std::span<const std::uint16_t> input) {
    if (input.size() != shape.input_bytes(1)) throw std::invalid_argument("im2col: input of another size");
    const std::size_t image_row = shape.ifmap_width * shape.channels;
    const std::size_t run = shape.filter_width * shape.channels;  // of a window's row: contiguous in the input
    std::vector<std::uint16_t> a(shape.expanded_bytes(1));
    std::uint16_t* next = a.data();
    for (std::size_t image = 0; image < shape.batch; ++image) {
        for (std::size_t y = 0; y < shape.output_height(); ++y) {
            const std::size_t top = (image * shape.ifmap_height + y * shape.stride) * image_row;
            for (std::size_t x = 0; x < shape.output_width(); ++x) {
                const std::size_t corner = top + x * shape.stride * shape.channels;
                for (std::size_t r = 0; r < shape.filter_height; ++r, next += run) {
                    std::memcpy(next, &input[corner + r * image_row], run * sizeof(std::uint16_t));
                }
            }
        }
    }
    return a;
}

}  // namespace d1
