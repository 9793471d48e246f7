// A die runs programs to their end.

#include "platforms/die.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "models/noc/mesh.hpp"
#include "models/parameter/error.hpp"
#include "models/program/builder.hpp"
#include "platforms/die_test_jobs.hpp"

namespace d1 {
namespace {

using namespace die_test;  // NOLINT(google-build-using-namespace): the jobs of these tests
using program::program_builder;
using program::semaphore_update;

// ---------------------------------------------------------------------------------------------------- construction

TEST(die, has_354_live_nodes_by_default_each_with_its_parts_under_its_name) {
    die d("die", {}, checked);
    EXPECT_EQ(d.live_nodes(), 354U);
    EXPECT_EQ(d.places(), (grid{18, 20}));
    for (std::uint32_t i = 0; i < 360; ++i) {
        const coordinate c = d.places().at(static_cast<node_index>(i));
        const std::string name = "die.node[" + std::to_string(c.x) + "," + std::to_string(c.y) + "]";
        const bool dead = std::ranges::count(harvest_parameters{}.dead, c) != 0;
        EXPECT_EQ(d.is_alive(static_cast<node_index>(i)), !dead);
        for (const char* part : {".router", ".core", ".sram", ".network_interface"}) {
            EXPECT_EQ(sc_core::sc_find_object((name + part).c_str()) != nullptr, !dead) << name << part;
        }
    }
}

TEST(die, keeps_the_routers_of_dead_nodes_where_only_these_are_dead) {
    d1_parameters p;
    p.die.harvest.dead_router = false;
    die d("die", p, checked);
    EXPECT_EQ(d.live_nodes(), 354U);
    EXPECT_NE(sc_core::sc_find_object("die.node[3,2].router"), nullptr);
    EXPECT_EQ(sc_core::sc_find_object("die.node[3,2].core"), nullptr);
}

TEST(die, refuses_dead_routers_that_cut_live_nodes_off) {
    d1_parameters p = grid_of(3, 3);
    p.die.harvest.dead = {{1, 0}, {0, 1}};
    EXPECT_THROW(die("die", p), input_error);
}

// ---------------------------------------------------------------------------------------------------- running

TEST(die, brings_bytes_from_every_live_node_to_its_opposite) {
    die d("die", {}, checked);
    const placement where = d.place({354, 1});
    const auto result = run(d, make_job(where, [](coordinate c) {
                                program_builder b("cross");
                                const auto from = b.buffer("from", 2048, bf16);
                                const auto to = b.buffer("to", 2048, bf16);
                                const auto full = b.semaphores("full");
                                auto t = b.thread();
                                t.push({.to = {353 - c.x, 0},
                                        .source = from,
                                        .destination = to,
                                        .shape = {.rows = 1, .row_bytes = 2048},
                                        .notify = semaphore_update<program::affine>{full, 1}});
                                t.wait(full);
                                return share(b);
                            }));
    EXPECT_EQ(result.status, run_status::finished) << result.message;
    EXPECT_EQ(result.bytes_moved, 354U * 2048);
}

TEST(die, gives_the_same_bytes_at_every_level_and_quantum_and_with_any_queues_and_links) {
    std::vector<std::unique_ptr<die>> dies;
    const auto add = [&](const char* name, const d1_parameters& p) {
        dies.push_back(std::make_unique<die>(name, p, checked));
    };
    add("at", grid_of(3, 2));
    for (const auto& [name, quantum] : std::map<const char*, std::uint32_t>{{"q1", 1}, {"q37", 37}, {"q9999", 9999}}) {
        d1_parameters p = grid_of(3, 2, timing_kind::lt);
        p.simulation.quantum = quantum;
        add(name, p);
    }
    d1_parameters small = grid_of(3, 2);
    small.die.noc.buffer_depth = 2;
    small.die.noc.link_packets_per_cycle = 4;
    small.die.node.network_interface = {.engines = 1, .queue_depth = 1, .max_outstanding = 1, .burst_packets = 3};
    add("small", small);
    add("ca", grid_of(3, 2, timing_kind::ca));
    small.simulation.timing = timing_kind::ca;
    small.die.node.network_interface.reply_depth = 1;
    small.die.noc.buffer_depth = 1;
    add("small_ca", small);
    const ring work(dies.front()->place({3, 2}));
    std::vector<std::vector<std::byte>> first;
    for (const auto& d : dies) {
        SCOPED_TRACE(d->name());
        work.load(*d);
        const auto result = run(*d, work.work());
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        work.expect_result(*d);
        const auto memories = work.memories(*d);
        if (first.empty()) {
            first = memories;
        }
        EXPECT_EQ(memories, first);
    }
}

TEST(die, takes_the_same_cycles_and_counts_the_same_without_arithmetic_and_payloads) {
    struct pair {
        std::unique_ptr<die> on;
        std::unique_ptr<die> off;
    };
    std::vector<pair> all;
    for (const timing_kind timing : {timing_kind::lt, timing_kind::at, timing_kind::ca}) {
        d1_parameters p = grid_of(3, 2, timing);
        const std::string name = to_string(timing);
        auto on = std::make_unique<die>((name + "_on").c_str(), p, checked);
        p.simulation.functional = false;
        all.push_back({std::move(on), std::make_unique<die>((name + "_off").c_str(), p, checked)});
    }
    const ring work(all[0].on->place({3, 2}));
    for (const auto& [on, off] : all) {
        SCOPED_TRACE(on->name());
        work.load(*on);
        const auto with = run(*on, work.work());
        const auto without = run(*off, work.work());
        EXPECT_EQ(with.status, run_status::finished);
        EXPECT_EQ(without.status, run_status::finished);
        EXPECT_EQ(with.cycles, without.cycles);
        EXPECT_EQ(with.bounds.synchronisation, without.bounds.synchronisation);
        EXPECT_EQ(with.bounds.link, without.bounds.link);
        EXPECT_EQ(counters(*on), counters(*off));
    }
}

class timed_die : public testing::TestWithParam<timing_kind> {};
INSTANTIATE_TEST_SUITE_P(levels, timed_die, testing::Values(timing_kind::at, timing_kind::ca),
                         [](const auto& level) { return to_string(level.param); });

TEST_P(timed_die, gives_the_same_again_after_a_reset) {
    die d("die", grid_of(4, 3, GetParam()), checked);
    const ring work(d.place({4, 3}));
    work.load(d);
    const auto first = run(d, work.work());
    const auto first_counters = counters(d);
    const auto first_memories = work.memories(d);
    d.reset();
    EXPECT_EQ(memory(d, node_index{0}, 0, 64), std::vector<std::byte>(64));
    EXPECT_TRUE(std::ranges::all_of(counters(d), [](std::uint64_t c) { return c == 0; }));
    work.load(d);
    const auto second = run(d, work.work());
    EXPECT_EQ(second.cycles, first.cycles);
    EXPECT_EQ(second.bounds.synchronisation, first.bounds.synchronisation);
    EXPECT_EQ(counters(d), first_counters);
    EXPECT_EQ(work.memories(d), first_memories);
}

TEST(die, changes_its_level_between_runs_and_gives_what_a_die_of_that_level_gives) {
    die changing("changing", grid_of(4, 3, timing_kind::lt), checked);
    std::vector<std::unique_ptr<die>> fixed;
    for (const timing_kind timing : {timing_kind::ca, timing_kind::at, timing_kind::lt, timing_kind::ca}) {
        const std::string name = to_string(timing) + std::to_string(fixed.size());
        fixed.push_back(std::make_unique<die>(name.c_str(), grid_of(4, 3, timing), checked));
    }
    const ring work(changing.place({4, 3}));
    for (const auto& d : fixed) {
        SCOPED_TRACE(d->name());
        changing.reset();
        changing.set_timing(d->timing());
        work.load(changing);
        work.load(*d);
        EXPECT_EQ(run(changing, work.work()).cycles, run(*d, work.work()).cycles);
        EXPECT_EQ(counters(changing), counters(*d));
        EXPECT_EQ(work.memories(changing), work.memories(*d));
    }
}

/// Nodes wired as a die wires them, but built in an order of our choice.
class hand_made {
  public:
    hand_made(const std::string& name, const d1_parameters& p, const std::vector<std::uint32_t>& order)
        : places{static_cast<std::int32_t>(p.die.noc.columns), static_cast<std::int32_t>(p.die.noc.rows)},
          routes(places, {}),
          alive(places.size(), true),
          events((name + "_events").c_str(), timing::clock(sc_core::sc_time(p.die.clock_period, sc_core::SC_PS))),
          costs(p.die.node.core, p.die.node.sram),
          nodes(places.size()) {
        std::vector<noc::router_base*> routers(places.size());
        for (const std::uint32_t i : order) {
            nodes[i] = std::make_unique<node>(
                (name + std::to_string(i)).c_str(), static_cast<node_index>(i), true,
                die_surroundings{routes, alive, events, bursts, nullptr, nullptr, nullptr, false, nullptr, &costs}, p);
            routers[i] = &nodes[i]->router();
        }
        noc::connect_mesh(places, routers);
    }
    void launch(const job& j) {
        for (const job::role& r : j.roles) {
            for (const coordinate c : r.members) {
                nodes[to_number(j.where.at(c))]->core().launch(*r.program, j.where, c);
            }
        }
    }
    [[nodiscard]] std::vector<std::uint64_t> facts() {
        statistics::group top;
        for (std::uint32_t i = 0; i < places.size(); ++i) {
            nodes[i]->register_statistics(top.child("node[" + std::to_string(i) + "]"));
        }
        std::vector<std::uint64_t> all;
        top.visit([&](const std::string&, const statistics::counter_entry& c) { all.push_back(c.value()); });
        for (const auto& n : nodes) {
            all.push_back(n->core().finish_cycle());
            all.push_back(n->interface().last_arrival());
            all.push_back(n->core().longest_chain());
        }
        all.push_back(events.served());
        return all;
    }

