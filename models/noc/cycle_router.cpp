#include "models/noc/cycle_router.hpp"

#include <algorithm>
#include <cassert>

namespace d1::noc {

cycle_router::cycle_router(std::span<const std::uint16_t> routes, const std::uint32_t* exits, const link_errors& errors,
                           const noc_parameters& parameters, timing::event_queue& events)
    : clocked_block(events),
      events_(events),
      routes_(routes.data()),
      exits_(exits),
      any_input_(routes.size(), several),
      buffers_(message_class_count * parameters.channels_per_class, parameters.buffer_depth, port_count),
      credits_(message_class_count * parameters.channels_per_class, parameters.buffer_depth, port_count,
               parameters.link_cycles()),
      rounds_(static_cast<std::uint8_t>(
          std::max(parameters.link_packets_per_cycle, parameters.ejection_packets_per_cycle))),
      arbitration_(parameters.arbitration),
      hop_cycles_(parameters.hop_cycles()),
      rates_{parameters.link_packets_per_cycle, parameters.link_packets_per_cycle, parameters.link_packets_per_cycle,
             parameters.link_packets_per_cycle, parameters.ejection_packets_per_cycle},
      choice_(parameters.buffer_depth),
      errors_(errors) {
    // Where no packet comes in by an input, its entry says nothing.
    constexpr std::uint32_t no_port = port_count;
    for (std::size_t i = 0; i < any_input_.size(); ++i) {
        std::uint32_t common = no_port;
        for (std::uint32_t input = 0; input < port_count; ++input) {
            const std::uint32_t output = std::uint32_t{routes[i]} >> (3 * input) & 7U;
            if (output != no_port) {
                common = common == no_port || common == output ? output : several;
            }
        }
        any_input_[i] = static_cast<std::uint8_t>(common);
    }
}

cycle_router::~cycle_router() {
    buffers_.release_all();
}

void cycle_router::connect(port p, forward_interface* forward, backward_interface* backward, link_counts& counts) {
    sides_[to_number(p)].forward = forward;
    sides_[to_number(p)].backward = backward;
    sides_[to_number(p)].counts = &counts;
}

void cycle_router::packet_arrives(port from, burst& b, const link_phase& phase) {
    intrusive_ptr_add_ref(&b);
    const std::uint32_t input = to_number(from);
    b.hops += phase.index == 0 && from != port::local ? 1U : 0U;
    const auto route = static_cast<std::uint16_t>(b.table_offset + to_number(b.destination));
    __builtin_prefetch(&any_input_[route]);  // for when the packet is there
    buffers_.put(input, phase.channel,
                 {.carrier = &b,
                  .since = static_cast<std::uint32_t>(events_.now() + hop_cycles_),
                  .route = route,
                  .index = phase.index,
                  .output = not_looked_up});
    events_.activate(*this);
}

void cycle_router::credit_arrives(port to, const link_phase& phase) {
    credits_.put(to_number(to), phase.channel, events_.now());
}

void cycle_router::choose_outputs() {
    for (std::uint32_t inputs = buffers_.occupied_ports(); inputs != 0; inputs &= inputs - 1) {
        const auto input = static_cast<std::uint32_t>(std::countr_zero(inputs));
        for (std::uint32_t left = buffers_.occupied(input); left != 0; left &= left - 1) {
            const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
            buffered_packet& packet = buffers_.front(input, channel);
            const burst& b = *packet.carrier;
            const packed_exits exits(exits_[to_number(b.destination)]);
            if (exits.allowed(input) == 0) {
                packet.output = to_number(port::local);
                continue;
            }
            const auto credits = [&](std::uint32_t output) { return credits_.left(output, channel); };
            packet.output = static_cast<std::uint8_t>(choice_.output(exits, input, credits) & 7U);
        }
    }
}

void cycle_router::evaluate() {
    credits_.advance(events_.now());
    if (exits_ != nullptr) {
        choose_outputs();
    }
    // In each round an input and an output pass one packet at most, and in a cycle an output passes its rate: in
    // whichever rounds packets are named for it. Injection and links into a router are limited by whoever sends.
    std::array<std::uint32_t, port_count> left = rates_;
    std::uint32_t open = (1U << port_count) - 1;
    for (std::uint32_t round = 0; round < rounds_ && buffers_.occupied_ports() != 0; ++round) {
        const std::uint32_t wanted = allocate(open & ~sending_again());
        if (wanted == 0) {
            return;
        }
        for (std::uint32_t outputs = wanted; rounds_ > 1 && outputs != 0; outputs &= outputs - 1) {
            const auto output = static_cast<std::uint32_t>(std::countr_zero(outputs));
            open &= ~(std::uint32_t{--left[output] == 0} << output);
        }
    }
}

std::uint32_t cycle_router::sending_again() const {
    std::uint32_t outputs = 0;
    for (std::uint32_t p = 0; errors_.possible() && p < port_count; ++p) {
        outputs |= std::uint32_t{sending_again_until_[p] > events_.now()} << p;
    }
    return outputs;
}

std::uint32_t cycle_router::output_of(const buffered_packet& packet, std::uint32_t input) const {
    const std::uint32_t common = any_input_[packet.route];
    return common != several ? common : std::uint32_t{routes_[packet.route]} >> (3 * input) & 7U;
}

std::uint32_t cycle_router::ready_channels(std::uint32_t input, std::uint32_t open) {
    std::uint32_t ready = 0;
    for (std::uint32_t left = buffers_.occupied(input); left != 0; left &= left - 1) {
        const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
        buffered_packet& packet = buffers_.front(input, channel);
        if (!is_there(packet, events_.now())) {
            continue;
        }
        if (packet.output == not_looked_up) {
            packet.output = static_cast<std::uint8_t>(output_of(packet, input) & 7U);
        }
        ready |= (credits_.available(packet.output) >> channel & open >> packet.output & 1U) << channel;
    }
    return ready;
}

/// Of channels from the router's own node, those whose first packet may enter the mesh.
std::uint32_t cycle_router::with_room(std::uint32_t ready) const {
    std::uint32_t enter = 0;
    const std::uint32_t needed = choice_.to_leave(to_number(port::local));
    for (std::uint32_t left = ready; left != 0; left &= left - 1) {
        const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
        const std::uint32_t output = buffers_.front(to_number(port::local), channel).output;
        enter |= std::uint32_t{credits_.left(output, channel) >= needed} << channel;
    }
    return enter;
}

std::uint32_t cycle_router::allocate(std::uint32_t open) {
    std::array<std::uint8_t, port_count> named;  // NOLINT(cppcoreguidelines-pro-type-member-init): read where written
    std::array<std::uint8_t, 8> requests{};      // of each output: inputs; as many as fit into one register
    std::uint32_t wanted = 0;
    const auto age = [&](std::uint32_t input, std::uint32_t channel) {
        return buffers_.front(input, channel).carrier->times.first;
    };
    for (std::uint32_t left = buffers_.occupied_ports(); left != 0; left &= left - 1) {
        const auto input = static_cast<std::uint32_t>(std::countr_zero(left));
        std::uint32_t ready = ready_channels(input, open);
        if (exits_ != nullptr && input == to_number(port::local)) {
            ready = with_room(ready);
        }
        if (ready == 0) {
            continue;
        }
        const std::uint32_t channel =
            turns_[input].channels.pick(arbitration_, ready, [&](std::uint32_t c) { return age(input, c); });
        const buffered_packet& packet = buffers_.front(input, channel);
        const std::uint32_t output = packet.output;
        // What send() touches elsewhere, if this one is taken.
        __builtin_prefetch(packet.carrier, 1);
        __builtin_prefetch(sides_[output].forward);
        __builtin_prefetch(sides_[output].counts, 1);
        __builtin_prefetch(sides_[input].backward);
        named[input] = static_cast<std::uint8_t>(channel);
        requests[output] = static_cast<std::uint8_t>(requests[output] | 1U << input);
        wanted |= 1U << output;
    }
    for (std::uint32_t left = wanted; left != 0; left &= left - 1) {
        const auto output = static_cast<std::uint32_t>(std::countr_zero(left));
        const std::uint32_t input = turns_[output].inputs.pick(arbitration_, requests[output],
                                                               [&](std::uint32_t i) { return age(i, named[i]); });
        if (errors_.possible() && is_corrupted(input, named[input])) {
            continue;
        }
        turns_[output].inputs.served(input);
        turns_[input].channels.served(named[input]);
        send(input, named[input]);
    }
    return wanted;
}

bool cycle_router::is_corrupted(std::uint32_t input, std::uint32_t channel) {
    buffered_packet& packet = buffers_.front(input, channel);
    if (packet.sent_without_fault || packet.output == to_number(port::local)) {
        return false;
    }
    const link_errors::outcome o = errors_.of(*packet.carrier, packet.index, static_cast<port>(packet.output));
    if (o.refused) {
        packet.carrier->status = burst_status::corrupted;
    }
    sides_[packet.output].counts->resent += o.resent;
    sending_again_until_[packet.output] = events_.now() + o.cycles;
    packet.sent_without_fault = true;
    return o.cycles != 0;
}

void cycle_router::send(std::uint32_t input, std::uint32_t channel) {
    const buffered_packet packet = buffers_.front(input, channel);
    buffers_.pop(input, channel);
    credits_.spend(packet.output, channel);
    side& output = sides_[packet.output];
    ++output.counts->packets;
    output.counts->waited += static_cast<std::uint32_t>(events_.now()) - packet.since;
    burst& b = *packet.carrier;
    sc_core::sc_time delay;
    link_phase forward{link_phase::kind::packet, static_cast<std::uint8_t>(channel), packet.index};
    output.forward->nb_transport_fw(b, forward, delay);
    link_phase back{link_phase::kind::credit, static_cast<std::uint8_t>(channel), packet.index};
    sides_[input].backward->nb_transport_bw(b, back, delay);
    intrusive_ptr_release(&b);
}

bool cycle_router::commit() {
    return !buffers_.empty();
}

std::vector<buffer_wait> cycle_router::waits() const {
    std::vector<buffer_wait> all;
    for (std::uint32_t input = 0; input < port_count; ++input) {
        for (std::uint32_t left = buffers_.occupied(input); left != 0; left &= left - 1) {
            const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
            const buffered_packet& first = buffers_.front(input, channel);
            if (!is_there(first, events_.now())) {
                continue;
            }
            const std::uint32_t output = first.output == not_looked_up ? output_of(first, input) : first.output;
            all.push_back({.input = static_cast<port>(input),
                           .channel = channel,
                           .channel_class = first.carrier->channel_class,
                           .packets = buffers_.size(input, channel),
                           .source = first.carrier->source,
                           .destination = first.carrier->destination,
                           .output = static_cast<port>(output),
                           .no_credit = credits_.left(output, channel) == 0});
        }
    }
    return all;
}

void cycle_router::reset() {
    buffers_.release_all();
    credits_.reset();
    sending_again_until_ = {};
    turns_ = {};
}

}  // namespace d1::noc
