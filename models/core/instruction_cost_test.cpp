#include "models/core/instruction_cost.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace d1 {
namespace {

using numerics::elementwise_operation;

using numerics::types::bf16;
using numerics::types::fp32;

using matrix_step = program::matrix_multiply<std::int64_t>;
using vector_step = program::vector_operation<std::int64_t>;

matrix_step matrix(std::uint32_t rows, std::uint32_t columns, std::uint32_t steps, bool accumulate,
                   numerics::element_type type = bf16) {
    matrix_step m;
    m.accumulate = accumulate ? 1 : 0;
    m.row_blocks = rows;
    m.column_blocks = columns;
    m.k_steps = steps;
    m.a_type = type;
    m.b_type = type;
    return m;
}

vector_step vector(elementwise_operation operation, std::uint32_t elements, numerics::element_type type = fp32) {
    vector_step v;
    v.operation = operation;
    v.elements = elements;
    v.a_type = type;
    v.b_type = type;
    v.destination_type = type;
    return v;
}

std::uint64_t slots(const unit_demand& d, unit u) {
    return d.slots[static_cast<std::size_t>(u)];
}

const core_parameters core_defaults;
const sram_parameters memory_defaults;

template <typename Step>
unit_demand cost(const Step& s, const core_parameters& c = core_defaults, const sram_parameters& m = memory_defaults) {
    return cost_of(s, c, m);
}

core_parameters register_block(std::uint32_t rows, std::uint32_t columns) {
    core_parameters c;
    c.register_block_rows = rows;
    c.register_block_columns = columns;
    return c;
}

TEST(cost_of_a_matrix_multiply, counts_the_lines_of_strided_slices_where_they_begin) {
    matrix_step m = matrix(3, 4, 10, false);
    const std::uint64_t b_lines = std::uint64_t{4} * 10 * 2;  // two passes over the rows: 2 and 1 blocks
    m.a_step_stride = 640;
    // Aligned: 2 and 1 lines a step; each for the two passes over the columns.
    EXPECT_EQ(slots(cost(m), unit::vector_load), std::uint64_t{2} * 10 * 3 + b_lines);
    m.a = 8;
    EXPECT_EQ(slots(cost(m), unit::vector_load), std::uint64_t{2} * 10 * 5 + b_lines);
    // Every eighth step begins on a line: the first and the ninth of ten.
    m.a = 0;
    m.a_step_stride = 648;
    EXPECT_EQ(slots(cost(m), unit::vector_load), std::uint64_t{2} * (2 * 3 + 8 * 5) + b_lines);
    EXPECT_EQ(slots(cost(m), unit::matrix), 120U);
}

TEST(unit_rates, are_those_of_the_parameters) {
    EXPECT_EQ(unit_rates(core_defaults, memory_defaults), (unit_slots{1, 16, 2, 1, 1, 1, 8, 2}));
    core_parameters core;
    core.matrix_steps_per_cycle = 3;
    core.simd_lanes = 32;
    core.gather_granules_per_cycle = 5;
    core.decode_width = 6;
    core.address_units = 3;
    sram_parameters memory;
    memory.vector_load_ports = 4;
    memory.vector_store_ports = 2;
    EXPECT_EQ(unit_rates(core, memory), (unit_slots{3, 32, 4, 2, 5, 1, 6, 3}));
}

// ---------------------------------------------------------------------------------------------------- matrix

TEST(matrix_cost, reaches_the_published_512_flop_a_cycle_on_big_tiles) {
    // 512 FLOP a cycle at 2 GHz are the published 1.024 TFLOPS of a node in BF16.
    const unit_demand d = cost(matrix(16, 16, 64, true));
    const std::uint64_t flop = 2ULL * 128 * 128 * 256;
    const double per_cycle = static_cast<double>(flop) / static_cast<double>(d.cycles + d.latency);
    EXPECT_NEAR(per_cycle, 512, 5.12);
    EXPECT_EQ(d.cycles, 16U * 16 * 64) << "the matrix unit alone decides";
}

TEST(matrix_cost, takes_one_slot_a_step_and_whole_lines_of_every_operand) {
    // 3 x 5 blocks in passes of 2 x 2: A is read once for each of 3 passes across, B once for each of 2 downwards.
    const unit_demand d = cost(matrix(3, 5, 7, true));
    EXPECT_EQ(slots(d, unit::matrix), 3U * 5 * 7);
    EXPECT_EQ(slots(d, unit::simd), 0U);
    EXPECT_EQ(slots(d, unit::vector_load), 3U * 7 * 3 + 5U * 7 * 2 + 3U * 5 * 4);
    EXPECT_EQ(slots(d, unit::vector_store), 3U * 5 * 4);
    EXPECT_EQ(d.cycles, 105U);
    EXPECT_EQ(d.latency, 8U + 4U);
}

TEST(matrix_cost, reads_c_only_where_it_accumulates) {
    const auto fresh = cost(matrix(4, 4, 8, false));
    const auto added = cost(matrix(4, 4, 8, true));
    EXPECT_EQ(slots(added, unit::vector_load) - slots(fresh, unit::vector_load), 4U * 4 * 4);
    EXPECT_EQ(slots(added, unit::vector_store), slots(fresh, unit::vector_store));
}

TEST(matrix_cost, is_just_fed_by_two_loads_a_cycle_without_a_register_block_in_bf16) {
    // A slice of 32 BF16 elements is one line: each step reads one of A and one of B.
    const unit_demand d = cost(matrix(8, 8, 32, false), register_block(1, 1));
    EXPECT_EQ(slots(d, unit::vector_load), 2 * slots(d, unit::matrix));
    EXPECT_EQ(d.cycles, 8U * 8 * 32);

    sram_parameters one_port;
    one_port.vector_load_ports = 1;
    EXPECT_EQ(cost(matrix(8, 8, 32, false), register_block(1, 1), one_port).cycles, 2U * 8 * 8 * 32);
}

TEST(matrix_cost, is_halved_in_pace_by_fp32_operands_without_a_register_block) {
    // FP32 slices are two lines.
    EXPECT_EQ(cost(matrix(8, 8, 32, false, fp32), register_block(1, 1)).cycles, 2U * 8 * 8 * 32);
    EXPECT_EQ(cost(matrix(8, 8, 32, false, fp32), register_block(2, 2)).cycles, 8U * 8 * 32);
}

TEST(matrix_cost, is_bound_by_its_stores_where_k_is_short) {
    // One step a block, four lines of results a block, one store a cycle.
    EXPECT_EQ(cost(matrix(8, 8, 1, false)).cycles, 4U * 8 * 8);
    EXPECT_EQ(cost(matrix(8, 8, 4, false)).cycles, 4U * 8 * 8) << "four steps take as long as four stores";
    EXPECT_EQ(cost(matrix(8, 8, 5, false)).cycles, 5U * 8 * 8);
}

TEST(matrix_cost, follows_the_steps_a_cycle) {
    core_parameters core = register_block(8, 8);
    core.matrix_steps_per_cycle = 4;
    EXPECT_EQ(cost(matrix(8, 8, 64, false), core).cycles, 8U * 8 * 64 / 4);
}

TEST(matrix_cost, has_the_latency_of_the_unit_and_of_moving_results_out) {
    core_parameters core;
    core.matrix_latency = 20;
    core.matrix_drain_cycles = 3;
    EXPECT_EQ(cost(matrix(1, 1, 1, false), core).latency, 23U);
}

// ---------------------------------------------------------------------------------------------------- vector

TEST(vector_cost, reaches_the_published_32_flop_a_cycle_in_fp32_multiply_adds) {
    constexpr std::uint32_t elements = 16384;
    const unit_demand d = cost(vector(elementwise_operation::multiply_add, elements));
    EXPECT_EQ(d.cycles, elements / 16);
    const double per_cycle = 2.0 * elements / static_cast<double>(d.cycles + d.latency);
    EXPECT_NEAR(per_cycle, 32, 0.32);
}

TEST(vector_cost, takes_the_lines_that_the_operands_lie_in) {
    vector_step v = vector(elementwise_operation::add, 64);  // 256 B each
    EXPECT_EQ(slots(cost(v), unit::simd), 64U);
    EXPECT_EQ(slots(cost(v), unit::vector_load), 8U);
    EXPECT_EQ(slots(cost(v), unit::vector_store), 4U);
    EXPECT_EQ(slots(cost(v), unit::matrix), 0U);

    v.a = 4;  // bytes 4..259: five lines
    EXPECT_EQ(slots(cost(v), unit::vector_load), 9U);
    v.destination = 60;  // bytes 60..315: five lines
    EXPECT_EQ(slots(cost(v), unit::vector_store), 5U);
    v.elements = 1;  // 4 B
    EXPECT_EQ(slots(cost(v), unit::vector_load), 2U);
    EXPECT_EQ(slots(cost(v), unit::vector_store), 1U);
    v.destination = 62;  // bytes 62..65
    EXPECT_EQ(slots(cost(v), unit::vector_store), 2U);
}

TEST(vector_cost, reads_as_many_operands_as_the_operation_has) {
    EXPECT_EQ(slots(cost(vector(elementwise_operation::fill, 64)), unit::vector_load), 0U);
    EXPECT_EQ(slots(cost(vector(elementwise_operation::relu, 64)), unit::vector_load), 4U);
    EXPECT_EQ(slots(cost(vector(elementwise_operation::convert, 64)), unit::vector_load), 4U);
    EXPECT_EQ(slots(cost(vector(elementwise_operation::maximum, 64)), unit::vector_load), 8U);
}

TEST(vector_cost, counts_each_operand_in_its_own_type) {
    vector_step v = vector(elementwise_operation::add, 64);
    v.a_type = bf16;            // 128 B
    v.destination_type = bf16;  // 128 B
    EXPECT_EQ(slots(cost(v), unit::vector_load), 2U + 4U);
    EXPECT_EQ(slots(cost(v), unit::vector_store), 2U);
}

TEST(vector_cost, reads_the_destination_where_the_operation_does) {
    EXPECT_EQ(slots(cost(vector(elementwise_operation::multiply_accumulate, 64)), unit::vector_load), 12U);
    EXPECT_EQ(slots(cost(vector(elementwise_operation::multiply_accumulate, 64)), unit::simd), 64U);
    EXPECT_EQ(slots(cost(vector(elementwise_operation::select, 64)), unit::simd), 128U);
}

TEST(vector_cost, of_rows_fills_whole_lanes_and_lines_in_each_and_reads_a_repeated_row_once) {
    vector_step v = vector(elementwise_operation::add, 20);  // 80 B a row: two lines, and two passes of 16 lanes
    v.rows = 10;
    v.a_stride = 128;
    v.destination_stride = 128;
    EXPECT_EQ(slots(cost(v), unit::simd), 10U * 32);
    EXPECT_EQ(slots(cost(v), unit::vector_load), 10U * 2 + 2) << "b is the same row for all";
    EXPECT_EQ(slots(cost(v), unit::vector_store), 10U * 2);
    v.b_stride = 4;
    v.broadcast_b = true;
    EXPECT_EQ(slots(cost(v), unit::vector_load), 10U * 2 + 10) << "one element a row";
    v.a_stride = 80;  // rows begin at 0, 16, 32, 48 and again 0 of a line; that at 48 lies in two lines as the others
    EXPECT_EQ(slots(cost(v), unit::vector_load), 10U * 2 + 10);
    v.active = 0;
    EXPECT_EQ(slots(cost(v), unit::simd), 1U);
    EXPECT_EQ(slots(cost(v), unit::vector_store), 0U);
}

TEST(reduce_cost, of_a_place_in_the_row_is_a_comparison_and_two_choices) {
    program::reduce<std::int64_t> r;
    r.rows = 3;
    r.elements = 100;
    r.source_stride = 400;
    r.source_type = fp32;
    r.destination_type = fp32;
    const auto value = cost(r);
    r.operation = program::reduction::index_of_maximum;
    EXPECT_EQ(slots(value, unit::simd), 3U * (100 + 4 * 16));
    EXPECT_EQ(slots(cost(r), unit::simd), 3 * slots(value, unit::simd));
    EXPECT_EQ(slots(cost(r), unit::vector_load), slots(value, unit::vector_load));
}

TEST(vector_cost, is_bound_by_the_lanes_or_by_a_port_whichever_is_slower) {
    core_parameters wide;
    wide.simd_lanes = 64;
    EXPECT_EQ(cost(vector(elementwise_operation::add, 6400)).cycles, 400U);
    EXPECT_EQ(cost(vector(elementwise_operation::add, 6400), wide).cycles, 400U) << "400 lines to store, one a cycle";
    EXPECT_EQ(cost(vector(elementwise_operation::add, 6400, bf16), wide).cycles, 200U);
    wide.simd_lanes = 8;
    EXPECT_EQ(cost(vector(elementwise_operation::add, 6400), wide).cycles, 800U);
}

TEST(vector_cost, of_a_function_is_its_sequence_for_every_element) {
    const unit_demand d = cost(vector(elementwise_operation::exponential, 6400));
    const std::uint64_t operations = numerics::operation_count(elementwise_operation::exponential);
    EXPECT_GT(operations, 10U);
    EXPECT_EQ(slots(d, unit::simd), 6400 * operations);
    EXPECT_EQ(d.cycles, 400 * operations) << "the lanes bind, not the ports";
    EXPECT_EQ(slots(d, unit::vector_load), 400U) << "operands are read once";
    EXPECT_EQ(slots(cost(vector(elementwise_operation::step, 64)), unit::simd), 128U);
    EXPECT_EQ(slots(cost(vector(elementwise_operation::divide, 64)), unit::vector_load), 8U);
}

TEST(vector_cost, is_a_cycle_at_least_and_has_the_latency_of_the_unit) {
    EXPECT_EQ(cost(vector(elementwise_operation::fill, 1)).cycles, 1U);
    EXPECT_EQ(cost(vector(elementwise_operation::fill, 17)).cycles, 2U);
    core_parameters core;
    core.simd_latency = 9;
    EXPECT_EQ(cost(vector(elementwise_operation::fill, 1), core).latency, 9U);
}

}  // namespace
}  // namespace d1
