#pragma once
// The programs of a matrix product.

#include <memory>

#include "models/program/instruction.hpp"
#include "platforms/d1_parameters.hpp"
#include "testbenches/kernels/gemm_plan.hpp"

namespace d1::kernels {

/// What the buffers of the operands and of the result are called.
inline constexpr const char* gemm_a = "a";
inline constexpr const char* gemm_b = "b";
inline constexpr const char* gemm_c = "c";

/// Where each thing lies in a node's SRAM; the same in all nodes, since they read each other's operands.
struct gemm_addresses {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t output = 0;
};

struct gemm_program {
    std::shared_ptr<const program::program> program;
    gemm_addresses addresses;
};

/// The program of the nodes whose part of C is `row_blocks` x `column_blocks` blocks.
///
/// Thread 0 computes: for each sub-block of C and each chunk of K it waits until the chunk's operands are there,
/// multiplies, and gives the buffer back; after the last chunk it rounds the sub-block to the output type. Thread 1
/// moves: it waits for a free buffer and pulls the chunk's shares from the nodes of its row (A) and of its column (B),
/// starting with its own, so that all owners are busy at all times. Where nothing has to move there is no thread 1.
[[nodiscard]] gemm_program make_gemm_program(const gemm_plan& plan, std::uint32_t row_blocks,
                                             std::uint32_t column_blocks, const d1_parameters& parameters);

}  // namespace d1::kernels
