#include "models/core/unit_schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace d1 {
namespace {

constexpr unit_slots rates{1, 16, 2, 1};

/// Slots of the matrix unit, the SIMD unit, the load and the store ports.
constexpr unit_demand demand(std::uint64_t cycles, const unit_slots& slots, std::uint64_t latency = 0) {
    return {cycles, slots, latency};
}
/// Keeps the matrix unit busy for `cycles`.
constexpr unit_demand matrix(std::uint64_t cycles) {
    return demand(cycles, {cycles, 0, 0, 0});
}
/// Keeps the SIMD unit busy for `cycles`.
constexpr unit_demand simd(std::uint64_t cycles) {
    return demand(cycles, {0, 16 * cycles, 0, 0});
}

TEST(unit_schedule, takes_its_cycles_and_its_latency_for_an_instruction_alone) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(100, demand(50, {50, 0, 100, 25}, 12)), 162U);
}

TEST(unit_schedule, gives_an_instruction_after_the_end_of_another_the_units_alone) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, matrix(50)), 50U);
    EXPECT_EQ(units.reserve(50, matrix(50)), 100U);
    EXPECT_EQ(units.reserve(1000, matrix(7)), 1007U);
}

TEST(unit_schedule, does_not_hold_a_unit_while_a_result_is_on_its_way) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, demand(10, {10, 0, 0, 0}, 8)), 18U);
    EXPECT_EQ(units.reserve(10, demand(10, {10, 0, 0, 0}, 8)), 28U);
}

TEST(unit_schedule, puts_instructions_that_want_all_of_one_unit_one_behind_the_other) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, matrix(100)), 100U);
    EXPECT_EQ(units.reserve(0, matrix(40)), 140U);
    EXPECT_EQ(units.reserve(30, matrix(60)), 200U);
    EXPECT_EQ(units.reserve(199, matrix(5)), 205U);
}

TEST(unit_schedule, stops_an_instruction_for_what_full_load_ports_last_beyond_its_patience) {
    unit_demand bursts = demand(100, {0, 0, 80});
    for (std::uint64_t n = 0; n < 40; ++n) {
        bursts.loads_shut.count(n % 10 + 1);  // both ports, four times for ten cycles
    }
    for (const auto& [patience, end] : {std::pair{0U, 140U}, {4U, 124U}, {8U, 108U}, {16U, 100U}}) {
        unit_schedule units(rates);
        EXPECT_EQ(units.reserve(0, bursts), 100U);
        unit_demand waits = simd(100);
        waits.patience = patience;
        EXPECT_EQ(units.reserve(0, waits), end) << patience;
    }
}

TEST(unit_schedule, leaves_ports_to_others_before_its_first_store_and_behind_its_last_load) {
    unit_schedule units(rates);
    unit_demand late_stores = demand(100, {0, 0, 0, 50});
    late_stores.cycles_before_stores = 50;
    EXPECT_EQ(units.reserve(0, late_stores), 100U);
    EXPECT_EQ(units.reserve(0, demand(40, {0, 0, 0, 40})), 40U);
    unit_schedule others(rates);
    unit_demand early_loads = demand(100, {0, 0, 120});
    early_loads.cycles_behind_loads = 40;
    EXPECT_EQ(others.reserve(0, early_loads), 100U);
    EXPECT_EQ(others.reserve(0, demand(20, {0, 0, 40})), 80U) << "nothing is left in the first 60 cycles";
    unit_schedule even(rates);
    EXPECT_EQ(even.reserve(0, early_loads), 100U);
    // Before the second load 2 cycles' worth are done.
    EXPECT_EQ(even.reserve(0, demand(100, {0, 0, 40})), 158U);
}

TEST(unit_schedule, keeps_no_free_slot_for_stores_that_are_to_come) {
    unit_schedule units(rates);
    unit_demand first = demand(100, {0, 0, 0, 80});
    first.cycles_before_stores = 20;
    EXPECT_EQ(units.reserve(0, first), 100U);
    unit_demand second = demand(100, {100, 0, 0, 10});
    second.cycles_before_stores = 50;
    // The port is free in the first 20 cycles, when the second has nothing to store, and again behind the first.
    EXPECT_EQ(units.reserve(0, second), 146U) << "54 steps come before the first store";
    unit_schedule others(rates);
    EXPECT_EQ(others.reserve(0, first), 100U);
    EXPECT_EQ(others.reserve(0, demand(100, {100, 0, 0, 10})), 171U)
        << "2 stores in 20 cycles, 29 steps before the next";
}

