#include "testbenches/kernels/attention.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "models/parameter/error.hpp"
#include "testbenches/kernels/line_transfer.hpp"

namespace d1::kernels {

namespace {

using numerics::elementwise_operation;
using program::affine;

constexpr numerics::element_type fp32{numerics::number_format::fp32};
constexpr std::uint32_t block = attention_block;
constexpr std::uint32_t row_blocks = block / numerics::block_rows;
constexpr std::uint32_t number_bytes = sizeof(float);
constexpr std::uint32_t block_bytes = numerics::block_elements * number_bytes;
constexpr std::uint32_t block_row_bytes = numerics::block_columns * number_bytes;

/// How heads and queries lie over the nodes: node (x, y) has the x-th, x +
/// parts-th, ... block of queries of some heads.
struct layout {
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

class generator {
  public:
    generator(const layout& l, std::uint32_t part, std::uint32_t heads, const die& on)
        : l_(l),
          part_(part),
          heads_(heads),
          build_(unlimited_builder("attention", on)),
          queries_(build_.input_buffer("queries", held(l.query_blocks(0), l.query_block_bytes()), l.types.input)),
          keys_(moved("keys", held(l.blocks, l.key_block_bytes()))),
          values_(moved("values", held(l.blocks, l.value_block_bytes()))),
          output_(build_.buffer("output", held(l.query_blocks(0), l.output_block_bytes()), l.types.output)),
          products_(build_.buffer("products", row_blocks * row_blocks * block_bytes, fp32)),
          scores_(build_.buffer("scores", block * block * number_bytes, fp32)),
          mask_(build_.buffer("mask", block * block * number_bytes, fp32)),
          weights_(build_.buffer("weights", row_blocks * (block / 4) * l.slice_bytes(), l.types.input)),
          sums_(build_.buffer("sums", row_blocks * l.depth_blocks() * block_bytes, fp32)),
          numbers_(build_.buffer("numbers", block * number_bytes, fp32)),
          rows_(build_.buffer("rows", 5 * block * number_bytes, fp32)),
          constants_(build_.buffer("constants", 3 * number_bytes, fp32)),
          arrived_(build_.semaphores("arrived")),
          ready_(build_.semaphores("ready")) {}

    [[nodiscard]] program::program make(const die& on, const std::string& what) {
        compute();
        if (l_.parts > 1) pass_keys_on();
        return finish(build_, on, what);
    }
    [[nodiscard]] std::uint32_t address_of(std::size_t tensor) const {
        return std::array{queries_, keys_, values_, output_}.at(tensor).address();
    }
    [[nodiscard]] std::uint32_t bytes_of(std::size_t tensor) const {
        return std::array{queries_, keys_, values_, output_}.at(tensor).bytes();
    }

  private:
    [[nodiscard]] std::uint64_t held(std::uint32_t blocks, std::uint32_t bytes) const {
        return std::uint64_t{l_.heads.largest()} * blocks * bytes;
    }
    program::buffer_handle moved(const char* name, std::uint64_t bytes) {
        return part_ == 0 ? build_.input_buffer(name, bytes, l_.types.input)
                          : build_.buffer(name, bytes, l_.types.input);
    }

    // A number for each row of a block of queries.
    enum row_number : std::uint32_t { largest_so_far, new_largest, correction, total_so_far, of_block };
    [[nodiscard]] affine row(row_number n) const { return rows_ + affine(n * block * number_bytes); }
    [[nodiscard]] affine constant(std::uint32_t n) const { return constants_ + affine(n * number_bytes); }

