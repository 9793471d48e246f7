// `d1sim explain`, run as a program: what it tells is what `d1sim run` gives.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using words = std::vector<std::string>;

class explain : public testing::Test {
  protected:
    explain() { folder.write("net.csv", table_of({"big, 64, 96, 64", "small, 8, 8, 8"})); }

    /// The arguments on 4 x 4 nodes.
    static words on_small_die(const std::string& command, const words& more) {
        words arguments = small_run("net.csv", more);
        arguments[0] = command;
        return arguments;
    }
    json::object written(words arguments) const {
        arguments.insert(arguments.end(), {"--json", "out.json"});
        const outcome o = folder.run(arguments);
        EXPECT_EQ(o.code, 0) << o.err;
        return json::parse(folder.read("out.json")).as_object();
    }
    static std::uint64_t whole(const json::value& v) { return v.to_number<std::uint64_t>(); }
    /// Cycles of the table's first layer in a plain run.
    std::uint64_t cycles_with(const words& more) const {
        return whole(written(on_small_die("run", more)).at("layers").at(0).at("cycles"));
    }

    wording_folder folder;
};

TEST_F(explain, tells_a_chain_from_the_launch_to_the_end_whose_parts_are_the_cycles_of_the_layer) {
    for (const char* timing : {"at", "ca"}) {
        const json::object e = written(on_small_die("explain", {"--timing", timing}));
        EXPECT_EQ(e.at("schema"), "d1sim-explain/1");
        EXPECT_EQ(e.at("layer"), "big") << "the one with most multiply-accumulates";
        EXPECT_EQ(whole(e.at("cycles")), cycles_with({"--timing", timing}));
        std::uint64_t at = 0;
        for (const json::value& step : e.at("steps").as_array()) {
            EXPECT_EQ(whole(step.at("begin")), at) << step;
            at = whole(step.at("end"));
        }
        EXPECT_EQ(at, whole(e.at("cycles")));
        std::uint64_t sum = 0;
        for (const auto& part : e.at("parts").as_object()) {
            sum += whole(part.value());
        }
        EXPECT_EQ(sum, whole(e.at("cycles")));
        EXPECT_GT(whole(e.at("parts").at("matrix")), 0U);
        EXPECT_GT(whole(e.at("parts").at("transfer")), 0U);
    }
}

TEST_F(explain, gives_for_a_changed_parameter_the_cycles_that_a_run_has) {
    const json::object e = written(on_small_die("explain", {}));
    const json::array& changes = e.at("changes").as_array();
    ASSERT_GE(changes.size(), 3U);
    for (std::size_t i = 1; i < changes.size(); ++i) {
        EXPECT_LE(whole(changes[i - 1].at("cycles")), whole(changes[i].at("cycles"))) << "the best comes first";
    }
    for (const json::value& c : changes) {
        EXPECT_NE(c.at("parameter"), "die.node.core.launch_cycles") << "no part of the machine";
    }
    EXPECT_GE(whole(e.at("parts").at("launch")) * 100, whole(e.at("cycles"))) << "though it would be long enough";
    for (const std::size_t i : {std::size_t{0}, changes.size() - 1}) {
        const std::string setting =
            std::string(changes[i].at("parameter").as_string()) + "=" + std::to_string(whole(changes[i].at("to")));
        EXPECT_EQ(cycles_with({"--set", setting}), whole(changes[i].at("cycles"))) << setting;
    }
    EXPECT_LT(whole(changes[0].at("cycles")), whole(e.at("cycles"))) << "a small product is all latency";
}

TEST_F(explain, says_of_a_result_what_it_says_of_its_table) {
    static_cast<void>(written(on_small_die("run", {"--timing", "lt", "--format", "cfp8_143", "--out", "fp32"})));
    const outcome of_table = folder.run(
        on_small_die("explain", {"--timing", "lt", "--format", "cfp8_143", "--out", "fp32", "--layer", "small"}));
    const outcome of_result = folder.run({"explain", "out.json", "--layer", "small"});
    EXPECT_EQ(of_result.code, 0) << of_result.err;
    EXPECT_EQ(of_result.out, of_table.out);
    EXPECT_THAT(of_result.out,
                AllOf(StartsWith("Layer small: 8 x 8 x 8 (M x N x K), timing lt, "), HasSubstr("The chain, "),
                      HasSubstr("thread 0: launch"), HasSubstr("Most is gained by --set die.")));
    EXPECT_THAT(folder.run({"explain", "out.json"}).out, StartsWith("Layer big: ")) << "the one with most cycles";
}

TEST_F(explain, refuses_what_it_cannot_explain) {
    folder.write("huge.csv", table_of({"huge, 4096, 4096, 4096"}));
    folder.write("none.json", "{");
    folder.write("other.json", R"({"schema": "d1sim-noc/1"})");
    folder.write("empty.json", R"({"schema": "d1sim-run/1", "layers": []})");
    folder.write("short.json",
                 R"({"schema": "d1sim-run/1", "layers": [{"name": "a", "pass": "wgrad", "m": 0, "n": 1, "k": 1}]})");
    folder.write("pass.json", R"({"schema": "d1sim-run/1", "layers": [{"name": "a", "pass": "back"}]})");
    static_cast<void>(written(on_small_die("run", {})));
    const std::vector<std::pair<words, std::string>> cases{
        {{"explain"}, "d1sim explain: which file?"},
        {{"explain", "a", "b"}, "d1sim explain: one file at a time; 'b' is one too many"},
        {{"explain", "absent.csv"}, "absent.csv: no such file"},
        {{"explain", "none.json"}, "none.json: no result of 'd1sim run': it is no JSON"},
        {{"explain", "other.json"}, "other.json: no result of 'd1sim run': its schema is not d1sim-run/1"},
        {{"explain", "empty.json"}, "empty.json: no result of 'd1sim run': it has no layers"},
        {{"explain", "short.json"}, "short.json: no result of 'd1sim run': 'm' is no whole number from 1 to"},
        {{"explain", "pass.json"}, "pass.json: no result of 'd1sim run': 'pass' is none that layers have"},
        {{"explain", "out.json", "--layer", "smal"}, "--layer: 'smal' is no layer of out.json; the nearest is 'small'"},
        {{"explain", "out.json", "--timing", "lt"}, "--timing does not go with 'out.json', a result"},
        {{"explain", "net.csv", "--check"}, "--check does not go with 'd1sim explain'"},
        {{"explain", "huge.csv", "--set", "die.node.sram.bytes=4096"},
         "layer 'huge': the product 4096 x 4096 x 4096 (M x N x K) does not fit"},
    };
    for (const auto& [arguments, message] : cases) {
        const outcome o = folder.run(arguments);
        EXPECT_EQ(o.code, 2) << o.err;
        EXPECT_THAT(o.err, HasSubstr(message));
        EXPECT_EQ(o.out, "");
    }
}

}  // namespace
}  // namespace d1
