#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "models/core/core_bench.hpp"

// Whole runs of a core: what their bytes and cycles depend on, and what not.

namespace d1::test {
namespace {

using numerics::elementwise_operation;
using program::program_builder;

using a_core = one_core;

// ---------------------------------------------------------------------------------------------------- whole runs

/// Threads that compute, hand over buffers to each other and push: bytes and time depend on everything a core does.
program::program mixed_program() {
    program_builder b("mixed");
    const auto data = b.buffer("data", 4 * 1024, fp32);
    const auto sums = b.buffer("sums", 4 * 1024, fp32);
    const auto full = b.semaphores("full");
    const auto free = b.semaphores("free");
    {
        auto producer = b.thread();
        const auto i = producer.loop(20);
        producer.wait(free);
        producer.vector_operation(vector(elementwise_operation::add, data, data, sums, 256));
        producer.signal(full);
    }
    {
        auto consumer = b.thread();
        consumer.vector_operation(fill(sums, 0.25F, 1024));
        consumer.vector_operation(fill(data, 1, 1024));
        consumer.signal(free);
        const auto i = consumer.loop(20);
        consumer.wait(full);
        consumer.vector_operation(vector(elementwise_operation::maximum, sums, sums, data, 256));
        consumer.push(push_line(program::affine(sums) + 64 * program::affine(i)));
        consumer.signal(free);
    }
    {
        auto other = b.thread();
        const auto i = other.loop(10);
        other.matrix_multiply(two_by_two(262144));
        other.push(push_line(262144));
    }
    return b.build();
}

struct outcome {
    cycle finish;
    std::vector<std::tuple<cycle, cycle, std::int64_t>> commands;  // kernel time, lead, source
    std::uint64_t wait_cycles;
    std::uint64_t compute_cycles;
    friend bool operator==(const outcome&, const outcome&) = default;
};
outcome outcome_of(const core_bench& bench) {
    outcome o{bench.cpu.finish_cycle(), {}, bench.cpu.count().wait_cycles, bench.cpu.count().compute_cycles};
    for (const auto& c : bench.interface.commands) {
        o.commands.emplace_back(c.now, c.lead, c.what.geometry.source);
    }
    return o;
}

TEST_F(a_core, takes_the_same_cycles_with_arithmetic_and_without) {
    const auto p = mixed_program();
    core_options off;
    off.functional = false;
    core_bench real("real", node_index{0}, events);
    timing::event_queue others("others", events.clock());
    core_bench timed("timed", node_index{0}, others, off);
    real.launch(p);
    timed.launch(p);
    sc_core::sc_start();
    EXPECT_TRUE(real.cpu.finished());
    EXPECT_EQ(outcome_of(real), outcome_of(timed));
    EXPECT_EQ(timed.memory.bytes, std::vector<unsigned char>(timed.memory.bytes.size()));
    EXPECT_NE(real.memory.bytes, timed.memory.bytes);
}

TEST_F(a_core, runs_a_program_again_after_a_reset_as_it_did_at_first) {
    make();
    const auto p = mixed_program();
    program_builder b("stopped");
    const auto never = b.semaphores("never");
    b.thread().wait(never);
    auto pushing = b.thread();
    pushing.push(push_line(0));
    pushing.push(push_line(64));
    auto computing = b.thread();
    auto long_multiply = two_by_two(0);
    long_multiply.k_steps = 200;
    computing.matrix_multiply(long_multiply);
    const auto stopped = b.build();

    run(p);
    ASSERT_TRUE(node->cpu.finished());
    const auto first = outcome_of(*node);
    const auto bytes = node->memory.bytes;

    // A run that is stopped while threads are blocked in a semaphore, in the interface and in the matrix unit must
    // leave nothing behind.
    reset();
    node->interface.depth = 1;
    node->launch(stopped);
    sc_core::sc_start(events.clock().time(150));
    ASSERT_FALSE(node->cpu.finished());

    reset();
    node->interface.depth = 1000;
    node->memory.bytes.assign(node->memory.bytes.size(), 0);
    run(p);
    EXPECT_TRUE(node->cpu.finished());
    EXPECT_EQ(outcome_of(*node), first);
    EXPECT_EQ(node->memory.bytes, bytes);
    EXPECT_EQ(node->cpu.count().instructions, 20U * 3 + 3 + 20 * 4 + 10 * 2);
}

/// Two cores that signal each other after a fixed time, and when each does what.
struct pair_of_cores {
    pair_of_cores(const std::string& name, bool second_first, const timing::clock& clock)
        : events((name + "_events").c_str(), clock) {
        for (const std::uint32_t i : second_first ? std::array{1U, 0U} : std::array{0U, 1U}) {
            benches.at(i).emplace(name + std::to_string(i), node_index{i}, events);
        }
        for (std::uint32_t i = 0; i < 2; ++i) {
            benches.at(i)->interface.taken = [this, i](const fake_interface::command& c) {
                log.emplace_back(c.now, i, to_number(c.remote.node));
                benches.at(to_number(c.remote.node))
                    ->signals.schedule(c.now + 20, c.what.notify->semaphore, c.what.notify->amount, c.what.cause);
            };
        }
    }
    void launch(const program::program& p) {
        for (std::int32_t i = 0; i < 2; ++i) {
            benches.at(static_cast<std::size_t>(i))->cpu.launch(p, both, {i, 0});
        }
    }

