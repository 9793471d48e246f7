#pragma once
// Parameters of a node's network interface: the block that turns pushes, pulls and signals into packets.

#include <array>
#include <cstdint>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// A node's network interface. Where a count has a minimum of 1 cycle, all events of a time are known before the first
/// of them is served, and so their order can be fixed.
struct network_interface_parameters {
    std::uint32_t engines = 4;
    std::uint32_t queue_depth = 16;
    std::uint32_t max_outstanding = 64;
    std::uint32_t burst_packets = 16;
    std::uint32_t request_cycles = 6;
    std::uint32_t signal_cycles = 2;
    std::uint32_t reply_cycles = 6;
    std::uint32_t arrival_cycles = 1;
    std::uint32_t reply_depth = 64;
    std::uint32_t barriers = 16;
    std::uint32_t barrier_cycles = 2;
    friend bool operator==(const network_interface_parameters&, const network_interface_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(network_interface_parameters, (),
                      (engines, queue_depth, max_outstanding, burst_packets, request_cycles, signal_cycles,
                       reply_cycles, arrival_cycles, reply_depth, barriers, barrier_cycles))

inline constexpr std::array<parameter::description, 11> network_interface_descriptions{{
    {"engines", "transfers", 1, 64, "transfers that are cut into bursts at the same time",
     "assumption: one for each SMT thread; unpublished", parameter::confidence::assumed},
    {"queue_depth", "transfers", 1, 1024, "transfers accepted and not yet begun",
     "assumption: four for each SMT thread; unpublished", parameter::confidence::assumed},
    {"max_outstanding", "bursts", 1, 4096, "bursts sent and not yet answered; further ones wait",
     "assumption: covers the longest round trip of a die from bursts of 2 packets on; unpublished",
     parameter::confidence::assumed},
    {"burst_packets", "packets", 1, 16, "greatest number of packets of a burst, the unit of reservation and answer",
     "assumption: as a TTP command, a list of up to 16 chunks of 64 B (TTPS)", parameter::confidence::assumed},
    {"request_cycles", "cycles", 1, 10000, "from the issue of a push or pull to the injection of its first packet",
     "assumption: about 6 cycles of the unpublished cost of a pull", parameter::confidence::assumed},
    {"signal_cycles", "cycles", 1, 10000, "from the issue of a remote signal to the injection of its packet",
     "assumption: no transfer to set up; the primitive is published, its cost is not", parameter::confidence::assumed},
    {"reply_cycles", "cycles", 1, 10000,
     "from the arrival of a pull request to the injection of its reply, SRAM access included",
     "assumption: an SRAM access of about 5 cycles and one to turn round", parameter::confidence::assumed},
    {"arrival_cycles", "cycles", 1, 10000,
     "from the last byte at the interface to its being visible in SRAM and semaphores",
     "assumption: one write of the SRAM", parameter::confidence::assumed},
    {"reply_depth", "bursts", 1, 4096,
     "places for replies to pulls, and as many for answers to pushes; while all are taken, no more comes in (at, ca)",
     "assumption: as max_outstanding; unpublished", parameter::confidence::assumed},
    {"barriers", "barriers", 1, 1024, "barriers that a node tells apart by number",
     "assumption: a few for each SMT thread; barriers are published (HC34), their number is not",
     parameter::confidence::assumed},
    {"barrier_cycles", "cycles", 1, 10000,
     "from the last thread or message that a node waits for at a barrier to the injection of what follows",
     "assumption: as signal_cycles; that there are barriers is published, their cost is not",
     parameter::confidence::assumed},
}};

constexpr std::span<const parameter::description> describe_parameters(const network_interface_parameters*) noexcept {
    return network_interface_descriptions;
}

}  // namespace d1
