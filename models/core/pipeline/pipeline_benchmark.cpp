// How many cycles of a node's pipeline a second of the host simulates.

#include <benchmark/benchmark.h>

#include <memory>

#include "models/core/pipeline/demonstration_kernels.hpp"
#include "models/core/pipeline/steady_state.hpp"

namespace d1::pipeline {
namespace {

void run_threads(benchmark::State& state, const kernel& k, std::uint32_t threads) {
    const auto m = std::make_unique<machine>(core_parameters{}, sram_parameters{});
    m->warm(k);
    std::uint64_t cycles = 0;
    for (auto _ : state) {
        for (std::uint32_t t = 0; t < threads; ++t) {
            if (!m->busy(t)) {
                m->start(t, k);
            }
        }
        for (int n = 0; n < 1000; ++n) {
            m->tick();
        }
        cycles += 1000;
    }
    state.counters["node_cycles"] = benchmark::Counter(static_cast<double>(cycles), benchmark::Counter::kIsRate);
}

void product_alone(benchmark::State& state) {
    run_threads(state, kernel_of(demonstration::product(16, 16, 512), {}), 1);
}
void vectors_on_four_threads(benchmark::State& state) {
    run_threads(state, kernel_of(demonstration::on_vector(numerics::elementwise_operation::add, 65536), {}), 4);
}
void steady_state_of_a_product(benchmark::State& state) {
    const kernel k = kernel_of(demonstration::product(10, 12, 512, true), {});
    for (auto _ : state) {
        benchmark::DoNotOptimize(run_alone(k, {}, {}));
    }
}

BENCHMARK(product_alone);
BENCHMARK(vectors_on_four_threads);
BENCHMARK(steady_state_of_a_product)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace d1::pipeline
