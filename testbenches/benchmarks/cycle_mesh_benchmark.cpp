// What a router costs at ca: the mesh through its sockets beside the same mesh as flat arrays.
//
// router_visit is the time for one packet at one router, all in: with queues, senders, receivers and counters. The
// ratio of sockets to arrays under the same load is what SystemC's modules and calls cost, and is to stay below 2.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "testbenches/benchmarks/cycle_mesh.hpp"
#include "testbenches/benchmarks/flat_mesh.hpp"
#include "testbenches/benchmarks/mesh_schedule.hpp"
#include "testbenches/benchmarks/systemc_benchmark.hpp"

namespace d1::benchmarks {
namespace {

benchmark::Counter per(double things) {
    return {things, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert};
}

void run_sockets(benchmark::State& state, const schedule& s, cycle_mesh& mesh) {
    for (auto _ : state) {
        mesh.run(s.by_cycle);
    }
    state.counters["router_visit"] = per(static_cast<double>(s.visits));
}

void run_arrays(benchmark::State& state, const schedule& s) {
    flat_mesh mesh({18, 20});
    std::uint32_t number = 0;
    std::uint64_t checksum = 0;
    const auto deliver = [&](const flat_mesh::packet& p) { checksum += mesh.now() + p.hops; };
    for (auto _ : state) {
        for (const auto& cycle : s.by_cycle) {
            for (const injection& i : cycle) {
                mesh.send(number++, i.source, i.destination, i.channel_class);
            }
            mesh.step(deliver);
        }
        while (!mesh.empty()) {
            mesh.step(deliver);
        }
    }
    benchmark::DoNotOptimize(checksum);
    state.counters["router_visit"] = per(static_cast<double>(s.visits));
}

/// One packet at a time, from corner to corner; the benchmark counts cycles.
void run_single(benchmark::State& state, cycle_mesh& mesh) {
    const std::vector<std::vector<injection>> once{{{node_index{0}, node_index{359}}}};
    const timing::cycle begun = mesh.events().now();
    for (auto _ : state) {
        mesh.run(once);
    }
    state.counters["cycles/s"] =
        benchmark::Counter(static_cast<double>(mesh.events().now() - begun), benchmark::Counter::kIsRate);
}

}  // namespace

void elaborate() {
    // Live as long as the process, as SystemC's modules do.
    static std::uint64_t checksum = 0;
    static cycle_mesh mesh("mesh", {},
                           [](burst& b, timing::cycle at) { benchmark::DoNotOptimize(checksum += at + b.hops); });
    for (const double rate : {0.05, 0.1, 0.15}) {
        static std::vector<std::unique_ptr<schedule>> schedules;
        const schedule& s = *schedules.emplace_back(std::make_unique<schedule>(rate, 1));
        const std::string load =
            std::string("at_0.") + (rate < 0.1 ? "0" : "") + std::to_string(std::lround(100 * rate));
        benchmark::RegisterBenchmark(("sockets_ca/" + load).c_str(),
                                     [&s](benchmark::State& state) { run_sockets(state, s, mesh); });
        benchmark::RegisterBenchmark(("arrays_ca/" + load).c_str(),
                                     [&s](benchmark::State& state) { run_arrays(state, s); });
    }
    benchmark::RegisterBenchmark("sockets_ca/one_packet", [](benchmark::State& state) { run_single(state, mesh); });
}

}  // namespace d1::benchmarks
