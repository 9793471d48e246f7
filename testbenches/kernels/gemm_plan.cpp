#include "testbenches/kernels/gemm_plan.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "models/core/instruction_cost.hpp"
#include "models/numerics/matrix.hpp"
#include "models/packet/transfer_cutter.hpp"
#include "models/parameter/error.hpp"

namespace d1::kernels {

namespace {

constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
    return (a + b - 1) / b;
}

constexpr std::uint64_t line_up(std::uint64_t bytes) {
    return divide_up(bytes, packet_bytes) * packet_bytes;
}

/// Numbers of parts that differ in the size of the largest part: the fewest parts for each size.
std::vector<std::uint32_t> useful_parts(std::uint32_t total, std::uint32_t most) {
    std::vector<std::uint32_t> parts;
    for (std::uint32_t n = std::min(total, most); n >= 1; --n) {
        const auto size = static_cast<std::uint32_t>(divide_up(total, n));
        if (divide_up(total, size) == n) {
            parts.push_back(n);
        }
    }
    return parts;
}

/// Evaluates candidates for one product on one die.
class planner {
  public:
    planner(const gemm_shape& shape, const gemm_types& types, const d1_parameters& parameters, std::uint32_t live)
        : parameters_(parameters), live_(live) {
        base_.shape = shape;
        base_.output = types.output;
        base_.a.type = types.a;
        base_.b.type = types.b;
        base_.rows.total = static_cast<std::uint32_t>(divide_up(shape.m, numerics::block_rows));
        base_.columns.total = static_cast<std::uint32_t>(divide_up(shape.n, numerics::block_columns));
        base_.a.k.steps = base_.b.k.steps = static_cast<std::uint32_t>(divide_up(shape.k, numerics::step_depth));
    }

    gemm_plan best() {
        for (const std::uint32_t rows : useful_parts(base_.rows.total, live_)) {
            for (const std::uint32_t columns : useful_parts(base_.columns.total, live_ / rows)) {
                try_nodes(rows, columns);
            }
        }
        if (candidates_.empty()) {
            refuse();
        }
        std::erase_if(candidates_, [this](const gemm_plan& p) { return !is_near_best(p.estimated_cycles); });
        return *std::ranges::min_element(
            candidates_, {}, [](const gemm_plan& p) { return std::pair(p.estimated_hops, p.estimated_cycles); });
    }

  private:
    void try_nodes(std::uint32_t rows, std::uint32_t columns) {
        gemm_plan plan = base_;
        plan.nodes = {static_cast<std::int32_t>(columns), static_cast<std::int32_t>(rows)};
        plan.rows.parts = rows;
        plan.columns.parts = columns;
        plan.a.owners = columns;
        plan.b.owners = rows;
        // No candidate on these nodes can be quicker than its matrix steps.
        const std::uint64_t steps = std::uint64_t{plan.rows.largest()} * plan.columns.largest() * plan.a.k.steps;
        if (!is_near_best(steps / parameters_.die.node.core.matrix_steps_per_cycle)) {
            return;
        }
        for (const std::uint32_t chunk : useful_chunks(plan)) {
            plan.a.k.chunk = plan.b.k.chunk = chunk;
            try_sub_blocks(plan);
        }
    }

    /// Lengths of a chunk worth trying: those that cut K evenly, and those whose shares just fill bursts.
    [[nodiscard]] std::vector<std::uint32_t> useful_chunks(const gemm_plan& plan) const {
        const std::uint64_t steps = plan.a.k.steps;
        std::vector<std::uint32_t> chunks;
        for (const std::uint64_t count : {1U, 2U, 3U, 4U, 6U, 8U, 12U, 16U, 24U, 32U, 48U, 64U, 96U, 128U}) {
            chunks.push_back(static_cast<std::uint32_t>(divide_up(steps, std::min(count, steps))));
        }
        const std::uint64_t burst = std::uint64_t{parameters_.die.node.network_interface.burst_packets} * packet_bytes;
        for (const std::uint64_t bursts : {1U, 2U, 4U}) {
            const std::uint64_t a_slices = bursts * burst / plan.a.slice_bytes();
            const std::uint64_t b_slices = bursts * burst / plan.b.slice_bytes();
            for (const std::uint64_t chunk :
                 // No dimension is zero. NOLINTNEXTLINE(clang-analyzer-core.DivideZero)
                 {a_slices * plan.a.owners / plan.rows.largest(), b_slices * plan.b.owners / plan.columns.largest()}) {
                chunks.push_back(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(chunk, 1, steps)));
            }
        }
        std::ranges::sort(chunks);
        chunks.erase(std::unique(chunks.begin(), chunks.end()), chunks.end());
        return chunks;
    }

