// What the checks before a run cost, against the run itself: the layers of a table, on a die of 354 nodes.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/program/checker.hpp"
#include "platforms/die.hpp"
#include "testbenches/benchmarks/systemc_benchmark.hpp"
#include "testbenches/d1sim/topology.hpp"
#include "testbenches/kernels/gemm.hpp"

namespace d1::benchmarks {
namespace {

using products = std::vector<kernels::gemm>;

void check_jobs(benchmark::State& state, const products& all, program::check_depth depth) {
    for (auto _ : state) {
        for (const kernels::gemm& p : all) {
            if (!program::check(assignment_of(p.programs()), {.depth = depth}).empty()) {
                state.SkipWithError("a job has faults");
                return;
            }
        }
    }
}

void run_jobs(benchmark::State& state, die& d, const products& all) {
    for (auto _ : state) {
        for (const kernels::gemm& p : all) {
            d.reset();
            d.launch(p.programs());
            if (d.run().status != run_status::finished) {
                state.SkipWithError("the programs did not finish");
                return;
            }
        }
    }
}

}  // namespace

void elaborate() {
    d1_parameters p;
    p.simulation.functional = false;
    static const auto d = std::make_unique<die>("die", p);
    static products all;
    for (const layer& l : read_topology(D1_TOPOLOGIES "/resnet50.csv", 1).layers) {
        all.emplace_back(l.gemm, kernels::gemm_types{}, *d);
    }
    const auto add = [](const char* name, auto&& run) {
        benchmark::RegisterBenchmark(name, run)->Unit(benchmark::kMillisecond);
    };
    add("check_resnet50/quick", [](benchmark::State& s) { check_jobs(s, all, program::check_depth::quick); });
    add("check_resnet50/full", [](benchmark::State& s) { check_jobs(s, all, program::check_depth::full); });
    add("run_resnet50/at", [](benchmark::State& s) { run_jobs(s, *d, all); });
}

}  // namespace d1::benchmarks
