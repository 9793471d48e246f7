// Whatever is wrong with an input: exit code 2, one clear message, nothing written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ostream>

#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using words = std::vector<std::string>;

const std::string good_table = "Layer, M, N, K,\na, 64, 64, 64,\n";
const std::string convolution_header =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n";

/// Runs in a folder with net.csv, run.yaml and an older out.json; expects a refusal and gives its message.
std::string refusal(const std::string& table, const std::string& config, words arguments) {
    program_folder folder;
    folder.write("net.csv", table);
    folder.write("run.yaml", config);
    folder.write("out.json", "old");
    std::filesystem::create_directory(folder / "folder");
    EXPECT_EQ(::mkfifo((folder / "empty_pipe").c_str(), 0600), 0);
    const auto before = folder.names();
    arguments.insert(arguments.end(), {"--json", "out.json"});
    const outcome o = folder.run(arguments);
    EXPECT_EQ(o.code, 2) << o.err;
    EXPECT_EQ(o.out, "");
    EXPECT_TRUE(folder.read("out.json") == "old");
    EXPECT_EQ(folder.names(), before);

    std::string message;
    std::size_t errors = 0;
    for (std::size_t at = 0; at < o.err.size();) {
        const std::size_t end = o.err.find('\n', at);
        EXPECT_NE(end, std::string::npos) << "the last line has no end";
        const std::string line = o.err.substr(at, end - at);
        EXPECT_TRUE(line.starts_with("error D1-E") || line.starts_with("warning: ")) << line;
        for (const char c : line) {
            EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
        }
        if (line.starts_with("error D1-E")) {
            ++errors;
            message = line.substr(std::string_view("error D1-E101: ").size());
        }
        at = end == std::string::npos ? o.err.size() : end + 1;
    }
    EXPECT_EQ(errors, 1U) << o.err;
    EXPECT_GT(message.size(), 15U);
    EXPECT_LT(message.size(), 600U) << message;
    return message;
}

struct bad {
    std::string name;
    std::string content;
    words said;  ///< parts of the message
};

void expect_said(const std::string& message, const words& parts) {
    for (const std::string& part : parts) {
        EXPECT_THAT(message, HasSubstr(part));
    }
}

std::ostream& operator<<(std::ostream& out, const bad& b) {
    return out << b.name;
}

std::string name_of(const testing::TestParamInfo<bad>& info) {
    return info.param.name;
}

// ---- layer tables

class malformed_table : public testing::TestWithParam<bad> {};

TEST_P(malformed_table, is_refused) {
    expect_said(refusal(GetParam().content, "", small_run("net.csv")), GetParam().said);
}

std::string row(const std::string& text) {
    return "Layer, M, N, K,\n" + text + "\n";
}

const std::vector<bad> tables = {
    {"empty", "", {"net.csv", "empty"}},
    {"header_only", "Layer, M, N, K,\n", {"net.csv", "no layer"}},
    {"no_header", "a, 1, 2, 3,\n", {"net.csv", "no header", "Layer, M, N, K"}},
    {"other_header", "Layer, Rows, Columns,\na, 1, 2,\n", {"net.csv:1", "Layer, M, N, K"}},
    {"row_cut_short", row("a, 1, 2"), {"net.csv:2", "'K'", "no value"}},
    {"file_cut_short", "Layer, M, N, K,\na, 1, 2, 3,\nb, 4,", {"net.csv:3", "'N'", "no value"}},
    {"text_for_a_number", row("a, 1, two, 3"), {"net.csv:2", "'N'", "'two'", "whole number"}},
    {"negative", row("a, -1, 2, 3"), {"net.csv:2", "'M'", "'-1'", "1 to 2147483647"}},
    {"zero", row("a, 1, 2, 0"), {"net.csv:2", "'K'", "'0'", "1 to 2147483647"}},
    {"huge", row("a, 99999999999999999999999, 2, 3"), {"net.csv:2", "'M'", "1 to 2147483647"}},
    {"not_a_number", row("a, nan, 2, 3"), {"net.csv:2", "'M'", "'nan'"}},
    {"infinite", row("a, inf, 2, 3"), {"net.csv:2", "'M'", "'inf'"}},
    {"fraction", row("a, 1.5, 2, 3"), {"net.csv:2", "'M'", "'1.5'"}},
    {"exponent", row("a, 1e3, 2, 3"), {"net.csv:2", "'M'", "'1e3'"}},
    {"nameless", row(", 1, 2, 3"), {"net.csv:2", "'Layer'"}},
    {"column_twice", "Layer, M, N, K, K,\na, 1, 2, 3, 3,\n", {"net.csv:1", "'K'"}},
    {"binary",
     std::string("\x7f"
                 "ELF\x02\x01\x01\0\0\0",
                 10),
     {"net.csv:1"}},
    {"nul_in_a_name", std::string("Layer, M, N, K,\na\0b, 1, 2, 3,\n", 30), {"net.csv:2", "NUL"}},
    {"utf16", std::string("\xff\xfeL\0a\0y\0", 8), {"net.csv:1"}},
    {"json", "{\"layers\": []}\n", {"net.csv", "no header"}},
    {"escape_sequences", row("\033[2Ja, 1, 2, 3"), {"net.csv:2", "control character"}},
    {"overflowing_product", row("a, 2147483647, 2147483647, 2147483647"), {"net.csv:2", "'a'", "too large"}},
    {"filter_larger_than_its_input",
     convolution_header + "c, 5, 5, 7, 5, 1, 1, 1,\n",
     {"net.csv:2", "Filter Height", "'7'"}},
    {"convolution_of_stride_0", convolution_header + "c, 5, 5, 3, 3, 1, 1, 0,\n", {"net.csv:2", "Strides", "'0'"}},
    {"convolution_cut_short", convolution_header + "c, 5, 5, 3,\n", {"net.csv:2", "Filter Width"}},
    {"too_large_for_the_die",
     row("first, 1, 1, 1\nsecond, 10000, 10000, 10000"),
     {"net.csv:3", "layer 'second'", "10000 x 10000 x 10000", "needs at least", "B of SRAM and has 1310720 B",
      "20971520 B together"}},
    {"largest_that_a_table_takes", row("a, 1048576, 1048576, 1048576"), {"net.csv:2", "layer 'a'", "does not fit"}},
};
INSTANTIATE_TEST_SUITE_P(of, malformed_table, testing::ValuesIn(tables), name_of);

