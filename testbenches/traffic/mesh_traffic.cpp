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
std::vector<bool> live_nodes(const mesh_setting& setting) {
    const grid places{static_cast<std::int32_t>(setting.noc.columns), static_cast<std::int32_t>(setting.noc.rows)};
    std::vector<bool> live(places.size(), true);
    for (const coordinate c : setting.dead) {
        if (places.contains(c)) {  // the mesh refuses others
            live[to_number(places.index(c))] = false;
        }
    }
    return live;
}
noc::mesh_faults faults_of(const mesh_setting& s) {
    return {s.dead_routers ? s.dead : std::vector<coordinate>(), s.dead_links};
}
noc::mesh_routing routing_of(const mesh_setting& s) {
    return s.routing != nullptr ? noc::mesh_routing(*s.routing, s.noc, faults_of(s), s.seed)
                                : noc::mesh_routing(s.noc, faults_of(s), s.seed);
}
}  // namespace

/// Puts a node's bursts into its router, each when kernel time has reached its injection; at ca by way of a sender with
/// an unbounded queue.
class mesh_traffic::injector : public sc_core::sc_module, private link_initiator, private timing::event_handler {
  public:
    injector(const sc_core::sc_module_name& name, node_index here, mesh_traffic& owner)
        : sc_module(name), owner_(owner), here_(here) {
        if (owner.setting_.timing == timing_kind::ca) {
            sender_.emplace("sender", owner.setting_.noc, owner.events_, owner.mesh_.routing().ways());
        } else {
            out_.emplace("out");
            out_->bind(*this);
        }
    }
    [[nodiscard]] link_initiator_socket& out() { return sender_ ? sender_->out : *out_; }

    void start() {
        process_ = creation_process(owner_.load_, here_, *owner_.destinations_);
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
        b->kind = burst_kind::push_data;
        b->sequence = sequence_;
        b->times = packet_times::back_to_back(owner_.events_.now(), packets);
        b->created = next_.at;
        if (sender_) {
            sender_->send(b);
        } else if (!inject(*b)) {
            return;
        }
        owner_.created(next_.at, packets);
        ++sequence_;
        next_ = process_.next();
        schedule(sender_ ? next_.at : std::max(next_.at, owner_.events_.now() + packets));
    }

    bool inject(burst& b) {
        sc_core::sc_time delay;
        b.entered = owner_.events_.now();
        owner_.mesh_.routing().ways().choose(b);
        (*out_)->b_transport(b, delay);
        if (b.refused) {
            ++owner_.result_.retries;
            schedule(owner_.events_.now() + owner_.setting_.noc.calendar_horizon / 4);
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
        if (++b.taken == b.times.count) {
            owner_.arrived(b, owner_.events_.now() + owner_.setting_.noc.link_cycles());
        }
        link_phase back{link_phase::kind::credit, phase.channel, phase.index};
        in->nb_transport_bw(b, back, delay);
        return tlm::TLM_ACCEPTED;
    }

    mesh_traffic& owner_;
};

/// Counts the links when the measured cycles begin and when they end.
class mesh_traffic::snapshot final : private timing::event_handler {
  public:
    explicit snapshot(mesh_traffic& owner) : owner_(owner) {}
    void start() {
        for (const timing::cycle at : {owner_.load_.warm_up, owner_.load_.end()}) {
            owner_.events_.schedule(at, timing::order_of(timing::phase::bytes_arrive, 0, 0, at), *this);
        }
    }

