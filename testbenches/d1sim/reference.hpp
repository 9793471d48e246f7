#pragma once
// What the results of a layer must be: the judge of `d1sim run --check`.

#include <cstdint>
#include <span>
#include <string>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/number_format.hpp"
#include "testbenches/kernels/shape.hpp"

namespace d1 {

/// What the checks of one layer found.
struct check_result {
    std::uint64_t results = 0;        ///< compared bit for bit with the reference: all of them
    std::uint64_t wrong = 0;          ///< of these, not the same bits
    std::uint64_t sampled = 0;        ///< compared bit for bit with the integer reference
    std::uint64_t sampled_wrong = 0;  ///< of these, not the same bits
    std::uint64_t bounded = 0;        ///< held against the error bound: all whose bound exists, see below
    std::uint64_t outside_bound = 0;  ///< of these, farther from the double-precision sum than the bound
    double worst_bound_ratio = 0;     ///< largest error / bound met, at most 1 if none is outside
    /// The first failure in row-major order, bit-for-bit ones before others; empty if there is none. For example
    /// `row 3, column 17: the die has 0x3f81 (1.00781), the reference 0x3f80 (1)`.
    std::string first_difference;

    [[nodiscard]] bool good() const { return wrong == 0 && sampled_wrong == 0 && outside_bound == 0; }
};

/// Checks the results of C = A B. Operands are BF16 (what is narrower is exact in it) and row-major, A m x k and B k x
/// n; `result` is C, row-major m x n, an FP32 pattern each, or if `output` is bf16 a BF16 pattern in the low half and
/// zeros above. Three judges:
///
/// 1. Bit for bit, all results: a loop nest in plain floats in the documented order (products rounded to FP32;
///    c' = c + ((p0 + p1) + (p2 + p3)), each sum rounded, from c = +0 over ascending k, the tail padded with +0;
///    subnormal operands and results of each operation flushed if `rules` say so; rounded to the output format; NaN
///    canonical; with the 21-bit accumulator c' rounded to that). It shares no code with the simulator.
/// 2. Bit for bit by numerics::integer_reference, a random sample: all if there are no more than 64 + results / 4096,
///    else that many, drawn by counter_random from `seed` with replacement.
/// 3. By the error bound of the format, all results: |result - s| <= E + R with s the sum in double precision and
///      E = (g + k 2^-52)(1 + g) M + (1 + g) U
///      g = n u / (1 - n u), u = 2^-24, n = ceil(k / 4) + 1: the most roundings between a product and the result, two
///          within its step and one for each addition to c but the first, which is exact; with the 21-bit accumulator
///          n u is larger by ceil(k / 4) 2^-14
///      M   sum of |a b| as FP32 computes it in the same order, hence its factor 1 + g; k 2^-52 covers the error of s
///      U   what underflow adds, since a product of BF16 is exact otherwise and so is a sum too small to be normal:
///          k 2^-150 with subnormals kept; (k + 4 ceil(k / 4)) 2^-126 without, one for each product and sum flushed;
///          with the 21-bit accumulator ceil(k / 4) 2^-76 more
///      R   rounding to the output: half a unit in the last place of |s| + E for bf16 (at least 2^-134, half the
///          smallest subnormal), 0 for fp32
///    Operands that are flushed count as zero in s and M. Rounding is monotonic, so no intermediate sum is larger than
///    M; M below 2^127 (2^64 with 21 bits) proves that nothing overflowed. Results with a larger or no M (infinite or
///    NaN operands), or with n u >= 1, have no bound and are left to the other two judges.
///
/// Throws std::invalid_argument if a span has not exactly the length the shape asks for. Assumes the floating-point
/// environment a C++ program starts with.
[[nodiscard]] check_result check_gemm(const gemm_shape& shape, std::span<const std::uint16_t> a,
                                      std::span<const std::uint16_t> b, numerics::element_type output,
                                      numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                      std::uint64_t seed);

/// The same for a convolution, straight from the input tensor. Input and weights are laid out as convolution_shape says
/// (the weights are B of as_gemm(), row-major); `result` is C of as_gemm().
[[nodiscard]] check_result check_convolution(const convolution_shape& shape, std::span<const std::uint16_t> input,
                                             std::span<const std::uint16_t> weights, numerics::element_type output,
                                             numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                             std::uint64_t seed);

/// The same for the gradients of Y[m x n] = X[m x k] W[k x n], all given row-major: of the input, dX = dY W^T (m x k),
/// and of the weights, dW = X^T dY (k x n).
[[nodiscard]] check_result check_input_gradient(const gemm_shape& forward, std::span<const std::uint16_t> gradient,
                                                std::span<const std::uint16_t> weights, numerics::element_type output,
                                                numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                                std::uint64_t seed);
[[nodiscard]] check_result check_weight_gradient(const gemm_shape& forward, std::span<const std::uint16_t> input,
                                                 std::span<const std::uint16_t> gradient, numerics::element_type output,
                                                 numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                                 std::uint64_t seed);

/// The weight gradient of a convolution, straight from the input tensor: X is its im2col matrix.
[[nodiscard]] check_result check_weight_gradient(const convolution_shape& forward, std::span<const std::uint16_t> input,
                                                 std::span<const std::uint16_t> gradient, numerics::element_type output,
                                                 numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                                 std::uint64_t seed);

}  // namespace d1
