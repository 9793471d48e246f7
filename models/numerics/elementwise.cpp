#include "models/numerics/elementwise.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace d1::numerics {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(last_elementwise_operation) + 1> names{
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "multiply_add",
    "convert",
    "fill",
    "relu",
    "divide",
    "reciprocal",
    "square_root",
    "reciprocal_square_root",
    "exponential",
    "logarithm",
    "hyperbolic_tangent",
    "error_function",
    "negate",
    "absolute",
    "relu_gradient",
    "step",
    "equal",
    "select",
    "multiply_accumulate"};

// Elements are widened, computed and rounded a chunk at a time: few enough to stay in the first-level cache.
constexpr std::size_t chunk_elements = 1024;

std::uint32_t pattern(float value) {
    return std::bit_cast<std::uint32_t>(value);
}

// Without branches, so that the loops over it become vector code. Equal operands differ at most in the sign of a zero.
float maximum(float a, float b) {
    const std::uint32_t larger = a > b || a != a ? pattern(a) : pattern(b);
    return std::bit_cast<float>(a == b ? pattern(a) & pattern(b) : larger);
}

float minimum(float a, float b) {
    const std::uint32_t smaller = a < b || a != a ? pattern(a) : pattern(b);
    return std::bit_cast<float>(a == b ? pattern(a) | pattern(b) : smaller);
}

// `value` or +0, without a branch.
float value_if(bool holds, float value) {
    return std::bit_cast<float>(pattern(value) & (0U - std::uint32_t{holds}));
}

// `value` or `other`, without a branch.
float choose(bool holds, float value, float other) {
    const std::uint32_t mask = 0U - std::uint32_t{holds};
    return std::bit_cast<float>((pattern(value) & mask) | (pattern(other) & ~mask));
}

template <bool keep_subnormals>
float settle(float value) {
    return keep_subnormals ? value : flush_subnormal(value);
}

// a = operation(a, b, s), each result settled.
template <bool keep, class F>
void for_each(std::span<float> a, std::span<const float> b, F operation) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = settle<keep>(operation(settle<keep>(a[i]), settle<keep>(b[i])));
}

// The same with what the destination held.
template <bool keep, class F>
void for_each(std::span<float> a, std::span<const float> b, std::span<const float> d, F operation) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] = settle<keep>(operation(settle<keep>(a[i]), settle<keep>(b[i]), settle<keep>(d[i])));
    }
}

template <bool keep>
void compute(elementwise_operation operation, std::span<float> a, std::span<const float> b, std::span<const float> d,
             float s) {
    s = settle<keep>(s);
    switch (operation) {
        case elementwise_operation::add:
            return for_each<keep>(a, b, [](float x, float y) { return x + y; });
        case elementwise_operation::subtract:
            return for_each<keep>(a, b, [](float x, float y) { return x - y; });
        case elementwise_operation::multiply:
            return for_each<keep>(a, b, [](float x, float y) { return x * y; });
        case elementwise_operation::maximum:
            return for_each<keep>(a, b, [](float x, float y) { return maximum(x, y); });
        case elementwise_operation::minimum:
            return for_each<keep>(a, b, [](float x, float y) { return minimum(x, y); });
        case elementwise_operation::multiply_add:
            return for_each<keep>(a, b, [s](float x, float y) { return settle<keep>(x * s) + y; });
        case elementwise_operation::convert:
            return for_each<keep>(a, a, [](float x, float) { return x; });
        case elementwise_operation::fill:
            return std::fill(a.begin(), a.end(), s);
        case elementwise_operation::relu:
            return for_each<keep>(a, a, [](float x, float) { return maximum(x, 0.0F); });
        case elementwise_operation::negate:
            return for_each<keep>(a, a, [](float x, float) { return -x; });
        case elementwise_operation::absolute:
            return for_each<keep>(a, a, [](float x, float) { return std::fabs(x); });
        case elementwise_operation::relu_gradient:
            return for_each<keep>(a, b, [](float x, float y) { return value_if(x > 0, y); });
        case elementwise_operation::step:
            return for_each<keep>(a, b, [](float x, float y) { return value_if(x > y, 1.0F); });
        case elementwise_operation::equal:
            return for_each<keep>(a, b, [](float x, float y) { return value_if(x == y, 1.0F); });
        case elementwise_operation::select:
            return for_each<keep>(a, b, d, [](float x, float y, float z) { return choose(x > 0, y, z); });
        case elementwise_operation::multiply_accumulate:
            return for_each<keep>(a, b, d, [](float x, float y, float z) { return z + settle<keep>(x * y); });
        case elementwise_operation::divide:
        case elementwise_operation::reciprocal:
        case elementwise_operation::square_root:
        case elementwise_operation::reciprocal_square_root:
        case elementwise_operation::exponential:
        case elementwise_operation::logarithm:
        case elementwise_operation::hyperbolic_tangent:
        case elementwise_operation::error_function:
            return evaluate_each(*function_of(operation), a, source_count(operation) == 2 ? b : b.first(0),
                                 {.keep_subnormals = keep});
    }
}

