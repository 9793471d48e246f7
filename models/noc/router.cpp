#include "models/noc/router.hpp"

#include <bit>
#include <string>

namespace d1::noc {

namespace {
constexpr std::array<const char*, port_count> port_names{"west", "east", "north", "south", "local"};

/// The slots that a walk has taken here, in case it must give them back; copies only what it needs to.
class slot_record {
  public:
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): offset_ is on the way of every burst
    explicit slot_record(const packet_times& t) : first_(t.first), mask_(t.mask), count_(t.count), last_(t.last()) {
        if (mask_ == 0) {
            offset_ = t.offset;
        }
    }
    [[nodiscard]] std::uint64_t first() const { return first_; }
    [[nodiscard]] std::uint32_t count() const { return count_; }
    [[nodiscard]] std::uint64_t last() const { return last_; }
    [[nodiscard]] packet_times times() const {
        if (mask_ == 0) {
            return {first_, mask_, count_, offset_};
        }
        packet_times t = packet_times::none();
        for (std::uint64_t left = mask_; left != 0; left &= left - 1) {
            t.append(first_ + static_cast<std::uint64_t>(std::countr_zero(left)));
        }
        return t;
    }

  private:
    std::uint64_t first_;
    std::uint64_t mask_;
    std::uint32_t count_;
    std::uint64_t last_;
    std::array<std::uint16_t, packet_times::capacity> offset_;  // unset where the mask says it all
};

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
    : sc_module(name),
      routes_(pack(routes, here)),
      timing_(timing),
      hop_cycles_(parameters.hop_cycles),
      hop_(events.clock().time(parameters.hop_cycles)),
      events_(events) {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        const auto p = static_cast<port>(i);
        inputs_[i].connect(*this, p);
        in_[i] = std::make_unique<in_socket>((std::string(port_names[i]) + "_in").c_str());
        out_[i] = std::make_unique<out_socket>((std::string(port_names[i]) + "_out").c_str());
        in_[i]->bind(inputs_[i]);
        out_[i]->bind(static_cast<link_initiator&>(*this));
        links_.emplace_back(
            p == port::local ? parameters.ejection_packets_per_cycle : parameters.link_packets_per_cycle,
            parameters.calendar_horizon);
    }
}

void router::forward(port from, burst& b, sc_core::sc_time& delay) {
    const std::uint32_t packed = routes_[to_number(b.destination)];
    const auto to = static_cast<port>(packed >> (3 * to_number(from)) & 7U);
    b.hops += from != port::local;
    if (timing_ == timing_kind::at) {
        forward_reserving(to, b, delay);
        return;
    }
    packets_[to_number(to)] += b.times.count;
    delay += hop_;
    (*out_[to_number(to)])->b_transport(b, delay);
}

void router::forward_reserving(port to, burst& b, sc_core::sc_time& delay) {
    const timing::cycle now = events_.now();
    const timing::cycle stands = now + events_.clock().cycles(delay);
    b.times.first = stands;
    const std::uint32_t tail = b.times.offset[b.times.count - 1];
    timing::slot_calendar& link = links_[to_number(to)];
    if (!link.reserve(b.times, now)) {
        b.refused = true;
        return;
    }
    const slot_record taken(b.times);
    b.times.first += hop_cycles_;
    if (taken.first() == stands) {
        delay += hop_;
    } else {
        delay = events_.clock().time(b.times.first - now);
    }
    (*out_[to_number(to)])->b_transport(b, delay);
    if (b.refused) {
        link.release(taken.times());
        return;
    }
    packets_[to_number(to)] += taken.count();
    waited_[to_number(to)] += taken.last() - (stands + tail);
}

void router::register_statistics(statistics::group& group) {
    for (std::uint32_t i = 0; i < port_count; ++i) {
        auto& link = group.child(port_names[i]);
        link.counter("packets", "packets", "packets that left through this link", packets_[i]);
        link.counter("waited", "cycles", "cycles that last packets of bursts waited for a slot of this link",
                     waited_[i]);
    }
}

void router::reset() {
    for (timing::slot_calendar& link : links_) {
        link.reset();
    }
    packets_ = {};
    waited_ = {};
}

}  // namespace d1::noc
