#pragma once
// Parameters of the mesh: its size, its links and its routing.

#include <array>
#include <cstdint>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// How a packet's path over the mesh is chosen.
enum class routing_kind : std::uint8_t {
    xy,        ///< along the row first, then along the column; one fixed detour where a fault is in the way
    yx,        ///< the same, along the column first
    o1turn,    ///< a burst draws xy or yx, on channels of their own
    odd_even,  ///< shortest ways by the odd-even turn model, the preferred ones while they have credits enough
    table      ///< as a file says
};
BOOST_DESCRIBE_ENUM(routing_kind, xy, yx, o1turn, odd_even, table)

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
    std::uint32_t pipeline_stages = 1;
    std::uint32_t link_latency = 0;
    std::uint32_t link_packets_per_cycle = 1;
    std::uint32_t injection_packets_per_cycle = 1;
    std::uint32_t ejection_packets_per_cycle = 1;
    std::uint32_t buffer_depth = 8;
    std::uint32_t channels_per_class = 1;
    arbitration_kind arbitration = arbitration_kind::round_robin;
    routing_kind routing = routing_kind::xy;
    parameter::file_name routing_table{};
    std::uint32_t corruption_rate = 0;
    std::uint32_t retry_cycles = 4;
    std::uint32_t max_retries = 4;

    /// What is sent over a link, packet or credit, is seen so many cycles later: one to be sent, and the wires.
    [[nodiscard]] constexpr std::uint32_t link_cycles() const noexcept { return 1 + link_latency; }
    /// A packet that stands at a router stands at the next one so many cycles later, at zero load and at every timing
    /// level: the router's stages, the last of which sends it, and the wires.
    [[nodiscard]] constexpr std::uint32_t hop_cycles() const noexcept { return pipeline_stages + link_latency; }
    /// From the sending of a packet by a node to its arrival at another that is `hops` links away, at zero load: into
    /// the first router, through each one, and out of the last.
    [[nodiscard]] constexpr std::uint64_t zero_load_cycles(std::uint64_t hops) const noexcept {
        return (hops + 1) * hop_cycles() + link_cycles();
    }
    /// From the sending of a packet to the return of the place that it takes at the other end, where nothing holds it
    /// up: a stream on one channel reaches min(1, buffer_depth / this) packets a cycle.
    [[nodiscard]] constexpr std::uint32_t credit_round_trip() const noexcept { return hop_cycles() + link_cycles(); }

    friend bool operator==(const noc_parameters&, const noc_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(noc_parameters, (),
                      (columns, rows, pipeline_stages, link_latency, link_packets_per_cycle,
                       injection_packets_per_cycle, ejection_packets_per_cycle, buffer_depth, channels_per_class,
                       arbitration, routing, routing_table, corruption_rate, retry_cycles, max_retries))

inline constexpr std::array<parameter::description, 15> noc_descriptions{{
    {"columns", "nodes", 1, 64, "nodes in a row of the die, dead ones included",
     "18 x 20 is widely repeated; 360 places less 6 dead ones give the published 354", parameter::confidence::repeated},
    {"rows", "nodes", 1, 64, "nodes in a column of the die, dead ones included",
     "18 x 20 is widely repeated; 360 places less 6 dead ones give the published 354", parameter::confidence::repeated},
    {"pipeline_stages", "cycles", 1, 32,
     "stages of a router; with link_latency the time of a packet to the next router",
     "HC34-U: 1 cycle per hop, read as one stage and wires within it", parameter::confidence::transcribed},
    {"link_latency", "cycles", 0, 63,
     "cycles that packets and credits are under way on a link, beyond the one of sending",
     "HC34-U: 1 cycle per hop leaves none", parameter::confidence::transcribed},
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
    parameter::choice("routing_table", "", "file of the route table; used by routing: table alone",
                      "assumption: a user's own; see docs/routing.md", parameter::confidence::assumed),
    {"corruption_rate", "packets", 0, 100000000, "packets corrupted of 10^9 that a link between routers carries",
     "assumption: none; no error rate is published", parameter::confidence::assumed},
    {"retry_cycles", "cycles", 1, 64, "from the arrival of a corrupted packet to that of the same sent again",
     "assumption: a round trip of the link, and the CRC's check; that links have a CRC is an assumption too",
     parameter::confidence::assumed},
    {"max_retries", "times", 0, 8, "how often a packet is sent again before it is refused",
     "assumption: a few; unpublished", parameter::confidence::assumed},
}};

constexpr std::span<const parameter::description> describe_parameters(const noc_parameters*) noexcept {
    return noc_descriptions;
}

}  // namespace d1