    /// Halves the larger side of the sub-block until the plan fits: smaller ones only move more.
    void try_sub_blocks(gemm_plan plan) {
        plan.a.sub_blocks = plan.rows.largest();
        plan.b.sub_blocks = plan.columns.largest();
        plan.buffers = std::min(3U, plan.a.k.count());
        for (;;) {
            measure(plan);
            while (plan.bytes() > parameters_.die.node.sram.bytes && plan.buffers > 2) {
                --plan.buffers;
            }
            least_bytes_ = std::min(least_bytes_, plan.bytes());
            if (plan.bytes() <= parameters_.die.node.sram.bytes) {
                estimate(plan);
                least_cycles_ = std::min(least_cycles_, plan.estimated_cycles);
                if (is_near_best(plan.estimated_cycles)) {
                    candidates_.push_back(plan);
                }
                return;
            }
            std::uint32_t& larger = plan.a.sub_blocks >= plan.b.sub_blocks ? plan.a.sub_blocks : plan.b.sub_blocks;
            if (larger == 1) {
                return;
            }
            larger = (larger + 1) / 2;
        }
    }

    static void measure(gemm_plan& plan) {
        const std::uint32_t rows = plan.rows.largest();
        const std::uint32_t columns = plan.columns.largest();
        const std::uint64_t block_bytes = numerics::block_elements * std::uint64_t{numerics::bytes(plan.output.format)};
        plan.a_bytes = line_up(plan.a.panel_bytes(rows));
        plan.b_bytes = line_up(plan.b.panel_bytes(columns));
        plan.output_bytes = line_up(std::uint64_t{rows} * columns * block_bytes);
        plan.accumulator_bytes =
            plan.output.format == numerics::number_format::fp32
                ? 0
                : std::uint64_t{plan.a.sub_blocks} * plan.b.sub_blocks * numerics::block_elements * sizeof(float);
        plan.buffer_bytes = (plan.moves_a() ? line_up(plan.a.unit_bytes(plan.a.sub_blocks, plan.a.k.chunk)) : 0) +
                            (plan.moves_b() ? line_up(plan.b.unit_bytes(plan.b.sub_blocks, plan.b.k.chunk)) : 0);
    }

    [[nodiscard]] bool is_near_best(std::uint64_t cycles) const { return cycles <= least_cycles_ + least_cycles_ / 20; }

    /// What a node pulls for all units of a panel.
    struct traffic {
        std::uint64_t lines = 0;
        std::uint64_t bursts = 0;
        [[nodiscard]] std::uint64_t packets() const { return lines + bursts; }  // with a request for each burst
    };
    [[nodiscard]] traffic pulled(const panel_layout& panel, std::uint64_t times) const {
        traffic all;
        if (panel.owners == 1) {
            return all;
        }
        const auto add = [&](std::uint32_t steps, std::uint64_t units) {
            const std::uint64_t lines =
                divide_up(std::uint64_t{panel.share(panel.sub_blocks, steps)} * panel.slice_bytes(), packet_bytes);
            all.lines += units * panel.owners * lines;
            all.bursts += units * panel.owners * divide_up(lines, parameters_.die.node.network_interface.burst_packets);
        };
        add(panel.k.chunk, times * panel.k.whole());
        if (panel.k.tail() != 0) {
            add(panel.k.tail(), times);
        }
        return all;
    }

    void estimate(gemm_plan& plan) const {
        const core_parameters& core = parameters_.die.node.core;
        const std::uint64_t subs =
            divide_up(plan.rows.largest(), plan.a.sub_blocks) * divide_up(plan.columns.largest(), plan.b.sub_blocks);
        const auto chunk_cycles = [&](std::uint32_t steps) {
            const program::matrix_multiply<std::int64_t> m{
                0, 0, 0, 1, plan.a.sub_blocks, plan.b.sub_blocks, steps, plan.a.type, plan.b.type};
            const unit_demand d = cost_of(m, core, parameters_.die.node.sram);
            return d.cycles + d.latency + 3 * core.issue_cycles;
        };
        std::uint64_t compute = subs * plan.a.k.whole() * chunk_cycles(plan.a.k.chunk);
        if (plan.a.k.tail() != 0) {
            compute += subs * chunk_cycles(plan.a.k.tail());
        }
        if (plan.accumulator_bytes != 0) {
            compute += std::uint64_t{plan.rows.largest()} * plan.columns.largest() * numerics::block_elements /
                       core.simd_lanes;
        }
        const traffic a = pulled(plan.a, subs);
        const traffic b = pulled(plan.b, subs);
        const std::uint64_t load = std::max(a.packets() + b.packets(), link_cycles(plan, a.packets(), b.packets()));
        const std::uint64_t chunks = subs * plan.a.k.count();
        const network_interface_parameters& interface = parameters_.die.node.network_interface;
        const noc_parameters& noc = parameters_.die.noc;
        const std::uint64_t round_trip = interface.request_cycles + interface.reply_cycles +
                                         std::min(static_cast<std::uint32_t>(plan.nodes.columns), noc.columns) +
                                         std::min(static_cast<std::uint32_t>(plan.nodes.rows), noc.rows);
        plan.estimated_cycles = core.launch_cycles + round_trip + load / chunks + std::max(compute, load) +
                                std::min(compute, load) / chunks;
        plan.estimated_hops = hops(plan, a.bursts, b.bursts);
    }

