// The chain that sets the end of a run: programs whose chain is known.

#include "testbenches/d1sim/critical_path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "models/program/affine.hpp"
#include "models/program/builder.hpp"

namespace d1 {
namespace {

using d1::program::affine;
using d1::program::program_builder;
using numerics::number_format;

struct logged_run_on_row {
    logged_run_on_row(std::int32_t nodes, const std::vector<program_builder*>& programs,
                      cost_source costs = core_parameters().costs) {
        d1_parameters p;
        p.die.node.core.costs = costs;
        p.die.noc.columns = static_cast<std::uint32_t>(nodes);
        p.die.noc.rows = 1;
        p.die.harvest.dead.clear();
        die on("die", p, {.protocol = true, .activities = true});
        job j{on.place({nodes, 1}), {}};
        for (std::int32_t x = 0; x < nodes; ++x) {
            const auto* const b = programs[static_cast<std::size_t>(x)];
            j.roles.push_back({std::make_shared<d1::program::program>(b->build()), {{x, 0}}});
        }
        on.launch(j);
        result = on.run();
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        path = critical_path_of(on, j, result);
        // However it is: one behind the other, from the launch to the end, and nothing counted twice.
        timing::cycle at = 0;
        for (const path_step& s : path.steps) {
            EXPECT_EQ(s.begin, at) << s.what;
            EXPECT_LE(s.begin, s.end) << s.what;
            at = s.end;
        }
        EXPECT_EQ(at, result.cycles);
        EXPECT_EQ(std::accumulate(path.parts.begin(), path.parts.end(), std::uint64_t{0}), result.cycles);
    }
    [[nodiscard]] bool mentions(const std::string& what) const {
        return std::any_of(path.steps.begin(), path.steps.end(),
                           [&](const path_step& s) { return s.what.find(what) != std::string::npos; });
    }
    run_result result;
    critical_path path;
};

/// 16 x 16 results in 64 steps.
d1::program::matrix_multiply<affine> product(const affine& buffer) {
    return {.c = buffer,
            .a = buffer + 1024,
            .b = buffer + 1024 + 2048,
            .accumulate = 0,
            .row_blocks = 2,
            .column_blocks = 2,
            .k_steps = 16};
}

TEST(critical_path, goes_through_the_transfer_that_the_last_thread_waited_for) {
    constexpr std::uint32_t bytes = 2048;
    program_builder maker("maker");
    {
        const auto all = maker.buffer("all", 1024 + 4096, {number_format::bf16});
        const auto full = maker.semaphores("full");
        auto t = maker.thread();
        t.matrix_multiply(product(all));
        t.push({.to = {1, 0},
                .source = all + 1024,
                .destination = all + 1024,
                .shape = {.rows = 1, .row_bytes = bytes},
                .notify = d1::program::semaphore_update<affine>{full, 1}});
    }
    program_builder taker("taker");
    {
        const auto all = taker.buffer("all", 1024 + 4096, {number_format::bf16});
        const auto full = taker.semaphores("full");
        auto t = taker.thread();
        t.wait(full);
        t.matrix_multiply(product(all));
    }
    // At the rates a product has cycles of the matrix unit alone, and its latency behind.
    const logged_run_on_row r(2, {&maker, &taker}, cost_source::rates);
    EXPECT_EQ(r.path.of(path_part::launch), 100U);
    EXPECT_EQ(r.path.of(path_part::front_end), 3U * 4) << "two products and a push";
    EXPECT_EQ(r.path.of(path_part::matrix), 2U * 64);
    EXPECT_EQ(r.path.of(path_part::latency), 2U * 12);
    EXPECT_EQ(r.path.of(path_part::contention), 0U) << "nothing else is on the mesh";
    // A request, three hops, a packet a cycle and the signal's behind them, the arrival and the wake.
    const d1_parameters p;
    const auto& interface = p.die.node.network_interface;
    EXPECT_EQ(r.path.of(path_part::transfer),
              interface.request_cycles + 3U + bytes / 64 + interface.arrival_cycles + p.die.node.core.wake_cycles);
    EXPECT_TRUE(r.mentions("push of 2048 B from node[0,0] to node[1,0] over 1 links"));
    EXPECT_TRUE(r.mentions("thread 0 waits for full from 104 on"));
    EXPECT_TRUE(r.mentions("thread 0: matrix_multiply, instruction 1"));
}

TEST(critical_path, leaves_out_what_was_done_in_time) {
    // The push comes long before the taker looks for it: its own work alone is the chain.
    program_builder maker("maker");
    {
        const auto all = maker.buffer("all", 64, {number_format::bf16});
        const auto full = maker.semaphores("full");
        maker.thread().push({.to = {1, 0},
                             .source = all,
                             .destination = all,
                             .shape = {.rows = 1, .row_bytes = 64},
                             .notify = d1::program::semaphore_update<affine>{full, 1}});
    }
    program_builder taker("taker");
    {
        const auto all = taker.buffer("all", 1024 + 4096, {number_format::bf16});
        const auto full = taker.semaphores("full");
        auto t = taker.thread();
        {
            const auto i = t.loop(10);
            t.matrix_multiply(product(all));
        }
        t.wait(full);
    }
    const logged_run_on_row r(2, {&maker, &taker});
    EXPECT_EQ(r.path.of(path_part::transfer), 0U);
    EXPECT_EQ(r.path.of(path_part::matrix), 640U);
    for (const path_step& s : r.path.steps) {
        EXPECT_EQ(s.node, node_index{1}) << s.what;
    }
}

TEST(critical_path, names_the_contention_of_transfers_on_one_link) {
    // Nodes 0 and 1 push 1000 packets each over the link from 1 to 2: one of them comes about 1000 cycles late.
    program_builder maker("maker");
    {
        const auto from = maker.buffer("from", 64000, {number_format::bf16});
        maker.buffer("to", 64000, {number_format::bf16});
        const auto full = maker.semaphores("full");
        maker.thread().push({.to = {d1::program::x() + affine(2), 0},
                             .source = from,
                             .destination = from + 64000,
                             .shape = {.rows = 1, .row_bytes = 64000},
                             .notify = d1::program::semaphore_update<affine>{full, 1}});
    }
    program_builder taker("taker");
    {
        taker.buffer("from", 64000, {number_format::bf16});
        taker.buffer("to", 64000, {number_format::bf16});
        const auto full = taker.semaphores("full");
        taker.thread().wait(full);
    }
    const logged_run_on_row r(4, {&maker, &maker, &taker, &taker});
    EXPECT_NEAR(static_cast<double>(r.path.of(path_part::contention)), 1000, 50);
    EXPECT_TRUE(r.mentions("its busiest link, node[1,0] east"));
}

class critical_path_through_a_barrier : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, critical_path_through_a_barrier, testing::Bool());

TEST_P(critical_path_through_a_barrier, comes_from_the_last_thread_that_came) {
    program_builder quick("quick");
    quick.buffer("all", 1024 + 4096, {number_format::bf16});
    quick.thread().barrier({.columns = 2, .rows = 1, .threads = 1});
    program_builder slow("slow");
    {
        const auto all = slow.buffer("all", 1024 + 4096, {number_format::bf16});
        auto t = slow.thread();
        t.matrix_multiply(product(all));
        t.barrier({.columns = 2, .rows = 1, .threads = 1});
    }
    const bool first = GetParam();
    const logged_run_on_row r(2, {first ? &slow : &quick, first ? &quick : &slow});
    EXPECT_EQ(r.path.of(path_part::matrix), 64U);
    EXPECT_GT(r.path.of(path_part::barrier), 0U);
    EXPECT_TRUE(r.mentions(first ? "barrier; node[0,0] came last" : "barrier; node[1,0] came last"));
}

}  // namespace
}  // namespace d1