    /// d = operation(a, b) on `elements` numbers, b being the same for all where
    /// it is a constant.
    void apply(program::thread_builder& t, elementwise_operation operation, const affine& d, const affine& a,
               std::uint32_t elements, const affine& b = 0, bool is_constant = false) {
        t.vector_operation({.operation = operation,
                            .destination = d,
                            .a = a,
                            .b = b,
                            .elements = elements,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .b_type = fp32,
                            .broadcast_b = is_constant});
    }
    /// The same on rows of scores, `columns` each of `pitch` bytes, with a number
    /// for each row.
    void apply_by_row(program::thread_builder& t, elementwise_operation operation, const affine& d, const affine& a,
                      const affine& b, std::uint32_t columns, std::int64_t pitch) {
        t.vector_operation({.operation = operation,
                            .destination = d,
                            .a = a,
                            .b = b,
                            .elements = columns,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .b_type = fp32,
                            .broadcast_b = true,
                            .rows = block,
                            .a_stride = pitch,
                            .b_stride = number_bytes,
                            .destination_stride = pitch});
    }
    void set(program::thread_builder& t, const affine& where, float value, std::uint32_t elements,
             std::uint32_t rows = 1, std::int64_t stride = 0) {
        t.vector_operation({.operation = elementwise_operation::fill,
                            .destination = where,
                            .scalar = value,
                            .elements = elements,
                            .destination_type = fp32,
                            .rows = rows,
                            .destination_stride = stride});
    }

    void compute() {
        auto t = build_.thread();
        set(t, constant(0), static_cast<float>(1.0 / std::sqrt(static_cast<double>(l_.shape.depth))), 1);
        set(t, constant(1), -std::numeric_limits<float>::infinity(), 1);
        count(t);
        if (part_ != 0) t.wait(ready_);
        const auto head = t.loop(heads_);
        const std::uint32_t turns = l_.query_blocks(part_);
        const bool has_tail = l_.keys(l_.blocks - 1) != block;
        const bool ends_in_tail = has_tail && (l_.blocks - 1) % l_.parts == part_;
        const std::uint32_t whole_turns = turns - (ends_in_tail ? 1 : 0);
        if (whole_turns != 0) {
            const auto turn = t.loop(whole_turns);
            work_on_queries(t, head, turn, block);
        }
        if (ends_in_tail) work_on_queries(t, head, whole_turns, l_.keys(l_.blocks - 1));
    }

    /// A block of `queries` queries, the one of that turn, against all keys that
    /// it sees.
    void work_on_queries(program::thread_builder& t, const affine& head, const affine& turn, std::uint32_t queries) {
        const affine query = head * l_.query_blocks(part_) + turn;
        set(t, row(largest_so_far), -std::numeric_limits<float>::infinity(), block);
        set(t, row(total_so_far), 0, block);
        set(t, sums_, 0, row_blocks * l_.depth_blocks() * numerics::block_elements);
        // A causal block of queries sees the blocks of keys before its own whole,
        // and its own in part.
        const affine own = program::x() + turn * l_.parts;
        const std::uint32_t tail = l_.keys(l_.blocks - 1) % block;
        const affine whole = l_.shape.causal ? own : affine(l_.blocks - (tail != 0 ? 1 : 0));
        {
            const auto k = t.loop(whole);
            take(t, query, head * l_.blocks + k, block, false);
        }
        if (l_.shape.causal) {
            take(t, query, head * l_.blocks + own, queries, true);
        } else if (tail != 0) {
            take(t, query, head * l_.blocks + affine(l_.blocks - 1), tail, false);
        }
        finish_block(t, query);
    }

    /// numbers = 0, 1, ...
    void count(program::thread_builder& t) {
        set(t, numbers_, 0, 1);
        for (std::uint32_t known = 1; known < block; known *= 2) {
            set(t, constant(2), static_cast<float>(known), 1);
            apply(t, elementwise_operation::add, numbers_ + affine(known * number_bytes), numbers_, known, constant(2),
                  true);
        }
    }

