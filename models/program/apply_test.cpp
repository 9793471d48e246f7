#include "models/program/apply.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace d1::program {
namespace {

using numerics::element_type;
using numerics::elementwise_operation;

using numerics::types::bf16;
using numerics::types::fp32;

/// A node's memory whose elements are read and written one at a time.
struct byte_memory {
    std::vector<std::byte> bytes;

    explicit byte_memory(std::size_t size) : bytes(size, std::byte{0xA5}) {}

    float get(std::size_t address, element_type type, std::size_t index) const {
        std::uint32_t pattern = 0;
        if (type == bf16) {
            std::uint16_t half = 0;
            std::memcpy(&half, &bytes[address + 2 * index], 2);
            pattern = std::uint32_t{half} << 16;
        } else {
            std::memcpy(&pattern, &bytes[address + 4 * index], 4);
        }
        float value = 0;
        std::memcpy(&value, &pattern, 4);
        return value;
    }
    /// The value must be one that the type holds exactly.
    void set(std::size_t address, element_type type, std::size_t index, float value) {
        std::uint32_t pattern = 0;
        std::memcpy(&pattern, &value, 4);
        if (type == bf16) {
            const auto half = static_cast<std::uint16_t>(pattern >> 16);
            std::memcpy(&bytes[address + 2 * index], &half, 2);
        } else {
            std::memcpy(&bytes[address + 4 * index], &pattern, 4);
        }
    }
};

/// Small whole numbers: sums and products of a few are exact in FP32 in whatever order.
float whole_number(std::mt19937& engine) {
    return static_cast<float>(engine() % 17) - 8;
}

TEST(apply, multiplies_tiles_like_three_loops_over_the_documented_layouts) {
    for (const bool accumulate : {false, true}) {
        for (const auto a_type : {bf16, fp32}) {
            for (const auto b_type : {bf16, fp32}) {
                constexpr std::size_t rows = 16, columns = 24, depth = 20, c = 0, a = 4096, b = 8192;
                std::mt19937 engine(7);
                byte_memory m(16384);
                std::vector<float> expected(rows * columns, 0);
                for (std::size_t i = 0; i < rows * columns; ++i) m.set(c, fp32, i, static_cast<float>(i));
                for (std::size_t i = 0; i < rows * depth; ++i) m.set(a, a_type, i, whole_number(engine));
                for (std::size_t i = 0; i < columns * depth; ++i) m.set(b, b_type, i, whole_number(engine));
                const auto c_index = [](std::size_t r, std::size_t col) {
                    return (r / 8 * (columns / 8) + col / 8) * 64 + r % 8 * 8 + col % 8;
                };
                for (std::size_t r = 0; r < rows; ++r) {
                    for (std::size_t col = 0; col < columns; ++col) {
                        float sum = accumulate ? static_cast<float>(c_index(r, col)) : 0;
                        for (std::size_t k = 0; k < depth; ++k) {
                            const std::size_t in_a = (r / 8 * (depth / 4) + k / 4) * 32 + r % 8 * 4 + k % 4;
                            const std::size_t in_b = (col / 8 * (depth / 4) + k / 4) * 32 + k % 4 * 8 + col % 8;
                            sum += m.get(a, a_type, in_a) * m.get(b, b_type, in_b);
                        }
                        expected[c_index(r, col)] = sum;
                    }
                }
                const matrix_multiply<std::int64_t> s{
                    c, a, b, accumulate ? 1 : 0, rows / 8, columns / 8, depth / 4, a_type, b_type};
                ASSERT_TRUE(apply(s, m.bytes, {}));
                for (std::size_t i = 0; i < expected.size(); ++i) {
                    ASSERT_EQ(m.get(c, fp32, i), expected[i]) << "element " << i << ", accumulate " << accumulate;
                }
            }
        }
    }
}

TEST(apply, takes_slices_of_a_step_by_step_where_they_have_a_stride) {
    // The same product from dense slices, and from planes of rows of four elements that begin anywhere.
    constexpr std::size_t row_blocks = 3, steps = 5, rows = 24, a = 4096, b = 8192, planes = 12000;
    constexpr std::int64_t stride = 8 * 31;
    std::mt19937 engine(3);
    byte_memory dense(16384);
    for (std::size_t i = 0; i < 8 * 4 * steps; ++i) dense.set(b, bf16, i, whole_number(engine));
    byte_memory strided = dense;
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t k = 0; k < 4 * steps; ++k) {
            const float value = whole_number(engine);
            dense.set(a, bf16, (r / 8 * steps + k / 4) * 32 + r % 8 * 4 + k % 4, value);
            strided.set(planes + 24 + k / 4 * stride, bf16, r * 4 + k % 4, value);
        }
    }
    matrix_multiply<std::int64_t> s{0, a, b, 0, row_blocks, 1, steps, bf16, bf16};
    ASSERT_TRUE(apply(s, dense.bytes, {}));
    s.a = planes + 24;
    s.a_step_stride = stride;
    ASSERT_TRUE(apply(s, strided.bytes, {}));
    for (std::size_t i = 0; i < rows * 8; ++i) ASSERT_EQ(dense.get(0, fp32, i), strided.get(0, fp32, i)) << i;
    s.c = planes;  // over its operand
    EXPECT_FALSE(apply(s, strided.bytes, {}));
}

