#include "models/core/instruction_cost.hpp"

#include <algorithm>
#include <bit>

#include "models/core/line_counts.hpp"

namespace d1 {

namespace {

constexpr std::size_t index(unit u) {
    return static_cast<std::size_t>(u);
}

/// 8x8 blocks of C that a pass keeps, downwards and across.
std::uint32_t blocks_down(const core_parameters& core) {
    return std::max(1U, core.register_block_rows * core.matrix_rows / 8);
}
std::uint32_t blocks_across(const core_parameters& core) {
    return std::max(1U, core.register_block_columns * core.matrix_columns / 8);
}

/// Lines that the slices of A lie in where each step has a stretch of its own: of each step those of a pass's row
/// blocks, wherever they begin.
std::uint64_t strided_lines(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core) {
    const std::uint64_t slice = std::uint64_t{32} * numerics::bytes(m.a_type.format);
    std::uint64_t sum = 0;
    for (std::uint32_t block = 0; block < m.row_blocks; block += blocks_down(core)) {
        const std::uint64_t blocks = std::min(blocks_down(core), m.row_blocks - block);
        sum +=
            lines_of_rows(m.a + static_cast<std::int64_t>(block * slice), blocks * slice, m.k_steps, m.a_step_stride);
    }
    return sum;
}

unit_demand demand(const unit_slots& slots, std::uint64_t latency, const core_parameters& core,
                   const sram_parameters& memory) {
    const unit_slots rates = unit_rates(core, memory);
    unit_demand d{std::max<std::uint64_t>(1, busiest_cycles(slots, rates)), slots, latency};
    const auto cycles = [&](unit u) { return divide_up(slots[index(u)], rates[index(u)]); };
    d.shares[static_cast<std::size_t>(cycle_class::matrix)] = cycles(unit::matrix);
    d.shares[static_cast<std::size_t>(cycle_class::simd)] = cycles(unit::simd);
    d.wants_ports = std::max(cycles(unit::vector_load), cycles(unit::vector_store)) == d.cycles;
    return d;
}

}  // namespace

unit_slots unit_rates(const core_parameters& core, const sram_parameters& memory) {
    return {core.matrix_steps_per_cycle,
            core.simd_lanes,
            memory.vector_load_ports,
            memory.vector_store_ports,
            core.gather_granules_per_cycle,
            1,
            core.decode_width,
            std::min(core.address_units, core.scalar_width)};
}

std::uint64_t busiest_cycles(const unit_slots& slots, const unit_slots& rates) noexcept {
    std::uint64_t most = 0;
    for (std::size_t u = 0; u < unit_count; ++u) {
        most = std::max(most, divide_up(slots[u], rates[u]));
    }
    return most;
}

unit_demand cost_of(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core,
                    const sram_parameters& memory) {
    constexpr std::uint64_t block_lines = sizeof(float) * 8 * 8 / packet_bytes;
    const std::uint64_t rows = m.row_blocks;
    const std::uint64_t columns = m.column_blocks;
    const std::uint64_t steps = m.k_steps;
    const std::uint64_t a_lines =
        m.a_step_stride == 0 ? rows * lines_of_slices(m.a_type, steps) : strided_lines(m, core);
    const std::uint64_t a_loads = a_lines * divide_up(columns, blocks_across(core));
    const std::uint64_t b_loads = columns * lines_of_slices(m.b_type, steps) * divide_up(rows, blocks_down(core));
    const std::uint64_t c_lines = rows * columns * block_lines;
    unit_slots slots{};
    slots[index(unit::matrix)] =
        divide_up(rows * 8, core.matrix_rows) * divide_up(columns * 8, core.matrix_columns) * steps;
    slots[index(unit::vector_load)] = a_loads + b_loads + (m.accumulate != 0 ? c_lines : 0);
    slots[index(unit::vector_store)] = c_lines;
    return demand(slots, core.matrix_latency + core.matrix_drain_cycles, core, memory);
}

unit_demand cost_of(const program::vector_operation<std::int64_t>& v, const core_parameters& core,
                    const sram_parameters& memory) {
    const std::uint32_t active = program::active_elements(v);
    const auto operand_lines = [&](std::int64_t address, std::uint64_t elements, numerics::element_type type,
                                   std::int64_t stride) {
        const std::uint64_t rows = stride == 0 ? 1 : v.rows;
        return elements == 0 ? 0 : lines_of_rows(address, elements * numerics::bytes(type.format), rows, stride);
    };
    const std::uint32_t sources = numerics::source_count(v.operation);
    const std::uint32_t of_b = v.broadcast_b ? std::min(active, 1U) : active;
    const std::uint64_t results = operand_lines(v.destination, active, v.destination_type, v.destination_stride);
    // Each row begins in lanes of its own.
    const std::uint64_t of_rows =
        v.rows == 1 ? active : std::uint64_t{v.rows} * divide_up(active, core.simd_lanes) * core.simd_lanes;
    unit_slots slots{};
    slots[index(unit::simd)] = std::max<std::uint64_t>(1, of_rows * numerics::operation_count(v.operation));
    slots[index(unit::vector_load)] = (sources > 0 ? operand_lines(v.a, active, v.a_type, v.a_stride) : 0) +
                                      (sources > 1 ? operand_lines(v.b, of_b, v.b_type, v.b_stride) : 0) +
                                      (numerics::reads_destination(v.operation) ? results : 0);
    slots[index(unit::vector_store)] = results;
    return demand(slots, core.simd_latency, core, memory);
}

unit_demand cost_of(const program::copy<std::int64_t>& c, const core_parameters& core, const sram_parameters& memory) {
    const auto& shape = c.shape;
    unit_slots slots{};
    slots[index(unit::vector_load)] = lines_of_rows(c.source, shape.row_bytes, shape.rows, shape.source_stride);
    slots[index(unit::vector_store)] =
        lines_of_rows(c.destination, shape.row_bytes, shape.rows, shape.destination_stride);
    return demand(slots, core.simd_latency, core, memory);
}

unit_demand cost_of(const program::gather<std::int64_t>& g, const core_parameters& core,
                    const sram_parameters& memory) {
    const std::uint64_t granules = program::granules_of(g);
    unit_slots slots{};
    slots[index(unit::gather)] = granules;
    slots[index(unit::vector_load)] = index_lines(g) + granules;
    slots[index(unit::vector_store)] = lines(g.destination, g.elements * g.table.row_bytes());
    return demand(slots, core.gather_latency, core, memory);
}

unit_demand cost_of(const program::scatter_add<std::int64_t>& s, const core_parameters& core,
                    const sram_parameters& memory) {
    const std::uint64_t granules = program::granules_of(s);
    unit_slots slots{};
    slots[index(unit::gather)] = granules;
    slots[index(unit::simd)] = s.elements * elements_of_row(s);
    slots[index(unit::vector_load)] = index_lines(s) + lines(s.source, s.elements * source_row_bytes(s)) + granules;
    slots[index(unit::vector_store)] = granules;
    return demand(slots, core.gather_latency + core.simd_latency, core, memory);
}

unit_demand cost_of(const program::transpose<std::int64_t>& t, const core_parameters& core,
                    const sram_parameters& memory) {
    const std::uint64_t bytes = numerics::bytes(t.type.format);
    unit_slots slots{};
    slots[index(unit::simd)] = std::uint64_t{t.rows} * t.columns;
    slots[index(unit::vector_load)] = lines_of_rows(t.source, t.columns * bytes, t.rows, t.source_stride);
    slots[index(unit::vector_store)] = lines_of_rows(t.destination, t.rows * bytes, t.columns, t.destination_stride);
    return demand(slots, core.simd_latency, core, memory);
}

unit_demand cost_of(const program::reduce<std::int64_t>& r, const core_parameters& core,
                    const sram_parameters& memory) {
    const std::uint64_t bytes = numerics::bytes(r.source_type.format);
    // 16 lanes take four steps, one that ends with fewer no more than these.
    const std::uint64_t joins = std::bit_width(std::min(r.elements, program::reduction_lanes) - 1);
    unit_slots slots{};
    // A place in the row is compared, and chosen together with its value.
    const std::uint64_t operations = program::gives_index(r.operation) ? 3 : 1;
    slots[index(unit::simd)] = r.rows * operations * (r.elements + joins * core.simd_lanes);
    slots[index(unit::vector_load)] = lines_of_rows(r.source, r.elements * bytes, r.rows, r.source_stride);
    slots[index(unit::vector_store)] =
        lines(r.destination, std::uint64_t{r.rows} * numerics::bytes(r.destination_type.format));
    return demand(slots, core.simd_latency, core, memory);
}

}  // namespace d1
