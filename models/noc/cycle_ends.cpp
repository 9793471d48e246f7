#include "models/noc/cycle_ends.hpp"

#include <bit>
#include <numeric>
#include <utility>

namespace d1::noc {

cycle_sender::cycle_sender(const sc_core::sc_module_name& name, const noc_parameters& parameters,
                           timing::event_queue& events, const burst_ways& ways)
    : sc_module(name),
      clocked_block(events),
      parameters_(parameters),
      events_(events),
      ways_(ways),
      credits_(message_class_count * parameters.channels_per_class, parameters.buffer_depth, 1,
               parameters.link_cycles()) {
    out.bind(*this);
}

void cycle_sender::send(burst_ptr b) {
    b->times.first = events_.now();
    ways_.choose(*b);
    const auto c = static_cast<std::uint32_t>(b->channel_class);
    queues_[c].push_back(std::move(b));
    waiting_ |= 1U << c;
    events_.activate(*this);
}

std::size_t cycle_sender::waiting() const noexcept {
    return std::accumulate(queues_.begin(), queues_.end(), std::size_t{0},
                           [](std::size_t sum, const auto& q) { return sum + q.size(); });
}

void cycle_sender::evaluate() {
    credits_.advance(events_.now());
    for (std::uint32_t n = 0; n < parameters_.injection_packets_per_cycle; ++n) {
        std::uint32_t ready = 0;
        for (std::uint32_t left = waiting_; left != 0; left &= left - 1) {
            const auto c = static_cast<std::uint32_t>(std::countr_zero(left));
            ready |= (credits_.available(0) >> channel_of(*queues_[c].front()) & 1U) << c;
        }
        if (ready == 0) {
            return;
        }
        const std::uint32_t chosen =
            classes_.pick(arbitration_kind::round_robin, ready, [](std::uint32_t) { return 0; });
        classes_.served(chosen);
        send_packet(chosen);
    }
}

void cycle_sender::send_packet(std::uint32_t message_class) {
    std::deque<burst_ptr>& queue = queues_[message_class];
    const burst_ptr b = queue.front();
    const std::uint32_t index = next_index_[message_class]++;
    if (index == 0) {
        b->entered = events_.now();
    }
    if (index + 1 == b->times.count) {
        next_index_[message_class] = 0;
        queue.pop_front();
        waiting_ &= ~(std::uint32_t{queue.empty()} << message_class);
    }
    const std::uint32_t channel = channel_of(*b);
    credits_.spend(0, channel);
    link_phase phase{link_phase::kind::packet, static_cast<std::uint8_t>(channel), static_cast<std::uint8_t>(index)};
    sc_core::sc_time delay;
    out->nb_transport_fw(*b, phase, delay);
}

tlm::tlm_sync_enum cycle_sender::nb_transport_bw(burst&, link_phase& phase, sc_core::sc_time&) {
    credits_.put(0, phase.channel, events_.now());
    return tlm::TLM_ACCEPTED;
}

bool cycle_sender::commit() {
    return waiting_ != 0;
}

void cycle_sender::reset() {
    for (auto& q : queues_) {
        q.clear();
    }
    next_index_ = {};
    waiting_ = 0;
    credits_.reset();
    classes_.reset();
}

cycle_receiver::cycle_receiver(const sc_core::sc_module_name& name, std::function<void(burst&, std::uint32_t)> take)
    : sc_module(name), take_(std::move(take)) {
    in.bind(*this);
}

void cycle_receiver::b_transport(burst&, sc_core::sc_time&) {
    SC_REPORT_ERROR("link", "this end of the link has the cycle-accurate level alone");
}

tlm::tlm_sync_enum cycle_receiver::nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) {
    take_(b, phase.index);
    link_phase back{link_phase::kind::credit, phase.channel, phase.index};
    in->nb_transport_bw(b, back, delay);
    return tlm::TLM_ACCEPTED;
}

}  // namespace d1::noc
