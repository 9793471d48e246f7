#pragma once
// The operands of a layer: random tensors, and the matrix A of a convolution.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/number_format.hpp"
#include "testbenches/kernels/shape.hpp"

namespace d1 {

/// `count` random BF16 patterns; element i depends on seed, key and i alone, not on count.
///
/// Sign, exponent (-7 to 0) and the seven mantissa bits are uniform and independent: magnitudes from 2^-7 to below 2,
/// as many in each of the eight binades, never zero, infinite or NaN. Products then span sixteen binades, so that a sum
/// of a few dozen already rounds at nearly every addition and most such sums show in their last bits in which order
/// they were added, while none overflows or underflows. The bits of element i are field i % 4, 16 bits wide, of
/// numerics::counter_random(seed, key, i / 4).
[[nodiscard]] std::vector<std::uint16_t> random_bf16(std::size_t count, std::uint64_t seed, std::uint64_t key);

/// `count` random FP32 patterns, as those of random_bf16 with 23 random mantissa bits. The bits of element i are the
/// lower half of numerics::counter_random(seed, key, i).
[[nodiscard]] std::vector<std::uint32_t> random_fp32(std::size_t count, std::uint64_t seed, std::uint64_t key);

/// `count` random codes of a CFloat8 format, all 256 equally likely: each of them is a finite number. The bits of
/// element i are field i % 8, 8 bits wide, of numerics::counter_random(seed, key, i / 8).
[[nodiscard]] std::vector<std::uint16_t> random_cfloat8(std::size_t count, std::uint64_t seed, std::uint64_t key);

/// The BF16 patterns of the values of CFloat8 codes, of any bias and either reading of denormals: exact, with four
/// significant bits and exponents from -66 to 31. By the formats' definition, apart from numerics. Throws
/// std::invalid_argument for another format.
[[nodiscard]] std::vector<std::uint16_t> bf16_of_cfloat8(std::span<const std::uint16_t> codes,
                                                         numerics::element_type type,
                                                         numerics::denormal_reading reading);

/// The matrix A of shape.as_gemm(), row-major m x k, of an input laid out as convolution_shape says. Throws
/// std::invalid_argument if the input has not exactly the shape's number of elements.
[[nodiscard]] std::vector<std::uint16_t> im2col(const convolution_shape& shape, std::span<const std::uint16_t> input);

}  // namespace d1
