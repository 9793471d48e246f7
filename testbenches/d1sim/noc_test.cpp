// `d1sim noc` as a user meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <csignal>
#include <sstream>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/load_options.hpp"
#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

namespace json = boost::json;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;
using words = std::vector<std::string>;

// ---------------------------------------------------------------------------------------------------- rates

TEST(rates, are_one_several_or_a_sweep_with_both_ends) {
    EXPECT_THAT(parse_rates("0.05"), ElementsAre(0.05));
    EXPECT_THAT(parse_rates("0.3,0.1"), ElementsAre(0.3, 0.1));
    EXPECT_THAT(parse_rates("0.1:0.3:0.1"), Pointwise(DoubleNear(1e-12), {0.1, 0.2, 0.3}));
    EXPECT_EQ(parse_rates("0.01:0.4:0.02").size(), 20U);
}

TEST(rates, are_refused_where_they_are_none) {
    for (const char* text : {"", "x", "0", "1.1", "-0.1", "nan", "inf", "0.1,", "0.1;0.2", "0.1:0.2", "0.2:0.1:0.1",
                             "0.1:0.2:0", "0.1:0.2:-1", "0.1:1:1e-9", "0.1:0.2:0.1:0.1", "0.1:2:0.5"}) {
        EXPECT_THROW(static_cast<void>(parse_rates(text)), input_error) << text;
    }
}

TEST(burst_sizes, are_one_or_a_mix_whose_percents_add_up) {
    EXPECT_THAT(parse_burst_sizes("16").parts(), ElementsAre(traffic::burst_sizes::part{16, 100}));
    EXPECT_THAT(parse_burst_sizes("1:50,4:30,16:20").parts(),
                ElementsAre(traffic::burst_sizes::part{1, 50}, traffic::burst_sizes::part{4, 30},
                            traffic::burst_sizes::part{16, 20}));
    for (const char* text : {"", "0", "17", "1,2", "1:50", "1:50,2:49", "1:50,2:51", "1:100,2:0", "1:50:50", "1:x,2:50",
                             "1:50,,2:50", ":100", "1:", "1.5"}) {
        EXPECT_THROW(static_cast<void>(parse_burst_sizes(text)), input_error) << text;
    }
}

TEST(on_off, are_two_lengths_and_whether_they_are_fixed) {
    EXPECT_EQ(parse_on_off("50:150").off, 150U);
    EXPECT_EQ(parse_on_off("50:150").kind, traffic::on_off::lengths::random);
    EXPECT_EQ(parse_on_off("50:0:fixed").kind, traffic::on_off::lengths::fixed);
    EXPECT_DOUBLE_EQ(parse_on_off("50:150").boost(), 4);
    for (const char* text : {"", "50", "0:50", "50:", ":50", "50:50:often", "50:50:fixed:", "x:1", "1000001:0"}) {
        EXPECT_THROW(static_cast<void>(parse_on_off(text)), input_error) << text;
    }
}

TEST(outstanding, are_one_or_several_numbers) {
    EXPECT_THAT(parse_outstanding("1,2,1000"), ElementsAre(1U, 2U, 1000U));
    for (const char* text : {"", "0", "1,", "1001", "-1", "1:2"}) {
        EXPECT_THROW(static_cast<void>(parse_outstanding(text)), input_error) << text;
    }
}

// ---------------------------------------------------------------------------------------------------- the command

