// The gradients of attention.

#include <array>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "models/parameter/error.hpp"
#include "testbenches/kernels/attention.hpp"
#include "testbenches/kernels/attention_worker.hpp"
#include "testbenches/kernels/basics.hpp"
#include "testbenches/kernels/line_transfer.hpp"

namespace d1::kernels {

namespace {

using namespace attention_parts;
using numerics::elementwise_operation;
using program::affine;

constexpr std::uint32_t scores_of_block = block * block;
constexpr std::int64_t score_row_bytes = std::int64_t{block} * number_bytes;
constexpr std::uint32_t statistics_bytes = 3 * block * number_bytes;  ///< of a block of queries: m, 1 / l, D

/// Tensors of the kernel, in its order.
enum tensor_number : std::size_t { queries, keys, values, output, d_output, d_queries, d_keys, d_values };
constexpr std::size_t tensor_count = 8;
constexpr std::array<const char*, tensor_count> tensor_names{"queries",  "keys",      "values", "output",
                                                             "d_output", "d_queries", "d_keys", "d_values"};

/// Bytes of a block: as slices of A or of B over the depth, and as slices of B over the positions. Blocks have 64
/// positions, those beyond the sequence being zeros.
std::uint32_t rows_bytes(const attention_layout& l) {
    return l.query_block_bytes();
}
std::uint32_t block_of(const attention_layout& l, tensor_number which) {
    switch (which) {
        case queries:
        case keys:
        case d_output:
            return rows_bytes(l) + l.value_block_bytes();
        case values:
        case output:
            return rows_bytes(l);
        default:
            return l.output_block_bytes();
    }
}
/// Whether a node has the tensor of all positions, or of its own blocks.
bool is_whole(tensor_number which) {
    return which == queries || which == keys || which == values || which == d_output;
}

class attention_gradient_generator : attention_worker {
  public:
    attention_gradient_generator(const attention_layout& l, std::uint32_t part, std::uint32_t heads, const die& on)
        : attention_worker("attention_gradient", l, on),
          part_(part),
          heads_(heads),
          slopes_(build_.buffer("slopes", std::uint64_t{scores_of_block} * number_bytes, fp32)),
          turned_(build_.buffer("turned", std::uint64_t{scores_of_block} * number_bytes, fp32)),
          products_of_output_(
              build_.buffer("products_of_output", std::uint64_t{block} * l.depth_steps() * 4 * number_bytes, fp32)),
          sums_(build_.buffer("sums", sum_bytes(), fp32)),
          other_sums_(build_.buffer("other_sums", sum_bytes(), fp32)),
          own_statistics_(build_.buffer("own_statistics", held(l.query_blocks(0), statistics_bytes), fp32)),
          statistics_(build_.buffer("statistics", held(l.blocks, statistics_bytes), fp32)),
          arrived_(build_.semaphores("arrived")),
          ready_(build_.semaphores("ready")),
          told_(build_.semaphores("told")) {
        for (std::size_t i = 0; i < tensor_count; ++i) {
            const auto which = static_cast<tensor_number>(i);
            const std::uint64_t bytes = held(is_whole(which) ? l.blocks : l.query_blocks(0), block_of(l, which));
            const bool is_input = which <= d_output && (part == 0 || !is_whole(which));
            const auto type = which <= d_output ? l.types.input : l.types.output;
            tensors_.push_back(is_input ? build_.input_buffer(tensor_names[i], bytes, type)
                                        : build_.buffer(tensor_names[i], bytes, type));
        }
    }

    [[nodiscard]] program::program make(const die& on, const std::string& what) {
        compute();
        if (l_.parts > 1) pass_on_operands();
        return finish(build_, on, what);
    }
    [[nodiscard]] const program::buffer_handle& buffer(std::size_t number) const { return tensors_[number]; }

  private:
    [[nodiscard]] std::uint64_t held(std::uint32_t blocks, std::uint32_t bytes) const {
        return std::uint64_t{l_.heads.largest()} * blocks * bytes;
    }
    [[nodiscard]] std::uint64_t sum_bytes() const {
        return std::uint64_t{row_blocks} * l_.depth_blocks() * block_bytes;
    }

