#include "models/noc/router.hpp"

#include <string>

namespace d1::noc {

namespace {
constexpr std::array<const char*, port_count> port_names{"west", "east", "north", "south", "local"};

/// A router's part of the route table in one word a destination, three bits an input port: a lookup is one load, and
/// the tables of a whole die stay in the second-level cache.
std::vector<std::uint16_t> pack(const route_table& routes, node_index here) {
    const std::uint32_t nodes = routes.shape().size();
    std::vector<std::uint16_t> packed(nodes);
    for (std::uint32_t destination = 0; destination < nodes; ++destination) {
        for (std::uint32_t input = 0; input < port_count; ++input) {
            const port out = routes.next(here, static_cast<port>(input), static_cast<node_index>(destination));
            packed[destination] = static_cast<std::uint16_t>(packed[destination] | to_number(out) << (3 * input));
        }
    }
    return packed;
}

}  // namespace

router::router(const sc_core::sc_module_name& name, node_index here, const route_table& routes,
               const noc_parameters& parameters, timing_kind timing, timing::event_queue& events)
    : router_base(name),
      events_(events),
      hop_(events.clock().time(parameters.hop_cycles)),
      hop_cycles_(parameters.hop_cycles),
      timing_(timing),
      places_(routes.shape()),
      parameters_(parameters),
      routes_(pack(routes, here)) {
    outputs_.reserve(port_count);
    for (std::uint32_t i = 0; i < port_count; ++i) {
        const auto p = static_cast<port>(i);
        const std::uint32_t rate =
            p == port::local ? parameters.ejection_packets_per_cycle : parameters.link_packets_per_cycle;
        outputs_.push_back({.slots = timing::slot_calendar(rate, parameters.calendar_horizon)});
        in_[i] = std::make_unique<in_socket>((std::string(port_names[i]) + "_in").c_str());
        out_[i] = std::make_unique<out_socket>((std::string(port_names[i]) + "_out").c_str());
        in_[i]->bind(inputs_[i]);
        credit_ends_[i].connect(p);
        out_[i]->bind(credit_ends_[i]);
    }
    for (std::uint32_t i = 0; i < port_count; ++i) {
        inputs_[i].connect(*this, static_cast<port>(i));
    }
}

void router::end_of_elaboration() {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        for (input& from : inputs_) {
            from.lead_to(i, out_[i]->size() > 0 ? out_[i]->operator->() : nullptr);
        }
    }
    elaborated_ = true;
    set_timing(timing_);
}

void router::set_timing(timing_kind timing) {
    timing_ = timing;
    if (timing == timing_kind::ca && elaborated_ && !cycles_) {
        cycles_ = std::make_unique<cycle_router>(routes_.data(), parameters_, events_);
        for (std::uint32_t i = 0; i < port_count; ++i) {
            auto& back = in_[i]->get_base_port();
            cycles_->connect(static_cast<port>(i), out_[i]->size() > 0 ? out_[i]->operator->() : nullptr,
                             back.size() > 0 ? back.operator->() : nullptr, {&counts_[i].packets, &counts_[i].waited});
            credit_ends_[i].run_cycles(cycles_.get());
        }
    }
    for (input& from : inputs_) {
        from.run_cycles(timing == timing_kind::ca ? cycles_.get() : nullptr);
    }
}

void router::input::connect(router& owner, port from) {
    routes_ = owner.routes_.data();
    outputs_ = owner.outputs_.data();
    counts_ = owner.counts_.data();
    owner_ = &owner;
    from_ = from;
    shift_ = 3 * to_number(from);
    entered_ = from != port::local ? 1 : 0;
}

void router::input::b_transport(burst& b, sc_core::sc_time& delay) {
    const std::uint32_t to = std::uint32_t{routes_[to_number(b.destination)]} >> shift_ & 7U;
    b.hops += entered_;
    if (owner_->timing_ == timing_kind::at) {
        forward_reserving(to, b, delay);
    } else {
        forward(to, b, delay);
    }
}

tlm::tlm_sync_enum router::input::nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) {
    if (cycles_ == nullptr) {
        return link_target::nb_transport_fw(b, phase, delay);
    }
    cycles_->packet_arrives(from_, b, phase);
    return tlm::TLM_ACCEPTED;
}

tlm::tlm_sync_enum router::credit_end::nb_transport_bw(burst&, link_phase& phase, sc_core::sc_time&) {
    cycles_->credit_arrives(to_, phase);
    return tlm::TLM_ACCEPTED;
}

void router::input::forward(std::uint32_t to, burst& b, sc_core::sc_time& delay) {
    counts_[to].packets += b.times.count;
    delay += owner_->hop_;
    next_[to]->b_transport(b, delay);
}

void router::input::forward_reserving(std::uint32_t to, burst& b, sc_core::sc_time& delay) {
    const timing::event_queue& events = owner_->events_;
    const timing::cycle now = events.now();
    // The burst says in cycles when it stands here, unless something on the link has delayed it.
    if (!events.clock().is(delay, b.times.first - now)) {
        b.times.first = now + events.clock().cycles(delay);
    }
    output& link = outputs_[to];
    if (!link.slots.reserve_as_wanted(b.times, now)) {
        forward_waiting(to, b, delay);
        return;
    }
    const std::uint64_t first = b.times.first;
    const std::uint64_t mask = b.times.mask;
    counts_[to].packets += b.times.count;
    b.times.first += owner_->hop_cycles_;
    delay += owner_->hop_;
    next_[to]->b_transport(b, delay);
    if (b.refused) {
        counts_[to].packets -= b.times.count;
        link.slots.release(first, mask);
    }
}

void router::input::forward_waiting(std::uint32_t to, burst& b, sc_core::sc_time& delay) {
    const timing::event_queue& events = owner_->events_;
    const timing::cycle now = events.now();
    const timing::cycle wanted = b.times.last();
    output& link = outputs_[to];
    if (!link.slots.reserve(b.times, now)) {
        b.refused = true;
        return;
    }
    const packet_times taken = b.times;
    b.times.first += owner_->hop_cycles_;
    delay = events.clock().time(b.times.first - now);
    next_[to]->b_transport(b, delay);
    if (b.refused) {
        link.slots.release(taken);
        return;
    }
    counts_[to].packets += taken.count;
    counts_[to].waited += taken.last() - wanted;
}

std::vector<std::string> router::waiting() const {
    return cycles_ ? cycles_->waiting(places_) : std::vector<std::string>();
}

void router::register_statistics(statistics::group& group) {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        auto& link = group.child(port_names[i]);
        link.counter("packets", "packets", "packets that left through this link", counts_[i].packets);
        link.counter("waited", "cycles",
                     "cycles that last packets of bursts waited for a slot of this link; at ca those of all packets",
                     counts_[i].waited);
    }
}

void router::reset() {
    if (cycles_) {
        cycles_->reset();
    }
    for (output& o : outputs_) {
        o.slots.reset();
    }
    counts_ = {};
}

}  // namespace d1::noc
