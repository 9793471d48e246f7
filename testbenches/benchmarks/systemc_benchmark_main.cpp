#include <benchmark/benchmark.h>

#include <systemc>

#include "models/reporting/banner.hpp"
#include "models/reporting/report_handler.hpp"
#include "testbenches/benchmarks/systemc_benchmark.hpp"

int sc_main(int argc, char* argv[]) {
    d1::reporting::install_report_handler();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 2;
    }
    d1::benchmarks::elaborate();
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}

int main(int argc, char* argv[]) {
    d1::reporting::silence_systemc_banner();
    return sc_core::sc_elab_and_sim(argc, argv);
}