// In integers; no result is beyond 2^62 + 2^31.
std::int64_t compute(elementwise_operation operation, std::int64_t a, std::int64_t b, std::int64_t d, std::int64_t s) {
    switch (operation) {
        case elementwise_operation::add:
            return a + b;
        case elementwise_operation::subtract:
            return a - b;
        case elementwise_operation::multiply:
            return a * b;
        case elementwise_operation::maximum:
            return std::max(a, b);
        case elementwise_operation::minimum:
            return std::min(a, b);
        case elementwise_operation::multiply_add:
            return a * s + b;
        case elementwise_operation::convert:
            return a;
        case elementwise_operation::fill:
            return s;
        case elementwise_operation::relu:
            return std::max(a, std::int64_t{0});
        case elementwise_operation::negate:
            return -a;
        case elementwise_operation::absolute:
            return std::abs(a);
        case elementwise_operation::relu_gradient:
            return a > 0 ? b : 0;
        case elementwise_operation::step:
            return a > b ? 1 : 0;
        case elementwise_operation::equal:
            return a == b ? 1 : 0;
        case elementwise_operation::select:
            return a > 0 ? b : d;
        case elementwise_operation::multiply_accumulate:
            return d + a * b;
        case elementwise_operation::divide:
        case elementwise_operation::reciprocal:
        case elementwise_operation::square_root:
        case elementwise_operation::reciprocal_square_root:
        case elementwise_operation::exponential:
        case elementwise_operation::logarithm:
        case elementwise_operation::hyperbolic_tangent:
        case elementwise_operation::error_function:
            break;  // FP32 sequences, on integers as on other numbers
    }
    return 0;
}

std::int64_t nearest_integer(float s) {
    std::array<std::byte, sizeof(std::int32_t)> memory;  // NOLINT(cppcoreguidelines-pro-type-member-init): written next
    std::int64_t result = 0;
    encode({number_format::int32}, std::span(&s, 1), memory);
    decode({number_format::int32}, memory, std::span(&result, 1));
    return result;
}

// The elements of a source from `first` on, as many as `values` has.
template <class Value, class... More>
void load(source_elements source, std::size_t first, std::span<Value> values, More... more) {
    const std::size_t width = bytes(source.type.format);
    decode(source.type, source.bytes.subspan(first * width, values.size() * width), values, more...);
}

// Calls use(first, count) for each chunk of the destination's elements.
template <class F>
void for_each_chunk(destination_elements d, F use) {
    const std::size_t elements = d.bytes.size() / bytes(d.type.format);
    for (std::size_t first = 0; first < elements; first += chunk_elements) {
        use(first, std::min(chunk_elements, elements - first));
    }
}

