// Inner kernels against the closed forms of instruction_cost, which know nothing of micro-operations.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <variant>

#include "models/core/instruction_cost.hpp"
#include "models/core/line_counts.hpp"
#include "models/core/pipeline/inner_kernels.hpp"
#include "models/core/pipeline/random_instruction.hpp"
#include "models/core/pipeline/steady_state.hpp"

namespace d1 {
namespace {

/// SIMD operations where each row begins in a vector of its own and each vector takes all operations of its sequence;
/// instruction_cost counts the lanes at work in them.
std::uint64_t vectors(const program::vector_operation<std::int64_t>& v, std::uint64_t lanes, std::uint64_t) {
    const std::uint64_t of_row = divide_up(program::active_elements(v), lanes);
    return std::max<std::uint64_t>(1, v.rows * of_row * numerics::operation_count(v.operation));
}
std::uint64_t vectors(const program::reduce<std::int64_t>& r, std::uint64_t, std::uint64_t) {
    const std::uint64_t joins = std::bit_width(std::min(r.elements, 16U) - 1);
    return r.rows * (program::gives_index(r.operation) ? 3 : 1) * (divide_up(r.elements, 16) + joins);
}
std::uint64_t vectors(const auto&, std::uint64_t lanes, std::uint64_t slots) {
    return divide_up(slots, lanes);
}

/// Where one source is the same for all rows and the other one element of each, rows long, registers do not hold both.
bool loads_again(const program::vector_operation<std::int64_t>& v) {
    return v.broadcast_b && numerics::source_count(v.operation) > 1 && v.rows > 1 && v.a_stride == 0;
}
bool loads_again(const auto&) {
    return false;
}

/// Stops at the first that fails.
void expect_costs_of_random_instructions(std::uint32_t seed, int count) {
    std::mt19937 random(seed);
    const core_parameters core;
    const sram_parameters memory;
    for (int n = 0; n < count && !testing::Test::HasFailure(); ++n) {
        const program::step s = pipeline::demonstration::random_instruction(random);
        std::visit(
            [&](const auto& instruction) {
                if constexpr (requires { pipeline::kernel_of(instruction, core); }) {
                    const pipeline::kernel k = pipeline::kernel_of(instruction, core);
                    const auto counts = pipeline::run_alone(k, core, memory).counts;
                    const unit_demand cost = cost_of(instruction, core, memory);
                    const auto slots = [&](unit u) { return cost.slots[static_cast<std::size_t>(u)]; };
                    EXPECT_EQ(counts.matrix, slots(unit::matrix)) << k.name << ' ' << n;
                    EXPECT_EQ(counts.simd, vectors(instruction, core.simd_lanes, slots(unit::simd)))
                        << k.name << ' ' << n;
                    if (!loads_again(instruction)) {
                        EXPECT_EQ(counts.vector_loads, slots(unit::vector_load)) << k.name << ' ' << n;
                    }
                    EXPECT_EQ(counts.vector_stores, slots(unit::vector_store)) << k.name << ' ' << n;
                    EXPECT_EQ(counts.granules, slots(unit::gather)) << k.name << ' ' << n;
                    EXPECT_GE(counts.total_cycles(), cost.cycles) << k.name << ' ' << n << ": no unit beyond its rate";
                }
            },
            s);
    }
}

TEST(inner_kernels, load_store_and_compute_what_the_instruction_costs) {
    // In the second, number 1704 takes one row of one vector for all rows, which lies in as many lines as there are
    // rows.
    for (const std::uint32_t seed : {20261127U, 1782356747U}) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        expect_costs_of_random_instructions(seed, 2000);
    }
}

}  // namespace
}  // namespace d1
