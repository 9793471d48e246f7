#include "models/transactors/link_checker.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <sstream>
#include <utility>

namespace d1::transactors {

namespace {
constexpr std::array<const char*, message_class_count> class_names{"request low", "request high", "data", "response"};

std::uint64_t flow_of(const burst& b) {
    return (std::uint64_t{to_number(b.source)} << 32U | to_number(b.destination)) << 2U |
           static_cast<std::uint64_t>(b.channel_class);
}
bool is_class(message_class c) {
    return static_cast<std::uint32_t>(c) < message_class_count;
}
}  // namespace

link_checker::identity::identity(const burst& b)
    : source(b.source),
      destination(b.destination),
      channel_class(b.channel_class),
      kind(b.kind),
      sequence(b.sequence),
      packets(b.times.count) {}

link_checker::link_checker(const sc_core::sc_module_name& name, std::string link, const link_properties& properties,
                           const link_rules& rules)
    : sc_module(name),
      link_(std::move(link)),
      properties_(properties),
      rules_(rules),
      buffers_(std::size_t{message_class_count} * properties.channels_per_class) {
    in.bind(*this);
    out.bind(*this);
}

std::size_t link_checker::under_way() const noexcept {
    return std::accumulate(buffers_.begin(), buffers_.end(), std::size_t{0},
                           [](std::size_t sum, const auto& b) { return sum + b.packets.size(); });
}

void link_checker::reset() {
    before_reset_.clear();
    for (auto& buffer : buffers_) {
        before_reset_.insert(before_reset_.end(), buffer.packets.begin(), buffer.packets.end());
        buffer = {};
    }
    passages_.clear();
    flows_.clear();
    last_packet_ = sc_core::SC_ZERO_TIME;
    last_credit_ = sc_core::SC_ZERO_TIME;
    in_this_cycle_ = 0;
    slots_.clear();
    next_lone_ = 0;
    first_of_train_ = 0;
}

// ---------------------------------------------------------------------------------------------------- lt

void link_checker::b_transport(burst& b, sc_core::sc_time& delay) {
    check_burst(b, nullptr);
    expect(under_way() == 0, link_rule::transport_mixing, b, nullptr,
           "b_transport while packets sent by nb_transport are under way");
    const identity before(b);
    const sc_core::sc_time sent = delay;
    out->b_transport(b, delay);
    expect(delay >= sent, link_rule::delay, b, nullptr, "b_transport has shortened the delay");
    expect(identity(b) == before, link_rule::payload_unchanged, b, nullptr, "the burst has changed during b_transport");
    expect(b.references() > 0, link_rule::lifetime, b, nullptr, "nobody holds the burst any more");
}

// ---------------------------------------------------------------------------------------------------- at and ca

tlm::tlm_sync_enum link_checker::nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) {
    const link_phase sent = phase;
    const sc_core::sc_time sent_delay = delay;
    expect(sent.what == link_phase::kind::packet, link_rule::phase_direction, b, &sent, "a credit goes forwards");
    expect(sent.channel < buffers_.size(), link_rule::channel_range, b, &sent,
           [&] { return "there are " + std::to_string(buffers_.size()) + " channels"; });
    if (sent.what != link_phase::kind::packet || sent.channel >= buffers_.size()) {
        return out->nb_transport_fw(b, phase, delay);
    }
    check_burst(b, &sent);
    check_channel(b, sent);
    auto& buffer = buffers_[sent.channel].packets;
    // Who still keeps the train of the burst before this one may join the two, and holds them by one reference.
    const bool joins = sent.times != nullptr && !buffer.empty() && buffer.back().carrier == &b;
    if (sent.times != nullptr) {
        check_train(b, sent);
    } else {
        check_rate(b, sent, sc_core::sc_time_stamp() + sent_delay);
        enter(b, sent, 0);
    }
    const std::uint32_t held = b.references();
    const tlm::tlm_sync_enum answer = out->nb_transport_fw(b, phase, delay);
    expect(answer == tlm::TLM_ACCEPTED && phase == sent && delay == sent_delay, link_rule::accepted_unchanged, b, &sent,
           "the packet is not plainly accepted");
    const auto is_kept = [&] {
        return std::any_of(buffer.begin(), buffer.end(),
                           [&](const packet& p) { return p.carrier == &b && p.index == sent.index; });
    };
    expect(joins || b.references() > held || !is_kept(), link_rule::lifetime, b, &sent,
           "the packet is kept without a reference of its own");
    return answer;
}

