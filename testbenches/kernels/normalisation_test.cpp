// Softmax, norms, losses, bias and reductions give the documented bits on every die, and are near double precision.

#include <gtest/gtest.h>

#include <algorithm>

#include "models/program/checker.hpp"
#include "testbenches/kernels/kernel_bench.hpp"
#include "testbenches/kernels/normalisation.hpp"

namespace d1::kernels {
namespace {

using numerics::elementary_function;
using program::reduction;

float function(elementary_function which, float a) {
    return numerics::evaluate(which, a);
}

/// A matrix of numbers, row-major; the references below are loop nests over it.
struct matrix {
    std::size_t rows = 0;
    std::size_t columns = 0;
    numbers values{};

    matrix(std::size_t r, std::size_t c) : rows(r), columns(c), values(r * c) {}
    matrix(std::size_t r, std::size_t c, const codes& from, numerics::element_type type)
        : rows(r), columns(c), values(decoded(from, type)) {}
    float& operator()(std::size_t r, std::size_t c) { return values[r * columns + c]; }
    float operator()(std::size_t r, std::size_t c) const { return values[r * columns + c]; }
    [[nodiscard]] numbers row(std::size_t r) const {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(r * columns);
        return {begin, begin + static_cast<std::ptrdiff_t>(columns)};
    }
    [[nodiscard]] numbers column(std::size_t c) const {
        numbers all;
        for (std::size_t r = 0; r < rows; ++r) all.push_back((*this)(r, c));
        return all;
    }
};

/// Joins in 16 lanes: l, l + 16, ... in each, then l and l + 8, l + 4, l + 2, l + 1.
template <typename Join>
float in_lanes(const numbers& v, Join join) {
    numbers lanes(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(16, v.size())));
    for (std::size_t i = 16; i < v.size(); ++i) lanes[i % 16] = join(lanes[i % 16], v[i]);
    for (const std::size_t half : {8U, 4U, 2U, 1U}) {
        for (std::size_t l = half; l < std::min(2 * half, lanes.size()); ++l)
            lanes[l - half] = join(lanes[l - half], lanes[l]);
        lanes.resize(std::min(half, lanes.size()));
    }
    return lanes[0];
}
float sum(const numbers& v) {
    return in_lanes(v, [](float a, float b) { return a + b; });
}
float largest(const numbers& v) {
    return *std::ranges::max_element(v);
}

/// First within blocks of rows, of which there are at most 1024, a power of two long; then over the blocks.
float blocked_sum(const numbers& v) {
    std::size_t block = 1;
    while ((v.size() + block - 1) / block > 1024) block *= 2;
    numbers of_blocks;
    for (std::size_t b = 0; b < v.size(); b += block) {
        of_blocks.push_back(sum({v.begin() + static_cast<std::ptrdiff_t>(b),
                                 v.begin() + static_cast<std::ptrdiff_t>(std::min(v.size(), b + block))}));
    }
    return sum(of_blocks);
}

float one_of(std::size_t count) {
    return static_cast<float>(1.0 / static_cast<double>(count));
}

struct extent_case {
    std::size_t rows, columns;
};
/// One element, one row, one column; chunks of several rows and rows of several chunks; columns shared by several
/// owners with a tail; blocks of two and four rows with a tail.
constexpr extent_case extents[] = {{1, 1},    {1, 700},  {50, 1},   {7, 3},    {40, 33},
                                   {23, 129}, {3, 1100}, {1025, 5}, {2501, 17}};

class row_kernels : public testing::Test {
  protected:
    template <typename Use>
    void for_each_extent(Use&& use) {
        std::uint32_t seed = 1;
        for (const auto& e : extents) {
            SCOPED_TRACE(testing::Message() << e.rows << " x " << e.columns << ", seed " << seed);
            use(matrix_extent{e.rows, e.columns}, e, seed);
            seed += 10;
            if (HasFailure()) return;
        }
    }
    dies on_;
};

TEST_F(row_kernels, softmax_and_its_gradient) {
    for_each_extent([&](const matrix_extent& extent, const extent_case& e, std::uint32_t seed) {
        const codes x_codes = random_tensor(e.rows * e.columns, bf16, seed, 3);
        const codes dy_codes = random_tensor(e.rows * e.columns, fp32, seed + 1);
        const auto forward = on_.run(
            [&](const die& d) {
                return make_softmax(extent, {bf16, fp32}, d);
            },
            {{"input", x_codes}});
        const auto backward = on_.run(
            [&](const die& d) {
                return make_softmax_gradient(extent, {fp32, fp32}, d);
            },
            {{"output", forward.at("output")}, {"d_output", dy_codes}});
        const matrix x(e.rows, e.columns, x_codes, bf16);
        const matrix dy(e.rows, e.columns, dy_codes, fp32);
        matrix y(e.rows, e.columns);
        matrix dx(e.rows, e.columns);
        std::vector<double> y_exact;
        std::vector<double> dx_exact;
        for (std::size_t r = 0; r < e.rows; ++r) {
            const float top = largest(x.row(r));
            for (std::size_t c = 0; c < e.columns; ++c)
                y(r, c) = function(elementary_function::exponential, x(r, c) - top);
            const float inverse = function(elementary_function::reciprocal, sum(y.row(r)));
            numbers products;
            for (std::size_t c = 0; c < e.columns; ++c) {
                y(r, c) = y(r, c) * inverse;
                products.push_back(y(r, c) * dy(r, c));
            }
            const float mean = sum(products);
            for (std::size_t c = 0; c < e.columns; ++c) dx(r, c) = y(r, c) * (dy(r, c) - mean);
            double all = 0;
            for (std::size_t c = 0; c < e.columns; ++c) all += std::exp(double{x(r, c)} - top);
            double weighted = 0;
            for (std::size_t c = 0; c < e.columns; ++c) weighted += std::exp(double{x(r, c)} - top) / all * dy(r, c);
            for (std::size_t c = 0; c < e.columns; ++c) {
                y_exact.push_back(std::exp(double{x(r, c)} - top) / all);
                dx_exact.push_back(y_exact.back() * (dy(r, c) - weighted));
            }
        }
        EXPECT_EQ(differing(encoded(y.values, fp32), forward.at("output")), 0U);
        EXPECT_EQ(differing(encoded(dx.values, fp32), backward.at("d_input")), 0U);
        expect_near(y_exact, y.values, 0x1p-19, 0);
        expect_near(dx_exact, dx.values, 0x1p-18, 1e-6);
    });
}

TEST_F(row_kernels, cross_entropy) {
    for_each_extent([&](const matrix_extent& extent, const extent_case& e, std::uint32_t seed) {
        const codes x_codes = random_tensor(e.rows * e.columns, fp32, seed, 3);
        codes labels(e.rows);
        for (std::size_t r = 0; r < e.rows; ++r) labels[r] = static_cast<std::uint32_t>((r * 7919 + 3) % e.columns);
        const auto found = on_.run(
            [&](const die& d) {
                return make_cross_entropy(extent, {fp32, fp32}, d);
            },
            {{"input", x_codes}, {"labels", labels}});
        const matrix x(e.rows, e.columns, x_codes, fp32);
        matrix dx(e.rows, e.columns);
        numbers loss;
        std::vector<double> loss_exact;
        std::vector<double> dx_exact;
        double mean_exact = 0;
        for (std::size_t r = 0; r < e.rows; ++r) {
            const float top = largest(x.row(r));
            numbers powers;
            double all = 0;
            for (std::size_t c = 0; c < e.columns; ++c) {
                powers.push_back(function(elementary_function::exponential, x(r, c) - top));
                all += std::exp(double{x(r, c)} - top);
            }
            const float total = sum(powers);
            loss.push_back(function(elementary_function::logarithm, total) - (x(r, labels[r]) - top));
            loss_exact.push_back(std::log(all) - (double{x(r, labels[r])} - top));
            mean_exact += loss_exact.back() / static_cast<double>(e.rows);
            const float inverse = function(elementary_function::reciprocal, total);
            for (std::size_t c = 0; c < e.columns; ++c) {
                const float probability = powers[c] * inverse;
                dx(r, c) = (probability - (c == labels[r] ? 1.0F : 0.0F)) * one_of(e.rows);
                dx_exact.push_back((std::exp(double{x(r, c)} - top) / all - (c == labels[r] ? 1.0 : 0.0)) /
                                   static_cast<double>(e.rows));
            }
        }
        const float mean = blocked_sum(loss) * one_of(e.rows);
        EXPECT_EQ(differing(encoded(loss, fp32), found.at("loss")), 0U);
        EXPECT_EQ(differing(encoded(dx.values, fp32), found.at("d_input")), 0U);
        EXPECT_EQ(differing(encoded({mean}, fp32), found.at("mean_loss")), 0U);
        expect_near(loss_exact, loss, 0x1p-18, 1e-6);
        expect_near(dx_exact, dx.values, 0x1p-18, 1e-6 / static_cast<double>(e.rows));
        expect_near({mean_exact}, {mean}, 0x1p-18, 1e-6);
    });
}

constexpr float epsilon = 1e-5F;

/// Layer norm of a matrix's rows or batch norm of its columns: what both share, with the sums of either.
struct norm_reference {
    float mean = 0;
    float rstd = 0;
    double exact_mean = 0;
    double exact_rstd = 0;

