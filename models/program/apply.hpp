#pragma once
// The arithmetic of an instruction, on real bytes.

#include <cstddef>
#include <span>

#include "models/numerics/arithmetic.hpp"
#include "models/program/instruction.hpp"

namespace d1::program {

/// Does the arithmetic of a matrix_multiply or vector_operation on the bytes of its node's SRAM, all of it at once; the
/// caller decides when. Steps of other kinds compute nothing and leave the memory as it is: transfers belong to the
/// network interface, semaphores to the core.
///
/// False, and the memory untouched, where an operand does not lie in `sram`, where C of a matrix_multiply overlaps A or
/// B, or where the destination of a vector_operation overlaps a source that it reads; but it may begin where a source
/// begins if its elements are not wider.
[[nodiscard]] bool apply(const step& s, std::span<std::byte> sram, numerics::arithmetic rules);

}  // namespace d1::program
