#pragma once
// A mesh at ca that is offered a list of single packets.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "models/noc/cycle_ends.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/packet/burst.hpp"
#include "models/timing/event_queue.hpp"
#include "testbenches/benchmarks/mesh_schedule.hpp"

namespace d1::benchmarks {

/// Routers, senders and receivers, all through their sockets.
class cycle_mesh : public sc_core::sc_module, private timing::event_handler {
  public:
    using deliver = std::function<void(burst&, timing::cycle)>;

    cycle_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, deliver take)
        : sc_module(name),
          take_(std::move(take)),
          events_("events", timing::clock(sc_core::sc_time(500, sc_core::SC_PS))),
          mesh_("mesh", parameters, timing_kind::ca, events_) {
        for (std::uint32_t n = 0; n < mesh_.places().size(); ++n) {
            const std::string number = std::to_string(n);
            senders_.push_back(std::make_unique<noc::cycle_sender>(("out" + number).c_str(), parameters, events_));
            receivers_.push_back(std::make_unique<noc::cycle_receiver>(
                ("in" + number).c_str(), [this](burst& b, std::uint32_t) { take_(b, events_.now()); }));
            senders_[n]->out.bind(mesh_.at(node_index{n}).in(port::local));
            mesh_.at(node_index{n}).out(port::local).bind(receivers_[n]->in);
        }
    }

    /// Offers by_cycle[i] in the i-th of the next cycles, numbering the packets on, and runs until the mesh is empty.
    void run(std::span<const std::vector<injection>> by_cycle) {
        offered_ = by_cycle;
        at_ = 0;
        events_.schedule(events_.now() + 1, 0, *this);
        sc_core::sc_start();
    }

    [[nodiscard]] timing::event_queue& events() noexcept { return events_; }
    [[nodiscard]] noc::router_mesh& mesh() noexcept { return mesh_; }

  private:
    void serve(void*) override {
        for (const injection& i : offered_[at_]) {
            burst_ptr b = bursts_.acquire(false);
            b->source = i.source;
            b->destination = i.destination;
            b->channel_class = i.channel_class;
            b->sequence = number_++;
            senders_[to_number(i.source)]->send(std::move(b));
        }
        if (++at_ < offered_.size()) {
            events_.schedule(events_.now() + 1, 0, *this);
        }
    }

    deliver take_;
    timing::event_queue events_;
    burst_pool bursts_;
    noc::router_mesh mesh_;
    std::vector<std::unique_ptr<noc::cycle_sender>> senders_;
    std::vector<std::unique_ptr<noc::cycle_receiver>> receivers_;
    std::span<const std::vector<injection>> offered_;
    std::size_t at_ = 0;
    std::uint64_t number_ = 0;
};

}  // namespace d1::benchmarks
