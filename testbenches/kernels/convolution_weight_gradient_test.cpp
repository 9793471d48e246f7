// Weight gradients of convolutions give the documented bits whatever their shape, plan, level and die, and are near
// double precision.

#include <gtest/gtest.h>

#include "models/program/checker.hpp"
#include "testbenches/kernels/convolution.hpp"
#include "testbenches/kernels/kernel_bench.hpp"

namespace d1::kernels {
namespace {

constexpr conv2d_types gradient_to_fp32{bf16, bf16, fp32};
constexpr conv2d_types gradient_to_bf16{bf16, bf16, bf16};

/// A loop nest over the tensors, in the documented order and in double precision.
struct weight_gradient_reference {
    numbers exact;
    std::vector<double> sums;
    std::vector<double> magnitudes;

    weight_gradient_reference(const conv2d_shape& s, const numbers& x, const numbers& dy) : s_(s), x_(x), dy_(dy) {
        for (std::uint32_t r = 0; r < s.filter_height; ++r) {
            for (std::uint32_t c = 0; c < s.filter_width; ++c) {
                for (std::uint32_t channel = 0; channel < s.group_channels(); ++channel) {
                    for (std::uint32_t f = 0; f < s.filters; ++f) add(r, c, channel, f);
                }
            }
        }
    }