    template <typename Sum>
    norm_reference(const numbers& line, Sum add) {
        const float share = one_of(line.size());
        mean = add(line) * share;
        numbers squares;
        for (const float v : line) {
            const float d = v - mean;
            squares.push_back(d * d);
            exact_mean += double{v} / static_cast<double>(line.size());
        }
        const float variance = add(squares) * share;
        rstd = function(elementary_function::reciprocal_square_root, variance + epsilon);
        double exact_variance = 0;
        for (const float v : line)
            exact_variance += (v - exact_mean) * (v - exact_mean) / static_cast<double>(line.size());
        exact_rstd = 1 / std::sqrt(exact_variance + epsilon);
    }
};

/// The gradients in double precision of sum over (i) dy g h along one normalised line.
std::vector<double> exact_gradient(const numbers& x, const std::vector<double>& g, const norm_reference& n) {
    const auto count = static_cast<double>(x.size());
    double of_g = 0;
    double of_gh = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        of_g += g[i] / count;
        of_gh += g[i] * (x[i] - n.exact_mean) * n.exact_rstd / count;
    }
    std::vector<double> dx;
    for (std::size_t i = 0; i < x.size(); ++i) {
        dx.push_back((g[i] - of_g - (x[i] - n.exact_mean) * n.exact_rstd * of_gh) * n.exact_rstd);
    }
    return dx;
}