TEST(unit_schedule, stores_what_is_late_at_an_end_at_the_pace_of_what_is_left) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, demand(200, {0, 0, 0, 100})), 200U);
    unit_demand burst = demand(20, {20, 0, 0, 20});
    burst.late_stores = 20;
    EXPECT_EQ(units.reserve(0, burst), 39U) << "every second slot, from the first on";
    EXPECT_EQ(units.reserve(39, demand(10, {0, 0, 0, 10})), 59U) << "and so for the next";
    unit_schedule full(rates);
    EXPECT_EQ(full.reserve(0, demand(200, {0, 0, 0, 200})), 200U);
    EXPECT_EQ(full.reserve(0, burst), 220U);
    EXPECT_EQ(full.reserve(210, matrix(5)), 215U) << "its steps were done long ago";
    EXPECT_EQ(full.reserve(215, demand(5, {0, 0, 0, 5})), 225U) << "its stores are not";
}

TEST(unit_schedule, knows_whether_slots_are_reserved) {
    unit_schedule units(rates);
    EXPECT_FALSE(units.is_busy(0));
    EXPECT_EQ(units.reserve(0, demand(10, {10, 0, 0, 0}, 8)), 18U);
    EXPECT_TRUE(units.is_busy(9));
    EXPECT_FALSE(units.is_busy(10));
}

TEST(unit_schedule, lets_stores_lag_behind_as_far_as_they_may) {
    const unit_demand stores = demand(100, {0, 0, 0, 100});
    unit_demand steps = demand(100, {100, 0, 0, 20});
    for (const auto& [late, end] : {std::pair{0U, 196U}, {10U, 146U}, {20U, 120U}}) {
        unit_schedule units(rates);
        steps.late_stores = late;
        EXPECT_EQ(units.reserve(0, stores), 100U);
        // Before the first store 4 steps of a hundred are done, before the eleventh 54.
        EXPECT_EQ(units.reserve(0, steps), end) << late;
    }
}

TEST(unit_schedule, lets_instructions_on_different_units_run_side_by_side) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, matrix(100)), 100U);
    EXPECT_EQ(units.reserve(0, simd(80)), 80U);
    EXPECT_EQ(units.reserve(0, demand(60, {0, 0, 120, 0})), 60U);
    EXPECT_EQ(units.reserve(0, demand(40, {0, 0, 0, 40})), 40U);
}

TEST(unit_schedule, lets_two_instructions_run_at_full_pace_that_want_half_of_a_unit_each) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, demand(100, {50, 0, 0, 0})), 100U);
    EXPECT_EQ(units.reserve(0, demand(100, {50, 0, 0, 0})), 100U);
    EXPECT_EQ(units.reserve(0, demand(100, {0, 0, 100, 0})), 100U);
    EXPECT_EQ(units.reserve(0, demand(100, {0, 0, 100, 0})), 100U);
}

TEST(unit_schedule, runs_an_instruction_at_the_pace_of_what_is_left_until_the_one_before_it_ends) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, demand(100, {50, 0, 0, 0})), 100U);
    // Half pace for 100 cycles does 50 of 100; the other 50 at full pace.
    EXPECT_EQ(units.reserve(0, matrix(100)), 150U);
}

TEST(unit_schedule, ends_an_instruction_within_the_time_of_the_one_before_it_if_what_is_left_suffices) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, demand(1000, {500, 0, 0, 0})), 1000U);
    // 199 cycles give 199 slots, 99 of them to the one before: the hundredth is due when cycle 200 is over.
    EXPECT_EQ(units.reserve(0, matrix(100)), 199U);
}

TEST(unit_schedule, goes_by_the_scarcest_of_several_units) {
    unit_schedule units(rates);
    // Takes all of the store port and half of the load ports.
    EXPECT_EQ(units.reserve(0, demand(100, {0, 0, 100, 100})), 100U);
    // Loads alone could go on; but the first store is due in the second cycle, and waits for cycle 100.
    EXPECT_EQ(units.reserve(0, demand(100, {0, 0, 100, 50})), 199U);
}

TEST(unit_schedule, shares_with_several_earlier_instructions_at_once) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, demand(120, {40, 0, 0, 0})), 120U);
    EXPECT_EQ(units.reserve(0, demand(120, {40, 0, 0, 0})), 120U);
    EXPECT_EQ(units.reserve(0, demand(120, {120, 0, 0, 0})), 200U)
        << "a third of the unit for 120 cycles, then all of it";
}

TEST(unit_schedule, knows_nothing_of_earlier_instructions_after_a_reset) {
    unit_schedule units(rates);
    EXPECT_EQ(units.reserve(0, matrix(100)), 100U);
    units.reset();
    EXPECT_EQ(units.reserve(0, matrix(100)), 100U);
}

// ---------------------------------------------------------------------------------------------------- properties

struct instruction {
    timing::cycle start;
    unit_demand want;
    timing::cycle end;  // of its last slot
};

