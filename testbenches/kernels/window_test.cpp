// Pooling and depth-wise convolutions give the documented bits on every die,
// forwards and backwards.

#include "testbenches/kernels/window.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "models/program/checker.hpp"
#include "testbenches/kernels/kernel_bench.hpp"

namespace d1::kernels {
namespace {

const std::vector<window_shape> shapes{
    {},
    {.batch = 3, .height = 1, .width = 9, .channels = 5, .window_width = 2},
    {.height = 12, .width = 10, .channels = 3, .window_height = 2, .window_width = 2, .stride = 2},
    {.batch = 2,
     .height = 15,
     .width = 13,
     .channels = 20,
     .window_height = 3,
     .window_width = 3,
     .stride = 2,
     .padding_height = 1,
     .padding_width = 1},
    {.height = 31,
     .width = 7,
     .channels = 33,
     .window_height = 5,
     .window_width = 4,
     .padding_height = 2,
     .padding_width = 1},
    {.batch = 14, .height = 4, .width = 4, .channels = 17, .window_height = 4, .window_width = 4},
    {.batch = 2, .height = 10, .width = 11, .channels = 40, .window_height = 2, .window_width = 3, .stride = 4},
};

/// Calls use(output element, place, input element) for every place of every
/// window that lies in the input, by output and place in ascending order.
template <typename Use>
void for_each_place(const window_shape& s, Use&& use) {
    std::size_t output = 0;
    for (std::uint32_t n = 0; n < s.batch; ++n) {
        for (std::uint32_t p = 0; p < s.output_height(); ++p) {
            for (std::uint32_t q = 0; q < s.output_width(); ++q) {
                for (std::uint32_t c = 0; c < s.channels; ++c, ++output) {
                    for (std::uint32_t place = 0; place < s.places(); ++place) {
                        const std::int64_t h = std::int64_t{p} * s.stride + place / s.window_width - s.padding_height;
                        const std::int64_t w = std::int64_t{q} * s.stride + place % s.window_width - s.padding_width;
                        const bool inside = h >= 0 && h < s.height && w >= 0 && w < s.width;
                        const auto input =
                            static_cast<std::size_t>(((n * s.height + h) * s.width + w) * s.channels + c);
                        use(output, place, inside ? input : std::numeric_limits<std::size_t>::max(), c);
                    }
                }
            }
        }
    }
}
constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

/// What one operation does forwards and backwards, by loop nests.
struct reference {
    numbers output;
    codes places;
    numbers d_input;
    std::vector<double> exact_output;
    std::vector<double> exact_d_input;

