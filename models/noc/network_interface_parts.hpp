#pragma once
// Inner parts of the network interface, shared by its two source files alone.

#include <optional>

#include "models/noc/network_interface.hpp"

namespace d1::noc {

/// A command that has been accepted: what is left to send of it, and to hear about it.
struct network_interface::transfer {
    dma_operation operation = dma_operation::push;
    std::optional<semaphore_signal> done;
    std::optional<semaphore_signal> notify;
    std::uint32_t race_transfer = 0;
    node_index remote{};
    transfer_cutter cutter;
    std::uint64_t number = 0;       // in the order of commands
    timing::cycle start = 0;        // earliest injection
    causality cause;                // of its bursts
    causality arrived;              // joined from the bursts that came back
    std::uint32_t open_pieces = 0;  // bursts outstanding
    bool notify_pending = false;
    bool in_use = false;
    bool in_engine = false;

    [[nodiscard]] bool finished_sending() const noexcept { return cutter.finished() && !notify_pending; }
};

[[nodiscard]] constexpr message_class class_of(burst_kind kind) noexcept {
    switch (kind) {
        case burst_kind::pull_request:
            return message_class::request_low;
        case burst_kind::push_data:
        case burst_kind::pull_data:
        case burst_kind::signal:
            return message_class::data;
        case burst_kind::push_answer:
        case burst_kind::error_answer:
            return message_class::response;
    }
    return message_class::data;
}

/// Where commands come in.
class network_interface::dma_face final : public tlm::tlm_fw_transport_if<> {
  public:
    explicit dma_face(network_interface& owner) : owner_(owner) {}

    void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) override {
        if (owner_.has_room()) {
            owner_.accept(p, delay);
        } else {
            // Nobody waits in b_transport: a command that may have to queue comes by the non-blocking transport.
            p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        }
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
        if (phase != tlm::BEGIN_REQ) {
            return tlm::TLM_COMPLETED;  // END_RESP of an initiator that answered BEGIN_RESP with TLM_ACCEPTED
        }
        if (owner_.has_room()) {
            owner_.accept(p, delay);
            return tlm::TLM_COMPLETED;
        }
        p.acquire();
        owner_.refused_command_ = &p;
        return tlm::TLM_ACCEPTED;
    }
    bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
        dmi.init();
        dmi.set_end_address(~sc_dt::uint64{0});
        return false;
    }
    unsigned int transport_dbg(tlm::tlm_generic_payload&) override { return 0; }

  private:
    network_interface& owner_;
};

/// The backward path of the SRAM's port: it is never used, since accesses complete at once.
class network_interface::mem_face final : public tlm::tlm_bw_transport_if<> {
  public:
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&) override {
        return tlm::TLM_COMPLETED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
};

/// Where bursts come in and credits would come back.
class network_interface::net_face final : public link_target, public link_initiator {
  public:
    explicit net_face(network_interface& owner) : owner_(owner) {}
    void b_transport(burst& b, sc_core::sc_time& delay) override { owner_.receive(b, delay); }

  private:
    network_interface& owner_;
};

/// Serves the arrival of bursts.
class network_interface::arrival_face final : public timing::event_handler {
  public:
    explicit arrival_face(network_interface& owner) : owner_(owner) {}
    void serve(void* subject) override {
        const burst_ptr b(static_cast<burst*>(subject), false);  // the reference that receive() took
        owner_.arrive(*b);
    }

  private:
    network_interface& owner_;
};

}  // namespace d1::noc
