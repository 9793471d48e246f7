#include "testbenches/kernels/gemm_plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "models/core/instruction_cost.hpp"
#include "models/numerics/matrix.hpp"
#include "models/packet/transfer_cutter.hpp"
#include "models/parameter/error.hpp"
#include "platforms/die.hpp"
#include "testbenches/kernels/basics.hpp"
#include "testbenches/kernels/gemm_link_loads.hpp"

namespace d1::kernels {

namespace {

/// How many lines, rows or columns of the mesh, have at least so many live nodes, by that number.
using long_lines = std::vector<std::uint32_t>;

long_lines lines_by_length(std::uint32_t lines, std::uint32_t length, const std::vector<coordinate>& dead,
                           std::int32_t coordinate::*line) {
    long_lines count(length + 1, 0);
    for (std::uint32_t i = 0; i < lines; ++i) {
        const auto missing = static_cast<std::uint32_t>(std::ranges::count(dead, static_cast<std::int32_t>(i), line));
        for (std::uint32_t l = 0; l + missing <= length; ++l) {
            ++count[l];
        }
    }
    return count;
}

/// Whether `parts` of `total` blocks are no more than needed for parts of their size.
bool is_useful(std::uint32_t total, std::uint32_t parts) {
    return parts <= total && divide_up<std::uint64_t>(total, divide_up<std::uint64_t>(total, parts)) == parts;
}

/// Evaluates candidates for one product on one die.
class gemm_planner {
  public:
    gemm_planner(const gemm_shape& shape, const gemm_types& types, const die& on)
        : die_(on),
          parameters_(on.parameters()),
          columns_by_length_(lines_by_length(parameters_.die.noc.columns, parameters_.die.noc.rows,
                                             parameters_.die.harvest.dead, &coordinate::x)),
          rows_by_length_(lines_by_length(parameters_.die.noc.rows, parameters_.die.noc.columns,
                                          parameters_.die.harvest.dead, &coordinate::y)) {
        base_.shape = shape;
        base_.output = types.output;
        base_.a.type = types.a;
        base_.b.type = types.b;
        base_.rows.total = divide_up(shape.m, numerics::block_rows);
        base_.columns.total = divide_up(shape.n, numerics::block_columns);
        base_.a.k.steps = base_.b.k.steps = divide_up(shape.k, numerics::step_depth);
    }

    gemm_plan best() {
        const std::uint32_t columns = parameters_.die.noc.columns;
        const std::uint32_t rows = parameters_.die.noc.rows;
        for (std::uint32_t b_chain = rows; b_chain >= 1; --b_chain) {
            for (std::uint32_t a_chain = columns; a_chain >= 1; --a_chain) {
                for (std::uint32_t a_fans = 1; a_fans * b_chain <= rows; ++a_fans) {
                    for (std::uint32_t b_fans = 1; b_fans * a_chain <= columns; ++b_fans) {
                        try_nodes(a_chain, a_fans, b_chain, b_fans);
                    }
                }
            }
        }
        if (candidates_.empty()) {
            refuse();
        }
        std::erase_if(candidates_, [this](const gemm_plan& p) { return !is_near_best(p.estimated_cycles); });
        return *std::ranges::min_element(
            candidates_, {}, [](const gemm_plan& p) { return std::pair(p.estimated_bursts, p.estimated_cycles); });
    }

  private:
    static constexpr std::uint64_t none = ~std::uint64_t{0};

    /// Estimates are right to a few percent, so among those within two the plan of fewest bursts is the better guess.
    [[nodiscard]] bool is_near_best(std::uint64_t cycles) const { return cycles - cycles / 50 <= least_cycles_; }

