#include "testbenches/d1sim/reference.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "models/numerics/counter_random.hpp"
#include "models/numerics/integer_reference.hpp"

namespace d1 {
namespace {

// The nest works on a block of C at a time, over a slab of k at a time: the slab of B stays in the first-level cache
// while the rows pass by. The sizes do not change a result.
constexpr std::size_t block_rows = 64;
constexpr std::size_t block_columns = 32;
constexpr std::size_t slab_depth = 32;
constexpr std::size_t step = 4;  // products that are summed before they meet c: part of the documented order
static_assert(slab_depth % step == 0);

float widen(std::uint16_t bf16) {
    return std::bit_cast<float>(std::uint32_t{bf16} << 16);
}

// What an operation makes of an operand or gives as its result.
template <bool keep_subnormals>
float settle(float value) {
    if constexpr (keep_subnormals) return value;
    const auto pattern = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t kept = (pattern & 0x7F80'0000) == 0 ? 0x8000'0000 : 0xFFFF'FFFF;
    return std::bit_cast<float>(pattern & kept);
}

// The nearest number of 13 mantissa bits and the exponents -62 to 64, as each c' of the 21-bit accumulator is.
float narrowed(float value) {
    if (std::isnan(value)) return value;
    const int exponent = value == 0 || std::isinf(value) ? 0 : std::ilogb(value);
    const int unit = std::max(exponent - 13, -75);
    const double nearest = std::ldexp(std::nearbyint(std::ldexp(static_cast<double>(value), -unit)), unit);
    return static_cast<float>(std::copysign(std::min(std::fabs(nearest), 0x1.FFF8p64), value));
}

// The pattern of a result in the output format, as it stands in memory.
std::uint32_t stored(float value, numerics::number_format format) {
    const bool to_bf16 = format == numerics::number_format::bf16;
    if (std::isnan(value)) return to_bf16 ? 0x7FC0 : 0x7FC0'0000;
    const auto pattern = std::bit_cast<std::uint32_t>(value);
    if (!to_bf16) return pattern;
    const std::uint32_t kept = pattern >> 16;
    const std::uint32_t dropped = pattern & 0xFFFF;
    const bool up = dropped > 0x8000 || (dropped == 0x8000 && kept % 2 == 1);
    return kept + (up ? 1 : 0);
}

// The matrix A where it lies: element (row, k) is elements[row_start[row] + k_offset[k]].
struct left_operand {
    std::span<const std::uint16_t> elements;
    std::vector<std::size_t> row_start;
    std::vector<std::size_t> k_offset;

    [[nodiscard]] std::uint16_t at(std::size_t row, std::size_t k) const {
        return elements[row_start[row] + k_offset[k]];
    }
};

// The transposed matrix where it lies.
left_operand transposed(left_operand a) {
    std::swap(a.row_start, a.k_offset);
    return a;
}

left_operand matrix_rows(const gemm_shape& shape, std::span<const std::uint16_t> a) {
    left_operand result{a, {}, {}};
    result.row_start.reserve(shape.m);
    for (std::size_t row = 0; row < shape.m; ++row) result.row_start.push_back(row * shape.k);
    result.k_offset.reserve(shape.k);
    for (std::size_t k = 0; k < shape.k; ++k) result.k_offset.push_back(k);
    return result;
}

// A row is a window of the input, from its top left corner; k runs over the window's rows, columns and channels.
left_operand windows(const convolution_shape& shape, std::span<const std::uint16_t> input) {
    const auto position = [&](std::size_t image, std::size_t y, std::size_t x, std::size_t channel) {
        return ((image * shape.ifmap_height + y) * shape.ifmap_width + x) * shape.channels + channel;
    };
    left_operand result{input, {}, {}};
    for (std::size_t image = 0; image < shape.batch; ++image) {
        for (std::size_t y = 0; y < shape.output_height(); ++y) {
            for (std::size_t x = 0; x < shape.output_width(); ++x) {
                result.row_start.push_back(position(image, y * shape.stride, x * shape.stride, 0));
            }
        }
    }
    for (std::size_t y = 0; y < shape.filter_height; ++y) {
        for (std::size_t x = 0; x < shape.filter_width; ++x) {
            for (std::size_t c = 0; c < shape.channels; ++c) result.k_offset.push_back(position(0, y, x, c));
        }
    }
    return result;
}

template <class Number>
using row_of = std::array<Number, block_columns>;

// A slab of B, widened; the columns and k beyond B's edges are +0.
struct slab {
    std::array<row_of<float>, slab_depth> narrow;
    std::array<row_of<double>, slab_depth> wide;
};

// What is computed of a block of C.
struct block {
    std::array<row_of<float>, block_rows> sum;        // in the documented order
    std::array<row_of<float>, block_rows> magnitude;  // of the absolute products, in the same order
    std::array<row_of<double>, block_rows> exact;     // in double precision
};

// One row of A against the slab. The accumulators are copies, so that the compiler sees that nothing else names them.
template <bool keep_subnormals, bool narrow>
void add_steps(const std::array<float, slab_depth>& a, const slab& b, std::size_t steps, row_of<float>& sum,
               row_of<float>& magnitude) {
    constexpr auto settled = settle<keep_subnormals>;
    row_of<float> c = sum;
    row_of<float> m = magnitude;
    for (std::size_t k = 0; k < steps * step; k += step) {
        const float a0 = a[k], a1 = a[k + 1], a2 = a[k + 2], a3 = a[k + 3];
        const row_of<float>&b0 = b.narrow[k], &b1 = b.narrow[k + 1], &b2 = b.narrow[k + 2], &b3 = b.narrow[k + 3];
        for (std::size_t n = 0; n < block_columns; ++n) {
            const float p0 = settled(a0 * b0[n]), p1 = settled(a1 * b1[n]);
            const float p2 = settled(a2 * b2[n]), p3 = settled(a3 * b3[n]);
            c[n] = settled(c[n] + settled(settled(p0 + p1) + settled(p2 + p3)));
            if constexpr (narrow) c[n] = narrowed(c[n]);
            m[n] += (std::fabs(p0) + std::fabs(p1)) + (std::fabs(p2) + std::fabs(p3));
        }
    }
    sum = c;
    magnitude = m;
}

void add_exact(const std::array<float, slab_depth>& a, const slab& b, std::size_t steps, row_of<double>& exact) {
    row_of<double> s = exact;
    for (std::size_t k = 0; k < steps * step; k += step) {
        const double a0 = a[k], a1 = a[k + 1], a2 = a[k + 2], a3 = a[k + 3];
        const row_of<double>&b0 = b.wide[k], &b1 = b.wide[k + 1], &b2 = b.wide[k + 2], &b3 = b.wide[k + 3];
        for (std::size_t n = 0; n < block_columns; ++n) {
            s[n] += (a0 * b0[n] + a1 * b1[n]) + (a2 * b2[n] + a3 * b3[n]);
        }
    }
    exact = s;
}

// E and R of the header.
class error_bound {
  public:
    error_bound(std::uint64_t k, numerics::arithmetic rules, numerics::number_format output)
        : to_bf16_(output == numerics::number_format::bf16) {
        const bool narrow = rules.accumulator == numerics::accumulator_format::fp21;
        const std::uint64_t whole_steps = (k + step - 1) / step;
        const auto products = static_cast<double>(k);
        const auto steps = static_cast<double>(whole_steps);
        const double roundings = (steps + 1) * 0x1p-24 + (narrow ? steps * 0x1p-14 : 0);
        largest_magnitude_ = narrow ? 0x1p64F : 0x1p127F;
        exists_ = roundings < 1;
        const double g = roundings / (1 - roundings);
        relative_ = (g + products * 0x1p-52) * (1 + g);
        absolute_ = (1 + g) * ((rules.keep_subnormals ? products * 0x1p-150 : (products + 4 * steps) * 0x1p-126) +
                               (narrow ? steps * 0x1p-76 : 0));
    }

    [[nodiscard]] bool exists(float magnitude) const { return exists_ && magnitude < largest_magnitude_; }

    [[nodiscard]] double operator()(double exact, float magnitude) const {
        const double sum = relative_ * magnitude + absolute_;
        if (!to_bf16_) return sum;
        // Eight significant bits: half a unit is 2^-8 of the power of two below.
        const auto largest = std::bit_cast<std::uint64_t>(std::fabs(exact) + sum);
        const auto power = std::bit_cast<double>(largest & 0x7FF0'0000'0000'0000);
        return sum + std::max(power * 0x1p-8, 0x1p-134);
    }

  private:
    bool to_bf16_;
    bool exists_ = false;
    float largest_magnitude_ = 0;
    double relative_ = 0;
    double absolute_ = 0;
};

class checker {
  public:
    checker(const gemm_shape& shape, left_operand a, std::span<const std::uint16_t> b, numerics::number_format output,
            numerics::arithmetic rules, std::span<const std::uint32_t> result)
        : shape_(shape),
          a_(std::move(a)),
          b_(b),
          output_(output),
          rules_(rules),
          result_(result),
          bound_(shape.k, rules, output) {}

    [[nodiscard]] check_result run(std::uint64_t seed) {
        for (std::size_t column = 0; column < shape_.n; column += block_columns) {
            for (std::size_t row = 0; row < shape_.m; row += block_rows) {
                if (rules_.accumulator == numerics::accumulator_format::fp21) {
                    rules_.keep_subnormals ? compute<true, true>(row, column) : compute<false, true>(row, column);
                } else {
                    rules_.keep_subnormals ? compute<true, false>(row, column) : compute<false, false>(row, column);
                }
                judge(row, column);
            }
        }
        sample(seed);
        found_.first_difference = !wrong_.text.empty()     ? wrong_.text
                                  : !sampled_.text.empty() ? sampled_.text
                                                           : outside_.text;
        return found_;
    }

  private:
    struct failure {
        std::size_t index = std::numeric_limits<std::size_t>::max();
        std::string text;
    };

    template <bool keep_subnormals, bool narrow>
    void compute(std::size_t row, std::size_t column) {
        const std::size_t rows = std::min(block_rows, shape_.m - row);
        *block_ = block{};
        for (std::size_t k = 0; k < shape_.k; k += slab_depth) {
            const std::size_t depth = std::min(slab_depth, shape_.k - k);
            const std::size_t steps = (depth + step - 1) / step;
            load_slab<keep_subnormals>(k, depth, column);
            std::array<float, slab_depth> a{};
            for (std::size_t r = 0; r < rows; ++r) {
                const std::uint16_t* const elements = a_.elements.data() + a_.row_start[row + r];
                for (std::size_t i = 0; i < depth; ++i) {
                    a[i] = settle<keep_subnormals>(widen(elements[a_.k_offset[k + i]]));
                }
                add_steps<keep_subnormals, narrow>(a, *slab_, steps, block_->sum[r], block_->magnitude[r]);
                add_exact(a, *slab_, steps, block_->exact[r]);
            }
        }
    }

    template <bool keep_subnormals>
    void load_slab(std::size_t k, std::size_t depth, std::size_t column) {
        const std::size_t columns = std::min(block_columns, shape_.n - column);
        *slab_ = slab{};
        for (std::size_t i = 0; i < depth; ++i) {
            const auto from = b_.subspan((k + i) * shape_.n + column, columns);
            for (std::size_t n = 0; n < columns; ++n) {
                slab_->narrow[i][n] = settle<keep_subnormals>(widen(from[n]));
                slab_->wide[i][n] = slab_->narrow[i][n];
            }
        }
    }

    void judge(std::size_t row, std::size_t column) {
        const std::size_t rows = std::min(block_rows, shape_.m - row);
        const std::size_t columns = std::min(block_columns, shape_.n - column);
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t n = 0; n < columns; ++n) {
                const std::size_t index = (row + r) * shape_.n + column + n;
                const std::uint32_t expected = stored(block_->sum[r][n], output_);
                ++found_.results;
                if (result_[index] != expected) {
                    ++found_.wrong;
                    note(wrong_, index, [&] { return "the reference " + text_of(expected); });
                }
                judge_error(index, block_->exact[r][n], block_->magnitude[r][n]);
            }
        }
    }

    void judge_error(std::size_t index, double exact, float magnitude) {
        if (!bound_.exists(magnitude)) return;
        ++found_.bounded;
        const double bound = bound_(exact, magnitude);
        const double error = std::fabs(static_cast<double>(value_of(result_[index])) - exact);
        // A NaN among results that should be finite is as wrong as can be.
        const double ratio = std::isnan(error) ? std::numeric_limits<double>::infinity() : error / bound;
        found_.worst_bound_ratio = std::max(found_.worst_bound_ratio, ratio);
        if (ratio <= 1) return;
        ++found_.outside_bound;
        note(outside_, index, [&] {
            std::array<char, 96> text{};
            std::snprintf(text.data(), text.size(), "double precision %.17g, with an error bound of %.3g", exact,
                          bound);
            return std::string(text.data());
        });
    }

    void sample(std::uint64_t seed) {
        constexpr std::uint64_t key = 0x7361'6D70'6C65;  // "sample": a stream that is not an operand's
        const std::size_t results = shape_.m * shape_.n;
        found_.sampled = std::min(results, 64 + results / 4096);
        std::vector<std::uint32_t> a(shape_.k), b(shape_.k);
        for (std::size_t i = 0; i < found_.sampled; ++i) {
            const std::size_t index = found_.sampled == results ? i : numerics::counter_random(seed, key, i) % results;
            for (std::size_t k = 0; k < shape_.k; ++k) {
                a[k] = std::uint32_t{a_.at(index / shape_.n, k)} << 16;
                b[k] = std::uint32_t{b_[k * shape_.n + index % shape_.n]} << 16;
            }
            const std::uint32_t sum = numerics::integer_reference::dot(a, b, rules_);
            const bool to_bf16 = output_ == numerics::number_format::bf16;
            const std::uint32_t expected = to_bf16 ? numerics::integer_reference::round_to_bf16(sum) : sum;
            if (result_[index] == expected) continue;
            ++found_.sampled_wrong;
            note(sampled_, index, [&] { return "the integer reference " + text_of(expected); });
        }
    }

    // Keeps the failure that comes first in row-major order.
    template <class Other>
    void note(failure& first, std::size_t index, Other other) const {
        if (index >= first.index) return;
        first.index = index;
        first.text = "row " + std::to_string(index / shape_.n) + ", column " + std::to_string(index % shape_.n) +
                     ": the die has " + text_of(result_[index]) + ", " + other();
    }

    [[nodiscard]] float value_of(std::uint32_t pattern) const {
        return std::bit_cast<float>(output_ == numerics::number_format::bf16 ? pattern << 16 : pattern);
    }

    // Pattern and value, the latter with enough digits to tell neighbours apart.
    [[nodiscard]] std::string text_of(std::uint32_t pattern) const {
        const bool bf16 = output_ == numerics::number_format::bf16;
        std::array<char, 48> text{};
        std::snprintf(text.data(), text.size(), bf16 ? "0x%04x (%.6g)" : "0x%08x (%.9g)", pattern,
                      static_cast<double>(value_of(pattern)));
        return text.data();
    }

    gemm_shape shape_;
    left_operand a_;
    std::span<const std::uint16_t> b_;
    numerics::number_format output_;
    numerics::arithmetic rules_;
    std::span<const std::uint32_t> result_;
    error_bound bound_;
    std::unique_ptr<slab> slab_ = std::make_unique<slab>();
    std::unique_ptr<block> block_ = std::make_unique<block>();
    check_result found_;
    failure wrong_, sampled_, outside_;
};

void check_sizes(const gemm_shape& shape, bool a_fits, std::size_t b, std::size_t result) {
    if (!a_fits || b != shape.k * shape.n || result != shape.m * shape.n) {
        throw std::invalid_argument("check: an operand or the result has not the size its shape asks for");
    }
}

}  // namespace

check_result check_gemm(const gemm_shape& shape, std::span<const std::uint16_t> a, std::span<const std::uint16_t> b,
                        numerics::element_type output, numerics::arithmetic rules,
                        std::span<const std::uint32_t> result, std::uint64_t seed) {
    check_sizes(shape, a.size() == shape.m * shape.k, b.size(), result.size());
    return checker(shape, matrix_rows(shape, a), b, output.format, rules, result).run(seed);
}

check_result check_convolution(const convolution_shape& shape, std::span<const std::uint16_t> input,
                               std::span<const std::uint16_t> weights, numerics::element_type output,
                               numerics::arithmetic rules, std::span<const std::uint32_t> result, std::uint64_t seed) {
    const gemm_shape gemm = shape.as_gemm();
    check_sizes(gemm, input.size() == shape.input_bytes(1), weights.size(), result.size());
    return checker(gemm, windows(shape, input), weights, output.format, rules, result).run(seed);
}

check_result check_input_gradient(const gemm_shape& forward, std::span<const std::uint16_t> gradient,
                                  std::span<const std::uint16_t> weights, numerics::element_type output,
                                  numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                  std::uint64_t seed) {
    const gemm_shape shape{.m = forward.m, .n = forward.k, .k = forward.n};
    check_sizes(shape, gradient.size() == forward.m * forward.n, weights.size(), result.size());
    std::vector<std::uint16_t> across(weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
        across[i % forward.n * forward.k + i / forward.n] = weights[i];
    }
    return checker(shape, matrix_rows(shape, gradient), across, output.format, rules, result).run(seed);
}

check_result check_weight_gradient(const gemm_shape& forward, std::span<const std::uint16_t> input,
                                   std::span<const std::uint16_t> gradient, numerics::element_type output,
                                   numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                   std::uint64_t seed) {
    const gemm_shape shape{.m = forward.k, .n = forward.n, .k = forward.m};
    check_sizes(shape, input.size() == forward.m * forward.k, gradient.size(), result.size());
    return checker(shape, transposed(matrix_rows(forward, input)), gradient, output.format, rules, result).run(seed);
}

check_result check_weight_gradient(const convolution_shape& forward, std::span<const std::uint16_t> input,
                                   std::span<const std::uint16_t> gradient, numerics::element_type output,
                                   numerics::arithmetic rules, std::span<const std::uint32_t> result,
                                   std::uint64_t seed) {
    const gemm_shape product = forward.as_gemm();
    const gemm_shape shape{.m = product.k, .n = product.n, .k = product.m};
    check_sizes(shape, input.size() == forward.input_bytes(1), gradient.size(), result.size());
    return checker(shape, transposed(windows(forward, input)), gradient, output.format, rules, result).run(seed);
}

}  // namespace d1
