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
      timing_(timing),
      here_(here),
      places_(routes.shape()),
      parameters_(parameters),
      routes_(pack(routes, here)) {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        in_[i] = std::make_unique<in_socket>((std::string(port_names[i]) + "_in").c_str());
        out_[i] = std::make_unique<out_socket>((std::string(port_names[i]) + "_out").c_str());
        in_[i]->bind(inputs_[i]);
        inputs_[i].connect(*this, static_cast<port>(i));
        credit_ends_[i].connect(*this, static_cast<port>(i));
        out_[i]->bind(credit_ends_[i]);
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

void router::connect_links(auto& level) {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        auto& back = in_[i]->get_base_port();
        level.connect(static_cast<port>(i), out_[i]->size() > 0 ? out_[i]->operator->() : nullptr,
                      back.size() > 0 ? back.operator->() : nullptr, {&counts_[i].packets, &counts_[i].waited});
    }
}

void router::set_timing(timing_kind timing) {
    timing_ = timing;
    if (!elaborated_) {
        return;
    }
    if (timing == timing_kind::ca && !cycles_) {
        cycles_ = std::make_unique<cycle_router>(routes_.data(), parameters_, events_);
        connect_links(*cycles_);
    }
    if (timing == timing_kind::at && !trains_) {
        trains_ = std::make_unique<train_router>(here_, routes_.data(), parameters_, events_);
        connect_links(*trains_);
    }
    for (std::uint32_t i = 0; i < port_count; ++i) {
        inputs_[i].run(timing == timing_kind::at ? trains_.get() : nullptr,
                       timing == timing_kind::ca ? cycles_.get() : nullptr);
        credit_ends_[i].run(timing == timing_kind::at ? trains_.get() : nullptr,
                            timing == timing_kind::ca ? cycles_.get() : nullptr);
    }
}

void router::input::connect(router& owner, port from) {
    routes_ = owner.routes_.data();
    counts_ = owner.counts_.data();
    owner_ = &owner;
    from_ = from;
    shift_ = 3 * to_number(from);
    entered_ = from != port::local ? 1 : 0;
}

void router::input::b_transport(burst& b, sc_core::sc_time& delay) {
    const std::uint32_t to = std::uint32_t{routes_[to_number(b.destination)]} >> shift_ & 7U;
    b.hops += entered_;
    counts_[to].packets += b.times.count;
    delay += owner_->hop_;
    next_[to]->b_transport(b, delay);
}

/// Cycles that something on a link has held up what it passed on.
timing::cycle router::late(const sc_core::sc_time& delay) const {
    return delay == sc_core::SC_ZERO_TIME ? 0 : events_.clock().cycles(delay);
}

tlm::tlm_sync_enum router::input::nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) {
    if (cycles_ != nullptr) {
        cycles_->packet_arrives(from_, b, phase);
    } else if (trains_ != nullptr) {
        trains_->train_arrives(from_, b, phase, owner_->late(delay));
    } else {
        return link_target::nb_transport_fw(b, phase, delay);
    }
    return tlm::TLM_ACCEPTED;
}

tlm::tlm_sync_enum router::credit_end::nb_transport_bw(burst&, link_phase& phase, sc_core::sc_time& delay) {
    if (cycles_ != nullptr) {
        cycles_->credit_arrives(to_, phase);
    } else if (trains_ != nullptr) {
        trains_->credits_arrive(to_, phase, owner_->late(delay));
    }
    return tlm::TLM_ACCEPTED;
}

std::vector<std::string> router::waiting() const {
    return cycles_ ? cycles_->waiting(places_) : std::vector<std::string>();
}

void router::register_statistics(statistics::group& group) {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        auto& link = group.child(port_names[i]);
        link.counter("packets", "packets", "packets that left through this link", counts_[i].packets);
        link.counter("waited", "cycles",
                     "packet-cycles that packets stood in buffers before they left through this link; 0 at lt",
                     counts_[i].waited);
    }
}

void router::reset() {
    if (trains_) {
        trains_->reset();
    }
    if (cycles_) {
        cycles_->reset();
    }
    counts_ = {};
}

}  // namespace d1::noc
