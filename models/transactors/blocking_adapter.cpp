#include "models/transactors/blocking_adapter.hpp"

namespace d1::transactors {

blocking_adapter::blocking_adapter(const sc_core::sc_module_name& name)
    : sc_module(name), asked_("asked"), response_ended_("response_ended") {
    in.bind(*this);
    out.bind(*this);
    SC_THREAD(serve);
}

void blocking_adapter::serve() {
    for (;;) {
        while (waiting_.empty()) {
            wait(asked_);
        }
        const request next = waiting_.front();
        if (next.due > sc_core::sc_time_stamp()) {
            wait(next.due - sc_core::sc_time_stamp());
        }
        sc_core::sc_time delay;
        out->b_transport(*next.payload, delay);
        if (delay > sc_core::SC_ZERO_TIME) {
            wait(delay);
        }
        while (responding_) {
            wait(response_ended_);
        }
        waiting_.pop_front();
        respond(*next.payload);
        next.payload->release();
    }
}

void blocking_adapter::respond(tlm::tlm_generic_payload& p) {
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay;
    responding_ = true;
    const tlm::tlm_sync_enum answer = in->nb_transport_bw(p, phase, delay);
    if (answer != tlm::TLM_ACCEPTED) {
        responding_ = false;
    }
}

tlm::tlm_sync_enum blocking_adapter::nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                                     sc_core::sc_time& delay) {
    if (phase == tlm::END_RESP) {
        responding_ = false;
        response_ended_.notify();
        return tlm::TLM_COMPLETED;
    }
    if (phase != tlm::BEGIN_REQ) {
        return tlm::TLM_ACCEPTED;  // a phase of another protocol
    }
    p.acquire();
    waiting_.push_back({&p, sc_core::sc_time_stamp() + delay});
    asked_.notify();
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
}

void blocking_adapter::b_transport(tlm::tlm_generic_payload& p, sc_core::sc_time&) {
    p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    SC_REPORT_ERROR("blocking_adapter",
                    (std::string(name()) +
                     ": b_transport is called. A target that waits is reached by the non-blocking transport, which the "
                     "network interface's mem uses if it is built with memory_answers_later; a core's memory must not "
                     "wait")
                        .c_str());
}

bool blocking_adapter::get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi& dmi) {
    dmi.init();
    return false;
}

tlm::tlm_sync_enum blocking_adapter::nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&) {
    SC_REPORT_ERROR("blocking_adapter", "the target behind it answers a blocking call by the non-blocking transport");
    return tlm::TLM_COMPLETED;
}

}  // namespace d1::transactors
