#pragma once
// The matrix kernel, on the dispatch target in force, against the integer reference, for tests.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "models/numerics/integer_reference.hpp"
#include "models/numerics/matrix.hpp"
#include "models/numerics/test_patterns.hpp"

namespace d1::numerics::test {

/// FP32 patterns, and the bytes of the same values in a type that holds them exactly.
struct operand {
    std::vector<std::uint32_t> patterns;
    std::vector<std::byte> bytes;
};

inline operand random_operand(element_type type, std::size_t elements, pattern_class kind, std::uint64_t seed,
                              std::uint64_t key) {
    operand result{std::vector<std::uint32_t>(elements), std::vector<std::byte>(elements * bytes(type.format))};
    const std::size_t width = bytes(type.format);
    for (std::size_t i = 0; i < elements; ++i) {
        std::uint32_t& value = result.patterns[i];
        value = pattern(kind, counter_random(seed, key, i));
        if (type.format == number_format::bf16) value &= 0xFFFF'0000;
        const std::uint32_t stored = value >> (32 - 8 * width);
        std::memcpy(&result.bytes[i * width], &stored, width);
    }
    return result;
}

struct matrix_case {
    matrix_shape shape;
    element_type a_type;
    element_type b_type;
    pattern_class kind{};
    bool accumulate = false;
    arithmetic rules{};
};

/// How many elements of the results were of each kind: shows that a test met what it is there for.
struct met {
    std::uint64_t subnormal = 0;
    std::uint64_t infinite = 0;
    std::uint64_t nan = 0;
    std::uint64_t finite = 0;

    void count(std::uint32_t pattern) {
        const std::uint32_t magnitude = pattern & 0x7FFF'FFFF;
        if (magnitude > 0x7F80'0000) {
            ++nan;
        } else if (magnitude == 0x7F80'0000) {
            ++infinite;
        } else if (magnitude != 0 && magnitude < 0x0080'0000) {
            ++subnormal;
        } else {
            ++finite;
        }
    }
};

inline std::uint32_t expected_element(const matrix_case& test, const operand& a, const operand& b, std::uint32_t start,
                                      std::size_t row, std::size_t column) {
    std::uint32_t c = test.accumulate ? start : 0;
    for (std::size_t k = 0; k < test.shape.k_steps; ++k) {
        const std::size_t a_slice = (row / 8 * test.shape.k_steps + k) * 32;
        const std::size_t b_slice = (column / 8 * test.shape.k_steps + k) * 32;
        integer_reference::four a_step, b_step;
        for (std::size_t i = 0; i < 4; ++i) {
            a_step[i] = a.patterns[a_slice + row % 8 * 4 + i];
            b_step[i] = b.patterns[b_slice + i * 8 + column % 8];
        }
        c = integer_reference::matrix_step(c, a_step, b_step, test.rules);
    }
    return c;
}

inline void compare_with_reference(const matrix_case& test, std::uint64_t seed, met& seen) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << " class " << static_cast<int>(test.kind) << " shape "
                                    << test.shape.row_blocks << 'x' << test.shape.column_blocks << 'x'
                                    << test.shape.k_steps << " types " << name(test.a_type.format) << ' '
                                    << name(test.b_type.format) << " accumulate " << test.accumulate << " keep "
                                    << test.rules.keep_subnormals << " accumulator "
                                    << static_cast<int>(test.rules.accumulator));
    const auto [rows, columns, k_steps] = test.shape;
    const operand a = random_operand(test.a_type, std::size_t{rows} * k_steps * 32, test.kind, seed, 1);
    const operand b = random_operand(test.b_type, std::size_t{columns} * k_steps * 32, test.kind, seed, 2);
    const operand start = random_operand({number_format::fp32}, std::size_t{rows} * columns * 64, test.kind, seed, 3);
    std::vector<std::byte> c = start.bytes;
    matrix_multiply_accumulate(c, a.bytes, test.a_type, b.bytes, test.b_type, test.shape, test.accumulate, test.rules);
    for (std::size_t row = 0; row < 8 * std::size_t{rows}; ++row) {
        for (std::size_t column = 0; column < 8 * std::size_t{columns}; ++column) {
            const std::size_t i = (row / 8 * columns + column / 8) * 64 + row % 8 * 8 + column % 8;
            std::uint32_t result = 0;
            std::memcpy(&result, &c[4 * i], 4);
            seen.count(result);
            ASSERT_EQ(result, expected_element(test, a, b, start.patterns[i], row, column))
                << std::hex << "row " << row << " column " << column;
        }
    }
}

}  // namespace d1::numerics::test
