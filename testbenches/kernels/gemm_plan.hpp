#pragma once
// How a matrix product is laid out over the nodes of a die: who computes what, where operands lie, in which pieces they
// move. No SystemC, no bytes: figures only.

#include <algorithm>
#include <cstdint>

#include "models/numerics/matrix.hpp"
#include "models/numerics/number_format.hpp"
#include "models/packet/coordinate.hpp"
#include "models/packet/transfer_cutter.hpp"
#include "platforms/d1_parameters.hpp"
#include "testbenches/kernels/shape.hpp"

namespace d1::kernels {

/// `total` blocks dealt out to `parts` in order, the first ones getting one more where it does not come out even.
struct block_split {
    std::uint32_t total = 0;
    std::uint32_t parts = 1;

    [[nodiscard]] std::uint32_t size(std::uint32_t part) const {
        return total / parts + (part < total % parts ? 1 : 0);
    }
    [[nodiscard]] std::uint32_t first(std::uint32_t part) const {
        return part * (total / parts) + std::min(part, total % parts);
    }
    [[nodiscard]] std::uint32_t largest() const { return size(0); }
};

/// The K dimension in chunks of `chunk` steps, the last one shorter where it does not come out even.
struct k_split {
    std::uint32_t steps = 0;
    std::uint32_t chunk = 1;

    [[nodiscard]] std::uint32_t whole() const { return steps / chunk; }
    [[nodiscard]] std::uint32_t tail() const { return steps % chunk; }
    [[nodiscard]] std::uint32_t count() const { return whole() + (tail() != 0 ? 1 : 0); }
};

/// How a panel of an operand (the rows of A that a row of nodes needs, or the columns of B that a column of nodes
/// needs) lies in the memories of the nodes that share it. The panel is cut into sub-blocks of its blocks and chunks of
/// K; the slices of each such unit, in the order in which the matrix unit wants them, are dealt out to the owners in
/// equal shares, the last ones padded. So every element is stored once, and each unit can be pulled from all owners
/// evenly.
struct panel_layout {
    std::uint32_t sub_blocks = 1;  ///< blocks of a sub-block; the panel's last one may have fewer
    std::uint32_t owners = 1;
    numerics::element_type type{};
    k_split k;

    [[nodiscard]] std::uint32_t slice_bytes() const { return numerics::slice_elements * numerics::bytes(type.format); }

    /// Slices of each owner's share of a unit of `blocks` x `steps`: whole lines, so that every share begins at one.
    [[nodiscard]] std::uint32_t share(std::uint32_t blocks, std::uint32_t steps) const {
        const std::uint32_t line = std::max<std::uint32_t>(1, packet_bytes / slice_bytes());
        return ((blocks * steps + owners - 1) / owners + line - 1) / line * line;
    }
    /// Bytes of an owner's shares of all chunks of a sub-block.
    [[nodiscard]] std::uint64_t sub_block_bytes(std::uint32_t blocks) const {
        return std::uint64_t{slice_bytes()} *
               (std::uint64_t{k.whole()} * share(blocks, k.chunk) + (k.tail() != 0 ? share(blocks, k.tail()) : 0));
    }
    /// Bytes of an owner's shares of a panel of `blocks`.
    [[nodiscard]] std::uint64_t panel_bytes(std::uint32_t blocks) const {
        return blocks / sub_blocks * sub_block_bytes(sub_blocks) +
               (blocks % sub_blocks != 0 ? sub_block_bytes(blocks % sub_blocks) : 0);
    }
    /// Bytes that all shares of one unit, as pulled together, take in the node that uses it.
    [[nodiscard]] std::uint64_t unit_bytes(std::uint32_t blocks, std::uint32_t steps) const {
        return std::uint64_t{share(blocks, steps)} * owners * slice_bytes();
    }
};

/// The types of the elements of a product's tensors. Sums are FP32 in any case.
struct gemm_types {
    numerics::element_type output{};
    numerics::element_type a{};
    numerics::element_type b{};

    friend constexpr bool operator==(const gemm_types&, const gemm_types&) = default;
};

/// A plan for C = A B on a die: `nodes.rows` x `nodes.columns` logical nodes; node (x, y) computes the x-th part of the
/// columns of C and the y-th of its rows, in sub-blocks, each over the whole of K, chunk by chunk.
struct gemm_plan {
    gemm_shape shape{};
    numerics::element_type output{};  ///< of C
    grid nodes;
    block_split rows;           ///< blocks of 8 rows over the logical rows of nodes
    block_split columns;        ///< blocks of 8 columns over the logical columns of nodes
    panel_layout a;             ///< shared by the nodes of a logical row
    panel_layout b;             ///< shared by the nodes of a logical column
    std::uint32_t buffers = 2;  ///< chunks that are under way or in use at once

    // Bytes in each node, for its largest parts.
    std::uint64_t a_bytes = 0;
    std::uint64_t b_bytes = 0;
    std::uint64_t output_bytes = 0;
    std::uint64_t accumulator_bytes = 0;  ///< 0 where results accumulate in place
    std::uint64_t buffer_bytes = 0;       ///< of one chunk's operands, those in place not counted
    std::uint64_t estimated_cycles = 0;   ///< by the closed form that chose this plan
    std::uint64_t estimated_hops = 0;     ///< routers that the bursts pulled by a node visit, about

    [[nodiscard]] std::uint64_t bytes() const {
        return a_bytes + b_bytes + output_bytes + accumulator_bytes + buffers * buffer_bytes;
    }
    /// An operand with one owner lies where it is used, and is not moved.
    [[nodiscard]] bool moves_a() const { return a.owners > 1; }
    [[nodiscard]] bool moves_b() const { return b.owners > 1; }
};

/// Chooses among the plans that fit, over all useful rectangles of nodes, chunk lengths and sub-blocks: of those within
/// 5 % of the least estimated cycles the one whose bursts visit the fewest routers. Deterministic. Throws input_error
/// if nothing fits, with the bytes needed and available.
[[nodiscard]] gemm_plan plan_gemm(const gemm_shape& shape, const gemm_types& types, const d1_parameters& parameters,
                                  std::uint32_t live_nodes);

}  // namespace d1::kernels