    grid places;
    noc::route_table routes;
    std::vector<bool> alive;
    timing::event_queue events;
    burst_pool bursts;
    steady_states costs;
    std::vector<std::unique_ptr<node>> nodes;
};

TEST_P(timed_die, does_not_depend_on_the_order_in_which_its_nodes_were_built) {
    constexpr std::uint32_t seed = 41;
    SCOPED_TRACE("seed " + std::to_string(seed));
    d1_parameters p = grid_of(4, 3, GetParam());
    p.die.node.core.sram_banks = 4;  // where cores meet their network interfaces
    std::vector<std::uint32_t> order(12);
    std::iota(order.begin(), order.end(), 0U);
    hand_made plain("plain", p, order);
    std::shuffle(order.begin(), order.end(), std::mt19937(seed));
    hand_made shuffled("shuffled", p, order);
    placement where{{4, 3}, {}};
    for (std::uint32_t i = 0; i < 12; ++i) {
        where.nodes.push_back(static_cast<node_index>(i));
    }
    const ring work(where);
    plain.launch(work.work());
    shuffled.launch(work.work());
    sc_core::sc_start();
    EXPECT_GT(plain.nodes[0]->core().finish_cycle(), 1000U);
    EXPECT_EQ(plain.facts(), shuffled.facts());
}

TEST(die, keeps_threads_waiting_that_find_the_queue_of_the_network_interface_full_and_loses_nothing) {
    d1_parameters p = grid_of(2, 1);
    p.die.node.network_interface.engines = 1;
    p.die.node.network_interface.queue_depth = 1;
    die d("die", p, checked);
    program_builder b("flood");
    const auto from = b.buffer("from", 4096, bf16);
    const auto to = b.buffer("to", 4 * 20 * 4096, bf16);
    const auto full = b.semaphores("full", 4);
    for (std::uint32_t thread = 0; thread < 4; ++thread) {
        auto t = b.thread();
        {
            const auto i = t.loop(20);
            t.push({.to = {1, 0},
                    .source = from,
                    .destination = to + (thread * 20 * 4096 + 4096 * i),
                    .shape = {.rows = 1, .row_bytes = 4096},
                    .notify = semaphore_update<program::affine>{full[thread], 1}});
        }
        // Signals of its own follow each thread's data through the one engine.
        t.signal({1, 0}, full[thread], 100);
    }
    const std::vector<std::byte> ones(4096, std::byte{1});
    d.load(node_index{0}, 0, ones);
    const job j{d.place({2, 1}), {{share(b), {{0, 0}}}}};
    const auto result = run(d, j);
    EXPECT_EQ(result.status, run_status::finished) << result.message;
    EXPECT_GT(d.at(node_index{0}).core().count().dma_stall_cycles, 0U);
    for (std::uint32_t s = 0; s < 4; ++s) {
        EXPECT_EQ(d.at(node_index{1}).semaphores().value(s), 120U);
    }
    EXPECT_EQ(memory(d, node_index{1}, to.address(), to.bytes()), std::vector<std::byte>(4 * 20 * 4096, std::byte{1}));
    EXPECT_EQ(result.bytes_moved, 4U * 20 * 4096);
    EXPECT_EQ(d.at(node_index{0}).interface().count().pushes, 80U);
    EXPECT_EQ(d.at(node_index{0}).interface().count().signals, 4U);
}

/// A node of a die in matrix steps, one in multiply-adds.
void expect_peaks(cost_source costs) {
    auto parameters = grid_of(2, 1);
    parameters.die.node.core.costs = costs;
    die d("die", parameters, checked);
    program_builder matrix("matrix");
    const auto a = matrix.buffer("a", 64 * 8 * 100, bf16);
    const auto w = matrix.buffer("w", 64 * 8 * 100, bf16);
    const auto c = matrix.buffer("c", 64 * 256, fp32);
    {
        auto t = matrix.thread();
        const auto i = t.loop(100);
        t.matrix_multiply({.c = c,
                           .a = a,
                           .b = w,
                           .row_blocks = 8,
                           .column_blocks = 8,
                           .k_steps = 100,
                           .a_type = bf16,
                           .b_type = bf16});
    }
    program_builder simd("simd");
    const auto x = simd.buffer("from", 524288, fp32);  // long vectors, since each begins with an empty pipeline
    const auto y = simd.buffer("sum", 524288, fp32);
    {
        auto t = simd.thread();
        const auto i = t.loop(10);
        t.vector_operation({.operation = numerics::elementwise_operation::multiply_add,
                            .destination = y,
                            .a = x,
                            .b = y,
                            .scalar = 2,
                            .elements = 131072,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .b_type = fp32});
    }
    const job j{d.place({2, 1}), {{share(matrix), {{0, 0}}}, {share(simd), {{1, 0}}}}};
    EXPECT_EQ(run(d, j).status, run_status::finished);
    const auto rate = [&](std::uint32_t n, double flops) {
        const auto cycles =
            d.at(static_cast<node_index>(n)).core().finish_cycle() - d.parameters().die.node.core.launch_cycles;
        return flops / static_cast<double>(cycles);
    };
    EXPECT_NEAR(rate(0, 100.0 * 2 * 64 * 64 * 400), 512, 5.12);
    EXPECT_NEAR(rate(1, 10.0 * 2 * 131072), 32, 0.32);
}

TEST(die, reaches_the_peak_of_matrix_and_simd_unit_when_nothing_else_limits) {
    expect_peaks(cost_source::rates);
}

TEST(die, reaches_it_on_the_pipeline_too) {
    expect_peaks(cost_source::pipeline);
}

TEST(die, stops_when_asked_to_and_goes_on_where_it_was) {
    die whole("whole", grid_of(3, 2), checked);
    die halves("halves", grid_of(3, 2), checked);
    const ring work(whole.place({3, 2}));
    work.load(whole);
    const auto expected = run(whole, work.work());
    work.load(halves);
    bool asked = false;
    halves.events().every(700, [&](timing::cycle) {
        if (!std::exchange(asked, true)) {
            halves.events().request_pause();
        }
    });
    halves.launch(work.work());
    const auto paused = halves.run();
    EXPECT_EQ(paused.status, run_status::interrupted);
    EXPECT_GE(paused.cycles, 700U);
    EXPECT_LT(paused.cycles, expected.cycles);
    const auto finished = halves.run();
    EXPECT_EQ(finished.status, run_status::finished);
    EXPECT_EQ(finished.cycles, expected.cycles);
    EXPECT_EQ(counters(halves), counters(whole));
    work.expect_result(halves);
}

}  // namespace
}  // namespace d1
