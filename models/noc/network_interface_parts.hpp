#pragma once
// Inner parts of the network interface, shared by its source files alone.

#include <optional>

#include "models/noc/network_interface.hpp"

namespace d1::noc {

/// A command that has been accepted: what is left to send of it, and to hear about it.
struct network_interface::transfer {
    dma_operation operation = dma_operation::push;
    std::optional<semaphore_signal> done;
    std::optional<semaphore_signal> notify;
    std::uint32_t race_transfer = 0;
    issuer from;
    bool indices = false;
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
        case burst_kind::barrier_come:
        case burst_kind::barrier_end:
            return message_class::request_high;
    }
    return message_class::data;
}

/// Where commands come in.
class network_interface::dma_face final : public tlm::tlm_fw_transport_if<> {
  public:
    explicit dma_face(network_interface& owner) : owner_(owner) {}

    void b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) override {
        const auto* const command = p.get_extension<dma_extension>();
        const bool may_wait = command != nullptr && command->operation == dma_operation::barrier;
        if (owner_.has_room() && !may_wait) {
            owner_.accept(p, delay);
        } else {
            // Nobody waits in b_transport: a command that may have to queue comes by the non-blocking transport.
            p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        }
    }
    tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
        if (phase != tlm::BEGIN_REQ) {
            // END_RESP of an initiator that answered BEGIN_RESP with TLM_ACCEPTED.
            owner_.response_open_ = false;
            owner_.refill_engines();
            return tlm::TLM_COMPLETED;
        }
        if (owner_.refused_command_ != nullptr) {
            p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);  // one that has not ended is before it
            return tlm::TLM_COMPLETED;
        }
        const auto* const command = p.get_extension<dma_extension>();
        if (command != nullptr && command->operation == dma_operation::barrier) {
            owner_.enter_barrier(p);
            phase = tlm::END_REQ;
            return tlm::TLM_UPDATED;
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

/// Accesses to a memory that answers later: one after the other, in the order in which they were asked for, a run of
/// contiguous bytes at a time. What follows from an access happens in the first cycle after its response; the next
/// access goes out then. What must not overtake an access waits here as well.
class network_interface::slow_memory final : private tlm::tlm_mm_interface, private timing::event_handler {
  public:
    explicit slow_memory(network_interface& owner);
    ~slow_memory() override;

    /// Takes over the arrival of a burst that reads or writes the memory, or of a signal behind such a one.
    [[nodiscard]] bool takes_arrival(burst& b);
    /// at, ca: fetches the bytes of the burst at the head of its class, which is then ready to be injected.
    void fetch(burst& b);
    /// lt: fetches the bytes of a burst, or holds a signal behind such a one; it is sent afterwards, not before
    /// `start`.
    [[nodiscard]] bool takes_departure(burst& b, timing::cycle start);
    /// lt: signals that the sources of all bursts taken so far have been read.
    void signal_sources_read(const transfer& t, timing::cycle start);

    [[nodiscard]] std::size_t waiting() const noexcept { return jobs_.size(); }
    /// An access that is under way in the memory is left to end, and its answer is dropped.
    void reset();

    /// The memory's backward path.
    tlm::tlm_sync_enum answer(const tlm::tlm_phase& phase, const sc_core::sc_time& delay);

  private:
    enum class purpose : std::uint8_t { write, serve_pull, inject, send, deliver_signal, send_signal, signal_self };
    struct job {
        purpose what;
        burst_ptr b;
        burst_ptr data;  // serve_pull: what carries the bytes; otherwise null
        timing::cycle start = 0;
    };
    struct run {
        std::int64_t offset;
        std::uint32_t length;
        std::uint32_t at;
    };

    void add(job j);
    void go_on();
    void open_front();
    void ask(const run& r);
    void ended(const sc_core::sc_time& delay);
    void serve(void*) override;
    void finish(const job& j);
    void free(tlm::tlm_generic_payload*) override {}
    [[nodiscard]] static bool writes(const job& j) noexcept { return j.what == purpose::write; }
    [[nodiscard]] static burst& bytes_of(const job& j) noexcept { return j.data ? *j.data : *j.b; }

    network_interface& owner_;
    tlm::tlm_generic_payload payload_;
    std::deque<job> jobs_;
    std::vector<run> runs_;  // of the job in front, those still to come, the next one last
    burst_status status_ = burst_status::good;
    timing::cycle opened_at_ = 0;
    timing::cycle ahead_ = 0;  // lt: local time up to which bytes to be sent have been fetched
    timing::cycle sent_ = 0;   // lt: when the last of them has left
    bool opened_ = false;      // the job in front has been cut into runs
    bool asked_ = false;       // the memory owes an answer
    bool ended_ = false;       // it has come, and the event that follows has not
    burst_ptr dropped_;        // what a forgotten access still reads or writes
    std::uint64_t number_ = 0;
};

/// The backward path of the SRAM's port: used only where the memory answers later.
class network_interface::mem_face final : public tlm::tlm_bw_transport_if<> {
  public:
    explicit mem_face(network_interface& owner) : owner_(owner) {}
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override {
        return owner_.slow_ ? owner_.slow_->answer(phase, delay) : tlm::TLM_COMPLETED;
    }
    void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  private:
    network_interface& owner_;
};

/// Where bursts, packets and credits come in.
class network_interface::net_face final : public link_target, public link_initiator {
  public:
    explicit net_face(network_interface& owner) : owner_(owner) {}
    void b_transport(burst& b, sc_core::sc_time& delay) override { owner_.receive(b, delay); }
    tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_bw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;

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

/// Ends the barriers whose root is here.
class network_interface::release_face final : public timing::event_handler {
  public:
    explicit release_face(network_interface& owner) : owner_(owner) {}
    void serve(void*) override {
        const root_release r = owner_.releases_.front();
        owner_.releases_.pop_front();
        owner_.barriers_.released(r.number, r.cause);
    }

  private:
    network_interface& owner_;
};

}  // namespace d1::noc
