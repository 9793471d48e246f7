#include "testbenches/traffic/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "models/parameter/error.hpp"

namespace d1::traffic {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const grid mesh{4, 3};

std::vector<bool> live() {
    std::vector<bool> all(mesh.size(), true);
    all[to_number(mesh.index({3, 2}))] = false;
    return all;
}

burst_trace parsed(const std::string& text) {
    return burst_trace::parse(text, "t.csv", mesh, live());
}

std::string refusal(const std::string& text) {
    try {
        static_cast<void>(parsed(text));
    } catch (const input_error& e) {
        EXPECT_EQ(e.kind(), error_class::table);
        return e.what();
    }
    return "(accepted)";
}

TEST(trace, has_a_burst_a_line_with_heading_comments_and_blanks_or_without) {
    const burst_trace t = parsed(
        "# from somewhere\ncycle,source_x,source_y,destination_x,destination_y,packets,class\r\n"
        "\n 7, 0,0, 3,1, 16, data\n2,0,0,1,0,1,request_low\n2,3,1,0,2,4,response");
    ASSERT_EQ(t.bursts(), 3U);
    EXPECT_EQ(t.senders(), 2U);
    EXPECT_EQ(t.end(), 8U);
    const auto first = t.of(mesh.index({0, 0}));
    ASSERT_EQ(first.size(), 2U);  // in the order of time
    EXPECT_EQ(first[0], (creation{2, mesh.index({1, 0}), 1, message_class::request_low}));
    EXPECT_EQ(first[1], (creation{7, mesh.index({3, 1}), 16, message_class::data}));
    EXPECT_EQ(t.of(mesh.index({3, 1}))[0], (creation{2, mesh.index({0, 2}), 4, message_class::response}));
    EXPECT_EQ(parsed("0,0,0,1,0,1,request_high").bursts(), 1U);
}

TEST(trace, keeps_the_order_of_the_bursts_of_one_node_and_cycle) {
    const burst_trace t = parsed("5,0,0,1,0,1,data\n5,0,0,2,0,1,data\n5,0,0,1,1,1,data\n");
    EXPECT_EQ(t.of(node_index{0})[1].destination, mesh.index({2, 0}));
    EXPECT_EQ(t.of(node_index{0})[2].destination, mesh.index({1, 1}));
}

TEST(trace, reads_what_it_writes) {
    burst_trace t = parsed("7,0,0,3,1,16,data\n2,0,0,1,0,1,request_low\n2,3,1,0,2,4,response\n2,0,0,2,2,3,data");
    EXPECT_EQ(parsed(t.text()), t);
    EXPECT_EQ(t.senders(), 2U);
    t.set({.senders = 11, .warm_up = 7, .measured = 300});
    EXPECT_EQ(t.senders(), 11U);
    const std::string text = t.text();
    EXPECT_THAT(text, StartsWith("# d1sim-trace/1 senders=11 warm_up=7 cycles=300\ncycle,source_x,"));
    EXPECT_THAT(text,
                HasSubstr("\n2,0,0,1,0,1,request_low\n2,0,0,2,2,3,data\n2,3,1,0,2,4,response\n7,0,0,3,1,16,data\n"));
    EXPECT_EQ(parsed(text), t);
}

TEST(trace, is_refused_with_the_line_and_what_is_allowed) {
    EXPECT_EQ(refusal("0,0,0,1,0,17,data"),
              "t.csv:1: column 'packets': '17' is not allowed; whole numbers from 1 to 16 are");
    EXPECT_EQ(refusal("# x\n\n0,0,0,4,0,1,data"),
              "t.csv:3: column 'destination_x': '4' is not allowed; whole numbers from 0 to 3 are");
    EXPECT_EQ(refusal("0,0,3,1,0,1,data"),
              "t.csv:1: column 'source_y': '3' is not allowed; whole numbers from 0 to 2 are");
    EXPECT_EQ(refusal("0,0,0,1,0,1,data\n0,0,0,1,0,1,bulk"),
              "t.csv:2: column 'class': 'bulk' is not allowed; request_low, request_high, data and response are");
    EXPECT_EQ(refusal("1000000001,0,0,1,0,1,data"),
              "t.csv:1: column 'cycle': '1000000001' is not allowed; whole numbers from 0 to 1000000000 are");
    EXPECT_EQ(refusal("0,0,0,3,2,1,data"), "t.csv:1: the destination 3,2 is dead");
    EXPECT_EQ(refusal("0,3,2,0,0,1,data"), "t.csv:1: the source 3,2 is dead");
    EXPECT_EQ(refusal("0,1,1,1,1,1,data"), "t.csv:1: source and destination are the same node");
    EXPECT_THAT(refusal("0,0,0,1,0,1"), StartsWith("t.csv:1: a burst has 7 values, separated by commas: cycle,"));
    EXPECT_THAT(refusal("0,0,0,1,0,1,data,8"), StartsWith("t.csv:1: a burst has 7 values"));
    EXPECT_THAT(refusal("# nothing\n"), StartsWith("t.csv: no burst in it"));
    EXPECT_THAT(refusal(""), StartsWith("t.csv: no burst in it"));
    for (const std::string cycle : {"", "-1", "1.5", "x", "+1", "99999999999999999999"}) {
        EXPECT_THAT(refusal(cycle + ",0,0,1,0,1,data"), HasSubstr("'cycle': '" + cycle + "'")) << cycle;
    }
}

TEST(trace, is_refused_where_its_first_line_is_nearly_that_of_a_setting) {
    const std::string burst = "\n0,0,0,1,0,1,data";
    const auto setting = [&](const std::string& text) { return refusal("# d1sim-trace/1 " + text + burst); };
    EXPECT_EQ(setting("senders=12 warm_up=0 cycles=20"), "(accepted)");
    EXPECT_EQ(setting("senders=2  warm_up=10 cycles=20 and what it is"), "(accepted)");
    for (const char* text : {"", "senders=13 warm_up=0 cycles=20", "senders=2 warm_up=0 cycles=19", "senders=2",
                             "senders=2 warm_up=-1 cycles=20", "senders=x warm_up=0 cycles=20",
                             "senders=2 cycles=20 warm_up=0", "senders=2 warm_up=0 cycles=20x"}) {
        EXPECT_THAT(setting(text), StartsWith("t.csv:1: the line is not as '# d1sim-trace/1 senders=12 ")) << text;
    }
    EXPECT_EQ(parsed("# d1sim-trace/2 is something else" + burst).given(), std::nullopt);
    EXPECT_EQ(parsed("\n# d1sim-trace/1 senders=2" + burst).given(), std::nullopt);  // not the first line
}

TEST(trace, takes_a_heading_only_at_its_beginning) {
    const std::string heading = "cycle,source_x,source_y,destination_x,destination_y,packets,class\n";
    EXPECT_THAT(refusal("0,0,0,1,0,1,data\n" + heading), StartsWith("t.csv:2: column 'source_x'"));
    EXPECT_THAT(refusal(heading), StartsWith("t.csv: no burst in it"));
}

TEST(creation_process, replays_a_trace_and_nothing_else) {
    auto t = std::make_shared<burst_trace>(parsed("2,0,0,1,0,1,request_low\n2,0,0,2,0,3,data\n9,0,0,1,0,1,data\n"));
    const destinations to(mesh, live(), pattern_kind::uniform);
    const load offered{.rate = 1, .warm_up = 0, .measured = 5, .replay = t};
    creation_process process(offered, node_index{0}, to);
    EXPECT_EQ(process.next(), t->of(node_index{0})[0]);
    EXPECT_EQ(process.next(), t->of(node_index{0})[1]);
    EXPECT_GE(process.next().at, offered.end());  // what the load's end cuts off
    EXPECT_GE(process.next().at, offered.end());
    EXPECT_GE(creation_process(offered, node_index{1}, to).next().at, offered.end());
}

}  // namespace
}  // namespace d1::traffic
