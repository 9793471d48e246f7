#include "models/core/steady_states.hpp"

#include <gtest/gtest.h>

#include <random>
#include <variant>

#include "models/core/instruction_cost.hpp"
#include "models/core/line_counts.hpp"
#include "models/core/pipeline/inner_kernels.hpp"
#include "models/core/pipeline/random_instruction.hpp"
#include "models/core/pipeline/steady_state.hpp"

namespace d1 {
namespace {

using pipeline::demonstration::bf16;
using pipeline::demonstration::fp32;
using pipeline::demonstration::on_vector;
using pipeline::demonstration::product;
using pipeline::demonstration::random_instruction;

/// Calls `visit` where the step is an instruction with an inner kernel.
void with_kernel(const program::step& s, const auto& visit) {
    std::visit(
        [&](const auto& instruction) {
            if constexpr (requires { pipeline::kernel_of(instruction, core_parameters()); }) {
                visit(instruction);
            }
        },
        s);
}

void expect_equal(const instruction_cost& a, const instruction_cost& b) {
    EXPECT_EQ(a.demand.cycles, b.demand.cycles);
    EXPECT_EQ(a.demand.latency, b.demand.latency);
    EXPECT_EQ(a.demand.slots, b.demand.slots);
    EXPECT_EQ(a.demand.shares, b.demand.shares);
    EXPECT_EQ(a.work, b.work);
}

TEST(steady_states, take_what_the_pipeline_takes_alone) {
    for (const std::uint32_t seed : {3581135874U, 20261127U}) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937 random(seed);
        steady_states costs({}, {});
        for (int n = 0; n < 1000 && !testing::Test::HasFailure(); ++n) {
            with_kernel(random_instruction(random), [&](const auto& instruction) {
                const auto run = pipeline::run_all_cycles(pipeline::kernel_of(instruction, {}), {}, {});
                const unit_demand& d = costs.of(instruction).demand;
                EXPECT_EQ(d.cycles + d.latency, run.cycles());
                EXPECT_EQ(d.slots[static_cast<std::size_t>(unit::matrix)], run.counts.matrix);
                std::uint64_t shares = 0;
                for (const std::uint64_t s : d.shares) {
                    shares += s;
                }
                EXPECT_EQ(shares, d.cycles) << "every cycle has a class";
            });
        }
    }
}

/// Small shapes, so that many instructions have the same key, and banks, so that addresses count.
TEST(steady_states, answer_the_same_whatever_was_asked_before) {
    const std::uint32_t seed = 20261127;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    core_parameters banked;
    banked.sram_banks = 4;
    for (const core_parameters& core : {core_parameters(), banked}) {
        steady_states costs(core, {});
        std::size_t asked = 0;
        for (int n = 0; n < 1500 && !testing::Test::HasFailure(); ++n) {
            const auto upto = [&](std::uint32_t most) { return 1 + static_cast<std::uint32_t>(random() % most); };
            auto v = on_vector(static_cast<numerics::elementwise_operation>(random() % 2), 8 * upto(2));
            v.rows = upto(2);
            v.a = 28 * upto(3);
            v.b = 64 * upto(2);
            v.destination = 64 * upto(3);
            v.a_stride = v.b_stride = v.destination_stride = 32 * upto(3);
            auto m = product(upto(2), upto(2), upto(3), random() % 2 == 0);
            m.a = 64 * upto(2);
            m.a_step_stride = random() % 2 == 0 ? 0 : 32 * upto(3);
            expect_equal(costs.of(v), steady_states(core, {}).of(v));
            expect_equal(costs.of(m), steady_states(core, {}).of(m));
            asked += 2;
        }
        EXPECT_LT(costs.size(), asked / 2) << "most of it is remembered";
    }
}

TEST(steady_states, do_not_depend_on_where_aligned_operands_lie) {
    steady_states costs({}, {});
    auto m = product(4, 4, 32);
    auto v = on_vector(numerics::elementwise_operation::add, 1000, bf16);
    static_cast<void>(costs.of(m));
    static_cast<void>(costs.of(v));
    m.a = m.b = m.c = 4096;
    v.a = v.b = v.destination = 6400;
    static_cast<void>(costs.of(m));
    static_cast<void>(costs.of(v));
    EXPECT_EQ(costs.size(), 2U);
    v.a = 6450;
    EXPECT_GT(costs.of(v).work[static_cast<std::size_t>(unit::vector_load)], lines(0, 2000) + lines(0, 2000))
        << "one more line";
    EXPECT_EQ(costs.size(), 3U);
}

program::copy<std::int64_t> copy_of(std::uint32_t bytes) {
    return {.shape = {1, bytes, 0, 0}};
}
program::reduce<std::int64_t> sums(std::uint32_t rows) {
    return {.rows = rows, .elements = 1024, .source_stride = 4096, .destination_type = fp32, .source_type = fp32};
}

/// A register is loaded again when it has been read, 5 cycles of latency later it could be read again; each of n is
/// read every n cycles.
TEST(steady_states, know_how_long_a_kernel_goes_on_without_a_load_port) {
    steady_states costs({}, {});
    EXPECT_EQ(costs.in_company(copy_of(65'536)).demand.patience, 16U - 6);
    EXPECT_EQ(costs.in_company(sums(64)).demand.patience, 8U - 6);
    const auto add = on_vector(numerics::elementwise_operation::add, 65'536);
    EXPECT_EQ(costs.in_company(add).demand.patience, 0U) << "it wants both load ports in every cycle";
    const auto exp = on_vector(numerics::elementwise_operation::exponential, 2048);
    EXPECT_EQ(costs.in_company(exp).demand.patience, shut_stretches::longest);
    core_parameters few;
    few.vector_registers = 16;
    EXPECT_EQ(steady_states(few, {}).in_company(copy_of(65'536)).demand.patience, 8U - 6);
}

/// Stores of a pass, 16 of 2x2 blocks, wait in their queue while the next pass fills the other accumulators.
TEST(steady_states, know_how_many_stores_may_be_late) {
    steady_states costs({}, {});
    const auto m = product(8, 8, 64, true);
    EXPECT_NEAR(static_cast<double>(costs.in_company(m).demand.late_stores), 16, 2) << "of those from the first on";
    const auto exp = on_vector(numerics::elementwise_operation::exponential, 2048);
    EXPECT_EQ(costs.in_company(exp).demand.late_stores, 8U) << "of a round, while the next one goes on";
    core_parameters shallow;
    shallow.queue_depth = 8;
    EXPECT_EQ(steady_states(shallow, {}).in_company(m).demand.late_stores, 0U) << "the next pass is not decoded";
}

TEST(steady_states, know_when_a_kernel_loads_and_stores) {
    steady_states costs({}, {});
    const unit_demand& d = costs.of(sums(64)).demand;
    EXPECT_EQ(d.cycles_before_stores, d.cycles - d.slots[static_cast<std::size_t>(unit::vector_store)]);
    EXPECT_GT(d.cycles_behind_loads, 0U);
    EXPECT_EQ(d.loads_shut.beyond(4), 0U) << "the first lines of eight rows, two by two";
    EXPECT_EQ(d.loads_shut.beyond(0), 8U * 4);
    const unit_demand& m = costs.of(product(8, 8, 64, true)).demand;
    EXPECT_EQ(m.loads_shut.beyond(2), 16U * 18) << "results before and operands of a pass at a stretch, 40 lines";
}

TEST(steady_states, learn_of_company_when_they_are_asked) {
    steady_states costs({}, {});
    const instruction_cost& known = costs.of(copy_of(65'536));
    EXPECT_FALSE(known.in_company);
    EXPECT_EQ(&costs.in_company(copy_of(65'536)), &known);
    EXPECT_TRUE(known.in_company);
    EXPECT_EQ(costs.size(), 1U);
}

TEST(steady_states, learn_of_company_in_few_cycles) {
    for (const std::uint32_t bytes : {65'536U, 1'048'576U}) {
        const auto k = pipeline::kernel_of(copy_of(bytes), {});
        const auto alone = pipeline::run_alone(k, {}, {});
        EXPECT_LT(pipeline::run_in_company(k, alone.cycles(), {}, {}).simulated, 400U) << bytes;
    }
}

}  // namespace
}  // namespace d1
