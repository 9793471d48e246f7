#include "models/statistics/energy.hpp"

namespace d1::statistics {

namespace {

/// count * each * permille / 1000, without the overflow that the plain product would have; exact but for the rest
/// below 1 fJ.
std::uint64_t scaled(std::uint64_t count, std::uint64_t each, std::uint64_t permille) noexcept {
    const std::uint64_t energy = count * each;
    return energy / 1000 * permille + energy % 1000 * permille / 1000;
}

}  // namespace

energy_events& energy_events::operator+=(const energy_events& other) noexcept {
    macs_8_bit += other.macs_8_bit;
    macs_16_bit += other.macs_16_bit;
    simd_operations += other.simd_operations;
    sram_lines += other.sram_lines;
    register_bytes += other.register_bytes;
    packet_hops += other.packet_hops;
    time += other.time;
    node_time += other.node_time;
    return *this;
}

energy_stack energy_of(const energy_events& events, const energy_parameters& each) noexcept {
    const auto of = [&](std::uint64_t count, std::uint64_t energy) { return scaled(count, energy, each.calibration); };
    return {.matrix = of(events.macs_8_bit, std::uint64_t{each.multiply_8_bit} + each.accumulate) +
                      of(events.macs_16_bit, std::uint64_t{each.multiply_16_bit} + each.accumulate),
            .simd = of(events.simd_operations, each.simd_operation),
            .sram = of(events.sram_lines, each.sram_line),
            .registers = of(events.register_bytes, each.register_byte),
            .mesh = of(events.packet_hops, each.packet_hop),
            // 1 mW for 1 ps is 1 fJ.
            .leakage = events.node_time * each.leakage_power};
}

}  // namespace d1::statistics
