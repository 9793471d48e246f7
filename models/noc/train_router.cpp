#include "models/noc/train_router.hpp"

#include <algorithm>

namespace d1::noc {

namespace {
/// How far ahead of the first one the last packet of a train may leave; a longer one is cut.
constexpr timing::cycle longest_span = 48;
/// No slot lies further ahead: what is taken ends within the span, and no more packets are under way to later ones.
constexpr std::uint32_t reach = 2048;

/// Packets that leave a side in a cycle.
std::uint32_t rate_of(std::uint32_t side, const noc_parameters& p) {
    return side == to_number(port::local) ? p.ejection_packets_per_cycle : p.link_packets_per_cycle;
}
}  // namespace

train_router::side::side(std::uint32_t rate) : step(rate == 1 ? 1 : 0), slots(rate, reach) {}

train_router::train_router(node_index here, const std::uint16_t* routes, const noc_parameters& parameters,
                           timing::event_queue& events)
    : routes_(routes),
      events_(events),
      order_(timing::order_of(timing::phase::routers, to_number(here), 0, 0)),
      hop_cycles_(parameters.hop_cycles),
      arbitration_(parameters.arbitration),
      channels_(message_class_count * parameters.channels_per_class),
      per_class_(parameters.channels_per_class),
      rounds_(std::max(parameters.link_packets_per_cycle, parameters.ejection_packets_per_cycle)),
      buffers_(std::size_t{port_count} * channels_),
      credits_(std::size_t{port_count} * channels_, credit_line(parameters.buffer_depth)) {
    sides_.reserve(port_count);
    for (std::uint32_t i = 0; i < port_count; ++i) {
        sides_.emplace_back(rate_of(i, parameters));
    }
}

train_router::~train_router() {
    release_all();
}

void train_router::connect(port p, forward_interface* forward, backward_interface* backward,
                           const link_counts& counts) {
    side& s = sides_[to_number(p)];
    s.forward = forward;
    s.backward = backward;
    s.counts = counts;
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
        arm(std::max(arrivals.first, at(input, phase.channel).earliest));
    }
}

