// Products on one node follow closed forms of the size of its memory and of the period of its clock.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <systemc>

#include "models/parameter/error.hpp"
#include "testbenches/kernels/gemm.hpp"

namespace d1::kernels {
namespace {

using numerics::number_format;

d1_parameters one_node() {
    d1_parameters p;
    p.die.noc.columns = 1;
    p.die.noc.rows = 1;
    p.die.harvest.dead.clear();
    p.simulation.functional = false;
    return p;
}

/// Cycles of M = N = 256 in BF16 with results in FP32.
double cycles_of(die& on, std::uint64_t k) {
    const gemm product({256, 256, k}, {.output = {number_format::fp32}}, on);
    on.launch(product.programs());
    const run_result r = on.run();
    EXPECT_EQ(r.status, run_status::finished) << r.message;
    return static_cast<double>(r.cycles);
}

/// A matrix step is 8 x 8 x 4; the launch comes before.
double closed_form_of(const die& on, std::uint64_t k) {
    return on.parameters().die.node.core.launch_cycles + 32.0 * 32.0 * static_cast<double>(k) / 4;
}

class a_node_with_memory : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(values, a_node_with_memory, testing::Values(524288, 1048576, 2097152));
TEST_P(a_node_with_memory, multiplies_what_fits_in_the_cycles_of_its_steps_and_refuses_a_step_more) {
    d1_parameters p = one_node();
    p.die.node.sram.bytes = GetParam();
    die on("die", p);
    // Two panels of 256 x K in BF16 beside 256 x 256 sums of four bytes.
    const std::uint64_t most = (GetParam() - 4 * 256 * 256) / (2 * 2 * 256);
    EXPECT_NEAR(cycles_of(on, most), closed_form_of(on, most), 0.05 * closed_form_of(on, most));
    try {
        static_cast<void>(gemm({256, 256, most + 4}, {.output = {number_format::fp32}}, on));
        FAIL() << "a step of 4 KiB more does not fit";
    } catch (const input_error& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("needs at least " + std::to_string(GetParam() + 4096) + " B"));
    }
}

class a_node_with_clock_period : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(values, a_node_with_clock_period, testing::Values(400, 500, 1000));
TEST_P(a_node_with_clock_period, takes_the_cycles_of_its_steps_and_as_many_periods) {
    d1_parameters p = one_node();
    p.die.clock_period = GetParam();
    die on("die", p);
    const double cycles = closed_form_of(on, 512);
    EXPECT_NEAR(cycles_of(on, 512), cycles, 0.05 * cycles);
    const double picoseconds = cycles * GetParam();
    EXPECT_NEAR(sc_core::sc_time_stamp() / sc_core::sc_time(1, sc_core::SC_PS), picoseconds, 0.05 * picoseconds);
}

}  // namespace
}  // namespace d1::kernels
