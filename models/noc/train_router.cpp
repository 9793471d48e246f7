#include "models/noc/train_router.hpp"

#include <algorithm>

#include "models/noc/sleeper_ranks.hpp"

namespace d1::noc {

namespace {
/// How far ahead of the first one the last packet of a train may leave; a longer one is cut.
constexpr timing::cycle longest_span = 48;
static_assert(longest_span <= slot_window::reach);

/// Packets that leave a side in a cycle.
std::uint32_t rate_of(std::uint32_t side, const noc_parameters& p) {
    return side == to_number(port::local) ? p.ejection_packets_per_cycle : p.link_packets_per_cycle;
}
}  // namespace

train_router::side::side(std::uint32_t rate) : slots(rate), step(rate == 1 ? 1 : 0) {}

train_router::train_router(node_index here, std::span<const std::uint16_t> routes, const std::uint32_t* exits,
                           const link_errors& errors, const noc_parameters& parameters, timing::event_queue& events)
    : sleeper(events, router_rank(here)),
      routes_(routes.data()),
      exits_(exits),
      errors_(errors),
      events_(events),
      hop_cycles_(parameters.hop_cycles()),
      link_cycles_(parameters.link_cycles()),
      arbitration_(parameters.arbitration),
      rounds_(std::max(parameters.link_packets_per_cycle, parameters.ejection_packets_per_cycle)),
      choice_(parameters.buffer_depth),
      buffers_(std::size_t{port_count} * message_class_count * parameters.channels_per_class),
      credits_(port_count * message_class_count * parameters.channels_per_class, parameters.buffer_depth) {
    sides_.reserve(port_count);
    for (std::uint32_t i = 0; i < port_count; ++i) {
        sides_.emplace_back(rate_of(i, parameters));
    }
}

train_router::~train_router() {
    release_all();
}

void train_router::connect(port p, forward_interface* forward, backward_interface* backward, link_counts& counts) {
    side& s = sides_[to_number(p)];
    s.forward = forward;
    s.backward = backward;
    s.counts = &counts;
}

// ---------------------------------------------------------------------------------------------------- what comes in

void train_router::train_arrives(port from, burst& b, const link_phase& phase, timing::cycle late) {
    const std::uint32_t input = to_number(from);
    packet_times arrivals = *phase.times;
    arrivals.first += hop_cycles_ + late;
    b.hops += phase.index == 0 && from != port::local ? 1U : 0U;
    const bool is_first = at(input, phase.channel).head == none;
    append(input, phase.channel, b, phase.index, arrivals);
    if (is_first) {
        sleep_until(at(input, phase.channel).ready);
    }
}

void train_router::append(std::uint32_t input, std::uint32_t channel, burst& b, std::uint8_t index,
                          const packet_times& arrivals) {
    buffer& queue = at(input, channel);
    if (queue.tail != none) {
        train& last = trains_[queue.tail];
        if (last.carrier == &b && last.index + last.arrivals.count == index &&
            arrivals.first - last.arrivals.first < 0x8000 &&
            last.arrivals.count + arrivals.count <= packet_times::capacity) {
            for (std::uint32_t i = 0; i < arrivals.count; ++i) {
                last.arrivals.append(arrivals.first + arrivals.offset[i]);
            }
            return;
        }
    }
    if (free_ == none) {
        free_ = static_cast<std::uint16_t>(trains_.size());
        trains_.emplace_back();
    }
    const std::uint16_t number = free_;
    train& t = trains_[number];
    free_ = t.next;
    intrusive_ptr_add_ref(&b);
    t.carrier = &b;
    t.arrivals = arrivals;
    t.next = none;
    t.index = index;
    t.gone = 0;
    t.is_lone = b.is_lone();
    t.output = static_cast<std::uint8_t>(
        std::uint32_t{routes_[b.table_offset + to_number(b.destination)]} >> (3 * input) & 7U);
    if (queue.tail == none) {
        queue.head = number;
        expose(queue);
        sides_[input].occupied = static_cast<std::uint16_t>(sides_[input].occupied | 1U << channel);
        occupied_ports_ |= 1U << input;
    } else {
        trains_[queue.tail].next = number;
    }
    queue.tail = number;
}

/// The buffer's first packet has changed.
void train_router::expose(buffer& queue) {
    const train& t = trains_[queue.head];
    queue.output = t.output;
    queue.is_lone = t.is_lone;
    queue.ready = std::max(queue.ready, t.arrivals.first + t.arrivals.offset[t.gone]);
}

void train_router::pop(std::uint32_t input, std::uint32_t channel) {
    buffer& queue = at(input, channel);
    const std::uint16_t number = queue.head;
    train& t = trains_[number];
    queue.head = t.next;
    t.next = free_;
    free_ = number;
    if (queue.head == none) {
        queue.tail = none;
        side& s = sides_[input];
        s.occupied = static_cast<std::uint16_t>(s.occupied & ~(1U << channel));
        if (s.occupied == 0) {
            occupied_ports_ &= ~(1U << input);
        }
    }
    intrusive_ptr_release(t.carrier);
}

void train_router::credits_arrive(port to, const link_phase& phase, timing::cycle late) {
    side& s = sides_[to_number(to)];
    credits_.give(place(to_number(to), phase.channel), *phase.times, link_cycles_ + late);
    if ((std::uint32_t{s.starved} >> phase.channel & 1U) != 0) {
        s.starved = static_cast<std::uint16_t>(s.starved & ~(1U << phase.channel));
        sleep_until(phase.times->first + link_cycles_ + late);
    }
}

// ---------------------------------------------------------------------------------------------------- what goes out

void train_router::wake() {
    const timing::cycle now = events_.now();
    timing::cycle next = now;
    for (std::uint32_t round = 0; round < rounds_ && next == now; ++round) {
        next = allocate();
    }
    if (next != never) {
        sleep_until(std::max(next, now + 1));
    }
}

/// The first cycle from now on in which the first packet of a buffer could leave; never if that takes a credit of which
/// nothing is known yet.
timing::cycle train_router::departure(std::uint32_t input, std::uint32_t channel) {
    if (exits_ != nullptr) {
        choose_output(input, channel);
    }
    const buffer& queue = at(input, channel);
    side& output = sides_[queue.output];
    const std::uint32_t line = place(queue.output, channel);
    timing::cycle credit = credits_.next(line);
    if (exits_ != nullptr && credit != never) {
        const std::uint32_t needs = choice_.to_leave(input);
        credit = credits_.known(line) < needs ? never : credits_.free_from(line, needs - 1);
    }
    if (credit == never) {
        output.starved = static_cast<std::uint16_t>(output.starved | 1U << channel);
        return never;
    }
    const timing::cycle now = events_.now();
    if (errors_.possible()) {
        return output.slots.first_free(std::max({now, queue.ready, credit, output.sending_again_until}), now);
    }
    const timing::cycle wanted = std::max({now, queue.ready, credit});
    const timing::cycle free = output.slots.first_free(wanted, now);
    return queue.is_lone ? std::min(free, std::max(wanted, output.next_lone)) : free;
}

/// As at ca the output that an adaptive policy prefers, or where few of its credits are known that with the most. Where
/// there are too few, whichever gets one first wakes the router.
void train_router::choose_output(std::uint32_t input, std::uint32_t channel) {
    buffer& queue = at(input, channel);
    const packed_exits exits(exits_[to_number(trains_[queue.head].carrier->destination)]);
    const std::uint32_t allowed = exits.allowed(input);
    if (allowed == 0) {
        return;  // it is there
    }
    const auto known = [&](std::uint32_t output) { return credits_.known(place(output, channel)); };
    queue.output = static_cast<std::uint8_t>(choice_.output(exits, input, known));
    if (known(queue.output) < choice_.to_leave(input)) {
        for (std::uint32_t left = allowed; left != 0; left &= left - 1) {
            side& output = sides_[static_cast<std::size_t>(std::countr_zero(left))];
            output.starved = static_cast<std::uint16_t>(output.starved | 1U << channel);
        }
    }
}

/// Whether the first packet of a buffer, whose turn it is, has to be sent again first; its link serves nobody else
/// meanwhile.
bool train_router::is_corrupted(std::uint32_t input, std::uint32_t channel) {
    buffer& queue = at(input, channel);
    if (queue.sent_without_fault || queue.output == to_number(port::local)) {
        return false;
    }
    const train& t = trains_[queue.head];
    const link_errors::outcome o =
        errors_.of(*t.carrier, std::uint32_t{t.index} + t.gone, static_cast<port>(queue.output));
    if (o.refused) {
        t.carrier->status = burst_status::corrupted;
    }
    sides_[queue.output].counts->resent += o.resent;
    sides_[queue.output].sending_again_until = events_.now() + o.cycles;
    queue.sent_without_fault = true;
    return o.cycles != 0;
}

/// Lets a train leave for each output that one is ready for. Returns the first cycle in which another may be.
timing::cycle train_router::allocate() {
    const timing::cycle now = events_.now();
    std::array<std::uint8_t, port_count> named;  // NOLINT(cppcoreguidelines-pro-type-member-init): read where written
    std::array<std::uint8_t, port_count> requests{};
    std::uint32_t wanted = 0;     // outputs that a train is ready for
    std::uint32_t contended = 0;  // and those that several are ready for
    timing::cycle next = never;
    const auto age = [&](std::uint32_t input, std::uint32_t channel) {
        return trains_[at(input, channel).head].carrier->times.first;
    };
    for (std::uint32_t ports = occupied_ports_; ports != 0; ports &= ports - 1) {
        const auto input = static_cast<std::uint32_t>(std::countr_zero(ports));
        std::uint32_t ready = 0;
        for (std::uint32_t left = sides_[input].occupied; left != 0; left &= left - 1) {
            const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
            const timing::cycle leaves = departure(input, channel);
            if (leaves == now) {
                ready |= 1U << channel;
                const buffer& queue = at(input, channel);
                if (!queue.is_lone) {
                    contended |= wanted & 1U << queue.output;
                    wanted |= 1U << queue.output;
                }
            } else {
                next = std::min(next, leaves);
            }
        }
        if (ready != 0) {
            const std::uint32_t channel =
                sides_[input].channels.pick(arbitration_, ready, [&](std::uint32_t c) { return age(input, c); });
            const std::uint32_t output = at(input, channel).output;
            next = (ready & (ready - 1)) != 0 ? now : next;
            named[input] = static_cast<std::uint8_t>(channel);
            requests[output] = static_cast<std::uint8_t>(requests[output] | 1U << input);
        }
    }
    for (std::uint32_t output = 0; output < port_count; ++output) {
        if (requests[output] != 0) {
            const std::uint32_t input = sides_[output].inputs.pick(arbitration_, requests[output],
                                                                   [&](std::uint32_t i) { return age(i, named[i]); });
            if (errors_.possible() && is_corrupted(input, named[input])) {
                next = std::min(next, departure(input, named[input]));
                continue;
            }
            sides_[output].inputs.served(input);
            sides_[input].channels.served(named[input]);
            std::uint32_t limit = 1;
            if (!errors_.possible() && !at(input, named[input]).is_lone) {
                limit = sides_[output].length.next(place(input, named[input]), (contended >> output & 1U) != 0, now);
            }
            send(input, named[input], limit);
            next = (requests[output] & (requests[output] - 1)) != 0 ? now : next;
            if (at(input, named[input]).head != none) {
                next = std::min(next, departure(input, named[input]));
            }
        }
    }
    return next;
}

/// Takes the slots of a train of at most `limit` packets, the first of which leaves now, and says when each does.
void train_router::plan(const train& t, side& output, std::uint32_t line, std::uint32_t limit, packet_times& times) {
    const timing::cycle now = events_.now();
    const std::uint32_t most = std::min({t.arrivals.count - std::uint32_t{t.gone}, credits_.known(line), limit});
    if (t.arrivals.first == now && most == t.arrivals.count && credits_.free_from(line, most - 1) <= now &&
        output.slots.take_as_wanted(t.arrivals, now)) {
        times = t.arrivals;
        return;
    }
    timing::cycle leaves = now;
    if (t.is_lone) {
        output.slots.take(output.slots.first_free(now, now), now);
        output.counts->waited += now - t.arrivals.first;
        times.append(now);
        return;
    }
    for (std::uint32_t i = 0; leaves - now < longest_span;) {
        output.slots.take(leaves, now);
        times.append(leaves);
        const timing::cycle arrival = t.arrivals.first + t.arrivals.offset[t.gone + i];
        output.counts->waited += leaves - arrival;
        if (++i == most) {
            break;
        }
        const timing::cycle next_arrival = t.arrivals.first + t.arrivals.offset[t.gone + i];
        leaves =
            output.slots.first_free(std::max({leaves + output.step, next_arrival, credits_.free_from(line, i)}), now);
    }
}

void train_router::send(std::uint32_t input, std::uint32_t channel, std::uint32_t limit) {
    buffer& queue = at(input, channel);
    train& t = trains_[queue.head];
    side& output = sides_[queue.output];
    const std::uint32_t line = place(queue.output, channel);
    packet_times times = packet_times::none();
    plan(t, output, line, limit, times);
    credits_.take(line, times.count);
    output.next_lone = t.is_lone ? times.first + 2 : output.next_lone;
    output.counts->packets += times.count;
    queue.ready = times.last() + output.step;
    queue.sent_without_fault = false;
    const auto index = static_cast<std::uint8_t>(t.index + t.gone);
    const burst_ptr b(t.carrier);
    t.gone = static_cast<std::uint8_t>(t.gone + times.count);
    if (t.gone == t.arrivals.count) {
        pop(input, channel);
    }
    if (queue.head != none) {
        expose(queue);
    }
    sc_core::sc_time delay;
    link_phase forward{link_phase::kind::packet, static_cast<std::uint8_t>(channel), index, &times};
    output.forward->nb_transport_fw(*b, forward, delay);
    link_phase back{link_phase::kind::credit, static_cast<std::uint8_t>(channel), index, &times};
    sides_[input].backward->nb_transport_bw(*b, back, delay);
}

// ---------------------------------------------------------------------------------------------------- the rest

std::vector<buffer_wait> train_router::waits() const {
    std::vector<buffer_wait> all;
    for (std::uint32_t input = 0; input < port_count; ++input) {
        for (std::uint32_t left = sides_[input].occupied; left != 0; left &= left - 1) {
            const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
            const buffer& queue = buffers_[place(input, channel)];
            const train& first = trains_[queue.head];
            std::uint32_t packets = 0;
            for (std::uint16_t t = queue.head; t != none; t = trains_[t].next) {
                packets += trains_[t].arrivals.count - std::uint32_t{trains_[t].gone};
            }
            all.push_back({.input = static_cast<port>(input),
                           .channel = channel,
                           .channel_class = first.carrier->channel_class,
                           .packets = packets,
                           .source = first.carrier->source,
                           .destination = first.carrier->destination,
                           .output = static_cast<port>(queue.output),
                           .no_credit = credits_.known(place(queue.output, channel)) == 0});
        }
    }
    return all;
}

void train_router::release_all() {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        while (sides_[i].occupied != 0) {
            pop(i, static_cast<std::uint32_t>(std::countr_zero(sides_[i].occupied)));
        }
    }
}

void train_router::reset() {
    release_all();
    trains_.clear();
    free_ = none;
    std::fill(buffers_.begin(), buffers_.end(), buffer{});
    credits_.reset();
    for (side& s : sides_) {
        s.slots.reset();
        s.length.reset();
        s.inputs.reset();
        s.channels.reset();
        s.starved = 0;
        s.next_lone = 0;
        s.sending_again_until = 0;
    }
}

}  // namespace d1::noc
