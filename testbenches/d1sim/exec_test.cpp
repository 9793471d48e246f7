// Programs from outside: what goes in, what comes out, what is said of faults.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <cstring>
#include <fstream>
#include <random>

#include "testbenches/d1sim/npy.hpp"
#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;
using words = std::vector<std::string>;

/// On a die of 8 x 2 nodes, all alive, which takes some milliseconds to make.
words small(words arguments, const words& more = {}) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(),
                     {"--set", "die.noc.columns=8", "--set", "die.noc.rows=2", "--set", "die.harvest.dead=[]"});
    return arguments;
}

npy_array floats(std::vector<std::uint64_t> shape, const std::vector<float>& numbers) {
    npy_array a{'f', 4, std::move(shape), std::vector<std::byte>(numbers.size() * sizeof(float))};
    std::memcpy(a.bytes.data(), numbers.data(), a.bytes.size());
    return a;
}

std::vector<float> numbers_of(const npy_array& a) {
    std::vector<float> numbers(a.elements());
    EXPECT_EQ(a.type_name(), "float32");
    std::memcpy(numbers.data(), a.bytes.data(), a.bytes.size());
    return numbers;
}

/// Each node adds its column + 10 * its row, by loops, to what it has.
const std::string add_place = R"(d1p 1
program "add_place"
buffer data address=64 bytes=16 type=fp32
buffer one address=0 bytes=16 type=fp32
buffer ten address=128 bytes=16 type=fp32
thread {
    vector_operation operation=fill destination=one elements=4 destination_type=fp32 scalar=1
    vector_operation operation=fill destination=ten elements=4 destination_type=fp32 scalar=10
    loop i = x {
        vector_operation operation=add destination=data a=data b=one elements=4 destination_type=fp32 a_type=fp32 b_type=fp32
    }
    loop i = y {
        vector_operation operation=add destination=data a=data b=ten elements=4 destination_type=fp32 a_type=fp32 b_type=fp32
    }
}
)";

class exec : public testing::Test {
  protected:
    exec() { folder.write("add.d1p", add_place); }

    void save(const std::string& name, const npy_array& a) const { folder.write(name, npy_text(a)); }
    [[nodiscard]] npy_array load(const std::string& name) const { return read_npy(folder / name); }
    [[nodiscard]] boost::json::object json(const std::string& name) const {
        return boost::json::parse(folder.read(name)).as_object();
    }

    wording_folder folder;
};

// ---- arrays in and out

TEST_F(exec, gives_every_node_the_same_array_or_each_its_own) {
    save("same.npy", floats({4}, {1, 2, 3, 4}));
    const outcome o =
        folder.run(small({"exec", "add.d1p", "--on", "0,0:2,1", "--load", "data=same.npy", "--dump", "data=out.npy"}));
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_EQ(o.err, "");
    EXPECT_THAT(o.out,
                AllOf(ContainsRegex("nodes +6 of 3 x 2\n"), HasSubstr("Dumped data to out.npy: float32 (2, 3, 4)")));
    const npy_array out = load("out.npy");
    EXPECT_EQ(out.shape, (std::vector<std::uint64_t>{2, 3, 4}));
    EXPECT_THAT(numbers_of(out), ElementsAre(1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6,  //
                                             11, 12, 13, 14, 12, 13, 14, 15, 13, 14, 15, 16));
    std::vector<float> each(24);
    for (std::size_t i = 0; i < each.size(); ++i) each[i] = static_cast<float>(100 * i);
    save("each.npy", floats({2, 3, 2, 2}, each));
    EXPECT_EQ(
        folder.run(small({"exec", "add.d1p", "--on", "0,0:2,1", "--load", "data=each.npy", "--dump", "data=out.npy"}))
            .code,
        0);
    const auto numbers = numbers_of(load("out.npy"));
    for (std::size_t i = 0; i < each.size(); ++i) {
        const std::size_t added = i / 4 % 3 + 10 * (i / 12);
        EXPECT_EQ(numbers[i], each[i] + static_cast<float>(added));
    }
}

TEST_F(exec, leaves_nodes_that_run_nothing_at_zero) {
    save("same.npy", floats({4}, {5, 5, 5, 5}));
    EXPECT_EQ(
        folder.run(small({"exec", "add.d1p", "--on", "1,1", "--load", "data=same.npy", "--dump", "data=o.npy"})).code,
        0);
    EXPECT_THAT(numbers_of(load("o.npy")), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 16, 16, 16));
}

