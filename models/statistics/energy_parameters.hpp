#pragma once
// What an event of the hardware costs in energy.

#include <array>
#include <cstdint>
#include <span>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// Energy of each kind of event, and the power that flows whatever happens. The first are figures of a 7 nm process,
/// from texts that are not about the D1; `calibration` scales them so that the default D1 with every matrix unit at its
/// full rate in BF16 draws the published 400 W. So no absolute figure that follows is a measurement of a D1; what a
/// change of the machine or of a program does to it is what they are for.
struct energy_parameters {
    std::uint32_t multiply_8_bit = 77;
    std::uint32_t multiply_16_bit = 210;
    std::uint32_t accumulate = 380;
    std::uint32_t simd_operation = 1690;
    std::uint32_t sram_line = 112000;
    std::uint32_t register_byte = 200;
    std::uint32_t packet_hop = 67000;
    std::uint32_t leakage_power = 452;
    std::uint32_t calibration = 1125;
    friend bool operator==(const energy_parameters&, const energy_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(energy_parameters, (),
                      (multiply_8_bit, multiply_16_bit, accumulate, simd_operation, sram_line, register_byte,
                       packet_hop, leakage_power, calibration))

inline constexpr std::array<parameter::description, 9> energy_descriptions{{
    {"multiply_8_bit", "fJ", 0, 1e6, "a product of two 8-bit numbers in the matrix unit",
     "Jouppi et al., ISCA 2021, table 2 (7 nm): 70 for INT8 and 7 for the 8-bit addition of the exponents",
     parameter::confidence::secondary},
    {"multiply_16_bit", "fJ", 0, 1e6, "a product with an operand of 16 bits in the matrix unit",
     "Jouppi et al., ISCA 2021, table 2 (7 nm): 210 for BF16", parameter::confidence::secondary},
    {"accumulate", "fJ", 0, 1e6, "an FP32 addition in the matrix unit",
     "Jouppi et al., ISCA 2021, table 2 (7 nm): 380 for FP32", parameter::confidence::secondary},
    {"simd_operation", "fJ", 0, 1e6, "an operation on one FP32 element in the SIMD unit, taken as a multiply-add",
     "Jouppi et al., ISCA 2021, table 2 (7 nm): 1310 and 380 for FP32", parameter::confidence::secondary},
    {"sram_line", "fJ", 0, 1e9, "a read or write of 64 B of a node's SRAM",
     "Jouppi et al., ISCA 2021, table 2 (7 nm): 14 pJ for 64 bits of 1 MB", parameter::confidence::secondary},
    {"register_byte", "fJ", 0, 1e6, "a byte read from or written to vector registers",
     "assumption: 25 fJ a bit, a fifth of the same table's 8 KB SRAM", parameter::confidence::assumed},
    {"packet_hop", "fJ", 0, 1e9, "a packet of 64 B over a link, and its way through the router before it",
     "assumption: 512 bits over 1.14 mm of wire at 80 fJ a bit and mm, and 20 pJ for buffer and crossbar",
     parameter::confidence::assumed},
    {"leakage_power", "mW", 0, 1e6, "power of a live node in which nothing happens",
     "assumption: 40 % of a node's share of the published 400 W", parameter::confidence::assumed},
    {"calibration", "1/1000", 1, 1e6, "factor on every energy of an event",
     "derived: default D1, all matrix units at their full rate in BF16, 400 W (AID21, HC34-U)",
     parameter::confidence::derived},
}};

constexpr std::span<const parameter::description> describe_parameters(const energy_parameters*) noexcept {
    return energy_descriptions;
}

}  // namespace d1
