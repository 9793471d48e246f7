// What matrix products reach on the default die, and how well the planner knows it beforehand.

#include <gtest/gtest.h>

#include <cmath>
#include <iomanip>
#include <iostream>

#include "testbenches/kernels/gemm.hpp"

namespace d1::kernels {
namespace {

struct timed {
    double cycles = 0;
    double estimated = 0;
    double utilization = 0;
};

timed time_of(die& on, const gemm_shape& s, const gemm_types& types = {}) {
    on.reset();
    const gemm product(s, types, on);
    on.launch(product.programs());
    const run_result r = on.run();
    EXPECT_EQ(r.status, run_status::finished) << r.message;
    const auto cycles = static_cast<double>(r.cycles);
    const timed t{cycles, static_cast<double>(product.plan().estimated_cycles),
                  static_cast<double>(s.macs()) / (256.0 * 354.0 * cycles)};
    std::cout << std::setw(6) << s.m << std::setw(6) << s.n << std::setw(6) << s.k << std::fixed << std::setprecision(0)
              << std::setw(10) << t.cycles << " cycles, estimated" << std::setw(10) << t.estimated
              << std::setprecision(3) << ", " << t.utilization << " of the peak\n";
    return t;
}

d1_parameters without_bytes() {
    d1_parameters p;
    p.simulation.functional = false;
    return p;
}

TEST(gemm_speed, reaches_most_of_the_peak_where_there_is_work_enough) {
    die on("die", without_bytes());
    EXPECT_GE(time_of(on, {1024, 1024, 1024}).utilization, 0.40);
    EXPECT_GE(time_of(on, {2048, 2048, 2048}).utilization, 0.80);
    EXPECT_GE(time_of(on, {4096, 4096, 4096}).utilization, 0.85);
}

TEST(gemm_speed, reaches_nine_tenths_of_the_peak_at_8192_cubed) {
    die on("die", without_bytes());
    const double reached = time_of(on, {8192, 8192, 8192}).utilization;
    EXPECT_GE(reached, 0.90);
    EXPECT_LE(reached, 342.0 / 354.0) << "18 columns of 19 nodes";
}

TEST(gemm_speed, of_cfloat8_is_no_less) {
    die on("die", without_bytes());
    constexpr numerics::element_type narrow{numerics::number_format::cfp8_143, 7};
    const gemm_types types{.output = {}, .a = narrow, .b = narrow};
    for (const gemm_shape s : {gemm_shape{1024, 1024, 1024}, {4096, 4096, 4096}}) {
        EXPECT_LE(time_of(on, s, types).cycles, time_of(on, s).cycles);
    }
}

/// The layers of ResNet-50 as products, and some more.
TEST(gemm_estimate, is_within_a_quarter_of_the_simulated_cycles_and_a_tenth_on_average) {
    die on("die", without_bytes());
    double sum = 0;
    int count = 0;
    for (const gemm_shape s : {gemm_shape{12544, 64, 147},
                               {3136, 64, 64},
                               {3136, 64, 576},
                               {3136, 256, 64},
                               {3136, 64, 256},
                               {784, 128, 256},
                               {784, 128, 1152},
                               {784, 512, 128},
                               {784, 512, 256},
                               {784, 128, 512},
                               {196, 256, 512},
                               {196, 256, 2304},
                               {196, 1024, 256},
                               {196, 1024, 512},
                               {196, 256, 1024},
                               {49, 512, 1024},
                               {49, 512, 4608},
                               {49, 2048, 512},
                               {49, 2048, 1024},
                               {49, 512, 2048},
                               {1, 1000, 2048},
                               {512, 512, 512},
                               {1024, 1024, 1024},
                               {512, 1024, 4096},
                               {512, 4096, 1024},
                               {2048, 2048, 2048},
                               {4096, 4096, 512}}) {
        const timed t = time_of(on, s);
        EXPECT_LE(std::abs(t.estimated / t.cycles - 1), 0.25) << s.m << " x " << s.n << " x " << s.k;
        sum += std::abs(t.estimated / t.cycles - 1);
        ++count;
    }
    EXPECT_LE(sum / count, 0.10);
    std::cout << "mean error " << sum / count << "\n";
}

}  // namespace
}  // namespace d1::kernels
