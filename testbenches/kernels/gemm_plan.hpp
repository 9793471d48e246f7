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

namespace d1 {

class die;

}  // namespace d1

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
    [[nodiscard]] std::uint32_t smallest() const { return size(parts - 1); }
};

/// The K dimension in chunks of `chunk` steps, the last one shorter where it does not come out even.
struct k_split {
    std::uint32_t steps = 0;
    std::uint32_t chunk = 1;

    [[nodiscard]] std::uint32_t whole() const { return steps / chunk; }
    [[nodiscard]] std::uint32_t tail() const { return steps % chunk; }
    [[nodiscard]] std::uint32_t count() const { return whole() + (tail() != 0 ? 1 : 0); }
};

/// How a panel of an operand (the rows of A, or the columns of B, of one part of C) lies and moves. The nodes that need
/// it are `fans` chains of `chain` logical neighbours each. K is dealt out to the first nodes of the first chain, its
/// owners, in their order: `per_owner` consecutive chunks to each, what is left to the last. Every chunk goes along the
/// chain from its owner to both ends, and from each node of the chain on to the same node of the next chain.
struct panel_layout {
    /// Pieces that an owner gives to the network interface at once, so that those of the other operand that go by need
    /// not wait behind a whole panel.
    static constexpr std::uint32_t pieces_at_once = 2;

    std::uint32_t sub_blocks = 1;  ///< blocks of the largest sub-block of any part
    std::uint32_t passes = 1;      ///< sub-blocks of every part, as even as they can be
    std::uint32_t chain = 1;
    std::uint32_t fans = 1;
    std::uint32_t per_owner = 1;
    std::uint32_t pieces = 1;  ///< of a chunk, each handed on as soon as it is there
    bool streamed = false;     ///< chunks pass through a few slots; otherwise a node has room for the whole panel
    numerics::element_type type{};
    k_split k;

    /// Otherwise the panel lies where it is used.
    [[nodiscard]] bool moves() const { return chain * fans > 1; }
    [[nodiscard]] bool passes_slots() const { return streamed && moves(); }
    /// Whether a node's buffer has room for an owner's chunks alone.
    [[nodiscard]] bool holds_shares() const { return passes_slots() && owners() > 1; }
    [[nodiscard]] std::uint32_t owners() const { return (k.count() + per_owner - 1) / per_owner; }
    /// Whole chunks of the last owner, who also has the tail.
    [[nodiscard]] std::uint32_t last_whole() const { return k.whole() - (owners() - 1) * per_owner; }

    [[nodiscard]] std::uint32_t slice_bytes() const { return numerics::slice_elements * numerics::bytes(type.format); }
    /// Bytes of a chunk of a sub-block: its slices [block][step], up to a whole line.
    [[nodiscard]] std::uint64_t chunk_bytes(std::uint64_t blocks, std::uint64_t steps) const {
        return (blocks * steps * slice_bytes() + packet_bytes - 1) / packet_bytes * packet_bytes;
    }
    /// Bytes of a sub-block in the operand's buffer of a node: of all chunks, or, if streamed, of an owner's.
    [[nodiscard]] std::uint64_t sub_block_bytes(std::uint64_t blocks) const {
        return holds_shares() ? per_owner * chunk_bytes(blocks, k.chunk)
                              : k.whole() * chunk_bytes(blocks, k.chunk) + chunk_bytes(blocks, k.tail());
    }
    /// Bytes of the operand's buffer for a panel of `blocks`.
    [[nodiscard]] std::uint64_t buffer_bytes(std::uint32_t blocks) const {
        const std::uint32_t larger = blocks % passes;
        return larger * sub_block_bytes(blocks / passes + 1) + (passes - larger) * sub_block_bytes(blocks / passes);
    }
    /// Packets of a piece of a chunk, and how many pieces there are.
    [[nodiscard]] std::uint64_t piece_packets(std::uint64_t blocks, std::uint64_t steps) const {
        const std::uint64_t packets = chunk_bytes(blocks, steps) / packet_bytes;
        return (packets + pieces - 1) / pieces;
    }
    [[nodiscard]] std::uint64_t piece_count(std::uint64_t blocks, std::uint64_t steps) const {
        const std::uint64_t piece = piece_packets(blocks, steps);
        return (chunk_bytes(blocks, steps) / packet_bytes + piece - 1) / piece;
    }
    /// Bytes of a slot; 0 where there are none.
    [[nodiscard]] std::uint64_t slot_bytes() const { return passes_slots() ? chunk_bytes(sub_blocks, k.chunk) : 0; }
};

/// The types of the elements of a product's tensors. Sums are FP32 in any case.
struct gemm_types {
    numerics::element_type output{};
    numerics::element_type a{};
    numerics::element_type b{};

    friend constexpr bool operator==(const gemm_types&, const gemm_types&) = default;
};

/// A plan for C = A B on a die. The logical nodes are groups side by side: `b.fans` across, each `a.chain` columns
/// wide, by `a.fans` down, each `b.chain` rows high. Node (x, y) of group (g, h) computes part g * b.chain + y of the
/// rows of C and part h * a.chain + x of its columns, in sub-blocks, each over the whole of K, chunk by chunk.
struct gemm_plan {
    gemm_shape shape{};
    numerics::element_type output{};  ///< of C
    block_split rows;                 ///< blocks of 8 rows of C over its parts
    block_split columns;              ///< blocks of 8 columns of C over its parts
    panel_layout a;
    panel_layout b;
    std::uint32_t slots = 0;  ///< for chunks that are under way or in use, where panels are streamed

    // Bytes in each node, for its largest parts.
    std::uint64_t a_bytes = 0;
    std::uint64_t b_bytes = 0;
    std::uint64_t output_bytes = 0;
    std::uint64_t accumulator_bytes = 0;  ///< 0 where results accumulate in place
    std::uint64_t slot_bytes = 0;         ///< of all slots
    std::uint64_t estimated_cycles = 0;   ///< by the closed form that chose this plan
    std::uint64_t estimated_bursts = 0;   ///< that a node sends

    [[nodiscard]] std::uint64_t bytes() const {
        return a_bytes + b_bytes + output_bytes + accumulator_bytes + slot_bytes;
    }
    [[nodiscard]] grid nodes() const {
        return {static_cast<std::int32_t>(a.chain * b.fans), static_cast<std::int32_t>(b.chain * a.fans)};
    }
    [[nodiscard]] std::uint32_t row_part(coordinate node) const {
        const auto x = static_cast<std::uint32_t>(node.x);
        return x / a.chain * b.chain + static_cast<std::uint32_t>(node.y) % b.chain;
    }
    [[nodiscard]] std::uint32_t column_part(coordinate node) const {
        const auto y = static_cast<std::uint32_t>(node.y);
        return y / b.chain * a.chain + static_cast<std::uint32_t>(node.x) % a.chain;
    }
};

/// Chooses among the plans that fit, over all useful rectangles of neighbouring nodes, groups, chunk lengths and
/// sub-blocks, that of the least estimated cycles. Deterministic. Throws input_error if nothing fits, with the bytes
/// needed and available.
[[nodiscard]] gemm_plan plan_gemm(const gemm_shape& shape, const gemm_types& types, const die& on);

}  // namespace d1::kernels
