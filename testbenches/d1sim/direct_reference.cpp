#include "testbenches/d1sim/direct_reference.hpp"

#include <vector>

namespace d1 {

namespace {

using patterns = std::vector<std::uint16_t>;

constexpr std::uint64_t up_to_four(std::uint64_t n) {
    return (n + 3) / 4 * 4;
}

}  // namespace

check_result direct_convolution::check(std::span<const std::uint16_t> input, std::span<const std::uint16_t> weights,
                                       std::span<const std::uint32_t> result) const {
    convolution_shape wide = shape;
    wide.channels = up_to_four(shape.channels);
    patterns x(wide.input_bytes(1));
    for (std::size_t i = 0; i < input.size(); ++i) {
        x[i / shape.channels * wide.channels + i % shape.channels] = input[i];
    }
    patterns w(wide.as_gemm().k * shape.filters);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::size_t row = i / shape.filters;
        w[(row / shape.channels * wide.channels + row % shape.channels) * shape.filters + i % shape.filters] =
            weights[i];
    }
    return check_convolution(wide, x, w, output, rules, result, seed);
}

check_result direct_convolution::check_input_gradient(std::span<const std::uint16_t> gradient,
                                                      std::span<const std::uint16_t> weights,
                                                      std::span<const std::uint32_t> result) const {
    const convolution_shape turned{.ifmap_height = shape.ifmap_height + shape.filter_height - 1,
                                   .ifmap_width = shape.ifmap_width + shape.filter_width - 1,
                                   .filter_height = shape.filter_height,
                                   .filter_width = shape.filter_width,
                                   .channels = up_to_four(shape.filters),
                                   .filters = shape.channels,
                                   .stride = 1,
                                   .batch = shape.batch};
    patterns dy(turned.input_bytes(1));
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        const std::size_t pixel = i / shape.filters;
        const std::size_t column = pixel % shape.output_width();
        const std::size_t row = pixel / shape.output_width() % shape.output_height();
        const std::size_t image = pixel / shape.output_width() / shape.output_height();
        const std::size_t y = row * shape.stride + shape.filter_height - 1;
        const std::size_t x = column * shape.stride + shape.filter_width - 1;
        dy[((image * turned.ifmap_height + y) * turned.ifmap_width + x) * turned.channels + i % shape.filters] =
            gradient[i];
    }
    const std::size_t taps = shape.filter_height * shape.filter_width;
    patterns w(taps * turned.channels * turned.filters);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const std::size_t tap = taps - 1 - i / shape.filters / shape.channels;
        const std::size_t channel = i / shape.filters % shape.channels;
        w[(tap * turned.channels + i % shape.filters) * turned.filters + channel] = weights[i];
    }
    return check_convolution(turned, dy, w, output, rules, result, seed);
}

check_result direct_convolution::check_weight_gradient(std::span<const std::uint16_t> input,
                                                       std::span<const std::uint16_t> gradient,
                                                       std::span<const std::uint32_t> result) const {
    const gemm_shape forward = shape.as_gemm();
    const std::size_t pixels = shape.output_height() * shape.output_width();
    const std::size_t images = up_to_four(shape.batch);
    // Rows of the forward product, in the order of the sum; those of images that there are not are zeros.
    patterns x(images * pixels * forward.k);
    patterns dy(images * pixels * forward.n);
    for (std::size_t image = 0; image < shape.batch; ++image) {
        for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
            const std::size_t to = (image / 4 * pixels + pixel) * 4 + image % 4;
            const std::size_t from = image * pixels + pixel;
            for (std::size_t f = 0; f < forward.n; ++f) dy[to * forward.n + f] = gradient[from * forward.n + f];
            std::size_t k = to * forward.k;
            for (std::size_t r = 0; r < shape.filter_height; ++r) {
                const std::size_t y = pixel / shape.output_width() * shape.stride + r;
                const std::size_t first = pixel % shape.output_width() * shape.stride;
                const std::size_t corner =
                    ((image * shape.ifmap_height + y) * shape.ifmap_width + first) * shape.channels;
                for (std::size_t c = 0; c < shape.filter_width * shape.channels; ++c) x[k++] = input[corner + c];
            }
        }
    }
    return d1::check_weight_gradient(gemm_shape{.m = images * pixels, .n = forward.n, .k = forward.k}, x, dy, output,
                                     rules, result, seed);
}

}  // namespace d1