tlm::tlm_sync_enum link_checker::nb_transport_bw(burst& b, link_phase& phase, sc_core::sc_time& delay) {
    const link_phase sent = phase;
    const sc_core::sc_time sent_delay = delay;
    expect(sent.what == link_phase::kind::credit, link_rule::phase_direction, b, &sent, "a packet goes backwards");
    expect(sent.channel < buffers_.size(), link_rule::channel_range, b, &sent,
           [&] { return "there are " + std::to_string(buffers_.size()) + " channels"; });
    if (sent.what == link_phase::kind::credit && sent.channel < buffers_.size()) {
        if (sent.times != nullptr) {
            link_phase one = sent;
            for (std::uint32_t i = 0; i < sent.times->count; ++i, ++one.index) {
                take_credit(b, one, sent.times->first + sent.times->offset[i]);
            }
        } else {
            const sc_core::sc_time time = sc_core::sc_time_stamp() + delay;
            expect(time >= last_credit_, link_rule::time_order, b, &sent, [&] {
                return "the credit's time falls from " + last_credit_.to_string() + " to " + time.to_string();
            });
            last_credit_ = time;
            take_credit(b, sent, 0);
        }
    }
    const tlm::tlm_sync_enum answer = in->nb_transport_bw(b, phase, delay);
    expect(answer == tlm::TLM_ACCEPTED && phase == sent && delay == sent_delay, link_rule::accepted_unchanged, b, &sent,
           "the credit is not plainly accepted");
    return answer;
}

/// A packet that leaves in cycle `at`; 0 at ca, where it leaves now.
void link_checker::enter(const burst& b, const link_phase& phase, std::uint64_t at) {
    check_passage(b, phase);
    channel_buffer& buffer = buffers_[phase.channel];
    expect(buffer.packets.size() < properties_.buffer_depth, link_rule::credit_missing, b, &phase, [&] {
        return "all " + std::to_string(properties_.buffer_depth) + " places of the channel's buffer are taken";
    });
    buffer.packets.push_back({&b, phase.index, identity(b)});
    if (buffer.freed.size() + buffer.packets.size() > properties_.buffer_depth && !buffer.freed.empty()) {
        const std::uint64_t freed = buffer.freed.front();
        buffer.freed.pop_front();
        expect(freed <= at, link_rule::credit_missing, b, &phase, [&] {
            return "it leaves in cycle " + std::to_string(at) + ", and its place is free from " +
                   std::to_string(freed) + " on";
        });
    }
}

void link_checker::take_credit(const burst& b, const link_phase& phase, std::uint64_t at) {
    auto& buffer = buffers_[phase.channel].packets;
    buffers_[phase.channel].freed.push_back(at);
    if (buffer.empty()) {
        const bool old = std::any_of(before_reset_.begin(), before_reset_.end(),
                                     [&](const packet& p) { return p.carrier == &b && p.index == phase.index; });
        expect(!old, link_rule::after_reset, b, &phase, "the credit is of a packet that was sent before the reset");
        expect(old, link_rule::credit_surplus, b, &phase, "the channel's buffer is empty");
        return;
    }
    const packet first = buffer.front();
    buffer.pop_front();
    const bool right = first.carrier == &b && first.index == phase.index;
    expect(right, link_rule::credit_packet, b, &phase, [&] {
        return "first in the buffer is packet " + std::to_string(first.index) +
               (first.carrier == &b ? " of it" : " of another burst");
    });
    expect(b.references() > 0, link_rule::lifetime, b, &phase, "nobody holds the burst");
    expect(!right || first.what == identity(b), link_rule::payload_unchanged, b, &phase,
           "the burst has changed since the packet was sent");
}

// ---------------------------------------------------------------------------------------------------- parts of rules

