// Each rule of the link's protocol broken: reported by its name, and passed where it is switched off.

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "models/reporting/expect_report.hpp"
#include "models/transactors/link_checker_bench.hpp"

namespace d1::transactors::test {
namespace {

/// A way to break one rule, and no other.
struct link_breach {
    link_rule rule;
    std::string how;
    std::function<void(watched_link&)> commit;
};

void PrintTo(const link_breach& b, std::ostream* out) {
    *out << description_of(b.rule).name() << ": " << b.how;
}

/// Sends one packet of a burst that was prepared like this.
std::function<void(watched_link&)> prepared(std::function<void(burst&)> prepare) {
    return [prepare = std::move(prepare)](watched_link& c) {
        const burst_ptr b = c.make();
        prepare(*b);
        c.send(*b);
    };
}
/// Walks a burst that the receiving end treats like this.
std::function<void(watched_link&)> walked(std::function<void(burst&, sc_time&)> treat) {
    return [treat = std::move(treat)](watched_link& c) {
        c.walk = treat;
        c.block(*c.make());
    };
}

std::vector<link_breach> link_breaches() {
    using enum link_rule;
    return {
        {phase_direction, "credit_forwards",
         [](watched_link& c) {
             const burst_ptr b = c.make();
             link_phase phase{link_phase::kind::credit, 4, 0};
             sc_time delay;
             c.sender.out->nb_transport_fw(*b, phase, delay);
         }},
        {phase_direction, "packet_backwards",
         [](watched_link& c) {
             const burst_ptr b = c.make();
             link_phase phase{link_phase::kind::packet, 4, 0};
             sc_time delay;
             c.receiver.in->nb_transport_bw(*b, phase, delay);
         }},
        {accepted_unchanged, "packet_completed",
         [](watched_link& c) {
             c.packet = [&c](burst& b, link_phase& phase, sc_time&) {
                 c.kept.emplace_back(&b, phase);
                 return tlm::TLM_COMPLETED;
             };
             c.send(*c.make());
         }},
        {accepted_unchanged, "phase",
         [](watched_link& c) {
             c.packet = [&c](burst& b, link_phase& phase, sc_time&) {
                 c.kept.emplace_back(&b, phase);
                 ++phase.channel;
                 return tlm::TLM_ACCEPTED;
             };
             c.send(*c.make());
         }},
        {accepted_unchanged, "delay_of_credit",
         [](watched_link& c) {
             c.credit = [](burst&, link_phase&, sc_time& delay) {
                 delay += sc_time(1, sc_core::SC_PS);
                 return tlm::TLM_ACCEPTED;
             };
             c.send(*c.make());
             c.give_back();
         }},
        {transport_mixing, "walk_beside_packets",
         [](watched_link& c) {
             c.send(*c.make());
             c.block(*c.make());
         }},
        {time_order, "packets",
         [](watched_link& c) {
             c.send(*c.make(), 0, 4, sc_time(2, sc_core::SC_NS));
             c.send(*c.make(), 0, 4, sc_time(1, sc_core::SC_NS));
         }},
        {time_order, "credits",
         [](watched_link& c) {
             const burst_ptr a = c.make();
             const burst_ptr b = c.make();
             c.send(*a);
             c.send(*b);
             c.give_back(*a, 0, 4, sc_time(2, sc_core::SC_NS));
             c.give_back(*b, 0, 4, sc_time(1, sc_core::SC_NS));
         }},
        {delay, "shortened", walked([](burst&, sc_time& d) { d = sc_core::SC_ZERO_TIME; })},
        {rate, "third_packet_of_a_cycle",
         [](watched_link& c) {
             const burst_ptr b = c.make(3);
             for (std::uint32_t i = 0; i < 3; ++i) {
                 c.send(*b, i);
             }
         }},
        {rate, "third_train_in_a_cycle",
         [](watched_link& c) {
             c.send_train(5, 2, 4);
             c.send_train(5, 2, 5);
             c.send_train(6, 2, 6);
         }},
        {rate, "two_packets_of_their_own_between_those_of_trains",
         [](watched_link& c) {
             c.send_train(5, 3, 4);
             c.send_train(5, 3, 5);
             c.send_train(5, 1, 6);
             c.send_train(6, 1, 7);
         }},
        {rate, "slot_that_is_to_stay_empty",
         [](watched_link& c) {
             c.send_train(5, 2, 4);
             c.send_train(5, 2, 5);
             c.send_train(5, 1, 6);
             c.send_train(7, 2, 6);
             c.send_train(7, 2, 7);
         }},
        {channel_range, "packet", [](watched_link& c) { c.send(*c.make(), 0, 8); }},
        {channel_range, "credit",
         [](watched_link& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.give_back(*b, 0, 255);
         }},
        {channel_class, "below", [](watched_link& c) { c.send(*c.make(), 0, 3); }},
        {channel_class, "above", [](watched_link& c) { c.send(*c.make(), 0, 6); }},
        {channel_constant, "changed",
         [](watched_link& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0, 4);
             c.send(*b, 1, 5);
         }},
        {packet_count, "beyond_the_end", [](watched_link& c) { c.send(*c.make(2), 2); }},
        {packet_count, "no_packet", prepared([](burst& b) { b.times.count = 0; })},
        {packet_count, "too_many", prepared([](burst& b) { b.times.count = 17; })},
        {packet_count, "twice",
         [](watched_link& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0);
             c.send(*b, 0);
         }},
        {packet_count, "cut_short",
         [](watched_link& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0);
             c.give_back();
             b->sequence = c.next_sequence++;
             c.send(*b, 0);
         }},
        {packet_order, "one_left_out",
         [](watched_link& c) {
             const burst_ptr b = c.make(3);
             c.send(*b, 0);
             c.send(*b, 2);
         }},
        {flow_order, "overtaken",
         [](watched_link& c) {
             const burst_ptr first = c.make();
             const burst_ptr second = c.make();
             c.send(*second);
             c.send(*first);
         }},
        {flow_order, "once_more",
         [](watched_link& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.send(*b);
         }},
        {credit_missing, "fourth_packet_for_three_places",
         [](watched_link& c) {
             const burst_ptr b = c.make(4);
             for (std::uint32_t i = 0; i < 4; ++i) {
                 c.send(*b, i);
                 watched_link::next_cycle();
             }
         }},
        {credit_surplus, "nothing_sent", [](watched_link& c) { c.give_back(*c.make()); }},
        {credit_surplus, "second_credit",
         [](watched_link& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.give_back(*b);
             c.give_back(*b);
         }},
        {credit_packet, "of_the_second",
         [](watched_link& c) {
             const burst_ptr a = c.make();
             const burst_ptr b = c.make();
             c.send(*a);
             c.send(*b);
             c.give_back(*b);
         }},
        {credit_packet, "other_number",
         [](watched_link& c) {
             const burst_ptr b = c.make(2);
             c.send(*b);
             c.give_back(*b, 1);
         }},
        {lifetime, "kept_without_a_reference",
         [](watched_link& c) {
             c.packet = [](burst&, link_phase&, sc_time&) { return tlm::TLM_ACCEPTED; };
             c.send(*c.make());
         }},
        {lifetime, "nobody_holds_it",
         [](watched_link& c) {
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
         [](watched_link& c) {
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
         [](watched_link& c) {
             const burst_ptr b = c.make();
             b->destination = node_index{99};
             c.block(*b);
         }},
        {kind, "unknown", prepared([](burst& b) { b.kind = static_cast<burst_kind>(8); })},
        {kind, "status", prepared([](burst& b) { b.status = static_cast<burst_status>(3); })},
        {kind, "class_of_a_walk",
         [](watched_link& c) {
             const burst_ptr b = c.make();
             b->channel_class = static_cast<message_class>(4);
             c.block(*b);
         }},
        {after_reset, "credit",
         [](watched_link& c) {
             const burst_ptr b = c.make();
             c.send(*b);
             c.checker.reset();
             c.give_back(*b);
         }},
        {after_reset, "rest_of_a_burst",
         [](watched_link& c) {
             const burst_ptr b = c.make(2);
             c.send(*b, 0);
             c.checker.reset();
             c.send(*b, 1);
         }},
    };
}

class a_link_breach : public testing::TestWithParam<link_breach> {};

TEST_P(a_link_breach, is_reported_by_the_name_of_its_rule) {
    watched_link on("on");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const reporting::expect_report report(sc_core::SC_ERROR, description_of(GetParam().rule).report_type,
                                          std::string(description_of(GetParam().rule).asks));
    EXPECT_THROW(GetParam().commit(on), sc_core::sc_report);
}

TEST_P(a_link_breach, breaks_no_other_rule_and_passes_where_its_own_is_switched_off) {
    watched_link off("off", link_rules::all().without(GetParam().rule));
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    EXPECT_NO_THROW(GetParam().commit(off));
}

INSTANTIATE_TEST_SUITE_P(each, a_link_breach, testing::ValuesIn(link_breaches()), [](const auto& i) {
    return std::string(description_of(i.param.rule).name()) + "_" + i.param.how;
});

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