    /// A block of a tensor of all positions, as slices over the depth, and as slices over the positions.
    [[nodiscard]] affine rows_of(tensor_number which, const affine& head, const affine& b) const {
        return tensors_[which] + (head * l_.blocks + b) * block_of(l_, which);
    }
    [[nodiscard]] affine columns_of(tensor_number which, const affine& head, const affine& b) const {
        return rows_of(which, head, b) + affine(rows_bytes(l_));
    }
    /// The block of a turn.
    [[nodiscard]] affine own(const affine& turn) const { return program::x() + turn * l_.parts; }
    [[nodiscard]] affine place_of_turn(const affine& head, const affine& turn) const {
        return head * l_.query_blocks(part_) + turn;
    }
    static affine largest(const affine& statistics) { return statistics; }
    static affine share(const affine& statistics) { return statistics + affine(block * number_bytes); }
    static affine mean_slope(const affine& statistics) { return statistics + affine(2 * block * number_bytes); }

    /// What keys of a block are hidden from the queries.
    enum class hiding : std::uint8_t { none, later_keys, beyond_the_end };
    [[nodiscard]] bool has_tail() const { return !l_.shape.causal && l_.keys(l_.blocks - 1) != block; }

    void compute() {
        auto t = build_.thread();
        prepare(t);
        if (part_ != 0) t.wait(ready_);
        const std::uint32_t turns = l_.query_blocks(part_);
        {
            const auto head = t.loop(heads_);
            const auto turn = t.loop(turns);
            make_statistics(t, head, turn);
        }
        {
            const auto head = t.loop(heads_);
            const auto turn = t.loop(turns);
            work_on_queries(t, head, turn);
        }
        t.wait(told_, std::int64_t{heads_} * l_.blocks);
        const auto head = t.loop(heads_);
        const bool ends_in_tail = has_tail() && (l_.blocks - 1) % l_.parts == part_;
        const std::uint32_t whole_turns = turns - (ends_in_tail ? 1 : 0);
        if (whole_turns != 0) {
            const auto turn = t.loop(whole_turns);
            work_on_keys(t, head, turn, hiding::none);
        }
        if (ends_in_tail) work_on_keys(t, head, whole_turns, hiding::beyond_the_end);
    }

    /// Calls body(block of keys, what of it is hidden) for all blocks that a block of queries sees, in order.
    template <typename Body>
    void for_each_block_of_keys(program::thread_builder& t, const affine& of_queries, const Body& body) {
        const bool tail = has_tail();
        {
            const auto k = t.loop(l_.shape.causal ? of_queries : affine(l_.blocks - (tail ? 1 : 0)));
            body(affine(k), hiding::none);
        }
        if (l_.shape.causal) body(of_queries, hiding::later_keys);
        if (tail) body(affine(l_.blocks - 1), hiding::beyond_the_end);
    }

    /// scores = the scaled scores of a block.
    void score(program::thread_builder& t, const affine& of_queries, const affine& of_keys, hiding hides) {
        multiply_over_depth(t, products_, of_queries, of_keys);
        to_rows(t, scores_, row_blocks);
        apply(t, elementwise_operation::multiply, scores_, scores_, scores_of_block, scale(), true);
        if (hides == hiding::later_keys) hide(t, block, score_row_bytes);
        if (hides == hiding::beyond_the_end) {
            const std::uint32_t keys_there = l_.keys(l_.blocks - 1);
            set(t, scores_ + affine(keys_there * number_bytes), -std::numeric_limits<float>::infinity(),
                block - keys_there, block, score_row_bytes);
        }
    }
    /// products = A B^T over the depth.
    void multiply_over_depth(program::thread_builder& t, const affine& c, const affine& a, const affine& b) {
        t.matrix_multiply({.c = c,
                           .a = a,
                           .b = b,
                           .accumulate = 0,
                           .row_blocks = row_blocks,
                           .column_blocks = row_blocks,
                           .k_steps = l_.depth_steps(),
                           .a_type = l_.types.input,
                           .b_type = l_.types.input});
    }

