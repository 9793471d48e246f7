#include "testbenches/kernels/attention_worker.hpp"

#include "testbenches/kernels/basics.hpp"

#include <cmath>
#include <limits>

namespace d1::kernels::attention_parts {

namespace {

using numerics::elementwise_operation;

}  // namespace

attention_worker::attention_worker(const char* name, const attention_layout& l, const die& on)
    : l_(l),
      build_(unlimited_builder(name, on)),
      products_(build_.buffer("products", std::uint64_t{row_blocks} * row_blocks * block_bytes, fp32)),
      scores_(build_.buffer("scores", std::uint64_t{block} * block * number_bytes, fp32)),
      mask_(build_.buffer("mask", std::uint64_t{block} * block * number_bytes, fp32)),
      weights_(build_.buffer("weights", std::uint64_t{row_blocks} * (block / 4) * l.slice_bytes(), l.types.input)),
      numbers_(build_.buffer("numbers", std::uint64_t{block} * number_bytes, fp32)),
      rows_(build_.buffer("rows", std::uint64_t{5} * block * number_bytes, fp32)),
      constants_(build_.buffer("constants", std::uint64_t{3} * number_bytes, fp32)) {}

void attention_worker::prepare(thread_builder& t) {
    const affine doubling = constants_ + affine(2 * number_bytes);
    set(t, scale(), static_cast<float>(1.0 / std::sqrt(static_cast<double>(l_.shape.depth))), 1);
    set(t, hidden(), -std::numeric_limits<float>::infinity(), 1);
    set(t, numbers_, 0, 1);
    for (std::uint32_t known = 1; known < block; known *= 2) {
        set(t, doubling, static_cast<float>(known), 1);
        apply(t, elementwise_operation::add, numbers_ + affine(known * number_bytes), numbers_, known, doubling, true);
    }
}

void attention_worker::apply(thread_builder& t, elementwise_operation operation, const affine& d, const affine& a,
                             std::uint32_t elements, const affine& b, bool is_constant) {
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
void attention_worker::apply_by_row(thread_builder& t, elementwise_operation operation, const affine& d,
                                    const affine& a, const affine& b, std::uint32_t columns, std::int64_t pitch) {
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
void attention_worker::set(thread_builder& t, const affine& where, float value, std::uint32_t elements,
                           std::uint32_t rows, std::int64_t stride) {
    t.vector_operation({.operation = elementwise_operation::fill,
                        .destination = where,
                        .scalar = value,
                        .elements = elements,
                        .destination_type = fp32,
                        .rows = rows,
                        .destination_stride = stride});
}

void attention_worker::to_rows(thread_builder& t, const affine& d, std::uint32_t eights) {
    const auto rows = t.loop(row_blocks);
    const auto r = t.loop(numerics::block_rows);
    t.copy({.source = products_ + affine(rows) * (eights * block_bytes) + affine(r) * block_row_bytes,
            .destination = d + (affine(rows) * numerics::block_rows + r) * (eights * block_row_bytes),
            .shape = {.rows = eights,
                      .row_bytes = block_row_bytes,
                      .source_stride = block_bytes,
                      .destination_stride = block_row_bytes}});
}
void attention_worker::hide(thread_builder& t, std::uint32_t keys, std::int64_t pitch) {
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
                        .b = hidden(),
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
void attention_worker::take_maximum_and_sum(thread_builder& t, std::uint32_t keys, std::int64_t pitch) {
    using enum elementwise_operation;
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
}

void attention_worker::to_slices(thread_builder& t, const affine& from, std::uint32_t keys, std::int64_t pitch) {
    const std::uint32_t steps = attention_layout::steps(keys);
    const std::uint32_t row_bytes = numerics::step_depth * l_.size();
    const auto rows = t.loop(row_blocks);
    const auto r = t.loop(numerics::block_rows);
    t.vector_operation({.operation = elementwise_operation::convert,
                        .destination = weights_ + affine(rows) * (steps * l_.slice_bytes()) + affine(r) * row_bytes,
                        .a = from + (affine(rows) * numerics::block_rows + r) * pitch,
                        .elements = numerics::step_depth,
                        .destination_type = l_.types.input,
                        .a_type = fp32,
                        .rows = steps,
                        .a_stride = std::int64_t{numerics::step_depth} * number_bytes,
                        .destination_stride = l_.slice_bytes()});
}

}  // namespace d1::kernels::attention_parts
