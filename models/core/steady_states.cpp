#include "models/core/steady_states.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "models/core/instruction_cost.hpp"
#include "models/core/line_counts.hpp"
#include "models/core/pipeline/inner_kernels.hpp"
#include "models/core/pipeline/steady_state.hpp"

namespace d1 {

namespace {

/// The first number of a key.
enum class operation : std::uint64_t {
    matrix_multiply,
    vector_operation,
    copy,
    gather,
    scatter_add,
    transpose,
    reduce
};

std::uint64_t number(operation o) {
    return static_cast<std::uint64_t>(o);
}
std::uint64_t number(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}
std::uint64_t size_of(numerics::element_type type) {
    return numerics::bytes(type.format);
}
/// A stride means nothing where there is one row.
std::uint64_t stride_of(std::uint32_t rows, std::int64_t stride) {
    return rows > 1 ? number(stride) : 0;
}

/// Makes the shares those of the cycles until the last start. Behind it results are waited for, and where that is less
/// than the latency, little else than scalar work and the front end is still going on.
void settle_shares(unit_demand& d) {
    const std::uint64_t all = std::accumulate(d.shares.begin(), d.shares.end(), std::uint64_t{0});
    const auto of = [&d](cycle_class c) -> auto& {
        return d.shares[static_cast<std::size_t>(c)];
    };
    std::uint64_t surplus = all - std::min(all, d.cycles);
    for (const cycle_class c : {cycle_class::latency, cycle_class::scalar, cycle_class::front_end, cycle_class::memory,
                                cycle_class::sram_port, cycle_class::simd, cycle_class::matrix}) {
        const std::uint64_t taken = std::min<std::uint64_t>(surplus, of(c));
        of(c) -= taken;
        surplus -= taken;
    }
    of(cycle_class::latency) += d.cycles - std::min(all, d.cycles);
}

unit_demand demand_of(const pipeline::kernel_run& run, const core_parameters& core, const sram_parameters& memory) {
    const pipeline::machine_counts& counts = run.counts;
    const auto index = [](auto value) { return static_cast<std::size_t>(value); };
    unit_demand d;
    d.slots[index(unit::matrix)] = counts.matrix;
    d.slots[index(unit::simd)] = counts.simd * core.simd_lanes;
    d.slots[index(unit::vector_load)] = counts.vector_loads;
    d.slots[index(unit::vector_store)] = counts.vector_stores;
    d.slots[index(unit::gather)] = counts.granules;
    d.slots[index(unit::fetch)] = counts.fetched;
    d.slots[index(unit::decode)] = counts.decoded;
    d.slots[index(unit::address)] = counts.scalar;
    d.cycles = std::max({std::uint64_t{1}, run.busy_cycles, busiest_cycles(d.slots, unit_rates(core, memory))});
    d.cycles_before_stores = counts.vector_stores == 0 ? 0 : run.cycles_before_stores;
    d.cycles_behind_loads = counts.vector_loads == 0 ? 0 : d.cycles - run.loading_cycles;
    d.loads_shut = counts.loads_shut;
    d.latency = run.cycles() - std::min(run.cycles(), d.cycles);
    d.shares = shares_of(counts);
    settle_shares(d);
    return d;
}

}  // namespace

cycle_shares shares_of(const pipeline::machine_counts& counts) noexcept {
    using from = pipeline::cycle_class;
    cycle_shares shares{};
    for (const auto& [to, of] : {std::pair{cycle_class::matrix, from::matrix},
                                 {cycle_class::simd, from::simd},
                                 {cycle_class::scalar, from::scalar},
                                 {cycle_class::sram_port, from::port_conflict},
                                 {cycle_class::memory, from::memory},
                                 {cycle_class::front_end, from::front_end},
                                 {cycle_class::latency, from::waiting}}) {
        shares[static_cast<std::size_t>(to)] = counts.of(of);
    }
    return shares;
}

std::size_t steady_states::hash::operator()(const key& k) const noexcept {
    std::uint64_t h = 0;
    for (const std::uint64_t value : k) {
        h = (h ^ value) * 0x9E3779B97F4A7C15ULL;
        h ^= h >> 32U;
    }
    return static_cast<std::size_t>(h);
}

std::uint64_t steady_states::alignment(std::int64_t address) const noexcept {
    return static_cast<std::uint64_t>(address) % (std::uint64_t{packet_bytes} * std::max(1U, core_.sram_banks));
}

template <typename Instruction>
instruction_cost& steady_states::remember(const key& k, const Instruction& instruction) {
    const auto [place, is_new] = known_.try_emplace(k);
    if (is_new) {
        pipeline::kernel kernel = pipeline::kernel_of(instruction, core_);
        const pipeline::kernel_run run = pipeline::run_alone(kernel, core_, memory_);
        place->second = {demand_of(run, core_, memory_), cost_of(instruction, core_, memory_).slots, std::move(kernel)};
        for (const unit moved : {unit::vector_load, unit::vector_store}) {
            const auto u = static_cast<std::size_t>(moved);
            place->second.work[u] = place->second.demand.slots[u];
        }
    }
    return place->second;
}

const instruction_cost& steady_states::measured(instruction_cost& cost) const {
    if (!cost.in_company) {
        unit_demand& d = cost.demand;
        const auto found = pipeline::run_in_company(cost.kernel, d.cycles + d.latency, core_, memory_);
        d.patience = found.patience;
        d.late_stores = slots_due(d, static_cast<std::size_t>(unit::vector_store), found.without_stores);
        cost.in_company = true;
    }
    return cost;
}

instruction_cost& steady_states::alone(const program::matrix_multiply<std::int64_t>& m) {
    const bool banks = core_.sram_banks != 0;
    return remember(
        {number(operation::matrix_multiply), m.accumulate != 0 ? 1U : 0U, m.row_blocks, m.column_blocks, m.k_steps,
         size_of(m.a_type), size_of(m.b_type), number(m.a_step_stride),
         banks || m.a_step_stride != 0 ? alignment(m.a) : 0, banks ? alignment(m.b) : 0, banks ? alignment(m.c) : 0},
        m);
}

instruction_cost& steady_states::alone(const program::vector_operation<std::int64_t>& v) {
    const std::uint32_t sources = numerics::source_count(v.operation);
    const auto source = [&](std::uint32_t n, std::uint64_t value) { return sources > n ? value : 0; };
    return remember({number(operation::vector_operation), static_cast<std::uint64_t>(v.operation),
                     program::active_elements(v), v.rows, v.broadcast_b ? 1U : 0U, size_of(v.destination_type),
                     source(0, size_of(v.a_type)), source(1, size_of(v.b_type)), alignment(v.destination),
                     source(0, alignment(v.a)), source(1, alignment(v.b)), stride_of(v.rows, v.destination_stride),
                     source(0, stride_of(v.rows, v.a_stride)), source(1, stride_of(v.rows, v.b_stride))},
                    v);
}

instruction_cost& steady_states::alone(const program::copy<std::int64_t>& c) {
    return remember(
        {number(operation::copy), c.shape.rows, c.shape.row_bytes, alignment(c.source), alignment(c.destination),
         stride_of(c.shape.rows, c.shape.source_stride), stride_of(c.shape.rows, c.shape.destination_stride)},
        c);
}

instruction_cost& steady_states::alone(const program::gather<std::int64_t>& g) {
    return remember({number(operation::gather), g.table.granules, g.table.granule_bytes, g.elements,
                     alignment(g.indices), alignment(g.destination), alignment(g.table.address)},
                    g);
}

instruction_cost& steady_states::alone(const program::scatter_add<std::int64_t>& s) {
    return remember(
        {number(operation::scatter_add), s.table.granules, s.table.granule_bytes, s.elements, size_of(s.table_type),
         size_of(s.source_type), alignment(s.indices), alignment(s.source), alignment(s.table.address)},
        s);
}

instruction_cost& steady_states::alone(const program::transpose<std::int64_t>& t) {
    return remember(
        {number(operation::transpose), t.rows, t.columns, size_of(t.type), alignment(t.source),
         alignment(t.destination), stride_of(t.rows, t.source_stride), stride_of(t.columns, t.destination_stride)},
        t);
}

instruction_cost& steady_states::alone(const program::reduce<std::int64_t>& r) {
    return remember({number(operation::reduce), program::gives_index(r.operation) ? 1U : 0U, r.rows, r.elements,
                     size_of(r.source_type), size_of(r.destination_type), alignment(r.source), alignment(r.destination),
                     stride_of(r.rows, r.source_stride)},
                    r);
}

}  // namespace d1