TEST_F(row_kernels, layer_norm_and_its_gradient) {
    for_each_extent([&](const matrix_extent& extent, const extent_case& e, std::uint32_t seed) {
        const codes x_codes = random_tensor(e.rows * e.columns, bf16, seed, 2);
        const codes dy_codes = random_tensor(e.rows * e.columns, bf16, seed + 1);
        const codes gamma_codes = random_tensor(e.columns, fp32, seed + 2);
        const codes beta_codes = random_tensor(e.columns, fp32, seed + 3);
        const auto forward = on_.run(
            [&](const die& d) {
                return make_layer_norm(extent, {bf16, fp32}, epsilon, d);
            },
            {{"input", x_codes}, {"gamma", gamma_codes}, {"beta", beta_codes}});
        const auto backward = on_.run(
            [&](const die& d) {
                return make_layer_norm_gradient(extent, {bf16, fp32}, d);
            },
            {{"input", x_codes},
             {"d_output", dy_codes},
             {"mean", forward.at("mean")},
             {"rstd", forward.at("rstd")},
             {"gamma", gamma_codes}});
        const matrix x(e.rows, e.columns, x_codes, bf16);
        const matrix dy(e.rows, e.columns, dy_codes, bf16);
        const numbers gamma = decoded(gamma_codes, fp32);
        const numbers beta = decoded(beta_codes, fp32);
        matrix y(e.rows, e.columns);
        matrix dx(e.rows, e.columns);
        matrix products(e.rows, e.columns);
        numbers means;
        numbers rstds;
        std::vector<double> y_exact;
        std::vector<double> dx_exact;
        double steepest = 0;
        for (std::size_t r = 0; r < e.rows; ++r) {
            const norm_reference n(x.row(r), sum);
            means.push_back(n.mean);
            rstds.push_back(n.rstd);
            steepest = std::max(steepest, n.exact_rstd);
            numbers g;
            numbers gh;
            numbers h;
            std::vector<double> g_exact;
            for (std::size_t c = 0; c < e.columns; ++c) {
                h.push_back((x(r, c) - n.mean) * n.rstd);
                const float scaled = h[c] * gamma[c];
                y(r, c) = scaled + beta[c];
                products(r, c) = dy(r, c) * h[c];
                g.push_back(dy(r, c) * gamma[c]);
                gh.push_back(g[c] * h[c]);
                y_exact.push_back((x(r, c) - n.exact_mean) * n.exact_rstd * gamma[c] + beta[c]);
                g_exact.push_back(double{dy(r, c)} * gamma[c]);
            }
            const float of_g = sum(g) * one_of(e.columns);
            const float of_gh = sum(gh) * one_of(e.columns);
            for (std::size_t c = 0; c < e.columns; ++c) {
                const float correction = h[c] * of_gh;
                dx(r, c) = ((g[c] - of_g) - correction) * n.rstd;
            }
            std::ranges::copy(exact_gradient(x.row(r), g_exact, n), std::back_inserter(dx_exact));
        }
        numbers dgamma;
        numbers dbeta;
        for (std::size_t c = 0; c < e.columns; ++c) {
            dgamma.push_back(blocked_sum(products.column(c)));
            dbeta.push_back(blocked_sum(dy.column(c)));
        }
        EXPECT_EQ(differing(encoded(means, fp32), forward.at("mean")), 0U);
        EXPECT_EQ(differing(encoded(rstds, fp32), forward.at("rstd")), 0U);
        EXPECT_EQ(differing(encoded(y.values, fp32), forward.at("output")), 0U);
        EXPECT_EQ(differing(encoded(dx.values, fp32), backward.at("d_input")), 0U);
        EXPECT_EQ(differing(encoded(dgamma, fp32), backward.at("dgamma")), 0U);
        EXPECT_EQ(differing(encoded(dbeta, fp32), backward.at("dbeta")), 0U);
        expect_near(y_exact, y.values, 0x1p-16, 2e-6 * steepest);
        expect_near(dx_exact, dx.values, 0x1p-16, 4e-6 * steepest);
    });
}

