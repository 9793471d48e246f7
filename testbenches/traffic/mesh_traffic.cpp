#include "testbenches/traffic/mesh_traffic.hpp"

#include <algorithm>
#include <string>

namespace d1::traffic {

namespace {
std::string indexed(const char* name, coordinate c) {
    return std::string(name) + "[" + std::to_string(c.x) + "," + std::to_string(c.y) + "]";
}
/// Any clock will do: all is counted in its cycles.
timing::clock clock() {
    return timing::clock(sc_core::sc_time(500, sc_core::SC_PS));
}
}  // namespace

/// Puts a node's bursts into its router, each when kernel time has reached its injection.
class mesh_traffic::injector : public sc_core::sc_module, private link_initiator, private timing::event_handler {
  public:
    link_initiator_socket out{"out"};

    injector(const sc_core::sc_module_name& name, node_index here, mesh_traffic& owner)
        : sc_module(name), owner_(owner), here_(here) {
        out.bind(*this);
    }

    void start() {
        process_ = creation_process(owner_.load_, here_, owner_.mesh_.places().size());
        sequence_ = 0;
        next_ = process_.next();
        schedule(next_.at);
    }
    [[nodiscard]] timing::cycle creation_of_present() const noexcept { return next_.at; }

  private:
    void schedule(timing::cycle at) {
        if (next_.at < owner_.load_.end()) {
            owner_.events_.schedule(at, timing::order_of(timing::phase::injections, to_number(here_), 0, sequence_),
                                    *this);
        }
    }

    void serve(void*) override {
        const std::uint32_t packets = owner_.load_.burst_packets;
        const burst_ptr b = owner_.bursts_.acquire(false);
        b->source = here_;
        b->destination = next_.destination;
        b->sequence = sequence_;
        b->transfer = this;
        b->times = packet_times::back_to_back(owner_.events_.now(), packets);
        sc_core::sc_time delay;
        out->b_transport(*b, delay);
        if (b->refused) {
            ++owner_.result_.retries;
            schedule(owner_.events_.now() + owner_.parameters_.calendar_horizon / 4);
            return;
        }
        if (owner_.load_.measures(next_.at)) {
            owner_.result_.packets_created += packets;
        }
        ++sequence_;
        next_ = process_.next();
        schedule(std::max(next_.at, owner_.events_.now() + packets));
    }

    mesh_traffic& owner_;
    node_index here_;
    creation_process process_;
    creation_process::creation next_;
    std::uint64_t sequence_ = 0;
};

/// Takes what a router sends to its node.
class mesh_traffic::sink : public sc_core::sc_module, private link_target {
  public:
    link_target_socket in{"in"};

    sink(const sc_core::sc_module_name& name, mesh_traffic& owner) : sc_module(name), owner_(owner) { in.bind(*this); }

  private:
    void b_transport(burst& b, sc_core::sc_time& delay) override {
        const timing::cycle first = owner_.events_.now() + owner_.events_.clock().cycles(delay);
        owner_.arrived(b, first + b.times.offset[b.times.count - 1]);
    }

    mesh_traffic& owner_;
};

mesh_traffic::mesh_traffic(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing)
    : sc_module(name), parameters_(parameters), events_("events", clock()), mesh_("mesh", parameters, timing, events_) {
    for (std::uint32_t i = 0; i < mesh_.places().size(); ++i) {
        const auto here = static_cast<node_index>(i);
        const coordinate c = mesh_.places().at(here);
        injectors_.push_back(std::make_unique<injector>(indexed("injector", c).c_str(), here, *this));
        sinks_.push_back(std::make_unique<sink>(indexed("sink", c).c_str(), *this));
        injectors_.back()->out.bind(mesh_.at(here).in(port::local));
        mesh_.at(here).out(port::local).bind(sinks_.back()->in);
    }
}

mesh_traffic::~mesh_traffic() = default;

measurement mesh_traffic::run(const load& offered) {
    events_.reset();
    mesh_.reset();
    load_ = offered;
    result_ = {};
    result_.node_cycles = mesh_.places().size() * offered.measured;
    for (const auto& i : injectors_) {
        i->start();
    }
    sc_core::sc_start();
    return result_;
}

void mesh_traffic::arrived(const burst& b, timing::cycle last_packet) {
    // The packets of a burst count as arrived with the last of them.
    if (load_.measures(last_packet)) {
        result_.packets_arrived += b.times.count;
    }
    const timing::cycle created = static_cast<const injector*>(b.transfer)->creation_of_present();
    if (load_.measures(created)) {
        ++result_.bursts;
        result_.latency += last_packet - parameters_.hop_cycles - created;
        result_.hops += b.hops;
    }
}

}  // namespace d1::traffic
