#include "testbenches/traffic/mesh_traffic.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "models/noc/cycle_ends.hpp"
#include "models/noc/train_ends.hpp"
#include "models/numerics/counter_random.hpp"

namespace d1::traffic {

namespace {
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

/// Creates a node's bursts and puts them into its router, each when kernel time has reached its injection; at `at` and
/// ca by way of a sender with unbounded queues.
class mesh_traffic::injector : public sc_core::sc_module, private link_initiator, private timing::event_handler {
  public:
    injector(const sc_core::sc_module_name& name, node_index here, mesh_traffic& owner)
        : sc_module(name), owner_(owner), here_(here) {
        const noc::burst_ways& ways = owner.mesh_.routing().ways();
        switch (owner.setting_.timing) {
            case timing_kind::lt:
                out_.emplace("out");
                out_->bind(*this);
                way_in_ = owner.setting_.noc.link_cycles();
                break;
            case timing_kind::at:
                trains_.emplace("sender", noc::testbench_rank(owner.mesh_.places(), to_number(here)),
                                owner.setting_.noc, owner.events_, ways);
                break;
            case timing_kind::ca:
                packets_.emplace("sender", owner.setting_.noc, owner.events_, ways);
                break;
        }
    }
    [[nodiscard]] link_initiator_socket& out() { return out_ ? *out_ : trains_ ? trains_->out : packets_->out; }

    void start() {
        const load& offered = owner_.load_;
        process_ = creation_process(offered, here_, *owner_.destinations_);
        next_ = creation{offered.end()};
        if (offered.outstanding == 0) {
            next_ = process_.next();
            schedule_next();
        } else if (owner_.destinations_->sends(here_)) {
            for (std::uint32_t i = 0; i < offered.outstanding; ++i) {
                renew(0);
            }
        }
    }

    /// Drops whatever is under way.
    void clear() {
        sequence_ = {};
        due_.clear();
        queue_.clear();
        injects_at_ = 0;
        awaits_ = 0;
        number_ = 0;
        if (trains_) {
            trains_->reset();
        }
        if (packets_) {
            packets_->reset();
        }
    }

    /// The reply to `request` is created at `at`.
    void answer(const burst& request, timing::cycle at) {
        const reply_rule& rule = *owner_.load_.replies;
        const creation what{at, request.source, rule.packets, rule.channel_class};
        owner_.created(at, rule.packets, owner_.result_.replies);
        due_.emplace(std::pair(at, false), item{what, request.created + 1});
        schedule(at);
    }
    /// Closed loop: a request is created at `at`.
    void renew(timing::cycle at) {
        if (at < owner_.load_.end()) {
            due_.emplace(std::pair(at, true), item{process_.create(at), 0});
            schedule(at);
        }
    }

  private:
    struct item {
        creation what;
        std::uint64_t answers = 0;  ///< of a reply: the cycle of its request's creation, plus one
    };

    /// What is created at `at` is served when it could stand at the router's socket.
    void schedule(timing::cycle at) { schedule_serving(at + way_in_); }
    void schedule_serving(timing::cycle at) {
        owner_.events_.schedule(at, timing::order_of(timing::phase::injections, to_number(here_), 0, number_++), *this);
    }
    void schedule_next() {
        if (next_.at < owner_.load_.end()) {
            schedule(next_.at);
        }
    }

    void serve(void*) override {
        const timing::cycle created = owner_.events_.now() - way_in_;
        for (; !due_.empty() && due_.begin()->first.first <= created; due_.erase(due_.begin())) {
            send(due_.begin()->second);
        }
        bool took = false;
        for (; next_.at <= created && next_.at < owner_.load_.end(); next_ = process_.next()) {
            send({next_, 0});
            took = true;
        }
        if (took) {
            schedule_next();
        }
        if (!queue_.empty()) {
            inject();
        }
    }

