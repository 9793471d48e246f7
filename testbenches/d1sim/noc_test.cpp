// `d1sim noc` as a user meets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/noc_options.hpp"
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
        {{"--check"}, "--check does not go with 'd1sim noc'"},
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

}  // namespace
}  // namespace d1