TEST(missing_table, is_refused) {
    EXPECT_EQ(refusal("", "", small_run("none.csv")), "none.csv: no such file");
    EXPECT_THAT(refusal("", "", small_run("folder")), HasSubstr("folder: a directory"));
    EXPECT_THAT(refusal("", "", small_run("")), HasSubstr("the name of the file is empty"));
    EXPECT_THAT(refusal("", "", small_run("/dev/null")), HasSubstr("/dev/null: an empty file"));
    EXPECT_THAT(refusal("", "", small_run("/dev/zero")), HasSubstr("/dev/zero: larger than 16 MiB"));
    EXPECT_THAT(refusal("", "", small_run("a\nb.csv")), HasSubstr("a?b.csv: no such file"));
}

TEST(too_large_batch, is_refused_with_the_layer) {
    EXPECT_THAT(refusal(row("a, 1000000, 64, 64"), "", small_run("net.csv", {"--batch", "1000"})),
                AllOf(HasSubstr("net.csv:2: layer 'a'"), HasSubstr("does not fit")));
    EXPECT_THAT(refusal(row("a, 1000000, 64, 64"), "", small_run("net.csv", {"--batch", "1048576"})),
                HasSubstr("net.csv:2"));
}

// ---- parameters

class malformed_config : public testing::TestWithParam<bad> {};

TEST_P(malformed_config, is_refused) {
    expect_said(refusal(good_table, GetParam().content, {"run", "net.csv", "--config", "run.yaml"}), GetParam().said);
}

