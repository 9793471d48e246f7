#pragma once
// What an instruction takes of a core's units at the published rates.

#include "models/core/core_parameters.hpp"
#include "models/core/unit_schedule.hpp"
#include "models/program/instruction.hpp"
#include "models/sram/sram_parameters.hpp"

namespace d1 {

/// Slots a cycle of each unit.
[[nodiscard]] unit_slots unit_rates(const core_parameters& core, const sram_parameters& memory);

/// Cycles that the unit with the most work for its rate takes for `slots`.
[[nodiscard]] std::uint64_t busiest_cycles(const unit_slots& slots, const unit_slots& rates) noexcept;

/// The matrix unit takes one step of its shape a slot. A pass keeps register_block_rows x register_block_columns blocks
/// of that shape in the accumulators, loads each slice of A and B once, and moves C blocks in (where it accumulates)
/// and out in 64-byte lines, while the next pass runs. The slices of a row of steps are read as whole lines, of which
/// two slices of an 8-bit format share one. Where A has an a_step_stride, a pass reads of each step the lines that its
/// row blocks lie in, wherever they begin.
[[nodiscard]] unit_demand cost_of(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core,
                                  const sram_parameters& memory);

/// A slot of the SIMD unit is one operation on one FP32 element; each element takes numerics::operation_count of them,
/// one after the other; of several rows each begins in lanes of its own. Operands are read and results written once,
/// row by row, in 64-byte lines; a source whose rows are all the same is read once. A predicated tail takes nothing, an
/// operation without an active element one slot.
[[nodiscard]] unit_demand cost_of(const program::vector_operation<std::int64_t>& v, const core_parameters& core,
                                  const sram_parameters& memory);

/// Lines through the vector registers, row by row.
[[nodiscard]] unit_demand cost_of(const program::copy<std::int64_t>& c, const core_parameters& core,
                                  const sram_parameters& memory);

/// The gather engine takes gather_granules_per_cycle granules; each is an access at a vector port, whatever its index.
/// Indices, dense rows and sums cost what they cost a vector operation.
[[nodiscard]] unit_demand cost_of(const program::gather<std::int64_t>& g, const core_parameters& core,
                                  const sram_parameters& memory);
[[nodiscard]] unit_demand cost_of(const program::scatter_add<std::int64_t>& s, const core_parameters& core,
                                  const sram_parameters& memory);

/// A SIMD slot for each element, as an element-wise operation; rows are read and written in 64-byte lines.
[[nodiscard]] unit_demand cost_of(const program::transpose<std::int64_t>& t, const core_parameters& core,
                                  const sram_parameters& memory);

/// A SIMD slot for each element, and a pass of all lanes for each of the steps that join them at a row's end; three
/// times as much where the result is a place in the row: a comparison, and a choice of value and place.
[[nodiscard]] unit_demand cost_of(const program::reduce<std::int64_t>& r, const core_parameters& core,
                                  const sram_parameters& memory);

}  // namespace d1
