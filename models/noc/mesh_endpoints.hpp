#pragma once
// For tests of routers: puts bursts into routers at their local sockets and tells when they came out.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "models/noc/router_base.hpp"
#include "models/noc/train_ends.hpp"
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
        std::uint64_t number = 0;                     ///< in the order of send()
        packet_times arrival = packet_times::none();  ///< at the destination's end
        std::uint32_t hops = 0;

        friend bool operator==(const passage& a, const passage& b) {
            const auto facts = [](const passage& p) {
                return std::tuple(p.sent, p.source, p.destination, p.packets, p.arrival.first, p.arrival.count,
                                  p.arrival.offset, p.hops);
            };
            return facts(a) == facts(b);
        }
    };

    mesh_endpoints(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                   std::span<router_base* const> routers, timing::event_queue& events)
        : sc_module(name),
          places_{static_cast<std::int32_t>(parameters.columns), static_cast<std::int32_t>(parameters.rows)},
          hop_(events.clock().time(parameters.link_cycles())),
          events_(events) {
        for (std::uint32_t i = 0; i < places_.size(); ++i) {
            ends_.push_back(std::make_unique<end>(*this, i, parameters, timing));
            ends_[i]->out().bind(routers[i]->in(port::local));
            routers[i]->out(port::local).bind(ends_[i]->receiver.in);
        }
    }

    /// Sends `packets`, back to back if there are credits; the first leaves for the source's router in cycle `at`, if
    /// none is before it.
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
    void clear() {
        passages_.clear();
        for (const auto& e : ends_) {
            if (e->sender) {
                e->sender->reset();
            }
        }
    }

  private:
    struct end final : link_initiator {
        end(mesh_endpoints& owner, std::uint32_t number, const noc_parameters& parameters, timing_kind timing)
            : receiver(("in" + std::to_string(number)).c_str(), parameters, owner.events_,
                       [](burst& b, const packet_times& times) {
                           passage& p = *static_cast<passage*>(b.transfer);
                           for (std::uint32_t i = 0; i < times.count; ++i) {
                               p.arrival.append(times.first + times.offset[i]);
                           }
                           p.hops = b.hops;
                       }) {
            const std::string name = "out" + std::to_string(number);
            if (timing == timing_kind::at) {
                sender.emplace(name.c_str(), testbench_rank(owner.places_, number), parameters, owner.events_);
            } else {
                socket.emplace(name.c_str());
                socket->bind(*this);
            }
        }
        [[nodiscard]] link_initiator_socket& out() { return sender ? sender->out : *socket; }

        std::optional<train_sender> sender;           // at
        std::optional<link_initiator_socket> socket;  // lt
        train_receiver receiver;
    };

    void serve(void* subject) override {
        passage& p = *static_cast<passage*>(subject);
        const burst_ptr b = bursts_.acquire(false);
        b->source = places_.index(p.source);
        b->destination = places_.index(p.destination);
        b->sequence = p.number;
        b->transfer = &p;
        b->times = packet_times::back_to_back(events_.now(), p.packets);
        end& e = *ends_[to_number(b->source)];
        if (e.sender) {
            e.sender->send(b);
        } else {
            sc_core::sc_time delay = hop_;
            (*e.socket)->b_transport(*b, delay);
        }
    }

    grid places_;
    sc_core::sc_time hop_;
    timing::event_queue& events_;
    burst_pool bursts_;
    std::vector<std::unique_ptr<end>> ends_;
    std::deque<passage> passages_;
};

}  // namespace d1::noc