TEST_F(row_kernels, batch_norm_and_its_gradient) {
    for_each_extent([&](const matrix_extent& extent, const extent_case& e, std::uint32_t seed) {
        const codes x_codes = random_tensor(e.rows * e.columns, bf16, seed, 2);
        const codes dy_codes = random_tensor(e.rows * e.columns, bf16, seed + 1);
        const codes gamma_codes = random_tensor(e.columns, fp32, seed + 2);
        const codes beta_codes = random_tensor(e.columns, fp32, seed + 3);
        const auto forward = on_.run(
            [&](const die& d) {
                return make_batch_norm(extent, {bf16, fp32}, epsilon, d);
            },
            {{"input", x_codes}, {"gamma", gamma_codes}, {"beta", beta_codes}});
        const auto backward = on_.run(
            [&](const die& d) {
                return make_batch_norm_gradient(extent, {bf16, fp32}, d);
            },
            {{"input", x_codes},
             {"d_output", dy_codes},
             {"mean", forward.at("mean")},
             {"rstd", forward.at("rstd")},
             {"gamma", gamma_codes}});
        const matrix x(e.rows, e.columns, x_codes, bf16);
        const matrix dy(e.rows, e.columns, dy_codes, bf16);
        const numbers gamma = decoded(gamma_codes, fp32);
        const numbers beta = decoded(beta_codes, fp32);
        matrix y(e.rows, e.columns);
        matrix dx(e.rows, e.columns);
        numbers dgamma;
        numbers dbeta;
        std::vector<double> y_exact(e.rows * e.columns);
        std::vector<double> dx_exact(e.rows * e.columns);
        double steepest = 0;
        for (std::size_t c = 0; c < e.columns; ++c) {
            const norm_reference n(x.column(c), blocked_sum);
            steepest = std::max(steepest, n.exact_rstd);
            numbers h;
            numbers products;
            std::vector<double> g_exact;
            for (std::size_t r = 0; r < e.rows; ++r) {
                h.push_back((x(r, c) - n.mean) * n.rstd);
                const float scaled = h[r] * gamma[c];
                y(r, c) = scaled + beta[c];
                products.push_back(dy(r, c) * h[r]);
                y_exact[r * e.columns + c] = (x(r, c) - n.exact_mean) * n.exact_rstd * gamma[c] + beta[c];
                g_exact.push_back(double{dy(r, c)} * gamma[c]);
            }
            dgamma.push_back(blocked_sum(products));
            dbeta.push_back(blocked_sum(dy.column(c)));
            const float of_dy = dbeta[c] * one_of(e.rows);
            const float of_dyh = dgamma[c] * one_of(e.rows);
            const auto exact = exact_gradient(x.column(c), g_exact, n);
            for (std::size_t r = 0; r < e.rows; ++r) {
                const float correction = h[r] * of_dyh;
                const float centred = (dy(r, c) - of_dy) - correction;
                dx(r, c) = (centred * gamma[c]) * n.rstd;
                dx_exact[r * e.columns + c] = exact[r];
            }
        }
        EXPECT_EQ(differing(encoded(y.values, fp32), forward.at("output")), 0U);
        EXPECT_EQ(differing(encoded(dx.values, fp32), backward.at("d_input")), 0U);
        EXPECT_EQ(differing(encoded(dgamma, fp32), backward.at("dgamma")), 0U);
        EXPECT_EQ(differing(encoded(dbeta, fp32), backward.at("dbeta")), 0U);
        expect_near(y_exact, y.values, 0x1p-16, 2e-6 * steepest);
        expect_near(dx_exact, dx.values, 0x1p-16, 4e-6 * steepest);
    });
}

