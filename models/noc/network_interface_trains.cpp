// How a network interface sends and takes trains of packets at `at`.

#include "models/noc/network_interface_trains.hpp"

#include <algorithm>
#include <utility>

#include "models/noc/network_interface_cycles.hpp"

namespace d1::noc {

namespace {
/// Slots of the write port lie no further ahead: every place of every channel's buffer is taken before.
std::uint32_t reach_of(const noc_parameters& p) {
    return 1024 + message_class_count * p.channels_per_class * p.buffer_depth;
}
/// The cycle of a slot of which there are `rate` a cycle; without a division in the usual case.
timing::cycle cycle_of(std::uint64_t slot, std::uint32_t rate) {
    return rate == 1 ? slot : slot / rate;
}
}  // namespace

network_interface::train_level::train_level(network_interface& owner)
    : owner_(owner),
      events_(owner.my_.events),
      credits_(message_class_count * owner.noc_.channels_per_class, owner.noc_.buffer_depth),
      held_(std::size_t{message_class_count} * owner.noc_.channels_per_class),
      write_port_(owner.write_ports_, reach_of(owner.noc_)) {}

tlm::tlm_sync_enum network_interface::net_face::nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) {
    switch (owner_.my_.timing) {
        case timing_kind::lt:
            return link_target::nb_transport_fw(b, phase, delay);
        case timing_kind::at:
            owner_.trains_->train_arrives(b, phase, owner_.my_.events.clock().cycles(delay));
            break;
        case timing_kind::ca:
            owner_.cycles_->packet_arrives(b, phase);
            break;
    }
    return tlm::TLM_ACCEPTED;
}

tlm::tlm_sync_enum network_interface::net_face::nb_transport_bw(burst&, link_phase& phase, sc_core::sc_time& delay) {
    if (owner_.my_.timing == timing_kind::at) {
        owner_.trains_->credits_arrive(phase, owner_.my_.events.clock().cycles(delay));
    } else {
        owner_.cycles_->credit_arrives(phase);
    }
    return tlm::TLM_ACCEPTED;
}

// ---------------------------------------------------------------------------------------------------- injection

/// When the next packet of a burst could leave; no_cycle if nothing is known yet of a credit for it.
timing::cycle network_interface::train_level::departure(const leaving_burst& d) const {
    const timing::cycle link = d.carrier->is_lone() ? link_free() : owner_.port_free_;
    return std::max({events_.now(), d.ready, credits_.next(d.channel), link});
}

timing::cycle network_interface::train_level::next_departure() const {
    std::uint32_t idle = 0;
    timing::cycle next = no_cycle;
    for (std::uint32_t c = 0; c < message_class_count; ++c) {
        if (departures_[c].carrier) {
            next = std::min(next, departure(departures_[c]));
        } else if (departures_[c].gone > events_.now()) {
            next = std::min(next, departures_[c].gone);
        } else {
            idle |= 1U << c;
        }
    }
    return std::min(next, owner_.next_ready(idle));
}

void network_interface::train_level::go_on() {
    const timing::cycle now = events_.now();
    for (bool more = true; more;) {
        std::uint32_t ready = 0;
        bool begun = false;
        for (std::uint32_t c = 0; c < message_class_count; ++c) {
            if (!departures_[c].carrier && departures_[c].gone <= now &&
                owner_.is_ready(static_cast<message_class>(c), now)) {
                begin(static_cast<message_class>(c));
                begun = true;
            }
            if (departures_[c].carrier && departure(departures_[c]) == now) {
                ready |= 1U << c;
            }
        }
        if (ready != 0) {
            const std::uint32_t chosen =
                classes_.pick(arbitration_kind::round_robin, ready, [](std::uint32_t) { return 0; });
            classes_.served(chosen);
            send(static_cast<message_class>(chosen));
        }
        // What has begun may let another class begin in the same cycle; what has left, no more than the link has room
        // for.
        more = ready != 0 && (begun || owner_.port_free_ <= now);
    }
    const timing::cycle next = next_departure();
    if (next != no_cycle) {
        owner_.arm_injection(std::max(next, now + 1));
    }
}

void network_interface::train_level::begin(message_class c) {
    burst_ptr b = owner_.next_burst(c, events_.now());
    if (owner_.is_to_be_fetched(*b)) {
        owner_.fetch(c, std::move(b));
        return;
    }
    const std::uint32_t packets = b->carries_data() ? b->piece.packets : 1;
    b->times = packet_times::back_to_back(events_.now(), packets);
    b->hops = 0;
    b->taken = 0;
    b->latest = 0;
    const bool frees_a_place = b->kind == burst_kind::pull_data || c == message_class::response;
    leaving_burst& d = departures_[static_cast<std::size_t>(c)];
    d.channel = owner_.my_.ways.channel(*b, owner_.noc_.channels_per_class);
    d.carrier = std::move(b);
    d.next = 0;
    read_line(d, events_.now());
    owner_.retire_engines();
    if (frees_a_place) {
        --owed(c);
        take_held();
    }
}

void network_interface::train_level::read_line(leaving_burst& d, timing::cycle at) {
    d.ready = at;
    if (d.carrier->carries_data()) {
        const std::uint32_t ports = owner_.read_ports_;
        std::uint64_t& line = owner_.next_line_;
        line = std::max(line, at * ports) + 1 + (d.carrier->piece.double_reads >> d.next & 1U);
        d.ready = cycle_of(line - 1, ports);
    }
}

