#include "models/core/core.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "models/core/core_bench.hpp"
#include "models/reporting/expect_report.hpp"

// Where a test states cycles: launch takes 100, an issue 4, so that the first instruction begins in cycle 104.

namespace d1::test {
namespace {

using numerics::elementwise_operation;
using program::program_builder;

using a_core = one_core;

/// Calls something in the course of a run.
class probe final : public timing::event_handler {
  public:
    void at(timing::event_queue& events, cycle when, std::function<void()> what) {
        calls_.push_back(std::move(what));
        // After the threads of the node.
        events.schedule(when, timing::order_of(timing::phase::threads, 0, 15, calls_.size()), *this, &calls_.back());
    }

  private:
    void serve(void* subject) override { (*static_cast<std::function<void()>*>(subject))(); }
    std::deque<std::function<void()>> calls_;
};

// ---------------------------------------------------------------------------------------------------- issue

TEST_F(a_core, issues_an_instruction_issue_cycles_after_the_one_before_it) {
    make();
    program_builder b("p");
    auto t = b.thread();
    for (int i = 0; i < 5; ++i) {
        t.push(push_line(64 * i));
    }
    run(b.build());
    std::vector<cycle> handed_over;
    for (const auto& c : node->interface.commands) {
        handed_over.push_back(c.now);
        EXPECT_EQ(c.lead, 0U);
    }
    EXPECT_EQ(handed_over, (std::vector<cycle>{104, 108, 112, 116, 120}));
    EXPECT_TRUE(node->cpu.finished());
    EXPECT_EQ(node->cpu.finish_cycle(), 120U);
    EXPECT_EQ(node->cpu.count().instructions, 5U);
    EXPECT_EQ(failure(), "none");
}

TEST_F(a_core, follows_the_costs_of_launch_and_issue_that_it_is_given) {
    core_options o;
    o.core.launch_cycles = 7;
    o.core.issue_cycles = 11;
    make(o);
    program_builder b("p");
    auto t = b.thread();
    t.push(push_line(0));
    t.push(push_line(64));
    run(b.build());
    EXPECT_EQ(node->cpu.finish_cycle(), 7U + 11 + 11);
}

TEST_F(a_core, goes_through_a_thread_in_program_order) {
    make();
    program_builder b("p");
    auto t = b.thread();
    {
        const auto i = t.loop(3);
        {
            const auto j = t.loop(2);
            t.push(push_line(program::affine(i) * 1024 + program::affine(j) * 64));
        }
        t.push(push_line(program::affine(i) * 1024 + 512));
    }
    run(b.build());
    std::vector<std::int64_t> sources;
    for (const auto& c : node->interface.commands) {
        sources.push_back(c.what.geometry.source);
    }
    EXPECT_EQ(sources, (std::vector<std::int64_t>{0, 64, 512, 1024, 1088, 1536, 2048, 2112, 2560}));
}

TEST_F(a_core, ends_threads_without_instructions_when_they_begin) {
    make();
    program::program p;
    p.name = "p";
    p.threads.resize(2);
    run(p);
    EXPECT_TRUE(node->cpu.finished());
    EXPECT_EQ(node->cpu.finish_cycle(), 100U);
}

// ---------------------------------------------------------------------------------------------------- compute

TEST_F(a_core, computes_for_the_cycles_and_the_latency_of_an_instruction) {
    make();
    node->memory.put<float>(0, std::vector<float>(64, 1.5F));
    node->memory.put<float>(256, std::vector<float>(64, 2.0F));
    program_builder b("p");
    auto t = b.thread();
    t.vector_operation(vector(elementwise_operation::add, 512, 0, 256, 64));
    // 64 elements on 16 lanes, 8 lines at two load ports, 4 lines at one store port: 4 cycles; then 4 of latency.
    const auto p = b.build();
    probe look;
    std::vector<float> before;
    std::vector<float> after;
    look.at(events, 111, [&] { before = node->memory.get<float>(512, 64); });
    look.at(events, 112, [&] { after = node->memory.get<float>(512, 64); });
    run(p);
    EXPECT_EQ(node->cpu.finish_cycle(), 112U);
    EXPECT_EQ(before, std::vector<float>(64, 0.0F)) << "its result stands when it is complete and not before";
    EXPECT_EQ(after, std::vector<float>(64, 3.5F));
    EXPECT_EQ(node->cpu.count().simd_elements, 64U);
    EXPECT_EQ(node->cpu.count().vector_load_lines, 8U);
    EXPECT_EQ(node->cpu.count().vector_store_lines, 4U);
    EXPECT_EQ(node->cpu.count().compute_cycles, 8U);
}

TEST_F(a_core, lets_two_threads_share_the_matrix_unit) {
    make();
    program_builder b("p");
    b.thread().matrix_multiply(two_by_two(0));
    b.thread().matrix_multiply(two_by_two(4096));
    // 64 steps each, 12 cycles of latency; the first to start is the thread of the lower number.
    std::array<cycle, 2> done{};
    probe look;
    node->memory.put<std::uint16_t>(65536, std::vector<std::uint16_t>(2 * 16 * 32, 0x3F80));
    node->memory.put<std::uint16_t>(131072, std::vector<std::uint16_t>(2 * 16 * 32, 0x3F80));
    for (cycle at = 104; at < 300; ++at) {
        look.at(events, at, [&, at] {
            for (std::size_t i = 0; i < 2; ++i) {
                if (done.at(i) == 0 && node->memory.get<float>(4096 * i, 1).front() == 64.0F) {
                    done.at(i) = at;
                }
            }
        });
    }
    const auto p = b.build();
    run(p);
    EXPECT_EQ(done, (std::array<cycle, 2>{104 + 64 + 12, 104 + 128 + 12}));
    EXPECT_EQ(node->cpu.finish_cycle(), 104U + 128 + 12);
    EXPECT_EQ(node->cpu.count().matrix_steps, 128U);
}

TEST_F(a_core, lets_threads_on_different_units_run_side_by_side) {
    make();
    program_builder b("p");
    // The matrix unit for 64 cycles with 16 stores; fill the store port for 40.
    b.thread().matrix_multiply(two_by_two(0));
    b.thread().vector_operation(fill(8192, 1, 40 * 16));
    const auto p = b.build();
    run(p);
    // 16 stores in 64 cycles leave three of four: 40 lines need 53 cycles, and then 4 of latency.
    EXPECT_EQ(node->cpu.finish_cycle(), 104U + 64 + 12);
    EXPECT_EQ(node->cpu.count().compute_cycles, 64U + 12 + 53 + 4);
}

TEST_F(a_core, asks_for_direct_access_once_and_again_when_it_was_taken_back) {
    make();
    program_builder b("p");
    auto t = b.thread();
    for (int i = 0; i < 4; ++i) {
        t.vector_operation(fill(0, 1, 16));
    }
    const auto p = b.build();
    probe revoke;
    revoke.at(events, 115, [&] { node->memory.socket->invalidate_direct_mem_ptr(0, ~std::uint64_t{0}); });
    run(p);
    EXPECT_EQ(node->memory.grants_asked_for, 2);
}

// ---------------------------------------------------------------------------------------------------- semaphores

TEST_F(a_core, goes_through_a_wait_that_is_satisfied_at_the_cost_of_its_issue) {
    make();
    program_builder b("p");
    const auto s = b.semaphores("s");
    b.thread().wait(s, 2);
    node->signals.deliver(0, 3, {});
    const auto p = b.build();
    run(p);
    EXPECT_EQ(node->cpu.finish_cycle(), 104U);
    EXPECT_EQ(node->cpu.count().wait_cycles, 0U);
    EXPECT_EQ(node->semaphores.value(0), 1U);
}

class at_each_wake_cost : public one_core, public testing::WithParamInterface<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(a_core, at_each_wake_cost, testing::Values(1, 6));

TEST_P(at_each_wake_cost, a_thread_goes_on_that_long_after_a_local_signal_which_takes_one_cycle) {
    const std::uint32_t wake = GetParam();
    core_options o;
    o.core.wake_cycles = wake;
    make(o);
    program_builder b("p");
    const auto s = b.semaphores("s");
    b.thread().wait(s);
    auto t = b.thread();
    t.vector_operation(fill(0, 1, 16));  // begins in 104, 1 cycle and 4 of latency: 109
    t.signal(s);                         // issued in 113
    const auto p = b.build();
    run(p);
    EXPECT_EQ(node->cpu.finish_cycle(), 113 + 1 + wake);
    EXPECT_EQ(node->cpu.count().wait_cycles, 113 + 1 + wake - 104);
    EXPECT_EQ(node->semaphores.value(0), 0U);
    EXPECT_EQ(node->cpu.longest_chain(), 1U + wake) << "a local signal and a wake";
}

TEST_F(a_core, serves_threads_that_wait_in_the_order_of_time_and_then_of_thread) {
    make();
    program_builder b("p");
    const auto s = b.semaphores("s");
    // Threads 1 and 2 wait in the same cycle, thread 0 later; each then pushes its own line.
    std::vector<program::thread_builder> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.push_back(b.thread());
    }
    waiting[0].vector_operation(fill(8192, 1, 16));
    for (int i = 0; i < 3; ++i) {
        waiting[static_cast<std::size_t>(i)].wait(s);
        waiting[static_cast<std::size_t>(i)].push(push_line(64 * i));
    }
    auto t = b.thread();
    t.vector_operation(fill(16384, 1, 1600));
    for (int i = 0; i < 3; ++i) {
        t.signal(s);
    }
    const auto p = b.build();
    run(p);
    std::vector<std::int64_t> order;
    for (const auto& c : node->interface.commands) {
        order.push_back(c.what.geometry.source / 64);
    }
    EXPECT_EQ(order, (std::vector<std::int64_t>{1, 2, 0}));
}

TEST_F(a_core, hands_on_the_chain_that_led_to_a_signal) {
    make();
    program_builder b("p");
    const auto s = b.semaphores("s");
    auto t = b.thread();
    t.wait(s);
    t.signal({0, 0}, s);
    node->signals.deliver(0, 1, {.chain = 500});
    const auto p = b.build();
    run(p);
    ASSERT_EQ(node->interface.commands.size(), 1U);
    EXPECT_EQ(node->interface.commands.front().what.cause.chain, 501U) << "the signal's chain and a wake";
    EXPECT_EQ(node->cpu.longest_chain(), 501U);
}

}  // namespace
}  // namespace d1::test