    timing::event_queue events;
    std::array<std::optional<core_bench>, 2> benches;
    placement both{{2, 1}, {node_index{0}, node_index{1}}};
    std::vector<std::tuple<cycle, std::uint32_t, std::uint32_t>> log;
};

TEST_F(a_core, does_the_same_whatever_the_order_in_which_cores_are_built) {
    pair_of_cores forwards("forwards", false, events.clock());
    pair_of_cores backwards("backwards", true, events.clock());
    program_builder b("exchange");
    const auto s = b.semaphores("s", 2);
    for (int thread = 0; thread < 2; ++thread) {
        auto t = b.thread();
        const auto i = t.loop(50);
        t.vector_operation(fill(1024 * thread, 1, 256));
        t.signal({program::affine(1) - program::x(), 0}, s[thread]);
        t.wait(s[1 - thread]);
    }
    const auto p = b.build();
    forwards.launch(p);
    backwards.launch(p);
    sc_core::sc_start();
    ASSERT_EQ(forwards.log.size(), 200U);
    EXPECT_EQ(forwards.log, backwards.log);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_TRUE(forwards.benches.at(i)->cpu.finished());
        EXPECT_EQ(outcome_of(*forwards.benches.at(i)), outcome_of(*backwards.benches.at(i)));
    }
}

// ---------------------------------------------------------------------------------------------------- loosely timed

class at_each_quantum : public one_core, public testing::WithParamInterface<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(a_core, at_each_quantum, testing::Values(0, 1, 3, 17, 100, 1000, 1'000'000));

TEST_P(at_each_quantum, a_thread_leads_by_no_more_and_does_everything_at_the_same_local_time) {
    make({.timing = timing_kind::lt, .quantum = GetParam()});
    program_builder b("p");
    auto t = b.thread();
    {
        const auto i = t.loop(60);
        t.vector_operation(fill(0, 1, 320));
        t.push(push_line(64 * program::affine(i)));
    }
    const auto p = b.build();
    run(p);
    // Each turn: issue, 20 cycles and 4 of latency, issue.
    ASSERT_EQ(node->interface.commands.size(), 60U);
    cycle greatest = 0;
    for (std::size_t i = 0; i < 60; ++i) {
        const auto& c = node->interface.commands[i];
        EXPECT_EQ(c.now + c.lead, 100 + 32 * (i + 1));
        greatest = std::max(greatest, c.lead);
    }
    EXPECT_LE(greatest, GetParam());
    if (GetParam() >= 100) {
        EXPECT_GE(greatest, std::min(GetParam(), 60U * 32U) - 32U) << "and it does lead";
    }
    EXPECT_EQ(node->cpu.finish_cycle(), 100U + 60 * 32) << "a thread ends when kernel time is there";
}

TEST_P(at_each_quantum, bytes_and_the_times_of_waits_and_signals_are_the_same) {
    make({.timing = timing_kind::lt, .quantum = GetParam()});
    timing::event_queue others("others", events.clock());
    core_bench reference("reference", node_index{0}, others, {.timing = timing_kind::at});
    core_bench step_by_step("step_by_step", node_index{1}, others, {.timing = timing_kind::lt, .quantum = 0});
    const auto p = mixed_program();
    node->launch(p);
    reference.launch(p);
    step_by_step.launch(p);
    sc_core::sc_start();
    EXPECT_TRUE(node->cpu.finished());
    EXPECT_EQ(node->memory.bytes, reference.memory.bytes);
    EXPECT_EQ(node->cpu.finish_cycle(), step_by_step.cpu.finish_cycle());
    EXPECT_EQ(node->cpu.count().wait_cycles, step_by_step.cpu.count().wait_cycles);
}

TEST_F(a_core, computes_no_more_than_the_quantum_ahead) {
    make({.timing = timing_kind::lt, .quantum = 60});
    program_builder b("p");
    b.thread().vector_operation(fill(0, 1, 1600));  // issued in 104, 100 cycles and 4 of latency: 208
    const auto p = b.build();
    node->launch(p);
    sc_core::sc_start(events.clock().time(208 - 61));
    EXPECT_EQ(node->memory.get<float>(0, 1).front(), 0.0F);
    sc_core::sc_start();
    EXPECT_EQ(node->memory.get<float>(0, 1).front(), 1.0F);
    EXPECT_EQ(node->cpu.finish_cycle(), 208U);
}

TEST_P(at_each_quantum, threads_share_nothing) {
    make({.timing = timing_kind::lt, .quantum = GetParam()});
    program_builder b("p");
    for (int i = 0; i < 4; ++i) {
        b.thread().matrix_multiply(two_by_two(4096 * i));
    }
    const auto p = b.build();
    run(p);
    EXPECT_EQ(node->cpu.finish_cycle(), 104U + 64 + 12);
}

}  // namespace
}  // namespace d1::test
