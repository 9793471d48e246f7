// Attention gives the documented bits on every die, and is near what double
// precision says.

#include "testbenches/kernels/attention.hpp"

#include <gtest/gtest.h>

#include "models/program/checker.hpp"
#include "models/reporting/sanitized.hpp"
#include "testbenches/kernels/kernel_bench.hpp"

namespace d1::kernels {
namespace {

using numerics::elementary_function;

/// A matrix product's order: from c, steps of four.
float in_steps(float c, const numbers& a, const numbers& b) {
    for (std::size_t k = 0; k < a.size(); k += 4) {
        float products[4] = {0, 0, 0, 0};
        for (std::size_t i = k; i < std::min(k + 4, a.size()); ++i) products[i - k] = a[i] * b[i];
        const float low = products[0] + products[1];
        const float high = products[2] + products[3];
        c += low + high;
    }
    return c;
}

/// The sum of a row in 16 lanes.
float in_lanes(const numbers& v) {
    numbers lanes(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(16, v.size())));
    for (std::size_t i = 16; i < v.size(); ++i) lanes[i % 16] += v[i];
    for (const std::size_t half : {8U, 4U, 2U, 1U}) {
        for (std::size_t l = half; l < std::min(2 * half, lanes.size()); ++l) lanes[l - half] += lanes[l];
        lanes.resize(std::min(half, lanes.size()));
    }
    return lanes[0];
}

/// One query of one head, in the documented order and in double precision.
struct attention_reference {
    numbers exact;
    std::vector<double> precise;

    attention_reference(const attention_shape& s, const numbers& q, const numbers& k, const numbers& v) {
        for (std::size_t h = 0; h < s.heads; ++h) {
            for (std::size_t i = 0; i < s.length; ++i) add(s, h, i, q, k, v);
        }
    }

  private:
    void add(const attention_shape& s, std::size_t head, std::size_t i, const numbers& q, const numbers& k,
             const numbers& v) {
        const auto row = [&](const numbers& of, std::size_t position) {
            const auto begin = of.begin() + static_cast<std::ptrdiff_t>((head * s.length + position) * s.depth);
            return numbers(begin, begin + s.depth);
        };
        const std::size_t seen = s.causal ? i + 1 : s.length;
        const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(s.depth)));
        float m = -std::numeric_limits<float>::infinity();
        float l = 0;
        numbers o(s.depth, 0);
        for (std::size_t first = 0; first < seen; first += attention_block) {
            // Hidden keys of the block count with a weight of zero.
            const std::size_t end = std::min<std::size_t>(s.length, first + attention_block);
            numbers scores;
            for (std::size_t j = first; j < end; ++j) {
                scores.push_back(j < seen ? in_steps(0, row(q, i), row(k, j)) * scale
                                          : -std::numeric_limits<float>::infinity());
            }
            const float n = std::max(m, *std::max_element(scores.begin(), scores.end()));
            const float c = numerics::evaluate(elementary_function::exponential, m - n);
            for (float& p : scores) p = numerics::evaluate(elementary_function::exponential, p - n);
            l = l * c;
            l = l + in_lanes(scores);
            for (float& p : scores) p = rounded(p, bf16);
            for (std::size_t d = 0; d < s.depth; ++d) {
                numbers column;
                for (std::size_t j = first; j < end; ++j) column.push_back(v[(head * s.length + j) * s.depth + d]);
                o[d] = in_steps(o[d] * c, scores, column);
            }
            m = n;
        }
        const float inverse = numerics::evaluate(elementary_function::reciprocal, l);
        for (const float value : o) exact.push_back(value * inverse);
        add_precise(s, head, i, seen, q, k, v);
    }
    void add_precise(const attention_shape& s, std::size_t head, std::size_t i, std::size_t seen, const numbers& q,
                     const numbers& k, const numbers& v) {
        const auto at = [&](const numbers& of, std::size_t position, std::size_t d) {
            return static_cast<double>(of[(head * s.length + position) * s.depth + d]);
        };
        std::vector<double> sums(s.depth, 0);
        double all = 0;
        for (std::size_t j = 0; j < seen; ++j) {
            double score = 0;
            for (std::size_t d = 0; d < s.depth; ++d) score += at(q, i, d) * at(k, j, d);
            const double weight = std::exp(score / std::sqrt(static_cast<double>(s.depth)));
            all += weight;
            for (std::size_t d = 0; d < s.depth; ++d) sums[d] += weight * at(v, j, d);
        }
        for (const double sum : sums) precise.push_back(sum / all);
    }
};