    /// One block of keys for one of queries.
    void take(program::thread_builder& t, const affine& query, const affine& key_block, std::uint32_t keys,
              bool hides) {
        using enum elementwise_operation;
        const std::uint32_t eights = layout::eights(keys);
        const std::int64_t pitch = std::int64_t{eights} * block_row_bytes;
        t.matrix_multiply({.c = products_,
                           .a = queries_ + query * l_.query_block_bytes(),
                           .b = keys_ + key_block * l_.key_block_bytes(),
                           .accumulate = 0,
                           .row_blocks = row_blocks,
                           .column_blocks = eights,
                           .k_steps = l_.depth_steps(),
                           .a_type = l_.types.input,
                           .b_type = l_.types.input});
        to_rows(t, eights);
        apply(t, multiply, scores_, scores_, block * eights * numerics::block_columns, constant(0), true);
        if (hides) hide(t, keys, pitch);
        t.reduce({.operation = program::reduction::maximum,
                  .destination = row(of_block),
                  .source = scores_,
                  .rows = block,
                  .elements = keys,
                  .source_stride = pitch,
                  .destination_type = fp32,
                  .source_type = fp32});
        apply(t, maximum, row(new_largest), row(largest_so_far), block, row(of_block));
        apply(t, subtract, row(correction), row(largest_so_far), block, row(new_largest));
        apply(t, exponential, row(correction), row(correction), block);
        apply(t, convert, row(largest_so_far), row(new_largest), block);
        apply_by_row(t, subtract, scores_, scores_, row(largest_so_far), keys, pitch);
        t.vector_operation({.operation = exponential,
                            .destination = scores_,
                            .a = scores_,
                            .elements = keys,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .rows = block,
                            .a_stride = pitch,
                            .destination_stride = pitch});
        t.reduce({.operation = program::reduction::sum,
                  .destination = row(of_block),
                  .source = scores_,
                  .rows = block,
                  .elements = keys,
                  .source_stride = pitch,
                  .destination_type = fp32,
                  .source_type = fp32});
        apply(t, multiply, row(total_so_far), row(total_so_far), block, row(correction));
        apply(t, add, row(total_so_far), row(total_so_far), block, row(of_block));
        const std::uint32_t padding = eights * numerics::block_columns - keys;
        if (padding != 0) set(t, scores_ + affine(keys * number_bytes), 0, padding, block, pitch);
        to_slices(t, keys, pitch);
        scale_blocks(t, sums_, sums_, fp32, row(correction));
        t.matrix_multiply({.c = sums_,
                           .a = weights_,
                           .b = values_ + key_block * l_.value_block_bytes(),
                           .row_blocks = row_blocks,
                           .column_blocks = l_.depth_blocks(),
                           .k_steps = layout::steps(keys),
                           .a_type = l_.types.input,
                           .b_type = l_.types.input});
    }

    /// scores = the blocks of products, row by row.
    void to_rows(program::thread_builder& t, std::uint32_t eights) {
        const auto rows = t.loop(row_blocks);
        const auto r = t.loop(numerics::block_rows);
        t.copy({.source = products_ + affine(rows) * (eights * block_bytes) + affine(r) * block_row_bytes,
                .destination = scores_ + (affine(rows) * numerics::block_rows + r) * (eights * block_row_bytes),
                .shape = {.rows = eights,
                          .row_bytes = block_row_bytes,
                          .source_stride = block_bytes,
                          .destination_stride = block_row_bytes}});
    }
    /// scores = -infinity where the key's number is above the query's.
    void hide(program::thread_builder& t, std::uint32_t keys, std::int64_t pitch) {
        t.vector_operation({.operation = elementwise_operation::step,
                            .destination = mask_,
                            .a = numbers_,
                            .b = numbers_,
                            .elements = keys,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .b_type = fp32,
                            .broadcast_b = true,
                            .rows = block,
                            .a_stride = 0,
                            .b_stride = number_bytes,
                            .destination_stride = pitch});
        t.vector_operation({.operation = elementwise_operation::select,
                            .destination = scores_,
                            .a = mask_,
                            .b = constant(1),
                            .elements = keys,
                            .destination_type = fp32,
                            .a_type = fp32,
                            .b_type = fp32,
                            .broadcast_b = true,
                            .rows = block,
                            .a_stride = pitch,
                            .b_stride = 0,
                            .destination_stride = pitch});
    }
    /// weights = the scores, rounded, as slices of A.
    void to_slices(program::thread_builder& t, std::uint32_t keys, std::int64_t pitch) {
        const std::uint32_t steps = layout::steps(keys);
        const std::uint32_t row_bytes = numerics::step_depth * l_.size();
        const auto rows = t.loop(row_blocks);
        const auto r = t.loop(numerics::block_rows);
        t.vector_operation({.operation = elementwise_operation::convert,
                            .destination = weights_ + affine(rows) * (steps * l_.slice_bytes()) + affine(r) * row_bytes,
                            .a = scores_ + (affine(rows) * numerics::block_rows + r) * pitch,
                            .elements = numerics::step_depth,
                            .destination_type = l_.types.input,
                            .a_type = fp32,
                            .rows = steps,
                            .a_stride = numerics::step_depth * number_bytes,
                            .destination_stride = l_.slice_bytes()});
    }
    /// d = a times a number of each row, on blocks of eight rows and columns.
    void scale_blocks(program::thread_builder& t, const affine& d, const affine& a, numerics::element_type type,
                      const affine& numbers) {
        const std::uint32_t size = numerics::bytes(type.format);
        const auto rows = t.loop(row_blocks);
        const auto columns = t.loop(l_.depth_blocks());
        const affine number = affine(rows) * l_.depth_blocks() + columns;
        t.vector_operation({.operation = elementwise_operation::multiply,
                            .destination = d + number * (numerics::block_elements * size),
                            .a = a + number * block_bytes,
                            .b = numbers + affine(rows) * (numerics::block_rows * number_bytes),
                            .elements = numerics::block_columns,
                            .destination_type = type,
                            .a_type = fp32,
                            .b_type = fp32,
                            .broadcast_b = true,
                            .rows = numerics::block_rows,
                            .a_stride = block_row_bytes,
                            .b_stride = number_bytes,
                            .destination_stride = numerics::block_columns * size});
    }
    void finish_block(program::thread_builder& t, const affine& query) {
        apply(t, elementwise_operation::reciprocal, row(total_so_far), row(total_so_far), block);
        scale_blocks(t, output_ + query * l_.output_block_bytes(), sums_, l_.types.output, row(total_so_far));
    }

