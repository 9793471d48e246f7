#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/core/core_bench.hpp"

// How a core hands commands to the network interface.

namespace d1::test {
namespace {

using program::program_builder;
using manner = fake_interface::manner;

using a_core_with_commands = one_core;

bool same(const std::optional<semaphore_signal>& a, std::int64_t semaphore, std::int64_t amount) {
    return a && a->semaphore == semaphore && a->amount == amount;
}

TEST_F(a_core_with_commands, names_physical_nodes_and_hands_every_operand_over) {
    make();
    placement where{{2, 2}, {node_index{7}, node_index{3}, node_index{9}, node_index{353}}};
    program_builder b("p");
    auto t = b.thread();
    t.push({.to = {1, 0},
            .source = 100,
            .destination = 2000,
            .shape = {3, 40, 64, 128},
            .done = {{5, 2}},
            .notify = {{6, 3}}});
    t.pull({.from = {program::x(), 1}, .source = 300, .destination = 4000, .shape = {2, 8, 16, 32}, .done = {{1, 1}}});
    t.signal({1, 1}, 9, 4);
    t.push(push_line(64));
    const auto p = b.build();
    node->cpu.launch(p, where, {0, 1});
    sc_core::sc_start();

    const auto& c = node->interface.commands;
    ASSERT_EQ(c.size(), 4U);
    EXPECT_EQ(c[0].remote, (node_address{0, 0, node_index{3}, 2000}));
    EXPECT_EQ(c[0].what.operation, dma_operation::push);
    EXPECT_EQ(c[0].what.geometry.source, 100);
    EXPECT_EQ(c[0].what.geometry.destination, 2000);
    EXPECT_EQ(c[0].what.geometry.source_stride, 64);
    EXPECT_EQ(c[0].what.geometry.destination_stride, 128);
    EXPECT_EQ(c[0].what.geometry.rows, 3U);
    EXPECT_EQ(c[0].what.geometry.row_bytes, 40U);
    EXPECT_TRUE(same(c[0].what.done, 5, 2));
    EXPECT_TRUE(same(c[0].what.notify, 6, 3));

    EXPECT_EQ(c[1].remote, (node_address{0, 0, node_index{9}, 300}));
    EXPECT_EQ(c[1].what.operation, dma_operation::pull);
    EXPECT_EQ(c[1].what.geometry.destination, 4000);
    EXPECT_TRUE(same(c[1].what.done, 1, 1));
    EXPECT_FALSE(c[1].what.notify) << "nothing is left of the command before";

    EXPECT_EQ(c[2].remote, (node_address{0, 0, node_index{353}, 0}));
    EXPECT_EQ(c[2].what.operation, dma_operation::signal);
    EXPECT_TRUE(same(c[2].what.notify, 9, 4));
    EXPECT_FALSE(c[2].what.done);
    EXPECT_EQ(c[2].what.geometry.bytes(), 0U);

    EXPECT_EQ(c[3].remote, (node_address{0, 0, node_index{7}, 0}));
    EXPECT_FALSE(c[3].what.done);
    EXPECT_FALSE(c[3].what.notify);
}

// ---------------------------------------------------------------------------------------------------- back-pressure

class in_each_manner : public one_core, public testing::WithParamInterface<manner> {};
INSTANTIATE_TEST_SUITE_P(a_core_with_commands, in_each_manner,
                         testing::Values(manner::begin_resp, manner::end_req_first, manner::end_req_at_once));

TEST_P(in_each_manner, a_thread_waits_for_room_and_goes_on_a_cycle_after_its_command_was_taken) {
    make();
    node->interface.depth = 1;
    node->interface.interval = 50;
    node->interface.way = GetParam();
    program_builder b("p");
    auto t = b.thread();
    for (int i = 0; i < 5; ++i) {
        t.push(push_line(64 * i));
    }
    const auto p = b.build();
    run(p);
    std::vector<cycle> handed_over;
    for (const auto& c : node->interface.commands) {
        handed_over.push_back(c.now);
    }
    // The queue of one empties in 154, 204, 254, 304: a command is taken then, its thread goes on in the next cycle.
    EXPECT_EQ(handed_over, (std::vector<cycle>{104, 108, 159, 209, 259}));
    EXPECT_TRUE(node->cpu.finished());
    EXPECT_EQ(node->cpu.finish_cycle(), 305U);
    EXPECT_EQ(node->cpu.count().dma_stall_cycles, 47U + 46 + 46 + 46);
}

TEST_P(in_each_manner, no_command_is_lost_and_threads_take_turns) {
    make();
    node->interface.depth = 2;
    node->interface.interval = 37;
    node->interface.way = GetParam();
    constexpr int each = 40;
    program_builder b("p");
    for (int i = 0; i < 4; ++i) {
        auto t = b.thread();
        const auto n = t.loop(each);
        t.push(push_line(65536 * i + 64 * program::affine(n)));
    }
    const auto p = b.build();

    const auto order_of_run = [&] {
        run(p);
        EXPECT_TRUE(node->cpu.finished());
        EXPECT_TRUE(node->cpu.blocked().empty());
        std::vector<std::pair<cycle, std::int64_t>> order;
        for (const auto& c : node->interface.commands) {
            order.emplace_back(c.now, c.what.geometry.source);
        }
        return order;
    };
    const auto order = order_of_run();
    ASSERT_EQ(order.size(), 4U * each);
    std::array<std::int64_t, 4> next{};
    for (const auto& [at, source] : order) {
        const auto thread = static_cast<std::size_t>(source / 65536);
        ASSERT_EQ(source % 65536, 64 * next.at(thread)) << "of thread " << thread << " in cycle " << at;
        ++next.at(thread);
        const auto [least, most] = std::ranges::minmax(next);
        EXPECT_LE(most - least, 2) << "thread " << thread << " gets ahead of others in cycle " << at;
    }
    reset();
    EXPECT_EQ(order_of_run(), order);
}

TEST_F(a_core_with_commands, lets_a_thread_that_came_first_go_first_whatever_its_number) {
    make();
    node->interface.depth = 1;
    node->interface.interval = 99;
    program_builder b("p");
    const auto s = b.semaphores("s");
    // Thread 3 fills the queue in 104, thread 2's command has to wait from 108 and thread 1 behind it from 112. Room
    // comes in 203, so that thread 1 tries again in 204, the very cycle in which thread 0 comes.
    constexpr std::array instructions_before{25, 2, 1, 0};
    for (std::size_t i = 0; i < 4; ++i) {
        auto t = b.thread();
        for (int n = 0; n < instructions_before.at(i); ++n) {
            t.signal(s);
        }
        t.push(push_line(64 * i));
    }
    const auto p = b.build();
    run(p);
    std::vector<std::int64_t> order;
    for (const auto& c : node->interface.commands) {
        order.push_back(c.what.geometry.source / 64);
    }
    EXPECT_EQ(order, (std::vector<std::int64_t>{3, 2, 1, 0}));
}

TEST_F(a_core_with_commands, lets_those_in_line_go_on_one_a_cycle_when_there_is_much_room_at_once) {
    make();
    node->interface.depth = 1;
    node->interface.interval = 100;
    node->interface.taken = [this](const auto&) {
        if (events.now() == 204) {
            node->interface.depth = 1000;
        }
    };
    program_builder b("p");
    for (int i = 0; i < 4; ++i) {
        b.thread().push(push_line(64 * i));
    }
    const auto p = b.build();
    run(p);
    std::vector<cycle> handed_over;
    for (const auto& c : node->interface.commands) {
        handed_over.push_back(c.now);
    }
    EXPECT_EQ(handed_over, (std::vector<cycle>{104, 104, 205, 206}));
    EXPECT_TRUE(node->cpu.finished());
}

// ---------------------------------------------------------------------------------------------------- refusals

TEST_F(a_core_with_commands, fails_the_run_over_a_command_that_is_answered_with_an_error) {
    make();
    node->interface.answer = tlm::TLM_GENERIC_ERROR_RESPONSE;
    program_builder b("p");
    b.thread().push(push_line(0));
    const auto p = b.build();
    run(p);
    EXPECT_NE(failure().find("node_core: program 'p', thread 0, instruction 0"), std::string::npos) << failure();
    EXPECT_NE(failure().find("TLM_GENERIC_ERROR_RESPONSE"), std::string::npos) << failure();
    EXPECT_FALSE(node->cpu.finished());
}

TEST_F(a_core_with_commands, fails_the_run_over_an_error_that_comes_late_too) {
    make();
    node->interface.depth = 1;
    node->interface.interval = 10;
    program_builder b("p");
    for (int i = 0; i < 3; ++i) {
        b.thread().push(push_line(64 * i));
    }
    node->interface.taken = [this](const auto&) { node->interface.answer = tlm::TLM_GENERIC_ERROR_RESPONSE; };
    const auto p = b.build();
    run(p);
    EXPECT_NE(failure().find("thread 1, instruction 0"), std::string::npos) << failure();
    EXPECT_NE(failure().find("TLM_GENERIC_ERROR_RESPONSE"), std::string::npos) << failure();
}

}  // namespace
}  // namespace d1::test
