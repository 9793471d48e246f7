#pragma once
// The rules of the TLM-2.0 base protocol that a protocol_checker can see broken.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "models/transactors/rule_set.hpp"

namespace d1::transactors {

/// One rule each; description_of() says what it asks for, and where IEEE Std 1666-2011 has it.
enum class protocol_rule : std::uint8_t {
    phase_direction,
    phase_order,
    phase_answer,
    accepted_unchanged,
    request_exclusion,
    response_exclusion,
    transport_mixing,
    time_order,
    thread_context,
    memory_manager,
    reference_count,
    reuse_in_flight,
    extension_left,
    initial_response,
    response_missing,
    dmi_hint,
    data_pointer,
    data_length,
    byte_enable_length,
    byte_enable_value,
    streaming_width,
    payload_option,
    attributes_unchanged,
    data_unchanged,
    dmi_descriptor,
    dmi_grant,
    dmi_invalidation,
    dmi_reentry,
    debug_pointer,
    debug_count,
    debug_unchanged,
};
inline constexpr std::size_t protocol_rule_count = 31;

struct protocol_rule_description {
    protocol_rule rule;
    const char* report_type;  ///< message type of its reports: "protocol/" and the rule's name
    std::string_view clause;  ///< of IEEE Std 1666-2011
    std::string_view asks;

    [[nodiscard]] constexpr std::string_view name() const noexcept { return std::string_view(report_type).substr(9); }
};

/// In the order of the enumeration.
inline constexpr std::array<protocol_rule_description, protocol_rule_count> protocol_rule_descriptions{{
    {protocol_rule::phase_direction, "protocol/phase_direction", "15.2.3 c",
     "BEGIN_REQ and END_RESP go forwards, END_REQ and BEGIN_RESP backwards"},
    {protocol_rule::phase_order, "protocol/phase_order", "15.2.4",
     "a transaction's phases come in order, none twice: request, its end, response, its end"},
    {protocol_rule::phase_answer, "protocol/phase_answer", "15.2.4",
     "END_REQ is answered with TLM_ACCEPTED, END_RESP with TLM_ACCEPTED or TLM_COMPLETED"},
    {protocol_rule::accepted_unchanged, "protocol/accepted_unchanged", "11.1.2",
     "who answers TLM_ACCEPTED leaves phase, delay and response status as they were"},
    {protocol_rule::request_exclusion, "protocol/request_exclusion", "15.2.6 e",
     "no BEGIN_REQ while another request on the socket has not ended"},
    {protocol_rule::response_exclusion, "protocol/response_exclusion", "15.2.6 f",
     "no BEGIN_RESP while another response on the socket has not ended"},
    {protocol_rule::transport_mixing, "protocol/transport_mixing", "15.2.10 c",
     "a transaction in flight by one transport is not sent by the other"},
    {protocol_rule::time_order, "protocol/time_order", "15.2.7 c",
     "time plus annotated delay of a transaction never decreases"},
    {protocol_rule::thread_context, "protocol/thread_context", "11.1.1.4 b",
     "b_transport is not called from an SC_METHOD"},
    {protocol_rule::memory_manager, "protocol/memory_manager", "14.5 i, aa",
     "nb_transport wants a memory manager; none is set or taken away while in flight"},
    {protocol_rule::reference_count, "protocol/reference_count", "14.5 t",
     "a payload with a memory manager is held by somebody during every call"},
    {protocol_rule::reuse_in_flight, "protocol/reuse_in_flight", "14.5 x",
     "a payload is not sent as a new transaction before the old one has ended"},
    {protocol_rule::extension_left, "protocol/extension_left", "14.5 aa",
     "an extension set on a payload without memory manager is cleared before the return"},
    {protocol_rule::initial_response, "protocol/initial_response", "14.17 e",
     "the initiator sets the response status to TLM_INCOMPLETE_RESPONSE"},
    {protocol_rule::response_missing, "protocol/response_missing", "14.17",
     "a response has a status other than TLM_INCOMPLETE_RESPONSE, and keeps it to the end"},
    {protocol_rule::dmi_hint, "protocol/dmi_hint", "14.16", "the initiator clears the DMI hint"},
    {protocol_rule::data_pointer, "protocol/data_pointer", "14.11 e", "a read or write has a data pointer"},
    {protocol_rule::data_length, "protocol/data_length", "14.12 d", "a read or write has a data length above 0"},
    {protocol_rule::byte_enable_length, "protocol/byte_enable_length", "14.14 f", "byte enables have a length above 0"},
    {protocol_rule::byte_enable_value, "protocol/byte_enable_value", "14.14", "a byte enable is 0x00 or 0xff"},
    {protocol_rule::streaming_width, "protocol/streaming_width", "14.15 f", "the streaming width is above 0"},
    {protocol_rule::payload_option, "protocol/payload_option", "14.8 g, h",
     "a payload sent with TLM_MIN_PAYLOAD keeps it, and a transport transaction is sent with nothing else"},
    {protocol_rule::attributes_unchanged, "protocol/attributes_unchanged", "14.7",
     "nobody changes command, pointers, lengths or width while a transaction is in flight"},
    {protocol_rule::data_unchanged, "protocol/data_unchanged", "14.7",
     "nobody changes the data of a write, or the byte enables, while it is in flight"},
    {protocol_rule::dmi_descriptor, "protocol/dmi_descriptor", "11.2.5",
     "the initiator hands over a DMI descriptor as init() leaves it"},
    {protocol_rule::dmi_grant, "protocol/dmi_grant", "11.2.5",
     "the answer's range contains the address; a grant has a pointer and the access that was asked for"},
    {protocol_rule::dmi_invalidation, "protocol/dmi_invalidation", "11.2",
     "a range that is taken back does not end before it starts"},
    {protocol_rule::dmi_reentry, "protocol/dmi_reentry", "11.2",
     "no direct access is asked for from within its invalidation"},
    {protocol_rule::debug_pointer, "protocol/debug_pointer", "11.3.4 l", "a debug access to bytes has a data pointer"},
    {protocol_rule::debug_count, "protocol/debug_count", "11.3.4 s",
     "a debug access reports no more bytes than it was asked for"},
    {protocol_rule::debug_unchanged, "protocol/debug_unchanged", "14.7",
     "a debug access leaves command, pointer and length as they were"},
}};

[[nodiscard]] constexpr const protocol_rule_description& description_of(protocol_rule rule) noexcept {
    return protocol_rule_descriptions[static_cast<std::size_t>(rule)];
}

/// Which rules are watched.
class protocol_rules : public rule_set<protocol_rules, protocol_rule, protocol_rule_count> {
  public:
    /// For sockets inside a node: one SC_METHOD drives the whole die, and b_transport there never waits, so that it may
    /// be called from it.
    [[nodiscard]] static protocol_rules inside_a_node() { return all().without(protocol_rule::thread_context); }
};

}  // namespace d1::transactors