class noc_command : public testing::Test {
  protected:
    [[nodiscard]] words arguments(const words& more) const {
        words all{"noc",     "--no-dead", "--set", "die.noc.columns=6", "--set", "die.noc.rows=4", "--rate",
                  "0.1,0.9", "--cycles",  "400",   "--warm-up",         "100"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] json::object of(const words& more) const {
        words all = arguments(more);
        all.insert(all.end(), {"--json", "noc.json", "--csv", "noc.csv"});
        const outcome o = folder.run(all);
        EXPECT_EQ(o.code, 0) << o.err;
        return json::parse(folder.read("noc.json")).as_object();
    }
    program_folder folder;
};

TEST_F(noc_command, writes_a_point_a_rate_with_the_documented_members) {
    const json::object r = of({"--timing", "ca", "--seed", "7"});
    EXPECT_EQ(r.at("schema"), "d1sim-noc/1");
    EXPECT_EQ(r.at("complete"), true);
    EXPECT_EQ(r.at("timing"), "ca");
    EXPECT_EQ(r.at("seed").to_number<int>(), 7);
    EXPECT_TRUE(r.at("harvest").at("dead").as_array().empty());
    ASSERT_EQ(r.at("points").as_array().size(), 2U);
    for (const auto& p : r.at("points").as_array()) {
        for (const char* key : {"offered", "accepted", "latency", "network_latency_mean", "queueing_latency_mean",
                                "hops_mean", "hop_histogram", "confidence", "saturated"}) {
            EXPECT_TRUE(p.as_object().contains(key)) << key;
        }
        EXPECT_EQ(p.at("packets").at("created"), p.at("packets").at("arrived"));
        EXPECT_NEAR(
            p.at("network_latency_mean").to_number<double>() + p.at("queueing_latency_mean").to_number<double>(),
            p.at("latency").at("mean").to_number<double>(), 1e-9);
    }
    EXPECT_EQ(r.at("points").at(0).at("saturated"), false);
    EXPECT_EQ(r.at("points").at(1).at("saturated"), true);
    // 6 x 4: 2 (5 x 4 + 6 x 3) links between routers, and 24 ejections.
    EXPECT_EQ(r.at("links").at("utilisation").as_array().size(), 76U + 24);
}

TEST_F(noc_command, ejects_at_each_node_what_it_accepts) {
    const json::object r = of({"--timing", "ca"});
    double ejected = 0;
    for (const auto& l : r.at("links").at("utilisation").as_array()) {
        ejected += l.at("port") == "local" ? l.at("utilisation").to_number<double>() : 0;
    }
    // A packet is counted at a link one cycle before it has arrived.
    EXPECT_NEAR(ejected / 24, r.at("points").at(0).at("accepted").to_number<double>(), 0.001);
}

TEST_F(noc_command, writes_the_points_of_the_json_as_csv_too) {
    const json::object r = of({"--timing", "at"});
    std::istringstream csv(folder.read("noc.csv"));
    std::string heading, first;
    std::getline(csv, heading);
    std::getline(csv, first);
    EXPECT_EQ(heading.substr(0, 22), "rate,offered,accepted,");
    std::istringstream fields(first);
    std::string field;
    std::getline(fields, field, ',');
    EXPECT_EQ(field, "0.1");
    std::getline(fields, field, ',');
    EXPECT_NEAR(std::stod(field), r.at("points").at(0).at("offered").to_number<double>(), 1e-6);
}

TEST_F(noc_command, gives_the_same_json_for_the_same_seed_and_another_for_another) {
    const auto without_host = [](json::object o) {
        o.erase("host");
        return json::serialize(o);
    };
    const std::string first = without_host(of({"--timing", "ca"}));
    EXPECT_EQ(without_host(of({"--timing", "ca"})), first);
    EXPECT_NE(without_host(of({"--timing", "ca", "--seed", "2"})), first);
}

TEST_F(noc_command, has_patterns_by_name_and_says_which_nodes_send) {
    EXPECT_EQ(of({"--pattern", "transpose"}).at("senders").to_number<int>(), 12);
    EXPECT_EQ(of({"--pattern", "bit_complement"}).at("senders").to_number<int>(), 24);
    EXPECT_EQ(of({"--pattern", "hotspot", "--hot-share", "50"}).at("senders").to_number<int>(), 24);
}

TEST_F(noc_command, refuses_what_makes_no_sense_with_one_message) {
    const std::vector<std::pair<words, std::string>> wrong{
        {{"--pattern", "diagonal"}, "--pattern: 'diagonal' is not allowed"},
        {{"--burst", "17"}, "--burst: '17' is not allowed"},
        {{"--hot-share", "101"}, "--hot-share"},
        {{"--cycles", "19"}, "--cycles"},
        {{"--batch", "2"}, "--batch does not go with 'd1sim noc'"},
        {{"--on-off", "10:100"}, "--on-off: a node that rests so long reaches a mean rate of 0.09"},
        {{"--outstanding", "4"}, "--rate does not go with --outstanding"},
        {{"--trace", "t.csv"}, "--rate does not go with --trace, which says who sends what when"},
        {{"--service", "4"}, "--service is of replies: it needs --reply or --outstanding"},
        {{"--write-trace", "t.csv"}, "--write-trace writes one point"},
        {{"--class", "bulk"}, "--class: 'bulk' is not allowed"},
        {{"--reply", "0"}, "--reply: '0' is not allowed"},
        {{"net.csv"}, "it takes no file"},
        {{"--csv", "same", "--json", "same"}, "'same' is written twice"},
        {{"--set", "die.noc.rows=1", "--pattern", "bit_complement", "--set", "die.noc.columns=1"},
         "no node of this mesh sends anything"},
    };
    for (const auto& [more, message] : wrong) {
        const outcome o = folder.run(arguments(more));
        EXPECT_EQ(o.code, 2) << message;
        EXPECT_THAT(o.err, HasSubstr(message));
    }
    EXPECT_THAT(folder.run({"run", "net.csv", "--rate", "0.1"}).err, HasSubstr("--rate does not go with 'd1sim run'"));
}

words mesh_of(const char* columns, const char* rows, const words& more) {
    words all{"noc",   "--no-dead",
              "--set", std::string("die.noc.columns=") + columns,
              "--set", std::string("die.noc.rows=") + rows};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST(noc, replays_the_trace_that_it_wrote_with_the_same_points) {
    const program_folder folder;
    const outcome first = folder.run(
        mesh_of("6", "4",
                {"--rate", "0.01", "--burst", "1:50,16:50", "--on-off", "20:60", "--cycles", "500", "--warm-up", "100",
                 "--write-trace", "t.csv", "--json", "a.json", "--timing", "ca", "--reply", "4"}));
    EXPECT_EQ(first.code, 0) << first.err;
    const outcome second =
        folder.run(mesh_of("6", "4", {"--trace", "t.csv", "--json", "b.json", "--timing", "ca", "--reply", "4"}));
    EXPECT_EQ(second.code, 0) << second.err;
    json::object a = json::parse(folder.read("a.json")).as_object();
    const json::object b = json::parse(folder.read("b.json")).as_object();
    a.at("points").at(0).as_object().erase("rate");
    a.at("links").as_object().erase("rate");
    EXPECT_EQ(a.at("points"), b.at("points"));
    EXPECT_EQ(a.at("links"), b.at("links"));
    EXPECT_EQ(a.at("senders"), b.at("senders"));
    EXPECT_GT(a.at("points").at(0).at("packets").at("arrived").to_number<int>(), 50);
}

TEST(noc, obeys_littles_law_in_a_closed_loop_and_tells_replies_and_round_trips_apart) {
    const program_folder folder;
    const outcome o = folder.run(mesh_of("6", "4",
                                         {"--outstanding", "1,8", "--reply", "4", "--service", "9", "--json", "a.json",
                                          "--csv", "a.csv", "--timing", "ca", "--check"}));
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_THAT(o.out, HasSubstr("closed loop"));
    const json::object r = json::parse(folder.read("a.json")).as_object();
    for (const auto& p : r.at("points").as_array()) {
        const auto outstanding = p.at("outstanding").to_number<double>();
        const auto mean_of = [](const json::value& v) { return v.at("mean").to_number<double>(); };
        EXPECT_NEAR(p.at("accepted").to_number<double>() * mean_of(p.at("round_trip")), outstanding,
                    0.01 * outstanding);
        EXPECT_NEAR(mean_of(p.at("latency")) + 9 + mean_of(p.at("replies").at("latency")), mean_of(p.at("round_trip")),
                    1e-6);
        EXPECT_EQ(p.at("out_of_order").to_number<int>(), 0);
    }
    EXPECT_THAT(folder.read("a.csv"), HasSubstr("\n,"));  // no rate
}

TEST(noc, ends_a_saturated_point_after_its_drain_and_the_sweep_with_it_where_that_is_wanted) {
    const program_folder folder;
    const words saturating{"--rate", "0.1:1:0.3", "--burst", "16",       "--cycles", "500",    "--warm-up",
                           "0",      "--drain",   "300",     "--timing", "ca",       "--json", "a.json"};
    EXPECT_EQ(folder.run(mesh_of("8", "8", saturating)).code, 0);
    const json::object all = json::parse(folder.read("a.json")).as_object();
    EXPECT_EQ(all.at("points").as_array().size(), 4U);
    EXPECT_EQ(all.at("points").at(3).at("drained"), false);
    EXPECT_EQ(all.at("points").at(3).at("saturated"), true);
    words stopping = saturating;
    stopping.emplace_back("--stop-saturated");
    const outcome o = folder.run(mesh_of("8", "8", stopping));
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_THAT(o.out, HasSubstr("Stopped at the first saturated point."));
    const json::object stopped = json::parse(folder.read("a.json")).as_object();
    EXPECT_EQ(stopped.at("stopped_saturated"), true);
    EXPECT_EQ(stopped.at("complete"), true);
    const auto& points = stopped.at("points").as_array();
    EXPECT_LT(points.size(), 4U);
    EXPECT_EQ(points.back().at("saturated"), true);
    for (std::size_t i = 0; i < points.size(); ++i) {
        EXPECT_EQ(points[i], all.at("points").at(i));
    }
}

TEST(noc, reports_the_points_so_far_when_it_is_interrupted) {
    const program_folder folder;
    const outcome o = folder.run(
        mesh_of("18", "20", {"--rate", "0.01:0.15:0.0002", "--timing", "ca", "--json", "a.json", "--csv", "a.csv"}),
        stream_kind::file, [](pid_t child) {
            wait_until_handled(child, SIGINT);
            ::kill(child, SIGINT);
        });
    EXPECT_EQ(o.code, 130) << o.err;
    EXPECT_THAT(o.err, HasSubstr("interrupted"));
    EXPECT_THAT(o.err, testing::Not(HasSubstr("[#")));  // no progress bar in a pipe
    const json::object r = json::parse(folder.read("a.json")).as_object();
    EXPECT_EQ(r.at("complete"), false);
    EXPECT_LT(r.at("points").as_array().size(), 1000U);
    EXPECT_THAT(folder.read("a.csv"), testing::StartsWith("rate,offered,"));
}

TEST(noc, refuses_a_trace_that_does_not_fit_with_its_line) {
    const program_folder folder;
    folder.write("t.csv", "0,0,0,1,0,1,data\n5,7,0,1,0,1,data\n");
    const outcome o = folder.run(mesh_of("6", "4", {"--trace", "t.csv"}));
    EXPECT_EQ(o.code, 2);
    EXPECT_EQ(o.err, "error D1-E301: t.csv:2: column 'source_x': '7' is not allowed; whole numbers from 0 to 5 are\n");
    EXPECT_EQ(folder.run(mesh_of("6", "4", {"--trace", "none.csv"})).code, 2);
}

}  // namespace
}  // namespace d1
