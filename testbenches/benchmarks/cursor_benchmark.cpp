// Instructions per second of the cursor.

#include <benchmark/benchmark.h>

#include "models/program/builder.hpp"
#include "models/program/cursor.hpp"

namespace {

using namespace d1::program;

constexpr d1::numerics::element_type bf16{d1::numerics::number_format::bf16};

/// A node's share of a large GEMM: one thread multiplies tile after tile, another fetches the operands ahead of it and
/// passes the results on.
program gemm() {
    program_builder b("gemm");
    const auto a = b.buffer("a", 65536, bf16);
    const auto w = b.buffer("w", 65536, bf16);
    const auto c = b.buffer("c", 65536, {d1::numerics::number_format::fp32});
    const auto full = b.semaphores("full", 2);
    const auto empty = b.semaphores("empty", 2);
    auto compute = b.thread();
    auto move = b.thread();
    {
        const auto rows = compute.loop(16);
        const auto columns = compute.loop(16);
        const auto k = compute.loop(32);
        compute.wait(full, 1);
        compute.matrix_multiply({.c = c + 256 * rows + 4096 * columns,
                                 .a = a + 64 * k,
                                 .b = w + 64 * k + 2048 * columns,
                                 .accumulate = k,
                                 .row_blocks = 2,
                                 .column_blocks = 2,
                                 .k_steps = 8,
                                 .a_type = bf16,
                                 .b_type = bf16});
        compute.signal(empty, 1);
    }
    {
        const auto rows = move.loop(16);
        const auto columns = move.loop(16);
        const auto k = move.loop(32);
        move.wait(empty, 1);
        move.pull({.from = {k, y()},
                   .source = a + 64 * rows,
                   .destination = a + 64 * k,
                   .shape = {.rows = 8, .row_bytes = 64, .source_stride = 512, .destination_stride = 64},
                   .done = semaphore_update<affine>{full}});
        move.push({.to = {x() + 1, y()},
                   .source = w + 64 * k,
                   .destination = w + 64 * columns,
                   .shape = {.rows = 8, .row_bytes = 64, .source_stride = 64, .destination_stride = 64},
                   .notify = semaphore_update<affine>{full, 1}});
    }
    return b.build();
}

void walk_thread(benchmark::State& state) {
    const program p = gemm();
    std::int64_t instructions = 0;
    for (auto _ : state) {
        cursor c(p, static_cast<std::size_t>(state.range(0)), {3, 4});
        while (const step* s = c.next()) {
            benchmark::DoNotOptimize(s);
            ++instructions;
        }
    }
    state.SetItemsProcessed(instructions);
}
BENCHMARK(walk_thread)->ArgName("thread")->Arg(0)->Arg(1);

void make_cursors_of_a_die(benchmark::State& state) {
    const program p = gemm();
    for (auto _ : state) {
        for (std::int32_t node = 0; node < 354; ++node) {
            for (std::size_t t = 0; t < 2; ++t) {
                cursor c(p, t, {node % 18, node / 18});
                benchmark::DoNotOptimize(c);
            }
        }
    }
    state.SetItemsProcessed(state.iterations() * 354 * 2);
}
BENCHMARK(make_cursors_of_a_die);

}  // namespace