void store(destination_elements d, std::size_t first, auto values, arithmetic rules, rounding how,
           status_flags* raised) {
    const std::size_t width = bytes(d.type.format);
    how.first_index += first;
    encode(d.type, values, d.bytes.subspan(first * width, values.size() * width), rules, how, raised);
}

void apply_to_integers(elementwise_operation operation, destination_elements d, source_elements a, source_elements b,
                       std::int64_t s, arithmetic rules, rounding how, status_flags* raised) {
    // NOLINTBEGIN(cppcoreguidelines-pro-type-member-init): filled chunk by chunk
    std::array<std::int64_t, chunk_elements> a_values;
    std::array<std::int64_t, chunk_elements> b_values;
    std::array<std::int64_t, chunk_elements> d_values;
    // NOLINTEND(cppcoreguidelines-pro-type-member-init)
    for_each_chunk(d, [&](std::size_t first, std::size_t count) {
        const std::span values = std::span(a_values).first(count);
        const std::span others = source_count(operation) > 1 ? std::span(b_values).first(count) : values;
        const std::span before = reads_destination(operation) ? std::span(d_values).first(count) : values;
        load(a, first, values);
        if (source_count(operation) > 1) load(b, first, others);
        if (reads_destination(operation)) load({d.bytes, d.type}, first, before);
        for (std::size_t i = 0; i < count; ++i) values[i] = compute(operation, values[i], others[i], before[i], s);
        store(d, first, std::span<const std::int64_t>(values), rules, how, raised);
    });
}

void check_sizes(elementwise_operation operation, destination_elements d, source_elements a, source_elements b) {
    const std::size_t elements = d.bytes.size() / bytes(d.type.format);
    const auto bytes_read = [&](source_elements source, std::uint32_t place) {
        return place < source_count(operation) ? elements * bytes(source.type.format) : 0;
    };
    if (d.bytes.size() != elements * bytes(d.type.format) || a.bytes.size() != bytes_read(a, 0) ||
        b.bytes.size() != bytes_read(b, 1)) {
        throw std::invalid_argument("numerics: the operands of " + std::string(name(operation)) +
                                    " differ in length, or one is not used");
    }
}

}  // namespace

std::string_view name(elementwise_operation operation) {
    return names.at(static_cast<std::size_t>(operation));
}

std::optional<elementwise_operation> elementwise_operation_from_name(std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<elementwise_operation>(found - names.begin());
}

void apply(elementwise_operation operation, destination_elements d, source_elements a, source_elements b, float s,
           arithmetic rules, rounding how, status_flags* raised) {
    check_sizes(operation, d, a, b);
    const std::uint32_t sources = source_count(operation);
    const bool all_integers = sources > 0 && is_integer(a.type.format) && (sources < 2 || is_integer(b.type.format)) &&
                              (!reads_destination(operation) || is_integer(d.type.format));
    if (all_integers && !function_of(operation)) {
        const std::int64_t scalar = uses_scalar(operation) ? nearest_integer(s) : 0;
        return apply_to_integers(operation, d, a, b, scalar, rules, how, raised);
    }
    // NOLINTBEGIN(cppcoreguidelines-pro-type-member-init): filled chunk by chunk
    std::array<float, chunk_elements> a_values;
    std::array<float, chunk_elements> b_values;
    std::array<float, chunk_elements> d_values;
    // NOLINTEND(cppcoreguidelines-pro-type-member-init)
    for_each_chunk(d, [&](std::size_t first, std::size_t count) {
        const std::span values = std::span(a_values).first(count);
        const std::span others = std::span(b_values).first(count);
        if (sources > 0) load(a, first, values, rules, raised);
        if (sources > 1) load(b, first, others, rules, raised);
        const std::span before = std::span(d_values).first(count);
        if (reads_destination(operation)) load({d.bytes, d.type}, first, before, rules, raised);
        rules.keep_subnormals ? compute<true>(operation, values, others, before, s)
                              : compute<false>(operation, values, others, before, s);
        store(d, first, std::span<const float>(values), rules, how, raised);
    });
}

}  // namespace d1::numerics
