// Where cycles go: programs made for one class each, whose split follows from the costs of their instructions.

#include "models/core/cycle_stack.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "models/core/core_bench.hpp"

// A launch takes 100 cycles, an issue 4. A result of the matrix unit comes 12 behind its last step, one of the SIMD
// unit or of a copy 4, one of the gather engine 12.

namespace d1::test {
namespace {

using numerics::elementwise_operation;
using program::program_builder;

/// Classes that have cycles.
using split = std::map<std::string, std::uint64_t>;

split split_of(const cycle_stack& stack) {
    split s;
    for (std::size_t i = 0; i < cycle_class_count; ++i) {
        if (stack.cycles[i] != 0) {
            s[std::string(name_of(static_cast<cycle_class>(i)))] = stack.cycles[i];
        }
    }
    return s;
}

class cycle_stack_of : public one_core, public testing::WithParamInterface<timing_kind> {
  protected:
    static core_options options() {
        core_options o;
        o.timing = GetParam();
        return o;
    }
    split run_to_end(const program::program& p) {
        run(p);
        EXPECT_TRUE(node->cpu.finished()) << failure();
        const cycle_stack stack = node->cpu.where_cycles_went(node->cpu.finish_cycle());
        EXPECT_EQ(stack.total(), node->cpu.finish_cycle());
        return split_of(stack);
    }
    [[nodiscard]] std::map<std::string, std::uint64_t> waits() const {
        wait_cycles all;
        node->cpu.add_waits(all);
        std::map<std::string, std::uint64_t> named;
        for (const auto& [what, cycles] : all) {
            named[std::string(name_of(what.first)) + " " + what.second] = cycles;
        }
        return named;
    }
};
INSTANTIATE_TEST_SUITE_P(levels, cycle_stack_of, testing::Values(timing_kind::lt, timing_kind::at, timing_kind::ca));

program::copy<program::affine> copy_lines(std::uint32_t lines) {
    return {.source = 0, .destination = 65536, .shape = {lines, 64, 64, 64}};
}

TEST_P(cycle_stack_of, a_product_is_its_matrix_steps_and_the_latency_behind_them) {
    make(options());
    program_builder b("p");
    b.thread().matrix_multiply(two_by_two(0));
    EXPECT_EQ(run_to_end(b.build()), (split{{"launch", 100}, {"front_end", 4}, {"matrix", 64}, {"latency", 12}}));
}

TEST_P(cycle_stack_of, a_product_without_reuse_waits_for_the_load_ports_between_its_steps) {
    core_options o = options();
    o.core.register_block_rows = 1;
    o.core.register_block_columns = 1;
    make(o);
    program_builder b("p");
    b.thread().matrix_multiply(two_by_two(0));
    // Two slices a step and four blocks of four lines to add to: 144 lines at two a cycle.
    EXPECT_EQ(run_to_end(b.build()),
              (split{{"launch", 100}, {"front_end", 4}, {"matrix", 64}, {"sram_port", 8}, {"latency", 12}}));
}

TEST_P(cycle_stack_of, a_sequence_of_operations_is_simd) {
    make(options());
    program_builder b("p");
    b.thread().vector_operation(vector(elementwise_operation::add, 0, 8192, 16384, 1024));
    EXPECT_EQ(run_to_end(b.build()), (split{{"launch", 100}, {"front_end", 4}, {"simd", 64}, {"latency", 4}}));
}

TEST_P(cycle_stack_of, a_copy_is_bound_by_the_store_port) {
    make(options());
    program_builder b("p");
    b.thread().copy(copy_lines(50));
    EXPECT_EQ(run_to_end(b.build()), (split{{"launch", 100}, {"front_end", 4}, {"sram_port", 50}, {"latency", 4}}));
}

TEST_P(cycle_stack_of, a_gather_moves_granules_below_the_rate_of_the_ports) {
    make(options());
    program_builder b("p");
    const auto indices =
        b.buffer("indices", 64 * 4, {numerics::number_format::int32}, 64, program::buffer_content::index);
    const auto table = b.buffer("table", 4096, fp32);
    const auto rows = b.buffer("rows", 64 * 16, fp32);
    const program::lookup_table<program::affine> lookup{
        .address = table, .rows = 16, .granules = 1, .granule_bytes = 16};
    b.thread().gather({.destination = rows, .table = lookup, .indices = indices, .elements = 64});
    EXPECT_EQ(run_to_end(b.build()), (split{{"launch", 100}, {"front_end", 4}, {"memory", 64}, {"latency", 12}}));
}

TEST_P(cycle_stack_of, waits_are_for_data_or_for_others_by_what_the_signal_came_with) {
    make(options());
    program_builder b("p");
    b.semaphores("unused", 3);
    const auto bytes = b.semaphores("bytes", 2);
    const auto word = b.semaphores("word");
    auto t = b.thread();
    t.wait(bytes + 1);
    t.wait(word);
    node->signals.schedule(300, 4, 1, {.data = true});
    node->signals.schedule(1000, 5, 1, {});
    const auto p = b.build();
    // The waits begin in 104 and 305, and end a wake of one cycle behind their signals.
    EXPECT_EQ(run_to_end(p), (split{{"launch", 100}, {"front_end", 8}, {"data", 197}, {"others", 696}}));
    EXPECT_EQ(waits(), (std::map<std::string, std::uint64_t>{{"data bytes", 197}, {"others word", 696}}));
}

TEST_P(cycle_stack_of, the_signal_that_came_last_says_what_a_wait_was_for) {
    make(options());
    program_builder b("p");
    const auto s = b.semaphores("s");
    b.thread().wait(s, 2);
    node->signals.schedule(300, 0, 1, {});
    node->signals.schedule(400, 0, 1, {.data = true});
    const auto p = b.build();
    run_to_end(p);
    EXPECT_EQ(waits(), (std::map<std::string, std::uint64_t>{{"data s", 297}}));
}

TEST_P(cycle_stack_of, a_thread_that_waits_counts_only_while_no_other_does_anything) {
    make(options());
    program_builder b("p");
    const auto s = b.semaphores("s");
    b.thread().wait(s);
    auto t = b.thread();
    t.vector_operation(fill(0, 1, 800));  // 104 to 154, latency to 158, the signal issued in 162
    t.signal(s);
    const auto p = b.build();
    // The waiting thread goes on a cycle for the signal and one for the wake later: others counts two.
    EXPECT_EQ(run_to_end(p), (split{{"launch", 100}, {"front_end", 8}, {"simd", 50}, {"latency", 4}, {"others", 2}}));
}

TEST_P(cycle_stack_of, a_thread_that_finds_the_interface_full_waits_for_data) {
    if (GetParam() == timing_kind::lt) {
        GTEST_SKIP() << "at lt a queue is never full";
    }
    make(options());
    node->interface.depth = 1;
    node->interface.interval = 50;
    program_builder b("p");
    auto t = b.thread();
    t.push(push_line(0));   // 104
    t.push(push_line(64));  // 108, taken in 154
    const auto p = b.build();
    EXPECT_EQ(run_to_end(p), (split{{"launch", 100}, {"front_end", 8}, {"data", 47}}));
    EXPECT_EQ(waits(), (std::map<std::string, std::uint64_t>{{"data network_interface", 47}}));
}

TEST_F(one_core, counts_matrix_steps_that_threads_take_in_turns_once_each) {
    make();
    program_builder b("p");
    for (int i = 0; i < 4; ++i) {
        auto t = b.thread();
        t.vector_operation(fill(8192 + 1024 * i, 1, 16 + 16 * static_cast<std::uint32_t>(i)));
        t.matrix_multiply(two_by_two(1024 * i));
        t.matrix_multiply(two_by_two(1024 * i));
    }
    run(b.build());
    const cycle_stack stack = node->cpu.where_cycles_went(node->cpu.finish_cycle());
    EXPECT_EQ(stack.total(), node->cpu.finish_cycle());
    EXPECT_EQ(stack.of(cycle_class::matrix), node->cpu.count().matrix_steps);
}

TEST_F(one_core, has_an_account_that_is_new_after_a_reset) {
    make();
    program_builder b("p");
    b.thread().matrix_multiply(two_by_two(0));
    const auto p = b.build();
    run(p);
    const cycle_stack first = node->cpu.where_cycles_went(1000);
    EXPECT_EQ(first.of(cycle_class::idle), 1000U - 180);
    reset();
    EXPECT_EQ(node->cpu.where_cycles_went(1000), (cycle_stack{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000}}));
    run(p);
    EXPECT_EQ(node->cpu.where_cycles_went(1000), first);
}

/// The same by looking at every cycle: stretches without units, for which there is no rounding.
TEST(cycle_account, agrees_with_a_look_at_each_cycle_for_random_threads) {
    std::mt19937 random(20);  // NOLINT: the same in every run
    constexpr std::array classes{cycle_class::memory, cycle_class::front_end, cycle_class::latency,
                                 cycle_class::data,   cycle_class::others,    cycle_class::launch};
    for (int round = 0; round < 200; ++round) {
        cycle_account account;
        std::vector<std::vector<thread_stretch>> told(1 + random() % 4);
        cycle last = 0;
        for (auto& stretches : told) {
            cycle at = 0;
            for (auto n = random() % 20; n > 0; --n) {
                at += 1 + random() % 30;
                stretches.push_back({.end = at,
                                     .doing = classes[random() % classes.size()],
                                     .wants_ports = random() % 2 == 0,
                                     .awaited = static_cast<std::uint32_t>(random() % 3)});
            }
            last = std::max(last, at);
        }
        for (std::uint32_t i = 0; i < told.size(); ++i) {
            account.begin(i, 0);
        }
        std::vector<std::size_t> next(told.size());
        std::size_t left = told.size();
        while (left != 0) {  // in any order among threads
            const auto i = static_cast<std::uint32_t>(random() % told.size());
            if (next[i] < told[i].size()) {
                account.spend(i, told[i][next[i]++]);
            } else if (next[i] == told[i].size()) {
                account.end(i);
                ++next[i];
                --left;
            }
        }
        cycle_stack expected;
        std::vector<std::uint64_t> awaited(3);
        for (cycle c = 0; c < last + 5; ++c) {
            std::vector<thread_stretch> now;
            for (const auto& stretches : told) {
                const auto found = std::find_if(stretches.begin(), stretches.end(),
                                                [c](const thread_stretch& s) { return c < s.end; });
                if (found != stretches.end()) {
                    now.push_back(*found);
                }
            }
            if (now.empty()) {
                ++expected.of(cycle_class::idle);
                continue;
            }
            const auto first = std::min_element(now.begin(), now.end(), [](const auto& a, const auto& b) {
                return std::pair(a.doing, a.end) < std::pair(b.doing, b.end);
            });
            if (first->doing == cycle_class::memory) {
                const bool ports = std::any_of(now.begin(), now.end(), [](const thread_stretch& s) {
                    return s.doing == cycle_class::memory && s.wants_ports;
                });
                ++expected.of(ports ? cycle_class::sram_port : cycle_class::memory);
                continue;
            }
            ++expected.of(first->doing);
            if (first->doing == cycle_class::data || first->doing == cycle_class::others) {
                ++awaited[first->awaited];
            }
        }
        EXPECT_EQ(account.stack(last + 5), expected) << "round " << round;
        std::vector<std::uint64_t> got = account.awaited();
        got.resize(3);
        EXPECT_EQ(got, awaited) << "round " << round;
    }
}

}  // namespace
}  // namespace d1::test
