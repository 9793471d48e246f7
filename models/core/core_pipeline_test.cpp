// A core whose instructions cost what their inner kernels take of the pipeline. Expected cycles are closed forms: a
// launch takes 100 cycles, an issue 4; the rest is what the parameter under test lets through.

#include <gtest/gtest.h>

#include <tuple>

#include "models/core/core_bench.hpp"
#include "models/core/pipeline/demonstration_kernels.hpp"
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

/// A parameter's three values, where kernels share by what they take alone and where they run side by side.
class a_core_with : public a_core_on_the_pipeline,
                    public testing::WithParamInterface<std::tuple<std::uint32_t, timing_kind>> {
  protected:
    a_core_with() { options.timing = std::get<1>(GetParam()); }
    static std::uint32_t value() { return std::get<0>(GetParam()); }

  public:
    static auto each_of(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
        return testing::Combine(testing::Values(a, b, c), testing::Values(timing_kind::at, timing_kind::ca));
    }

  protected:
    core_options options;
    static void expect_near(double cycles, double closed_form) { EXPECT_NEAR(cycles, closed_form, 0.05 * closed_form); }
};

class a_core_with_matrix_side : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_matrix_side, a_core_with::each_of(4, 8, 16));
TEST_P(a_core_with_matrix_side, takes_its_steps_or_the_lines_of_its_operands_at_two_a_cycle) {
    const std::uint32_t side = value();
    options.core.matrix_rows = options.core.matrix_columns = side;
    // 128 x 128 x 2048; 2 x 2 blocks of the unit's shape share their operands.
    const double steps = 128.0 / side * 128.0 / side * 512;
    const double lines = 512 * 2 * 16.0 * 64 / side;
    expect_near(cycles_of(product(16, 16, 512), options), std::max(steps, lines / 2));
}

class a_core_with_lanes : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_lanes, a_core_with::each_of(8, 16, 32));
TEST_P(a_core_with_lanes, takes_the_32_operations_of_exp_for_each_vector) {
    options.core.simd_lanes = value();
    expect_near(cycles_of(vector(elementwise_operation::exponential, 65536, 0, 0, 16384), options),
                32.0 * 16384 / value());
}

class a_core_with_load_ports : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_load_ports, a_core_with::each_of(1, 2, 4));
TEST_P(a_core_with_load_ports, loads_two_lines_for_each_step_without_reuse) {
    options.memory.vector_load_ports = value();
    options.core.register_block_rows = options.core.register_block_columns = 1;
    expect_near(cycles_of(product(8, 8, 256), options), 64.0 * 256 * std::max(1.0, 2.0 / value()));
}

class a_core_with_store_ports : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_store_ports, a_core_with::each_of(1, 2, 4));
TEST_P(a_core_with_store_ports, stores_a_line_a_cycle_for_each_unless_it_waits_for_its_loads) {
    options.memory.vector_store_ports = value();
    options.memory.vector_load_ports = 4;
    program_builder b("p");
    b.thread().copy({.source = 0, .destination = 524288, .shape = {1, 262144, 0, 0}});
    // Rounds of 16 lines: a register is stored when its load is there, and loaded again a cycle later.
    expect_near(cycles_of(b.build(), options), 256 * std::max(16.0 / value(), options.memory.load_latency + 1.0));
}

class a_core_with_load_latency : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_load_latency, a_core_with::each_of(5, 20, 80));
TEST_P(a_core_with_load_latency, waits_for_its_loads_where_registers_are_few) {
    options.memory.load_latency = value();
    options.core.vector_registers = 8;  // two steps of K of four matrix steps each
    expect_near(cycles_of(product(4, 4, 1024), options), 4 * 512 * std::max(8.0, value() + 4.0));
}

class a_core_with_registers : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_registers, a_core_with::each_of(8, 16, 32));
TEST_P(a_core_with_registers, hides_a_latency_of_20_by_as_many_steps_as_they_hold) {
    options.memory.load_latency = 20;
    options.core.vector_registers = value();
    options.core.queue_depth = 32;
    const double unroll = value() / 4.0;
    expect_near(cycles_of(product(4, 4, 1024), options), 4 * 1024 / unroll * std::max(4 * unroll, 24.0));
}

class a_core_with_decode_width : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_decode_width, a_core_with::each_of(1, 2, 8));
TEST_P(a_core_with_decode_width, decodes_52_operations_for_sixteen_sums) {
    // A load, an operation with its other operand and a store for each vector; three pointers and a branch a round.
    options.core.decode_width = value();
    expect_near(cycles_of(vector(elementwise_operation::add, 65536, 0, 131072, 16384), options),
                64 * std::max(16.0, 52.0 / value()));
}

