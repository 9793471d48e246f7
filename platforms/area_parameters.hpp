#pragma once
// What the parts of a node cost in area.

#include <array>
#include <cstdint>
#include <span>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// Area of what parameters of a node pay for, so that more of it is not free. The default parts and `rest` together are
/// the node's published 1.30 mm2; how they share it is an estimate for a 7 nm process, and no layout of a D1.
struct area_parameters {
    std::uint32_t matrix_mac = 265;
    std::uint32_t simd_lane = 540;
    std::uint32_t sram_kibibyte = 415;
    std::uint32_t sram_port = 15000;
    std::uint32_t link_bit = 4;
    std::uint32_t buffer_byte = 2;
    std::uint32_t rest = 586600;
    friend bool operator==(const area_parameters&, const area_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(area_parameters, (),
                      (matrix_mac, simd_lane, sram_kibibyte, sram_port, link_bit, buffer_byte, rest))

inline constexpr std::array<parameter::description, 7> area_descriptions{{
    {"matrix_mac", "um2", 0, 1e6, "a BF16 multiplier and an FP32 adder of the matrix unit",
     "derived: Horowitz, ISSCC 2014 (45 nm): 1640 for FP16 x FP16, 4184 for FP32 + FP32, over 22 for 7 nm",
     parameter::confidence::derived},
    {"simd_lane", "um2", 0, 1e6, "an FP32 multiplier and an FP32 adder of the SIMD unit",
     "derived: Horowitz, ISSCC 2014 (45 nm): 7700 for FP32 x FP32, 4184 for FP32 + FP32, over 22 for 7 nm",
     parameter::confidence::derived},
    {"sram_kibibyte", "um2", 0, 1e6, "a KiB of SRAM with its ECC and periphery",
     "derived: TSMC N7 cell of 0.027 um2 (Chang et al., ISSCC 2017), an eighth more for ECC, 60 % of it cells",
     parameter::confidence::derived},
    {"sram_port", "um2", 0, 1e8, "a 64 B port of the SRAM: its wires and multiplexers over the banks",
     "assumption: 512 bits across a millimetre of memory at about 60 nm of pitch", parameter::confidence::assumed},
    {"link_bit", "um2", 0, 1e6, "a bit of a link out of the router: wire drivers, repeaters and crossbar point",
     "assumption: a few gates of about 0.3 um2 each", parameter::confidence::assumed},
    {"buffer_byte", "um2", 0, 1e6, "a byte of a router's input buffers", "assumption: register file, 0.25 um2 a bit",
     parameter::confidence::assumed},
    {"rest", "um2", 0, 1e9, "what no parameter changes: fetch, decode, schedulers, registers, clock, control",
     "derived: the published 1.30 mm2 of a node (C&C22, AID21) less the default parts", parameter::confidence::derived},
}};

constexpr std::span<const parameter::description> describe_parameters(const area_parameters*) noexcept {
    return area_descriptions;
}

}  // namespace d1