TEST_F(exec, refuses_arrays_that_do_not_fit_the_buffer) {
    save("five.npy", floats({5}, {1, 2, 3, 4, 5}));
    save("turned.npy", floats({3, 2, 4}, std::vector<float>(24)));
    folder.write("cut.npy", npy_text(floats({4}, {1, 2, 3, 4})).substr(0, 140));
    save("integers.npy", {'i', 8, {4}, std::vector<std::byte>(32)});
    const auto refusal = [&](const std::string& load) {
        const outcome o =
            folder.run(small({"exec", "add.d1p", "--on", "0,0:2,1", "--dump", "data=out.npy", "--load", load}));
        EXPECT_EQ(o.code, 2);
        EXPECT_EQ(o.out, "");
        EXPECT_THAT(o.err, MatchesRegex("error: [^\n]*\n"));
        return o.err;
    };
    EXPECT_THAT(refusal("data=five.npy"),
                HasSubstr("five.npy: an array of shape (5,); buffer 'data' expects (2, 3, 4), "
                          "for each node by row and column, or (4,), the same for all"));
    EXPECT_THAT(refusal("data=turned.npy"), HasSubstr("shape (3, 2, 4); buffer 'data' expects (2, 3, 4)"));
    EXPECT_THAT(refusal("data=cut.npy"), HasSubstr("cut.npy: cut short: shape (4,) of float32 takes 16 bytes"));
    EXPECT_THAT(refusal("data=integers.npy"), HasSubstr("integers.npy: elements of type int64; expected float32"));
    EXPECT_THAT(refusal("data=none.npy"), HasSubstr("none.npy: no such file"));
    EXPECT_THAT(refusal("data=add.d1p"), HasSubstr("add.d1p: no .npy file"));
    EXPECT_THAT(refusal("date=five.npy"),
                HasSubstr("--load date=five.npy: no program has a buffer 'date'; did you mean 'data'?"));
    EXPECT_THAT(folder.names(), Not(testing::Contains("out.npy")));
}

TEST_F(exec, writes_whole_files_or_none) {
    folder.write("old.npy", "old");
    folder.write("lost.d1p",
                 "d1p 1\nprogram \"lost\"\nbuffer data address=0 bytes=16 type=fp32\nthread {\n"
                 "    signal to=(9, 9) semaphore=0\n}\n");
    const outcome failed = folder.run(small({"exec", "lost.d1p", "--dump", "data=old.npy"}));
    EXPECT_EQ(failed.code, 1);
    EXPECT_EQ(folder.read("old.npy"), "old") << "what a program has not finished is not dumped";
    EXPECT_THAT(failed.err, AllOf(StartsWith("error: "), HasSubstr("instruction 0 (lost.d1p:5:5) names")));
    EXPECT_EQ(folder.run(small({"exec", "add.d1p", "--dump", "data=none/o.npy"})).code, 2);
    EXPECT_EQ(folder.run(small({"exec", "add.d1p", "--dump", "data=/dev/full"})).code, 2);
    EXPECT_EQ(folder.run(small({"exec", "add.d1p", "--dump", "data=add.d1p"})).code, 2);
    EXPECT_EQ(folder.read("add.d1p"), add_place);
    EXPECT_THAT(folder.names(), ElementsAre("add.d1p", "lost.d1p", "old.npy"));
}

TEST_F(exec, computes_nothing_with_functional_off_in_the_same_cycles) {
    EXPECT_EQ(folder.run(small({"exec", "add.d1p", "--on", "0,0:2,1", "--json", "on.json"})).code, 0);
    EXPECT_EQ(
        folder.run(small({"exec", "add.d1p", "--on", "0,0:2,1", "--json", "off.json", "--functional", "off"})).code, 0);
    EXPECT_EQ(json("on.json").at("cycles"), json("off.json").at("cycles"));
    const outcome o = folder.run(small({"exec", "add.d1p", "--dump", "data=o.npy", "--functional", "off"}));
    EXPECT_EQ(o.code, 2);
    EXPECT_THAT(o.err, HasSubstr("nothing is computed with --functional off"));
}

TEST_F(exec, reports_in_json) {
    save("same.npy", floats({4}, {1, 2, 3, 4}));
    const words checked = {"exec",          "add.d1p", "--on",   "0,0:2,1", "--load",
                           "data=same.npy", "--json",  "a.json", "--check"};
    EXPECT_EQ(folder.run(small(checked)).code, 0);
    const boost::json::object report = json("a.json");
    EXPECT_EQ(report.at("schema"), "d1sim-exec/1");
    EXPECT_TRUE(report.at("complete").as_bool());
    EXPECT_EQ(boost::json::serialize(report.at("programs")), "[\"add_place\"]");
    EXPECT_EQ(report.at("columns"), 3);
    EXPECT_EQ(report.at("rows"), 2);
    EXPECT_EQ(report.at("nodes"), 6);
    EXPECT_EQ(report.at("races"), 0);
    EXPECT_GT(report.at("cycles").to_number<int>(), 0);
    EXPECT_TRUE(report.at("statistics").is_object());
    EXPECT_EQ(report.at("parameters").at("die").at("noc").at("columns"), 8);
}

