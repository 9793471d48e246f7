#pragma once
// Watches a base-protocol connection and reports who breaks the protocol.

#include <cstdint>
#include <string_view>
#include <systemc>
#include <tlm>
#include <unordered_map>
#include <vector>

#include "models/transactors/protocol_rules.hpp"

namespace d1::transactors {

/// Stands in line between an initiator socket and a target socket of the TLM-2.0 base protocol, passes every call on
/// unchanged, and reports each breach of a rule that is switched on as an SC_ERROR: message type "protocol/<rule>",
/// text with what was wrong, the transaction's attributes and the clause. It takes no time and holds no reference, so
/// that what it watches behaves as without it; left out, it costs nothing.
///
/// What it does not check: what is done through a direct pointer, so also whether one is used after it was taken back;
/// whether a target does what command, byte enables and streaming width ask for, or the right error is answered;
/// extensions, other than that none is left behind; phases beyond the four of the base protocol, which pass unseen; the
/// path of a response through an interconnect; the address, which an interconnect may change on the way; the data of
/// reads, which a target may write at any time before its response; endianness.
class protocol_checker : public sc_core::sc_module,
                         private tlm::tlm_fw_transport_if<>,
                         private tlm::tlm_bw_transport_if<> {
  public:
    tlm::tlm_target_socket<512> in{"in"};       ///< the initiator's side
    tlm::tlm_initiator_socket<512> out{"out"};  ///< the target's side

    explicit protocol_checker(const sc_core::sc_module_name& name, const protocol_rules& rules = protocol_rules::all());

    /// Transactions that have begun and not ended by the non-blocking transport.
    [[nodiscard]] std::size_t in_flight() const noexcept { return flights_.size(); }

    /// Forgets what is in flight, as at construction: for a platform that is reset in the middle of a run.
    void reset();

  private:
    /// What is compared later: attributes, and what bytes must not change.
    struct snapshot {
        explicit snapshot(const tlm::tlm_generic_payload& p);
        tlm::tlm_command command;
        const unsigned char* data;
        unsigned length;
        const unsigned char* enables;
        unsigned enable_length;
        unsigned width;
        tlm::tlm_gp_option option;
        bool managed;
        std::vector<unsigned char> written;
        std::vector<unsigned char> enabled;
        std::vector<const tlm::tlm_extension_base*> extensions;  // of a payload without memory manager
    };
    enum class stage : std::uint8_t { requested, request_ended, responding };
    struct flight {
        snapshot before;
        stage at;
        sc_core::sc_time time;  // effective time of the last call
        tlm::tlm_response_status response;
    };

    // What passes
    void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& p, tlm::tlm_dmi& dmi) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) override;
    unsigned int transport_dbg(tlm::tlm_generic_payload& p) override;

    // Phases
    void begin_request(tlm::tlm_generic_payload& p, const sc_core::sc_time& delay);
    void end_response(tlm::tlm_generic_payload& p, const sc_core::sc_time& delay);
    void go_backwards(tlm::tlm_generic_payload& p, const tlm::tlm_phase& phase, const sc_core::sc_time& delay);
    void forget(const tlm::tlm_generic_payload& p);

    // Parts of rules
    void check_managed(const tlm::tlm_generic_payload& p);
    void check_initial(const tlm::tlm_generic_payload& p);
    void check_unchanged(const tlm::tlm_generic_payload& p, const snapshot& before);
    void check_response(const tlm::tlm_generic_payload& p);
    void check_time(const tlm::tlm_generic_payload& p, sc_core::sc_time& last, const sc_core::sc_time& delay);
    void check_accepted(const tlm::tlm_generic_payload& p, bool unchanged);

    void expect(bool kept, protocol_rule rule, const tlm::tlm_generic_payload& p, std::string_view what);
    void report(protocol_rule rule, const tlm::tlm_generic_payload* p, std::string_view what);

    protocol_rules rules_;
    std::unordered_map<const tlm::tlm_generic_payload*, flight> flights_;
    std::unordered_map<const tlm::tlm_generic_payload*, unsigned> blocking_;  // calls under way
    const tlm::tlm_generic_payload* request_ = nullptr;                       // the socket's request that has not ended
    const tlm::tlm_generic_payload* response_ = nullptr;  // the socket's response that has not ended
    bool invalidating_ = false;
};

}  // namespace d1::transactors