void train_router::append(std::uint32_t input, std::uint32_t channel, burst& b, std::uint8_t index,
                          const packet_times& arrivals) {
    buffer& queue = at(input, channel);
    if (queue.tail != none) {
        train& last = trains_[queue.tail];
        if (last.carrier == &b && arrivals.first - last.arrivals.first < 0x8000 &&
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
    t.output = static_cast<std::uint8_t>(routes_[to_number(b.destination)] >> (3 * input) & 7U);
    if (queue.tail == none) {
        queue.head = number;
        sides_[input].occupied = static_cast<std::uint16_t>(sides_[input].occupied | 1U << channel);
        occupied_ports_ |= 1U << input;
    } else {
        trains_[queue.tail].next = number;
    }
    queue.tail = number;
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
    credits(to_number(to), phase.channel).give(*phase.times, hop_cycles_ + late);
    if ((s.starved >> phase.channel & 1U) != 0) {
        s.starved = static_cast<std::uint16_t>(s.starved & ~(1U << phase.channel));
        arm(phase.times->first + hop_cycles_ + late);
    }
}

// ---------------------------------------------------------------------------------------------------- what goes out

void train_router::arm(timing::cycle at) {
    if (at < armed_) {
        armed_ = at;
        events_.schedule(at, order_, *this);
    }
}

void train_router::serve(void*) {
    if (events_.now() != armed_) {
        return;  // an earlier event took this one's place
    }
    armed_ = never;
    for (std::uint32_t round = 0; round < rounds_ && occupied_ports_ != 0; ++round) {
        if (!allocate()) {
            break;
        }
    }
    timing::cycle next = never;
    for (std::uint32_t ports = occupied_ports_; ports != 0; ports &= ports - 1) {
        const auto input = static_cast<std::uint32_t>(std::countr_zero(ports));
        for (std::uint32_t left = sides_[input].occupied; left != 0; left &= left - 1) {
            next = std::min(next, departure(input, static_cast<std::uint32_t>(std::countr_zero(left))));
        }
    }
    if (next != never) {
        arm(std::max(next, events_.now() + 1));
    }
}

/// The first cycle from now on in which the first packet of a buffer could leave; never if that takes a credit of which
/// nothing is known yet.
timing::cycle train_router::departure(std::uint32_t input, std::uint32_t channel) {
    const buffer& queue = at(input, channel);
    const train& t = trains_[queue.head];
    const credit_line& places = credits(t.output, channel);
    side& output = sides_[t.output];
    if (places.known() == 0) {
        output.starved = static_cast<std::uint16_t>(output.starved | 1U << channel);
        return never;
    }
    const timing::cycle wanted =
        std::max({events_.now(), t.arrivals.first + t.arrivals.offset[t.gone], queue.earliest, places.free_from(0)});
    return output.slots.first_free(wanted);
}

bool train_router::allocate() {
    const timing::cycle now = events_.now();
    std::array<std::uint8_t, port_count> named;  // NOLINT(cppcoreguidelines-pro-type-member-init): read where written
    std::array<std::uint8_t, port_count> requests{};
    std::uint32_t wanted = 0;
    std::uint32_t contended = 0;
    const auto output_of = [&](std::uint32_t input, std::uint32_t channel) {
        return std::uint32_t{trains_[at(input, channel).head].output};
    };
    const auto age = [&](std::uint32_t input, std::uint32_t channel) {
        return trains_[at(input, channel).head].carrier->times.first;
    };
    for (std::uint32_t ports = occupied_ports_; ports != 0; ports &= ports - 1) {
        const auto input = static_cast<std::uint32_t>(std::countr_zero(ports));
        std::uint32_t ready = 0;
        for (std::uint32_t left = sides_[input].occupied; left != 0; left &= left - 1) {
            const auto channel = static_cast<std::uint32_t>(std::countr_zero(left));
            if (departure(input, channel) == now) {
                ready |= 1U << channel;
                const std::uint32_t output = output_of(input, channel);
                contended |= wanted & 1U << output;
                wanted |= 1U << output;
            }
        }
        if (ready != 0) {
            const std::uint32_t channel =
                sides_[input].channels.pick(arbitration_, ready, [&](std::uint32_t c) { return age(input, c); });
            const std::uint32_t output = output_of(input, channel);
            named[input] = static_cast<std::uint8_t>(channel);
            requests[output] = static_cast<std::uint8_t>(requests[output] | 1U << input);
        }
    }
    for (std::uint32_t output = 0; output < port_count; ++output) {
        if (requests[output] != 0) {
            const std::uint32_t input = sides_[output].inputs.pick(arbitration_, requests[output],
                                                                   [&](std::uint32_t i) { return age(i, named[i]); });
            sides_[output].inputs.served(input);
            sides_[input].channels.served(named[input]);
            send(input, named[input], (contended >> output & 1U) != 0 ? contended_train : packet_times::capacity);
        }
    }
    return wanted != 0;
}

/// Takes the slots of a train of at most `limit` packets, the first of which leaves now.
packet_times train_router::plan(const train& t, side& output, const credit_line& places, std::uint32_t limit) {
    const timing::cycle now = events_.now();
    const std::uint32_t most = std::min({t.arrivals.count - std::uint32_t{t.gone}, places.known(), limit});
    if (t.arrivals.first == now && most == t.arrivals.count && places.free_from(most - 1) <= now &&
        output.slots.take_as_wanted(t.arrivals)) {
        return t.arrivals;
    }
    packet_times times = packet_times::none();
    timing::cycle earliest = now;
    for (std::uint32_t i = 0; i < most; ++i) {
        const timing::cycle arrival = t.arrivals.first + t.arrivals.offset[t.gone + i];
        const timing::cycle leaves = output.slots.first_free(std::max({earliest, arrival, places.free_from(i)}));
        if (leaves - now >= longest_span) {
            break;
        }
        output.slots.take(leaves);
        times.append(leaves);
        earliest = leaves + output.step;
        *output.counts.waited += leaves - arrival;
    }
    return times;
}

void train_router::send(std::uint32_t input, std::uint32_t channel, std::uint32_t limit) {
    buffer& queue = at(input, channel);
    train& t = trains_[queue.head];
    side& output = sides_[t.output];
    credit_line& places = credits(t.output, channel);
    const packet_times times = plan(t, output, places, limit);
    places.take(times.count);
    *output.counts.packets += times.count;
    queue.earliest = times.last() + output.step;
    const auto index = static_cast<std::uint8_t>(t.index + t.gone);
    const burst_ptr b(t.carrier);
    t.gone = static_cast<std::uint8_t>(t.gone + times.count);
    if (t.gone == t.arrivals.count) {
        pop(input, channel);
    }
    sc_core::sc_time delay;
    link_phase forward{link_phase::kind::packet, static_cast<std::uint8_t>(channel), index, &times};
    output.forward->nb_transport_fw(*b, forward, delay);
    link_phase back{link_phase::kind::credit, static_cast<std::uint8_t>(channel), index, &times};
    sides_[input].backward->nb_transport_bw(*b, back, delay);
}

// ---------------------------------------------------------------------------------------------------- the rest

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
    armed_ = never;
    std::fill(buffers_.begin(), buffers_.end(), buffer{});
    for (credit_line& line : credits_) {
        line.reset();
    }
    for (side& s : sides_) {
        s.slots.reset();
        s.inputs.reset();
        s.channels.reset();
        s.starved = 0;
    }
}

}  // namespace d1::noc