TEST(attention, gives_the_documented_bits_on_every_die) {
    dies on;
    std::uint32_t seed = 1;
    for (const attention_shape base : {attention_shape{1, 1, 1}, {2, 5, 3}, {3, 64, 8}, {1, 200, 20}, {14, 65, 4}}) {
        for (const bool causal : {false, true}) {
            attention_shape s = base;
            s.causal = causal;
            SCOPED_TRACE(testing::Message() << s.heads << " x " << s.length << " x " << s.depth << ", causal " << causal
                                            << ", seed " << seed);
            const std::size_t n = std::size_t{s.heads} * s.length * s.depth;
            const std::map<std::string, codes> in{{"queries", random_tensor(n, bf16, seed, 2)},
                                                  {"keys", random_tensor(n, bf16, seed + 1)},
                                                  {"values", random_tensor(n, bf16, seed + 2)}};
            seed += 3;
            const auto found = on.run([&](const die& d) { return make_attention(s, {bf16, fp32}, d); }, in);
            const attention_reference expected(s, decoded(in.at("queries"), bf16), decoded(in.at("keys"), bf16),
                                               decoded(in.at("values"), bf16));
            ASSERT_EQ(differing(encoded(expected.exact, fp32), found.at("output")), 0U);
            // Weights are rounded to bf16 on their way into the matrix unit: 2^-9 of
            // values of a few units.
            expect_near(expected.precise, expected.exact, 0, 5 * 0x1p-9);
        }
    }
}

/// The gradients of one head after the other, in the documented order and in double precision.
struct gradient_reference {
    numbers dq, dk, dv;
    std::vector<double> precise_dq, precise_dk, precise_dv;

    gradient_reference(const attention_shape& s, const numbers& queries, const numbers& keys, const numbers& values,
                       const numbers& outputs, const numbers& slopes)
        : s_(s), q_(queries), k_(keys), v_(values), y_(outputs), dy_(slopes) {
        for (head_ = 0; head_ < s.heads; ++head_) {
            in_single();
            in_double();
        }
    }

  private:
    [[nodiscard]] numbers row(const numbers& of, std::size_t position) const {
        const auto begin = of.begin() + static_cast<std::ptrdiff_t>((head_ * s_.length + position) * s_.depth);
        return numbers(begin, begin + s_.depth);
    }
    [[nodiscard]] std::size_t seen(std::size_t i) const { return s_.causal ? i + 1 : s_.length; }