  private:
    void add(std::uint32_t r, std::uint32_t c, std::uint32_t channel, std::uint32_t f) {
        const std::uint32_t of_input = f / s_.group_filters() * s_.group_channels() + channel;
        float sum = 0;
        double precise = 0;
        double magnitude = 0;
        for (std::uint32_t first = 0; first < s_.batch; first += 4) {
            for (std::uint32_t p = 0; p < s_.output_height(); ++p) {
                for (std::uint32_t q = 0; q < s_.output_width(); ++q) {
                    float products[4] = {0, 0, 0, 0};
                    for (std::uint32_t i = 0; i < 4 && first + i < s_.batch; ++i) {
                        const float a = input(first + i, std::int64_t{p} * s_.stride + r * s_.dilation,
                                              std::int64_t{q} * s_.stride + c * s_.dilation, of_input);
                        const float b =
                            dy_[((std::size_t{first} + i) * s_.output_height() + p) * s_.output_width() * s_.filters +
                                std::size_t{q} * s_.filters + f];
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
    /// Of the padded input.
    [[nodiscard]] float input(std::uint32_t image, std::int64_t row, std::int64_t column, std::uint32_t channel) const {
        row -= s_.padding_height;
        column -= s_.padding_width;
        if (row < 0 || row >= s_.height || column < 0 || column >= s_.width) return 0;
        const auto pixel = static_cast<std::size_t>((std::int64_t{image} * s_.height + row) * s_.width + column);
        return x_[pixel * s_.channels + channel];
    }

    const conv2d_shape& s_;
    const numbers& x_;
    const numbers& dy_;
};

class weight_gradients : public testing::Test {
  protected:
    void expect_exact(const conv2d_shape& s, const conv2d_types& types, std::uint32_t seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const codes x = random_tensor(std::size_t{s.batch} * s.height * s.width * s.channels, types.input, seed);
        const codes dy = random_tensor(std::size_t{s.batch} * s.output_height() * s.output_width() * s.filters,
                                       types.weights, seed + 1);
        const auto found = on_.run([&](const die& d) { return make_conv2d_weight_gradient(s, types, d); },
                                   {{"input", x}, {"d_output", dy}});
        const weight_gradient_reference expected(s, decoded(x, types.input), decoded(dy, types.weights));
        EXPECT_EQ(differing(encoded(expected.exact, types.output), found.at("d_weights")), 0U);
        const numbers results = decoded(found.at("d_weights"), types.output);
        // Each addition rounds by half a unit at most of what is no larger than the sum of magnitudes.
        const std::uint32_t additions = (s.batch + 3) / 4 * s.output_height() * s.output_width() + 3;
        const double roundings = additions;
        const double of_output = types.output == bf16 ? 0x1p-8 : 0;
        for (std::size_t i = 0; i < results.size(); ++i) {
            const double bound = roundings * 0x1p-24 * 1.001 * expected.magnitudes[i];
            ASSERT_LE(std::abs(static_cast<double>(results[i]) - expected.sums[i]),
                      bound + of_output * (std::abs(expected.sums[i]) + bound))
                << i;
        }
    }
    dies on_;
};

TEST_F(weight_gradients, of_the_smallest_and_thinnest_shapes) {
    expect_exact({}, gradient_to_fp32, 1);
    expect_exact({.batch = 5, .channels = 5, .filters = 9}, gradient_to_bf16, 2);
    expect_exact({.batch = 3, .height = 1, .width = 30, .channels = 2, .filter_width = 3}, gradient_to_fp32, 3);
    expect_exact({.height = 30, .width = 1, .channels = 1, .filters = 3, .filter_height = 7}, gradient_to_fp32, 4);
    expect_exact({.batch = 9, .height = 5, .width = 4, .channels = 70, .filters = 33}, gradient_to_bf16, 5);
}

TEST_F(weight_gradients, with_padding_stride_and_dilation) {
    expect_exact({.batch = 2,
                  .height = 9,
                  .width = 11,
                  .channels = 9,
                  .filters = 16,
                  .filter_height = 3,
                  .filter_width = 3,
                  .padding_height = 1,
                  .padding_width = 1},
                 gradient_to_fp32, 10);
    expect_exact({.batch = 6,
                  .height = 13,
                  .width = 12,
                  .channels = 3,
                  .filters = 10,
                  .filter_height = 5,
                  .filter_width = 4,
                  .stride = 2,
                  .padding_height = 2,
                  .padding_width = 3},
                 gradient_to_bf16, 20);
    expect_exact({.batch = 4,
                  .height = 12,
                  .width = 15,
                  .channels = 4,
                  .filters = 8,
                  .filter_height = 3,
                  .filter_width = 2,
                  .stride = 3,
                  .padding_height = 1,
                  .dilation = 2},
                 gradient_to_fp32, 30);
    expect_exact({.height = 9, .width = 9, .channels = 20, .filters = 24, .stride = 2}, gradient_to_fp32, 40);
}

TEST_F(weight_gradients, of_groups_and_of_eight_bits) {
    expect_exact({.batch = 5,
                  .height = 7,
                  .width = 6,
                  .channels = 12,
                  .filters = 30,
                  .filter_height = 3,
                  .filter_width = 3,
                  .padding_height = 1,
                  .padding_width = 1,
                  .groups = 3},
                 gradient_to_fp32, 50);
    expect_exact({.batch = 4,
                  .height = 6,
                  .width = 5,
                  .channels = 7,
                  .filters = 7,
                  .filter_height = 2,
                  .filter_width = 3,
                  .stride = 2,
                  .groups = 7},
                 gradient_to_bf16, 60);
    const numerics::element_type cfloat{numerics::number_format::cfp8_143, 7};
    expect_exact({.batch = 4, .height = 5, .width = 5, .channels = 17, .filters = 11, .filter_height = 3},
                 {cfloat, cfloat, fp32}, 70);
}

TEST(weight_gradient_programs, pass_the_checker) {
    const die on("die", small_die(5, 4, {{1, 1}}));
    for (const conv2d_shape s : {conv2d_shape{.batch = 6,
                                .height = 20,
                                .width = 17,
                                .channels = 70,
                                .filters = 90,
                                .filter_height = 3,
                                .filter_width = 3,
                                .padding_height = 1,
                                .padding_width = 1},
                                 {.batch = 4,
                                 .height = 30,
                                 .width = 30,
                                 .channels = 24,
                                 .filters = 64,
                                 .filter_height = 7,
                                 .filter_width = 7,
                                 .stride = 2,
                                 .padding_height = 3,
                                 .padding_width = 3}}) {
        const kernel k = make_conv2d_weight_gradient(s, gradient_to_bf16, on);
        EXPECT_GT(k.programs().where.nodes.size(), 1U);
        const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
        EXPECT_TRUE(found.empty()) << to_string(found.front());
    }
}

TEST(weight_gradients_that_cannot_be, are_refused_with_figures) {
    const die on("die", small_die(2, 2));
    const auto message = [&](const conv2d_shape& s) {
        try {
            (void)make_conv2d_weight_gradient(s, gradient_to_bf16, on);
        } catch (const input_error& e) {
            return std::string(e.what());
        }
        return std::string("not refused");
    };
    EXPECT_THAT(message({.channels = 3, .groups = 2}), testing::HasSubstr("must divide"));
    EXPECT_THAT(message({.batch = 4, .height = 56, .width = 56, .channels = 256, .filters = 256}),
                testing::ContainsRegex("the weight gradient of .* each node needs at least [0-9]+ B of SRAM and has "
                                       "1310720 B"));
}

}  // namespace
}  // namespace d1::kernels