    reference(window_operation operation, const window_shape& s, const numbers& x, const numbers& w, const numbers& dy)
        : output(dy.size()), places(dy.size()), d_input(x.size()), exact_output(dy.size()), exact_d_input(x.size()) {
        const float share = 1.0F / static_cast<float>(s.places());
        for_each_place(s, [&](std::size_t o, std::uint32_t place, std::size_t i, std::uint32_t c) {
            const bool inside = i != nowhere;
            if (operation == window_operation::maximum) {
                const float v = inside ? x[i] : -std::numeric_limits<float>::infinity();
                if (place == 0 || v > output[o]) {
                    output[o] = v;
                    places[o] = place;
                }
                exact_output[o] = static_cast<double>(output[o]);
                return;
            }
            const float v = inside ? x[i] : 0.0F;
            const float weight = operation == window_operation::depth_wise ? w[place * s.channels + c] : 1.0F;
            const float product = v * weight;
            output[o] = place == 0 ? product : output[o] + product;
            exact_output[o] += double{v} * weight / (operation == window_operation::average ? s.places() : 1);
        });
        if (operation == window_operation::average) {
            for (float& v : output) v = v * share;
        }
        // By place first: every element takes its shares in the order of places.
        for (std::uint32_t wanted = 0; wanted < s.places(); ++wanted) {
            for_each_place(s, [&](std::size_t o, std::uint32_t place, std::size_t i, std::uint32_t c) {
                if (place != wanted || i == nowhere) return;
                const float factor = operation == window_operation::maximum   ? (places[o] == place ? 1.0F : 0.0F)
                                     : operation == window_operation::average ? share
                                                                              : w[place * s.channels + c];
                const float part = dy[o] * factor;
                d_input[i] = d_input[i] + part;
                exact_d_input[i] +=
                    double{dy[o]} *
                    (operation == window_operation::average ? 1.0 / s.places() : static_cast<double>(factor));
            });
        }
    }
};

class windows : public testing::TestWithParam<window_operation> {};
INSTANTIATE_TEST_SUITE_P(all, windows,
                         testing::Values(window_operation::maximum, window_operation::average,
                                         window_operation::depth_wise),
                         [](const auto& tested) {
                             return std::string(tested.param == window_operation::maximum   ? "maximum"
                                                : tested.param == window_operation::average ? "average"
                                                                                            : "depth_wise");
                         });

TEST_P(windows, give_the_documented_bits_forwards_and_backwards) {
    dies on;
    const auto operation = GetParam();
    std::uint32_t seed = 1;
    for (const window_shape& s : shapes) {
        SCOPED_TRACE(testing::Message() << s.batch << " x " << s.height << "x" << s.width << " x " << s.channels << ", "
                                        << s.window_height << "x" << s.window_width << ", seed " << seed);
        const std::size_t inputs = std::size_t{s.batch} * s.height * s.width * s.channels;
        const std::size_t outputs = std::size_t{s.batch} * s.output_height() * s.output_width() * s.channels;
        const codes x = random_tensor(inputs, bf16, seed++);
        const codes w = random_tensor(std::size_t{s.places()} * s.channels, fp32, seed++);
        const codes dy = random_tensor(outputs, bf16, seed++);
        const window_types types{bf16, fp32, fp32};
        std::map<std::string, codes> in{{"input", x}, {"weights", w}, {"d_output", dy}};
        const auto forward = on.run([&](const die& d) { return make_window(operation, s, types, d); }, in);
        if (operation == window_operation::maximum) in["places"] = forward.at("places");
        const auto backward = on.run([&](const die& d) { return make_window_gradient(operation, s, types, d); }, in);
        const reference expected(operation, s, decoded(x, bf16), decoded(w, fp32), decoded(dy, bf16));
        ASSERT_EQ(differing(encoded(expected.output, fp32), forward.at("output")), 0U);
        ASSERT_EQ(differing(encoded(expected.d_input, fp32), backward.at("d_input")), 0U);
        if (operation == window_operation::maximum) {
            ASSERT_EQ(differing(expected.places, forward.at("places")), 0U);
        }
        expect_near(expected.exact_output, expected.output, 0x1p-20, 4e-6);
        expect_near(expected.exact_d_input, expected.d_input, 0x1p-20, 4e-6);
    }
}

TEST_P(windows, have_programs_that_pass_the_checker) {
    const die on("die", small_die(5, 4, {{1, 1}}));
    for (const window_shape& s : shapes) {
        for (const kernel& k : {make_window(GetParam(), s, {}, on), make_window_gradient(GetParam(), s, {}, on)}) {
            const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
            ASSERT_TRUE(found.empty()) << to_string(found.front());
        }
    }
}

TEST(windows_that_cannot_be, are_refused_with_figures) {
    const die on("die", small_die(2, 2));
    const auto message = [&](const window_shape& s) {
        try {
            (void)make_window(window_operation::maximum, s, {}, on);
        } catch (const input_error& e) {
            return std::string(e.what());
        }
        return std::string("not refused");
    };
    EXPECT_THAT(message({.window_height = 2}), testing::HasSubstr("does not fit into the padded input"));
    EXPECT_THAT(message({.padding_width = 1}), testing::HasSubstr("the padding must be smaller than the window"));
    EXPECT_THAT(message({.batch = 4, .height = 100, .width = 100, .channels = 50}),
                testing::ContainsRegex("a node needs [0-9]+ B of SRAM and has 1310720 B"));
}

}  // namespace
}  // namespace d1::kernels
