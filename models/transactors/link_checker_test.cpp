// The link's protocol kept: what its checker lets pass, and how it names what it does not.

#include <gtest/gtest.h>

#include "models/reporting/expect_report.hpp"
#include "models/transactors/link_checker_bench.hpp"

namespace d1::transactors::test {
namespace {

TEST(link_checker, passes_packets_and_credits_on) {
    watched_link c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (int n = 0; n < 20; ++n) {
        const burst_ptr b = c.make(3);
        for (std::uint32_t i = 0; i < 3; ++i) {
            c.send(*b, i);
            watched_link::next_cycle();
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
    watched_link c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    c.send_train(5, 3, 4);
    c.send_train(5, 3, 5);
    c.send_train(5, 1, 6);  // the first slot of cycle 8 stays empty for it
    c.send_train(7, 1, 6);  // and the second for this one
    c.send_train(9, 2, 7);
    EXPECT_EQ(c.checker.under_way(), 10U);
}

TEST(link_checker, lets_bursts_of_different_channels_and_of_one_channel_interleave) {
    watched_link c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr a = c.make(2);
    const burst_ptr b = c.make(2);
    b->destination = node_index{3};
    const burst_ptr r = c.make(1);
    r->channel_class = message_class::response;
    c.send(*a, 0);
    c.send(*b, 0);
    watched_link::next_cycle();
    c.send(*r, 0, 7);
    c.send(*a, 1);
    c.give_back();
    watched_link::next_cycle();
    c.send(*b, 1);
    while (!c.kept.empty()) {
        c.give_back();
    }
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, lets_a_receiver_that_takes_at_once_keep_no_reference) {
    watched_link c("c");
    c.packet = [&](burst& b, link_phase& phase, sc_time&) {
        c.give_back(b, phase.index, phase.channel);
        return tlm::TLM_ACCEPTED;
    };
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    c.send(*c.make());
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, lets_packets_of_a_burst_pass_by_other_links_where_routing_is_not_in_order) {
    watched_link c("c", link_rules::all(), false);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr b = c.make(4);
    c.send(*b, 2);
    c.send(*b, 1);
    c.give_back();
    c.give_back();
    b->sequence = 0;  // the object is used again
    watched_link::next_cycle();
    c.send(*b, 0);
    c.give_back();
    EXPECT_EQ(c.checker.under_way(), 0U);
}

TEST(link_checker, starts_afresh_after_a_reset) {
    watched_link c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (std::uint64_t n = 0; n < 3; ++n) {
        c.send(*c.make(2));  // half of it
        watched_link::next_cycle();
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
    watched_link c("c");
    c.walk = [](burst&, sc_time& delay) { delay += sc_time(1, sc_core::SC_NS); };
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr b = c.make(16);
    sc_time delay(5, sc_core::SC_NS);
    c.sender.out->b_transport(*b, delay);
    EXPECT_EQ(delay, sc_time(6, sc_core::SC_NS));
}

TEST(link_checker, names_the_link_the_packet_and_what_is_wrong) {
    watched_link c("c");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const burst_ptr b = c.make(3);
    b->destination = node_index{15};
    const reporting::expect_report report(sc_core::SC_ERROR, "link/node",
                                          "the link: the destination is no live node; packet 0 of 3 on channel 4 of "
                                          "burst 0, class data, from node[1,0] to node[3,3], 1 references");
    EXPECT_THROW(c.send(*b), sc_core::sc_report);
}

}  // namespace
}  // namespace d1::transactors::test
