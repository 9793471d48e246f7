#pragma once
// The elements of a program's buffer as those of an array.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "models/numerics/number_format.hpp"
#include "testbenches/d1sim/npy.hpp"

namespace d1 {

/// Writes elements first, first + 1, ... of an array to memory as elements of `type`, as many as `bytes` has room for.
/// The array must hold them and be acceptable().
/// - float32 and float64: rounded once, to the nearest, ties to even; to fp32, float32 is taken bit for bit.
/// - Unsigned integers of the element's width: its bit patterns; signed ones as well where the type is an integer.
void store(const npy_array& from, std::uint64_t first, numerics::element_type type, std::span<std::byte> bytes);

/// Why an array cannot become elements of `type`, and what could; empty if it can.
[[nodiscard]] std::string why_not(const npy_array& array, numerics::element_type type);

/// Appends elements of `type` to an array: float32, which holds all of them exactly, or signed integers of their width
/// where the type is an integer.
void append(npy_array& to, numerics::element_type type, std::span<const std::byte> bytes);

/// An empty array that append() can add elements of `type` to.
[[nodiscard]] npy_array array_for(numerics::element_type type);

}  // namespace d1