    /// Whether logical rows and columns of nodes can be rows and columns of the mesh.
    [[nodiscard]] bool is_aligned(const gemm_plan& plan) const {
        return static_cast<std::uint32_t>(plan.nodes.columns) <= parameters_.die.noc.columns &&
               static_cast<std::uint32_t>(plan.nodes.rows) <= parameters_.die.noc.rows;
    }

    /// Two random places on a line of n are n / 3 apart; where lines are folded over the mesh, so are its columns and
    /// rows.
    [[nodiscard]] std::uint64_t hops(const gemm_plan& plan, std::uint64_t a_bursts, std::uint64_t b_bursts) const {
        const noc_parameters& noc = parameters_.die.noc;
        const auto columns = static_cast<std::uint64_t>(plan.nodes.columns);
        const auto rows = static_cast<std::uint64_t>(plan.nodes.rows);
        const std::uint64_t folded = is_aligned(plan) ? 0 : (noc.columns + columns * rows / noc.columns) / 3;
        return a_bursts * (2 + std::min<std::uint64_t>(columns, noc.columns) / 3) +
               b_bursts * (2 + (folded != 0 ? folded : rows / 3));
    }

    /// Packets over the busiest link when every node of a logical row (for A) or column (for B) pulls evenly from all
    /// the others: half of them times half of them cross the middle. Longer lines than the mesh has are folded.
    [[nodiscard]] std::uint64_t link_cycles(const gemm_plan& plan, std::uint64_t a_packets,
                                            std::uint64_t b_packets) const {
        const noc_parameters& noc = parameters_.die.noc;
        const auto columns = static_cast<std::uint64_t>(plan.nodes.columns);
        const auto rows = static_cast<std::uint64_t>(plan.nodes.rows);
        const std::uint64_t along = std::min<std::uint64_t>(columns, noc.columns) * a_packets / 4;
        const std::uint64_t across = std::min<std::uint64_t>(rows, noc.rows) * b_packets / 4;
        const std::uint64_t even =
            (is_aligned(plan) ? std::max(along, across) : along + across) / noc.link_packets_per_cycle;
        const harvest_parameters& harvest = parameters_.die.harvest;
        // Beside a dead router the detours of its row and its column meet: two and a half times the load, measured.
        return harvest.dead_router && !harvest.dead.empty() ? even * 5 / 2 : even;
    }

    [[noreturn]] void refuse() const {
        const std::uint64_t available = parameters_.die.node.sram.bytes;
        const gemm_shape& s = base_.shape;
        throw input_error(error_class::layer, "the product " + std::to_string(s.m) + " x " + std::to_string(s.n) +
                                                  " x " + std::to_string(s.k) +
                                                  " (M x N x K) does not fit: each node needs at least " +
                                                  std::to_string(least_bytes_) + " B of SRAM and has " +
                                                  std::to_string(available) + " B (" + std::to_string(live_) +
                                                  " live nodes, " + std::to_string(live_ * available) + " B together)");
    }

    const d1_parameters& parameters_;
    std::uint32_t live_;
    gemm_plan base_;
    std::vector<gemm_plan> candidates_;
    std::uint64_t least_cycles_ = std::numeric_limits<std::uint64_t>::max() / 2;
    std::uint64_t least_bytes_ = ~std::uint64_t{0};
};

}  // namespace

gemm_plan plan_gemm(const gemm_shape& shape, const gemm_types& types, const d1_parameters& parameters,
                    std::uint32_t live_nodes) {
    return planner(shape, types, parameters, live_nodes).best();
}

}  // namespace d1::kernels
