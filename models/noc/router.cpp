#include "models/noc/router.hpp"

#include <algorithm>
#include <string>

#include "models/noc/adaptive_choice.hpp"

namespace d1::noc {

namespace {
constexpr std::array<const char*, port_count> port_names{"west", "east", "north", "south", "local"};

/// A router's part of the route table in one word a destination, three bits an input port: a lookup is one load, and
/// the tables of a whole die stay in the second-level cache.
std::vector<std::uint16_t> pack(const mesh_routing& routing, node_index here) {
    const std::uint32_t nodes = routing.shape().size();
    std::vector<std::uint16_t> packed(std::size_t{routing.planes()} * nodes);
    for (std::uint32_t i = 0; i < packed.size(); ++i) {
        for (std::uint32_t input = 0; input < port_count; ++input) {
            const port out = routing.table(i / nodes).next(here, static_cast<port>(input), node_index{i % nodes});
            packed[i] = static_cast<std::uint16_t>(packed[i] | to_number(out) << (3 * input));
        }
    }
    return packed;
}

/// The same for the choices of an adaptive policy.
std::vector<std::uint32_t> pack_exits(const mesh_routing& routing, node_index here) {
    std::vector<std::uint32_t> packed(routing.adaptive() ? routing.shape().size() : 0);
    for (std::uint32_t destination = 0; destination < packed.size(); ++destination) {
        packed_exits of_all;
        for (std::uint32_t input = 0; input < port_count; ++input) {
            const adaptive_exits exits = routing.exits(here, static_cast<port>(input), node_index{destination});
            if (exits.preferred != port::local) {
                of_all.set(input, exits.allowed, to_number(exits.preferred));
            }
        }
        packed[destination] = of_all.bits();
    }
    return packed;
}

}  // namespace

router::router(const sc_core::sc_module_name& name, node_index here, const mesh_routing& routing,
               const noc_parameters& parameters, timing_kind timing, timing::event_queue& events)
    : router_base(name),
      events_(events),
      hop_(events.clock().time(parameters.hop_cycles())),
      timing_(timing),
      parameters_(parameters),
      routes_(pack(routing, here)),
      exits_(pack_exits(routing, here)),
      here_(here),
      errors_(parameters, routing.ways().seed, here) {
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
                      back.size() > 0 ? back.operator->() : nullptr, counts_[i]);
    }
}

void router::set_timing(timing_kind timing) {
    timing_ = timing;
    if (!elaborated_) {
        return;
    }
    if (timing == timing_kind::ca && !cycles_) {
        cycles_ = std::make_unique<cycle_router>(routes_, exits(), errors_, parameters_, events_);
        connect_links(*cycles_);
    }
    if (timing == timing_kind::at && !trains_) {
        trains_ = std::make_unique<train_router>(here_, routes_, exits(), errors_, parameters_, events_);
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

std::uint32_t router::input::output_for(const burst& b) const noexcept {
    if (!owner_->exits_.empty()) {
        const packed_exits exits(owner_->exits_[to_number(b.destination)]);
        return exits.allowed(to_number(from_)) == 0 ? to_number(port::local) : exits.preferred(to_number(from_));
    }
    return std::uint32_t{routes_[b.table_offset + to_number(b.destination)]} >> shift_ & 7U;
}

void router::input::b_transport(burst& b, sc_core::sc_time& delay) {
    const std::uint32_t to = output_for(b);
    b.hops += entered_;
    counts_[to].packets += b.times.count;
    delay += owner_->hop_;
    if (owner_->errors_.possible()) {
        b.times.first = owner_->events_.now() + owner_->events_.clock().cycles(delay);
        owner_->resend(b, to);
        delay = owner_->events_.clock().time(b.times.first - owner_->events_.now());
    }
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

/// Makes the packets of a burst, on its way to the next router, as late as those are that are sent again and those
/// behind them. Other bursts are not held up.
void router::resend(burst& b, std::uint32_t to) {
    if (to == to_number(port::local)) {
        return;
    }
    packet_times late = packet_times::none();
    for (std::uint32_t i = 0; i < b.times.count; ++i) {
        const link_errors::outcome o = errors_.of(b, i, static_cast<port>(to));
        timing::cycle at = b.times.first + b.times.offset[i];
        if (i > 0) {  // not before its turn behind the packet before it
            at = std::max(at, late.last() + (b.times.offset[i] != b.times.offset[i - 1] ? 1U : 0U));
        }
        late.append(at + o.cycles);
        counts_[to].resent += o.resent;
        b.status = o.refused ? burst_status::corrupted : b.status;
    }
    b.times = late;
}

std::vector<buffer_wait> router::waits() const {
    return timing_ == timing_kind::ca && cycles_   ? cycles_->waits()
           : timing_ == timing_kind::at && trains_ ? trains_->waits()
                                                   : std::vector<buffer_wait>();
}

void router::register_statistics(statistics::group& group) {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        auto& link = group.child(port_names[i]);
        link.counter("packets", "packets", "packets that left through this link", counts_[i].packets);
        link.counter("waited", "cycles",
                     "packet-cycles that packets stood in buffers before they left through this link; 0 at lt",
                     counts_[i].waited);
        link.counter("resent", "packets", "packets sent again over this link since they had been corrupted",
                     counts_[i].resent);
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
