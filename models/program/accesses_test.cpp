#include "models/program/accesses.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "models/program/apply.hpp"

namespace d1::program {
namespace {

using numerics::element_type;
using numerics::elementwise_operation;
using bytes_set = std::set<std::int64_t>;

using numerics::types::bf16;
using numerics::types::fp32;
constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();

/// Every byte that the accesses of one direction name.
bytes_set marked(const step& s, bool write) {
    bytes_set result;
    for (const auto& a : accesses(s)) {
        if (a.write != write) continue;
        for (std::int64_t row = 0; row < a.rows; ++row) {
            for (std::int64_t b = 0; b < a.row_bytes; ++b) result.insert(a.address + row * a.stride + b);
        }
    }
    return result;
}

/// A memory of small FP32 and bf16 numbers; `seed` chooses which. No NaN, nothing that overflows.
std::vector<std::byte> memory(std::size_t size, unsigned seed) {
    std::mt19937 engine(seed);
    std::vector<std::byte> result(size);
    for (std::size_t i = 0; i < size; i += 2) {
        // The upper half of every bf16 and FP32 is one of the numbers +-[0.5, 2): both kinds of reading are tame.
        result[i] = static_cast<std::byte>(engine());
        result[i + 1] = static_cast<std::byte>((engine() & 0x80U) | 0x3FU);
    }
    return result;
}

/// Bytes that a step changes, or whose value has an influence on what it writes, found by trying: it is run on several
/// memories, and again with one byte different.
struct observed {
    bytes_set written;
    bytes_set read;
};
observed observe(const step& s, std::size_t size) {
    observed result;
    for (unsigned seed = 0; seed < 4; ++seed) {
        const auto before = memory(size, seed);
        auto after = before;
        EXPECT_TRUE(apply(s, after, {}));
        for (std::size_t i = 0; i < size; ++i) {
            if (after[i] != before[i]) result.written.insert(static_cast<std::int64_t>(i));
        }
        for (std::size_t i = 0; i < size; ++i) {
            for (const auto flipped : {std::byte{0x80}, std::byte{0x40}}) {
                auto other = before;
                other[i] ^= flipped;
                const auto start = other;
                EXPECT_TRUE(apply(s, other, {}));
                for (std::size_t k = 0; k < size; ++k) {
                    if (k != i && other[k] != after[k]) result.read.insert(static_cast<std::int64_t>(i));
                    // What depends on its own old value is read too: the change survives a write.
                    if (other[k] != start[k]) result.written.insert(static_cast<std::int64_t>(k));
                }
            }
        }
    }
    return result;
}

/// For steps whose every operand byte matters.
void expect_exactly_observed(const step& s, std::size_t size) {
    const auto seen = observe(s, size);
    EXPECT_EQ(marked(s, true), seen.written);
    EXPECT_EQ(marked(s, false), seen.read);
}

TEST(accesses, of_an_elementwise_operation_are_the_bytes_that_apply_reads_and_writes) {
    for (const auto operation :
         {elementwise_operation::add, elementwise_operation::multiply, elementwise_operation::multiply_add,
          elementwise_operation::convert, elementwise_operation::fill, elementwise_operation::multiply_accumulate}) {
        SCOPED_TRACE(numerics::name(operation));
        expect_exactly_observed(vector_operation<std::int64_t>{operation, 64, 0, 32, 1.5F, 5, fp32, bf16, fp32}, 128);
    }
}

TEST(accesses, of_an_elementwise_operation_on_rows_are_the_bytes_of_their_elements) {
    vector_operation<std::int64_t> v{elementwise_operation::multiply, 64, 0, 40, 0, 3, fp32, bf16, fp32};
    v.rows = 3;
    v.a_stride = 10;
    v.b_stride = 0;
    v.destination_stride = 16;
    expect_exactly_observed(v, 128);
    v.broadcast_b = true;
    v.b_stride = 4;
    expect_exactly_observed(v, 128);
    v.active = 2;
    v.destination_stride = -12;
    v.destination = 100;
    expect_exactly_observed(v, 128);

    auto expected = marked(v, false);
    const auto written = marked(v, true);
    expected.insert(written.begin(), written.end());
    v.operation = elementwise_operation::multiply_accumulate;
    EXPECT_EQ(marked(v, true), written);
    EXPECT_EQ(marked(v, false), expected) << "what it adds to is read";
}

TEST(accesses, of_a_vector_operation_in_place_overwrite_nothing_that_is_still_read) {
    const auto overwrites = [](std::int64_t a, std::int64_t a_stride, std::int64_t destination_stride,
                               element_type from = fp32, element_type to = bf16) {
        vector_operation<std::int64_t> v{elementwise_operation::convert, 256, a, 0, 0, 4, to, from, fp32};
        v.rows = 3;
        v.a_stride = a_stride;
        v.destination_stride = destination_stride;
        return overwrites_operand(v, accesses(v));
    };
    EXPECT_FALSE(overwrites(256, 16, 16));
    EXPECT_FALSE(overwrites(256, -20, -20));
    EXPECT_FALSE(overwrites(264, 16, 16, bf16, bf16)) << "rows between rows";
    EXPECT_TRUE(overwrites(256, 20, 16)) << "rows drift apart";
    EXPECT_TRUE(overwrites(256, 0, 16)) << "one row for all";
    EXPECT_TRUE(overwrites(256, -12, -12)) << "a row of a reaches into the one written before it";
    EXPECT_TRUE(overwrites(256, 16, 16, bf16, fp32)) << "wider elements";
    EXPECT_TRUE(overwrites(260, 16, 16));
}

TEST(accesses, of_a_matrix_multiply_are_the_bytes_that_apply_reads_and_writes) {
    // A's slices apart, from an odd place on.
    matrix_multiply<std::int64_t> strided{0, 516, 1024, 0, 2, 1, 3, bf16, bf16, 136};
    expect_exactly_observed(strided, 2048);
    // C: two blocks of 256 bytes at 0; A: one slice a step, two steps, at 512; B: two by two slices at 640.
    matrix_multiply<std::int64_t> i{0, 512, 640, 0, 1, 2, 2, bf16, bf16};
    const auto list = [&] {
        std::vector<access> result;
        for (const auto& a : accesses(i)) result.push_back(a);
        return result;
    };
    EXPECT_EQ(list(), (std::vector<access>{{512, 128, 1, 0, false}, {640, 256, 1, 0, false}, {0, 512, 1, 0, true}}));
    i.accumulate = 1;
    EXPECT_EQ(list(),
              (std::vector<access>{
                  {512, 128, 1, 0, false}, {640, 256, 1, 0, false}, {0, 512, 1, 0, false}, {0, 512, 1, 0, true}}));

    auto small = matrix_multiply<std::int64_t>{0, 256, 320, 0, 1, 1, 1, bf16, bf16};
    const auto seen = observe(small, 448);
    EXPECT_EQ(marked(small, true), seen.written);
    EXPECT_EQ(marked(small, false), seen.read) << "C is not read when the product replaces it";
}

TEST(accesses, of_a_matrix_multiply_follow_the_types_of_the_operands) {
    const matrix_multiply<std::int64_t> i{0, 1024, 8192, 0, 1, 3, 5, fp32, bf16};
    const auto list = accesses(i);
    EXPECT_EQ(list[0].row_bytes, 1 * 5 * 32 * 4);
    EXPECT_EQ(list[1].row_bytes, 3 * 5 * 32 * 2);
    EXPECT_EQ(list[2].row_bytes, 1 * 3 * 64 * 4);
}

TEST(accesses, of_transfers_are_the_rows_on_the_own_side) {
    push<std::int64_t> out;
    out.source = 100;
    out.destination = 7000;
    out.shape = {.rows = 3, .row_bytes = 10, .source_stride = 16, .destination_stride = 64};
    EXPECT_EQ(accesses(out), (access_list{{100, 10, 3, 16, false}}));
    EXPECT_EQ(marked(out, false).size(), 30U);

    pull<std::int64_t> in;
    in.source = 7000;
    in.destination = 100;
    in.shape = out.shape;
    EXPECT_EQ(accesses(in), (access_list{{100, 10, 3, 64, true}}));
}

TEST(accesses, give_rows_without_gaps_as_one) {
    push<std::int64_t> out;
    out.shape = {.rows = 3, .row_bytes = 16, .source_stride = 16, .destination_stride = 64};
    EXPECT_EQ(accesses(out), (access_list{{0, 48, 1, 0, false}}));
    out.shape = {.rows = 1, .row_bytes = 16, .source_stride = -999, .destination_stride = 0};
    EXPECT_EQ(accesses(out), (access_list{{0, 16, 1, 0, false}}));
}

TEST(accesses, of_semaphores_are_none) {
    EXPECT_TRUE(accesses(signal<std::int64_t>{std::nullopt, {1, 1}}).empty());
    EXPECT_TRUE(accesses(wait<std::int64_t>{1, 1}).empty());
}

TEST(accesses, extent_spans_rows_of_either_direction) {
    EXPECT_EQ(extent_of({100, 10, 3, 16, false}), (extent{100, 142}));
    EXPECT_EQ(extent_of({100, 10, 3, -16, false}), (extent{68, 110}));
    EXPECT_EQ(extent_of({100, 10, 1, 0, false}), (extent{100, 110}));
    EXPECT_EQ(extent_of({greatest - 5, 10, 1, 0, false}), std::nullopt);
    EXPECT_EQ(extent_of({0, 1, greatest, 16, false}), std::nullopt);
}

TEST(accesses, lie_in_a_memory_to_the_byte) {
    EXPECT_TRUE(lies_in({100, 10, 1, 0, false}, 110));
    EXPECT_FALSE(lies_in({100, 10, 1, 0, false}, 109));
    EXPECT_FALSE(lies_in({-1, 10, 1, 0, false}, 109));
    EXPECT_TRUE(lies_in({32, 10, 3, -16, false}, 42));
    EXPECT_FALSE(lies_in({31, 10, 3, -16, false}, 42));
}

TEST(accesses, of_sizes_beyond_64_bits_lie_in_no_memory) {
    constexpr std::uint32_t huge = std::numeric_limits<std::uint32_t>::max();
    const matrix_multiply<std::int64_t> i{0, 0, 0, 1, huge, huge, huge, fp32, fp32};
    for (const auto& a : accesses(i)) EXPECT_FALSE(lies_in(a, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace
}  // namespace d1::program
