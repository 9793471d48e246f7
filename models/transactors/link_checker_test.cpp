// The link's protocol kept, and each of its rules broken: reported by its name, and passed where it is switched off.

#include "models/transactors/link_checker.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/reporting/expect_report.hpp"

namespace d1::transactors::test {
namespace {

using sc_core::sc_time;

/// A sending end and a receiving end with a checker between them, driven by hand. The mesh is of 4 x 4 nodes, of which
/// the last is dead; two channels a class, three places a channel, two packets a cycle.
struct chain {
    explicit chain(const std::string& name, const link_rules& rules = link_rules::all(), bool in_order = true)
        : properties{.places = {4, 4},
                     .live = all_but_the_last(),
                     .channels_per_class = 2,
                     .buffer_depth = 3,
                     .packets_per_cycle = 2,
                     .in_order = in_order},
          sender((name + "_sender").c_str(), *this),
          receiver((name + "_receiver").c_str(), *this),
          checker((name + "_checker").c_str(), "the link", properties, rules) {
        sender.out.bind(checker.in);
        checker.out.bind(receiver.in);
    }

    static std::shared_ptr<const std::vector<bool>> all_but_the_last() {
        auto live = std::make_shared<std::vector<bool>>(16, true);
        live->back() = false;
        return live;
    }

    /// A burst of class data, from node 1 to node 2.
    burst_ptr make(std::uint32_t packets = 1) {
        burst_ptr b = bursts.acquire(false);
        b->source = node_index{1};
        b->destination = node_index{2};
        b->sequence = next_sequence++;
        b->times = packet_times::back_to_back(0, packets);
        return b;
    }

    static constexpr std::uint8_t data_channel = 4;
    void send(burst& b, std::uint32_t index = 0, std::uint8_t channel = data_channel, sc_time delay = {}) {
        link_phase phase{link_phase::kind::packet, channel, static_cast<std::uint8_t>(index)};
        sender.out->nb_transport_fw(b, phase, delay);
    }
    /// At `at`: a whole burst, back to back from cycle `first` on.
    void send_train(std::uint64_t first, std::uint32_t packets, std::uint8_t channel = data_channel) {
        const burst_ptr b = make(packets);
        b->channel_class = static_cast<message_class>(channel / properties.channels_per_class);
        const packet_times times = packet_times::back_to_back(first, packets);
        link_phase phase{link_phase::kind::packet, channel, 0, &times};
        sc_time delay;
        sender.out->nb_transport_fw(*b, phase, delay);
    }
    void give_back(burst& b, std::uint32_t index = 0, std::uint8_t channel = data_channel, sc_time delay = {}) {
        link_phase phase{link_phase::kind::credit, channel, static_cast<std::uint8_t>(index)};
        receiver.in->nb_transport_bw(b, phase, delay);
    }
    /// Gives the credit of the packet that has been here longest back.
    void give_back() {
        const auto [b, phase] = kept.front();
        kept.pop_front();
        give_back(*b, phase.index, phase.channel);
    }
    void block(burst& b) {
        sc_time delay(5, sc_core::SC_NS);
        sender.out->b_transport(b, delay);
    }
    static void next_cycle() { sc_core::sc_start(500, sc_core::SC_PS); }

    struct sending_end : sc_core::sc_module, link_initiator {
        sending_end(const sc_core::sc_module_name& name, chain& c) : sc_module(name), owner(c) { out.bind(*this); }
        tlm::tlm_sync_enum nb_transport_bw(burst& b, link_phase& phase, sc_time& delay) override {
            ++owner.credits;
            return owner.credit ? owner.credit(b, phase, delay) : tlm::TLM_ACCEPTED;
        }
        chain& owner;
        link_initiator_socket out{"out"};
    };
    struct receiving_end : sc_core::sc_module, link_target {
        receiving_end(const sc_core::sc_module_name& name, chain& c) : sc_module(name), owner(c) { in.bind(*this); }
        tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_time& delay) override {
            if (owner.packet) {
                return owner.packet(b, phase, delay);
            }
            owner.kept.emplace_back(&b, phase);
            return tlm::TLM_ACCEPTED;
        }
        void b_transport(burst& b, sc_time& delay) override {
            if (owner.walk) {
                owner.walk(b, delay);
            }
        }
        chain& owner;
        link_target_socket in{"in"};
    };

