#pragma once
// Kernels of windows that slide over images, channel by channel: pooling and
// depth-wise convolutions.

#include <cstdint>

#include "testbenches/kernels/kernel.hpp"

namespace d1::kernels {

/// Windows over `batch` images, input[batch][height][width][channels]; the
/// results have output_height() x output_width() pixels. Their places are
/// numbered row by row, from 0.
struct window_shape {
    std::uint32_t batch = 1;
    std::uint32_t height = 1;
    std::uint32_t width = 1;
    std::uint32_t channels = 1;
    std::uint32_t window_height = 1;
    std::uint32_t window_width = 1;
    std::uint32_t stride = 1;
    std::uint32_t padding_height = 0;  ///< rows above and below
    std::uint32_t padding_width = 0;

    [[nodiscard]] constexpr std::uint32_t output_height() const {
        return (height + 2 * padding_height - window_height) / stride + 1;
    }
    [[nodiscard]] constexpr std::uint32_t output_width() const {
        return (width + 2 * padding_width - window_width) / stride + 1;
    }
    [[nodiscard]] constexpr std::uint32_t places() const { return window_height * window_width; }
};

/// What is done in a window; places in ascending order, sums in FP32, the last
/// result rounded to the output's type:
///   maximum     the largest, as numerics' maximum; padding is -infinity, or
///   what is nearest to it in the type average     (x0 + x1 + ...) (1 /
///   places), padding is +0 and counts depth_wise  ((x0 w0) + x1 w1) + ...,
///   each product rounded; padding is +0. w[place][channel]
enum class window_operation : std::uint8_t { maximum, average, depth_wise };

struct window_types {
    numerics::element_type input{};
    numerics::element_type output{};
    numerics::element_type weights{};  ///< of depth-wise convolutions
};

/// `input`, and `weights` (depth_wise) -> `output`, and for maximum `places`
/// (INT16): the place of the first of the largest, for the gradient.
///
/// Images, bands of their rows and channels are dealt out over the live nodes.
/// Input rows that two bands need begin in one of them and are pulled by the
/// other. Throws input_error for a shape that is none or does not fit.
[[nodiscard]] kernel make_window(window_operation operation, const window_shape& shape, const window_types& types,
                                 const die& on);

/// `d_output` (of the input's type), and `places` (maximum) or `weights`
/// (depth_wise) -> `d_input` (of the output's type). Every input element takes,
/// from +0, its share of each window that covers it, by the window's place in
/// ascending order: dy where its place was the largest, as product with 1 or
/// +0; dy (1 / places); dy w.
[[nodiscard]] kernel make_window_gradient(window_operation operation, const window_shape& shape,
                                          const window_types& types, const die& on);

}  // namespace d1::kernels
