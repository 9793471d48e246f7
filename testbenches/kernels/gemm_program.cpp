#include "testbenches/kernels/gemm_program.hpp"

#include <optional>
#include <string>
#include <vector>

#include "models/numerics/matrix.hpp"
#include "models/packet/transfer_cutter.hpp"
#include "models/program/affine.hpp"
#include "models/program/builder.hpp"

namespace d1::kernels {

namespace {

using program::affine;

/// A run of equal sub-blocks of a panel: `count` of them, `blocks` each, the first of them number `first`.
struct sub_run {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t blocks = 0;
};

std::vector<sub_run> runs_of(std::uint32_t blocks, std::uint32_t sub_blocks) {
    std::vector<sub_run> runs;
    if (blocks >= sub_blocks) {
        runs.push_back({0, blocks / sub_blocks, sub_blocks});
    }
    if (blocks % sub_blocks != 0) {
        runs.push_back({blocks / sub_blocks, 1, blocks % sub_blocks});
    }
    return runs;
}

/// A sub-block of C, inside the loops over its runs.
struct sub_block {
    affine row;  ///< number of the sub-block among those of its panel
    affine column;
    sub_run rows;
    sub_run columns;
};

/// A chunk of K, inside the loops over it.
struct chunk {
    affine number;
    affine buffer;
    std::uint32_t steps = 0;
};

class generator {
  public:
    generator(const gemm_plan& plan, std::uint32_t row_blocks, std::uint32_t column_blocks,
              const d1_parameters& parameters)
        : plan_(plan),
          row_blocks_(row_blocks),
          column_blocks_(column_blocks),
          build_(
              "gemm_" + std::to_string(row_blocks) + "x" + std::to_string(column_blocks),
              {parameters.die.node.sram.bytes, parameters.die.node.sram.semaphores, parameters.die.node.core.threads}),
          a_(build_.input_buffer(gemm_a, plan.a_bytes, plan.a.type)),
          b_(build_.input_buffer(gemm_b, plan.b_bytes, plan.b.type)),
          output_(build_.buffer(gemm_c, plan.output_bytes, plan.output)) {
        if (plan.accumulator_bytes != 0) {
            accumulators_ = build_.buffer("accumulators", plan.accumulator_bytes, {numerics::number_format::fp32});
        }
        if (plan.buffer_bytes != 0) {
            chunks_ = build_.buffer("chunks", plan.buffers * plan.buffer_bytes, plan.a.type);
            full_ = build_.semaphores("full", plan.buffers);
            free_ = build_.semaphores("free", plan.buffers, 1);  // the last round's buffers stay free
        }
    }

    gemm_program make() {
        compute();
        if (moves()) {
            move();
        }
        return {std::make_shared<const program::program>(build_.build()),
                {a_.address(), b_.address(), output_.address()}};
    }

  private:
    [[nodiscard]] bool moves() const { return plan_.buffer_bytes != 0; }

    /// Emits `body` for each chunk and `after` behind the chunks, for each sub-block of C; both threads walk alike.
    template <typename Body, typename After>
    void for_each_chunk(program::thread_builder& t, Body&& body, After&& after) {
        for (const sub_run& rows : runs_of(row_blocks_, plan_.a.sub_blocks)) {
            const auto row = t.loop(rows.count);
            for (const sub_run& columns : runs_of(column_blocks_, plan_.b.sub_blocks)) {
                const auto column = t.loop(columns.count);
                const sub_block s{row + rows.first, column + columns.first, rows, columns};
                const k_split& k = plan_.a.k;
                const std::uint32_t rounds = k.whole() / plan_.buffers;
                const std::uint32_t rest = k.whole() % plan_.buffers;
                if (rounds != 0) {
                    const auto round = t.loop(rounds);
                    const auto buffer = t.loop(plan_.buffers);
                    body(s, chunk{affine(round) * plan_.buffers + buffer, buffer, k.chunk});
                }
                if (rest != 0) {
                    const auto buffer = t.loop(rest);
                    body(s, chunk{affine(buffer) + rounds * plan_.buffers, buffer, k.chunk});
                }
                if (k.tail() != 0) {
                    body(s, chunk{k.whole(), rest, k.tail()});
                }
                after(s);
            }
        }
    }

