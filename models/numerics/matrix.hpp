#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/number_format.hpp"

namespace d1::numerics {

/// What the matrix unit takes in one step: 8x4 elements of A by 4x8 of B onto 8x8 of C.
inline constexpr std::uint32_t block_rows = 8;
inline constexpr std::uint32_t block_columns = 8;
inline constexpr std::uint32_t step_depth = 4;
inline constexpr std::uint32_t slice_elements = block_rows * step_depth;  // of A, and as many of B
inline constexpr std::uint32_t block_elements = block_rows * block_columns;

/// The extent of a tile product in blocks of 8 rows, blocks of 8 columns, and steps of 4 along K.
struct matrix_shape {
    std::uint32_t row_blocks = 0;
    std::uint32_t column_blocks = 0;
    std::uint32_t k_steps = 0;

    [[nodiscard]] constexpr std::size_t a_bytes(element_type type) const {
        return std::size_t{row_blocks} * k_steps * slice_elements * bytes(type.format);
    }
    [[nodiscard]] constexpr std::size_t b_bytes(element_type type) const {
        return std::size_t{column_blocks} * k_steps * slice_elements * bytes(type.format);
    }
    [[nodiscard]] constexpr std::size_t c_bytes() const {
        return std::size_t{row_blocks} * column_blocks * block_elements * bytes(number_format::fp32);
    }
    [[nodiscard]] constexpr std::uint64_t steps() const { return std::uint64_t{row_blocks} * column_blocks * k_steps; }
};

/// Whether the matrix unit multiplies elements of these formats: any two floating-point ones, or any two of int8 and
/// int16.
[[nodiscard]] bool can_multiply(number_format a, number_format b);

/// The arithmetic of the matrix unit on a whole tile: C = A B, or C += A B if `accumulate`.
///
/// Layouts, all without gaps:
///   A  [row_block][k_step] slices of 8 rows x 4 k, element (r, k) at 4 r + k
///   B  [column_block][k_step] slices of 4 k x 8 columns, element (k, c) at 8 k + c
///   C  [row_block][column_block] blocks of 8x8 FP32, row-major (256 bytes)
/// A bf16 slice is one 64-byte line, a CFloat8 slice half of one.
///
/// Every element of C is taken through the steps of K in ascending order; one step is
///   c' = c + ((p0 + p1) + (p2 + p3)),   p_k = a_k b_k
/// with each operand widened to FP32 (exact) and each product and each sum rounded to FP32, nearest even; where the
/// rules ask for the accumulator of 21 bits, c' is rounded to that, and c, if it comes from memory, is taken as it is.
/// Without `accumulate` c starts at +0. A NaN result is the canonical one. With `accumulate` and no steps C stays as it
/// is. The bytes are the same on every host.
///
/// Integers: C is INT32, the products and their sum with c are exact, and c' is saturated.
///
/// C must not overlap A or B. No alignment is needed. Throws std::invalid_argument if a span has not exactly the length
/// that the shape asks for, or if the unit cannot multiply the types. Assumes the floating-point environment a C++
/// program starts with.
///
/// Not modelled here: time, status flags.
void matrix_multiply_accumulate(std::span<std::byte> c, std::span<const std::byte> a, element_type a_type,
                                std::span<const std::byte> b, element_type b_type, matrix_shape shape, bool accumulate,
                                arithmetic rules = {});

}  // namespace d1::numerics
