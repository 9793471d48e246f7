#include "testbenches/kernels/gemm_program.hpp"

#include <optional>
#include <string>

#include "models/numerics/matrix.hpp"
#include "models/program/affine.hpp"
#include "models/program/builder.hpp"
#include "testbenches/kernels/gemm_mover.hpp"

namespace d1::kernels {

namespace {

using detail::chunk;
using detail::for_last_chunks;
using detail::mover;
using detail::sub_block;
using program::affine;
using program::thread_builder;

/// Emits `body` for each of the sub-blocks of a part of `blocks`.
template <typename Body>
void for_sub_blocks(thread_builder& t, std::uint32_t blocks, std::uint32_t passes, Body&& body) {
    const std::uint32_t larger = blocks % passes;
    const std::uint32_t small_blocks = blocks / passes;
    if (larger != 0) {
        const auto i = t.loop(larger);
        body(sub_block{i, 0, small_blocks + 1, small_blocks});
    }
    const auto i = t.loop(passes - larger);
    body(sub_block{larger, i, small_blocks, small_blocks});
}

/// The place of a node by its coordinates along the chains of a panel and across them, where `width` lines across
/// belong to a group.
operand_place place_of(const panel_layout& panel, std::int32_t along, std::int32_t across, std::uint32_t width) {
    const auto chain = static_cast<std::int32_t>(panel.chain);
    const std::int32_t position = along % chain;
    const std::int32_t group = across / static_cast<std::int32_t>(width);
    operand_place place;
    if (!panel.moves()) return place;
    place.has_group_before = group > 0;
    place.has_group_after = group + 1 < static_cast<std::int32_t>(panel.fans);
    if (group > 0) return place;
    place.has_before = position > 0;
    place.has_after = position + 1 < chain;
    const auto last = static_cast<std::int32_t>(panel.owners()) - 1;
    place.owns = position < last ? ownership::whole : position == last ? ownership::last : ownership::none;
    place.first = chain > 1 ? along - position : 0;
    return place;
}

class gemm_generator {
  public:
    gemm_generator(const gemm_plan& plan, const gemm_role& role, const d1_parameters& parameters)
        : plan_(plan),
          role_(role),
          build_(
              "gemm_" + std::to_string(role.rows) + "x" + std::to_string(role.columns),
              {parameters.die.node.sram.bytes, parameters.die.node.sram.semaphores, parameters.die.node.core.threads}),
          a_(build_, gemm_a, plan.a, role.a, plan.a_bytes, plan.slots,
             {{1, 0}, {0, static_cast<std::int32_t>(plan.b.chain)}}),
          b_(build_, gemm_b, plan.b, role.b, plan.b_bytes, plan.slots,
             {{0, 1}, {static_cast<std::int32_t>(plan.a.chain), 0}}),
          output_(build_.buffer(gemm_c, plan.output_bytes, plan.output)) {
        if (plan.accumulator_bytes != 0) {
            accumulators_ = build_.buffer("accumulators", plan.accumulator_bytes, {numerics::number_format::fp32});
        }
        if (passes_slots()) {
            drained_ = build_.semaphores("drained", plan.slots);
            if (a_.passes_slots()) a_.stream(build_, gemm_a, *drained_);
            if (b_.passes_slots()) b_.stream(build_, gemm_b, *drained_);
        }
    }

    gemm_program make() {
        compute();
        if (a_.moves()) move(a_, [](const sub_block& row, const sub_block&) { return row; });
        if (b_.moves()) move(b_, [](const sub_block&, const sub_block& column) { return column; });
        if (passes_slots()) free_slots();
        return {std::make_shared<const program::program>(build_.build()),
                {a_.address(), b_.address(), output_.address()}};
    }

  private:
    [[nodiscard]] bool passes_slots() const { return a_.passes_slots() || b_.passes_slots(); }

    /// Emits `body` for each sub-block of C; all threads walk alike.
    template <typename Body>
    void for_each_sub_block(thread_builder& t, Body&& body) {
        for_sub_blocks(t, role_.rows, plan_.a.passes, [&](const sub_block& row) {
            for_sub_blocks(t, role_.columns, plan_.b.passes, [&](const sub_block& column) { body(row, column); });
        });
    }

    void compute() {
        auto t = build_.thread();
        const std::uint32_t slots = passes_slots() ? plan_.slots : 0;
        for_each_sub_block(t, [&](const sub_block& row, const sub_block& column) {
            for_last_chunks(t, 0, plan_.a.k.whole(), slots, plan_.a.k, [&](const chunk& c) {
                a_.wait_for_chunk(t);
                b_.wait_for_chunk(t);
                t.matrix_multiply({.c = accumulators(row, column),
                                   .a = a_.at(row, c),
                                   .b = b_.at(column, c),
                                   .accumulate = c.number,
                                   .row_blocks = row.blocks,
                                   .column_blocks = column.blocks,
                                   .k_steps = c.steps,
                                   .a_type = plan_.a.type,
                                   .b_type = plan_.b.type});
                if (drained_) t.signal(*drained_ + c.slot);
            });
            if (accumulators_) {
                t.vector_operation({.operation = numerics::elementwise_operation::convert,
                                    .destination = result(row, column),
                                    .a = *accumulators_,
                                    .elements = row.blocks * column.blocks * numerics::block_elements,
                                    .destination_type = plan_.output,
                                    .a_type = {numerics::number_format::fp32}});
            }
        });
    }

    template <typename Choice>
    void move(const mover& operand, Choice&& its) {
        auto t = build_.thread();
        for_each_sub_block(t,
                           [&](const sub_block& row, const sub_block& column) { operand.move(t, its(row, column)); });
    }

    void free_slots() {
        auto t = build_.thread();
        const auto free = [&](const affine& slot) {
            a_.free_slot(t, slot);
            b_.free_slot(t, slot);
        };
        {
            const auto slot = t.loop(plan_.slots);
            free(slot);
        }
        for_each_sub_block(t, [&](const sub_block& row, const sub_block& column) {
            for_last_chunks(t, 0, plan_.a.k.whole(), plan_.slots, plan_.a.k, [&](const chunk& c) {
                t.wait(*drained_ + c.slot, 1 + a_.hand_overs(row, c) + b_.hand_overs(column, c));
                free(c.slot);
            });
        });
    }

    [[nodiscard]] affine result(const sub_block& row, const sub_block& column) const {
        const std::uint64_t block = numerics::block_elements * std::uint64_t{numerics::bytes(plan_.output.format)};
        return output_ + row.before() * (block * role_.columns) + column.before() * (block * row.blocks);
    }
    [[nodiscard]] affine accumulators(const sub_block& row, const sub_block& column) const {
        return accumulators_ ? affine(*accumulators_) : result(row, column);
    }

    const gemm_plan& plan_;
    const gemm_role& role_;
    program::program_builder build_;
    mover a_;
    mover b_;
    program::buffer_handle output_;
    std::optional<program::buffer_handle> accumulators_;
    std::optional<program::semaphore_handle> drained_;
};

}  // namespace

gemm_role role_of(const gemm_plan& plan, coordinate node) {
    return {plan.rows.size(plan.row_part(node)), plan.columns.size(plan.column_part(node)),
            place_of(plan.a, node.x, node.y, plan.b.chain), place_of(plan.b, node.y, node.x, plan.a.chain)};
}

gemm_program make_gemm_program(const gemm_plan& plan, const gemm_role& role, const d1_parameters& parameters) {
    return gemm_generator(plan, role, parameters).make();
}

}  // namespace d1::kernels
