#include "models/noc/train_ends.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace d1::noc {

train_sender::train_sender(const sc_core::sc_module_name& name, std::uint32_t rank, const noc_parameters& parameters,
                           timing::event_queue& events, const burst_ways& ways)
    : sc_module(name),
      sleeper(events, rank),
      parameters_(parameters),
      events_(events),
      ways_(ways),
      credits_(message_class_count * parameters.channels_per_class, parameters.buffer_depth) {
    out.bind(*this);
}

void train_sender::send(burst_ptr b) {
    b->times.first = events_.now();
    ways_.choose(*b);
    queues_[static_cast<std::size_t>(b->channel_class)].push_back(std::move(b));
    sleep_until(events_.now());
}

std::size_t train_sender::waiting() const noexcept {
    return std::accumulate(queues_.begin(), queues_.end(), std::size_t{0},
                           [](std::size_t sum, const auto& q) { return sum + q.size(); });
}

/// The first cycle from now on in which the next packet of a class could leave; never if there is none, or nothing is
/// known yet of a credit for it.
timing::cycle train_sender::departure(std::uint32_t message_class) const {
    if (queues_[message_class].empty()) {
        return never;
    }
    return std::max({events_.now(), credits_.next(channel_of(*queues_[message_class].front())),
                     next_slot_ / parameters_.injection_packets_per_cycle});
}

void train_sender::wake() {
    const timing::cycle now = events_.now();
    timing::cycle next = now;
    while (next == now) {
        std::uint32_t ready = 0;
        next = never;
        for (std::uint32_t c = 0; c < message_class_count; ++c) {
            const timing::cycle at = departure(c);
            ready |= at == now ? 1U << c : 0U;
            next = std::min(next, at);
        }
        if (ready != 0) {
            const std::uint32_t chosen =
                classes_.pick(arbitration_kind::round_robin, ready, [](std::uint32_t) { return 0; });
            classes_.served(chosen);
            const bool contended = (ready & (ready - 1)) != 0;
            send_train(chosen, length_.next(chosen, contended, now));
        }
    }
    if (next != never) {
        sleep_until(next);
    }
}

void train_sender::send_train(std::uint32_t message_class, std::uint32_t limit) {
    const timing::cycle now = events_.now();
    const std::uint32_t rate = parameters_.injection_packets_per_cycle;
    const burst_ptr b = queues_[message_class].front();
    const std::uint32_t index = next_index_[message_class];
    const std::uint32_t channel = channel_of(*b);
    const std::uint32_t most = std::min({b->times.count - index, credits_.known(channel), limit});
    packet_times times = packet_times::none();
    next_slot_ = std::max(next_slot_, now * rate);
    for (std::uint32_t i = 0; i < most; ++i) {
        next_slot_ = std::max(next_slot_, credits_.free_from(channel, i) * rate);
        times.append(next_slot_++ / rate);
    }
    credits_.take(channel, most);
    if (index == 0) {
        b->entered = now;
    }
    next_index_[message_class] = index + most;
    if (index + most == b->times.count) {
        next_index_[message_class] = 0;
        queues_[message_class].pop_front();
    }
    link_phase phase{link_phase::kind::packet, static_cast<std::uint8_t>(channel), static_cast<std::uint8_t>(index),
                     &times};
    sc_core::sc_time delay;
    out->nb_transport_fw(*b, phase, delay);
}

tlm::tlm_sync_enum train_sender::nb_transport_bw(burst&, link_phase& phase, sc_core::sc_time&) {
    const bool starved = credits_.known(phase.channel) == 0;
    credits_.give(phase.channel, *phase.times, parameters_.link_cycles());
    if (starved && waiting() > 0) {
        sleep_until(std::max(phase.times->first + parameters_.link_cycles(),
                             next_slot_ / parameters_.injection_packets_per_cycle));
    }
    return tlm::TLM_ACCEPTED;
}

void train_sender::reset() {
    for (auto& q : queues_) {
        q.clear();
    }
    next_index_ = {};
    credits_.reset();
    next_slot_ = 0;
    classes_.reset();
    length_.reset();
}

train_receiver::train_receiver(const sc_core::sc_module_name& name, const noc_parameters& parameters,
                               timing::event_queue& events, std::function<void(burst&, const packet_times&)> take)
    : sc_module(name), link_cycles_(parameters.link_cycles()), events_(events), take_(std::move(take)) {
    in.bind(*this);
}

void train_receiver::b_transport(burst& b, sc_core::sc_time& delay) {
    packet_times times = b.times;
    times.first = events_.now() + events_.clock().cycles(delay);
    take_(b, times);
}

tlm::tlm_sync_enum train_receiver::nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) {
    packet_times times = *phase.times;
    times.first += link_cycles_;
    take_(b, times);
    link_phase back{link_phase::kind::credit, phase.channel, phase.index, phase.times};
    in->nb_transport_bw(b, back, delay);
    return tlm::TLM_ACCEPTED;
}

}  // namespace d1::noc
