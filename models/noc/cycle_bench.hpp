#pragma once
// For tests: a mesh cycle by cycle, with bursts to be sent and their packets' arrivals.

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/noc/cycle_ends.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/transactors/link_checker.hpp"

namespace d1::noc::test {

/// A mesh at ca with a sender and a receiver at every router. Senders are filled beforehand, event by event.
class cycle_bench final : private timing::event_handler {
  public:
    struct arrival {
        timing::cycle at;
        coordinate source;
        std::uint64_t number;  ///< of the burst, as send() counted them
        std::uint32_t index;
        bool operator==(const arrival&) const = default;
    };

    explicit cycle_bench(const noc_parameters& p, const std::string& name = "bench", const mesh_faults& faults = {})
        : parameters(p),
          events((name + "_events").c_str(), timing::clock(sc_core::sc_time(500, sc_core::SC_PS))),
          mesh((name + "_mesh").c_str(), p, timing_kind::ca, events, faults, mesh_routing(p, faults),
               [this](link_initiator_socket& from, link_target_socket& to) {
                   join(from, to, parameters.link_packets_per_cycle);
               }),
          arrivals(mesh.places().size()) {
        for (std::uint32_t i = 0; i < mesh.places().size(); ++i) {
            const std::string number = std::to_string(i);
            senders.push_back(nullptr);
            receivers.push_back(nullptr);
            if (!mesh.has(node_index{i})) {
                continue;
            }
            senders[i] =
                std::make_unique<cycle_sender>((name + "_out" + number).c_str(), p, events, mesh.routing().ways());
            receivers[i] = std::make_unique<cycle_receiver>(
                (name + "_in" + number).c_str(), [this, i](burst& b, std::uint32_t index) {
                    arrivals[i].push_back(
                        {events.now() + parameters.link_cycles(), places().at(b.source), number_of(b), index});
                });
            join(senders[i]->out, mesh.at(node_index{i}).in(port::local), p.injection_packets_per_cycle);
            join(mesh.at(node_index{i}).out(port::local), receivers[i]->in, p.ejection_packets_per_cycle);
        }
    }
    ~cycle_bench() {
        EXPECT_EQ(bursts.in_use(), 0U) << "packets that somebody still holds";
        EXPECT_EQ(checkers.under_way(), 0U) << "credits that have not come back";
    }

    [[nodiscard]] grid places() const { return mesh.places(); }

    /// The first packet leaves the sender in cycle `at` if nothing is in its way.
    std::uint64_t send(timing::cycle at, coordinate source, coordinate destination, std::uint32_t packets = 1,
                       message_class c = message_class::data) {
        if (offers_.empty()) {
            events.reset();  // cycles count from the present time, however long other benches have run
        }
        offer& o =
            offers_.emplace_back(offer{places().index(source), places().index(destination), packets, c, sent_++});
        events.schedule(at, timing::order_of(timing::phase::injections, to_number(o.source), 0, o.number), *this, &o);
        return o.number;
    }
    void run() { sc_core::sc_start(); }

    [[nodiscard]] std::vector<arrival>& at(coordinate c) { return arrivals[to_number(places().index(c))]; }
    /// Arrivals at `c` in [from, to), by source.
    [[nodiscard]] std::map<coordinate, std::uint32_t> shares(coordinate c, timing::cycle from, timing::cycle to) {
        std::map<coordinate, std::uint32_t> all;
        for (const arrival& a : at(c)) {
            all[a.source] += a.at >= from && a.at < to ? 1 : 0;
        }
        return all;
    }

    noc_parameters parameters;
    timing::event_queue events;
    transactors::link_checkers checkers;
    router_mesh mesh;
    burst_pool bursts;
    std::vector<std::unique_ptr<cycle_sender>> senders;
    std::vector<std::unique_ptr<cycle_receiver>> receivers;
    std::vector<std::vector<arrival>> arrivals;

  private:
    struct offer {
        node_index source;
        node_index destination;
        std::uint32_t packets;
        message_class channel_class;
        std::uint64_t number;
    };
    void join(link_initiator_socket& from, link_target_socket& to, std::uint32_t packets_per_cycle) {
        checkers.join(
            from, to,
            {.places = {static_cast<std::int32_t>(parameters.columns), static_cast<std::int32_t>(parameters.rows)},
             .channels_per_class = parameters.channels_per_class,
             .buffer_depth = parameters.buffer_depth,
             .packets_per_cycle = packets_per_cycle,
             .in_order = traits_of(parameters.routing).in_order});
    }
    void serve(void* subject) override {
        const offer& o = *static_cast<const offer*>(subject);
        burst_ptr b = bursts.acquire(false);
        b->source = o.source;
        b->destination = o.destination;
        b->channel_class = o.channel_class;
        b->sequence = sequence_++;
        b->transfer = subject;
        b->times = packet_times::back_to_back(0, o.packets);
        senders[to_number(o.source)]->send(std::move(b));
    }
    std::deque<offer> offers_;
    static std::uint64_t number_of(const burst& b) { return static_cast<const offer*>(b.transfer)->number; }
    std::uint64_t sent_ = 0;
    std::uint64_t sequence_ = 0;
};

}  // namespace d1::noc::test