    void try_nodes(std::uint32_t a_chain, std::uint32_t a_fans, std::uint32_t b_chain, std::uint32_t b_fans) {
        gemm_plan plan = base_;
        plan.rows.parts = b_chain * b_fans;
        plan.columns.parts = a_chain * a_fans;
        if (!is_useful(plan.rows.total, plan.rows.parts) || !is_useful(plan.columns.total, plan.columns.parts) ||
            !lies_in_lines(a_chain * b_fans, b_chain * a_fans)) {
            return;
        }
        plan.a.chain = a_chain;
        plan.a.fans = a_fans;
        plan.b.chain = b_chain;
        plan.b.fans = b_fans;
        if (!is_near_best(least_cycles_of(plan))) {
            return;
        }
        const std::vector<std::uint32_t> chunks = useful_chunks(plan);
        for (const bool is_spread : {false, true}) {
            if (is_spread && a_chain == 1 && b_chain == 1) {
                continue;
            }
            is_spread_ = is_spread;
            links_.reset();
            for (const std::uint32_t chunk : chunks) {
                plan.a.k.chunk = plan.b.k.chunk = chunk;
                if (!try_resident(plan) && is_spread) {
                    try_streamed(plan);
                }
            }
        }
    }

    /// No candidate on these nodes can be quicker than its matrix steps, or than its nodes can take in or hand on.
    [[nodiscard]] std::uint64_t least_cycles_of(const gemm_plan& plan) const {
        const std::uint64_t rows = plan.rows.largest();
        const std::uint64_t columns = plan.columns.largest();
        const auto taken = [&](const panel_layout& panel, std::uint64_t blocks) {
            const std::uint64_t packets = blocks * panel.k.steps * panel.slice_bytes() / packet_bytes;
            return panel.fans > 1 ? packets : packets - packets / panel.chain;
        };
        const core_parameters& core = parameters_.die.node.core;
        const std::uint64_t results_a_cycle =
            std::uint64_t{core.matrix_steps_per_cycle} * core.matrix_rows * core.matrix_columns;
        return std::max(rows * columns * plan.a.k.steps * numerics::block_elements / results_a_cycle,
                        taken(plan.a, rows) + taken(plan.b, columns));
    }

    /// Whether whole columns or rows of the mesh are long enough for a rectangle, so that its neighbours can be
    /// neighbours (die::place).
    [[nodiscard]] bool lies_in_lines(std::uint32_t columns, std::uint32_t rows) const {
        return columns_by_length_[rows] >= columns || rows_by_length_[columns] >= rows;
    }

    /// Lengths of a chunk worth trying: those that give every owner of a chain as much, in few chunks, and powers of
    /// two.
    [[nodiscard]] static std::vector<std::uint32_t> useful_chunks(const gemm_plan& plan) {
        const std::uint32_t steps = plan.a.k.steps;
        std::vector<std::uint32_t> chunks;
        for (const std::uint32_t chain : {plan.a.chain, plan.b.chain}) {
            for (const std::uint32_t count : {1U, 2U, 3U, 4U, 6U, 8U, 12U, 16U}) {
                chunks.push_back(divide_up(steps, std::uint64_t{chain} * count));
            }
        }
        for (std::uint32_t chunk = 1; chunk <= std::min(steps, 256U); chunk *= 2) {
            chunks.push_back(chunk);
        }
        std::ranges::sort(chunks);
        chunks.erase(std::unique(chunks.begin(), chunks.end()), chunks.end());
        return chunks;
    }

    /// The whole panels, and all results of a node at once.
    bool try_resident(gemm_plan plan) {
        plan.a.sub_blocks = plan.rows.largest();
        plan.b.sub_blocks = plan.columns.largest();
        for (panel_layout* const p : {&plan.a, &plan.b}) {
            p->per_owner =
                static_cast<std::uint32_t>(divide_up<std::uint64_t>(p->k.count(), is_spread_ ? p->chain : 1));
        }
        return fits(plan) && (try_pieces(plan), true);
    }