  private:
    void serve(void*) override { owner_.count_links(owner_.events_.now() == owner_.load_.end()); }
    mesh_traffic& owner_;
};

mesh_traffic::mesh_traffic(const sc_core::sc_module_name& name, const mesh_setting& setting)
    : sc_module(name),
      setting_(setting),
      events_("events", clock()),
      links_(setting.check_links, setting.noc, events_.clock().period(), live_nodes(setting)),
      mesh_("mesh", setting.noc, setting.timing, events_, faults_of(setting), routing_of(setting),
            [this](link_initiator_socket& from, link_target_socket& to) {
                links_.join(from, to, setting_.noc.link_packets_per_cycle);
            }),
      snapshot_(std::make_unique<snapshot>(*this)) {
    events_.every(setting.watchdog, [this](timing::cycle) { watch_progress(); });
    live_ = live_nodes(setting);
    for (std::uint32_t i = 0; i < mesh_.places().size(); ++i) {
        if (!live_[i]) {
            continue;
        }
        const auto here = static_cast<node_index>(i);
        const coordinate c = mesh_.places().at(here);
        injectors_.push_back(std::make_unique<injector>(indexed("injector", c).c_str(), here, *this));
        sinks_.push_back(std::make_unique<sink>(indexed("sink", c).c_str(), *this));
        links_.join(injectors_.back()->out(), mesh_.at(here).in(port::local), setting.noc.injection_packets_per_cycle);
        links_.join(mesh_.at(here).out(port::local), sinks_.back()->in, setting.noc.ejection_packets_per_cycle);
    }
}

mesh_traffic::~mesh_traffic() {
    mesh_.reset();  // what a run that did not end has left in its buffers belongs to the pool
}

measurement mesh_traffic::run(const load& offered) {
    events_.reset();
    mesh_.reset();
    links_.reset();
    load_ = offered;
    result_ = {};
    last_progress_ = 0;
    last_look_ = 0;
    result_.link_packets.resize(std::size_t{mesh_.places().size()} * port_count);
    destinations_ = std::make_unique<destinations>(mesh_.places(), live_, offered.pattern, offered.hot);
    result_.node_cycles = destinations_->senders() * offered.measured;
    snapshot_->start();
    for (const auto& i : injectors_) {
        i->start();
    }
    sc_core::sc_start();
    result_.complete = events_.empty();
    return result_;
}

void mesh_traffic::watch_progress() {
    // A long time in which nothing was due asks several times at its end.
    if (setting_.timing != timing_kind::ca || events_.now() == last_look_) {
        return;
    }
    const std::uint64_t progress = mesh_.packets_moved() + result_.all_created;
    if (progress == last_progress_ && bursts_.in_use() != 0) {
        constexpr std::size_t shown = 20;
        result_.waits = mesh_.waiting(shown);
        events_.request_pause();
    }
    last_progress_ = progress;
    last_look_ = events_.now();
}

void mesh_traffic::count_links(bool end) {
    for (std::uint32_t n = 0; n < mesh_.places().size(); ++n) {
        const auto here = static_cast<node_index>(n);
        for (std::uint32_t p = 0; mesh_.has(here) && p < port_count; ++p) {
            const std::uint64_t packets = mesh_.at(here).packets(static_cast<port>(p));
            std::uint64_t& counted = result_.link_packets[n * port_count + p];
            counted = end ? packets - counted : packets;
        }
    }
}

void mesh_traffic::created(timing::cycle at, std::uint32_t packets) {
    result_.all_created += packets;
    result_.packets_created += load_.measures(at) ? packets : 0;
}

void mesh_traffic::arrived(const burst& b, timing::cycle last_packet) {
    if (b.status == burst_status::corrupted) {
        result_.all_refused += b.times.count;
        return;
    }
    // The packets of a burst count as arrived with the last of them.
    result_.all_arrived += b.times.count;
    if (load_.measures(last_packet)) {
        result_.packets_arrived += b.times.count;
    }
    if (load_.measures(b.created)) {
        // Below ca the injector stands at the router itself, and has no way into it.
        const timing::cycle constant =
            setting_.noc.hop_cycles() + (setting_.timing == timing_kind::ca ? setting_.noc.link_cycles() : 0U);
        const timing::cycle latency = last_packet - constant - b.created;
        result_.latency.add(latency);
        result_.hops.add(b.hops);
        result_.queueing += b.entered - b.created;
        measurement::batch& batch =
            result_.by_time[(b.created - load_.warm_up) * measurement::batches / load_.measured];
        ++batch.bursts;
        batch.latency += latency;
    }
}

}  // namespace d1::traffic