const std::vector<bad> configs = {
    {"empty", "", {"run.yaml", "holds no parameters"}},
    {"list", "- 1\n- 2\n", {"run.yaml:1", "must be a map"}},
    {"word", "die\n", {"run.yaml:1", "must be a map"}},
    {"cut_short", "die: {noc: {rows: 20", {"run.yaml:1", "not valid YAML"}},
    {"bad_indent", "die:\n  noc: 3\n   rows: 4\n", {"run.yaml:3", "not valid YAML"}},
    {"unknown_key", "die:\n  noc:\n    colums: 4\n", {"run.yaml:3", "die.noc.colums", "nearest is die.noc.columns"}},
    {"key_twice", "die:\n  noc:\n    rows: 4\n    rows: 4\n", {"run.yaml:4", "die.noc.rows is given twice"}},
    {"text_for_a_number", "die.noc.rows: many\n", {"run.yaml:1", "die.noc.rows", "many", "1 to 64"}},
    {"negative", "die.noc.rows: -4\n", {"run.yaml:1", "die.noc.rows", "-4", "1 to 64"}},
    {"zero", "die.noc.rows: 0\n", {"run.yaml:1", "die.noc.rows", "1 to 64"}},
    {"huge", "die.noc.rows: 99999999999999999999999\n", {"run.yaml:1", "die.noc.rows", "1 to 64"}},
    {"not_a_number", "die.noc.rows: .nan\n", {"run.yaml:1", "die.noc.rows", ".nan", "1 to 64"}},
    {"infinite", "die.clock_period: .inf\n", {"run.yaml:1", "die.clock_period", "10 to 1000000"}},
    {"fraction", "die.noc.rows: 4.5\n", {"run.yaml:1", "die.noc.rows", "4.5"}},
    {"list_for_a_number", "die.noc.rows: [4]\n", {"run.yaml:1", "die.noc.rows"}},
    {"map_for_a_number", "die.noc.rows: {a: 4}\n", {"run.yaml:1", "die.noc.rows"}},
    {"nothing_for_a_number", "die.noc.rows:\n", {"run.yaml:1", "die.noc.rows"}},
    {"number_for_a_group", "die: 4\n", {"run.yaml:1", "die", "group"}},
    {"number_for_a_switch", "simulation.functional: 2\n", {"run.yaml:1", "simulation.functional"}},
    {"unknown_choice", "simulation.timing: cycle\n", {"run.yaml:1", "simulation.timing", "lt", "at"}},
    {"no_multiple_of_its_step", "die.node.sram.bytes: 1000\n", {"run.yaml:1", "die.node.sram.bytes", "64"}},
    {"binary",
     std::string("\x7f"
                 "ELF\0\1",
                 6),
     {"run.yaml:1", "control character"}},
    {"too_long", std::string(300000, '#'), {"run.yaml", "longer than"}},
    {"nested_deeply", "die: " + std::string(100000, '['), {"run.yaml:1", "nested too deeply"}},
    {"alias_of_itself", "die: &d {noc: *d}\n", {"run.yaml:1", "alias"}},
    {"dead_node_outside", "die.harvest.dead: [[18, 0]]\n", {"run.yaml:1", "[18, 0]", "grid"}},
    {"dead_node_twice", "die.harvest.dead: [[1, 1], [1, 1]]\n", {"run.yaml:1", "[1, 1]"}},
    {"dead_nodes_that_cut_one_off",
     "die.harvest.dead: [[0, 1], [1, 0]]\n",
     {"cut off 1 of 358 live nodes", "node[0,0]", "die.harvest.dead_router=false"}},
    {"dead_nodes_that_cut_many_off",
     "die: {noc: {columns: 4, rows: 4}, harvest: {dead: [[1, 0], [1, 1], [1, 2], [1, 3]]}}\n",
     {"cut off 4 of 12 live nodes", "node[0,0]", "node[0,3]"}},
    {"no_live_node",
     "die: {noc: {columns: 1, rows: 1}, harvest: {dead: [[0, 0]]}}\n",
     {"run.yaml:1", "die.harvest.dead"}},
    {"too_few_threads_for_the_kernel", "die.node.core.threads: 1\n", {"net.csv:2", "layer 'a'", "more than 1 threads"}},
    {"too_few_semaphores_for_the_kernel", "die.node.sram.semaphores: 1\n", {"net.csv:2", "layer 'a'", "semaphores"}},
};
INSTANTIATE_TEST_SUITE_P(of, malformed_config, testing::ValuesIn(configs), name_of);

TEST(missing_config, is_refused) {
    EXPECT_THAT(refusal(good_table, "", {"run", "net.csv", "--config", "none.yaml"}),
                HasSubstr("none.yaml: cannot be read: No such file or directory"));
    EXPECT_THAT(refusal(good_table, "", {"run", "net.csv", "--config", "folder"}), HasSubstr("folder: is a directory"));
}

TEST(malformed_setting, is_refused) {
    for (const auto& [setting, said] : std::vector<std::pair<std::string, std::string>>{
             {"", "--set"},
             {"die", "--set"},
             {"die.noc.rows", "die.noc.rows"},
             {"die.noc.rows=", "die.noc.rows"},
             {"die.noc.rows=x", "die.noc.rows = x"},
             {"die.noc.rows=-1", "1 to 64"},
             {"die.noc.rows=1e99", "1 to 64"},
             {"die.harvest.dead=[[1", "--set: not valid YAML"},
             {"die.harvest.dead=[[1,99]]", "[1, 99]"},
             {"die.noc.rowz=4", "the nearest is die.noc.rows"},
             {"a\nb=4", "no parameter is called"},
         }) {
        EXPECT_THAT(refusal(good_table, "", {"run", "net.csv", "--set", setting}), HasSubstr(said));
    }
}

// ---- the command line

TEST(malformed_command_line, is_refused) {
    for (const auto& [arguments, said] : std::vector<std::pair<words, std::string>>{
             {{"run"}, "which file?"},
             {{"run", "net.csv", "net.csv"}, "2 files are given; one table is wanted, or the three of a training set"},
             {{"walk", "net.csv"}, "there is no command 'walk'"},
             {{"run", "net.csv", "--chek"}, "the nearest is --check"},
             {{"run", "net.csv", "--batch", "-1"}, "--batch: '-1'"},
             {{"run", "net.csv", "--batch", "1e3"}, "--batch: '1e3'"},
             {{"run", "net.csv", "--seed", "18446744073709551616"}, "--seed: "},
             {{"run", "net.csv", "--out", "cfp8"}, "bf16 or fp32"},
             {{"run", "net.csv", "--timing", "cycle"}, "lt or at or ca"},
             {{"run", "net.csv", "--json", "twice.json"}, "more than once"},
             {{"run", "net.csv", "--set"}, "--set"},
             {{"run", "net.csv", "--check", "--functional", "off"}, "--check needs results"},
             {{"run", "net.csv", "--batch", "1\n2"}, "--batch: '1?2'"},
         }) {
        EXPECT_THAT(refusal(good_table, "", arguments), HasSubstr(said));
    }
}

}  // namespace
}  // namespace d1
