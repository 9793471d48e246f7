#pragma once
// The rules of the links between routers, network interfaces and tile I/O that a link_checker can see broken.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "models/transactors/rule_set.hpp"

namespace d1::transactors {

/// One rule each; description_of() says what it asks for. The protocol is that of models/packet/link.hpp.
enum class link_rule : std::uint8_t {
    phase_direction,
    accepted_unchanged,
    transport_mixing,
    time_order,
    delay,
    rate,
    channel_range,
    channel_class,
    channel_constant,
    packet_count,
    packet_order,
    flow_order,
    credit_missing,
    credit_surplus,
    credit_packet,
    lifetime,
    payload_unchanged,
    node,
    kind,
    after_reset,
};
inline constexpr std::size_t link_rule_count = 20;

struct link_rule_description {
    link_rule rule;
    const char* report_type;  ///< message type of its reports: "link/" and the rule's name
    std::string_view asks;

    [[nodiscard]] constexpr std::string_view name() const noexcept { return std::string_view(report_type).substr(5); }
};

/// In the order of the enumeration.
inline constexpr std::array<link_rule_description, link_rule_count> link_rule_descriptions{{
    {link_rule::phase_direction, "link/phase_direction", "packets go forwards, credits backwards"},
    {link_rule::accepted_unchanged, "link/accepted_unchanged",
     "a packet and a credit are answered with TLM_ACCEPTED, phase and delay as they were"},
    {link_rule::transport_mixing, "link/transport_mixing",
     "no b_transport while packets sent by nb_transport have not given their credits back"},
    {link_rule::time_order, "link/time_order",
     "by nb_transport, time plus annotated delay never falls from one packet or train to the next, nor from credit to "
     "credit of packets, nor within a train"},
    {link_rule::delay, "link/delay", "b_transport takes nothing off the delay"},
    {link_rule::rate, "link/rate", "no more packets in one cycle than the link carries"},
    {link_rule::channel_range, "link/channel_range", "the channel is one of the link's"},
    {link_rule::channel_class, "link/channel_class", "the channel is of the burst's message class"},
    {link_rule::channel_constant, "link/channel_constant", "all packets of a burst keep to one channel of the link"},
    {link_rule::packet_count, "link/packet_count",
     "a burst has 1 to 16 packets, and each of its numbers passes once and below that; on links in order, all pass"},
    {link_rule::packet_order, "link/packet_order", "on links in order, the packets of a burst pass by number"},
    {link_rule::flow_order, "link/flow_order",
     "on links in order, bursts of one source, destination and class pass by sequence number"},
    {link_rule::credit_missing, "link/credit_missing",
     "no packet is sent into a buffer that is full, nor before its place is free"},
    {link_rule::credit_surplus, "link/credit_surplus", "no credit comes back from a buffer that is empty"},
    {link_rule::credit_packet, "link/credit_packet",
     "a credit names the packet that has been in the buffer of its channel longest"},
    {link_rule::lifetime, "link/lifetime",
     "somebody holds the burst during every call, and whoever keeps a packet or train holds it by a reference of its "
     "own"},
    {link_rule::payload_unchanged, "link/payload_unchanged",
     "nobody changes ends, class, kind, sequence number or length of a burst that is under way, or uses it again"},
    {link_rule::node, "link/node", "source and destination are live nodes of the mesh"},
    {link_rule::kind, "link/kind", "class, kind and status are known ones"},
    {link_rule::after_reset, "link/after_reset", "nothing that was under way before a reset is seen behind it"},
}};

[[nodiscard]] constexpr const link_rule_description& description_of(link_rule rule) noexcept {
    return link_rule_descriptions[static_cast<std::size_t>(rule)];
}

/// Which rules are watched.
class link_rules : public rule_set<link_rules, link_rule, link_rule_count> {};

}  // namespace d1::transactors
