// Activations and optimizers give the documented bits on every die, and are near what double precision says.

#include <gtest/gtest.h>

#include "models/program/checker.hpp"
#include "testbenches/kernels/activation.hpp"
#include "testbenches/kernels/kernel_bench.hpp"
#include "testbenches/kernels/optimizer.hpp"

namespace d1::kernels {
namespace {

using numerics::elementary_function;

float f(elementary_function which, float a, float b = 0) {
    return numerics::evaluate(which, a, b);
}

/// Sizes from one element to several chunks a node, with tails.
constexpr std::uint64_t sizes[] = {1, 63, 64, 65, 1000, 5000, 13331};

float activated(activation a, float x) {
    switch (a) {
        case activation::relu:
            return x > 0 ? x : 0.0F;
        case activation::gelu: {
            const float e = f(elementary_function::error_function, x * 0.70710677F);
            const float half = e * 0.5F;
            return x * (half + 0.5F);
        }
        case activation::silu: {
            const float e = f(elementary_function::exponential, -x);
            return f(elementary_function::divide, x, e + 1);
        }
    }
    return 0;
}
double activated(activation a, double x) {
    return a == activation::relu   ? std::max(x, 0.0)
           : a == activation::gelu ? x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)))
                                   : x / (1 + std::exp(-x));
}

float slope(activation a, float x, float dy) {
    switch (a) {
        case activation::relu:
            return x > 0 ? dy : 0.0F;
        case activation::gelu: {
            const float square = x * x;
            const float e = f(elementary_function::exponential, square * -0.5F) * 0.3989423F;
            const float tail = x * e;
            const float half = f(elementary_function::error_function, x * 0.70710677F) * 0.5F;
            const float distribution = half + 0.5F;
            return dy * (distribution + tail);
        }
        case activation::silu: {
            const float e = f(elementary_function::exponential, -x);
            const float s = f(elementary_function::reciprocal, e + 1);
            const float rest = -s + 1;
            const float product = x * rest;
            return dy * (s * (product + 1));
        }
    }
    return 0;
}
double slope(activation a, double x, double dy) {
    const double s = 1 / (1 + std::exp(-x));
    return dy * (a == activation::relu   ? (x > 0 ? 1.0 : 0.0)
                 : a == activation::gelu ? 0.5 * (1 + std::erf(x / std::sqrt(2.0))) +
                                               x * std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0))
                                         : s * (1 + x * (1 - s)));
}

