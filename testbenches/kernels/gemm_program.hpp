#pragma once
// The programs of a matrix product.

#include <compare>
#include <memory>

#include "models/program/instruction.hpp"
#include "platforms/d1_parameters.hpp"
#include "testbenches/kernels/gemm_plan.hpp"

namespace d1::kernels {

/// What the buffers of the operands and of the result are called.
inline constexpr const char* gemm_a = "a";
inline constexpr const char* gemm_b = "b";
inline constexpr const char* gemm_c = "c";

/// Where each thing lies in a node's SRAM; the same in all nodes, since they write to each other.
struct gemm_addresses {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t output = 0;
};

struct gemm_program {
    std::shared_ptr<const program::program> program;
    gemm_addresses addresses;
};

/// Which chunks of K a node owns.
enum class ownership : std::uint8_t { none, whole, last };

/// A node's place in the movement of an operand: who hands it chunks, and to whom it hands them on.
struct operand_place {
    bool has_before = false;        ///< a neighbour towards the first node of the chain
    bool has_after = false;         ///< a neighbour towards the last one
    bool has_group_before = false;  ///< the node of the same place in the chain before, which hands on everything
    bool has_group_after = false;
    ownership owns = ownership::none;
    std::int32_t first = 0;  ///< coordinate of the chain's first node, where the chain is longer than that

    friend auto operator<=>(const operand_place&, const operand_place&) = default;
};

/// What makes nodes run the same program.
struct gemm_role {
    std::uint32_t rows = 0;     ///< blocks of the node's part of C
    std::uint32_t columns = 0;  ///< and across
    operand_place a;
    operand_place b;

    friend auto operator<=>(const gemm_role&, const gemm_role&) = default;
};
[[nodiscard]] gemm_role role_of(const gemm_plan& plan, coordinate node);

/// The program of a role.
///
/// Thread 0 computes: for each sub-block of C and each chunk of K it waits until the chunk of both operands is there
/// and multiplies; after the last chunk it rounds the sub-block to the output type. A thread for each operand that
/// moves goes through its chunks in the order of K: it takes them from the neighbour towards their owner, or from the
/// node's own, and hands them on. Where panels are streamed, one more thread tells the neighbours which slots are free
/// again.
[[nodiscard]] gemm_program make_gemm_program(const gemm_plan& plan, const gemm_role& role,
                                             const d1_parameters& parameters);

}  // namespace d1::kernels