    void compute() {
        auto t = build_.thread();
        if (moves()) {
            const auto buffer = t.loop(plan_.buffers);
            t.signal(*free_ + affine(buffer));
        }
        for_each_chunk(
            t,
            [&](const sub_block& s, const chunk& c) {
                if (moves()) {
                    t.wait(*full_ + c.buffer,
                           (plan_.moves_a() ? plan_.a.owners : 0) + (plan_.moves_b() ? plan_.b.owners : 0));
                }
                t.matrix_multiply({.c = accumulators(s),
                                   .a = plan_.moves_a() ? a_buffer(c) : a_share(s, c),
                                   .b = plan_.moves_b() ? b_buffer(c) : b_share(s, c),
                                   .accumulate = c.number,
                                   .row_blocks = s.rows.blocks,
                                   .column_blocks = s.columns.blocks,
                                   .k_steps = c.steps,
                                   .a_type = plan_.a.type,
                                   .b_type = plan_.b.type});
                if (moves()) {
                    t.signal(*free_ + c.buffer);
                }
            },
            [&](const sub_block& s) {
                if (accumulators_) {
                    t.vector_operation({.operation = numerics::elementwise_operation::convert,
                                        .destination = result(s),
                                        .a = accumulators(s),
                                        .elements = s.rows.blocks * s.columns.blocks * numerics::block_elements,
                                        .destination_type = plan_.output,
                                        .a_type = {numerics::number_format::fp32}});
                }
            });
    }

    void move() {
        auto t = build_.thread();
        for_each_chunk(
            t,
            [&](const sub_block& s, const chunk& c) {
                t.wait(*free_ + c.buffer);
                if (plan_.moves_a()) {
                    pull_all(t, plan_.a, s.rows.blocks, c, program::x(), a_share(s, c), a_buffer(c),
                             [](const affine& owner) {
                                 return program::node_reference<affine>{owner, program::y()};
                             });
                }
                if (plan_.moves_b()) {
                    pull_all(t, plan_.b, s.columns.blocks, c, program::y(), b_share(s, c), b_buffer(c),
                             [](const affine& owner) {
                                 return program::node_reference<affine>{program::x(), owner};
                             });
                }
            },
            [](const sub_block&) {});
    }

    /// Pulls every owner's share of a unit, from the node's own place on to the last owner and then from the first on.
    template <typename Where>
    void pull_all(program::thread_builder& t, const panel_layout& panel, std::uint32_t blocks, const chunk& c,
                  const affine& own, const affine& share, const affine& buffer, Where&& where) {
        const std::uint32_t bytes = panel.share(blocks, c.steps) * panel.slice_bytes();
        const auto pull_from = [&](const affine& owner) {
            t.pull({.from = where(owner),
                    .source = share,
                    .destination = buffer + owner * bytes,
                    .shape = {.rows = 1, .row_bytes = bytes},
                    .done = program::semaphore_update<affine>{*full_ + c.buffer, 1}});
        };
        {
            const auto next = t.loop(affine(panel.owners) - own);
            pull_from(own + next);
        }
        const auto wrapped = t.loop(own);
        pull_from(wrapped);
    }

    [[nodiscard]] static affine share_of(const panel_layout& panel, const affine& base, const affine& sub,
                                         const sub_run& run, const chunk& c) {
        // All sub-blocks before this one are whole.
        return base + sub * panel.sub_block_bytes(panel.sub_blocks) +
               c.number * (panel.share(run.blocks, panel.k.chunk) * panel.slice_bytes());
    }
    [[nodiscard]] affine a_share(const sub_block& s, const chunk& c) const {
        return share_of(plan_.a, a_, s.row, s.rows, c);
    }
    [[nodiscard]] affine b_share(const sub_block& s, const chunk& c) const {
        return share_of(plan_.b, b_, s.column, s.columns, c);
    }
    [[nodiscard]] affine a_buffer(const chunk& c) const { return *chunks_ + c.buffer * plan_.buffer_bytes; }
    [[nodiscard]] affine b_buffer(const chunk& c) const {
        const std::uint64_t a_part = plan_.moves_a() ? plan_.a.unit_bytes(plan_.a.sub_blocks, plan_.a.k.chunk) : 0;
        return a_buffer(c) + (a_part + packet_bytes - 1) / packet_bytes * packet_bytes;
    }
    [[nodiscard]] affine result(const sub_block& s) const {
        const std::uint64_t block = numerics::block_elements * std::uint64_t{numerics::bytes(plan_.output.format)};
        return output_ + s.row * (block * plan_.a.sub_blocks * column_blocks_) +
               s.column * (block * plan_.b.sub_blocks * s.rows.blocks);
    }
    [[nodiscard]] affine accumulators(const sub_block& s) const {
        return accumulators_ ? affine(*accumulators_) : result(s);
    }

    const gemm_plan& plan_;
    std::uint32_t row_blocks_;
    std::uint32_t column_blocks_;
    program::program_builder build_;
    program::buffer_handle a_;
    program::buffer_handle b_;
    program::buffer_handle output_;
    std::optional<program::buffer_handle> accumulators_;
    std::optional<program::buffer_handle> chunks_;
    std::optional<program::semaphore_handle> full_;
    std::optional<program::semaphore_handle> free_;
};

}  // namespace

gemm_program make_gemm_program(const gemm_plan& plan, std::uint32_t row_blocks, std::uint32_t column_blocks,
                               const d1_parameters& parameters) {
    return generator(plan, row_blocks, column_blocks, parameters).make();
}

}  // namespace d1::kernels
