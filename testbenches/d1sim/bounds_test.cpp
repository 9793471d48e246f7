// What bounds a run: for each bound a case made for it, and its closed form.

#include <gtest/gtest.h>

#include "models/program/affine.hpp"
#include "models/program/builder.hpp"
#include "testbenches/d1sim/layer_result.hpp"

namespace d1 {
namespace {

using d1::program::affine;
using d1::program::program_builder;
using numerics::number_format;

/// Who runs what on a row of nodes, by column.
struct part {
    const program_builder& builder;
    std::vector<std::int32_t> columns;
};

run_result run_on_row(std::int32_t nodes, const std::vector<part>& parts) {
    d1_parameters p;
    p.die.noc.columns = static_cast<std::uint32_t>(nodes);
    p.die.noc.rows = 1;
    p.die.harvest.dead.clear();
    die on("die", p, {.protocol = true});
    job j{on.place({nodes, 1}), {}};
    for (const part& r : parts) {
        j.roles.push_back({std::make_shared<d1::program::program>(r.builder.build()), {}});
        for (const std::int32_t x : r.columns) {
            j.roles.back().members.push_back({x, 0});
        }
    }
    on.launch(j);
    run_result r = on.run();
    EXPECT_EQ(r.status, run_status::finished) << r.message;
    EXPECT_GE(r.cycles, std::max({r.bounds.matrix, r.bounds.sram_port, r.bounds.link, r.bounds.synchronisation}));
    return r;
}

TEST(bounds, matrix_steps_of_the_busiest_node) {
    program_builder b("matrix");
    const auto buffer = b.buffer("all", 4 * 256 + 2 * 2 * 16 * 64, {number_format::bf16});
    auto t = b.thread();
    t.matrix_multiply({.c = buffer,
                       .a = buffer + 1024,
                       .b = buffer + 1024 + 2048,
                       .accumulate = 0,
                       .row_blocks = 2,
                       .column_blocks = 2,
                       .k_steps = 16});
    const run_result r = run_on_row(1, {{b, {0}}});
    EXPECT_EQ(r.bounds.matrix, 2U * 2U * 16U);
    EXPECT_EQ(bound_by(r.bounds), "matrix");
}

TEST(energy, of_a_node_at_the_full_rate_of_bf16_is_its_share_of_the_published_400_watts) {
    // One product of 2 x 2 blocks, so long that its results weigh nothing: one line a step.
    constexpr std::uint32_t steps = 4000;
    program_builder b("matrix");
    const auto c = b.buffer("c", 1024, {number_format::fp32});
    const auto a = b.buffer("a", 2 * steps * 64, {number_format::bf16});
    const auto other = b.buffer("b", 2 * steps * 64, {number_format::bf16});
    auto t = b.thread();
    t.matrix_multiply(
        {.c = c, .a = a, .b = other, .accumulate = 0, .row_blocks = 2, .column_blocks = 2, .k_steps = steps});
    const run_result r = run_on_row(1, {{b, {0}}});
    EXPECT_EQ(r.events.macs_16_bit, std::uint64_t{4} * steps * 256);
    const statistics::energy_stack energy = statistics::energy_of(r.events, energy_parameters());
    EXPECT_NEAR(statistics::watts(energy.total(), r.events.time), 400.0 / 354, 0.01 * 400 / 354);
}

TEST(bounds, lines_of_the_busiest_sram_port) {
    program_builder b("stream");
    const auto from = b.buffer("from", 64000, {number_format::fp32});
    const auto to = b.buffer("to", 64000, {number_format::fp32});
    auto t = b.thread();
    t.vector_operation({.operation = numerics::elementwise_operation::convert,
                        .destination = to,
                        .a = from,
                        .elements = 16000,
                        .destination_type = {number_format::fp32},
                        .a_type = {number_format::fp32}});
    const run_result r = run_on_row(1, {{b, {0}}});
    EXPECT_EQ(r.bounds.sram_port, 1000U) << "1000 lines at the one store port; 1000 at the two load ports";
    EXPECT_EQ(bound_by(r.bounds), "sram_port");
}

TEST(bounds, packets_on_the_most_loaded_link) {
    // Nodes 0 and 1 push to nodes 2 and 3: the link between 1 and 2 carries both, each port only one.
    program_builder b("cross");
    const auto from = b.buffer("from", 64000, {number_format::bf16});
    const auto to = b.buffer("to", 64000, {number_format::bf16});
    auto t = b.thread();
    t.push({.to = {d1::program::x() + affine(2), 0},
            .source = from,
            .destination = to,
            .shape = {.rows = 1, .row_bytes = 64000}});
    const run_result r = run_on_row(4, {{b, {0, 1}}});
    EXPECT_EQ(r.bounds.link, 2000U);
    EXPECT_EQ(r.bounds.sram_port, 1000U);
    EXPECT_EQ(bound_by(r.bounds), "link");
}

TEST(bounds, the_longest_chain_of_synchronisation) {
    // Two nodes at the ends of a row answer each other's signals: all of it is latency.
    constexpr std::int32_t nodes = 6;
    constexpr std::uint32_t rounds = 10;
    program_builder caller("caller");
    {
        const auto answer = caller.semaphores("answer");
        auto t = caller.thread();
        const auto round = t.loop(rounds);
        t.signal({nodes - 1, 0}, 0);
        t.wait(answer);
    }
    program_builder answerer("answerer");
    {
        const auto call = answerer.semaphores("call");
        auto t = answerer.thread();
        const auto round = t.loop(rounds);
        t.wait(call);
        t.signal({0, 0}, 0);
    }
    const run_result r = run_on_row(nodes, {{caller, {0}}, {answerer, {nodes - 1}}});
    const d1_parameters p;
    const auto& interface = p.die.node.network_interface;
    constexpr std::uint64_t links = nodes - 1 + 2;  // hops, and the ways into the first router and out of the last
    const std::uint64_t one_way = interface.signal_cycles + links * p.die.noc.hop_cycles() + interface.arrival_cycles +
                                  p.die.node.core.wake_cycles;
    EXPECT_EQ(r.bounds.synchronisation, 2 * rounds * one_way);
    EXPECT_EQ(bound_by(r.bounds), "synchronisation");
}

TEST(bounds, the_first_of_equal_ones_counts) {
    EXPECT_EQ(bound_by({5, 5, 5, 5}), "matrix");
    EXPECT_EQ(bound_by({4, 5, 5, 5}), "sram_port");
    EXPECT_EQ(bound_by({4, 4, 5, 5}), "link");
    EXPECT_EQ(bound_by({4, 4, 4, 5}), "synchronisation");
}

}  // namespace
}  // namespace d1