TEST_F(row_kernels, bias_its_gradient_and_broadcast) {
    for_each_extent([&](const matrix_extent& extent, const extent_case& e, std::uint32_t seed) {
        const codes x_codes = random_tensor(e.rows * e.columns, bf16, seed);
        const codes b_codes = random_tensor(e.columns, fp32, seed + 1);
        const auto biased = on_.run(
            [&](const die& d) {
                return make_bias(extent, {bf16, bf16}, d);
            },
            {{"input", x_codes}, {"b", b_codes}});
        const auto gradient = on_.run(
            [&](const die& d) {
                return make_bias_gradient(extent, {bf16, fp32}, d);
            },
            {{"d_output", x_codes}});
        const auto repeated = on_.run(
            [&](const die& d) {
                return make_broadcast(extent, {fp32, bf16}, d);
            },
            {{"b", b_codes}});
        const matrix x(e.rows, e.columns, x_codes, bf16);
        const numbers b = decoded(b_codes, fp32);
        matrix y(e.rows, e.columns);
        matrix rows(e.rows, e.columns);
        numbers db;
        for (std::size_t c = 0; c < e.columns; ++c) {
            db.push_back(blocked_sum(x.column(c)));
            for (std::size_t r = 0; r < e.rows; ++r) {
                y(r, c) = x(r, c) + b[c];
                rows(r, c) = b[c];
            }
        }
        EXPECT_EQ(differing(encoded(y.values, bf16), biased.at("output")), 0U);
        EXPECT_EQ(differing(encoded(db, fp32), gradient.at("db")), 0U);
        EXPECT_EQ(differing(encoded(rows.values, bf16), repeated.at("output")), 0U);
    });
}

