#include "models/core/instruction_cost.hpp"

#include <algorithm>

#include "models/packet/transfer_cutter.hpp"

namespace d1 {

namespace {

constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
    return (a + b - 1) / b;
}

constexpr std::size_t index(unit u) {
    return static_cast<std::size_t>(u);
}

/// 64-byte lines between the first and the last byte.
std::uint64_t lines(std::int64_t address, std::uint64_t bytes) {
    const auto offset = static_cast<std::uint64_t>(address) % packet_bytes;
    return divide_up(offset + bytes, packet_bytes);
}

/// Lines that the slices of A or B along `steps` steps of K lie in: they are dense, and two of 32 bytes share a line.
std::uint64_t slice_lines(numerics::element_type type, std::uint64_t steps) {
    return divide_up(steps * 32 * numerics::bytes(type.format), packet_bytes);
}

unit_demand demand(const unit_slots& slots, std::uint64_t latency, const core_parameters& core,
                   const sram_parameters& memory) {
    const unit_slots rates = unit_rates(core, memory);
    unit_demand d{1, slots, latency};
    for (std::size_t u = 0; u < unit_count; ++u) {
        d.cycles = std::max(d.cycles, divide_up(slots[u], rates[u]));
    }
    return d;
}

}  // namespace

unit_slots unit_rates(const core_parameters& core, const sram_parameters& memory) {
    return {core.matrix_steps_per_cycle, core.simd_lanes, memory.vector_load_ports, memory.vector_store_ports};
}

unit_demand cost_of(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core,
                    const sram_parameters& memory) {
    constexpr std::uint64_t block_lines = sizeof(float) * 8 * 8 / packet_bytes;
    const std::uint64_t rows = m.row_blocks;
    const std::uint64_t columns = m.column_blocks;
    const std::uint64_t steps = m.k_steps;
    const std::uint64_t a_loads = rows * slice_lines(m.a_type, steps) * divide_up(columns, core.register_block_columns);
    const std::uint64_t b_loads = columns * slice_lines(m.b_type, steps) * divide_up(rows, core.register_block_rows);
    const std::uint64_t c_lines = rows * columns * block_lines;
    unit_slots slots{};
    slots[index(unit::matrix)] = rows * columns * steps;
    slots[index(unit::vector_load)] = a_loads + b_loads + (m.accumulate != 0 ? c_lines : 0);
    slots[index(unit::vector_store)] = c_lines;
    return demand(slots, core.matrix_latency + core.matrix_drain_cycles, core, memory);
}

unit_demand cost_of(const program::vector_operation<std::int64_t>& v, const core_parameters& core,
                    const sram_parameters& memory) {
    const auto operand_lines = [&v](std::int64_t address, numerics::element_type type) {
        return lines(address, std::uint64_t{v.elements} * numerics::bytes(type.format));
    };
    const std::uint32_t sources = numerics::source_count(v.operation);
    unit_slots slots{};
    slots[index(unit::simd)] = std::uint64_t{v.elements} * numerics::operation_count(v.operation);
    slots[index(unit::vector_load)] =
        (sources > 0 ? operand_lines(v.a, v.a_type) : 0) + (sources > 1 ? operand_lines(v.b, v.b_type) : 0);
    slots[index(unit::vector_store)] = operand_lines(v.destination, v.destination_type);
    return demand(slots, core.simd_latency, core, memory);
}

}  // namespace d1
