#pragma once
// Parameters of the mesh: its size, its links and its routing.

#include <array>
#include <cstdint>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// How a packet's path over the mesh is chosen.
enum class routing_kind : std::uint8_t {
    xy  ///< along the row first, then along the column; one fixed detour where a dead router is in the way
};
BOOST_DESCRIBE_ENUM(routing_kind, xy)

/// Which of several packets that want the same link goes first.
enum class arbitration_kind : std::uint8_t {
    round_robin,    ///< inputs, and the channels of an input, in turn
    oldest_first,   ///< the packet whose burst has entered the mesh first
    fixed_priority  ///< the lowest input (west, east, north, south, local), the lowest channel
};
BOOST_DESCRIBE_ENUM(arbitration_kind, round_robin, oldest_first, fixed_priority)

/// The mesh of a die. Not modelled: wires, repeaters, and the bits of a packet's header (carried beside its 64 bytes).
struct noc_parameters {
    std::uint32_t columns = 18;
    std::uint32_t rows = 20;
    std::uint32_t hop_cycles = 1;
    std::uint32_t link_packets_per_cycle = 1;
    std::uint32_t injection_packets_per_cycle = 1;
    std::uint32_t ejection_packets_per_cycle = 1;
    std::uint32_t buffer_depth = 8;
    std::uint32_t channels_per_class = 1;
    arbitration_kind arbitration = arbitration_kind::round_robin;
    routing_kind routing = routing_kind::xy;
    friend bool operator==(const noc_parameters&, const noc_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(noc_parameters, (),
                      (columns, rows, hop_cycles, link_packets_per_cycle, injection_packets_per_cycle,
                       ejection_packets_per_cycle, buffer_depth, channels_per_class, arbitration, routing))

inline constexpr std::array<parameter::description, 10> noc_descriptions{{
    {"columns", "nodes", 1, 64, "nodes in a row of the die, dead ones included",
     "18 x 20 is widely repeated; 360 places less 6 dead ones give the published 354", parameter::confidence::repeated},
    {"rows", "nodes", 1, 64, "nodes in a column of the die, dead ones included",
     "18 x 20 is widely repeated; 360 places less 6 dead ones give the published 354", parameter::confidence::repeated},
    {"hop_cycles", "cycles", 1, 64, "time of a packet from one router to the next", "HC34-U: 1 cycle per hop",
     parameter::confidence::transcribed},
    {"link_packets_per_cycle", "packets/cycle", 1, 4, "packets of 64 B that a link carries, each way",
     "HC34-U: 8 packets per cycle across the node boundary, read as 1 in and 1 out a side; AID21's 512 GB/s needs 4",
     parameter::confidence::transcribed},
    {"injection_packets_per_cycle", "packets/cycle", 1, 4, "packets of 64 B that a node puts into its router",
     "HC34-U: one 64 B read of the SRAM per cycle, 128 GB/s", parameter::confidence::transcribed},
    {"ejection_packets_per_cycle", "packets/cycle", 1, 4, "packets of 64 B that a node takes from its router",
     "HC34-U: one 64 B write to the SRAM per cycle, 128 GB/s", parameter::confidence::transcribed},
    {"buffer_depth", "packets", 1, 64, "places for packets of a channel at each input of a router (at, ca)",
     "assumption: 4 (TTPS, facts 11) to 8; covers the credits' round trip", parameter::confidence::assumed},
    {"channels_per_class", "channels", 1, 4, "virtual channels of each message class on a link (at, ca)",
     "assumption: one suffices under in-order routing", parameter::confidence::assumed},
    parameter::choice("arbitration", "", "which of several packets that want the same link goes first (at, ca)",
                      "assumption: round robin, through traffic and injection alike", parameter::confidence::assumed),
    parameter::choice("routing", "", "how a packet's path is chosen",
                      "assumption: HC34-S says fully configurable; XY is the deadlock-free minimum",
                      parameter::confidence::assumed),
}};

constexpr std::span<const parameter::description> describe_parameters(const noc_parameters*) noexcept {
    return noc_descriptions;
}

}  // namespace d1
