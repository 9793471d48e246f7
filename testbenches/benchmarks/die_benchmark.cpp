// What a burst costs from a thread's push to its answer, and what a die costs to build.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "models/numerics/counter_random.hpp"
#include "models/program/builder.hpp"
#include "platforms/die.hpp"
#include "testbenches/benchmarks/systemc_benchmark.hpp"

namespace d1::benchmarks {
namespace {

using numerics::types::fp32;
constexpr std::uint32_t rounds = 25;
constexpr std::uint32_t pushes = 8;  // a round

/// Every live node pushes bursts of 1 KiB to others drawn at random, and computes between them so long that the mesh
/// carries about 0.1 packets a node and cycle.
job random_pushes(const die& d) {
    const auto nodes = static_cast<std::int32_t>(d.live_nodes());
    job j{d.place({nodes, 1}), {}};
    for (std::int32_t i = 0; i < nodes; ++i) {
        program::program_builder b("pushes");
        const auto from = b.buffer("from", 1024, fp32);
        const auto to = b.buffer("to", 1024, fp32);
        const auto work = b.buffer("work", 16384, fp32);
        auto t = b.thread();
        {
            const auto round = t.loop(rounds);
            for (std::uint32_t p = 0; p < pushes; ++p) {
                const std::uint64_t random = numerics::counter_random(1, static_cast<std::uint64_t>(i), p);
                t.push({.to = {static_cast<std::int64_t>(random % static_cast<std::uint64_t>(nodes)), 0},
                        .source = from,
                        .destination = to,
                        .shape = {.rows = 1, .row_bytes = 1024}});
                t.vector_operation({.operation = numerics::elementwise_operation::fill,
                                    .destination = work,
                                    .elements = 16 * 150,
                                    .destination_type = fp32});
            }
        }
        j.roles.push_back({std::make_shared<const program::program>(b.build()), {{i, 0}}});
    }
    return j;
}

void push_bursts(benchmark::State& state, die& d, const job& j) {
    std::uint64_t bursts = 0;
    for (auto _ : state) {
        state.PauseTiming();
        d.reset();
        d.launch(j);
        state.ResumeTiming();
        if (d.run().status != run_status::finished) {
            state.SkipWithError("the programs did not finish");
            break;
        }
        bursts += d.live_nodes() * rounds * pushes;
    }
    state.counters["bursts"] = benchmark::Counter(static_cast<double>(bursts), benchmark::Counter::kIsRate);
    state.counters["burst"] =
        benchmark::Counter(static_cast<double>(bursts), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void build_die(benchmark::State& state) {
    if (sc_core::sc_start_of_simulation_invoked()) {
        state.SkipWithError("a process elaborates before it simulates: run this one alone");
        return;
    }
    for (int built = 0; auto _ : state) {
        const die d(std::string("built").append(std::to_string(built++)).c_str(), {});
        benchmark::DoNotOptimize(d.live_nodes());
    }
}

}  // namespace

void elaborate() {
    benchmark::RegisterBenchmark("build_die", build_die)->Unit(benchmark::kMillisecond)->Iterations(20);
    for (const timing_kind timing : {timing_kind::lt, timing_kind::at}) {
        for (const bool functional : {false, true}) {
            static std::vector<std::unique_ptr<die>> dies;
            static std::vector<std::unique_ptr<job>> jobs;
            d1_parameters p;
            p.simulation.timing = timing;
            p.simulation.functional = functional;
            const std::string name =
                std::string(timing == timing_kind::lt ? "lt" : "at") + (functional ? "_functional" : "");
            die& d = *dies.emplace_back(std::make_unique<die>(name.c_str(), p));
            const job& j = *jobs.emplace_back(std::make_unique<job>(random_pushes(d)));
            benchmark::RegisterBenchmark(("push_bursts/" + name).c_str(), [&d, &j](benchmark::State& state) {
                push_bursts(state, d, j);
            })->Unit(benchmark::kMillisecond);
        }
    }
}

}  // namespace d1::benchmarks