    void pass_keys_on() {
        auto t = build_.thread();
        std::optional<program::node_reference<affine>> next;
        if (part_ + 1 != l_.parts) next = {program::x() + affine(1), program::y()};
        pass_on(t, keys_, std::uint64_t{heads_} * l_.blocks * l_.key_block_bytes(), next, part_ == 0, arrived_);
        pass_on(t, values_, std::uint64_t{heads_} * l_.blocks * l_.value_block_bytes(), next, part_ == 0, arrived_);
        if (part_ != 0) t.signal(ready_);
    }

    const layout& l_;
    std::uint32_t part_;
    std::uint32_t heads_;
    program::program_builder build_;
    program::buffer_handle queries_, keys_, values_, output_, products_, scores_, mask_, weights_, sums_, numbers_,
        rows_, constants_;
    program::semaphore_handle arrived_, ready_;
};

/// Pieces of a tensor, block by block, of `rows` x `columns` elements that lie
/// `pitch` bytes apart.
struct tile {
    std::uint64_t offset;
    std::uint32_t position;  ///< in the sequence
    std::uint32_t column;
    std::uint32_t rows, columns, pitch;
};
void add_tile(tensor& t, const layout& l, coordinate node, std::uint32_t head, const tile& p) {
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
void add_queries(tensor& t, const layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                 std::uint64_t offset) {
    for (std::uint32_t r = 0; r < row_blocks; ++r) {
        for (std::uint32_t k = 0; k < l.depth_steps(); ++k, offset += l.slice_bytes()) {
            add_tile(t, l, node, head, {offset, b * block + 8 * r, 4 * k, 8, 4, 4 * l.size()});
        }
    }
}
/// K transposed, in slices of 4 by 8 keys: every key is a column of its own.
void add_keys(tensor& t, const layout& l, coordinate node, std::uint32_t head, std::uint32_t b, std::uint64_t offset) {
    for (std::uint32_t key = 0; key < l.keys(b); ++key) {
        for (std::uint32_t d = 0; d < l.shape.depth; ++d) {
            const std::uint64_t slice = std::uint64_t{key / 8} * l.depth_steps() + d / 4;
            add_tile(
                t, l, node, head,
                {offset + slice * l.slice_bytes() + (d % 4 * 8 + key % 8) * l.size(), b * block + key, d, 1, 1, 0});
        }
    }
}
/// Slices of 4 keys by 8.
void add_values(tensor& t, const layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                std::uint64_t offset) {
    const std::uint32_t steps = layout::steps(l.keys(b));
    for (std::uint32_t c = 0; c < l.depth_blocks(); ++c) {
        for (std::uint32_t k = 0; k < steps; ++k, offset += l.slice_bytes()) {
            add_tile(t, l, node, head, {offset, b * block + 4 * k, 8 * c, 4, 8, 8 * l.size()});
        }
    }
}
void add_output(tensor& t, const layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                std::uint64_t offset) {
    const std::uint32_t size = numerics::bytes(t.type.format);
    for (std::uint32_t r = 0; r < row_blocks; ++r) {
        for (std::uint32_t c = 0; c < l.depth_blocks(); ++c, offset += numerics::block_elements * size) {
            add_tile(t, l, node, head, {offset, b * block + 8 * r, 8 * c, 8, 8, 8 * size});
        }
    }
}

}  // namespace

kernel make_attention(const attention_shape& shape, const attention_types& types, const die& on) {
    const std::string what = std::string(shape.causal ? "causal " : "") + "attention of " +
                             std::to_string(shape.heads) + " heads of " + std::to_string(shape.length) + " x " +
                             std::to_string(shape.depth);
    require_room(std::uint64_t{shape.heads} * shape.length, shape.depth,
                 3 * numerics::bytes(types.input.format) + numerics::bytes(types.output.format), on, "attention");
    layout l{.shape = shape, .types = types, .heads = {}};
    l.blocks = (shape.length + block - 1) / block;
    l.heads = {shape.heads, std::min(shape.heads, on.live_nodes())};
    l.parts = std::min(l.blocks, on.live_nodes() / l.heads.parts);

    job j{on.place({static_cast<std::int32_t>(l.parts), static_cast<std::int32_t>(l.heads.parts)}), {}};
    const std::uint64_t elements = std::uint64_t{shape.heads} * shape.length * shape.depth;
    std::vector<tensor> tensors{{"queries", types.input, tensor_use::input, elements},
                                {"keys", types.input, tensor_use::input, elements},
                                {"values", types.input, tensor_use::input, elements},
                                {"output", types.output, tensor_use::output, elements}};
    std::map<std::tuple<std::uint32_t, std::uint32_t>, std::size_t> roles;
    for (std::uint32_t part = 0; part < l.parts; ++part) {
        for (std::uint32_t row = 0; row < l.heads.parts; ++row) {
            const coordinate node{static_cast<std::int32_t>(part), static_cast<std::int32_t>(row)};
            const std::uint32_t heads = l.heads.size(row);
            const auto [role, is_new] = roles.try_emplace({part, heads}, j.roles.size());
            if (is_new) {
                generator g(l, part, heads, on);
                j.roles.push_back({std::make_shared<const program::program>(g.make(on, what)), {}});
                for (std::size_t i = 0; i < tensors.size(); ++i) {
                    tensors[i].address = g.address_of(i);
                    tensors[i].bytes = g.bytes_of(i);
                }
            }
            j.roles[role->second].members.push_back(node);
            for (std::uint32_t h = 0; h < heads; ++h) {
                const std::uint32_t head = l.heads.first(row) + h;
                for (std::uint32_t turn = 0; turn < l.query_blocks(part); ++turn) {
                    const std::uint64_t at = std::uint64_t{h} * l.query_blocks(part) + turn;
                    const std::uint32_t b = part + turn * l.parts;
                    add_queries(tensors[0], l, node, head, b, at * l.query_block_bytes());
                    add_output(tensors[3], l, node, head, b, at * l.output_block_bytes());
                }
                if (part != 0) continue;
                for (std::uint32_t b = 0; b < l.blocks; ++b) {
                    const std::uint64_t at = std::uint64_t{h} * l.blocks + b;
                    add_keys(tensors[1], l, node, head, b, at * l.key_block_bytes());
                    add_values(tensors[2], l, node, head, b, at * l.value_block_bytes());
                }
            }
        }
    }
    return {std::move(j), std::move(tensors)};
}

}  // namespace d1::kernels
