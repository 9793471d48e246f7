// Convolutions give the documented bits whatever their shape, plan, level and
// die, and are near double precision.

#include "testbenches/kernels/convolution.hpp"

#include <gtest/gtest.h>

#include "models/program/checker.hpp"
#include "models/reporting/sanitized.hpp"
#include "testbenches/kernels/kernel_bench.hpp"

namespace d1::kernels {
namespace {

std::string text(const conv2d_shape& s) {
    const auto list = {s.batch,        s.height, s.width,          s.channels,      s.filters,  s.filter_height,
                       s.filter_width, s.stride, s.padding_height, s.padding_width, s.dilation, s.groups};
    std::string all;
    for (const std::uint32_t v : list) all += std::to_string(v) + ' ';
    return all;
}

/// A loop nest over the tensors, in the documented order and in double
/// precision.
struct reference {
    numbers exact;
    std::vector<double> sums;
    std::vector<double> magnitudes;

    reference(const conv2d_shape& s, const numbers& x, const numbers& w) {
        const std::uint32_t channels = s.channels / s.groups;
        for (std::uint32_t n = 0; n < s.batch; ++n) {
            for (std::uint32_t p = 0; p < s.output_height(); ++p) {
                for (std::uint32_t q = 0; q < s.output_width(); ++q) {
                    for (std::uint32_t f = 0; f < s.filters; ++f) {
                        const std::uint32_t group = f / (s.filters / s.groups);
                        add(s, x, w, n, p, q, f, group * channels, channels);
                    }
                }
            }
        }
    }

