// What a visit to a router costs: bursts through the sockets of the mesh beside the same trains over flat arrays.
//
// router_visit is the time for one burst at one router, all in, injection and ejection too. The ratio of sockets to
// arrays under the same load is what SystemC's modules and calls cost, and is to stay below 2.

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "models/noc/route_table.hpp"
#include "models/noc/router_mesh.hpp"
#include "models/noc/train_ends.hpp"
#include "models/packet/burst.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"
#include "testbenches/benchmarks/flat_trains.hpp"
#include "testbenches/benchmarks/mesh_schedule.hpp"
#include "testbenches/benchmarks/systemc_benchmark.hpp"

namespace d1::benchmarks {
namespace {

constexpr timing::cycle period = schedule::period;

void report(benchmark::State& state, const schedule& s) {
    state.counters["router_visit"] = benchmark::Counter(
        static_cast<double>(s.visits), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// One event a cycle, as long as there is something to inject.
class driver : public sc_core::sc_module, private timing::event_handler {
  public:
    explicit driver(const sc_core::sc_module_name& name)
        : sc_module(name), events_("events", timing::clock(sc_core::sc_time(500, sc_core::SC_PS))) {}

    [[nodiscard]] timing::event_queue& events() { return events_; }

    /// Calls `inject(cycle)` in every cycle of a period, and waits until nothing is under way.
    void run(const std::function<void(timing::cycle)>& inject) {
        inject_ = &inject;
        end_ = start_ + period;
        events_.schedule(start_, 0, *this);
        sc_core::sc_start();
        start_ = (events_.now() / period + 1) * period;
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
class socket_mesh : public sc_core::sc_module, private link_initiator {
  public:
    socket_mesh(const sc_core::sc_module_name& name, const schedule& s, timing_kind timing)
        : sc_module(name),
          schedule_(s),
          driver_("driver"),
          events_(driver_.events()),
          mesh_("mesh", {}, timing, events_) {
        const noc_parameters parameters;
        const auto take = [this](burst&, const packet_times& times) { checksum_ += times.last(); };
        for (std::uint32_t n = 0; n < mesh_.places().size(); ++n) {
            noc::router& router = mesh_.at(static_cast<node_index>(n));
            const std::string number = std::to_string(n);
            if (timing == timing_kind::at) {
                senders_.push_back(std::make_unique<noc::train_sender>(
                    ("out" + number).c_str(), noc::testbench_rank(mesh_.places(), n), parameters, events_));
                senders_[n]->out.bind(router.in(port::local));
            } else {
                sockets_.push_back(std::make_unique<link_initiator_socket>(("out" + number).c_str()));
                sockets_[n]->bind(static_cast<link_initiator&>(*this));
                sockets_[n]->bind(router.in(port::local));
            }
            receivers_.push_back(
                std::make_unique<noc::train_receiver>(("in" + number).c_str(), parameters, events_, take));
            router.out(port::local).bind(receivers_[n]->in);
        }
    }

    /// One period.
    void run() {
        driver_.run([this](timing::cycle now) { inject(now); });
    }
    [[nodiscard]] std::uint64_t checksum() const { return checksum_; }

  private:
    void inject(timing::cycle now) {
        for (const injection& i : schedule_.by_cycle[now % period]) {
            const burst_ptr b = bursts_.acquire(false);
            b->source = i.source;
            b->destination = i.destination;
            b->times = packet_times::back_to_back(now, schedule_.burst_packets);
            if (senders_.empty()) {
                sc_core::sc_time delay;
                (*sockets_[to_number(i.source)])->b_transport(*b, delay);
            } else {
                senders_[to_number(i.source)]->send(b);
            }
        }
    }

    const schedule& schedule_;
    driver driver_;
    timing::event_queue& events_;
    noc::router_mesh mesh_;
    burst_pool bursts_;
    std::vector<std::unique_ptr<noc::train_sender>> senders_;      // at
    std::vector<std::unique_ptr<link_initiator_socket>> sockets_;  // lt
    std::vector<std::unique_ptr<noc::train_receiver>> receivers_;
    std::uint64_t checksum_ = 0;
};

// ---------------------------------------------------------------------------------------------------- arrays

class array_mesh {
  public:
    explicit array_mesh(const schedule& s) : schedule_(s), mesh_({}) {}

    void run() {
        for (timing::cycle end = now_ + period; now_ < end || !mesh_.idle(); ++now_) {
            for (std::size_t i = 0; now_ < end && i < schedule_.by_cycle[now_ % period].size(); ++i) {
                const injection& what = schedule_.by_cycle[now_ % period][i];
                mesh_.send(now_, to_number(what.source), to_number(what.destination), schedule_.burst_packets);
            }
            mesh_.run(now_);
        }
        now_ = (now_ / period + 1) * period;
    }
    [[nodiscard]] std::uint64_t checksum() const { return mesh_.checksum(); }

  private:
    const schedule& schedule_;
    flat_trains mesh_;
    timing::cycle now_ = 0;
};

template <typename Mesh>
void run_mesh(benchmark::State& state, const schedule& s, Mesh& mesh) {
    for (auto _ : state) {
        mesh.run();
    }
    report(state, s);
    benchmark::DoNotOptimize(mesh.checksum());
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
        static std::vector<std::unique_ptr<socket_mesh>> sockets;
        static std::vector<std::unique_ptr<array_mesh>> arrays;
        const schedule& s = *schedules.emplace_back(std::make_unique<schedule>(rate, packets));
        const std::string load = std::to_string(packets) + "_packets_at_0." + (rate < 0.1 ? "0" : "") +
                                 std::to_string(std::lround(100 * rate));
        const auto add = [&](const char* name, timing_kind timing) {
            const std::string module = std::string("mesh").append(std::to_string(sockets.size()));
            auto& m = *sockets.emplace_back(std::make_unique<socket_mesh>(module.c_str(), s, timing));
            benchmark::RegisterBenchmark((std::string(name) + "/" + load).c_str(),
                                         [&s, &m](benchmark::State& state) { run_mesh(state, s, m); });
        };
        add("sockets_at", timing_kind::at);
        auto& a = *arrays.emplace_back(std::make_unique<array_mesh>(s));
        benchmark::RegisterBenchmark(("arrays_at/" + load).c_str(),
                                     [&s, &a](benchmark::State& state) { run_mesh(state, s, a); });
        add("sockets_lt", timing_kind::lt);
    }
}

}  // namespace d1::benchmarks
