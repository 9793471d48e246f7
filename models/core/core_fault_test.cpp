#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "models/core/core_bench.hpp"

// What a core says when a program can't go on.

namespace d1::test {
namespace {

using numerics::elementwise_operation;
using program::affine;
using program::program_builder;

constexpr std::int64_t memory_bytes = 1310720;

// ---------------------------------------------------------------------------------------------------- faults

struct fault {
    std::string name;
    program::instruction instruction;
    std::string says;
};

void PrintTo(const fault& f, std::ostream* out) {
    *out << f.name;
}

program::matrix_multiply<affine> matrix(const affine& c, const affine& a, const affine& b) {
    return {.c = c,
            .a = a,
            .b = b,
            .accumulate = 0,
            .row_blocks = 1,
            .column_blocks = 1,
            .k_steps = 1,
            .a_type = bf16,
            .b_type = bf16};
}
program::push<affine> push_of(const affine& x, const affine& source, const affine& destination,
                              const program::transfer_shape& shape) {
    return {.to = {x, 0}, .source = source, .destination = destination, .shape = shape, .done = {}, .notify = {}};
}
program::pull<affine> pull_of(const affine& x, const affine& source, const affine& destination) {
    return {.from = {x, 0}, .source = source, .destination = destination, .shape = {1, 64, 0, 0}, .done = {}};
}

std::vector<fault> faults() {
    constexpr std::int64_t window = std::int64_t{1} << 21U;
    const program::transfer_shape line{1, 64, 0, 0};
    return {
        {"c_past_the_end", matrix(memory_bytes - 192, 0, 64), "writes 1 rows of 256 B from byte 1310528"},
        {"a_past_the_end", matrix(0, memory_bytes, 512), "reads 1 rows of 64 B from byte 1310720"},
        {"b_before_the_beginning", matrix(0, 512, -64), "reads 1 rows of 64 B from byte -64"},
        {"vector_result_past_the_end", fill(memory_bytes - 60, 0, 16), "writes 1 rows of 64 B from byte 1310660"},
        {"vector_source_past_the_end", vector(elementwise_operation::add, 0, 1024, memory_bytes - 4, 16),
         "reads 1 rows of 64 B from byte 1310716"},
        {"push_source_past_the_end", push_of(0, 0, 0, {3, 64, memory_bytes / 2, 64}),
         "reads 3 rows of 64 B from byte 0, 655360 B apart"},
        {"pull_destination_past_the_end", pull_of(0, 0, memory_bytes - 1), "writes 1 rows of 64 B from byte 1310719"},
        {"result_over_an_operand", matrix(0, 128, 512), "operand that it still reads"},
        {"vector_result_over_an_operand", vector(elementwise_operation::add, 4, 0, 1024, 16),
         "operand that it still reads"},
        {"push_to_a_node_outside", push_of(1, 0, 0, line), "names node (1, 0); it runs on 1 x 1 nodes"},
        {"push_to_a_node_before", push_of(-1, 0, 0, line), "names node (-1, 0)"},
        {"push_to_a_node_that_is_one_modulo_2_to_32", push_of(std::int64_t{1} << 32U, 0, 0, line),
         "names node (4294967296, 0)"},
        {"pull_from_a_node_outside", pull_of(5, 0, 0), "names node (5, 0)"},
        {"signal_to_a_node_outside", program::signal<affine>{{{0, 7}}, {0, 1}}, "names node (0, 7)"},
        {"push_beyond_the_window_of_a_node", push_of(0, 0, window, line), "names byte 2097152 of a remote SRAM"},
        {"push_before_the_window_of_a_node", push_of(0, 0, -1, line), "names byte -1 of a remote SRAM"},
        {"pull_beyond_the_window_of_a_node", pull_of(0, window, 0), "names byte 2097152 of a remote SRAM"},
        {"wait_for_a_semaphore_outside", program::wait<affine>{64, 1},
         "waits for 1 of semaphore 64; the node has semaphores 0 to 63"},
        {"wait_for_a_negative_semaphore", program::wait<affine>{-1, 1}, "waits for 1 of semaphore -1"},
        {"wait_for_less_than_nothing", program::wait<affine>{0, -1}, "waits for -1 of semaphore 0"},
        {"wait_for_more_than_a_counter_holds", program::wait<affine>{0, std::int64_t{1} << 32U},
         "waits for 4294967296 of semaphore 0"},
        {"signal_of_a_semaphore_outside", program::signal<affine>{{}, {64, 1}},
         "names semaphore 64; the node has 0 to 63"},
        {"signal_of_less_than_nothing", program::signal<affine>{{}, {0, -1}}, "overflows"},
    };
}

class a_fault : public one_core, public testing::WithParamInterface<std::tuple<fault, timing_kind>> {};
INSTANTIATE_TEST_SUITE_P(core, a_fault,
                         testing::Combine(testing::ValuesIn(faults()),
                                          testing::Values(timing_kind::at, timing_kind::lt)),
                         [](const auto& which) {
                             return std::get<fault>(which.param).name +
                                    (std::get<timing_kind>(which.param) == timing_kind::at ? "_at" : "_lt");
                         });

TEST_P(a_fault, ends_the_run_with_who_did_what_and_has_no_effect) {
    const auto& [f, timing] = GetParam();
    make({.timing = timing});
    program::program p;
    p.name = "wrong";
    // Another thread has nothing to do with it; the fault is the second instruction of thread 1.
    p.threads = {{push_line(0)}, {push_line(0), f.instruction, fill(0, 1, 16)}};
    run(p);
    ASSERT_TRUE(events.failure());
    EXPECT_NE(failure().find(f.says), std::string::npos) << failure();
    const bool by_core = !std::holds_alternative<program::signal<affine>>(f.instruction) ||
                         std::get<program::signal<affine>>(f.instruction).to.has_value();
    const std::string who = by_core ? "node_core: program 'wrong', thread 1, instruction 1 " : "node: ";
    EXPECT_EQ(failure().find(who), 0U) << failure();
    if (by_core) {  // a signal fails when it arrives, and a thread may have gone ahead of that
        EXPECT_EQ(node->memory.bytes, std::vector<unsigned char>(memory_bytes));
    }
    EXPECT_EQ(node->interface.commands.size(), 2U) << "a wrong command goes nowhere";
}

TEST_F(one_core, may_use_the_last_byte_of_its_memory) {
    make();
    program::program p;
    p.name = "right";
    p.threads = {{fill(memory_bytes - 64, 1, 16), push_of(0, memory_bytes - 64, (1 << 21) - 64, {1, 64, 0, 0}),
                  pull_of(0, 0, memory_bytes - 64)}};
    run(p);
    EXPECT_EQ(failure(), "none");
    EXPECT_TRUE(node->cpu.finished());
    EXPECT_EQ(node->memory.get<float>(memory_bytes - 64, 16), std::vector<float>(16, 1.0F));
}

// ---------------------------------------------------------------------------------------------------- deadlock reports

TEST_F(one_core, names_the_semaphore_that_a_blocked_thread_waits_for) {
    make();
    program_builder b("p");
    b.semaphores("pad", 4);
    const auto full = b.semaphores("full", 2);
    b.thread().signal(full[0]);
    auto t = b.thread();
    t.signal(full[1], 2);
    t.wait(full[1], 3);
    const auto p = b.build();
    run(p);
    EXPECT_FALSE(node->cpu.finished());
    const auto blocked = node->cpu.blocked();
    ASSERT_EQ(blocked.size(), 1U) << "a thread that has ended is not blocked";
    EXPECT_EQ(blocked[0].thread, 1U);
    EXPECT_EQ(blocked[0].instruction, 1U);
    EXPECT_EQ(blocked[0].why, "waits for 3 of semaphore 5 (full+1), which is 2");
}

TEST_F(one_core, names_a_semaphore_by_number_where_the_program_gives_it_no_name) {
    make();
    program::program p;
    p.name = "p";
    p.threads = {{program::wait<affine>{7, 1}}};
    run(p);
    ASSERT_EQ(node->cpu.blocked().size(), 1U);
    EXPECT_EQ(node->cpu.blocked()[0].why, "waits for 1 of semaphore 7, which is 0");
}

TEST_F(one_core, says_which_threads_wait_for_the_network_interface) {
    make();
    node->interface.depth = 0;  // takes nothing, ever
    program_builder b("p");
    for (int i = 0; i < 3; ++i) {
        b.thread().push(push_line(64 * i));
    }
    const auto p = b.build();
    run(p);
    const auto blocked = node->cpu.blocked();
    ASSERT_EQ(blocked.size(), 3U);
    for (std::uint32_t i = 0; i < 3; ++i) {
        EXPECT_EQ(blocked[i].thread, i);
        EXPECT_EQ(blocked[i].instruction, 0U);
        EXPECT_EQ(blocked[i].why, "waits for room in the network interface's queue");
    }
    EXPECT_EQ(node->interface.commands.size(), 1U) << "the others wait behind it";
}

TEST_F(one_core, says_of_a_thread_in_mid_work_that_it_has_not_finished) {
    make();
    program_builder b("p");
    b.thread().vector_operation(fill(0, 1, 16000));
    const auto p = b.build();
    node->launch(p);
    sc_core::sc_start(events.clock().time(200));
    const auto blocked = node->cpu.blocked();
    ASSERT_EQ(blocked.size(), 1U);
    EXPECT_EQ(blocked[0].why, "has not finished");
    sc_core::sc_start();
    EXPECT_TRUE(node->cpu.blocked().empty());
}

}  // namespace
}  // namespace d1::test
