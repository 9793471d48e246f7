// How a network interface sends and takes packets at `ca`.

#include "models/noc/network_interface_cycles.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace d1::noc {

network_interface::cycle_level::cycle_level(network_interface& owner)
    : clocked_block(owner.my_.events),
      owner_(owner),
      events_(owner.my_.events),
      buffers_(message_class_count * owner.noc_.channels_per_class, owner.noc_.buffer_depth, 1),
      credits_(message_class_count * owner.noc_.channels_per_class, owner.noc_.buffer_depth, 1,
               owner.noc_.link_cycles()) {}

network_interface::cycle_level::~cycle_level() {
    reset();
}

void network_interface::cycle_level::packet_arrives(burst& b, const link_phase& phase) {
    intrusive_ptr_add_ref(&b);
    const auto since = static_cast<std::uint32_t>(events_.now() + owner_.noc_.link_cycles());
    buffers_.put(0, phase.channel, {.carrier = &b, .since = since, .index = phase.index});
    events_.activate(*this);
}

void network_interface::cycle_level::credit_arrives(const link_phase& phase) {
    credits_.put(0, phase.channel, events_.now());
}

void network_interface::cycle_level::burst_answered() {
    ++answered_;
    events_.activate(*this);
}

void network_interface::cycle_level::reply_becomes_answer() noexcept {
    --owed(message_class::data);
    ++owed(message_class::response);
}

void network_interface::cycle_level::evaluate() {
    credits_.advance(events_.now());
    if (std::exchange(writes_first_, false)) {
        take_packets();
        inject();
        writes_first_ = false;
    } else {
        inject();
        take_packets();
    }
}

void network_interface::cycle_level::inject() {
    const timing::cycle now = events_.now();
    reads_left_ = owner_.read_ports_;
    for (departure& d : departures_) {
        read_lines(d);
    }
    for (std::uint32_t n = 0; n < owner_.noc_.injection_packets_per_cycle; ++n) {
        const std::uint32_t ready = ready_classes(now);
        if (ready == 0) {
            break;
        }
        const std::uint32_t chosen =
            classes_.pick(arbitration_kind::round_robin, ready, [](std::uint32_t) { return 0; });
        classes_.served(chosen);
        send(static_cast<message_class>(chosen), now);
    }
}

void network_interface::cycle_level::take_packets() {
    std::uint32_t lines_left = owner_.write_ports_;
    for (std::uint32_t asked = buffers_.occupied(0); asked != 0;) {
        const std::uint32_t channel =
            taken_.pick(arbitration_kind::round_robin, asked, [](std::uint32_t) { return 0; });
        const buffered_packet& packet = buffers_.front(0, channel);
        const burst& b = *packet.carrier;
        if (!is_there(packet, events_.now()) || !may_take(b, lines_left) || !takes_bank(b, packet.index)) {
            asked &= ~(1U << channel);
            continue;
        }
        lines_left -= b.carries_data() ? 1U : 0U;
        taken_.served(channel);
        take(channel);
        asked &= buffers_.occupied(0);
    }
}

// ---------------------------------------------------------------------------------------------------- injection

std::uint32_t network_interface::cycle_level::ready_classes(timing::cycle now) {
    std::uint32_t ready = 0;
    for (std::uint32_t c = 0; c < message_class_count; ++c) {
        departure& d = departures_[c];
        if (!d.carrier && owner_.is_ready(static_cast<message_class>(c), now)) {
            begin(static_cast<message_class>(c), now);
        }
        if (d.carrier && d.lines == 0 && credits_.left(0, d.channel) > 0) {
            ready |= 1U << c;
        }
    }
    return ready;
}

void network_interface::cycle_level::begin(message_class c, timing::cycle now) {
    burst_ptr b = owner_.next_burst(c, now);
    if (owner_.is_to_be_fetched(*b)) {
        owner_.fetch(c, std::move(b));
        return;
    }
    const std::uint32_t packets = b->carries_data() ? b->piece.packets : 1;
    b->times = packet_times::back_to_back(now, packets);
    b->hops = 0;
    b->taken = 0;
    if (b->kind == burst_kind::pull_data || c == message_class::response) {
        --owed(c);
    }
    departure& d = departures_[static_cast<std::size_t>(c)];
    d.channel = owner_.my_.ways.channel(*b, owner_.noc_.channels_per_class);
    d.carrier = std::move(b);
    d.next = 0;
    want_lines(d);
    owner_.retire_engines();
}