/// Random instructions of up to `threads` threads, each of which starts its next one when or some time after the one
/// before is done, as cores do; reserved in the order in which they start.
template <typename Demand>
std::vector<instruction> run_threads(std::uint32_t seed, std::size_t threads, std::size_t count,
                                     Demand&& random_demand) {
    std::mt19937 random(seed);
    unit_schedule units(rates);
    std::vector<timing::cycle> free(threads, 0);
    std::vector<instruction> all;
    while (all.size() < count) {
        auto& next = *std::ranges::min_element(free);
        const unit_demand want = random_demand(random);
        const timing::cycle start = next;
        const timing::cycle done = units.reserve(start, want);
        all.push_back({start, want, done - want.latency});
        next = done + (random() % 3 == 0 ? 0 : random() % 30);
    }
    return all;
}

unit_demand random_demand(std::mt19937& random) {
    unit_demand d{1 + random() % (random() % 4 == 0 ? 2000 : 60), {}, random() % 10};
    for (std::size_t u = 0; u < unit_count; ++u) {
        const std::uint64_t most = rates[u] * d.cycles;
        switch (random() % 4) {
            case 0:
                break;
            case 1:
                d.slots[u] = most;
                break;
            default:
                d.slots[u] = random() % (most + 1);
                break;
        }
    }
    // Loads and stores are as dense as the ports allow at the most.
    const auto idle = [&](unit u) {
        const auto i = static_cast<std::size_t>(u);
        const std::uint64_t least = (d.slots[i] + rates[i] - 1) / rates[i];
        return random() % 2 == 0 ? 0 : random() % (d.cycles - std::min(d.cycles - 1, least));
    };
    d.cycles_before_stores = idle(unit::vector_store);
    d.cycles_behind_loads = idle(unit::vector_load);
    d.late_stores = random() % 2 == 0 ? 0 : random() % 40;
    return d;
}

TEST(unit_schedule, never_ends_an_instruction_earlier_than_it_would_end_alone) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        for (const instruction& i : run_threads(seed, 4, 400, random_demand)) {
            ASSERT_GE(i.end, i.start + i.want.cycles) << "seed " << seed << " start " << i.start;
        }
    }
}

TEST(unit_schedule, gives_no_slot_twice_whatever_window_one_looks_at) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        const auto all = run_threads(seed, 4, 300, random_demand);
        for (const instruction& first : all) {
            for (const instruction& last : all) {
                if (last.end <= first.start || last.end > first.start + 6000) {
                    continue;
                }
                unit_slots work{};
                for (const instruction& i : all) {
                    if (i.start >= first.start && i.end <= last.end) {
                        for (std::size_t u = 0; u < unit_count; ++u) {
                            work[u] += i.want.slots[u];
                        }
                    }
                }
                for (std::size_t u = 0; u < unit_count; ++u) {
                    ASSERT_LE(work[u], rates[u] * (last.end - first.start))
                        << "seed " << seed << " unit " << u << " from " << first.start << " to " << last.end;
                }
            }
        }
    }
}

TEST(unit_schedule, serves_full_demands_of_one_unit_as_a_single_server_queue) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        timing::cycle free = 0;
        for (const instruction& i :
             run_threads(seed, 4, 500, [](std::mt19937& random) { return matrix(1 + random() % 200); })) {
            free = std::max(free, i.start) + i.want.cycles;
            ASSERT_EQ(i.end, free) << "seed " << seed;
        }
    }
}

TEST(unit_schedule, delays_an_instruction_no_longer_than_the_work_that_earlier_ones_have_left_takes) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        const auto all = run_threads(seed, 4, 400, random_demand);
        for (std::size_t n = 0; n < all.size(); ++n) {
            const instruction& mine = all[n];
            std::uint64_t delay = 0;
            std::uint64_t others = 0;
            for (std::size_t m = 0; m < n; ++m) {
                const instruction& other = all[m];
                if (other.end <= mine.start) {
                    continue;
                }
                ++others;
                for (std::size_t u = 0; u < unit_count; ++u) {
                    if (mine.want.slots[u] != 0) {
                        // No more of it is left than all of it, nor than the unit gives until its end.
                        const std::uint64_t left = std::min(other.want.slots[u], rates[u] * (other.end - mine.start));
                        delay += (left + rates[u] - 1) / rates[u];
                    }
                }
            }
            // Whole slots and whole cycles of progress: a little may be lost at the end of each of the others.
            ASSERT_LE(mine.end, mine.start + mine.want.cycles + delay + 2 * others + 1)
                << "seed " << seed << " instruction " << n << " start " << mine.start;
        }
    }
}

TEST(unit_schedule, does_the_same_for_the_same_demands) {
    const auto once = run_threads(3, 4, 500, random_demand);
    const auto again = run_threads(3, 4, 500, random_demand);
    ASSERT_EQ(once.size(), again.size());
    for (std::size_t i = 0; i < once.size(); ++i) {
        ASSERT_EQ(once[i].end, again[i].end);
    }
}

}  // namespace
}  // namespace d1
