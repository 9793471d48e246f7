// What `run --emit-programs` writes runs to the same bytes, cycles and counters by `exec`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>

#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using words = std::vector<std::string>;

class emission : public testing::Test {
  protected:
    /// The command that the first lines of an emitted program give, as arguments, on files of the folder `em`.
    [[nodiscard]] words command_of(const std::string& program) const {
        std::istringstream text(folder.read("em/" + program));
        std::string line;
        while (std::getline(text, line) && !line.starts_with("#   d1sim ")) {
        }
        std::istringstream command(line.substr(line.find("d1sim") + 5));
        words arguments;
        for (std::string word; command >> word;) {
            const std::size_t equals = word.find('=');
            if (word.ends_with(".npy")) word.insert(equals + 1, "em/");
            if (word.ends_with(".d1p") || word.ends_with(".yaml")) word.insert(0, "em/");
            arguments.push_back(word);
        }
        return arguments;
    }
    [[nodiscard]] boost::json::object json(const std::string& name) const {
        return boost::json::parse(folder.read(name)).as_object();
    }

    /// Runs a table of one layer and then what was emitted, and compares.
    void expect_the_same_again(const words& run, const std::string& stem) {
        words first = run;
        first.insert(first.end(), {"--emit-programs", "em", "--json", "run.json"});
        ASSERT_EQ(folder.run(first).code, 0);
        words again = command_of(stem + ".d1p");
        again.insert(again.end(), {"--json", "exec.json"});
        const outcome o = folder.run(again);
        ASSERT_EQ(o.code, 0) << o.err;
        EXPECT_TRUE(folder.read("em/out.npy") == folder.read("em/" + stem + ".c.npy"));
        const auto before = json("run.json");
        const auto after = json("exec.json");
        for (const char* key : {"cycles", "seconds", "bytes_moved", "bound_by", "bounds"}) {
            EXPECT_EQ(after.at(key), before.at("layers").as_array().at(0).at(key)) << key;
        }
        EXPECT_EQ(after.at("statistics"), before.at("statistics")) << "every counter";
        EXPECT_EQ(after.at("parameters"), before.at("parameters"));
    }

    program_folder folder;
};

class emitted : public emission, public testing::WithParamInterface<words> {};

TEST_P(emitted, programs_run_to_the_same_bytes_cycles_and_counters) {
    folder.write("net.csv", table_of({"a b/ö, 100, 52, 300"}));
    expect_the_same_again(small_run("net.csv", GetParam()), "001_a_b___");
}

INSTANTIATE_TEST_SUITE_P(of, emitted,
                         testing::Values(words{}, words{"--timing", "lt"}, words{"--out", "fp32"},
                                         words{"--seed", "7", "--set", "arithmetic.keep_subnormals=false"},
                                         words{"--set", "die.noc.columns=5", "--set", "die.harvest.dead=[[1,2],[3,3]]"},
                                         words{"--set", "die.node.sram.bytes=65536"}));

TEST_F(emission, of_a_layer_of_resnet50_runs_to_the_same_bytes_cycles_and_counters) {
    std::ifstream table(D1_TOPOLOGIES "/resnet50.csv");
    std::string header;
    std::string conv1;
    std::getline(table, header);
    std::getline(table, conv1);
    ASSERT_TRUE(conv1.starts_with("conv1,"));
    folder.write("net.csv", header + "\n" + conv1 + "\n");
    expect_the_same_again({"run", "net.csv"}, "001_conv1");
}

TEST_F(emission, writes_a_set_of_files_for_each_layer) {
    folder.write("net.csv", table_of({"a, 8, 8, 8", "b, 16, 8, 8"}));
    EXPECT_EQ(folder.run(small_run("net.csv", {"--emit-programs", "new/em"})).code, 0);
    words names;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "new/em")) {
        names.push_back(entry.path().filename().string());
    }
    EXPECT_THAT(names,
                testing::UnorderedElementsAre("001_a.a.npy", "001_a.b.npy", "001_a.c.npy", "001_a.d1p", "002_b.a.npy",
                                              "002_b.b.npy", "002_b.c.npy", "002_b.d1p", "parameters.yaml"));
}

TEST_F(emission, of_a_run_that_computes_nothing_is_programs_alone) {
    folder.write("net.csv", table_of({"a, 64, 64, 64"}));
    EXPECT_EQ(
        folder.run(small_run("net.csv", {"--emit-programs", "em", "--functional", "off", "--json", "a.json"})).code, 0);
    const outcome o = folder.run([&] {
        words arguments = command_of("001_a.d1p");
        arguments.insert(arguments.end(), {"--json", "b.json"});
        return arguments;
    }());
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_EQ(json("a.json").at("layers").as_array().at(0).at("cycles"), json("b.json").at("cycles"));
    EXPECT_FALSE(std::filesystem::exists(folder / "em/001_a.a.npy"));
}

TEST_F(emission, passes_its_own_check) {
    folder.write("net.csv", table_of({"a, 100, 52, 300"}));
    EXPECT_EQ(folder.run(small_run("net.csv", {"--emit-programs", "em"})).code, 0);
    const outcome o = folder.run({"check", "em/001_a.d1p"});
    EXPECT_EQ(o.code, 0);
    EXPECT_THAT(o.out, HasSubstr("em/001_a.d1p: good: "));
}

TEST_F(emission, does_not_mix_with_what_is_there) {
    folder.write("net.csv", table_of({"a, 8, 8, 8"}));
    std::filesystem::create_directory(folder / "full");
    folder.write("full/mine", "x");
    std::filesystem::create_directory(folder / "empty");
    const outcome full = folder.run(small_run("net.csv", {"--emit-programs", "full"}));
    EXPECT_EQ(full.code, 2);
    EXPECT_THAT(full.err, HasSubstr("the folder 'full' is not empty; name a new one"));
    EXPECT_EQ(folder.run(small_run("net.csv", {"--emit-programs", "net.csv"})).code, 2);
    EXPECT_EQ(folder.run(small_run("net.csv", {"--emit-programs", "net.csv/em"})).code, 2);
    EXPECT_EQ(folder.run(small_run("net.csv", {"--emit-programs", ""})).code, 2);
    folder.write("bad.csv", "Layer, M, N, K,\na, 1, x, 1,\n");
    EXPECT_EQ(folder.run(small_run("bad.csv", {"--emit-programs", "new"})).code, 2);
    EXPECT_THAT(folder.names(), ElementsAre("bad.csv", "empty", "full", "net.csv")) << "bad input makes no folder";
    EXPECT_EQ(folder.run(small_run("net.csv", {"--emit-programs", "empty"})).code, 0);
    EXPECT_FALSE(std::filesystem::is_empty(folder / "empty"));
}

}  // namespace
}  // namespace d1
