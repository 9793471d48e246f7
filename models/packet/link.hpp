#pragma once
// The protocol of the links between routers, network interfaces and, later, tile I/O: TLM-2.0 sockets with traits of
// their own. At lt a burst goes by b_transport, router by router along its route; at ca its packets go by nb_transport,
// one call a packet and link; at `at` likewise, one call a train, which is some successive packets of a burst.
//
// A link at `at` and ca. A packet is one flit of 64 bytes, with its header beside them. The receiving end has a buffer
// of `buffer_depth` packets for each channel; a channel is one of the channels_per_class of a message class. The
// sending end holds a credit for each free place: it takes one to send a packet, which it announces by nb_transport_fw
// (packet), and gets it back by nb_transport_bw (credit) when the packet has left the buffer. Always, for each channel:
//     credits + packets and credits under way + packets in the buffer = buffer_depth
// What is sent in cycle n, packet or credit, is seen in cycle n + 1 + link_latency. At `at` the call is made when the
// first packet of a train leaves, and tells when each does; so the credits are known ahead too.

#include <cstdint>
#include <systemc>
#include <tlm>

#include "models/packet/burst.hpp"

namespace d1 {

/// What a call of the non-blocking interface is about. The receiver of a packet holds the burst, by a reference of its
/// own, until it has sent the packet on.
struct link_phase {
    enum class kind : std::uint8_t {
        packet,  ///< forward: packet `index` of the burst, on `channel`
        credit   ///< backward: a place in the buffer of `channel` is free again, where a packet of the burst stood
    };
    kind what = kind::packet;
    std::uint8_t channel = 0;  ///< message class * channels_per_class + channel within the class
    std::uint8_t index = 0;
    /// at: when each packet of the train leaves, the first of them being `index`; valid during the call. ca: null, one
    /// packet leaves now.
    const packet_times* times = nullptr;
    friend bool operator==(const link_phase&, const link_phase&) = default;
};

/// TLM-2.0 protocol traits of a link.
struct link_protocol {
    using tlm_payload_type = burst;
    using tlm_phase_type = link_phase;
};

inline constexpr unsigned int link_bits = 8 * packet_bytes;

/// A link's sending end. The ends at the rim of a mesh stay unbound.
using link_initiator_socket = tlm::tlm_initiator_socket<link_bits, link_protocol, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;
/// A link's receiving end.
using link_target_socket = tlm::tlm_target_socket<link_bits, link_protocol, 1, sc_core::SC_ZERO_OR_MORE_BOUND>;

/// What a receiving end is bound to. `b_transport(burst, delay)`: the burst's first packet stands here after `delay`;
/// the callee passes it on and adds what it takes. It never waits. Not modelled on links: direct memory access
/// and debug transport, since no memory is addressed by a packet, and the non-blocking interface, which a block that
/// has timed levels overrides.
class link_target : public tlm::tlm_fw_transport_if<link_protocol> {
  public:
    tlm::tlm_sync_enum nb_transport_fw(burst&, link_phase&, sc_core::sc_time&) override {
        SC_REPORT_ERROR("link", "this end of the link has the loosely timed level alone");
        return tlm::TLM_COMPLETED;
    }
    bool get_direct_mem_ptr(burst&, tlm::tlm_dmi&) override { return false; }
    unsigned int transport_dbg(burst&) override { return 0; }
};

/// What a sending end is bound to; credits come back here.
class link_initiator : public tlm::tlm_bw_transport_if<link_protocol> {
  public:
    tlm::tlm_sync_enum nb_transport_bw(burst&, link_phase&, sc_core::sc_time&) override { return tlm::TLM_COMPLETED; }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
};

}  // namespace d1