    /// m, 1 / l and D of an own block of queries, for the whole line.
    void make_statistics(program::thread_builder& t, const affine& head, const affine& turn) {
        using enum elementwise_operation;
        const affine place = place_of_turn(head, turn);
        const affine of_queries = own(turn);
        set(t, row(largest_so_far), -std::numeric_limits<float>::infinity(), block);
        set(t, row(total_so_far), 0, block);
        for_each_block_of_keys(t, of_queries, [&](const affine& k, hiding hides) {
            score(t, rows_of(queries, head, of_queries), rows_of(keys, head, k), hides);
            take_maximum_and_sum(t, block, score_row_bytes);
        });
        const affine found = own_statistics_ + place * statistics_bytes;
        apply(t, convert, largest(found), row(largest_so_far), block);
        apply(t, reciprocal, share(found), row(total_so_far), block);
        multiply_outputs(t, tensors_[output] + place * rows_bytes(l_), rows_of(d_output, head, of_queries));
        t.reduce({.operation = program::reduction::sum,
                  .destination = mean_slope(found),
                  .source = products_of_output_,
                  .rows = block,
                  .elements = l_.depth_steps() * numerics::step_depth,
                  .source_stride = std::int64_t{l_.depth_steps()} * numerics::step_depth * number_bytes,
                  .destination_type = fp32,
                  .source_type = fp32});
        const auto node = t.loop(l_.parts);
        t.push({.to = {node, program::y()},
                .source = found,
                .destination = statistics_ + (head * l_.blocks + of_queries) * statistics_bytes,
                .shape = {.rows = 1, .row_bytes = statistics_bytes},
                .notify = program::semaphore_update<affine>{told_, 1}});
    }
    /// products_of_output = output d_output, row by row, from slices of both.
    void multiply_outputs(program::thread_builder& t, const affine& y, const affine& dy) {
        const std::uint32_t steps = l_.depth_steps();
        const std::uint32_t row_of_slice = numerics::step_depth * l_.size();
        const auto rows = t.loop(row_blocks);
        const auto r = t.loop(numerics::block_rows);
        const affine from = affine(rows) * (steps * l_.slice_bytes()) + affine(r) * row_of_slice;
        t.vector_operation({.operation = elementwise_operation::multiply,
                            .destination = products_of_output_ + (affine(rows) * numerics::block_rows + r) *
                                                                     (steps * numerics::step_depth * number_bytes),
                            .a = y + from,
                            .b = dy + from,
                            .elements = numerics::step_depth,
                            .destination_type = fp32,
                            .a_type = l_.types.input,
                            .b_type = l_.types.input,
                            .rows = steps,
                            .a_stride = l_.slice_bytes(),
                            .b_stride = l_.slice_bytes(),
                            .destination_stride = std::int64_t{numerics::step_depth} * number_bytes});
    }

