// The time that a program spends on routes when it starts.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "models/noc/route_table.hpp"

namespace d1::noc {
namespace {

// Random places with a column's distance from the edge, where no set of up to 20 is likely to cut anything off.
void build_route_table(benchmark::State& state) {
    std::mt19937 random(1);
    std::set<coordinate> dead;
    while (dead.size() < static_cast<std::size_t>(state.range(0))) {
        dead.insert({1 + static_cast<std::int32_t>(random() % 16), 1 + static_cast<std::int32_t>(random() % 18)});
    }
    const std::vector<coordinate> blocked(dead.begin(), dead.end());
    for (auto _ : state) {
        benchmark::DoNotOptimize(route_table({18, 20}, blocked));
    }
}
BENCHMARK(build_route_table)->Arg(0)->Arg(1)->Arg(6)->Arg(20)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace d1::noc

BENCHMARK_MAIN();