void network_interface::train_level::send(message_class c) {
    leaving_burst& d = departures_[static_cast<std::size_t>(c)];
    const burst_ptr b = d.carrier;
    const timing::cycle now = events_.now();
    if (d.next == 0) {
        b->times.first = now;
        b->entered = now;
        ++owner_.count_.bursts_sent;
        if (b->carries_data()) {
            owner_.injected(*b);
        }
    }
    const std::uint32_t rate = owner_.noc_.injection_packets_per_cycle;
    const std::uint32_t first = d.next;
    const std::uint32_t most = std::min(b->times.count - first, credits_.known(d.channel));
    packet_times times = packet_times::none();
    std::uint64_t& slot = owner_.next_slot_;
    if (b->is_lone()) {
        slot = std::max(slot, now * rate) + 1;
        times.append(now);
        ++d.next;
        next_lone_ = now + 2;
    }
    for (std::uint32_t i = times.count; i < most; ++i) {
        slot = std::max({slot, d.ready * rate, std::max(now, credits_.free_from(d.channel, i)) * rate});
        times.append(cycle_of(slot, rate));
        ++slot;
        if (++d.next < b->times.count) {
            read_line(d, times.last());
        }
    }
    credits_.take(d.channel, most);
    next_lone_ = std::max(next_lone_, now + 1);
    owner_.port_free_ = cycle_of(slot, rate);
    owner_.count_.packets_sent += most;
    if (d.next == b->times.count) {
        d.carrier = nullptr;
        d.gone = times.last() + (rate == 1 ? 1 : 0);
        owner_.left(*b, times.last());
    }
    link_phase phase{link_phase::kind::packet, static_cast<std::uint8_t>(d.channel), static_cast<std::uint8_t>(first),
                     &times};
    sc_core::sc_time delay;
    owner_.out->nb_transport_fw(*b, phase, delay);
}

void network_interface::train_level::credits_arrive(const link_phase& phase, timing::cycle late) {
    const bool starved = credits_.known(phase.channel) == 0;
    credits_.give(phase.channel, *phase.times, owner_.noc_.link_cycles() + late);
    const leaving_burst& d = departures_[phase.channel / owner_.noc_.channels_per_class];
    if (starved && d.carrier && d.channel == phase.channel) {
        owner_.arm_injection(std::max(departure(d), events_.now() + 1));
    }
}

void network_interface::train_level::reply_becomes_answer() {
    --owed(message_class::data);
    ++owed(message_class::response);
    take_held();
}

// ---------------------------------------------------------------------------------------------------- arrival

void network_interface::train_level::train_arrives(burst& b, const link_phase& phase, timing::cycle late) {
    packet_times times = *phase.times;
    times.first += owner_.noc_.link_cycles() + late;
    if (held_[phase.channel].empty() && may_take(b, times.count)) {
        take(b, phase.channel, phase.index, times);
    } else {
        held_[phase.channel].push_back({burst_ptr(&b), times, phase.index});
    }
}

bool network_interface::train_level::may_take(const burst& b, std::uint32_t packets) const {
    const auto has_room = [this](message_class c) { return owed(c) < owner_.parameters_.reply_depth; };
    switch (b.kind) {
        case burst_kind::pull_request:
            return has_room(message_class::data);
        case burst_kind::push_data:
            return b.taken + packets < b.times.count || has_room(message_class::response);
        case burst_kind::pull_data:
        case burst_kind::signal:
        case burst_kind::push_answer:
        case burst_kind::error_answer:
        case burst_kind::barrier_come:
        case burst_kind::barrier_end:
            break;
    }
    return true;
}

void network_interface::train_level::take(burst& b, std::uint32_t channel, std::uint8_t index,
                                          const packet_times& arrivals) {
    packet_times times = arrivals;
    if (b.carries_data() && !write_port_.take_as_wanted(arrivals)) {
        times = packet_times::none();
        timing::cycle earliest = 0;
        for (std::uint32_t i = 0; i < arrivals.count; ++i) {
            earliest = write_port_.first_free(std::max(earliest, arrivals.first + arrivals.offset[i]));
            write_port_.take(earliest);
            times.append(earliest);
        }
    }
    b.taken += times.count;
    b.latest = std::max(b.latest, times.last());
    if (b.taken == b.times.count) {
        if (b.kind == burst_kind::pull_request) {
            ++owed(message_class::data);
        } else if (b.kind == burst_kind::push_data) {
            ++owed(message_class::response);
        }
        owner_.schedule_arrival(b, b.latest);
    }
    link_phase back{link_phase::kind::credit, static_cast<std::uint8_t>(channel), index, &times};
    sc_core::sc_time delay;
    owner_.in->nb_transport_bw(b, back, delay);
}

/// A place of reply_depth has become free: takes what has waited for it.
void network_interface::train_level::take_held() {
    const timing::cycle now = events_.now();
    for (std::uint32_t channel = 0; channel < held_.size(); ++channel) {
        auto& queue = held_[channel];
        while (!queue.empty() && may_take(*queue.front().carrier, queue.front().times.count)) {
            const held_train t = std::move(queue.front());
            queue.pop_front();
            packet_times times = packet_times::none();
            for (std::uint32_t i = 0; i < t.times.count; ++i) {
                times.append(std::max(now, t.times.first + t.times.offset[i]));
            }
            take(*t.carrier, channel, t.index, times);
        }
    }
}

void network_interface::train_level::reset() {
    departures_ = {};
    credits_.reset();
    classes_.reset();
    next_lone_ = 0;
    owed_ = {};
    for (auto& queue : held_) {
        queue.clear();
    }
    write_port_.reset();
}

}  // namespace d1::noc