    void send(const item& i) {
        const burst_ptr b = owner_.bursts_.acquire(false);
        b->source = here_;
        b->destination = i.what.destination;
        b->channel_class = i.what.channel_class;
        b->kind = burst_kind::push_data;
        b->sequence = sequence_[static_cast<std::size_t>(i.what.channel_class)]++;
        b->times = packet_times::back_to_back(owner_.events_.now(), i.what.packets);
        b->created = i.what.at;
        b->meaning = i.answers;  // free for whoever sends no barrier's messages
        if (i.answers == 0) {
            owner_.created(i.what.at, i.what.packets, owner_.result_);
            if (owner_.record_ != nullptr) {
                owner_.record_->add(here_, i.what);
            }
        }
        if (trains_) {
            trains_->send(b);
        } else if (packets_) {
            packets_->send(b);
        } else {
            queue_.push_back(b);
        }
    }

    /// lt: puts the first burst of the queue into the router, behind the one before.
    void inject() {
        const timing::cycle now = owner_.events_.now();
        if (injects_at_ > now) {
            inject_later();
            return;
        }
        burst& b = *queue_.front();
        sc_core::sc_time delay;
        b.times = packet_times::back_to_back(now, b.times.count);
        b.entered = now - way_in_;
        owner_.mesh_.routing().ways().choose(b);
        (*out_)->b_transport(b, delay);
        injects_at_ = now + b.times.count;
        queue_.pop_front();
        if (!queue_.empty()) {
            inject_later();
        }
    }
    void inject_later() {
        if (awaits_ != injects_at_) {
            awaits_ = injects_at_;
            schedule_serving(injects_at_);
        }
    }

    mesh_traffic& owner_;
    node_index here_;
    std::optional<link_initiator_socket> out_;  // lt
    std::optional<noc::train_sender> trains_;   // at
    std::optional<noc::cycle_sender> packets_;  // ca
    creation_process process_;
    creation next_;
    // Replies and, in a closed loop, requests, by their creation; in a cycle replies first, as before those of a trace.
    std::multimap<std::pair<timing::cycle, bool>, item> due_;
    std::deque<burst_ptr> queue_;   // lt
    timing::cycle injects_at_ = 0;  // lt: no burst is put into the router before
    timing::cycle awaits_ = 0;      // lt: the last such time for which an event was scheduled
    timing::cycle way_in_ = 0;      // lt: from the node to the router's socket; a sender's own above
    std::array<std::uint64_t, message_class_count> sequence_{};
    std::uint64_t number_ = 0;
};

/// Takes what a router sends to its node.
class mesh_traffic::sink : public sc_core::sc_module, private link_target, private timing::event_handler {
  public:
    link_target_socket in{"in"};

    sink(const sc_core::sc_module_name& name, node_index here, mesh_traffic& owner)
        : sc_module(name), owner_(owner), here_(here) {
        in.bind(*this);
    }
    void clear() {
        stalled_.clear();
        taken_ = 0;
        free_at_ = 0;
    }

  private:
    struct stalled {
        burst_ptr carrier;
        link_phase credit;
        timing::cycle until;
    };
    void b_transport(burst& b, sc_core::sc_time& delay) override {
        const timing::cycle first = owner_.events_.now() + owner_.events_.clock().cycles(delay);
        owner_.arrived(b, first + b.times.offset[b.times.count - 1]);
    }
    tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) override {
        if (phase.times != nullptr) {
            take_train(b, phase);
            return tlm::TLM_ACCEPTED;
        }
        if (++b.taken == b.times.count) {
            owner_.arrived(b, owner_.events_.now() + owner_.setting_.noc.link_cycles());
        }
        link_phase back{link_phase::kind::credit, phase.channel, phase.index};
        if (owner_.setting_.stall_percent == 0) {
            in->nb_transport_bw(b, back, delay);
        } else {
            stall(b, back);
        }
        return tlm::TLM_ACCEPTED;
    }

