#pragma once
// Arithmetic on affine expressions, and their value at a place in a program:
//
//     buffer + 64 * loop(0) + 4096 * (x() + 1)
//
// Building an expression checks for overflow; evaluating one wraps in two's complement, so that it is fast and defined
// for whatever coefficients a program holds.

#include <concepts>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "models/packet/coordinate.hpp"
#include "models/program/instruction.hpp"

namespace d1::program {

namespace detail {

[[noreturn]] inline void throw_affine_overflow() {
    throw std::overflow_error("an affine expression does not fit in 64 bits");
}
[[nodiscard]] constexpr std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    if (__builtin_add_overflow(a, b, &result)) throw_affine_overflow();
    return result;
}
[[nodiscard]] constexpr std::int64_t checked_product(std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result)) throw_affine_overflow();
    return result;
}
[[nodiscard]] constexpr std::uint64_t bits(std::int64_t value) noexcept {
    return static_cast<std::uint64_t>(value);
}

}  // namespace detail

/// The counter of the enclosing loop at `depth`, outermost 0. depth < max_loop_depth, else std::out_of_range.
[[nodiscard]] constexpr affine loop(std::size_t depth) {
    affine result;
    result.loop.at(depth) = 1;
    return result;
}
/// The node's own logical column.
[[nodiscard]] constexpr affine x() noexcept {
    affine result;
    result.x = 1;
    return result;
}
/// The node's own logical row.
[[nodiscard]] constexpr affine y() noexcept {
    affine result;
    result.y = 1;
    return result;
}

/// Sums, differences and multiples; std::overflow_error where a coefficient does not fit.
[[nodiscard]] constexpr affine operator+(const affine& a, const affine& b) {
    affine result;
    result.constant = detail::checked_sum(a.constant, b.constant);
    for (std::size_t d = 0; d < max_loop_depth; ++d) result.loop[d] = detail::checked_sum(a.loop[d], b.loop[d]);
    result.x = detail::checked_sum(a.x, b.x);
    result.y = detail::checked_sum(a.y, b.y);
    return result;
}
template <std::integral Integer>
[[nodiscard]] constexpr affine operator*(const affine& a, Integer factor) {
    if (!std::in_range<std::int64_t>(factor)) detail::throw_affine_overflow();
    const auto f = static_cast<std::int64_t>(factor);
    affine result;
    result.constant = detail::checked_product(a.constant, f);
    for (std::size_t d = 0; d < max_loop_depth; ++d) result.loop[d] = detail::checked_product(a.loop[d], f);
    result.x = detail::checked_product(a.x, f);
    result.y = detail::checked_product(a.y, f);
    return result;
}
template <std::integral Integer>
[[nodiscard]] constexpr affine operator*(Integer factor, const affine& a) {
    return a * factor;
}
[[nodiscard]] constexpr affine operator-(const affine& a) {
    return a * -1;
}
[[nodiscard]] constexpr affine operator-(const affine& a, const affine& b) {
    return a + -b;
}

/// Whether the expression is the same number everywhere.
[[nodiscard]] constexpr bool is_constant(const affine& a) noexcept {
    return a == affine(a.constant);
}

/// How many enclosing loops the expression needs: 1 + the deepest loop it refers to, or 0.
[[nodiscard]] constexpr std::size_t required_depth(const affine& a) noexcept {
    std::size_t depth = max_loop_depth;
    while (depth > 0 && a.loop[depth - 1] == 0) --depth;
    return depth;
}

/// The value for the counters of the live loops (outermost first, at most max_loop_depth) at a node. Coefficients of
/// deeper loops are not looked at.
[[nodiscard]] constexpr std::int64_t evaluate(const affine& a, std::span<const std::int64_t> counters,
                                              coordinate node) noexcept {
    auto sum =
        detail::bits(a.constant) + detail::bits(a.x) * detail::bits(node.x) + detail::bits(a.y) * detail::bits(node.y);
    for (std::size_t d = 0; d < counters.size(); ++d) sum += detail::bits(a.loop[d]) * detail::bits(counters[d]);
    return static_cast<std::int64_t>(sum);
}

}  // namespace d1::program