    /// scores = p, slopes = g of a block.
    void differentiate(program::thread_builder& t, const affine& head, const affine& of_queries, const affine& of_keys,
                       const affine& statistics, hiding hides) {
        using enum elementwise_operation;
        score(t, rows_of(queries, head, of_queries), rows_of(keys, head, of_keys), hides);
        apply_by_row(t, subtract, scores_, scores_, largest(statistics), block, score_row_bytes);
        apply(t, exponential, scores_, scores_, scores_of_block);
        apply_by_row(t, multiply, scores_, scores_, share(statistics), block, score_row_bytes);
        multiply_over_depth(t, products_, rows_of(d_output, head, of_queries), rows_of(values, head, of_keys));
        to_rows(t, slopes_, row_blocks);
        apply_by_row(t, subtract, slopes_, slopes_, mean_slope(statistics), block, score_row_bytes);
        apply(t, multiply, slopes_, slopes_, scores_of_block, scores_);
        apply(t, multiply, slopes_, slopes_, scores_of_block, scale(), true);
    }
    /// sums += the numbers of `a`, rounded, times a block as slices over the positions.
    void add_product(program::thread_builder& t, const affine& sums, const affine& a, const affine& b) {
        to_slices(t, a, block, score_row_bytes);
        t.matrix_multiply({.c = sums,
                           .a = weights_,
                           .b = b,
                           .row_blocks = row_blocks,
                           .column_blocks = l_.depth_blocks(),
                           .k_steps = block / numerics::step_depth,
                           .a_type = l_.types.input,
                           .b_type = l_.types.input});
    }
    void add_turned_product(program::thread_builder& t, const affine& sums, const affine& a, const affine& b) {
        t.transpose({.destination = turned_,
                     .source = a,
                     .rows = block,
                     .columns = block,
                     .source_stride = score_row_bytes,
                     .destination_stride = score_row_bytes,
                     .type = fp32});
        add_product(t, sums, turned_, b);
    }
    void clear(program::thread_builder& t, const affine& sums) { set(t, sums, 0, sum_elements()); }
    void give(program::thread_builder& t, tensor_number which, const affine& place, const affine& sums) {
        t.vector_operation({.operation = elementwise_operation::convert,
                            .destination = tensors_[which] + place * l_.output_block_bytes(),
                            .a = sums,
                            .elements = sum_elements(),
                            .destination_type = l_.types.output,
                            .a_type = fp32});
    }
    [[nodiscard]] std::uint32_t sum_elements() const {
        return row_blocks * l_.depth_blocks() * numerics::block_elements;
    }

    void work_on_queries(program::thread_builder& t, const affine& head, const affine& turn) {
        const affine place = place_of_turn(head, turn);
        const affine of_queries = own(turn);
        clear(t, sums_);
        for_each_block_of_keys(t, of_queries, [&](const affine& k, hiding hides) {
            differentiate(t, head, of_queries, k, own_statistics_ + place * statistics_bytes, hides);
            add_product(t, sums_, slopes_, columns_of(keys, head, k));
        });
        give(t, d_queries, place, sums_);
    }

    void work_on_keys(program::thread_builder& t, const affine& head, const affine& turn, hiding hides) {
        const affine place = place_of_turn(head, turn);
        const affine of_keys = own(turn);
        clear(t, sums_);
        clear(t, other_sums_);
        const auto take = [&](const affine& q, hiding hidden) {
            differentiate(t, head, q, of_keys, statistics_ + (head * l_.blocks + q) * statistics_bytes, hidden);
            add_turned_product(t, sums_, slopes_, columns_of(queries, head, q));
            add_turned_product(t, other_sums_, scores_, columns_of(d_output, head, q));
        };
        if (l_.shape.causal) {
            take(of_keys, hiding::later_keys);
            const auto later = t.loop(affine(l_.blocks - 1) - of_keys);
            take(of_keys + affine(1) + later, hiding::none);
        } else {
            const auto q = t.loop(l_.blocks);
            take(q, hides);
        }
        give(t, d_keys, place, sums_);
        give(t, d_values, place, other_sums_);
    }

    void pass_on_operands() {
        auto t = build_.thread();
        std::optional<program::node_reference<affine>> next;
        if (part_ + 1 != l_.parts) next = {program::x() + affine(1), program::y()};
        for (const tensor_number which : {queries, keys, values, d_output}) {
            pass_on(t, tensors_[which], std::uint64_t{heads_} * l_.blocks * block_of(l_, which), next, part_ == 0,
                    arrived_);
        }
        if (part_ != 0) t.signal(ready_);
    }