    /// Chunks through slots, in sub-blocks: the largest that fit, since smaller ones only move more.
    void try_streamed(gemm_plan plan) {
        plan.a.streamed = plan.b.streamed = true;
        for (plan.slots = 2; plan.slots <= most_slots(); ++plan.slots) {
            for (panel_layout* const p : {&plan.a, &plan.b}) {
                const std::uint64_t share = divide_up<std::uint64_t>(p->k.count(), p->chain);
                p->per_owner = static_cast<std::uint32_t>(divide_up<std::uint64_t>(share, plan.slots) * plan.slots);
            }
            const auto cut = [&](std::uint32_t rows, std::uint32_t columns) {
                plan.a.passes = rows;
                plan.b.passes = columns;
                plan.a.sub_blocks = static_cast<std::uint32_t>(divide_up<std::uint64_t>(plan.rows.largest(), rows));
                plan.b.sub_blocks =
                    static_cast<std::uint32_t>(divide_up<std::uint64_t>(plan.columns.largest(), columns));
                return fits(plan);
            };
            // No sub-block of any part is empty, so that all nodes hand on the chunks of as many.
            const std::uint32_t most_rows = plan.rows.smallest();
            const std::uint32_t most_columns = plan.columns.smallest();
            if (!cut(most_rows, most_columns)) {
                continue;
            }
            std::uint32_t rows = 1;
            std::uint32_t columns = 1;
            while (!cut(rows, columns)) {
                const bool down =
                    rows < most_rows && (columns == most_columns || plan.a.sub_blocks >= plan.b.sub_blocks);
                ++(down ? rows : columns);
            }
            try_pieces(plan);
        }
    }

    /// By the semaphores that the programs have: four for each operand and nine for each slot.
    [[nodiscard]] std::uint32_t most_slots() const {
        const std::uint32_t semaphores = parameters_.die.node.sram.semaphores;
        return semaphores < 8 ? 0 : std::min(6U, (semaphores - 8) / 9);
    }

    [[nodiscard]] bool fits(gemm_plan& plan) {
        const std::uint32_t rows = plan.rows.largest();
        const std::uint32_t columns = plan.columns.largest();
        const std::uint64_t block_bytes = numerics::block_elements * std::uint64_t{numerics::bytes(plan.output.format)};
        plan.a_bytes = plan.a.buffer_bytes(rows);
        plan.b_bytes = plan.b.buffer_bytes(columns);
        plan.output_bytes = line_up(std::uint64_t{rows} * columns * block_bytes);
        plan.accumulator_bytes =
            plan.output.format == numerics::number_format::fp32
                ? 0
                : std::uint64_t{plan.a.sub_blocks} * plan.b.sub_blocks * numerics::block_elements * sizeof(float);
        plan.slot_bytes = plan.slots * (plan.a.slot_bytes() + plan.b.slot_bytes());
        least_bytes_ = std::min(least_bytes_, plan.bytes());
        return plan.bytes() <= parameters_.die.node.sram.bytes;
    }

    void try_pieces(gemm_plan plan) {
        for (const std::uint64_t packets : {4U, 8U, 16U, 64U, 256U}) {
            for (panel_layout* const p : {&plan.a, &plan.b}) {
                const std::uint64_t chunk = p->chunk_bytes(p->sub_blocks, p->k.chunk) / packet_bytes;
                p->pieces = divide_up(chunk, packets);
            }
            // Each estimate is as much as the one before it or more, and takes longer to make.
            estimate(plan, 0, costs::at_the_rates);
            if (!is_near_best(plan.estimated_cycles)) {
                continue;
            }
            const std::uint64_t links = link_cycles(plan);
            estimate(plan, links, costs::at_the_rates);
            if (!is_near_best(plan.estimated_cycles)) {
                continue;
            }
            estimate(plan, links, costs::of_the_run);
            least_cycles_ = std::min(least_cycles_, plan.estimated_cycles);
            if (is_near_best(plan.estimated_cycles)) {
                candidates_.push_back(plan);
            }
        }
    }

