#pragma once
// The inner kernel of each instruction of a program: the loop nest in micro-operations that computes it.
//
// A kernel begins with a pointer for each operand. Loads and stores are whole lines, as many as instruction_cost
// counts; what lies across two lines is joined in the load's and store's path. Kernels depend on shapes, formats and
// alignments; on addresses where the SRAM has banks.

#include "models/core/core_parameters.hpp"
#include "models/core/pipeline/micro_op.hpp"
#include "models/program/instruction.hpp"

namespace d1::pipeline {

/// Passes over the whole of K, each with register_block_rows x register_block_columns blocks of the unit's shape in one
/// half of the accumulators, while results of the pass before leave the other half. K is unrolled as far as the vector
/// registers reach, to eight steps at most; where they are too few for one step, the block is made smaller.
[[nodiscard]] kernel kernel_of(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core);

/// Some vectors at a time side by side, so that the operations of one hide the latency of the others: each operation of
/// a function's sequence waits for the one before it. An FP32 operand comes with the operation (load+execute).
[[nodiscard]] kernel kernel_of(const program::vector_operation<std::int64_t>& v, const core_parameters& core);

/// Lines through vector registers.
[[nodiscard]] kernel kernel_of(const program::copy<std::int64_t>& c, const core_parameters& core);

/// Lines through vector registers, shuffled there.
[[nodiscard]] kernel kernel_of(const program::transpose<std::int64_t>& t, const core_parameters& core);

/// Up to eight rows side by side, since the sums of a row's lanes follow each other; then the lanes are joined.
[[nodiscard]] kernel kernel_of(const program::reduce<std::int64_t>& r, const core_parameters& core);

/// A line of indices, then the rows that they name, granule by granule into lines that are stored.
[[nodiscard]] kernel kernel_of(const program::gather<std::int64_t>& g, const core_parameters& core);

/// The same, added to lines of the source, and granule by granule back. That a row is named twice in succession costs
/// nothing here.
[[nodiscard]] kernel kernel_of(const program::scatter_add<std::int64_t>& s, const core_parameters& core);

/// What the scalar side does for a transfer, a signal or a wait: for listings; a core counts issue_cycles for them.
[[nodiscard]] kernel kernel_of_transfer(bool in_list);
[[nodiscard]] kernel kernel_of_semaphore();

}  // namespace d1::pipeline