    /// Gives the credits back at once, as those that are known ahead.
    void take_train(burst& b, const link_phase& phase) {
        const packet_times& sent = *phase.times;
        packet_times freed = sent;
        if (owner_.setting_.stall_percent != 0) {
            freed = packet_times::none();
            for (std::uint32_t i = 0; i < sent.count; ++i) {
                freed.append(free_at(sent.first + sent.offset[i]));
            }
        }
        b.taken += sent.count;
        b.latest = std::max(b.latest, sent.last());
        if (b.taken == b.times.count) {
            owner_.arrived(b, b.latest + owner_.setting_.noc.link_cycles());
        }
        link_phase back{link_phase::kind::credit, phase.channel, phase.index, &freed};
        sc_core::sc_time delay;
        in->nb_transport_bw(b, back, delay);
    }

    /// When the place of a packet that was sent in cycle `at` is free again: then, or stalled.
    [[nodiscard]] timing::cycle free_at(timing::cycle at) {
        const std::uint64_t drawn =
            numerics::counter_random(owner_.setting_.seed, stalls + to_number(here_), taken_++) >> 32U;
        free_at_ = std::max(free_at_, drawn % 100 < owner_.setting_.stall_percent ? at + 1 + drawn / 100 % 16 : at);
        return free_at_;
    }

    /// Gives the credit back now or later, behind those that are stalled already.
    void stall(burst& b, link_phase& credit) {
        const timing::cycle now = owner_.events_.now();
        if (free_at(now) == now) {
            sc_core::sc_time delay;
            in->nb_transport_bw(b, credit, delay);
            return;
        }
        stalled_.push_back({&b, credit, free_at_});
        owner_.events_.schedule(free_at_, timing::order_of(timing::phase::bytes_arrive, to_number(here_), 1, taken_),
                                *this);
    }
    void serve(void*) override {
        for (; !stalled_.empty() && stalled_.front().until <= owner_.events_.now(); stalled_.pop_front()) {
            sc_core::sc_time delay;
            in->nb_transport_bw(*stalled_.front().carrier, stalled_.front().credit, delay);
        }
    }

    static constexpr std::uint64_t stalls = std::uint64_t{1} << 40U;  // a stream of random bits that nobody else draws
    mesh_traffic& owner_;
    node_index here_;
    std::deque<stalled> stalled_;
    std::uint64_t taken_ = 0;
    timing::cycle free_at_ = 0;
};

/// What happens at times that the load fixes.
class mesh_traffic::milestones final : private timing::event_handler {
  public:
    explicit milestones(mesh_traffic& owner) : owner_(owner) {}
    void start() {
        const load& offered = owner_.load_;
        stages_ = {{{offered.warm_up, &mesh_traffic::begin_measuring},
                    {offered.end(), &mesh_traffic::end_measuring},
                    {offered.end() + offered.drain, &mesh_traffic::drain_is_over}}};
        for (std::size_t i = 0; i < stages_.size(); ++i) {
            owner_.events_.schedule(stages_[i].at, timing::order_of(timing::phase::bytes_arrive, 0, 0, i), *this,
                                    &stages_[i]);
        }
    }

  private:
    struct stage {
        timing::cycle at = 0;
        void (mesh_traffic::*what)() = nullptr;
    };
    void serve(void* subject) override { (owner_.*static_cast<stage*>(subject)->what)(); }