    void in_single() {
        const std::size_t n = s_.length;
        const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(s_.depth)));
        std::vector<numbers> p(n, numbers(n, 0)), g(n, numbers(n, 0));
        for (std::size_t i = 0; i < n; ++i) {
            float m = -std::numeric_limits<float>::infinity();
            float l = 0;
            numbers scores(n, -std::numeric_limits<float>::infinity());
            for (std::size_t j = 0; j < seen(i); ++j) scores[j] = in_steps(0, row(q_, i), row(k_, j)) * scale;
            for (std::size_t first = 0; first < seen(i); first += attention_block) {
                const std::size_t end = std::min<std::size_t>(n, first + attention_block);
                const auto at = [&](std::size_t j) { return scores.begin() + static_cast<std::ptrdiff_t>(j); };
                const float next = std::max(m, *std::max_element(at(first), at(end)));
                const float c = numerics::evaluate(elementary_function::exponential, m - next);
                numbers weights;
                for (std::size_t j = first; j < end; ++j) {
                    weights.push_back(numerics::evaluate(elementary_function::exponential, scores[j] - next));
                }
                l = l * c;
                l = l + in_lanes(weights);
                m = next;
            }
            const float share = numerics::evaluate(elementary_function::reciprocal, l);
            numbers products;
            for (std::size_t d = 0; d < s_.depth; ++d) products.push_back(row(y_, i)[d] * row(dy_, i)[d]);
            products.resize((products.size() + 3) / 4 * 4, 0);
            const float mean = in_lanes(products);
            for (std::size_t j = 0; j < seen(i); ++j) {
                p[i][j] = numerics::evaluate(elementary_function::exponential, scores[j] - m) * share;
                const float slope = in_steps(0, row(dy_, i), row(v_, j)) - mean;
                const float product = slope * p[i][j];
                g[i][j] = rounded(product * scale, bf16);
                p[i][j] = rounded(p[i][j], bf16);
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t d = 0; d < s_.depth; ++d) {
                dq.push_back(sum_in_blocks([&](std::size_t j) { return g[i][j]; }, k_, d));
                dk.push_back(sum_in_blocks([&](std::size_t j) { return g[j][i]; }, q_, d));
                dv.push_back(sum_in_blocks([&](std::size_t j) { return p[j][i]; }, dy_, d));
            }
        }
    }
    /// Blocks of 64 are whole numbers of steps, so one run through all of them is the same.
    template <typename Factor>
    float sum_in_blocks(const Factor& factor, const numbers& of, std::size_t d) const {
        numbers a, b;
        for (std::size_t j = 0; j < s_.length; ++j) {
            a.push_back(factor(j));
            b.push_back(row(of, j)[d]);
        }
        return in_steps(0, a, b);
    }

    void in_double() {
        const std::size_t n = s_.length;
        const double scale = 1 / std::sqrt(static_cast<double>(s_.depth));
        const auto dot = [&](const numbers& a, const numbers& b) {
            double sum = 0;
            for (std::size_t d = 0; d < a.size(); ++d) sum += static_cast<double>(a[d]) * b[d];
            return sum;
        };
        std::vector<double> gq(n * s_.depth), gk(n * s_.depth), gv(n * s_.depth);
        for (std::size_t i = 0; i < n; ++i) {
            std::vector<double> p(seen(i)), slope(seen(i));
            double all = 0;
            double mean = 0;
            for (std::size_t j = 0; j < seen(i); ++j) all += p[j] = std::exp(dot(row(q_, i), row(k_, j)) * scale);
            for (std::size_t j = 0; j < seen(i); ++j) {
                p[j] /= all;
                slope[j] = dot(row(dy_, i), row(v_, j));
                mean += p[j] * slope[j];  // by the definition of softmax's gradient, without the outputs
            }
            for (std::size_t j = 0; j < seen(i); ++j) {
                for (std::size_t d = 0; d < s_.depth; ++d) {
                    const double g = p[j] * (slope[j] - mean) * scale;
                    gq[i * s_.depth + d] += g * row(k_, j)[d];
                    gk[j * s_.depth + d] += g * row(q_, i)[d];
                    gv[j * s_.depth + d] += p[j] * row(dy_, i)[d];
                }
            }
        }
        const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
            to.insert(to.end(), from.begin(), from.end());
        };
        append(precise_dq, gq);
        append(precise_dk, gk);
        append(precise_dv, gv);
    }

    attention_shape s_;
    const numbers &q_, &k_, &v_, &y_, &dy_;
    std::size_t head_ = 0;
};