class activations : public testing::TestWithParam<activation> {};
INSTANTIATE_TEST_SUITE_P(all, activations, testing::Values(activation::relu, activation::gelu, activation::silu),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST_P(activations, give_the_documented_bits_on_every_die) {
    dies on;
    std::uint32_t seed = 1;
    for (const std::uint64_t n : sizes) {
        SCOPED_TRACE(testing::Message() << n << " elements, seed " << seed);
        const auto type = n % 2 == 0 ? fp32 : bf16;
        const codes x = random_tensor(n, bf16, seed++, 4);
        const auto found =
            on.run([&](const die& d) { return make_activation(GetParam(), n, bf16, type, d); }, {{"input", x}});
        numbers exact;
        std::vector<double> reference;
        for (const float v : decoded(x, bf16)) {
            exact.push_back(activated(GetParam(), v));
            reference.push_back(activated(GetParam(), static_cast<double>(v)));
        }
        ASSERT_EQ(differing(encoded(exact, type), found.at("output")), 0U);
        expect_near(reference, decoded(found.at("output"), type), type == bf16 ? 0x1p-8 : 0x1p-20, 1e-6);
    }
}

TEST_P(activations, have_the_documented_gradients_on_every_die) {
    dies on;
    std::uint32_t seed = 100;
    for (const std::uint64_t n : sizes) {
        SCOPED_TRACE(testing::Message() << n << " elements, seed " << seed);
        const codes x = random_tensor(n, bf16, seed++, 4);
        const codes dy = random_tensor(n, bf16, seed++);
        const auto found =
            on.run([&](const die& d) { return make_activation_gradient(GetParam(), n, bf16, bf16, fp32, d); },
                   {{"input", x}, {"d_output", dy}});
        const numbers xs = decoded(x, bf16);
        const numbers dys = decoded(dy, bf16);
        numbers exact(n);
        std::vector<double> reference(n);
        for (std::size_t i = 0; i < n; ++i) {
            exact[i] = slope(GetParam(), xs[i], dys[i]);
            reference[i] = slope(GetParam(), static_cast<double>(xs[i]), static_cast<double>(dys[i]));
        }
        ASSERT_EQ(differing(encoded(exact, fp32), found.at("d_input")), 0U);
        expect_near(reference, decoded(found.at("d_input"), fp32), 0x1p-18, 2e-6);
    }
}

TEST(residual_add, rounds_the_sum_once) {
    dies on;
    for (const std::uint64_t n : sizes) {
        const codes a = random_tensor(n, bf16, 7);
        const codes b = random_tensor(n, bf16, 8, 0.01F);
        const auto found =
            on.run([&](const die& d) { return make_residual_add(n, bf16, bf16, d); }, {{"a", a}, {"b", b}});
        const numbers as = decoded(a, bf16);
        const numbers bs = decoded(b, bf16);
        numbers exact(n);
        for (std::size_t i = 0; i < n; ++i) exact[i] = as[i] + bs[i];
        ASSERT_EQ(differing(encoded(exact, bf16), found.at("output")), 0U);
    }
}

TEST(conversion, with_stochastic_rounding_depends_on_the_element_alone) {
    dies on;
    constexpr std::uint64_t n = 4001;
    const codes x = random_tensor(n, fp32, 9);
    const auto found = on.run([&](const die& d) { return make_conversion(n, fp32, bf16, 77, d); }, {{"input", x}});
    const std::uint64_t seed = on.at().parameters().arithmetic.rounding_seed;
    codes exact(n);
    for (std::size_t i = 0; i < n; ++i) {
        // The cut-off half plus a random half carries into the kept one with the probability that is wanted.
        const std::uint32_t random = numerics::rounding_word(seed, {numerics::rounding_mode::stochastic, 77, 0}, i);
        exact[i] = static_cast<std::uint32_t>((std::uint64_t{x[i]} * 0x10000 + random) >> 32U);
    }
    EXPECT_EQ(differing(exact, found.at("output")), 0U);
}

TEST(sgd_step, gives_the_documented_bits_and_follows_double_precision) {
    dies on;
    for (const double decay : {0.0, 0.0001}) {
        for (const std::uint64_t n : sizes) {
            const sgd s{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = decay};
            const std::map<std::string, codes> in{{"w", random_tensor(n, fp32, 1)},
                                                  {"g", random_tensor(n, bf16, 2, 0.1F)},
                                                  {"v", random_tensor(n, fp32, 3, 0.1F)}};
            const auto found = on.run([&](const die& d) { return make_sgd(s, n, {}, d); }, in);
            const numbers w = decoded(in.at("w"), fp32);
            const numbers g = decoded(in.at("g"), bf16);
            const numbers v = decoded(in.at("v"), fp32);
            numbers exact_v(n);
            numbers exact_w(n);
            std::vector<double> reference(n);
            for (std::size_t i = 0; i < n; ++i) {
                const float decayed = w[i] * static_cast<float>(decay);
                const float gradient = decay == 0 ? g[i] : decayed + g[i];
                const float kept = v[i] * 0.9F;
                exact_v[i] = kept + gradient;
                const float moved = exact_v[i] * -0.1F;
                exact_w[i] = moved + w[i];
                reference[i] = w[i] - 0.1 * (0.9 * v[i] + g[i] + decay * w[i]);
            }
            ASSERT_EQ(differing(encoded(exact_v, fp32), found.at("v")), 0U);
            ASSERT_EQ(differing(encoded(exact_w, fp32), found.at("w")), 0U);
            expect_near(reference, decoded(found.at("w"), fp32), 0x1p-22, 1e-7);
        }
    }
}

/// One step in double precision and, as documented, in FP32.
struct adam_reference {
    adam a;
    static float single(double x) { return static_cast<float>(x); }

    void in_single(float& w, float& m, float& v, float g) const {
        if (a.weight_decay != 0 && !a.decoupled) {
            const float decayed = w * single(a.weight_decay);
            g = decayed + g;
        }
        const float share = g * single(1 - a.beta1);
        const float kept = m * single(a.beta1);
        m = kept + share;
        const float square = g * g;
        const float square_share = square * single(1 - a.beta2);
        const float square_kept = v * single(a.beta2);
        v = square_kept + square_share;
        double power1 = 1;
        double power2 = 1;
        for (std::uint32_t i = 0; i < a.step; ++i) {
            power1 *= a.beta1;
            power2 *= a.beta2;
        }
        const float corrected = v * single(1 / (1 - power2));
        const float root = f(elementary_function::square_root, corrected) + single(a.epsilon);
        const float direction = f(elementary_function::divide, m, root);
        const float before = a.decoupled && a.weight_decay != 0 ? w * single(1 - a.learning_rate * a.weight_decay) : w;
        const float moved = direction * single(-a.learning_rate / (1 - power1));
        w = moved + before;
    }
    [[nodiscard]] double in_double(double w, double m, double v, double g) const {
        if (!a.decoupled) g += a.weight_decay * w;
        m = a.beta1 * m + (1 - a.beta1) * g;
        v = a.beta2 * v + (1 - a.beta2) * g * g;
        const double mean = m / (1 - std::pow(a.beta1, a.step));
        const double spread = v / (1 - std::pow(a.beta2, a.step));
        return w - (a.decoupled ? a.learning_rate * a.weight_decay * w : 0) -
               a.learning_rate * mean / (std::sqrt(spread) + a.epsilon);
    }
};

TEST(adam_step, gives_the_documented_bits_and_follows_double_precision) {
    dies on;
    for (const adam& a : {adam{.step = 1}, adam{.weight_decay = 0.01, .decoupled = true, .step = 10},
                          adam{.weight_decay = 0.01, .decoupled = false, .step = 1000}}) {
        for (const std::uint64_t n : {1U, 65U, 3001U}) {
            const std::map<std::string, codes> in{{"w", random_tensor(n, fp32, 1)},
                                                  {"g", random_tensor(n, bf16, 2, 0.1F)},
                                                  {"m", random_tensor(n, fp32, 3, 0.1F)},
                                                  {"v", random_tensor(n, fp32, 4, 0.1F)}};
            auto positive = in;
            for (std::uint32_t& code : positive.at("v")) code &= 0x7FFF'FFFFU;
            const auto found = on.run([&](const die& d) { return make_adam(a, n, {}, d); }, positive);
            numbers w = decoded(in.at("w"), fp32);
            numbers m = decoded(in.at("m"), fp32);
            numbers v = decoded(positive.at("v"), fp32);
            const numbers g = decoded(in.at("g"), bf16);
            std::vector<double> reference(n);
            for (std::size_t i = 0; i < n; ++i) {
                reference[i] = adam_reference{a}.in_double(w[i], m[i], v[i], g[i]);
                adam_reference{a}.in_single(w[i], m[i], v[i], g[i]);
            }
            ASSERT_EQ(differing(encoded(m, fp32), found.at("m")), 0U);
            ASSERT_EQ(differing(encoded(v, fp32), found.at("v")), 0U);
            ASSERT_EQ(differing(encoded(w, fp32), found.at("w")), 0U);
            expect_near(reference, decoded(found.at("w"), fp32), 0x1p-21, 1e-7);
        }
    }
}

TEST(adam_step, rounds_bf16_weights_stochastically_by_element) {
    dies on;
    constexpr std::uint64_t n = 2000;
    const optimizer_types types{.weights = bf16, .key = 5};
    const std::map<std::string, codes> in{
        {"w", random_tensor(n, bf16, 1)}, {"g", random_tensor(n, bf16, 2)}, {"m", codes(n)}, {"v", codes(n)}};
    // The same bits on every die is what run() expects; and without a bias the mean of many small steps survives.
    const auto found = on.run([&](const die& d) { return make_adam({.learning_rate = 0.001}, n, types, d); }, in);
    const numbers before = decoded(in.at("w"), bf16);
    const numbers after = decoded(found.at("w"), bf16);
    const numbers g = decoded(in.at("g"), bf16);
    double moved = 0;
    for (std::size_t i = 0; i < n; ++i) moved += (before[i] - after[i]) * (g[i] > 0 ? 1.0F : -1.0F);
    // Each step is 0.001; a weight's unit is about 0.004, the standard deviation of its rounding below 0.002.
    EXPECT_NEAR(moved / n, 0.001, 5 * 0.002 / std::sqrt(static_cast<double>(n)));
}

TEST(elementwise_kernels, that_do_not_fit_are_refused_with_figures) {
    const die on("die", small_die(2, 2));
    try {
        (void)make_residual_add(3000000, fp32, fp32, on);
        FAIL() << "not refused";
    } catch (const input_error& e) {
        EXPECT_STREQ(e.what(),
                     "residual_add of 3000000 x 1 elements does not fit: it needs 12 B for each, and 4 live nodes have "
                     "5242880 B of SRAM together");
    }
    try {
        (void)make_residual_add(436900, fp32, fp32, on);  // what lies beside the tensors decides
        (void)make_adam({}, 290000, {}, on);
        FAIL() << "not refused";
    } catch (const input_error& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("B of SRAM and has 1310720 B (4 live nodes, 5242880 B together)"));
    }
}

TEST(elementwise_kernels, pass_the_checker) {
    const die on("die", small_die(3, 3, {{1, 1}}));
    for (const std::uint64_t n : sizes) {
        const kernel k = make_adam({.weight_decay = 0.1}, n, {.key = 3}, on);
        const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
        EXPECT_TRUE(found.empty()) << to_string(found.front());
    }
}

}  // namespace
}  // namespace d1::kernels
