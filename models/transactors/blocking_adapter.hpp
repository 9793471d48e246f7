#pragma once
// A way to a target that may wait, for initiators that must not.

#include <deque>
#include <systemc>
#include <tlm>

namespace d1::transactors {

/// Stands between an initiator that uses the non-blocking transport and a target of the TLM-2.0 base protocol whose
/// b_transport may wait: foreign IP, a bridge to RTL. It owns the one SC_THREAD in which that happens. Requests are
/// taken at once (TLM_UPDATED, END_REQ) and served one after the other; when the target has returned and the delay that
/// it annotated has passed, BEGIN_RESP reports the access as complete, with the target's status. An initiator may
/// answer that in each of the three ways of the base protocol; the next response waits for END_RESP.
///
/// Its place in a node is the network interface's `mem` (see memory_answers_later). b_transport is refused with an
/// error, since a caller inside a node could not wait; direct access is refused, since an access through it would take
/// no time. Debug accesses pass at once.
///
/// Not modelled: several accesses under way in the target at once.
class blocking_adapter : public sc_core::sc_module,
                         private tlm::tlm_fw_transport_if<>,
                         private tlm::tlm_bw_transport_if<> {
  public:
    SC_HAS_PROCESS(blocking_adapter);

    tlm::tlm_target_socket<512> in{"in"};
    tlm::tlm_initiator_socket<512> out{"out"};

    explicit blocking_adapter(const sc_core::sc_module_name& name);

    /// Accesses taken and not yet reported as complete.
    [[nodiscard]] std::size_t pending() const noexcept { return waiting_.size(); }

  private:
    void serve();
    void respond(tlm::tlm_generic_payload& p);

    void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& p, tlm::tlm_dmi& dmi) override;
    unsigned int transport_dbg(tlm::tlm_generic_payload& p) override { return out->transport_dbg(p); }
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}  // nobody was granted any

    struct request {
        tlm::tlm_generic_payload* payload;
        sc_core::sc_time due;  // when it is to begin
    };
    std::deque<request> waiting_;
    sc_core::sc_event asked_;
    sc_core::sc_event response_ended_;
    bool responding_ = false;
};

}  // namespace d1::transactors