    burst_pool bursts;
    link_properties properties;
    std::uint64_t next_sequence = 0;
    std::uint32_t credits = 0;
    std::deque<std::pair<burst_ptr, link_phase>> kept;
    std::function<tlm::tlm_sync_enum(burst&, link_phase&, sc_time&)> packet;
    std::function<tlm::tlm_sync_enum(burst&, link_phase&, sc_time&)> credit;
    std::function<void(burst&, sc_time&)> walk;
    sending_end sender;
    receiving_end receiver;
    link_checker checker;
};

// ---------------------------------------------------------------------------------------------------- what is right

TEST(link_checker, passes_packets_and_credits_on) {
    chain c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (int n = 0; n < 20; ++n) {
        const burst_ptr b = c.make(3);
        for (std::uint32_t i = 0; i < 3; ++i) {
            c.send(*b, i);
            chain::next_cycle();
        }
        EXPECT_EQ(c.checker.under_way(), 3U);
        while (!c.kept.empty()) {
            c.give_back();
        }
    }
    EXPECT_EQ(c.credits, 60U);
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, lets_a_packet_of_its_own_go_between_those_of_trains_that_fill_the_link) {
    chain c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    c.send_train(5, 3, 4);
    c.send_train(5, 3, 5);
    c.send_train(5, 1, 6);  // the first slot of cycle 8 stays empty for it
    c.send_train(7, 1, 6);  // and the second for this one
    c.send_train(9, 2, 7);
    EXPECT_EQ(c.checker.under_way(), 10U);
}

TEST(link_checker, lets_bursts_of_different_channels_and_of_one_channel_interleave) {
    chain c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr a = c.make(2);
    const burst_ptr b = c.make(2);
    b->destination = node_index{3};
    const burst_ptr r = c.make(1);
    r->channel_class = message_class::response;
    c.send(*a, 0);
    c.send(*b, 0);
    chain::next_cycle();
    c.send(*r, 0, 7);
    c.send(*a, 1);
    c.give_back();
    chain::next_cycle();
    c.send(*b, 1);
    while (!c.kept.empty()) {
        c.give_back();
    }
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, lets_a_receiver_that_takes_at_once_keep_no_reference) {
    chain c("c");
    c.packet = [&](burst& b, link_phase& phase, sc_time&) {
        c.give_back(b, phase.index, phase.channel);
        return tlm::TLM_ACCEPTED;
    };
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    c.send(*c.make());
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, lets_packets_of_a_burst_pass_by_other_links_where_routing_is_not_in_order) {
    chain c("c", link_rules::all(), false);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr b = c.make(4);
    c.send(*b, 2);
    c.send(*b, 1);
    c.give_back();
    c.give_back();
    b->sequence = 0;  // the object is used again
    chain::next_cycle();
    c.send(*b, 0);
    c.give_back();
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, starts_afresh_after_a_reset) {
    chain c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (std::uint64_t n = 0; n < 3; ++n) {
        c.send(*c.make(2));  // half of it
        chain::next_cycle();
    }
    c.checker.reset();
    c.kept.clear();
    c.next_sequence = 0;
    const burst_ptr b = c.make();
    c.send(*b);
    c.give_back();
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, passes_walks_on) {
    chain c("c");
    c.walk = [](burst&, sc_time& delay) { delay += sc_time(1, sc_core::SC_NS); };
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr b = c.make(16);
    sc_time delay(5, sc_core::SC_NS);
    c.sender.out->b_transport(*b, delay);
    EXPECT_EQ(delay, sc_time(6, sc_core::SC_NS));
}

// ---------------------------------------------------------------------------------------------------- each rule broken

/// A way to break one rule, and no other.
struct link_breach {
    link_rule rule;
    std::string how;
    std::function<void(chain&)> commit;
};

void PrintTo(const link_breach& b, std::ostream* out) {
    *out << description_of(b.rule).name() << ": " << b.how;
}

/// Sends one packet of a burst that was prepared like this.
std::function<void(chain&)> prepared(std::function<void(burst&)> prepare) {
    return [prepare = std::move(prepare)](chain& c) {
        const burst_ptr b = c.make();
        prepare(*b);
        c.send(*b);
    };
}
/// Walks a burst that the receiving end treats like this.
std::function<void(chain&)> walked(std::function<void(burst&, sc_time&)> treat) {
    return [treat = std::move(treat)](chain& c) {
        c.walk = treat;
        c.block(*c.make());
    };
}

std::vector<link_breach> link_breaches() {
    using enum link_rule;
    return {
        {phase_direction, "credit_forwards",
         [](chain& c) {
             const burst_ptr b = c.make();
             link_phase phase{link_phase::kind::credit, 4, 0};
             sc_time delay;
             c.sender.out->nb_transport_fw(*b, phase, delay);
         }},
        {phase_direction, "packet_backwards",
         [](chain& c) {
             const burst_ptr b = c.make();
             link_phase phase{link_phase::kind::packet, 4, 0};
             sc_time delay;
             c.receiver.in->nb_transport_bw(*b, phase, delay);
         }},
        {accepted_unchanged, "packet_completed",
         [](chain& c) {
             c.packet = [&c](burst& b, link_phase& phase, sc_time&) {
                 c.kept.emplace_back(&b, phase);
                 return tlm::TLM_COMPLETED;
             };
             c.send(*c.make());
         }},
        {accepted_unchanged, "phase",
         [](chain& c) {
             c.packet = [&c](burst& b, link_phase& phase, sc_time&) {
                 c.kept.emplace_back(&b, phase);
                 ++phase.channel;
                 return tlm::TLM_ACCEPTED;
             };
             c.send(*c.make());
         }},
        {accepted_unchanged, "delay_of_credit",
         [](chain& c) {
             c.credit = [](burst&, link_phase&, sc_time& delay) {
                 delay += sc_time(1, sc_core::SC_PS);
                 return tlm::TLM_ACCEPTED;
             };
             c.send(*c.make());
             c.give_back();
         }},
        {transport_mixing, "walk_beside_packets",
         [](chain& c) {
             c.send(*c.make());
             c.block(*c.make());
         }},
        {time_order, "packets",
         [](chain& c) {
             c.send(*c.make(), 0, 4, sc_time(2, sc_core::SC_NS));
             c.send(*c.make(), 0, 4, sc_time(1, sc_core::SC_NS));
         }},
        {time_order, "credits",
         [](chain& c) {
             const burst_ptr a = c.make();
             const burst_ptr b = c.make();
             c.send(*a);
             c.send(*b);
             c.give_back(*a, 0, 4, sc_time(2, sc_core::SC_NS));
             c.give_back(*b, 0, 4, sc_time(1, sc_core::SC_NS));
         }},
        {delay, "shortened", walked([](burst&, sc_time& d) { d = sc_core::SC_ZERO_TIME; })},
        {rate, "third_packet_of_a_cycle",
         [](chain& c) {
             const burst_ptr b = c.make(3);
             for (std::uint32_t i = 0; i < 3; ++i) {
                 c.send(*b, i);
             }
         }},
        {rate, "third_train_in_a_cycle",
         [](chain& c) {
             c.send_train(5, 2, 4);
             c.send_train(5, 2, 5);
             c.send_train(6, 2, 6);
         }},
        {rate, "two_packets_of_their_own_between_those_of_trains",
         [](chain& c) {
             c.send_train(5, 3, 4);
             c.send_train(5, 3, 5);
             c.send_train(5, 1, 6);
             c.send_train(6, 1, 7);
         }},
        {rate, "slot_that_is_to_stay_empty",
         [](chain& c) {
             c.send_train(5, 2, 4);
             c.send_train(5, 2, 5);
             c.send_train(5, 1, 6);
             c.send_train(7, 2, 6);
             c.send_train(7, 2, 7);
         }},
        {channel_range, "packet", [](chain& c) { c.send(*c.make(), 0, 8); }},
        {channel_range, "credit",
         [](chain& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.give_back(*b, 0, 255);
         }},
        {channel_class, "below", [](chain& c) { c.send(*c.make(), 0, 3); }},
        {channel_class, "above", [](chain& c) { c.send(*c.make(), 0, 6); }},
        {channel_constant, "changed",
         [](chain& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0, 4);
             c.send(*b, 1, 5);
         }},
        {packet_count, "beyond_the_end", [](chain& c) { c.send(*c.make(2), 2); }},
        {packet_count, "no_packet", prepared([](burst& b) { b.times.count = 0; })},
        {packet_count, "too_many", prepared([](burst& b) { b.times.count = 17; })},
        {packet_count, "twice",
         [](chain& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0);
             c.send(*b, 0);
         }},
        {packet_count, "cut_short",
         [](chain& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0);
             c.give_back();
             b->sequence = c.next_sequence++;
             c.send(*b, 0);
         }},
        {packet_order, "one_left_out",
         [](chain& c) {
             const burst_ptr b = c.make(3);
             c.send(*b, 0);
             c.send(*b, 2);
         }},
        {flow_order, "overtaken",
         [](chain& c) {
             const burst_ptr first = c.make();
             const burst_ptr second = c.make();
             c.send(*second);
             c.send(*first);
         }},
        {flow_order, "once_more",
         [](chain& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.send(*b);
         }},
        {credit_missing, "fourth_packet_for_three_places",
         [](chain& c) {
             const burst_ptr b = c.make(4);
             for (std::uint32_t i = 0; i < 4; ++i) {
                 c.send(*b, i);
                 chain::next_cycle();
             }
         }},
        {credit_surplus, "nothing_sent", [](chain& c) { c.give_back(*c.make()); }},
        {credit_surplus, "second_credit",
         [](chain& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.give_back(*b);
             c.give_back(*b);
         }},
        {credit_packet, "of_the_second",
         [](chain& c) {
             const burst_ptr a = c.make();
             const burst_ptr b = c.make();
             c.send(*a);
             c.send(*b);
             c.give_back(*b);
         }},
        {credit_packet, "other_number",
         [](chain& c) {
             const burst_ptr b = c.make(2);
             c.send(*b);
             c.give_back(*b, 1);
         }},
        {lifetime, "kept_without_a_reference",
         [](chain& c) {
             c.packet = [](burst&, link_phase&, sc_time&) { return tlm::TLM_ACCEPTED; };
             c.send(*c.make());
         }},
        {lifetime, "nobody_holds_it",
         [](chain& c) {
             burst* gone = nullptr;
             {
                 const burst_ptr b = c.make();
                 gone = b.get();
             }
             c.packet = [&c](burst& b, link_phase& phase, sc_time&) {
                 c.give_back(b, phase.index, phase.channel);
                 return tlm::TLM_ACCEPTED;
             };
             c.send(*gone);
         }},
        {payload_unchanged, "destination",
         [](chain& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             b->destination = node_index{3};
             c.give_back(*b);
         }},
        {payload_unchanged, "length_in_a_walk", walked([](burst& b, sc_time&) { b.times.count = 2; })},
        {node, "dead_destination", prepared([](burst& b) { b.destination = node_index{15}; })},
        {node, "destination_outside", prepared([](burst& b) { b.destination = node_index{16}; })},
        {node, "dead_source", prepared([](burst& b) { b.source = node_index{15}; })},
        {node, "of_a_walk",
         [](chain& c) {
             const burst_ptr b = c.make();
             b->destination = node_index{99};
             c.block(*b);
         }},
        {kind, "unknown", prepared([](burst& b) { b.kind = static_cast<burst_kind>(8); })},
        {kind, "status", prepared([](burst& b) { b.status = static_cast<burst_status>(3); })},
        {kind, "class_of_a_walk",
         [](chain& c) {
             const burst_ptr b = c.make();
             b->channel_class = static_cast<message_class>(4);
             c.block(*b);
         }},
        {after_reset, "credit",
         [](chain& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.checker.reset();
             c.give_back(*b);
         }},
        {after_reset, "rest_of_a_burst",
         [](chain& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0);
             c.checker.reset();
             c.send(*b, 1);
         }},
    };
}