// ---- the worked example

class all_reduce : public exec {
  protected:
    all_reduce() {
        std::mt19937_64 engine(1);
        std::uniform_real_distribution<float> distribution(-100, 100);
        for (float& f : data_) f = distribution(engine);
        save("in.npy", floats({1, 8, 512}, data_));
        folder.write("all_reduce.d1p", program());
    }

    [[nodiscard]] static std::string program() {
        std::ifstream file(D1_EXAMPLES "/all_reduce.d1p");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// Changes one place of the program.
    void change(const std::string& from, const std::string& to) {
        std::string text = folder.read("all_reduce.d1p");
        const std::size_t at = text.find(from);
        ASSERT_NE(at, std::string::npos);
        folder.write("all_reduce.d1p", text.replace(at, from.size(), to));
    }
    [[nodiscard]] outcome run(const words& more = {}) const {
        return folder.run(small({"exec", "all_reduce.d1p", "--load", "data=in.npy", "--check"}, more));
    }

    std::vector<float> data_ = std::vector<float>(4096);
};

TEST_F(all_reduce, leaves_the_sums_in_node_order_with_everybody_at_both_levels_and_without_a_race) {
    for (const char* timing : {"lt", "at"}) {
        const outcome o = run({"--dump", "data=out.npy", "--timing", timing});
        EXPECT_EQ(o.code, 0) << o.err;
        EXPECT_THAT(o.out, ContainsRegex("races +none\n"));
        const auto sums = numbers_of(load("out.npy"));
        ASSERT_EQ(sums.size(), 4096U);
        for (std::size_t i = 0; i < 512; ++i) {
            double sum = data_[i];  // rounded to FP32 after each addition, which double makes exact
            for (std::size_t n = 1; n < 8; ++n) {
                sum = static_cast<double>(static_cast<float>(sum + static_cast<double>(data_[512 * n + i])));
            }
            for (std::size_t n = 0; n < 8; ++n) ASSERT_EQ(sums[512 * n + i], static_cast<float>(sum)) << i << " " << n;
        }
    }
}

TEST_F(all_reduce, races_if_it_waits_for_too_few) {
    change("arrived amount=8", "arrived amount=7");
    const outcome o = run();
    EXPECT_EQ(o.code, 1);
    EXPECT_THAT(o.err,
                ContainsRegex("error: race on bytes [0-9.]+ \\(gathered\\+[0-9]+\\) of node [0-7],0: node [0-7],0 "
                              "thread 0, instruction [0-9]+ \\(all_reduce.d1p:[0-9]+:9\\) writes by its transfer"));
}

TEST_F(all_reduce, waits_for_ever_if_it_waits_for_too_many) {
    change("summed amount=8", "summed amount=9");
    for (const char* timing : {"lt", "at"}) {
        const outcome o = run({"--json", "a.json", "--dump", "data=out.npy", "--timing", timing});
        EXPECT_EQ(o.code, 3);
        EXPECT_THAT(o.err, HasSubstr("  die.node[7,0] thread 0, instruction 17 (all_reduce.d1p:37:5): waits for 9 of "
                                     "semaphore 1 (summed+0), which is 8\n"));
        EXPECT_FALSE(json("a.json").at("complete").as_bool());
        EXPECT_THAT(folder.names(), Not(testing::Contains("out.npy")));
    }
}

TEST_F(all_reduce, ends_at_an_interrupt) {
    change("loop i = 6 {", "loop i = 1000000000 {");
    change("b=gathered + 512 + 256*i", "b=gathered + 512");
    const outcome o =
        folder.run(small({"exec", "all_reduce.d1p", "--json", "a.json"}), stream_kind::file, [](pid_t child) {
            wait_until_handled(child, SIGINT);
            ::kill(child, SIGINT);
        });
    EXPECT_EQ(o.code, 130);
    EXPECT_THAT(o.err, ContainsRegex("interrupted at cycle [0-9]+\n$"));
    EXPECT_FALSE(json("a.json").at("complete").as_bool());
}

TEST(documentation, explains_the_example_as_it_is) {
    std::ifstream example(D1_EXAMPLES "/all_reduce.d1p");
    std::ifstream page(D1_EXAMPLES "/../all_reduce.md");
    const std::string text{std::istreambuf_iterator<char>(page), {}};
    std::size_t at = 0;
    for (std::string line; std::getline(example, line);) {
        const std::size_t text_begins = line.find_first_not_of(' ');
        if (text_begins == std::string::npos || line[text_begins] == '#') continue;
        const std::size_t next = text.find(line + "\n", at);
        ASSERT_NE(next, std::string::npos) << line;
        at = next;
    }
}

}  // namespace
}  // namespace d1
