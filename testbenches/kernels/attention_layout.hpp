#pragma once
// Where things of attention lie. Private to attention and its gradient.

#include <algorithm>
#include <cstdint>

#include "models/numerics/matrix.hpp"
#include "testbenches/kernels/attention.hpp"

namespace d1::kernels::attention_parts {

inline constexpr std::uint32_t block = attention_block;
inline constexpr std::uint32_t row_blocks = block / numerics::block_rows;
inline constexpr std::uint32_t number_bytes = sizeof(float);
inline constexpr std::uint32_t block_bytes = numerics::block_elements * number_bytes;
inline constexpr std::uint32_t block_row_bytes = numerics::block_columns * number_bytes;

/// How heads and queries lie over the nodes: node (x, y) has the x-th, x +
/// parts-th, ... block of queries of some heads.
struct attention_layout {
    attention_shape shape;
    attention_types types;
    block_split heads;         ///< over the logical rows
    std::uint32_t parts = 1;   ///< nodes of a line
    std::uint32_t blocks = 1;  ///< of queries, and of keys; the last has fewer
                               ///< where it does not come out even

    [[nodiscard]] std::uint32_t size() const { return numerics::bytes(types.input.format); }
    [[nodiscard]] std::uint32_t depth_steps() const { return (shape.depth + 3) / numerics::step_depth; }
    [[nodiscard]] std::uint32_t depth_blocks() const { return (shape.depth + 7) / numerics::block_columns; }
    [[nodiscard]] std::uint32_t slice_bytes() const { return numerics::slice_elements * size(); }
    /// Keys of a block, and in which matrix steps and blocks of eight they lie.
    [[nodiscard]] std::uint32_t keys(std::uint32_t b) const { return std::min(block, shape.length - b * block); }
    [[nodiscard]] static std::uint32_t steps(std::uint32_t keys) { return (keys + 3) / numerics::step_depth; }
    [[nodiscard]] static std::uint32_t eights(std::uint32_t keys) { return (keys + 7) / numerics::block_columns; }

    // Queries: blocks of slices [row block][step]. Keys: [eight][step of depth].
    // Values: [eight of depth][step of keys].
    [[nodiscard]] std::uint32_t query_block_bytes() const { return row_blocks * depth_steps() * slice_bytes(); }
    [[nodiscard]] std::uint32_t key_block_bytes() const { return row_blocks * depth_steps() * slice_bytes(); }
    [[nodiscard]] std::uint32_t value_block_bytes() const {
        return depth_blocks() * (block / numerics::step_depth) * slice_bytes();
    }
    [[nodiscard]] std::uint32_t output_block_bytes() const {
        return row_blocks * depth_blocks() * numerics::block_elements * numerics::bytes(types.output.format);
    }
    [[nodiscard]] std::uint32_t query_blocks(std::uint32_t part) const { return (blocks + parts - 1 - part) / parts; }
};

/// Pieces of a tensor, block by block, of `rows` x `columns` elements that lie
/// `pitch` bytes apart.
struct tile {
    std::uint64_t offset;
    std::uint32_t position;  ///< in the sequence
    std::uint32_t column;
    std::uint32_t rows, columns, pitch;
};
inline void add_tile(tensor& t, const attention_layout& l, coordinate node, std::uint32_t head, const tile& p) {
    if (p.position >= l.shape.length || p.column >= l.shape.depth) return;
    t.pieces.push_back({.node = node,
                        .offset = p.offset,
                        .first = (std::uint64_t{head} * l.shape.length + p.position) * l.shape.depth + p.column,
                        .rows = std::min(p.rows, l.shape.length - p.position),
                        .columns = std::min(p.columns, l.shape.depth - p.column),
                        .stride = l.shape.depth,
                        .pitch = p.pitch});
}
/// Slices of 8 queries by 4, from position `first` on.
inline void add_queries(tensor& t, const attention_layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                        std::uint64_t offset) {
    for (std::uint32_t r = 0; r < row_blocks; ++r) {
        for (std::uint32_t k = 0; k < l.depth_steps(); ++k, offset += l.slice_bytes()) {
            add_tile(t, l, node, head, {offset, b * block + 8 * r, 4 * k, 8, 4, 4 * l.size()});
        }
    }
}
/// K transposed, in slices of 4 by 8 keys: every key is a column of its own.
inline void add_keys(tensor& t, const attention_layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                     std::uint64_t offset) {
    for (std::uint32_t key = 0; key < l.keys(b); ++key) {
        for (std::uint32_t d = 0; d < l.shape.depth; ++d) {
            const std::uint64_t slice = std::uint64_t{key / 8} * l.depth_steps() + d / 4;
            add_tile(t, l, node, head,
                     {offset + slice * l.slice_bytes() + std::uint64_t{d % 4 * 8 + key % 8} * l.size(), b * block + key,
                      d, 1, 1, 0});
        }
    }
}
/// Slices of 4 keys by 8.
inline void add_values(tensor& t, const attention_layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                       std::uint64_t offset) {
    const std::uint32_t steps = attention_layout::steps(l.keys(b));
    for (std::uint32_t c = 0; c < l.depth_blocks(); ++c) {
        for (std::uint32_t k = 0; k < steps; ++k, offset += l.slice_bytes()) {
            add_tile(t, l, node, head, {offset, b * block + 4 * k, 8 * c, 4, 8, 8 * l.size()});
        }
    }
}
inline void add_output(tensor& t, const attention_layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                       std::uint64_t offset) {
    const std::uint32_t size = numerics::bytes(t.type.format);
    for (std::uint32_t r = 0; r < row_blocks; ++r) {
        for (std::uint32_t c = 0; c < l.depth_blocks(); ++c, offset += std::uint64_t{numerics::block_elements} * size) {
            add_tile(t, l, node, head, {offset, b * block + 8 * r, 8 * c, 8, 8, 8 * size});
        }
    }
}

}  // namespace d1::kernels::attention_parts
