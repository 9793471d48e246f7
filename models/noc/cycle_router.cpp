#include "models/noc/cycle_router.hpp"

#include <algorithm>
#include <cassert>
#include <string>

namespace d1::noc {

namespace {
/// Counts down from the packets that a side may send in a cycle; injection and links into a router are limited by
/// whoever sends.
std::uint32_t rate_of(std::uint32_t side, const noc_parameters& p) {
    return side == to_number(port::local) ? p.ejection_packets_per_cycle : p.link_packets_per_cycle;
}
}  // namespace

cycle_router::cycle_router(const std::uint16_t* routes, const noc_parameters& parameters, timing::event_queue& events)
    : routes_(routes),
      parameters_(parameters),
      channels_(message_class_count * parameters.channels_per_class),
      rounds_(std::max(parameters.link_packets_per_cycle, parameters.ejection_packets_per_cycle)),
      events_(events),
      buffers_(channels_, parameters.buffer_depth) {
    const std::uint32_t fastest = std::max(rounds_, parameters.injection_packets_per_cycle);
    sides_.reserve(port_count);
    for (std::uint32_t i = 0; i < port_count; ++i) {
        sides_.emplace_back(fastest * (parameters.hop_cycles + 1));
        sides_[i].rate = rate_of(i, parameters);
        sides_[i].credits.fill(static_cast<std::uint8_t>(parameters.buffer_depth));
    }
}

cycle_router::~cycle_router() {
    release_all();
}

void cycle_router::connect(port p, forward_interface* forward, backward_interface* backward,
                           const link_counts& counts) {
    sides_[to_number(p)].forward = forward;
    sides_[to_number(p)].backward = backward;
    sides_[to_number(p)].counts = counts;
}

void cycle_router::packet_arrives(port from, burst& b, const link_phase& phase) {
    intrusive_ptr_add_ref(&b);
    sides_[to_number(from)].arrivals.put({&b, phase.index, phase.channel}, events_.now() + parameters_.hop_cycles);
    events_.activate(*this);
}

void cycle_router::credit_arrives(port to, const link_phase& phase) {
    sides_[to_number(to)].credits_back.put(phase.channel, events_.now() + parameters_.hop_cycles);
    events_.activate(*this);
}

void cycle_router::evaluate() {
    for (std::uint32_t round = 0; round < rounds_ && buffers_.occupied_ports() != 0; ++round) {
        if (!allocate(round)) {
            return;
        }
    }
}

std::uint32_t cycle_router::ready_channels(std::uint32_t input, std::uint32_t round) const {
    std::uint32_t ready = 0;
    for (std::uint32_t left = buffers_.occupied(input); left != 0; left &= left - 1) {
        const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
        const side& output = sides_[buffers_.front(input, channel).output];
        if (output.credits[channel] > 0 && round < output.rate) {
            ready |= 1U << channel;
        }
    }
    return ready;
}

bool cycle_router::allocate(std::uint32_t round) {
    std::array<std::uint8_t, port_count> named;  // NOLINT(cppcoreguidelines-pro-type-member-init): read where written
    std::array<std::uint8_t, port_count> requests{};
    std::uint32_t wanted = 0;
    const auto age = [&](std::uint32_t input, std::uint32_t channel) {
        return buffers_.front(input, channel).carrier->times.first;
    };
    for (std::uint32_t left = buffers_.occupied_ports(); left != 0; left &= left - 1) {
        const auto input = static_cast<std::uint32_t>(std::countr_zero(left));
        const std::uint32_t ready = ready_channels(input, round);
        if (ready == 0) {
            continue;
        }
        const std::uint32_t channel =
            sides_[input].channels.pick(parameters_.arbitration, ready, [&](std::uint32_t c) { return age(input, c); });
        const std::uint32_t output = buffers_.front(input, channel).output;
        named[input] = static_cast<std::uint8_t>(channel);
        requests[output] = static_cast<std::uint8_t>(requests[output] | 1U << input);
        wanted |= 1U << output;
    }
    for (std::uint32_t left = wanted; left != 0; left &= left - 1) {
        const auto output = static_cast<std::uint32_t>(std::countr_zero(left));
        const std::uint32_t input = sides_[output].inputs.pick(parameters_.arbitration, requests[output],
                                                               [&](std::uint32_t i) { return age(i, named[i]); });
        sides_[output].inputs.served(input);
        sides_[input].channels.served(named[input]);
        send(input, named[input]);
    }
    return wanted != 0;
}

void cycle_router::send(std::uint32_t input, std::uint32_t channel) {
    const buffered_packet packet = buffers_.front(input, channel);
    buffers_.pop(input, channel);
    side& output = sides_[packet.output];
    --output.credits[channel];
    ++*output.counts.packets;
    *output.counts.waited += events_.now() - packet.since;
    burst& b = *packet.carrier;
    sc_core::sc_time delay;
    link_phase forward{link_phase::kind::packet, static_cast<std::uint8_t>(channel), packet.index};
    output.forward->nb_transport_fw(b, forward, delay);
    link_phase back{link_phase::kind::credit, static_cast<std::uint8_t>(channel), packet.index};
    sides_[input].backward->nb_transport_bw(b, back, delay);
    intrusive_ptr_release(&b);
}

bool cycle_router::commit() {
    const timing::cycle next = events_.now() + 1;
    bool waits = false;
    for (std::uint32_t i = 0; i < port_count; ++i) {
        side& s = sides_[i];
        while (const arrival* const a = s.arrivals.take(next)) {
            const std::uint32_t route = routes_[to_number(a->carrier->destination)];
            const auto output = static_cast<std::uint8_t>(route >> (3 * i) & 7U);
            a->carrier->hops += a->index == 0 && i != to_number(port::local) ? 1U : 0U;
            buffers_.push(i, a->channel, {a->carrier, next, a->index, output});
        }
        while (const std::uint8_t* const channel = s.credits_back.take(next)) {
            ++s.credits[*channel];
            assert(s.credits[*channel] <= parameters_.buffer_depth);
        }
        waits = waits || !s.arrivals.empty() || !s.credits_back.empty();
    }
    return waits || buffers_.occupied_ports() != 0;
}

std::vector<std::string> cycle_router::waiting(const grid& places) const {
    constexpr std::array<const char*, port_count> ports{"west", "east", "north", "south", "local"};
    constexpr std::array<const char*, message_class_count> classes{"request low", "request high", "data", "response"};
    const auto place = [&](node_index n) {
        const coordinate c = places.at(n);
        return "node[" + std::to_string(c.x) + "," + std::to_string(c.y) + "]";
    };
    std::vector<std::string> all;
    for (std::uint32_t input = 0; input < port_count; ++input) {
        for (std::uint32_t left = buffers_.occupied(input); left != 0; left &= left - 1) {
            const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
            const buffered_packet& first = buffers_.front(input, channel);
            all.push_back(
                std::string(ports[input]) + " buffer of channel " + std::to_string(channel) + " (" +
                classes[channel / parameters_.channels_per_class] + ") holds " +
                std::to_string(buffers_.size(input, channel)) + " packets, the first from " +
                place(first.carrier->source) + " to " + place(first.carrier->destination) + ", for " +
                ports[first.output] +
                (sides_[first.output].credits[channel] == 0 ? ", where no credit is left" : ", which serves others"));
        }
    }
    return all;
}

void cycle_router::release_all() {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        sides_[i].arrivals.drain([](const arrival& a) { intrusive_ptr_release(a.carrier); });
        sides_[i].credits_back.drain([](std::uint8_t) {});
        for (std::uint32_t c = 0; c < channels_; ++c) {
            while (buffers_.size(i, c) > 0) {
                intrusive_ptr_release(buffers_.front(i, c).carrier);
                buffers_.pop(i, c);
            }
        }
    }
}

void cycle_router::reset() {
    release_all();
    for (side& s : sides_) {
        s.credits.fill(static_cast<std::uint8_t>(parameters_.buffer_depth));
        s.inputs.reset();
        s.channels.reset();
    }
}

}  // namespace d1::noc
