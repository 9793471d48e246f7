#include "testbenches/traffic/mesh_traffic.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "models/noc/cycle_ends.hpp"

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

/// Puts a node's bursts into its router, each when kernel time has reached its injection; at ca by way of a sender with
/// an unbounded queue.
class mesh_traffic::injector : public sc_core::sc_module, private link_initiator, private timing::event_handler {
  public:
    injector(const sc_core::sc_module_name& name, node_index here, mesh_traffic& owner)
        : sc_module(name), owner_(owner), here_(here) {
        if (owner.timing_ == timing_kind::ca) {
            sender_.emplace("sender", owner.parameters_, owner.events_);
        } else {
            out_.emplace("out");
            out_->bind(*this);
        }
    }
    [[nodiscard]] link_initiator_socket& out() { return sender_ ? sender_->out : *out_; }

    void start() {
        process_ = creation_process(owner_.load_, here_, owner_.mesh_.places().size());
        sequence_ = 0;
        if (sender_) {
            sender_->reset();
        }
        next_ = process_.next();
        schedule(next_.at);
    }

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
        b->times = packet_times::back_to_back(owner_.events_.now(), packets);
        b->created = next_.at;
        if (sender_) {
            sender_->send(b);
        } else if (!inject(*b)) {
            return;
        }
        if (owner_.load_.measures(next_.at)) {
            owner_.result_.packets_created += packets;
        }
        ++sequence_;
        next_ = process_.next();
        schedule(sender_ ? next_.at : std::max(next_.at, owner_.events_.now() + packets));
    }

    bool inject(burst& b) {
        sc_core::sc_time delay;
        (*out_)->b_transport(b, delay);
        if (b.refused) {
            ++owner_.result_.retries;
            schedule(owner_.events_.now() + owner_.parameters_.calendar_horizon / 4);
        }
        return !b.refused;
    }

    mesh_traffic& owner_;
    node_index here_;
    std::optional<link_initiator_socket> out_;
    std::optional<noc::cycle_sender> sender_;
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
    tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) override {
        if (phase.index + 1U == b.times.count) {
            owner_.arrived(b, owner_.events_.now() + owner_.parameters_.hop_cycles);
        }
        link_phase back{link_phase::kind::credit, phase.channel, phase.index};
        in->nb_transport_bw(b, back, delay);
        return tlm::TLM_ACCEPTED;
    }

    mesh_traffic& owner_;
};

mesh_traffic::mesh_traffic(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing)
    : sc_module(name),
      parameters_(parameters),
      timing_(timing),
      events_("events", clock()),
      mesh_("mesh", parameters, timing, events_) {
    for (std::uint32_t i = 0; i < mesh_.places().size(); ++i) {
        const auto here = static_cast<node_index>(i);
        const coordinate c = mesh_.places().at(here);
        injectors_.push_back(std::make_unique<injector>(indexed("injector", c).c_str(), here, *this));
        sinks_.push_back(std::make_unique<sink>(indexed("sink", c).c_str(), *this));
        injectors_.back()->out().bind(mesh_.at(here).in(port::local));
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
    if (load_.measures(b.created)) {
        // At ca a packet takes a hop from its node into the first router as well.
        const timing::cycle constant = parameters_.hop_cycles * (timing_ == timing_kind::ca ? 2 : 1);
        ++result_.bursts;
        result_.latency += last_packet - constant - b.created;
        result_.hops += b.hops;
    }
}

}  // namespace d1::traffic