TEST_F(row_kernels, reductions_over_rows_columns_and_all) {
    for_each_extent([&](const matrix_extent& extent, const extent_case& e, std::uint32_t seed) {
        const codes x_codes = random_tensor(e.rows * e.columns, bf16, seed);
        const matrix x(e.rows, e.columns, x_codes, bf16);
        for (const auto operation : {reduction::sum, reduction::maximum}) {
            const bool is_sum = operation == reduction::sum;
            const auto found = [&](reduction_over over) {
                return on_
                    .run(
                        [&](const die& d) {
                            return make_reduction(operation, over, extent, {bf16, fp32}, d);
                        },
                        {{"input", x_codes}})
                    .at("output");
            };
            numbers of_rows;
            numbers of_columns;
            for (std::size_t r = 0; r < e.rows; ++r) of_rows.push_back(is_sum ? sum(x.row(r)) : largest(x.row(r)));
            for (std::size_t c = 0; c < e.columns; ++c) {
                of_columns.push_back(is_sum ? blocked_sum(x.column(c)) : largest(x.column(c)));
            }
            const float of_all = is_sum ? blocked_sum(of_rows) : largest(of_rows);
            EXPECT_EQ(differing(encoded(of_rows, fp32), found(reduction_over::rows)), 0U);
            EXPECT_EQ(differing(encoded(of_columns, fp32), found(reduction_over::columns)), 0U);
            EXPECT_EQ(differing(encoded({of_all}, fp32), found(reduction_over::all)), 0U);
        }
    });
}

TEST(row_kernel_programs, pass_the_checker) {
    const die on("die", small_die(5, 4, {{1, 1}}));
    for (const auto& e : extents) {
        const matrix_extent extent{e.rows, e.columns};
        for (const kernel& k : {make_batch_norm(extent, {}, epsilon, on), make_batch_norm_gradient(extent, {}, on),
                                make_layer_norm_gradient(extent, {}, on), make_cross_entropy(extent, {}, on)}) {
            const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
            EXPECT_TRUE(found.empty()) << to_string(found.front());
        }
    }
}

TEST(row_kernels_that_do_not_fit, are_refused_with_figures) {
    const die on("die", small_die(2, 2));
    try {
        (void)make_softmax({1, 400000}, {fp32, fp32}, on);
        FAIL() << "not refused";
    } catch (const input_error& e) {
        EXPECT_STREQ(e.what(),
                     "softmax of 1 x 400000 elements does not fit: a node needs 4800068 B of SRAM and has 1310720 "
                     "B (4 live nodes, 5242880 B together)");
    }
}

TEST(row_kernels_on_a_whole_die, use_all_live_nodes_with_the_same_bits) {
    die whole("whole", d1_parameters{}, {.protocol = true});
    die part("part", small_die(3, 3, {{1, 1}}), {.protocol = true});
    const matrix_extent extent{3001, 64};
    const std::map<std::string, codes> in{{"input", random_tensor(extent.rows * extent.columns, bf16, 1)},
                                          {"gamma", random_tensor(extent.columns, fp32, 2)},
                                          {"beta", random_tensor(extent.columns, fp32, 3)}};
    const kernel k = make_batch_norm(extent, {}, epsilon, whole);
    EXPECT_EQ(k.programs().where.nodes.size(), 354U);
    const auto of_whole = run_kernel(whole, k, in);
    const auto of_part = run_kernel(part, make_batch_norm(extent, {}, epsilon, part), in);
    for (const char* const name : {"output", "mean", "rstd"}) {
        EXPECT_EQ(differing(of_whole.tensors.at(name), of_part.tensors.at(name)), 0U);
    }
}

}  // namespace
}  // namespace d1::kernels
