#pragma once
// Two-dimensional convolutions on a die, as implicit matrix products: no im2col
// matrix, neither moved nor stored.

#include <cstdint>

#include "testbenches/kernels/kernel.hpp"

namespace d1::kernels {

/// A convolution (the cross-correlation of deep learning) over `batch` images:
///
///     input[batch][height][width][channels]
///     weights[filter_height][filter_width][channels / groups][filters]
///     output[batch][output_height()][output_width()][filters]
///
/// Filter f belongs to group f / (filters / groups), which sees the channels of
/// that group alone.
struct conv2d_shape {
    std::uint32_t batch = 1;
    std::uint32_t height = 1;
    std::uint32_t width = 1;
    std::uint32_t channels = 1;
    std::uint32_t filters = 1;
    std::uint32_t filter_height = 1;
    std::uint32_t filter_width = 1;
    std::uint32_t stride = 1;
    std::uint32_t padding_height = 0;  ///< rows of zeros above and below
    std::uint32_t padding_width = 0;
    std::uint32_t dilation = 1;
    std::uint32_t groups = 1;

    [[nodiscard]] constexpr std::uint32_t output_height() const {
        return (height + 2 * padding_height - dilation * (filter_height - 1) - 1) / stride + 1;
    }
    [[nodiscard]] constexpr std::uint32_t output_width() const {
        return (width + 2 * padding_width - dilation * (filter_width - 1) - 1) / stride + 1;
    }
    [[nodiscard]] constexpr std::uint32_t group_channels() const { return channels / groups; }
    [[nodiscard]] constexpr std::uint32_t group_filters() const { return filters / groups; }
    /// Multiply-accumulate operations, those on padding counted.
    [[nodiscard]] constexpr std::uint64_t macs() const {
        return std::uint64_t{batch} * output_height() * output_width() * filters * filter_height * filter_width *
               group_channels();
    }
};

/// The types of a convolution's tensors: floating-point ones; sums are FP32 in
/// any case.
struct conv2d_types {
    numerics::element_type input{};
    numerics::element_type weights{};
    numerics::element_type output{};
};

/// How a convolution lies on a die. Nodes stand in a logical rectangle: one in
/// column y of row x has `bands` parts of an image's output rows (or whole
/// images), and of the filters the x-th part.
struct conv2d_plan {
    std::uint32_t images = 1;        ///< of a node; more than one only where a band is a whole image
    std::uint32_t image_parts = 1;   ///< how many nodes the images are dealt out to
    std::uint32_t bands = 1;         ///< of an image
    std::uint32_t band_rows = 1;     ///< output rows of a band; the last has fewer
                                     ///< where it does not come out even
    std::uint32_t filter_parts = 1;  ///< of 8 filters where there is one group, else of groups
    std::uint32_t chunk_steps = 1;   ///< steps of four channels that a weight
                                     ///< transfer and a product have, at most
    std::uint64_t bytes = 0;         ///< of a node
    std::uint64_t estimated_cycles = 0;

    [[nodiscard]] std::uint32_t columns() const { return image_parts * bands; }
};

/// Chooses the plan of least estimated cycles that fits. Deterministic. Throws
/// input_error for a shape that is none, and if nothing fits, with the bytes
/// needed and available.
[[nodiscard]] conv2d_plan plan_conv2d(const conv2d_shape& shape, const conv2d_types& types, const die& on);

/// Tensors `input` x, `w` (inputs) and `output` y (output).
///
/// Each output is taken through the filter's rows, its columns, and the
/// channels of its group in steps of four, the last one padded with +0, as
/// numerics::matrix_multiply_accumulate says; what lies in the padding is +0.
/// So its bits depend on neither the plan nor the die.
///
/// A node holds the input rows that its output rows need, all channels, and all
/// weights of its filters. Both start where one node of a line has them and are
/// passed on from neighbour to neighbour along it, in pieces: the input once
/// before, the weights while their first ones are in use. Rows that two bands
/// need start in one of them and are pulled by the other.
///
/// Where the filter is a single pixel and there is one group, it is a matrix product (gemm.hpp): the same order, and no
/// plan of plan_conv2d's.
[[nodiscard]] kernel make_conv2d(const conv2d_shape& shape, const conv2d_types& types, const die& on);

/// The gradient of that convolution's input: `d_output` (the shape of its output), `weights` (as there) -> `d_input`
/// (the shape of its input); `types.input` is that of d_output, `types.output` that of d_input.
///
/// It is a convolution itself, of stride 1: of d_output with stride - 1 zeros between its rows and pixels, by the
/// weights turned round with channels and filters exchanged. So each element goes through the filter's rows and columns
/// from the last to the first, and the filters of its group in steps of four; where no result was, the operand is +0.
/// Zeros are multiplied like other numbers: at stride 2 three of four products are. Throws input_error where the
/// padding is wider than the reach of the filter.
[[nodiscard]] kernel make_conv2d_input_gradient(const conv2d_shape& shape, const conv2d_types& types, const die& on);

/// The gradient of that convolution's weights: `input`, `d_output` -> `d_weights`, in the shapes of input, output and
/// weights; `types.weights` is the type of d_output, `types.output` that of d_weights.
///
/// Each element goes, from +0, through the images in fours, in each four through the output rows, and in each row
/// through its pixels, a step of numerics::matrix_multiply_accumulate each: its products are those of the four images,
/// +0 where there are fewer. So its bits depend on neither the plan nor the die; fewer than four images leave lanes
/// idle.
///
/// A node has a band of the output rows of four images, and some filters: of d_output that, and of the input the rows
/// that it needs, all channels, passed on as in make_conv2d. The sums go from the node of the first images and rows on
/// to the last one, tap by tap and some channels at a time, so that all nodes of the line work at once on different
/// sums.
[[nodiscard]] kernel make_conv2d_weight_gradient(const conv2d_shape& shape, const conv2d_types& types, const die& on);

}  // namespace d1::kernels
