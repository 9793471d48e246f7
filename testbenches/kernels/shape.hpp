#pragma once
// What a layer computes: the dimensions of a matrix product and of a convolution, and how the second becomes the first.

#include <cstdint>

namespace d1 {

/// C[m x n] = A[m x k] * B[k x n]. Dimensions in elements, each at least 1.
struct gemm_shape {
    std::uint64_t m;
    std::uint64_t n;
    std::uint64_t k;

    /// Multiply-accumulate operations: m * n * k.
    [[nodiscard]] constexpr std::uint64_t macs() const { return m * n * k; }

    friend constexpr bool operator==(const gemm_shape&, const gemm_shape&) = default;
};

/// A two-dimensional convolution (the cross-correlation of deep learning) over `batch` images.
///
///     input[batch][ifmap_height][ifmap_width][channels]
///     weights[filter_height][filter_width][channels][filters]
///     output[batch][output_height()][output_width()][filters]
///
/// There is no implicit padding: a padded convolution is described by the dimensions of its padded input. The filter
/// fits into the input, and every dimension and the stride are at least 1. Not described: dilation, groups, strides
/// that differ by direction.
struct convolution_shape {
    std::uint64_t ifmap_height = 1;
    std::uint64_t ifmap_width = 1;
    std::uint64_t filter_height = 1;
    std::uint64_t filter_width = 1;
    std::uint64_t channels = 1;
    std::uint64_t filters = 1;
    std::uint64_t stride = 1;
    std::uint64_t batch = 1;

    /// Filter positions that lie wholly within the input, from top to bottom: floor((H - R) / stride) + 1.
    [[nodiscard]] constexpr std::uint64_t output_height() const { return (ifmap_height - filter_height) / stride + 1; }

    /// Filter positions that lie wholly within the input, from left to right: floor((W - S) / stride) + 1.
    [[nodiscard]] constexpr std::uint64_t output_width() const { return (ifmap_width - filter_width) / stride + 1; }

    /// The matrix product that computes the convolution (im2col). A row of A is the window of one output pixel, pixels
    /// in the order (image, output row, output column); the k index of filter row r, filter column s and channel c is
    /// (r * filter_width + s) * channels + c; a column of B is one filter.
    [[nodiscard]] constexpr gemm_shape as_gemm() const {
        return {
            .m = batch * output_height() * output_width(), .n = filters, .k = filter_height * filter_width * channels};
    }

    /// Bytes of the input as it is, padding included where the dimensions include it.
    [[nodiscard]] constexpr std::uint64_t input_bytes(std::uint64_t bytes_per_element) const {
        return batch * ifmap_height * ifmap_width * channels * bytes_per_element;
    }

    /// Bytes of the im2col matrix A, in which an input element stands once for each window that covers it.
    [[nodiscard]] constexpr std::uint64_t expanded_bytes(std::uint64_t bytes_per_element) const {
        const gemm_shape gemm = as_gemm();
        return gemm.m * gemm.k * bytes_per_element;
    }

    friend constexpr bool operator==(const convolution_shape&, const convolution_shape&) = default;
};

}  // namespace d1