    /// What a chunk of an operand asks of a node that hands it on, and of the time that it takes.
    struct handling {
        std::uint64_t packets = 0;  ///< of data, and signals
        std::uint64_t pieces = 0;   ///< on their way to all who take them from a node
        std::uint64_t in = 0;       ///< all packets, answers included
        std::uint64_t out = 0;
        std::uint64_t owner_out = 0;  ///< of a node that owns the chunk
        std::uint64_t thread = 0;     ///< cycles of the thread that moves it
        std::uint64_t piece = 0;      ///< packets of a piece, its signal included
        std::uint64_t hop = 0;        ///< cycles of a piece from a node to the next, alone
    };
    [[nodiscard]] handling handle(const panel_layout& panel) const {
        handling h;
        if (!panel.moves()) {
            return h;
        }
        const core_parameters& core = parameters_.die.node.core;
        const network_interface_parameters& interface = parameters_.die.node.network_interface;
        const std::uint64_t takers = (panel.chain > 1 ? 1U : 0U) + (panel.fans > 1 ? 1U : 0U);
        const std::uint64_t both_ways = panel.chain > 2 && panel.owners() > 1 ? 1U : 0U;
        const std::uint64_t packets = panel.chunk_bytes(panel.sub_blocks, panel.k.chunk) / packet_bytes;
        const std::uint64_t piece = divide_up<std::uint64_t>(packets, panel.pieces);
        const std::uint64_t pieces = divide_up<std::uint64_t>(packets, piece);
        const std::uint64_t answers = pieces * divide_up<std::uint64_t>(piece, interface.burst_packets);
        h.packets = packets + pieces;
        h.pieces = takers * (pieces + 2 * answers);
        h.in = h.packets + takers * answers;
        h.out = takers * h.packets + answers;
        h.owner_out = (takers + both_ways) * h.packets;
        h.thread = pieces * (core.wake_cycles + (1 + takers) * core.issue_cycles) + core.issue_cycles;
        if (panel.streamed) {
            h.thread += (2 + takers) * core.issue_cycles;
        }
        h.piece = piece + 1;
        h.hop = h.piece + core.wake_cycles + core.issue_cycles + interface.request_cycles + interface.arrival_cycles +
                std::uint64_t{3} * parameters_.die.noc.hop_cycles();
        return h;
    }

    /// Of a piece, along the chain and on over the groups, when other pieces go out beside it: an owner has some of its
    /// own under way at a time, which stay together, for each taker, and those of the other operand are as many. The
    /// engines take turns, so all of them leave when the last one does.
    [[nodiscard]] std::uint64_t way_of(const panel_layout& panel, const handling& its, const handling& other) const {
        if (!panel.moves()) {
            return 0;
        }
        const std::uint64_t at_once =
            std::min(panel_layout::pieces_at_once, parameters_.die.node.network_interface.engines);
        const auto hop = [&](std::uint64_t takers) {
            return std::max(its.hop, at_once * (takers * its.piece + std::min(its.piece, other.piece)));
        };
        return (panel.chain - 1) * hop(panel.fans > 1 ? 2 : 1) + (panel.fans - 1) * hop(1);
    }

    /// Of the busiest link, for a chunk.
    [[nodiscard]] std::uint64_t link_cycles(const gemm_plan& plan) {
        if (!links_) {
            links_.emplace(plan, is_spread_, die_);
        }
        const handling a = handle(plan.a);
        const handling b = handle(plan.b);
        const std::uint64_t burst =
            std::min<std::uint64_t>(std::max(a.piece, b.piece), parameters_.die.node.network_interface.burst_packets);
        return links_->busiest(a.packets, b.packets, burst, parameters_.die.noc.buffer_depth) /
               parameters_.die.noc.link_packets_per_cycle;
    }

    enum class costs : std::uint8_t { at_the_rates, of_the_run };
    template <typename Instruction>
    [[nodiscard]] unit_demand demand_of(const Instruction& i, costs which) const {
        return which == costs::of_the_run ? die_.cost_of(i)
                                          : cost_of(i, parameters_.die.node.core, parameters_.die.node.sram);
    }

