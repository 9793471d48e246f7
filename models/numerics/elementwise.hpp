#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/functions.hpp"
#include "models/numerics/number_format.hpp"
#include "models/numerics/rounding.hpp"

namespace d1::numerics {

/// Element-wise operations of the SIMD unit on d (destination), a and b (sources) and s (a scalar):
///   add           d = a + b
///   subtract      d = a - b
///   multiply      d = a b
///   maximum       d = the larger of a and b; NaN if either is NaN; +0 is larger than -0
///   minimum       d = the smaller of a and b; NaN if either is NaN; -0 is smaller than +0
///   multiply_add  d = (a s) + b, rounded twice
///   convert       d = a
///   fill          d = s
///   relu          d = maximum(a, +0)
///   divide .. error_function  d = the elementary_function of that name of a, or of a and b
///   negate        d = -a
///   absolute      d = |a|
///   relu_gradient d = b if a > 0, otherwise +0
///   step          d = 1 if a > b, otherwise +0
///   equal         d = 1 if a = b, otherwise +0
///   select        d = b if a > 0, otherwise d itself
///   multiply_accumulate  d = d + (a b), rounded twice
/// No comparison holds for a NaN. +0 and -0 are equal.
enum class elementwise_operation : std::uint8_t {
    add,
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
    multiply_accumulate
};
inline constexpr elementwise_operation last_elementwise_operation = elementwise_operation::multiply_accumulate;

/// The name used in programs and reports: the enumerator's own.
[[nodiscard]] std::string_view name(elementwise_operation operation);

/// The operation of that name, or nothing.
[[nodiscard]] std::optional<elementwise_operation> elementwise_operation_from_name(std::string_view name);

/// The function that the operation computes, if it is one of those.
[[nodiscard]] constexpr std::optional<elementary_function> function_of(elementwise_operation operation) {
    using enum elementwise_operation;
    if (operation < divide || operation > error_function) return std::nullopt;
    return static_cast<elementary_function>(static_cast<int>(operation) - static_cast<int>(divide));
}

/// How many of a and b the operation reads: 0, 1 (a) or 2.
[[nodiscard]] constexpr std::uint32_t source_count(elementwise_operation operation) {
    using enum elementwise_operation;
    if (const auto function = function_of(operation)) return operand_count(*function);
    if (operation == fill) return 0;
    return operation == convert || operation == relu || operation == negate || operation == absolute ? 1 : 2;
}

/// Whether the operation reads what the destination held before.
[[nodiscard]] constexpr bool reads_destination(elementwise_operation operation) {
    return operation == elementwise_operation::select || operation == elementwise_operation::multiply_accumulate;
}

/// How many operations of the SIMD unit an element takes: a comparison and a choice are two, the sequence of a function
/// as many as its record says, everything else one (a product and its sum too).
[[nodiscard]] constexpr std::uint32_t operation_count(elementwise_operation operation) {
    using enum elementwise_operation;
    if (const auto function = function_of(operation)) return record(*function).operations;
    return operation == relu_gradient || operation == step || operation == equal || operation == select ? 2 : 1;
}

/// Whether the operation reads s.
[[nodiscard]] constexpr bool uses_scalar(elementwise_operation operation) {
    return operation == elementwise_operation::multiply_add || operation == elementwise_operation::fill;
}

/// Elements in memory, to be read.
struct source_elements {
    std::span<const std::byte> bytes;
    element_type type;
};

/// Elements in memory, to be written.
struct destination_elements {
    std::span<std::byte> bytes;
    element_type type;
};

/// Does the operation on every element: sources are widened to FP32 (see decode), each operation is rounded to FP32,
/// nearest even, and the result is rounded once more to the destination's type, as `how` says (see encode; element i of
/// the destination is element how.first_index + i of its stream). NaN results are canonical. If `rules` say that
/// subnormals are not kept, those of a, b, d and s and of every FP32 result become zero of their sign.
///
/// Where everything that is read is of an integer format the operation is done in integers, s being rounded to the
/// nearest INT32, and its exact result is rounded once to the destination's type: saturated, if that is an integer's.
///
/// `raised`, if not null, gets the flags added of what was read and of what was written (see decode and encode).
///
/// The destination may begin where a source begins if its elements are not wider; otherwise they must not overlap. No
/// alignment is needed. Throws std::invalid_argument if the spans are not whole elements, equally many in each, if a
/// source that the operation does not read is not empty, or if a type is not valid.
void apply(elementwise_operation operation, destination_elements d, source_elements a, source_elements b,
           float s = 0.0F, arithmetic rules = {}, rounding how = {}, status_flags* raised = nullptr);

}  // namespace d1::numerics
