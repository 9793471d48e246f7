// A network interface's part in barriers: when its threads have come, and the messages.

#include <utility>

#include "models/noc/network_interface_parts.hpp"

namespace d1::noc {

network_interface::thread_state& network_interface::thread(std::uint32_t number) {
    if (number >= threads_.size()) {
        threads_.resize(number + 1);
    }
    return threads_[number];
}

void network_interface::enter_barrier(tlm::tlm_generic_payload& p) {
    const std::uint32_t number = p.get_extension<dma_extension>()->from.thread;
    p.acquire();
    p.set_response_status(tlm::TLM_OK_RESPONSE);
    thread(number).barrier = &p;
    ++count_.barriers;
    come(number);
}

/// The thread comes to the barrier that it waits in, if it does, when nothing holds it any more.
void network_interface::come(std::uint32_t number) {
    thread_state& t = thread(number);
    if (t.barrier == nullptr || t.has_come || t.open_transfers != 0) {
        return;
    }
    t.has_come = true;
    const auto& command = *t.barrier->get_extension<dma_extension>();
    barriers_.enter(number, command.barrier, command.cause);
}

void network_interface::send_barrier_message(burst_kind kind, node_index whom, const barrier_entry& barrier,
                                             const causality& cause) {
    burst_ptr b = make_burst(kind, whom, cause);
    b->barrier = static_cast<std::uint32_t>(barrier.number);
    b->meaning = barrier.meaning;
    ++count_.barrier_messages;
    reply(std::move(b), parameters_.barrier_cycles);
}

void network_interface::tell_parent(node_index parent, const barrier_entry& barrier, const causality& cause) {
    send_barrier_message(burst_kind::barrier_come, parent, barrier, cause);
}

void network_interface::tell_child(node_index child, const barrier_entry& barrier, const causality& cause) {
    send_barrier_message(burst_kind::barrier_end, child, barrier, cause);
}

void network_interface::complete(std::uint32_t number, const causality& cause) {
    // Behind the signals of its cycle, as a local signal.
    constexpr std::uint32_t lane = 9;
    releases_.push_back({number, cause});
    releases_.back().cause.chain += parameters_.barrier_cycles;
    my_.events.schedule(my_.events.now() + parameters_.barrier_cycles,
                        timing::order_of(timing::phase::signals_arrive, to_number(my_.here), lane, next_event_++),
                        *release_face_);
}

void network_interface::leave(std::uint32_t number, const causality& cause) {
    thread_state& t = thread(number);
    tlm::tlm_generic_payload& p = *std::exchange(t.barrier, nullptr);
    t.has_come = false;
    p.get_extension<dma_extension>()->cause = cause;
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay;
    dma->nb_transport_bw(p, phase, delay);
    p.release();
}

void network_interface::fail(const std::string& what) {
    my_.events.fail(std::string(name()) + ": " + what);
}

}  // namespace d1::noc