bool link_checker::is_live(node_index n) const {
    const std::uint32_t number = to_number(n);
    return number < properties_.places.size() && (!properties_.live || (*properties_.live)[number]);
}

void link_checker::check_burst(const burst& b, const link_phase* phase) {
    using enum link_rule;
    expect(b.references() > 0, lifetime, b, phase, "nobody holds the burst");
    expect(b.times.count >= 1 && b.times.count <= burst::capacity, packet_count, b, phase,
           [&] { return "the burst has " + std::to_string(b.times.count) + " packets"; });
    expect(is_live(b.source), node, b, phase, "the source is no live node");
    expect(is_live(b.destination), node, b, phase, "the destination is no live node");
    expect(is_class(b.channel_class), kind, b, phase, "the message class is unknown");
    expect(b.kind <= burst_kind::barrier_end, kind, b, phase, "the kind is unknown");
    expect(b.status <= burst_status::corrupted, kind, b, phase, "the status is unknown");
}

void link_checker::check_rate(const burst& b, const link_phase& phase, const sc_core::sc_time& time) {
    expect(time >= last_packet_, link_rule::time_order, b, &phase,
           [&] { return "the packet's time falls from " + last_packet_.to_string() + " to " + time.to_string(); });
    in_this_cycle_ = time < last_packet_ + properties_.cycle && in_this_cycle_ > 0 ? in_this_cycle_ + 1 : 1;
    if (in_this_cycle_ == 1) {
        last_packet_ = time;
    }
    expect(in_this_cycle_ <= properties_.packets_per_cycle, link_rule::rate, b, &phase,
           [&] { return "it is packet " + std::to_string(in_this_cycle_) + " of this cycle"; });
}

/// A burst of one packet may leave in a cycle that a train has told to be its own, and then leaves the next free slot
/// empty; two of them not in one cycle, nor in successive ones.
std::uint64_t link_checker::slot_of_lone(std::uint64_t at) {
    const bool may_go_between = at >= next_lone_;
    next_lone_ = at + 2;
    std::uint64_t slot = at;
    for (auto s = slots_.find(at);
         may_go_between && s != slots_.end() && s->first == slot && s->second >= properties_.packets_per_cycle; ++s) {
        ++slot;
    }
    return slot;
}

/// Packets leave in slots of the link that are taken ahead, so that a later train may use gaps of an earlier one.
void link_checker::check_train(const burst& b, const link_phase& phase) {
    const packet_times& times = *phase.times;
    expect(times.first >= first_of_train_, link_rule::time_order, b, &phase, [&] {
        return "the train's cycle falls from " + std::to_string(first_of_train_) + " to " + std::to_string(times.first);
    });
    first_of_train_ = times.first;
    slots_.erase(slots_.begin(), slots_.lower_bound(times.first));
    link_phase one = phase;
    one.times = nullptr;
    std::uint64_t last = times.first;
    for (std::uint32_t i = 0; i < times.count; ++i, ++one.index) {
        const std::uint64_t at = times.first + times.offset[i];
        expect(at >= last, link_rule::time_order, b, &one, "it leaves before the packet in front of it");
        last = at;
        const std::uint64_t slot = b.is_lone() ? slot_of_lone(at) : at;
        const std::uint32_t taken = ++slots_[slot];
        expect(taken <= properties_.packets_per_cycle, link_rule::rate, b, &one,
               [&] { return "it is packet " + std::to_string(taken) + " of cycle " + std::to_string(at); });
        enter(b, one, at);
    }
}

void link_checker::check_channel(const burst& b, const link_phase& phase) {
    const std::uint32_t c = phase.channel / properties_.channels_per_class;
    expect(!is_class(b.channel_class) || c == static_cast<std::uint32_t>(b.channel_class), link_rule::channel_class, b,
           &phase, [&] { return std::string("the channel is of class ") + class_names[c]; });
}

