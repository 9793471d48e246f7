// What a visit to a router costs: walks through the sockets of the mesh beside the same walks over flat arrays.
//
// router_visit is the time for one burst at one router, all in: half a microsecond for a walk of 12 hops, say. The
// ratio of sockets to arrays under the same load is what SystemC's modules and calls cost, and is to stay below 2.

#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "models/noc/route_table.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/packet/burst.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"
#include "models/timing/slot_calendar.hpp"
#include "testbenches/benchmarks/mesh_schedule.hpp"
#include "testbenches/benchmarks/systemc_benchmark.hpp"

namespace d1::benchmarks {
namespace {

constexpr timing::cycle period = schedule::period;

void report(benchmark::State& state, const schedule& s) {
    state.counters["router_visit"] = benchmark::Counter(
        static_cast<double>(s.visits), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// One event a cycle, as long as a walk has something to inject; it costs both kinds of walk the same.
class driver : public sc_core::sc_module, private timing::event_handler {
  public:
    explicit driver(const sc_core::sc_module_name& name)
        : sc_module(name), events_("events", timing::clock(sc_core::sc_time(500, sc_core::SC_PS))) {}

    [[nodiscard]] timing::event_queue& events() { return events_; }

    /// Calls `inject(cycle)` in every cycle of the next period.
    void run(const std::function<void(timing::cycle)>& inject) {
        inject_ = &inject;
        end_ = start_ + period;
        events_.schedule(start_, 0, *this);
        sc_core::sc_start();
        start_ = end_;
    }

  private:
    void serve(void*) override {
        (*inject_)(events_.now());
        if (events_.now() + 1 < end_) {
            events_.schedule(events_.now() + 1, 0, *this);
        }
    }

    timing::event_queue events_;
    const std::function<void(timing::cycle)>* inject_ = nullptr;
    timing::cycle start_ = 0;
    timing::cycle end_ = 0;
};

// ---------------------------------------------------------------------------------------------------- sockets

/// Injects a schedule at the routers' local sockets.
class socket_walk : public sc_core::sc_module, private link_initiator, private link_target {
  public:
    socket_walk(const sc_core::sc_module_name& name, const schedule& s, timing_kind timing)
        : sc_module(name),
          schedule_(s),
          driver_("driver"),
          events_(driver_.events()),
          mesh_("mesh", {}, timing, events_) {
        for (std::uint32_t n = 0; n < mesh_.places().size(); ++n) {
            out_.push_back(
                std::make_unique<link_initiator_socket>(std::string("out").append(std::to_string(n)).c_str()));
            in_.push_back(std::make_unique<link_target_socket>(std::string("in").append(std::to_string(n)).c_str()));
            out_[n]->bind(static_cast<link_initiator&>(*this));
            in_[n]->bind(static_cast<link_target&>(*this));
            out_[n]->bind(mesh_.at(static_cast<node_index>(n)).in(port::local));
            mesh_.at(static_cast<node_index>(n)).out(port::local).bind(*in_[n]);
        }
    }

    /// One period.
    void run() {
        driver_.run([this](timing::cycle now) { inject(now); });
    }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    [[nodiscard]] std::uint64_t checksum() const { return checksum_; }

  private:
    void inject(timing::cycle now) {
        for (const injection& i : schedule_.by_cycle[now % period]) {
            // A walk is over when the call returns, so one burst serves them all.
            burst_->source = i.source;
            burst_->destination = i.destination;
            burst_->hops = 0;
            burst_->refused = false;
            burst_->times = packet_times::back_to_back(now, schedule_.burst_packets);
            sc_core::sc_time delay;
            (*out_[to_number(i.source)])->b_transport(*burst_, delay);
            refused_ += burst_->refused;
        }
    }
    void b_transport(burst& b, sc_core::sc_time& delay) override {
        checksum_ += events_.now() + events_.clock().cycles(delay) + b.times.offset[b.times.count - 1];
    }

    const schedule& schedule_;
    driver driver_;
    timing::event_queue& events_;
    noc::router_mesh mesh_;
    burst_pool bursts_;
    burst_ptr burst_ = bursts_.acquire(false);
    std::vector<std::unique_ptr<link_initiator_socket>> out_;
    std::vector<std::unique_ptr<link_target_socket>> in_;
    std::uint64_t refused_ = 0;
    std::uint64_t checksum_ = 0;
};

// ---------------------------------------------------------------------------------------------------- arrays

/// The same walks without modules and sockets: calendars, counters and routes by index, and a loop.
class array_walk {
  public:
    array_walk(const sc_core::sc_module_name& name, const schedule& s)
        : schedule_(s),
          driver_(name),
          places_{static_cast<std::int32_t>(parameters_.columns), static_cast<std::int32_t>(parameters_.rows)},
          routes_(places_, {}),
          links_(places_.size() * port_count, timing::slot_calendar(1, parameters_.calendar_horizon)),
          packets_(links_.size()),
          waited_(links_.size()) {
        for (std::uint32_t n = 0; n < places_.size(); ++n) {
            for (const port p : {port::west, port::east, port::north, port::south}) {
                const coordinate there = neighbour(places_.at(static_cast<node_index>(n)), p);
                neighbours_.push_back(places_.contains(there) ? places_.index(there) : node_index{});
            }
        }
    }

    void run() {
        driver_.run([this](timing::cycle now) {
            for (const injection& i : schedule_.by_cycle[now % period]) {
                walk(i, now);
            }
        });
    }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    [[nodiscard]] std::uint64_t checksum() const { return checksum_; }

  private:
    struct taken {
        std::size_t link;
        packet_times times;
    };

    void walk(const injection& i, timing::cycle now) {
        packet_times times = packet_times::back_to_back(now, schedule_.burst_packets);
        node_index here = i.source;
        port from = port::local;
        path_length_ = 0;
        for (;;) {
            const port to = routes_.next(here, from, i.destination);
            const std::size_t link = to_number(here) * port_count + to_number(to);
            const timing::cycle tail = times.last();
            if (!links_[link].reserve(times, now)) {
                give_back();
                return;
            }
            path_[path_length_].link = link;
            path_[path_length_++].times = times;
            packets_[link] += times.count;
            waited_[link] += times.last() - tail;
            times.first += parameters_.hop_cycles();
            if (to == port::local) {
                break;
            }
            here = neighbours_[to_number(here) * 4 + to_number(to)];
            from = opposite(to);
        }
        checksum_ += times.last();
    }
    void give_back() {
        ++refused_;
        for (std::size_t p = 0; p < path_length_; ++p) {
            links_[path_[p].link].release(path_[p].times);
        }
    }

    const schedule& schedule_;
    driver driver_;
    noc_parameters parameters_;
    grid places_;
    noc::route_table routes_;
    std::vector<timing::slot_calendar> links_;
    std::vector<std::uint64_t> packets_;
    std::vector<std::uint64_t> waited_;
    std::vector<node_index> neighbours_;
    std::array<taken, 128> path_;
    std::size_t path_length_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t checksum_ = 0;
};

template <typename Walk>
void run_walk(benchmark::State& state, const schedule& s, Walk& walk) {
    for (auto _ : state) {
        walk.run();
    }
    report(state, s);
    benchmark::DoNotOptimize(walk.checksum());
    if (walk.refused() != 0) {
        state.SkipWithError("the load is too high: calendars were full");
    }
}

}  // namespace

void elaborate() {
    struct offer {
        double rate;
        std::uint32_t packets;
    };
    for (const auto& [rate, packets] :
         {offer{0.05, 1}, offer{0.1, 1}, offer{0.15, 1}, offer{0.05, 16}, offer{0.1, 16}}) {
        // Live as long as the process, as SystemC's modules do.
        static std::vector<std::unique_ptr<schedule>> schedules;
        static std::vector<std::unique_ptr<socket_walk>> walks;
        static std::vector<std::unique_ptr<array_walk>> arrays;
        const schedule& s = *schedules.emplace_back(std::make_unique<schedule>(rate, packets));
        const std::string load = std::to_string(packets) + "_packets_at_0." + (rate < 0.1 ? "0" : "") +
                                 std::to_string(std::lround(100 * rate));
        const auto add = [&](const char* name, timing_kind timing) {
            const std::string module = std::string("walk").append(std::to_string(walks.size()));
            auto& w = *walks.emplace_back(std::make_unique<socket_walk>(module.c_str(), s, timing));
            benchmark::RegisterBenchmark((std::string(name) + "/" + load).c_str(),
                                         [&s, &w](benchmark::State& state) { run_walk(state, s, w); });
        };
        add("sockets_at", timing_kind::at);
        auto& a = *arrays.emplace_back(
            std::make_unique<array_walk>(std::string("arrays").append(std::to_string(arrays.size())).c_str(), s));
        benchmark::RegisterBenchmark(("arrays_at/" + load).c_str(),
                                     [&s, &a](benchmark::State& state) { run_walk(state, s, a); });
        add("sockets_lt", timing_kind::lt);
    }
}

}  // namespace d1::benchmarks