class a_link_breach : public testing::TestWithParam<link_breach> {};

TEST_P(a_link_breach, is_reported_by_the_name_of_its_rule) {
    chain on("on");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const reporting::expect_report report(sc_core::SC_ERROR, description_of(GetParam().rule).report_type,
                                          std::string(description_of(GetParam().rule).asks));
    EXPECT_THROW(GetParam().commit(on), sc_core::sc_report);
}

TEST_P(a_link_breach, breaks_no_other_rule_and_passes_where_its_own_is_switched_off) {
    chain off("off", link_rules::all().without(GetParam().rule));
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    EXPECT_NO_THROW(GetParam().commit(off));
}

INSTANTIATE_TEST_SUITE_P(each, a_link_breach, testing::ValuesIn(link_breaches()), [](const auto& i) {
    return std::string(description_of(i.param.rule).name()) + "_" + i.param.how;
});

TEST(link_checker, names_the_link_the_packet_and_what_is_wrong) {
    chain c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr b = c.make(3);
    b->destination = node_index{15};
    const reporting::expect_report report(sc_core::SC_ERROR, "link/node",
                                          "the link: the destination is no live node; packet 0 of 3 on channel 4 of "
                                          "burst 0, class data, from node[1,0] to node[3,3], 1 references");
    EXPECT_THROW(c.send(*b), sc_core::sc_report);
}

TEST(link_rules, are_described_in_the_order_of_their_enumeration_and_each_has_a_breach) {
    std::set<link_rule> broken;
    for (const link_breach& b : link_breaches()) {
        broken.insert(b.rule);
    }
    EXPECT_EQ(broken.size(), link_rule_count);
    for (std::size_t i = 0; i < link_rule_count; ++i) {
        EXPECT_EQ(static_cast<std::size_t>(link_rule_descriptions[i].rule), i);
        EXPECT_FALSE(link_rules::none().has(link_rule_descriptions[i].rule));
        EXPECT_TRUE(link_rules::all().has(link_rule_descriptions[i].rule));
    }
}

}  // namespace
}  // namespace d1::transactors::test
