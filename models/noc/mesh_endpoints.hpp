#pragma once
// For tests of routers: puts bursts into routers at their local sockets and tells when they came out.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <systemc>
#include <vector>

#include "models/noc/router_base.hpp"
#include "models/packet/burst.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// One end for each router of a full mesh, row by row. Injection is in the order of time, within a cycle by node, then
/// in the order of send().
class mesh_endpoints : public sc_core::sc_module, private timing::event_handler {
  public:
    /// A burst that is sent and, once the simulation has run, what became of it.
    struct passage {
        timing::cycle sent = 0;
        coordinate source;
        coordinate destination;
        std::uint32_t packets = 1;
        std::uint64_t number = 0;  ///< in the order of send()
        bool refused = false;
        packet_times arrival;  ///< at the destination's end
        std::uint32_t hops = 0;

        friend bool operator==(const passage& a, const passage& b) {
            const auto facts = [](const passage& p) {
                return std::tuple(p.sent, p.source, p.destination, p.packets, p.refused, p.arrival.first,
                                  p.arrival.count, p.arrival.offset, p.hops);
            };
            return facts(a) == facts(b);
        }
    };

    mesh_endpoints(const sc_core::sc_module_name& name, const grid& places, std::span<router_base* const> routers,
                   timing::event_queue& events)
        : sc_module(name), places_(places), events_(events) {
        for (std::uint32_t i = 0; i < places.size(); ++i) {
            ends_.push_back(std::make_unique<end>(*this, i));
            ends_[i]->out.bind(routers[i]->in(port::local));
            routers[i]->out(port::local).bind(ends_[i]->in);
        }
    }

    /// Sends `packets` back to back; the first stands at the source's router in cycle `at`.
    const passage& send(timing::cycle at, coordinate source, coordinate destination, std::uint32_t packets = 1) {
        passage& p = passages_.emplace_back();
        p.sent = at;
        p.source = source;
        p.destination = destination;
        p.packets = packets;
        p.number = passages_.size() - 1;
        events_.schedule(
            at, timing::order_of(timing::phase::injections, to_number(places_.index(source)), 0, passages_.size()),
            *this, &p);
        return p;
    }

    [[nodiscard]] const std::deque<passage>& passages() const noexcept { return passages_; }
    [[nodiscard]] const burst_pool& bursts() const noexcept { return bursts_; }
    void clear() { passages_.clear(); }

  private:
    struct end final : link_initiator, link_target {
        end(mesh_endpoints& o, std::uint32_t number)
            : owner(o), out(("out" + std::to_string(number)).c_str()), in(("in" + std::to_string(number)).c_str()) {
            out.bind(*this);
            in.bind(*this);
        }
        void b_transport(burst& b, sc_core::sc_time& delay) override {
            passage& p = *static_cast<passage*>(b.transfer);
            p.arrival = b.times;
            p.arrival.first = owner.events_.now() + owner.events_.clock().cycles(delay);
            p.hops = b.hops;
        }
        mesh_endpoints& owner;
        link_initiator_socket out;
        link_target_socket in;
    };

    void serve(void* subject) override {
        passage& p = *static_cast<passage*>(subject);
        const burst_ptr b = bursts_.acquire(false);
        b->source = places_.index(p.source);
        b->destination = places_.index(p.destination);
        b->sequence = p.number;
        b->transfer = &p;
        b->times = packet_times::back_to_back(events_.now(), p.packets);
        sc_core::sc_time delay;
        ends_[to_number(b->source)]->out->b_transport(*b, delay);
        p.refused = b->refused;
    }

    grid places_;
    timing::event_queue& events_;
    burst_pool bursts_;
    std::vector<std::unique_ptr<end>> ends_;
    std::deque<passage> passages_;
};

}  // namespace d1::noc
