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
#include "testbenches/kernels/attention_worker.hpp"
#include "testbenches/kernels/basics.hpp"
#include "testbenches/kernels/line_transfer.hpp"

namespace d1::kernels {

namespace {

using namespace attention_parts;
using numerics::elementwise_operation;
using program::affine;

class attention_generator : attention_worker {
  public:
    attention_generator(const attention_layout& l, std::uint32_t part, std::uint32_t heads, const die& on)
        : attention_worker("attention", l, on),
          part_(part),
          heads_(heads),
          queries_(build_.input_buffer("queries", held(l.query_blocks(0), l.query_block_bytes()), l.types.input)),
          keys_(moved("keys", held(l.blocks, l.key_block_bytes()))),
          values_(moved("values", held(l.blocks, l.value_block_bytes()))),
          output_(build_.buffer("output", held(l.query_blocks(0), l.output_block_bytes()), l.types.output)),
          sums_(build_.buffer("sums", std::uint64_t{row_blocks} * l.depth_blocks() * block_bytes, fp32)),
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

    void compute() {
        auto t = build_.thread();
        prepare(t);
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

    /// One block of keys for one of queries.
    void take(program::thread_builder& t, const affine& query, const affine& key_block, std::uint32_t keys,
              bool hides) {
        using enum elementwise_operation;
        const std::uint32_t eights = attention_layout::eights(keys);
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
        to_rows(t, scores_, eights);
        apply(t, multiply, scores_, scores_, block * eights * numerics::block_columns, scale(), true);
        if (hides) hide(t, keys, pitch);
        take_maximum_and_sum(t, keys, pitch);
        const std::uint32_t padding = eights * numerics::block_columns - keys;
        if (padding != 0) set(t, scores_ + affine(keys * number_bytes), 0, padding, block, pitch);
        to_slices(t, scores_, keys, pitch);
        scale_blocks(t, sums_, sums_, fp32, row(correction));
        t.matrix_multiply({.c = sums_,
                           .a = weights_,
                           .b = values_ + key_block * l_.value_block_bytes(),
                           .row_blocks = row_blocks,
                           .column_blocks = l_.depth_blocks(),
                           .k_steps = attention_layout::steps(keys),
                           .a_type = l_.types.input,
                           .b_type = l_.types.input});
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
                            .destination_stride = std::int64_t{numerics::block_columns} * size});
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

    std::uint32_t part_;
    std::uint32_t heads_;
    program::buffer_handle queries_, keys_, values_, output_, sums_;
    program::semaphore_handle arrived_, ready_;
};

}  // namespace

kernel make_attention(const attention_shape& shape, const attention_types& types, const die& on) {
    const std::string what = std::string(shape.causal ? "causal " : "") + "attention of " +
                             std::to_string(shape.heads) + " heads of " + std::to_string(shape.length) + " x " +
                             std::to_string(shape.depth);
    require_room(std::uint64_t{shape.heads} * shape.length, shape.depth,
                 3 * numerics::bytes(types.input.format) + numerics::bytes(types.output.format), on, "attention");
    attention_layout l{.shape = shape, .types = types, .heads = {}};
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
                attention_generator g(l, part, heads, on);
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
