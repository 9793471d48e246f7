// A core whose instructions cost what their inner kernels take of the pipeline. Expected cycles are closed forms: a
// launch takes 100 cycles, an issue 4; the rest is what the parameter under test lets through.

#include <gtest/gtest.h>

#include "models/core/core_bench.hpp"
#include "models/core/pipeline/inner_kernels.hpp"
#include "models/core/pipeline/steady_state.hpp"
#include "models/core/steady_states.hpp"

namespace d1::test {
namespace {

using numerics::elementwise_operation;
using program::program_builder;

/// C = A x B of so many blocks in BF16; operands overlap, since only time counts.
program::matrix_multiply<program::affine> product(std::uint32_t rows, std::uint32_t columns, std::uint32_t steps) {
    return {.c = 0,
            .a = 0,
            .b = 0,
            .accumulate = 0,
            .row_blocks = rows,
            .column_blocks = columns,
            .k_steps = steps,
            .a_type = bf16,
            .b_type = bf16};
}

class a_core_on_the_pipeline : public one_core {
  protected:
    /// Cycles from the start of the first instruction to the end of the last thread.
    double cycles_of(const program::program& p, core_options o) {
        steady_states costs(o.core, o.memory);
        o.costs = &costs;
        o.functional = false;
        make(o);
        run(p);
        EXPECT_TRUE(node->cpu.finished()) << failure();
        const cycle_stack stack = node->cpu.where_cycles_went(node->cpu.finish_cycle());
        EXPECT_EQ(stack.total(), node->cpu.finish_cycle());
        return static_cast<double>(node->cpu.finish_cycle() - o.core.launch_cycles - o.core.issue_cycles);
    }
    double cycles_of(const auto& instruction, const core_options& o) {
        program_builder b("p");
        auto t = b.thread();
        if constexpr (requires { t.matrix_multiply(instruction); }) {
            t.matrix_multiply(instruction);
        } else {
            t.vector_operation(instruction);
        }
        return cycles_of(b.build(), o);
    }
};

/// A parameter's three values.
class a_core_with : public a_core_on_the_pipeline, public testing::WithParamInterface<std::uint32_t> {
  protected:
    core_options options;
    static void expect_near(double cycles, double closed_form) { EXPECT_NEAR(cycles, closed_form, 0.05 * closed_form); }
};

class a_core_with_matrix_side : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_matrix_side, testing::Values(4U, 8U, 16U));
TEST_P(a_core_with_matrix_side, takes_its_steps_or_the_lines_of_its_operands_at_two_a_cycle) {
    const std::uint32_t side = GetParam();
    options.core.matrix_rows = options.core.matrix_columns = side;
    // 128 x 128 x 2048; 2 x 2 blocks of the unit's shape share their operands.
    const double steps = 128.0 / side * 128.0 / side * 512;
    const double lines = 512 * 2 * 16.0 * 64 / side;
    expect_near(cycles_of(product(16, 16, 512), options), std::max(steps, lines / 2));
}

class a_core_with_lanes : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_lanes, testing::Values(8U, 16U, 32U));
TEST_P(a_core_with_lanes, takes_the_32_operations_of_exp_for_each_vector) {
    options.core.simd_lanes = GetParam();
    expect_near(cycles_of(vector(elementwise_operation::exponential, 65536, 0, 0, 16384), options),
                32.0 * 16384 / GetParam());
}

class a_core_with_load_ports : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_load_ports, testing::Values(1U, 2U, 4U));
TEST_P(a_core_with_load_ports, loads_two_lines_for_each_step_without_reuse) {
    options.memory.vector_load_ports = GetParam();
    options.core.register_block_rows = options.core.register_block_columns = 1;
    expect_near(cycles_of(product(8, 8, 256), options), 64.0 * 256 * std::max(1.0, 2.0 / GetParam()));
}

class a_core_with_load_latency : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_load_latency, testing::Values(5U, 20U, 80U));
TEST_P(a_core_with_load_latency, waits_for_its_loads_where_registers_are_few) {
    options.memory.load_latency = GetParam();
    options.core.vector_registers = 8;  // two steps of K of four matrix steps each
    expect_near(cycles_of(product(4, 4, 1024), options), 4 * 512 * std::max(8.0, GetParam() + 4.0));
}

class a_core_with_registers : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_registers, testing::Values(8U, 16U, 32U));
TEST_P(a_core_with_registers, hides_a_latency_of_20_by_as_many_steps_as_they_hold) {
    options.memory.load_latency = 20;
    options.core.vector_registers = GetParam();
    options.core.queue_depth = 32;
    const double unroll = GetParam() / 4.0;
    expect_near(cycles_of(product(4, 4, 1024), options), 4 * 1024 / unroll * std::max(4 * unroll, 24.0));
}

class a_core_with_decode_width : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_decode_width, testing::Values(1U, 2U, 8U));
TEST_P(a_core_with_decode_width, decodes_52_operations_for_sixteen_sums) {
    // A load, an operation with its other operand and a store for each vector; three pointers and a branch a round.
    options.core.decode_width = GetParam();
    expect_near(cycles_of(vector(elementwise_operation::add, 65536, 0, 131072, 16384), options),
                64 * std::max(16.0, 52.0 / GetParam()));
}

class a_core_with_threads : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_threads, testing::Values(1U, 2U, 4U));
TEST_P(a_core_with_threads, overlaps_as_many_chains_of_sums) {
    options.core.threads = GetParam();
    const program::reduce<program::affine> row{
        .destination = 0, .source = 0, .elements = 16384, .destination_type = fp32, .source_type = fp32};
    program_builder b("p");
    for (std::uint32_t i = 0; i < GetParam(); ++i) {
        auto t = b.thread();
        for (std::uint32_t n = 0; n < 4 / GetParam(); ++n) {
            t.reduce(row);
        }
    }
    // Each sum of 16 elements waits four cycles for the one before it.
    expect_near(cycles_of(b.build(), options), 4.0 / GetParam() * 4 * 1024);
}

class a_core_with_banks : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_banks, testing::Values(1U, 2U, 4U));
TEST_P(a_core_with_banks, moves_a_line_a_cycle_through_each_bank_at_most) {
    options.core.sram_banks = GetParam();
    program_builder b("p");
    // A load and a store for each line. With four banks, loads keep out of the way of stores.
    b.thread().copy({.source = 0, .destination = 524288, .shape = {1, 262144, 0, 0}});
    expect_near(cycles_of(b.build(), options), 4096 * std::max(1.0, 2.0 / GetParam()));
}

TEST_F(a_core_on_the_pipeline, takes_at_lt_what_the_kernel_takes_alone) {
    core_options o;
    o.timing = timing_kind::lt;
    program::matrix_multiply<std::int64_t> m;
    m.accumulate = 0;
    m.row_blocks = m.column_blocks = 4;
    m.k_steps = 64;
    m.a_type = m.b_type = bf16;
    const auto alone = pipeline::run_all_cycles(pipeline::kernel_of(m, o.core), o.core, o.memory);
    EXPECT_EQ(cycles_of(product(4, 4, 64), o), static_cast<double>(alone.cycles()));
}

TEST_F(a_core_on_the_pipeline, gives_the_same_matrix_unit_to_two_threads_in_turns) {
    program_builder b("p");
    b.thread().matrix_multiply(product(8, 8, 128));
    b.thread().matrix_multiply(product(8, 8, 128));
    EXPECT_NEAR(cycles_of(b.build(), {}), 2 * 8192, 0.01 * 2 * 8192);
}

}  // namespace
}  // namespace d1::test