    mesh_traffic& owner_;
    std::array<stage, 3> stages_{};
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
      milestones_(std::make_unique<milestones>(*this)) {
    events_.every(setting.watchdog, [this](timing::cycle) { watch_progress(); });
    live_ = live_nodes(setting);
    injectors_.resize(mesh_.places().size());
    for (std::uint32_t i = 0; i < mesh_.places().size(); ++i) {
        if (!live_[i]) {
            continue;
        }
        const auto here = static_cast<node_index>(i);
        const coordinate c = mesh_.places().at(here);
        injectors_[i] = std::make_unique<injector>(indexed("injector", c).c_str(), here, *this);
        sinks_.push_back(std::make_unique<sink>(indexed("sink", c).c_str(), here, *this));
        links_.join(injectors_[i]->out(), mesh_.at(here).in(port::local), setting.noc.injection_packets_per_cycle);
        links_.join(mesh_.at(here).out(port::local), sinks_.back()->in, setting.noc.ejection_packets_per_cycle);
    }
}

mesh_traffic::~mesh_traffic() {
    release_all();  // what a run that did not end has left in its buffers belongs to the pool
}

measurement mesh_traffic::run(const load& offered) {
    release_all();
    load_ = offered;
    result_ = {};
    result_.link_packets.resize(std::size_t{mesh_.places().size()} * port_count);
    destinations_ = std::make_unique<destinations>(mesh_.places(), live_, offered.pattern, offered.hot);
    const std::uint64_t senders = offered.replay ? offered.replay->senders() : destinations_->senders();
    result_.node_cycles = result_.replies.node_cycles = senders * offered.measured;
    last_progress_ = 0;
    last_look_ = 0;
    const std::size_t nodes = mesh_.places().size();
    latest_.assign(setting_.watch_order ? nodes * nodes * message_class_count : 0, {});
    milestones_->start();
    for (const auto& i : injectors_) {
        if (i) {
            i->start();
        }
    }
    sc_core::sc_start();
    result_.complete = events_.empty() || !result_.drained;
    if (!events_.empty() || !result_.drained) {
        release_all();
    }
    return result_;
}

void mesh_traffic::drain_is_over() {
    if (result_.all_arrived + result_.all_refused < result_.all_created) {
        result_.drained = false;
        events_.request_pause();
    }
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

void mesh_traffic::release_all() {
    events_.reset();
    mesh_.reset();
    links_.reset();
    for (const auto& i : injectors_) {
        if (i) {
            i->clear();
        }
    }
    for (const auto& s : sinks_) {
        s->clear();
    }
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

void mesh_traffic::created(timing::cycle at, std::uint32_t packets, flow& of) {
    result_.all_created += packets;
    of.packets_created += load_.measures(at) ? packets : 0;
}

void mesh_traffic::arrived(const burst& b, timing::cycle last_packet) {
    if (last_packet > load_.end() + load_.drain) {  // below ca, where a walk ends before its burst has arrived
        result_.drained = false;
        return;
    }
    const bool is_reply = b.meaning != 0;
    if (b.status == burst_status::corrupted) {
        result_.all_refused += b.times.count;
        if (load_.outstanding != 0) {  // whoever asked hears of it at once, and asks for something else
            injectors_[to_number(is_reply ? b.destination : b.source)]->renew(last_packet);
        }
        return;
    }
    // The packets of a burst count as arrived with the last of them.
    const timing::cycle asked = is_reply ? b.meaning - 1 : b.created;
    flow& of = is_reply ? result_.replies : result_;
    const timing::cycle ways = timing::cycle{setting_.noc.hop_cycles()} + setting_.noc.link_cycles();
    result_.all_arrived += b.times.count;
    if (load_.measures(last_packet)) {
        of.packets_arrived += b.times.count;
    }
    if (load_.measures(asked)) {
        of.add(last_packet - ways - b.created, asked, load_);
        of.hops.add(b.hops);
        of.queueing += b.entered - b.created;
        of.followers += b.times.count - 1;
        if (is_reply) {
            result_.round_trip.add(last_packet - 2 * ways - asked, asked, load_);
        }
    }
    if (setting_.watch_order) {
        watch_order(b, last_packet);
    }
    if (load_.replies) {
        injector& here = *injectors_[to_number(b.destination)];
        if (!is_reply) {
            here.answer(b, last_packet + load_.replies->service);
        } else if (load_.outstanding != 0) {
            here.renew(last_packet);
        }
    }
}

void mesh_traffic::watch_order(const burst& b, timing::cycle last_packet) {
    const std::size_t pair = std::size_t{to_number(b.source)} * mesh_.places().size() + to_number(b.destination);
    passage& latest = latest_[pair * message_class_count + static_cast<std::size_t>(b.channel_class)];
    if (b.sequence < latest.sequence || last_packet < latest.at) {
        ++result_.out_of_order;
    }
    latest = {std::max(latest.sequence, b.sequence), std::max(latest.at, last_packet)};
}

}  // namespace d1::traffic
