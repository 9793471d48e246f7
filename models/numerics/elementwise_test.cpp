#include "models/numerics/elementwise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <vector>

#include "models/numerics/integer_reference.hpp"
#include "models/numerics/matrix_comparison.hpp"

namespace d1::numerics {
namespace {

using enum elementwise_operation;

using types::bf16;
using types::fp32;
constexpr std::array all_operations{add,
                                    subtract,
                                    multiply,
                                    maximum,
                                    minimum,
                                    multiply_add,
                                    convert,
                                    fill,
                                    relu,
                                    divide,
                                    reciprocal,
                                    square_root,
                                    reciprocal_square_root,
                                    exponential,
                                    logarithm,
                                    hyperbolic_tangent,
                                    error_function,
                                    negate,
                                    absolute,
                                    relu_gradient,
                                    step,
                                    equal,
                                    select,
                                    multiply_accumulate};

std::uint32_t flushed(std::uint32_t pattern, bool keep) {
    return keep || (pattern & 0x7F80'0000) != 0 ? pattern : pattern & 0x8000'0000;
}

// The larger of two patterns in the order -infinity .. -0, +0 .. +infinity; NaN wins.
std::uint32_t larger(std::uint32_t a, std::uint32_t b) {
    const auto is_nan = [](std::uint32_t x) { return (x & 0x7FFF'FFFF) > 0x7F80'0000; };
    const auto place = [](std::uint32_t x) { return x & 0x8000'0000 ? ~x : x | 0x8000'0000; };
    return is_nan(a) || is_nan(b) ? canonical_nan_fp32 : place(a) > place(b) ? a : b;
}

bool exceeds(std::uint32_t a, std::uint32_t b) {
    const bool are_zeros = ((a | b) & 0x7FFF'FFFF) == 0;
    return !are_zeros && a != b && larger(a, b) == a && a != canonical_nan_fp32;
}

std::uint32_t negated(std::uint32_t pattern) {
    return pattern ^ 0x8000'0000;
}

bool is_nan(std::uint32_t pattern) {
    return (pattern & 0x7FFF'FFFF) > 0x7F80'0000;
}

// The result before it is rounded to the destination's type, in integers.
std::uint32_t expected(elementwise_operation operation, std::uint32_t a, std::uint32_t b, std::uint32_t d,
                       std::uint32_t s, bool keep) {
    a = flushed(a, keep), b = flushed(b, keep), d = flushed(d, keep), s = flushed(s, keep);
    switch (operation) {
        case add:
            return integer_reference::add(a, b, keep);
        case subtract:
            return integer_reference::add(a, negated(b), keep);
        case multiply:
            return integer_reference::multiply(a, b, keep);
        case maximum:
            return larger(a, b);
        case minimum: {
            const std::uint32_t result = larger(negated(a), negated(b));
            return result == canonical_nan_fp32 ? result : negated(result);
        }
        case multiply_add:
            return integer_reference::add(integer_reference::multiply(a, s, keep), b, keep);
        case convert:
            return a;
        case fill:
            return s;
        case relu:
            return larger(a, 0);
        case negate:
            return negated(a);
        case absolute:
            return a & 0x7FFF'FFFF;
        case relu_gradient:
            return exceeds(a, 0) ? b : 0;
        case step:
            return exceeds(a, b) ? std::bit_cast<std::uint32_t>(1.0F) : 0;
        case equal:
            return !is_nan(a) && !is_nan(b) && !exceeds(a, b) && !exceeds(b, a) ? 0x3F80'0000U : 0;
        case select:
            return exceeds(a, 0) ? b : d;
        case multiply_accumulate:
            return integer_reference::add(d, integer_reference::multiply(a, b, keep), keep);
        default:
            return std::bit_cast<std::uint32_t>(evaluate(*function_of(operation), std::bit_cast<float>(a),
                                                         std::bit_cast<float>(b), {.keep_subnormals = keep}));
    }
}

std::uint32_t rounded_to(element_type type, std::uint32_t pattern) {
    if (type == bf16) return integer_reference::round_to_bf16(pattern);
    return (pattern & 0x7FFF'FFFF) > 0x7F80'0000 ? canonical_nan_fp32 : pattern;
}

std::uint32_t element(std::span<const std::byte> memory, element_type type, std::size_t i) {
    std::uint32_t result = 0;
    std::memcpy(&result, &memory[i * bytes(type.format)], bytes(type.format));
    return result;
}

void compare_with_reference(elementwise_operation operation, element_type from, element_type to,
                            test::pattern_class kind, bool keep, std::uint64_t seed) {
    SCOPED_TRACE(testing::Message() << name(operation) << ' ' << name(from.format) << " to " << name(to.format)
                                    << " class " << static_cast<int>(kind) << " keep " << keep << " seed " << seed);
    constexpr std::size_t elements = 2500;  // more than two chunks, and a tail
    test::operand a = test::random_operand(from, elements, kind, seed, 1);
    test::operand b = test::random_operand(from, elements, kind, seed, 2);
    const std::uint32_t s = test::pattern(kind, counter_random(seed, 3, 0));
    if (source_count(operation) < 1) a.bytes.clear();
    if (source_count(operation) < 2) b.bytes.clear();
    test::operand d = test::random_operand(to, elements, kind, seed, 4);
    apply(operation, {d.bytes, to}, {a.bytes, from}, {b.bytes, from}, std::bit_cast<float>(s),
          {.keep_subnormals = keep});
    for (std::size_t i = 0; i < elements; ++i) {
        ASSERT_EQ(element(d.bytes, to, i),
                  rounded_to(to, expected(operation, a.patterns[i], b.patterns[i], d.patterns[i], s, keep)))
            << std::hex << a.patterns[i] << ' ' << b.patterns[i] << ' ' << d.patterns[i] << ' ' << s;
    }
}

TEST(elementwise, every_operation_equals_integer_arithmetic) {
    std::uint64_t seed = 1;
    for (const elementwise_operation operation : all_operations) {
        for (const test::pattern_class kind : test::all_classes) {
            for (const auto& [from, to] : {std::pair{bf16, bf16}, {bf16, fp32}, {fp32, bf16}, {fp32, fp32}}) {
                for (const bool keep : {true, false}) {
                    compare_with_reference(operation, from, to, kind, keep, seed++);
                    if (HasFatalFailure()) return;
                }
            }
        }
    }
}

std::uint32_t apply_one(elementwise_operation operation, float a, float b) {
    std::uint32_t result = 0;
    const auto read = [](const float& value) { return std::as_bytes(std::span(&value, 1)); };
    const std::span<const std::byte> second = source_count(operation) == 2 ? read(b) : std::span<const std::byte>{};
    apply(operation, {std::as_writable_bytes(std::span(&result, 1)), fp32}, {read(a), fp32}, {second, fp32});
    return result;
}

TEST(elementwise, maximum_and_minimum_order_the_zeros_and_let_nan_win_from_either_side) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(apply_one(maximum, 0.0F, -0.0F), 0U);
    EXPECT_EQ(apply_one(maximum, -0.0F, 0.0F), 0U);
    EXPECT_EQ(apply_one(minimum, 0.0F, -0.0F), 0x8000'0000U);
    EXPECT_EQ(apply_one(minimum, -0.0F, 0.0F), 0x8000'0000U);
    for (const elementwise_operation operation : {maximum, minimum}) {
        EXPECT_EQ(apply_one(operation, nan, 1), canonical_nan_fp32);
        EXPECT_EQ(apply_one(operation, 1, -nan), canonical_nan_fp32);
    }
    EXPECT_EQ(apply_one(relu, -0.0F, 0), 0U);
    EXPECT_EQ(apply_one(relu, -nan, 0), canonical_nan_fp32);
}

TEST(elementwise, multiply_add_rounds_the_product_before_it_adds) {
    // (1 + 2^-23)^2 = 1 + 2^-22 + 2^-46: a fused operation would leave 2^-46.
    const float a = 0x1.000002p0F, b = -0x1.000004p0F;
    float d = 1;
    const auto read = [](const float& value) { return source_elements{std::as_bytes(std::span(&value, 1)), fp32}; };
    apply(multiply_add, {std::as_writable_bytes(std::span(&d, 1)), fp32}, read(a), read(b), a);
    EXPECT_EQ(d, 0);
}

template <class Integer>
std::vector<std::byte> integer_bytes(std::vector<Integer> values) {
    const auto bytes = std::as_bytes(std::span(values));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::int64_t> integers(elementwise_operation operation, number_format to, element_type from,
                                   const std::vector<std::byte>& a, const std::vector<std::byte>& b, float s = 0) {
    std::vector<std::byte> d(a.size() / bytes(from.format) * bytes(to));
    apply(operation, {d, {to}}, {a, from}, {source_count(operation) > 1 ? b : std::vector<std::byte>{}, from}, s);
    std::vector<std::int64_t> result(d.size() / bytes(to));
    decode({to}, d, result);
    return result;
}

TEST(elementwise, integers_are_computed_exactly_and_saturated_once) {
    using enum number_format;
    using testing::ElementsAre;
    const auto a = integer_bytes<std::int32_t>({2'000'000'000, -2'000'000'000, 16'777'217, -5});
    const auto b = integer_bytes<std::int32_t>({2'000'000'000, 2'000'000'000, 1, 7});
    constexpr std::int64_t most = 2'147'483'647;
    EXPECT_THAT(integers(add, int32, {int32}, a, b), ElementsAre(most, 0, 16'777'218, 2));
    EXPECT_THAT(integers(subtract, int32, {int32}, a, b), ElementsAre(0, -most - 1, 16'777'216, -12));
    EXPECT_THAT(integers(multiply, int32, {int32}, a, b), ElementsAre(most, -most - 1, 16'777'217, -35));
    EXPECT_THAT(integers(maximum, int32, {int32}, a, b), ElementsAre(2'000'000'000, 2'000'000'000, 16'777'217, 7));
    EXPECT_THAT(integers(minimum, int32, {int32}, a, b), ElementsAre(2'000'000'000, -2'000'000'000, 1, -5));
    EXPECT_THAT(integers(multiply_add, int32, {int32}, a, b, 2.5F), ElementsAre(most, -2'000'000'000, 33'554'435, -3))
        << "the scalar is rounded to 2";
    EXPECT_THAT(integers(relu, int16, {int32}, a, b), ElementsAre(32'767, 0, 32'767, 0));
    EXPECT_THAT(integers(convert, int8, {int32}, a, b), ElementsAre(127, -128, 127, -5));
    EXPECT_THAT(integers(equal, int8, {int32}, a, a), ElementsAre(1, 1, 1, 1));
    EXPECT_THAT(integers(equal, int8, {int32}, a, b), ElementsAre(1, 0, 0, 0));
}

TEST(elementwise, integers_are_chosen_and_accumulated_exactly_over_what_the_destination_held) {
    const auto mask = integer_bytes<std::int8_t>({1, 0, -1, 2});
    const auto b = integer_bytes<std::int32_t>({16'777'217, 16'777'217, 16'777'217, 2'000'000'001});
    const auto run = [&](elementwise_operation operation) {
        auto d = integer_bytes<std::int32_t>({5, 16'777'219, 16'777'219, 200'000'000});
        apply(operation, {d, {number_format::int32}}, {mask, {number_format::int8}}, {b, {number_format::int32}});
        std::vector<std::int64_t> result(4);
        decode({number_format::int32}, d, result);
        return result;
    };
    EXPECT_THAT(run(select), testing::ElementsAre(16'777'217, 16'777'219, 16'777'219, 2'000'000'001));
    EXPECT_THAT(run(multiply_accumulate), testing::ElementsAre(16'777'222, 16'777'219, 2, 2'147'483'647));
}

TEST(elementwise, multiply_accumulate_rounds_the_product_before_it_adds) {
    // (1 + 2^-23)^2 = 1 + 2^-22 + 2^-46: a fused operation would leave 2^-46.
    const float a = 0x1.000002p0F;
    float d = -0x1.000004p0F;
    const auto read = [](const float& value) { return source_elements{std::as_bytes(std::span(&value, 1)), fp32}; };
    apply(multiply_accumulate, {std::as_writable_bytes(std::span(&d, 1)), fp32}, read(a), read(a));
    EXPECT_EQ(d, 0);
}

TEST(elementwise, an_int32_becomes_any_format_in_one_rounding) {
    const auto a = integer_bytes<std::int32_t>({(1 << 30) + (1 << 22) + 1, 16'777'219});
    std::vector<float> values(2);
    std::vector<std::byte> d(4);
    apply(convert, {d, bf16}, {a, {number_format::int32}}, {});
    decode(bf16, d, values);
    EXPECT_THAT(values, testing::ElementsAre(0x1.02p30F, 0x1p24F));
}

TEST(elementwise, cfloats_are_computed_in_fp32_and_rounded_once_as_asked) {
    const element_type coarse{number_format::cfp8_152, 15}, fine{number_format::cfp8_143, 7};
    constexpr std::size_t elements = 2500;  // more than two chunks, and a tail
    std::vector<std::byte> a(elements), b(elements), d(elements), expected(elements);
    for (std::size_t i = 0; i < elements; ++i) {
        const std::uint64_t random = counter_random(1, 1, i);
        a[i] = static_cast<std::byte>(random), b[i] = static_cast<std::byte>(random >> 8);
    }
    std::vector<float> a_values(elements), b_values(elements);
    for (const denormal_reading reading : {denormal_reading::gradual, denormal_reading::printed}) {
        const arithmetic rules{.cfloat_denormals = reading, .rounding_seed = 9};
        for (const rounding how : {rounding{}, rounding{rounding_mode::stochastic, 3, 1000}}) {
            status_flags raised, expected_flags;
            apply(add, {d, fine}, {a, coarse}, {b, fine}, 0, rules, how, &raised);
            decode(coarse, a, a_values, rules, &expected_flags);
            decode(fine, b, b_values, rules, &expected_flags);
            for (std::size_t i = 0; i < elements; ++i) a_values[i] += b_values[i];
            encode(fine, a_values, expected, rules, how, &expected_flags);
            EXPECT_EQ(d, expected);
            EXPECT_EQ(raised, expected_flags);
            EXPECT_TRUE(raised.denormal && raised.underflow && raised.overflow);
        }
    }
}

TEST(elementwise, a_destination_may_be_a_source_or_narrow_it_in_place) {
    const std::size_t elements = 3000;
    const test::operand a = test::random_operand(fp32, elements, test::pattern_class::ordinary, 1, 1);
    const test::operand b = test::random_operand(fp32, elements, test::pattern_class::ordinary, 1, 2);
    for (const element_type to : {fp32, bf16}) {
        std::vector<std::byte> apart(elements * bytes(to.format));
        apply(add, {apart, to}, {a.bytes, fp32}, {b.bytes, fp32});
        std::vector<std::byte> in_place = a.bytes;
        apply(add, {std::span(in_place).first(apart.size()), to}, {in_place, fp32}, {b.bytes, fp32});
        in_place.resize(apart.size());
        EXPECT_EQ(in_place, apart);
    }
}

TEST(elementwise, operands_that_differ_in_length_or_are_not_used_are_refused) {
    std::vector<std::byte> d(8), two(4), three(6);
    const auto run = [&](elementwise_operation operation, std::span<const std::byte> a, std::span<const std::byte> b) {
        apply(operation, {d, fp32}, {a, bf16}, {b, bf16});
    };
    EXPECT_NO_THROW(run(add, two, two));
    EXPECT_THROW(run(add, two, three), std::invalid_argument);
    EXPECT_THROW(run(add, three, two), std::invalid_argument);
    EXPECT_THROW(run(add, two, {}), std::invalid_argument);
    EXPECT_THROW(run(convert, two, two), std::invalid_argument);
    EXPECT_THROW(run(fill, two, {}), std::invalid_argument);
    EXPECT_THROW(apply(fill, {std::span(d).first(7), fp32}, {}, {}), std::invalid_argument);
}

TEST(elementwise, names_go_both_ways) {
    for (const elementwise_operation operation : all_operations) {
        EXPECT_EQ(elementwise_operation_from_name(name(operation)), operation);
    }
    EXPECT_EQ(name(multiply_add), "multiply_add");
    EXPECT_EQ(name(relu), "relu");
    EXPECT_EQ(name(step), "step");
    EXPECT_EQ(elementwise_operation_from_name("modulo"), std::nullopt);
    for (const function_record& r : function_records) {
        const auto operation = elementwise_operation_from_name(r.name);
        ASSERT_TRUE(operation) << r.name;
        EXPECT_EQ(function_of(*operation), r.function);
    }
    EXPECT_EQ(function_of(relu), std::nullopt);
    EXPECT_EQ(function_of(negate), std::nullopt);
}

TEST(elementwise, masks_take_a_nan_as_not_greater) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(apply_one(step, nan, 1), 0U);
    EXPECT_EQ(apply_one(step, 1, nan), 0U);
    EXPECT_EQ(apply_one(step, 0.0F, -0.0F), 0U);
    EXPECT_EQ(apply_one(step, 2, 1), 0x3F80'0000U);
    EXPECT_EQ(apply_one(equal, nan, nan), 0U);
    EXPECT_EQ(apply_one(equal, 0.0F, -0.0F), 0x3F80'0000U);
    EXPECT_EQ(apply_one(equal, 1, 2), 0U);
    EXPECT_EQ(apply_one(select, nan, 3), 0U) << "what was there stays";
    EXPECT_EQ(apply_one(select, 1, 3), 0x4040'0000U);
    EXPECT_EQ(apply_one(relu_gradient, nan, 3), 0U);
    EXPECT_EQ(apply_one(relu_gradient, 0, -3), 0U);
    EXPECT_EQ(apply_one(relu_gradient, 2, -3), 0xC040'0000U);
    EXPECT_EQ(apply_one(relu_gradient, 2, nan), canonical_nan_fp32);
}

TEST(elementwise, costs_an_operation_an_element_two_for_a_mask_and_the_sequence_of_a_function) {
    for (const elementwise_operation operation :
         {add, multiply, multiply_add, convert, fill, relu, negate, absolute, multiply_accumulate}) {
        EXPECT_EQ(operation_count(operation), 1U) << name(operation);
    }
    EXPECT_EQ(operation_count(step), 2U);
    EXPECT_EQ(operation_count(relu_gradient), 2U);
    EXPECT_EQ(operation_count(equal), 2U);
    EXPECT_EQ(operation_count(select), 2U);
    EXPECT_EQ(operation_count(exponential), record(elementary_function::exponential).operations);
    EXPECT_EQ(source_count(divide), 2U);
    EXPECT_EQ(source_count(exponential), 1U);
    EXPECT_EQ(source_count(absolute), 1U);
    EXPECT_EQ(source_count(step), 2U);
    EXPECT_EQ(source_count(select), 2U);
}

}  // namespace
}  // namespace d1::numerics
