#pragma once
// For benchmarks that use SystemC; systemc_benchmark_main.cpp is their main program.

namespace d1::benchmarks {

/// Defined by the benchmark program: builds all modules and registers all benchmarks, before any of them runs, since a
/// process elaborates once.
void elaborate();

}  // namespace d1::benchmarks