class a_core_with_threads : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_threads, a_core_with::each_of(1, 2, 4));
TEST_P(a_core_with_threads, overlaps_as_many_chains_of_sums) {
    options.core.threads = value();
    const program::reduce<program::affine> row{
        .destination = 0, .source = 0, .elements = 16384, .destination_type = fp32, .source_type = fp32};
    program_builder b("p");
    for (std::uint32_t i = 0; i < value(); ++i) {
        auto t = b.thread();
        for (std::uint32_t n = 0; n < 4 / value(); ++n) {
            t.reduce(row);
        }
    }
    // Each sum of 16 elements waits four cycles for the one before it.
    expect_near(cycles_of(b.build(), options), 4.0 / value() * 4 * 1024);
}

class a_core_with_banks : public a_core_with {};
INSTANTIATE_TEST_SUITE_P(values, a_core_with_banks, a_core_with::each_of(1, 2, 4));
TEST_P(a_core_with_banks, moves_a_line_a_cycle_through_each_bank_at_most) {
    options.core.sram_banks = value();
    program_builder b("p");
    // A load and a store for each line. With four banks, loads keep out of the way of stores.
    b.thread().copy({.source = 0, .destination = 524288, .shape = {1, 262144, 0, 0}});
    expect_near(cycles_of(b.build(), options), 4096 * std::max(1.0, 2.0 / value()));
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

TEST_F(a_core_on_the_pipeline, runs_the_kernels_of_its_threads_on_one_machine_at_ca) {
    core_options o;
    o.timing = timing_kind::ca;
    program_builder b("p");
    b.thread().matrix_multiply(product(4, 4, 64));
    auto t = b.thread();
    t.vector_operation(vector(elementwise_operation::exponential, 65536, 0, 0, 500));
    t.vector_operation(vector(elementwise_operation::add, 65536, 0, 131072, 500));
    const double cycles = cycles_of(b.build(), o);

    steady_states costs(o.core, o.memory);
    using pipeline::demonstration::on_vector;
    const auto& matrix = costs.of(pipeline::demonstration::product(4, 4, 64)).kernel;
    const auto& exp = costs.of(on_vector(elementwise_operation::exponential, 500)).kernel;
    const auto& add = costs.of(on_vector(elementwise_operation::add, 500)).kernel;
    const auto m = std::make_unique<pipeline::machine>(o.core, o.memory);
    for (const auto* const k : {&matrix, &exp, &add}) {
        m->warm(*k);
    }
    m->start(0, matrix);
    m->start(1, exp);
    std::uint64_t now = 0;
    for (std::uint64_t begin = 0; m->busy() || now <= begin; ++now) {
        if (now == begin && now != 0) {
            m->start(1, add);
        }
        if ((m->tick() >> 1U & 1U) != 0 && begin == 0) {
            begin = now + 1 + o.core.issue_cycles;
        }
    }
    EXPECT_EQ(cycles, static_cast<double>(now));
    const cycle_stack stack = node->cpu.where_cycles_went(node->cpu.finish_cycle());
    EXPECT_EQ(stack.of(cycle_class::matrix), m->counts().of(pipeline::cycle_class::matrix));
    EXPECT_EQ(stack.of(cycle_class::simd), m->counts().of(pipeline::cycle_class::simd));
}

TEST_F(a_core_on_the_pipeline, gives_the_same_matrix_unit_to_two_threads_in_turns) {
    program_builder b("p");
    b.thread().matrix_multiply(product(8, 8, 128));
    b.thread().matrix_multiply(product(8, 8, 128));
    EXPECT_NEAR(cycles_of(b.build(), {}), 2 * 8192, 0.01 * 2 * 8192);
}

/// The product's stores wait for the copy's; two of its four passes go on meanwhile.
TEST_F(a_core_on_the_pipeline, knows_at_at_what_a_kernel_bears_of_another) {
    auto m = product(4, 4, 256);
    m.a_type = m.b_type = fp32;
    program_builder b("p");
    b.thread().copy({.source = 0, .destination = 262'144, .shape = {1, 262'144, 0, 0}});
    b.thread().matrix_multiply(m);
    const double cycles = cycles_of(b.build(), {});

    steady_states costs({}, {});
    const auto cycles_alone = [](const unit_demand& d) { return static_cast<double>(d.cycles + d.latency); };
    const double copy = cycles_alone(costs.of(program::copy<std::int64_t>{.shape = {1, 262'144, 0, 0}}).demand);
    const double all = cycles_alone(costs.of(pipeline::demonstration::product(4, 4, 256, false, fp32)).demand);
    EXPECT_NEAR(cycles, copy + all / 2, 0.01 * copy);
}

}  // namespace
}  // namespace d1::test
