// Every row of the tables that come with the project runs on the default die.

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

class shipped_table : public testing::TestWithParam<const char*> {};

TEST_P(shipped_table, runs_to_its_end) {
    const program_folder folder;
    const outcome o = folder.run(
        {"run", std::string(D1_TOPOLOGIES) + "/" + GetParam() + ".csv", "--functional", "off", "--json", "out.json"});
    ASSERT_EQ(o.code, 0) << o.err;
    EXPECT_EQ(o.err, "");
    const auto report = boost::json::parse(folder.read("out.json")).as_object();
    EXPECT_TRUE(report.at("complete").as_bool());
    for (const auto& l : report.at("layers").as_array()) {
        EXPECT_TRUE(l.at("complete").as_bool()) << l.at("name");
        EXPECT_GT(l.at("utilization").to_number<double>(), 0) << l.at("name");
        EXPECT_LT(l.at("utilization").to_number<double>(), 1) << l.at("name");
        for (const auto& bound : l.at("bounds").as_object()) {
            EXPECT_LE(bound.value().to_number<std::uint64_t>(), l.at("cycles").to_number<std::uint64_t>())
                << l.at("name");
        }
    }
}

INSTANTIATE_TEST_SUITE_P(of, shipped_table, testing::Values("resnet50", "bert_large"),
                         [](const auto& table) { return std::string(table.param); });

}  // namespace
}  // namespace d1
