#pragma once
// What an instruction takes of a core's units at the published rates.

#include "models/core/core_parameters.hpp"
#include "models/core/unit_schedule.hpp"
#include "models/program/instruction.hpp"
#include "models/sram/sram_parameters.hpp"

namespace d1 {

/// Slots a cycle of each unit.
[[nodiscard]] unit_slots unit_rates(const core_parameters& core, const sram_parameters& memory);

/// The matrix unit takes one 8x8x4 step a slot. A pass keeps register_block_rows x register_block_columns blocks of C
/// in the accumulators, loads each slice of A and B once, and moves C blocks in (where it accumulates) and out in
/// 64-byte lines, while the next pass runs. The slices of a row of steps are read as whole lines, of which two
/// slices of an 8-bit format share one.
[[nodiscard]] unit_demand cost_of(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core,
                                  const sram_parameters& memory);

/// A slot of the SIMD unit is one operation on one FP32 element; each element takes numerics::operation_count of them,
/// one after the other. Operands are read and results written once, in 64-byte lines.
[[nodiscard]] unit_demand cost_of(const program::vector_operation<std::int64_t>& v, const core_parameters& core,
                                  const sram_parameters& memory);

}  // namespace d1