void link_checker::check_passage(const burst& b, const link_phase& phase) {
    using enum link_rule;
    const std::uint32_t count = std::min(b.times.count, burst::capacity);
    expect(phase.index < count, packet_count, b, &phase, "there is no such packet");
    if (phase.index >= count) {
        return;
    }
    const identity what(b);
    if (count == 1 && passages_.empty()) {
        check_beginning(b, phase, what);
        return;
    }
    auto found = passages_.find(&b);
    if (found != passages_.end() && found->second.what != what) {
        // The same object carries another burst by now.
        expect(!properties_.in_order, packet_count, b, &phase, "an earlier burst ended before its last packet");
        passages_.erase(found);
        found = passages_.end();
    }
    if (found == passages_.end()) {
        const bool old = !check_beginning(b, phase, what);
        // What came before the reset is not missed.
        found = passages_.emplace(&b, passage{what, phase.channel, old ? (1U << phase.index) - 1 : 0}).first;
    }
    passage& p = found->second;
    expect(p.channel == phase.channel, channel_constant, b, &phase,
           [&] { return "its first packet here came on channel " + std::to_string(p.channel); });
    const bool again = (p.seen >> phase.index & 1U) != 0;
    expect(!again, packet_count, b, &phase, "the packet has passed before");
    expect(!properties_.in_order || again || p.seen == (1U << phase.index) - 1, packet_order, b, &phase,
           "not all packets before it have passed");
    p.seen |= 1U << phase.index;
    if (p.seen == (1U << count) - 1) {
        passages_.erase(found);
    }
}

bool link_checker::check_beginning(const burst& b, const link_phase& phase, const identity& what) {
    const bool old = std::any_of(before_reset_.begin(), before_reset_.end(),
                                 [&](const packet& p) { return p.carrier == &b && p.what == what; });
    expect(!old, link_rule::after_reset, b, &phase, "the burst was under way before the reset");
    if (!old) {
        check_flow(b, phase);
    }
    return !old;
}

void link_checker::check_flow(const burst& b, const link_phase& phase) {
    if (!properties_.in_order) {
        return;
    }
    const auto [last, first] = flows_.try_emplace(flow_of(b), b.sequence);
    expect(first || b.sequence > last->second, link_rule::flow_order, b, &phase,
           [&] { return "the burst before it has sequence number " + std::to_string(last->second); });
    last->second = b.sequence;
}

// ---------------------------------------------------------------------------------------------------- reports

void link_checker::report(link_rule rule, const burst& b, const link_phase* phase, std::string_view what) const {
    const link_rule_description& broken = description_of(rule);
    std::ostringstream text;
    text << link_ << ": " << what << "; " << describe(b, phase) << "; the rule: " << broken.asks;
    SC_REPORT_ERROR(broken.report_type, text.str().c_str());
}

std::string link_checker::describe(const burst& b, const link_phase* phase) const {
    const auto place = [&](node_index n) {
        if (to_number(n) >= properties_.places.size()) {
            return "node " + std::to_string(to_number(n));
        }
        return indexed("node", properties_.places.at(n));
    };
    std::ostringstream text;
    if (phase != nullptr) {
        text << (phase->what == link_phase::kind::packet ? "packet " : "credit of packet ") << unsigned{phase->index}
             << " of " << b.times.count << " on channel " << unsigned{phase->channel} << " of ";
    }
    text << "burst " << b.sequence << ", class "
         << (is_class(b.channel_class) ? class_names[static_cast<std::size_t>(b.channel_class)] : "unknown")
         << ", from " << place(b.source) << " to " << place(b.destination) << ", " << b.references() << " references";
    return text.str();
}

// ---------------------------------------------------------------------------------------------------- many

void link_checkers::join(link_initiator_socket& from, link_target_socket& to, const link_properties& properties,
                         const link_rules& rules) {
    checkers_.push_back(std::make_unique<link_checker>(
        sc_core::sc_gen_unique_name("link_checker"), std::string(from.name()) + " to " + to.name(), properties, rules));
    from.bind(checkers_.back()->in);
    checkers_.back()->out.bind(to);
}

std::size_t link_checkers::under_way() const noexcept {
    return std::accumulate(checkers_.begin(), checkers_.end(), std::size_t{0},
                           [](std::size_t sum, const auto& c) { return sum + c->under_way(); });
}

void link_checkers::reset() {
    for (const auto& c : checkers_) {
        c->reset();
    }
}

}  // namespace d1::transactors
