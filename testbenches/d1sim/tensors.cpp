#include "testbenches/d1sim/tensors.hpp"

#include <algorithm>
#include <bit>
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