  private:
    void add(const conv2d_shape& s, const numbers& x, const numbers& w, std::uint32_t n, std::uint32_t p,
             std::uint32_t q, std::uint32_t f, std::uint32_t first_channel, std::uint32_t channels) {
        float sum = 0;
        double precise = 0;
        double magnitude = 0;
        for (std::uint32_t r = 0; r < s.filter_height; ++r) {
            for (std::uint32_t c = 0; c < s.filter_width; ++c) {
                const std::int64_t h = std::int64_t{p} * s.stride + r * s.dilation - s.padding_height;
                const std::int64_t v = std::int64_t{q} * s.stride + c * s.dilation - s.padding_width;
                const bool inside = h >= 0 && h < s.height && v >= 0 && v < s.width;
                for (std::uint32_t first = 0; first < channels; first += 4) {
                    float products[4] = {0, 0, 0, 0};
                    for (std::uint32_t i = 0; i < 4 && first + i < channels; ++i) {
                        const auto pixel = static_cast<std::size_t>((n * s.height + h) * s.width + v);
                        const float a = inside ? x[pixel * s.channels + first_channel + first + i] : 0.0F;
                        const float b = w[((r * s.filter_width + c) * channels + first + i) * s.filters + f];
                        products[i] = a * b;
                        precise += double{a} * b;
                        magnitude += std::abs(double{a} * b);
                    }
                    const float low = products[0] + products[1];
                    const float high = products[2] + products[3];
                    sum += low + high;
                }
            }
        }
        exact.push_back(sum);
        sums.push_back(precise);
        magnitudes.push_back(magnitude);
    }
};

class convolutions : public testing::Test {
  protected:
    void expect_exact(const conv2d_shape& s, const conv2d_types& types, std::uint32_t seed) {
        SCOPED_TRACE(text(s) + "seed " + std::to_string(seed));
        const codes x = random_tensor(std::size_t{s.batch} * s.height * s.width * s.channels, types.input, seed);
        const codes w = random_tensor(std::size_t{s.filter_height} * s.filter_width * s.channels / s.groups * s.filters,
                                      types.weights, seed + 1);
        const auto found =
            on_.run([&](const die& d) { return make_conv2d(s, types, d); }, {{"input", x}, {"weights", w}});
        const reference expected(s, decoded(x, types.input), decoded(w, types.weights));
        EXPECT_EQ(differing(encoded(expected.exact, types.output), found.at("output")), 0U);
        const numbers results = decoded(found.at("output"), types.output);
        // Each addition rounds by half a unit at most of what is no larger than the
        // sum of magnitudes.
        const std::uint32_t additions = s.filter_height * s.filter_width * (s.channels / s.groups / 4 + 3);
        const double roundings = additions;
        const double of_output = types.output.format == numerics::number_format::bf16 ? 0x1p-8 : 0;
        for (std::size_t i = 0; i < results.size(); ++i) {
            ASSERT_LE(std::abs(static_cast<double>(results[i]) - expected.sums[i]),
                      roundings * 0x1p-24 * 1.001 * expected.magnitudes[i] +
                          of_output * (std::abs(expected.sums[i]) + 0x1p-20 * expected.magnitudes[i]))
                << i;
        }
    }
    dies on_;
};

constexpr conv2d_types to_fp32{bf16, bf16, fp32};
constexpr conv2d_types to_bf16{bf16, bf16, bf16};

TEST_F(convolutions, of_the_smallest_and_thinnest_shapes) {
    expect_exact({}, to_fp32, 1);
    expect_exact({.channels = 5, .filters = 9}, to_bf16, 2);
    expect_exact({.batch = 3, .height = 1, .width = 30, .channels = 2, .filter_width = 3}, to_fp32, 3);
    expect_exact({.height = 30, .width = 1, .channels = 1, .filters = 3, .filter_height = 7}, to_fp32, 4);
    expect_exact({.batch = 29, .height = 1, .width = 1, .channels = 70, .filters = 33}, to_bf16, 5);
}

TEST_F(convolutions, of_single_pixels_are_products_whatever_their_stride_and_padding) {
    expect_exact({.batch = 2, .height = 9, .width = 7, .channels = 21, .filters = 10, .stride = 2}, to_bf16, 6);
    expect_exact({.batch = 3,
                  .height = 6,
                  .width = 5,
                  .channels = 40,
                  .filters = 70,
                  .stride = 3,
                  .padding_height = 2,
                  .padding_width = 1},
                 to_fp32, 7);
    const numerics::element_type cfloat{numerics::number_format::cfp8_143, 7};
    expect_exact({.height = 12, .width = 11, .channels = 67, .filters = 33}, {cfloat, bf16, fp32}, 8);
}

TEST_F(convolutions, with_padding_stride_and_dilation) {
    expect_exact({.batch = 2,
                  .height = 9,
                  .width = 11,
                  .channels = 8,
                  .filters = 16,
                  .filter_height = 3,
                  .filter_width = 3,
                  .padding_height = 1,
                  .padding_width = 1},
                 to_bf16, 10);
    expect_exact({.height = 23,
                  .width = 23,
                  .channels = 3,
                  .filters = 12,
                  .filter_height = 7,
                  .filter_width = 7,
                  .stride = 2,
                  .padding_height = 3,
                  .padding_width = 3},
                 to_fp32, 11);
    expect_exact({.batch = 2, .height = 12, .width = 13, .channels = 6, .filters = 8, .stride = 2}, to_fp32, 12);
    expect_exact({.height = 15,
                  .width = 18,
                  .channels = 4,
                  .filters = 8,
                  .filter_height = 3,
                  .filter_width = 2,
                  .stride = 3,
                  .padding_height = 2,
                  .padding_width = 0,
                  .dilation = 2},
                 to_fp32, 13);
    expect_exact({.height = 16,
                  .width = 9,
                  .channels = 5,
                  .filters = 8,
                  .filter_height = 3,
                  .filter_width = 3,
                  .padding_height = 4,
                  .padding_width = 4,
                  .dilation = 4},
                 to_bf16, 14);
}

TEST_F(convolutions, with_groups_and_depth_wise) {
    expect_exact({.batch = 2,
                  .height = 6,
                  .width = 6,
                  .channels = 20,
                  .filters = 30,
                  .filter_height = 3,
                  .filter_width = 3,
                  .padding_height = 1,
                  .padding_width = 1,
                  .groups = 2},
                 to_bf16, 20);
    expect_exact({.height = 7,
                  .width = 10,
                  .channels = 13,
                  .filters = 13,
                  .filter_height = 3,
                  .filter_width = 3,
                  .padding_height = 1,
                  .padding_width = 1,
                  .groups = 13},
                 to_fp32, 21);
    expect_exact(
        {.height = 5, .width = 5, .channels = 6, .filters = 24, .filter_height = 2, .filter_width = 2, .groups = 3},
        to_fp32, 22);
}

TEST_F(convolutions, of_cfloat8) {
    constexpr numerics::element_type cfp8{numerics::number_format::cfp8_143, 7};
    expect_exact({.batch = 2,
                  .height = 9,
                  .width = 11,
                  .channels = 12,
                  .filters = 20,
                  .filter_height = 3,
                  .filter_width = 3,
                  .padding_height = 1,
                  .padding_width = 1},
                 {cfp8, cfp8, bf16}, 30);
    expect_exact(
        {.height = 9, .width = 11, .channels = 12, .filters = 20, .filter_height = 3, .filter_width = 3, .stride = 2},
        {cfp8, bf16, fp32}, 31);
}

TEST_F(convolutions, of_random_shapes) {
    constexpr std::uint32_t seed = 77;
    std::cout << "seed " << seed << "\n";
    std::mt19937 engine(seed);
    const auto draw = [&](std::uint32_t least, std::uint32_t most) {
        return static_cast<std::uint32_t>(least + engine() % (most - least + 1));
    };
    for (std::uint32_t i = 0; i < 40; ++i) {
        conv2d_shape s{.groups = draw(1, 3)};
        s.batch = draw(1, 4);
        s.channels = s.groups * draw(1, 12);
        s.filters = s.groups * draw(1, 20);
        s.filter_height = draw(1, 4);
        s.filter_width = draw(1, 4);
        s.stride = draw(1, 3);
        s.dilation = draw(1, 2);
        s.padding_height = draw(0, 2);
        s.padding_width = draw(0, 2);
        s.height = s.dilation * (s.filter_height - 1) + 1 + draw(0, 9);
        s.width = s.dilation * (s.filter_width - 1) + 1 + draw(0, 12);
        expect_exact(s, i % 2 == 0 ? to_bf16 : to_fp32, 100 + 2 * i);
        if (HasFailure()) return;
    }
}

TEST_F(convolutions, have_the_documented_input_gradients) {
    std::uint32_t seed = 500;
    for (const conv2d_shape s : {conv2d_shape{.channels = 5, .filters = 9},
                                 {.batch = 2,
                                 .height = 9,
                                 .width = 11,
                                 .channels = 8,
                                 .filters = 13,
                                 .filter_height = 3,
                                 .filter_width = 3,
                                 .padding_height = 1,
                                 .padding_width = 1},
                                 {.height = 14,
                                 .width = 15,
                                 .channels = 3,
                                 .filters = 12,
                                 .filter_height = 7,
                                 .filter_width = 5,
                                 .stride = 2,
                                 .padding_height = 3,
                                 .padding_width = 1},
                                 {.batch = 2, .height = 8, .width = 9, .channels = 6, .filters = 8, .stride = 3},
                                 {.batch = 2,
                                 .height = 12,
                                 .width = 10,
                                 .channels = 6,
                                 .filters = 9,
                                 .filter_height = 3,
                                 .filter_width = 3,
                                 .stride = 2,
                                 .padding_height = 2,
                                 .padding_width = 1,
                                 .dilation = 2,
                                 .groups = 3}}) {
        SCOPED_TRACE(text(s) + "seed " + std::to_string(seed));
        const std::uint32_t channels = s.channels / s.groups;
        const std::uint32_t filters = s.filters / s.groups;
        const codes dy_codes =
            random_tensor(std::size_t{s.batch} * s.output_height() * s.output_width() * s.filters, bf16, seed++);
        const codes w_codes =
            random_tensor(std::size_t{s.filter_height} * s.filter_width * channels * s.filters, bf16, seed++);
        const auto found = on_.run([&](const die& d) { return make_conv2d_input_gradient(s, to_fp32, d); },
                                   {{"d_output", dy_codes}, {"weights", w_codes}});
        const numbers dy = decoded(dy_codes, bf16);
        const numbers w = decoded(w_codes, bf16);
        numbers exact;
        std::vector<double> precise;
        for (std::uint32_t n = 0; n < s.batch; ++n) {
            for (std::uint32_t h = 0; h < s.height; ++h) {
                for (std::uint32_t v = 0; v < s.width; ++v) {
                    for (std::uint32_t c = 0; c < s.channels; ++c) {
                        float sum = 0;
                        double all = 0;
                        for (std::uint32_t tap = s.filter_height * s.filter_width; tap-- > 0;) {
                            const std::int64_t down =
                                std::int64_t{h} + s.padding_height - tap / s.filter_width * s.dilation;
                            const std::int64_t right =
                                std::int64_t{v} + s.padding_width - tap % s.filter_width * s.dilation;
                            const bool is_one = down >= 0 && right >= 0 && down % s.stride == 0 &&
                                                right % s.stride == 0 && down / s.stride < s.output_height() &&
                                                right / s.stride < s.output_width();
                            for (std::uint32_t first = 0; first < filters; first += 4) {
                                float products[4] = {0, 0, 0, 0};
                                for (std::uint32_t i = 0; i < 4 && first + i < filters; ++i) {
                                    const std::uint32_t f = c / channels * filters + first + i;
                                    const auto pixel = static_cast<std::size_t>(
                                        (n * s.output_height() + down / s.stride) * s.output_width() +
                                        right / s.stride);
                                    const float a = is_one ? dy[pixel * s.filters + f] : 0.0F;
                                    const float b = w[(tap * channels + c % channels) * s.filters + f];
                                    products[i] = a * b;
                                    all += double{a} * b;
                                }
                                const float low = products[0] + products[1];
                                const float high = products[2] + products[3];
                                sum += low + high;
                            }
                        }
                        exact.push_back(sum);
                        precise.push_back(all);
                    }
                }
            }
        }
        ASSERT_EQ(differing(encoded(exact, fp32), found.at("d_input")), 0U);
        expect_near(precise, exact, 0x1p-18, 1e-4);
    }
}

TEST(convolution_programs, pass_the_checker) {
    const die on("die", small_die(5, 4, {{1, 1}}));
    for (const conv2d_shape s : {conv2d_shape{.batch = 2,
                                .height = 20,
                                .width = 17,
                                .channels = 70,
                                .filters = 90,
                                .filter_height = 3,
                                .filter_width = 3,
                                .padding_height = 1,
                                .padding_width = 1},
                                 {.height = 30,
                                 .width = 30,
                                 .channels = 3,
                                 .filters = 64,
                                 .filter_height = 7,
                                 .filter_width = 7,
                                 .stride = 2,
                                 .padding_height = 3,
                                 .padding_width = 3}}) {
        const kernel k = make_conv2d(s, to_bf16, on);
        const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
        EXPECT_TRUE(found.empty()) << to_string(found.front());
    }
}

TEST(convolutions_that_cannot_be, are_refused_with_figures) {
    const die on("die", small_die(2, 2));
    const auto message = [&](const conv2d_shape& s) {
        try {
            (void)make_conv2d(s, to_bf16, on);
        } catch (const input_error& e) {
            return std::string(e.what());
        }
        return std::string("not refused");
    };
    EXPECT_THAT(message({.height = 3, .width = 3, .filter_height = 4}),
                testing::HasSubstr("does not fit into the padded input"));
    EXPECT_THAT(message({.channels = 3, .groups = 2}), testing::HasSubstr("must divide"));
    EXPECT_THAT(message({.stride = 0}), testing::HasSubstr("1 to 65535"));
    EXPECT_THAT(message({.batch = 64, .height = 56, .width = 56, .channels = 256, .filters = 256}),
                testing::ContainsRegex("each node needs at least [0-9]+ B of SRAM and has 1310720 B"));
}

TEST(convolution_on_a_whole_die, moves_no_more_than_its_operands_along_lines) {
    d1_parameters p;
    p.simulation.functional = false;
    die on("die", p, {.protocol = true});
    const conv2d_shape s{.batch = is_sanitized ? 8U : 16U,
                         .height = 14,
                         .width = 14,
                         .channels = 256,
                         .filters = 256,
                         .filter_height = 3,
                         .filter_width = 3,
                         .padding_height = 1,
                         .padding_width = 1};
    const kernel k = make_conv2d(s, to_bf16, on);
    const auto o = run_kernel(on, k, {});
    const conv2d_plan plan = plan_conv2d(s, to_bf16, on);
    // Every node but the first of its line gets its weights once, and its slab
    // once; halos are less than a slab.
    const std::uint64_t nodes = k.programs().where.nodes.size();
    EXPECT_LE(o.run.bytes_moved, nodes * (k.at("weights").bytes + std::uint64_t{2} * k.at("input").bytes));
    EXPECT_EQ(nodes, std::uint64_t{plan.columns()} * plan.filter_parts);
    EXPECT_GE(o.run.cycles, o.run.bounds.matrix);
    const double utilisation = static_cast<double>(s.macs()) / (256.0 * 354.0 * static_cast<double>(o.run.cycles));
    std::cout << "utilisation " << utilisation << ", estimated " << plan.estimated_cycles << ", ran " << o.run.cycles
              << "\n";
    EXPECT_GE(utilisation, is_sanitized ? 0.3 : 0.4);
}

}  // namespace
}  // namespace d1::kernels
