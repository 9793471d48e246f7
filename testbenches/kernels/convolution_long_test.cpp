// The convolutions of ResNet-50 at batch 16 on a whole die, beside the matrix products of their windows (im2col).

#include <gtest/gtest.h>

#include <cstdio>

#include "testbenches/kernels/convolution.hpp"
#include "testbenches/kernels/gemm.hpp"
#include "testbenches/kernels/kernel_bench.hpp"

namespace d1::kernels {
namespace {

struct layer {
    const char* name;
    std::uint32_t size, channels, filters, filter, stride, padding;
};
constexpr layer layers[] = {
    {"conv1", 224, 3, 64, 7, 2, 3},         {"conv2_reduce", 56, 64, 64, 1, 1, 0},
    {"conv2_3x3", 56, 64, 64, 3, 1, 1},     {"conv2_expand", 56, 64, 256, 1, 1, 0},
    {"conv3_3x3_2", 56, 128, 128, 3, 2, 1}, {"conv3_3x3", 28, 128, 128, 3, 1, 1},
    {"conv4_3x3_2", 28, 256, 256, 3, 2, 1}, {"conv4_3x3", 14, 256, 256, 3, 1, 1},
    {"conv5_3x3_2", 14, 512, 512, 3, 2, 1}, {"conv5_3x3", 7, 512, 512, 3, 1, 1},
};

TEST(convolutions_of_resnet50, run_on_a_whole_die_and_are_printed_beside_the_products_of_their_windows) {
    d1_parameters p;
    p.simulation.functional = false;
    die on("die", p);
    const auto cycles = [&](const job& programs) {
        on.reset();
        on.launch(programs);
        const run_result r = on.run();
        EXPECT_EQ(r.status, run_status::finished) << r.message;
        return r.cycles;
    };
    for (const layer& l : layers) {
        const conv2d_shape s{.batch = 16,
                             .height = l.size,
                             .width = l.size,
                             .channels = l.channels,
                             .filters = l.filters,
                             .filter_height = l.filter,
                             .filter_width = l.filter,
                             .stride = l.stride,
                             .padding_height = l.padding,
                             .padding_width = l.padding};
        const gemm_shape windows{std::uint64_t{16} * s.output_height() * s.output_width(), s.filters,
                                 std::uint64_t{l.filter} * l.filter * l.channels};
        const auto implicit = cycles(make_conv2d(s, {}, on).programs());
        const auto explicit_windows = cycles(gemm(windows, {}, on).programs());
        const auto utilisation = [&](std::uint64_t ran) {
            return 100.0 * static_cast<double>(s.macs()) / (256.0 * 354.0 * static_cast<double>(ran));
        };
        std::printf("%-14s conv2d %8llu cycles %5.1f %%   im2col %8llu cycles %5.1f %%\n", l.name,
                    static_cast<unsigned long long>(implicit), utilisation(implicit),
                    static_cast<unsigned long long>(explicit_windows), utilisation(explicit_windows));
        EXPECT_GE(implicit * 256 * 354, s.macs()) << l.name;
        const auto implicit_gradient = cycles(make_conv2d_weight_gradient(s, {}, on).programs());
        const auto gradient_of_windows = cycles(gemm({windows.k, windows.n, windows.m}, {}, on).programs());
        std::printf("%-14s wgrad  %8llu cycles %5.1f %%   im2col %8llu cycles %5.1f %%\n", l.name,
                    static_cast<unsigned long long>(implicit_gradient), utilisation(implicit_gradient),
                    static_cast<unsigned long long>(gradient_of_windows), utilisation(gradient_of_windows));
        EXPECT_GE(implicit_gradient * 256 * 354, s.macs()) << l.name;
    }
}

}  // namespace
}  // namespace d1::kernels
