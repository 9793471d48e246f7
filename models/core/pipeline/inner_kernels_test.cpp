#include "models/core/pipeline/inner_kernels.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "models/core/pipeline/demonstration_kernels.hpp"
#include "models/core/pipeline/random_instruction.hpp"
#include "models/core/pipeline/steady_state.hpp"

namespace d1::pipeline {
namespace {

using demonstration::bf16;
using demonstration::fp32;
using demonstration::on_vector;
using demonstration::product;
using numerics::elementwise_operation;

double cycles(const auto& instruction, const core_parameters& core = {}, const sram_parameters& memory = {}) {
    return static_cast<double>(run_alone(kernel_of(instruction, core), core, memory).cycles());
}

#define EXPECT_WITHIN(value, expected, part) EXPECT_NEAR(value, expected, (part) * (expected))

// ---------------------------------------------------------------------------------------------------- published rates

TEST(inner_kernels, reach_512_flop_a_cycle_in_bf16) {
    const double flop = 2.0 * 128 * 128 * 2048;
    EXPECT_WITHIN(flop / cycles(product(16, 16, 512)), 512.0, 0.01);
}

TEST(inner_kernels, reach_32_flop_a_cycle_in_fp32) {
    EXPECT_WITHIN(2.0 * 65536 / cycles(on_vector(elementwise_operation::multiply_add, 65536)), 32.0, 0.01);
}

TEST(inner_kernels, are_just_fed_by_two_loads_a_cycle_without_reuse_of_operands) {
    core_parameters core;
    core.register_block_rows = core.register_block_columns = 1;
    const auto counts = demonstration::steady(kernel_of(product(1, 1, 60'000), core), 4000, false, core);
    EXPECT_EQ(counts.matrix, 4000U);
    EXPECT_EQ(counts.vector_loads, 8000U);
}

// ---------------------------------------------------------------------------------------------------- parameters

TEST(inner_kernels, follow_the_shape_of_the_matrix_unit) {
    // Steps of the unit, or lines of operands at two a cycle, whichever are more; 2 x 2 blocks of the unit's shape.
    for (const std::uint32_t side : {4U, 8U, 16U}) {
        core_parameters core;
        core.matrix_rows = core.matrix_columns = side;
        const double steps = 128.0 / side * 128.0 / side * 512;
        const double lines = 512 * 2 * 16.0 * std::max(1.0, 16.0 / (2.0 * side / 8));
        EXPECT_WITHIN(cycles(product(16, 16, 512), core), std::max(steps, lines / 2), 0.05) << side;
    }
}

TEST(inner_kernels, follow_the_lanes) {
    for (const std::uint32_t lanes : {8U, 16U, 32U}) {
        core_parameters core;
        core.simd_lanes = lanes;
        const double functions = 32.0 * 16384 / lanes;  // the sequence of exp has 32 operations
        EXPECT_WITHIN(cycles(on_vector(elementwise_operation::exponential, 16384), core), functions, 0.05) << lanes;
        const double sums = std::max(16384.0 / lanes, 16384.0 * 4 / 64);  // lanes, or a store a line
        EXPECT_WITHIN(cycles(on_vector(elementwise_operation::add, 16384), core), sums, 0.05) << lanes;
    }
}

TEST(inner_kernels, follow_the_load_ports) {
    // Without reuse each step loads two lines.
    core_parameters core;
    core.register_block_rows = core.register_block_columns = 1;
    for (const std::uint32_t ports : {1U, 2U, 4U}) {
        sram_parameters memory;
        memory.vector_load_ports = ports;
        EXPECT_WITHIN(cycles(product(8, 8, 256), core, memory), 64.0 * 256 * std::max(1.0, 2.0 / ports), 0.05) << ports;
    }
}

TEST(inner_kernels, follow_the_latency_of_the_memory_where_registers_are_few) {
    // Eight registers hold two steps of K; each set is loaded again when its four steps have started. From the first
    // of them to the next time: the four, the load, and a cycle between; or the eight steps of both sets.
    core_parameters core;
    core.vector_registers = 8;
    for (const std::uint32_t latency : {5U, 20U, 80U}) {
        sram_parameters memory;
        memory.load_latency = latency;
        const double round = std::max(8.0, latency + 4.0);
        EXPECT_WITHIN(cycles(product(4, 4, 2048), core, memory), 4 * 1024 * round, 0.05) << latency;
    }
}

TEST(inner_kernels, follow_the_registers) {
    // The same with eight, sixteen and 32 registers: 2, 4 and 8 steps of K in them, and queues that reach as far.
    sram_parameters memory;
    memory.load_latency = 20;
    for (const std::uint32_t registers : {8U, 16U, 32U}) {
        core_parameters core;
        core.vector_registers = registers;
        core.queue_depth = 32;
        const double unroll = registers / 4.0;
        const double round = std::max(4 * unroll, memory.load_latency + 4.0);
        EXPECT_WITHIN(cycles(product(4, 4, 2048), core, memory), 4 * 2048 / unroll * round, 0.05) << registers;
    }
}

TEST(inner_kernels, follow_the_rate_of_the_gather_engine) {
    program::gather<std::int64_t> g;
    g.table = {0, 4096, 16, 16};
    g.elements = 512;
    for (const std::uint32_t rate : {1U, 2U, 4U}) {
        core_parameters core;
        core.gather_granules_per_cycle = rate;
        sram_parameters memory;
        memory.vector_load_ports = 4;
        memory.vector_store_ports = 4;
        EXPECT_WITHIN(cycles(g, core, memory), 512.0 * 16 / rate, 0.05) << rate;
    }
}

// ---------------------------------------------------------------------------------------------------- shapes

TEST(inner_kernels, add_a_row_in_its_order_and_several_rows_side_by_side) {
    program::reduce<std::int64_t> r;
    r.source_type = r.destination_type = fp32;
    r.elements = 16384;
    EXPECT_WITHIN(cycles(r), 4.0 * 1024, 0.02) << "each sum waits four cycles for the one before it";
    r.rows = 8;
    r.elements = 2048;
    r.source_stride = 8192;
    EXPECT_WITHIN(cycles(r), 1024.0, 0.1) << "eight rows hide it";
}

TEST(inner_kernels, keep_the_matrix_unit_busy_where_k_leaves_a_rest) {
    // Nine steps of K in registers for eight: 56 passes, whose loads find registers free in time.
    EXPECT_WITHIN(cycles(product(13, 16, 9, true)), 13.0 * 16 * 9, 0.07);
}

TEST(inner_kernels, take_the_operations_of_a_sequence_for_every_vector) {
    for (const auto operation : {elementwise_operation::divide, elementwise_operation::logarithm,
                                 elementwise_operation::error_function, elementwise_operation::step}) {
        const auto v = on_vector(operation, 1600, bf16);
        const auto run = run_alone(kernel_of(v, {}), {}, {});
        EXPECT_EQ(run.counts.simd, 100U * numerics::operation_count(operation));
        EXPECT_WITHIN(static_cast<double>(run.cycles()), 100.0 * numerics::operation_count(operation), 0.12);
    }
}

TEST(inner_kernels, do_something_for_the_smallest_of_everything) {
    EXPECT_EQ(run_alone(kernel_of(product(1, 1, 1), {}), {}, {}).counts.matrix, 1U);
    auto nothing = on_vector(elementwise_operation::add, 16);
    nothing.active = 0;
    const auto run = run_alone(kernel_of(nothing, {}), {}, {});
    EXPECT_EQ(run.counts.simd, 1U);
    EXPECT_EQ(run.counts.vector_loads + run.counts.vector_stores, 0U);
}

TEST(inner_kernels, move_nothing_where_a_predicate_leaves_no_element) {
    auto nothing = on_vector(elementwise_operation::add, 64);
    nothing.active = 0;
    nothing.rows = 4;
    nothing.destination_stride = 256;
    for (const std::int64_t a_stride : {0, 256}) {
        for (const std::int64_t b_stride : {0, 256}) {
            for (const bool broadcast : {false, true}) {
                SCOPED_TRACE(testing::Message() << a_stride << ", " << b_stride << ", " << broadcast);
                nothing.a_stride = a_stride;
                nothing.b_stride = b_stride;
                nothing.broadcast_b = broadcast;
                const auto run = run_alone(kernel_of(nothing, {}), {}, {});
                EXPECT_EQ(run.counts.vector_loads + run.counts.vector_stores, 0U);
                EXPECT_LT(run.cycles(), 64U);
            }
        }
    }
}

TEST(inner_kernels, can_be_read) {
    const std::string text = to_text(kernel_of(product(2, 2, 8), {}));
    EXPECT_NE(text.find("matrix acc0, v0, v16"), std::string::npos) << text;
    EXPECT_NE(text.find("vector_store acc3"), std::string::npos) << text;
}

// ---------------------------------------------------------------------------------------------------- steady state

core_parameters random_core(std::mt19937& random) {
    const auto one_of = [&](std::initializer_list<std::uint32_t> values) {
        return values.begin()[random() % values.size()];
    };
    core_parameters core;
    core.matrix_rows = one_of({4, 8, 16});
    core.matrix_columns = one_of({4, 8, 16});
    core.matrix_latency = one_of({1, 8, 21});
    core.matrix_accumulate_cycles = one_of({1, 4});
    core.register_block_rows = one_of({1, 2, 3});
    core.register_block_columns = one_of({1, 2, 4});
    core.simd_lanes = one_of({8, 16, 32});
    core.vector_registers = one_of({8, 24, 32, 64});
    core.queue_depth = one_of({2, 7, 16});
    core.decode_width = one_of({1, 3, 8});
    core.instruction_cache_bytes = one_of({1024, 16384});
    core.sram_banks = one_of({0, 0, 8});
    return core;
}

kernel kernel_of_step(const program::step& s, const core_parameters& core) {
    return std::visit(
        [&](const auto& instruction) {
            if constexpr (requires { kernel_of(instruction, core); }) {
                return kernel_of(instruction, core);
            } else {
                return kernel{};
            }
        },
        s);
}

sram_parameters random_memory(std::mt19937& random) {
    sram_parameters memory;
    memory.vector_load_ports = 1 + static_cast<std::uint32_t>(random() % 2);
    memory.load_latency = 1 + static_cast<std::uint32_t>(random() % 12);
    return memory;
}

TEST(steady_state, counts_what_it_skips_exactly) {
    const std::uint32_t seed = 20261127;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::uint64_t simulated = 0;
    std::uint64_t all = 0;
    for (int n = 0; n < 150; ++n) {
        const core_parameters core = random_core(random);
        const sram_parameters memory = random_memory(random);
        const kernel k = kernel_of_step(demonstration::random_instruction(random), core);
        const kernel_run skipped = run_alone(k, core, memory);
        const kernel_run whole = run_all_cycles(k, core, memory);
        ASSERT_EQ(skipped.counts, whole.counts) << n << ": " << k.name;
        ASSERT_EQ(skipped.busy_cycles, whole.busy_cycles) << n << ": " << k.name;
        ASSERT_EQ(skipped.loading_cycles, whole.loading_cycles) << n << ": " << k.name;
        ASSERT_EQ(skipped.cycles_before_stores, whole.cycles_before_stores) << n << ": " << k.name;
        EXPECT_EQ(whole.simulated, whole.cycles());
        simulated += skipped.simulated;
        all += whole.simulated;
    }
    EXPECT_LT(simulated, all / 2) << "most of it repeats itself";
}

TEST(steady_state, does_not_take_longer_for_longer_loops) {
    const auto run = [](std::uint32_t steps) { return run_alone(kernel_of(product(8, 8, steps), {}), {}, {}); };
    EXPECT_EQ(run(10'000).simulated, run(100'000).simulated);
    EXPECT_EQ(run(100'000).cycles() - run(10'000).cycles(), 64U * 90'000);
}

}  // namespace
}  // namespace d1::pipeline