    std::uint32_t part_;
    std::uint32_t heads_;
    program::buffer_handle slopes_, turned_, products_of_output_, sums_, other_sums_, own_statistics_, statistics_;
    program::semaphore_handle arrived_, ready_, told_;
    std::vector<program::buffer_handle> tensors_;
};

/// Slices of 4 positions by 8, of all positions of a block.
void add_columns(tensor& t, const attention_layout& l, coordinate node, std::uint32_t head, std::uint32_t b,
                 std::uint64_t offset) {
    for (std::uint32_t c = 0; c < l.depth_blocks(); ++c) {
        for (std::uint32_t k = 0; k < block / numerics::step_depth; ++k, offset += l.slice_bytes()) {
            add_tile(t, l, node, head, {offset, b * block + 4 * k, 8 * c, 4, 8, 8 * l.size()});
        }
    }
}

}  // namespace

kernel make_attention_gradient(const attention_shape& shape, const attention_types& types, const die& on) {
    const std::string what = std::string("the gradient of ") + (shape.causal ? "causal " : "") + "attention of " +
                             std::to_string(shape.heads) + " heads of " + std::to_string(shape.length) + " x " +
                             std::to_string(shape.depth);
    require_room(std::uint64_t{shape.heads} * shape.length, shape.depth,
                 8 * numerics::bytes(types.input.format) + 3 * numerics::bytes(types.output.format), on,
                 "attention_gradient");
    attention_layout l{.shape = shape, .types = types, .heads = {}};
    l.blocks = (shape.length + block - 1) / block;
    l.heads = {shape.heads, std::min(shape.heads, on.live_nodes())};
    l.parts = std::min(l.blocks, on.live_nodes() / l.heads.parts);

    job j{on.place({static_cast<std::int32_t>(l.parts), static_cast<std::int32_t>(l.heads.parts)}), {}};
    const std::uint64_t elements = std::uint64_t{shape.heads} * shape.length * shape.depth;
    std::vector<tensor> tensors;
    for (std::size_t i = 0; i < tensor_count; ++i) {
        const bool is_input = i <= d_output;
        tensors.push_back({tensor_names[i], is_input ? types.input : types.output,
                           is_input ? tensor_use::input : tensor_use::output, elements});
    }
    std::map<std::tuple<std::uint32_t, std::uint32_t>, std::size_t> roles;
    for (std::uint32_t part = 0; part < l.parts; ++part) {
        for (std::uint32_t line = 0; line < l.heads.parts; ++line) {
            const coordinate node{static_cast<std::int32_t>(part), static_cast<std::int32_t>(line)};
            const std::uint32_t heads = l.heads.size(line);
            const auto [role, is_new] = roles.try_emplace({part, heads}, j.roles.size());
            if (is_new) {
                attention_gradient_generator g(l, part, heads, on);
                j.roles.push_back({std::make_shared<const program::program>(g.make(on, what)), {}});
                for (std::size_t i = 0; i < tensor_count; ++i) {
                    tensors[i].address = g.buffer(i).address();
                    tensors[i].bytes = g.buffer(i).bytes();
                }
            }
            j.roles[role->second].members.push_back(node);
            for (std::uint32_t h = 0; h < heads; ++h) {
                const std::uint32_t head = l.heads.first(line) + h;
                for (std::uint32_t turn = 0; turn < l.query_blocks(part); ++turn) {
                    const std::uint64_t at = std::uint64_t{h} * l.query_blocks(part) + turn;
                    const std::uint32_t b = part + turn * l.parts;
                    add_queries(tensors[output], l, node, head, b, at * rows_bytes(l));
                    for (const tensor_number which : {d_queries, d_keys, d_values}) {
                        add_output(tensors[which], l, node, head, b, at * l.output_block_bytes());
                    }
                }
                if (part != 0) continue;
                for (std::uint32_t b = 0; b < l.blocks; ++b) {
                    const auto place = [&](tensor_number which) {
                        return (std::uint64_t{h} * l.blocks + b) * block_of(l, which);
                    };
                    add_queries(tensors[queries], l, node, head, b, place(queries));
                    add_queries(tensors[d_output], l, node, head, b, place(d_output));
                    add_keys(tensors[keys], l, node, head, b, place(keys));
                    add_keys(tensors[values], l, node, head, b, place(values));
                    for (const tensor_number which : {queries, keys, d_output}) {
                        add_columns(tensors[which], l, node, head, b, place(which) + rows_bytes(l));
                    }
                }
            }
        }
    }
    return {std::move(j), std::move(tensors)};
}

}  // namespace d1::kernels
