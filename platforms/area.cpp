#include "platforms/area.hpp"

#include "models/numerics/matrix.hpp"
#include "models/packet/burst.hpp"

namespace d1 {

node_area area_of(const d1_parameters& parameters) noexcept {
    constexpr std::uint64_t packet_bits = std::uint64_t{8} * packet_bytes;
    const area_parameters& each = parameters.area;
    const core_parameters& core = parameters.die.node.core;
    const std::uint64_t macs_per_step = std::uint64_t{core.matrix_rows} * core.matrix_columns * numerics::step_depth;
    const sram_parameters& sram = parameters.die.node.sram;
    const noc_parameters& noc = parameters.die.noc;
    const std::uint64_t wide_ports =
        sram.vector_load_ports + sram.vector_store_ports + sram.mesh_read_ports + sram.mesh_write_ports;
    const std::uint64_t packets_a_cycle =
        std::uint64_t{port_count - 1} * noc.link_packets_per_cycle + noc.ejection_packets_per_cycle;
    const std::uint64_t places =
        std::uint64_t{port_count} * message_class_count * noc.channels_per_class * noc.buffer_depth;
    return {.matrix = core.matrix_steps_per_cycle * macs_per_step * each.matrix_mac,
            .simd = std::uint64_t{core.simd_lanes} * each.simd_lane,
            .sram = std::uint64_t{sram.bytes} * each.sram_kibibyte / 1024,
            .ports = wide_ports * each.sram_port,
            .links = packets_a_cycle * packet_bits * each.link_bit,
            .buffers = places * packet_bytes * each.buffer_byte,
            .rest = each.rest};
}

double relative_area(const d1_parameters& parameters) noexcept {
    d1_parameters d1;
    d1.area = parameters.area;
    return static_cast<double>(area_of(parameters).total()) / static_cast<double>(area_of(d1).total());
}

}  // namespace d1
