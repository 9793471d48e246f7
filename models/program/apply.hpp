#pragma once
// The arithmetic of an instruction, on real bytes.

#include <cstddef>
#include <span>
#include <string>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/rounding.hpp"
#include "models/program/instruction.hpp"

namespace d1::program {

/// How a step fared.
struct applied {
    std::string fault{};              ///< what is wrong with the step, to follow its name; empty where it was done
    numerics::status_flags raised{};  ///< by all but matrix_multiply

    [[nodiscard]] explicit operator bool() const noexcept { return fault.empty(); }
};

/// Does what a step does to the bytes of its node's SRAM, all of it at once; the caller decides when. Transfers,
/// semaphores and barriers leave the memory as it is: they belong to the network interface and the core.
///
/// A fault, and the memory untouched, where an operand does not lie in `sram`; where an index does not lie in its
/// table; or where it would overwrite an operand (overwrites_operand).
[[nodiscard]] applied apply(const step& s, std::span<std::byte> sram, numerics::arithmetic rules);

/// The faults of apply() that depend on bytes: an index beyond its table. For runs without arithmetic, in which indices
/// are real. The indices must lie in `sram`.
[[nodiscard]] applied check_indices(const step& s, std::span<const std::byte> sram);

}  // namespace d1::program