TEST(apply, computes_elementwise_operations_like_a_plain_loop) {
    struct known {
        elementwise_operation operation;
        float (*compute)(float a, float b, float s);
    };
    const std::vector<known> table{
        {elementwise_operation::add, [](float a, float b, float) { return a + b; }},
        {elementwise_operation::subtract, [](float a, float b, float) { return a - b; }},
        {elementwise_operation::multiply, [](float a, float b, float) { return a * b; }},
        {elementwise_operation::maximum, [](float a, float b, float) { return std::max(a, b); }},
        {elementwise_operation::minimum, [](float a, float b, float) { return std::min(a, b); }},
        {elementwise_operation::multiply_add, [](float a, float b, float s) { return a * s + b; }},
        {elementwise_operation::convert, [](float a, float, float) { return a; }},
        {elementwise_operation::fill, [](float, float, float s) { return s; }},
        {elementwise_operation::relu, [](float a, float, float) { return a > 0 ? a : 0; }},
    };
    constexpr std::size_t d = 64, a = 1000, b = 2000, n = 33;
    constexpr float s = 3;
    for (const auto& [operation, compute] : table) {
        SCOPED_TRACE(numerics::name(operation));
        std::mt19937 engine(11);
        byte_memory m(4096);
        for (std::size_t i = 0; i < n; ++i) {
            m.set(a, bf16, i, whole_number(engine));
            m.set(b, fp32, i, whole_number(engine));
        }
        const auto before = m;
        ASSERT_TRUE(apply(vector_operation<std::int64_t>{operation, d, a, b, s, n, fp32, bf16, fp32}, m.bytes, {}));
        for (std::size_t i = 0; i < n; ++i) {
            ASSERT_EQ(m.get(d, fp32, i), compute(before.get(a, bf16, i), before.get(b, fp32, i), s)) << i;
        }
        EXPECT_TRUE(std::equal(m.bytes.begin() + d + 4 * n, m.bytes.end(), before.bytes.begin() + d + 4 * n));
    }
}

TEST(apply, works_in_place) {
    byte_memory m(64);
    for (std::size_t i = 0; i < 8; ++i) m.set(0, fp32, i, static_cast<float>(i));
    const vector_operation<std::int64_t> add{elementwise_operation::add, 0, 0, 0, 0, 8, fp32, fp32, fp32};
    ASSERT_TRUE(apply(add, m.bytes, {}));
    for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(m.get(0, fp32, i), 2 * static_cast<float>(i));
}

TEST(apply, follows_the_rules_for_subnormals) {
    const auto tiny = std::numeric_limits<float>::denorm_min();
    for (const bool keep : {true, false}) {
        byte_memory m(64);
        m.set(0, fp32, 0, tiny);
        const vector_operation<std::int64_t> copy{elementwise_operation::convert, 32, 0, 0, 0, 1, fp32, fp32, fp32};
        ASSERT_TRUE(apply(copy, m.bytes, {.keep_subnormals = keep}));
        EXPECT_EQ(m.get(32, fp32, 0), keep ? tiny : 0.0F);
    }
}

void expect_refused(const step& s) {
    byte_memory m(4096);
    const auto before = m.bytes;
    EXPECT_FALSE(apply(s, m.bytes, {}));
    EXPECT_EQ(m.bytes, before);
}

TEST(apply, refuses_operands_outside_the_memory_and_leaves_it_untouched) {
    const auto vector = [](std::int64_t d, std::int64_t a, std::int64_t b) {
        return vector_operation<std::int64_t>{elementwise_operation::add, d, a, b, 0, 16, fp32, fp32, fp32};
    };
    expect_refused(vector(4096 - 63, 0, 0));
    expect_refused(vector(0, -1, 64));
    expect_refused(vector(0, 64, std::numeric_limits<std::int64_t>::max()));
    expect_refused(matrix_multiply<std::int64_t>{0, 1024, 4096, 0, 1, 1, 1, bf16, bf16});
    expect_refused(matrix_multiply<std::int64_t>{0, 0, 0, 0, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU, bf16, bf16});
    byte_memory m(4096);
    EXPECT_TRUE(apply(vector(4096 - 64, 0, 0), m.bytes, {})) << "the last bytes are inside";
}

TEST(apply, does_not_look_at_operands_that_an_operation_does_not_read) {
    byte_memory m(64);
    EXPECT_TRUE(
        apply(vector_operation<std::int64_t>{elementwise_operation::fill, 0, -5, 1 << 30, 2.0F, 16, fp32, fp32, fp32},
              m.bytes, {}));
    EXPECT_EQ(m.get(0, fp32, 15), 2.0F);
}

TEST(apply, refuses_destinations_that_overlap_sources) {
    expect_refused(matrix_multiply<std::int64_t>{64, 0, 1024, 0, 1, 1, 2, bf16, bf16});
    expect_refused(matrix_multiply<std::int64_t>{64, 1024, 256, 0, 1, 1, 1, bf16, bf16});
    const auto convert = [](std::int64_t d, element_type to, std::int64_t a, element_type from) {
        return vector_operation<std::int64_t>{elementwise_operation::convert, d, a, 0, 0, 16, to, from, fp32};
    };
    expect_refused(convert(0, fp32, 4, fp32));
    expect_refused(convert(0, fp32, 0, bf16));
    byte_memory m(64);
    EXPECT_TRUE(apply(convert(0, bf16, 0, fp32), m.bytes, {})) << "narrowing in place is well defined";
}

TEST(apply, leaves_the_memory_alone_for_transfers_and_semaphores) {
    byte_memory m(64);
    const auto before = m.bytes;
    push<std::int64_t> out;
    out.shape = {.rows = 1, .row_bytes = 64};
    pull<std::int64_t> in;
    in.shape = out.shape;
    for (const step& s : {step(out), step(in), step(wait<std::int64_t>{1, 1}), step(signal<std::int64_t>{})}) {
        EXPECT_TRUE(apply(s, m.bytes, {}));
    }
    EXPECT_EQ(m.bytes, before);
}

}  // namespace
}  // namespace d1::program
