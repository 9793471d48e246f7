// What a die says when a program cannot come to its end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "models/parameter/error.hpp"
#include "models/program/builder.hpp"
#include "models/reporting/expect_report.hpp"
#include "platforms/die.hpp"
#include "platforms/die_test_jobs.hpp"

namespace d1 {
namespace {

using namespace die_test;  // NOLINT(google-build-using-namespace): the jobs of these tests
using program::program_builder;
using program::semaphore_update;
using testing::HasSubstr;

TEST(die, names_who_waits_for_what_in_a_deadlock) {
    die d("die", grid_of(2, 2), checked);
    program_builder b("stuck");
    b.semaphores("empty", 3);
    const auto full = b.semaphores("full", 4);
    auto t = b.thread();
    t.signal(full[2], 5);
    t.wait(full[2], 6);
    b.thread().signal(full[0]);
    const job j{d.place({2, 2}), {{share(b), {{1, 0}}}}};
    const auto result = run(d, j);
    EXPECT_EQ(result.status, run_status::deadlock);
    EXPECT_THAT(result.message,
                HasSubstr("die.node[1,0] thread 0, instruction 1: waits for 6 of semaphore 5 (full+2), which is 5"));
    EXPECT_THAT(result.message, testing::Not(HasSubstr("thread 1")));
}

TEST(die, can_run_again_after_a_deadlock_and_a_reset) {
    die d("die", grid_of(2, 1), checked);
    program_builder b("stuck");
    const auto s = b.semaphores("s");
    b.thread().wait(s);
    const job stuck{d.place({2, 1}), {{share(b), {{0, 0}, {1, 0}}}}};
    EXPECT_EQ(run(d, stuck).status, run_status::deadlock);
    d.reset();
    const ring work(d.place({2, 1}));
    work.load(d);
    EXPECT_EQ(run(d, work.work()).status, run_status::finished);
    work.expect_result(d);
}

TEST(die, fails_a_program_that_names_a_node_outside_its_job) {
    die d("die", grid_of(2, 1), checked);
    program_builder b("lost");
    b.thread().signal({5, 0}, 0);
    const auto result = run(d, {d.place({2, 1}), {{share(b), {{0, 0}}}}});
    EXPECT_EQ(result.status, run_status::failed);
    EXPECT_THAT(result.message, HasSubstr("program 'lost', thread 0, instruction 0"));
    EXPECT_THAT(result.message, HasSubstr("names node (5, 0); it runs on 2 x 1 nodes"));
}

TEST(die, lets_traffic_pass_the_router_of_a_dead_node_and_answers_who_sends_to_it) {
    d1_parameters p = grid_of(3, 1);
    p.die.harvest = {.dead = {{1, 0}}, .dead_router = false};
    die d("die", p, checked);
    program_builder b("past");
    const auto bytes = b.buffer("bytes", 1024, bf16);
    b.thread().push({.to = {1, 0}, .source = bytes, .destination = 4096, .shape = {.rows = 1, .row_bytes = 1024}});
    const auto program = share(b);
    const placement live = d.place({2, 1});
    EXPECT_EQ(live.nodes, (std::vector{node_index{0}, node_index{2}}));
    d.load(node_index{0}, 0, std::vector<std::byte>(1024, std::byte{3}));
    const auto good = run(d, {live, {{program, {{0, 0}}}}});
    EXPECT_EQ(good.status, run_status::finished);
    EXPECT_EQ(memory(d, node_index{2}, 4096, 1024), std::vector<std::byte>(1024, std::byte{3}));
    EXPECT_EQ(d.at(node_index{1}).router().packets(port::east), 16U);
    d.reset();
    const placement on_a_dead_node{{2, 1}, {node_index{0}, node_index{1}}};
    const auto bad = run(d, {on_a_dead_node, {{program, {{0, 0}}}}});
    EXPECT_EQ(bad.status, run_status::failed);
    EXPECT_THAT(bad.message, HasSubstr("TLM_ADDRESS_ERROR_RESPONSE"));
}

TEST(die, counts_pushes_that_leave_the_remote_memory_and_goes_on) {
    die d("die", grid_of(2, 1), checked);
    const reporting::expect_report warning(sc_core::SC_WARNING, "address error", "die.node[0,0].network_interface");
    program_builder b("beyond");
    const auto bytes = b.buffer("bytes", 4096, bf16);
    auto t = b.thread();
    t.push({.to = {1, 0}, .source = bytes, .destination = 1310720 - 1024, .shape = {.rows = 1, .row_bytes = 4096}});
    t.push({.to = {1, 0}, .source = bytes, .destination = 8192, .shape = {.rows = 1, .row_bytes = 4096}});
    d.load(node_index{0}, 0, std::vector<std::byte>(4096, std::byte{3}));
    const auto result = run(d, {d.place({2, 1}), {{share(b), {{0, 0}}}}});
    EXPECT_EQ(result.status, run_status::finished);
    EXPECT_EQ(result.address_errors, 3U);
    EXPECT_EQ(memory(d, node_index{1}, 8192, 4096), std::vector<std::byte>(4096, std::byte{3}));
}

TEST(die, refuses_a_program_that_does_not_pass_its_check) {
    die d("die", grid_of(2, 1), checked);
    auto faulty = std::make_shared<program::program>();
    faulty->name = "faulty";
    faulty->threads.push_back({program::loop_begin{3}});
    const job j{d.place({2, 1}), {{faulty, {{0, 0}}}}};
    EXPECT_THROW(d.launch(j), input_error);
}

TEST(die, refuses_host_accesses_outside_a_memory) {
    die d("die", grid_of(1, 1), checked);
    std::vector<std::byte> bytes(65);
    EXPECT_THROW(d.load(node_index{0}, 1310720 - 64, bytes), std::out_of_range);
    EXPECT_THROW(d.read(node_index{0}, 1310720 - 64, bytes), std::out_of_range);
    EXPECT_NO_THROW(d.read(node_index{0}, 1310720 - 65, bytes));
}

// ---------------------------------------------------------------------------------------------------- uninitialised

/// Node 0 pushes 128 B, of which the host has loaded the first half, to node 1, which adds them to what was never
/// written.
job job_that_reads_what_nobody_wrote(die& d) {
    program::program_builder from("from");
    {
        const auto data = from.buffer("data", 128, fp32);
        const auto full = from.semaphores("full");
        from.thread().push({.to = {1, 0},
                            .source = data,
                            .destination = 4096,
                            .shape = {.rows = 1, .row_bytes = 128},
                            .notify = program::semaphore_update<program::affine>{full, 1}});
    }
    program::program_builder to("to");
    {
        const auto full = to.semaphores("full");
        auto t = to.thread();
        t.wait(full);
        t.vector_operation({.operation = numerics::elementwise_operation::add,
                            .destination = 0,
                            .a = 4096,
                            .b = 8192,
                            .elements = 32,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .b_type = fp32});
        t.vector_operation({.operation = numerics::elementwise_operation::add,
                            .destination = 256,
                            .a = 0,
                            .b = 4096,
                            .elements = 32,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .b_type = fp32});
    }
    return {d.place({2, 1}), {{share(from), {{0, 0}}}, {share(to), {{1, 0}}}}};
}

TEST(uninitialised_reads, are_named_once_where_they_first_happen_by_computation_and_transfer) {
    die lt("lt", grid_of(2, 1, timing_kind::lt), die_checks::all());
    die at("at", grid_of(2, 1, timing_kind::at), die_checks::all());
    for (die* each : {&lt, &at, &lt, &at}) {
        die& d = *each;
        const job j = job_that_reads_what_nobody_wrote(d);
        d.reset();
        const std::vector<std::byte> half(64);
        d.load(node_index{0}, 0, half);
        EXPECT_EQ(run(d, j).status, run_status::finished);
        const auto& reads = d.uninitialised()->reads();
        ASSERT_EQ(reads.size(), 2U);
        EXPECT_EQ(to_string(reads[0]),
                  "node number 0, thread 0, instruction 0 (transfer) reads bytes 64..127 of "
                  "node number 0, which nobody has written");
        EXPECT_EQ(to_string(reads[1]),
                  "node number 1, thread 0, instruction 1 reads bytes 8192..8319 of node "
                  "number 1, which nobody has written");
        EXPECT_EQ(d.uninitialised()->count(), 2U);
    }
}

}  // namespace
}  // namespace d1