void network_interface::cycle_level::want_lines(departure& d) {
    if (d.carrier->carries_data()) {
        d.lines = 1 + (d.carrier->piece.double_reads >> d.next & 1U);
        read_lines(d);
    }
}

/// Reads lines of the next packet, the last one first, as far as there are slots of the port and banks.
void network_interface::cycle_level::read_lines(departure& d) {
    for (; d.lines != 0 && reads_left_ != 0; --d.lines, --reads_left_) {
        if (owner_.banks_ != nullptr) {
            const std::int64_t address =
                d.carrier->piece.packet(d.next).source + std::int64_t{packet_bytes} * (d.lines - 1);
            if (!owner_.banks_->mesh_access(false, static_cast<std::uint32_t>(address))) {
                return;
            }
        }
    }
}

void network_interface::cycle_level::send(message_class c, timing::cycle now) {
    departure& d = departures_[static_cast<std::size_t>(c)];
    burst& b = *d.carrier;
    if (d.next == 0) {
        b.times.first = now;
        b.entered = now;
        ++owner_.count_.bursts_sent;
        if (b.carries_data()) {
            owner_.injected(b);
        }
    }
    ++owner_.count_.packets_sent;
    credits_.spend(0, d.channel);
    link_phase phase{link_phase::kind::packet, static_cast<std::uint8_t>(d.channel), static_cast<std::uint8_t>(d.next)};
    sc_core::sc_time delay;
    owner_.out->nb_transport_fw(b, phase, delay);
    if (++d.next < b.times.count) {
        want_lines(d);
        return;
    }
    owner_.left(b, now);
    d.carrier = nullptr;
}

// ---------------------------------------------------------------------------------------------------- arrival

bool network_interface::cycle_level::may_take(const burst& b, std::uint32_t lines_left) const {
    const auto has_room = [this](message_class c) { return owed(c) < owner_.parameters_.reply_depth; };
    switch (b.kind) {
        case burst_kind::pull_request:
            return has_room(message_class::data);
        case burst_kind::push_data:
            return lines_left > 0 && (b.taken + 1 < b.times.count || has_room(message_class::response));
        case burst_kind::pull_data:
            return lines_left > 0;
        case burst_kind::signal:
        case burst_kind::push_answer:
        case burst_kind::error_answer:
        case burst_kind::barrier_come:
        case burst_kind::barrier_end:
            break;
    }
    return true;
}

bool network_interface::cycle_level::takes_bank(const burst& b, std::uint32_t packet) {
    if (owner_.banks_ == nullptr || !b.carries_data()) {
        return true;
    }
    const std::int64_t address = b.piece.packet(packet).destination;
    const bool taken = owner_.banks_->mesh_access(true, static_cast<std::uint32_t>(address));
    writes_first_ = writes_first_ || !taken;
    return taken;
}

void network_interface::cycle_level::take(std::uint32_t channel) {
    const buffered_packet packet = buffers_.front(0, channel);
    buffers_.pop(0, channel);
    burst& b = *packet.carrier;
    link_phase back{link_phase::kind::credit, static_cast<std::uint8_t>(channel), packet.index};
    sc_core::sc_time delay;
    owner_.in->nb_transport_bw(b, back, delay);
    if (++b.taken == b.times.count) {
        arrived(b);
    }
    intrusive_ptr_release(&b);
}

void network_interface::cycle_level::arrived(burst& b) {
    if (b.kind == burst_kind::pull_request) {
        ++owed(message_class::data);
    } else if (b.kind == burst_kind::push_data) {
        ++owed(message_class::response);
    }
    owner_.schedule_arrival(b, events_.now());
}

// ---------------------------------------------------------------------------------------------------- the cycle's end

bool network_interface::cycle_level::has_departures() const noexcept {
    return std::any_of(departures_.begin(), departures_.end(), [](const departure& d) { return d.carrier != nullptr; });
}

bool network_interface::cycle_level::commit() {
    owner_.outstanding_ -= std::exchange(answered_, 0);
    if (!buffers_.empty() || has_departures()) {
        return true;
    }
    const timing::cycle ready = owner_.next_ready(~0U);
    if (ready <= events_.now() + 1) {
        return true;
    }
    owner_.arm_injection(ready);
    return false;
}

void network_interface::cycle_level::reset() {
    departures_ = {};
    credits_.reset();
    classes_.reset();
    taken_.reset();
    owed_ = {};
    answered_ = 0;
    writes_first_ = false;
    buffers_.release_all();
}

}  // namespace d1::noc
