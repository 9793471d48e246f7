#include "models/statistics/energy.hpp"

#include <gtest/gtest.h>

#include <random>

namespace d1::statistics {
namespace {

TEST(energy, is_each_count_times_what_it_costs) {
    const energy_parameters each{.multiply_8_bit = 2,
                                 .multiply_16_bit = 3,
                                 .accumulate = 5,
                                 .simd_operation = 7,
                                 .sram_line = 11,
                                 .register_byte = 13,
                                 .packet_hop = 17,
                                 .leakage_power = 19,
                                 .calibration = 1000};
    const energy_events events{.macs_8_bit = 10,
                               .macs_16_bit = 100,
                               .simd_operations = 1000,
                               .sram_lines = 10000,
                               .register_bytes = 100000,
                               .packet_hops = 1000000,
                               .time = 5,
                               .node_time = 10000000};
    const energy_stack e = energy_of(events, each);
    EXPECT_EQ(e.matrix, 10 * (2 + 5) + 100 * (3 + 5));
    EXPECT_EQ(e.simd, 7000);
    EXPECT_EQ(e.sram, 110000);
    EXPECT_EQ(e.registers, 1300000);
    EXPECT_EQ(e.mesh, 17000000);
    EXPECT_EQ(e.leakage, 190000000);
    EXPECT_EQ(e.total(), e.matrix + e.simd + e.sram + e.registers + e.mesh + e.leakage);
}

TEST(energy, of_two_runs_together_is_that_of_their_sum) {
    const energy_events one{1, 2, 3, 4, 5, 6, 7, 8};
    const energy_events two{10, 20, 30, 40, 50, 60, 70, 80};
    energy_events both = one;
    both += two;
    EXPECT_EQ(both, (energy_events{11, 22, 33, 44, 55, 66, 77, 88}));
}

TEST(energy, is_calibrated_but_for_what_flows_anyway) {
    energy_parameters each;
    each.calibration = 1000;
    const energy_events events{.macs_16_bit = 1000000, .sram_lines = 5000, .packet_hops = 3000, .node_time = 4000};
    const energy_stack plain = energy_of(events, each);
    each.calibration = 2500;
    const energy_stack scaled = energy_of(events, each);
    EXPECT_EQ(scaled.matrix, plain.matrix * 5 / 2);
    EXPECT_EQ(scaled.sram, plain.sram * 5 / 2);
    EXPECT_EQ(scaled.mesh, plain.mesh * 5 / 2);
    EXPECT_EQ(scaled.leakage, plain.leakage);
}

TEST(energy, of_a_second_of_the_whole_die_does_not_overflow) {
    const std::uint64_t node_cycles = 354 * 2000000000ULL;
    const energy_events events{.macs_16_bit = node_cycles * 256,
                               .sram_lines = node_cycles,
                               .register_bytes = node_cycles * 192,
                               .time = 1000000000000,
                               .node_time = 354 * 1000000000000};
    EXPECT_NEAR(watts(energy_of(events, {}).total(), events.time), 400, 0.5);
}

TEST(energy, is_that_of_long_arithmetic_for_random_counts) {
    constexpr std::uint64_t seed = 20260;
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 1000; ++i) {
        energy_parameters each;
        each.calibration = static_cast<std::uint32_t>(1 + random() % 1000000);
        const energy_events events{.sram_lines = random() % 1000000000};
        const long double exact =
            static_cast<long double>(events.sram_lines) * each.sram_line * each.calibration / 1000;
        EXPECT_NEAR(static_cast<double>(energy_of(events, each).sram), static_cast<double>(exact),
                    1 + static_cast<double>(exact) * 1e-15);
    }
}

}  // namespace
}  // namespace d1::statistics