    /// `links`: cycles of the busiest link, for a chunk.
    void estimate(gemm_plan& plan, std::uint64_t links, costs which) const {
        const core_parameters& core = parameters_.die.node.core;
        const std::uint64_t subs = std::uint64_t{plan.a.passes} * plan.b.passes;
        const handling a = handle(plan.a);
        const handling b = handle(plan.b);
        const bool is_streamed = plan.a.passes_slots() || plan.b.passes_slots();
        const std::uint64_t instructions =
            1U + (plan.a.moves() ? 1 : 0) + (plan.b.moves() ? 1 : 0) + (is_streamed ? 1 : 0);
        const auto chunk_cycles = [&](std::uint32_t steps) {
            const program::matrix_multiply<std::int64_t> m{
                0, 0, 0, 1, plan.a.sub_blocks, plan.b.sub_blocks, steps, plan.a.type, plan.b.type};
            const unit_demand d = demand_of(m, which);
            // Sub-blocks of all sizes together take what the whole part does.
            const std::uint64_t blocks = std::uint64_t{plan.rows.largest()} * plan.columns.largest();
            return d.cycles * blocks / (subs * plan.a.sub_blocks * plan.b.sub_blocks) + d.latency +
                   instructions * core.issue_cycles;
        };
        const std::uint64_t chunk = chunk_cycles(plan.a.k.chunk);
        const std::uint64_t compute =
            plan.a.k.whole() * chunk + (plan.a.k.tail() != 0 ? chunk_cycles(plan.a.k.tail()) : 0);
        const auto rounding_cycles = [&] {
            const unit_demand d =
                demand_of(program::vector_operation<std::int64_t>{.operation = numerics::elementwise_operation::convert,
                                                                  .elements = plan.a.sub_blocks * plan.b.sub_blocks *
                                                                              std::uint32_t{numerics::block_elements},
                                                                  .destination_type = plan.output,
                                                                  .a_type = {numerics::number_format::fp32}},
                          which);
            return d.cycles + d.latency + core.issue_cycles;
        };
        const std::uint64_t rounding = plan.accumulator_bytes == 0 ? 0 : rounding_cycles();
        const std::uint64_t there = std::max(way_of(plan.a, a, b), way_of(plan.b, b, a));
        const auto back_of = [](const panel_layout& p, const handling& h) { return (p.owners() - 1) * h.hop; };
        const std::uint64_t back = std::max(back_of(plan.a, a), back_of(plan.b, b));
        const std::uint64_t pace =
            std::max({a.in + b.in, a.out + b.out, a.owner_out + b.out, a.out + b.owner_out, links, a.thread, b.thread});
        // The first chunk of a sub-block comes from the other end of the line than the last one of that before, and no
        // more chunks than there are slots are under way meanwhile.
        const std::uint64_t turns = is_streamed ? (subs - 1) * 2 * (there + back) : 0;
        const std::uint64_t all_compute = subs * (compute + rounding) + turns;
        const std::uint64_t loads =
            subs * plan.a.k.steps * pace / plan.a.k.chunk - pace + back + chunk + rounding + turns;
        // Where both take as long, each waits for the other now and then: a quarter more, measured.
        const std::uint64_t longer = std::max(all_compute, loads);
        const std::uint64_t shorter = std::min(all_compute, loads);
        plan.estimated_cycles = core.launch_cycles + there + pace + longer + shorter * shorter / (4 * longer);
        plan.estimated_bursts = subs * plan.a.k.count() * (a.pieces + b.pieces);
    }

    [[noreturn]] void refuse() const {
        const std::uint64_t available = parameters_.die.node.sram.bytes;
        const gemm_shape& s = base_.shape;
        throw input_error(error_class::layer,
                          "the product " + std::to_string(s.m) + " x " + std::to_string(s.n) + " x " +
                              std::to_string(s.k) + " (M x N x K) does not fit: each node needs at least " +
                              std::to_string(least_bytes_) + " B of SRAM and has " + std::to_string(available) +
                              " B (" + std::to_string(die_.live_nodes()) + " live nodes, " +
                              std::to_string(die_.live_nodes() * available) + " B together)");
    }

    const die& die_;
    const d1_parameters& parameters_;
    bool is_spread_ = false;                   // whether all nodes of a chain own chunks, in what is being tried
    std::optional<detail::link_loads> links_;  // and its links, once asked for
    long_lines columns_by_length_;
    long_lines rows_by_length_;
    gemm_plan base_;
    std::vector<gemm_plan> candidates_;
    std::uint64_t least_cycles_ = none;
    std::uint64_t least_bytes_ = none;
};

}  // namespace

gemm_plan plan_gemm(const gemm_shape& shape, const gemm_types& types, const die& on) {
    return gemm_planner(shape, types, on).best();
}

}  // namespace d1::kernels