TEST(attention_gradient, gives_the_documented_bits_on_every_die_and_is_near_double_precision) {
    dies on;
    std::uint32_t seed = 100;
    for (const attention_shape base : {attention_shape{1, 1, 1}, {2, 5, 3}, {3, 64, 8}, {1, 200, 20}, {14, 65, 4}}) {
        for (const bool causal : {false, true}) {
            if (is_sanitized && !causal && base.length > 64) {
                continue;  // half of the time for what is the same as below but for a mask
            }
            attention_shape s = base;
            s.causal = causal;
            SCOPED_TRACE(testing::Message() << s.heads << " x " << s.length << " x " << s.depth << ", causal " << causal
                                            << ", seed " << seed);
            const std::size_t n = std::size_t{s.heads} * s.length * s.depth;
            std::map<std::string, codes> in{{"queries", random_tensor(n, bf16, seed, 2)},
                                            {"keys", random_tensor(n, bf16, seed + 1)},
                                            {"values", random_tensor(n, bf16, seed + 2)},
                                            {"d_output", random_tensor(n, bf16, seed + 3)}};
            seed += 4;
            const numbers q = decoded(in.at("queries"), bf16);
            const numbers k = decoded(in.at("keys"), bf16);
            const numbers v = decoded(in.at("values"), bf16);
            in["output"] = encoded(attention_reference(s, q, k, v).exact, bf16);
            const auto found = on.run([&](const die& d) { return make_attention_gradient(s, {bf16, fp32}, d); }, in);
            const gradient_reference expected(s, q, k, v, decoded(in.at("output"), bf16),
                                              decoded(in.at("d_output"), bf16));
            ASSERT_EQ(differing(encoded(expected.dq, fp32), found.at("d_queries")), 0U);
            ASSERT_EQ(differing(encoded(expected.dk, fp32), found.at("d_keys")), 0U);
            ASSERT_EQ(differing(encoded(expected.dv, fp32), found.at("d_values")), 0U);
            // p, g and the outputs are rounded to bf16, 2^-9 of what they are; numbers are a few units.
            expect_near(expected.precise_dq, expected.dq, 0, 0.06);
            expect_near(expected.precise_dk, expected.dk, 0, 0.12);
            expect_near(expected.precise_dv, expected.dv, 0, 0.06);
        }
    }
}

TEST(attention_gradient, has_programs_that_pass_the_checker) {
    const die on("die", small_die(5, 4, {{1, 1}}));
    for (const attention_shape s : {attention_shape{2, 300, 16, true}, {2, 300, 16, false}, {25, 70, 8, true}}) {
        const kernel k = make_attention_gradient(s, {}, on);
        const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
        EXPECT_TRUE(found.empty()) << to_string(found.front());
    }
}

TEST(attention_gradient, that_does_not_fit_is_refused_with_figures) {
    const die on("die", small_die(2, 2));
    try {
        (void)make_attention_gradient({1, 3000, 64}, {}, on);
        FAIL() << "not refused";
    } catch (const input_error& e) {
        EXPECT_THAT(e.what(),
                    testing::ContainsRegex("the gradient of attention .* a node needs [0-9]+ B of SRAM and has "
                                           "1310720 B"));
    }
}

TEST(attention, has_programs_that_pass_the_checker) {
    const die on("die", small_die(5, 4, {{1, 1}}));
    for (const attention_shape s : {attention_shape{2, 300, 16, true}, {2, 300, 16, false}, {25, 70, 8, true}}) {
        const kernel k = make_attention(s, {}, on);
        const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
        EXPECT_TRUE(found.empty()) << to_string(found.front());
    }
}

TEST(attention, that_does_not_fit_is_refused_with_figures) {
    const die on("die", small_die(2, 2));
    try {
        (void)make_attention({1, 5000, 64}, {}, on);
        FAIL() << "not refused";
    } catch (const input_error& e) {
        EXPECT_THAT(e.what(), testing::ContainsRegex("a node needs [0-9]+ B of SRAM and has 1310720 B"));
    }
}

}  // namespace
}  // namespace d1::kernels
