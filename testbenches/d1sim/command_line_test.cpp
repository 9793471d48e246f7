// The program as a user meets it: exit codes, messages, files, signals, the terminal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <csignal>

#include "models/reporting/sanitized.hpp"
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

/// A run far longer than any test waits for.
const words long_rows(100, "long, 512, 512, 4096");

class program : public testing::Test {
  protected:
    program() { folder.write("net.csv", table_of({"a, 32, 32, 32", "b, 7, 65, 13"})); }

    program_folder folder;
};

boost::json::object json_of(const program_folder& folder, const std::string& name) {
    return boost::json::parse(folder.read(name)).as_object();
}

// ---- exit codes

TEST_F(program, prints_a_table_and_exits_with_0) {
    const outcome o = folder.run(small_run("net.csv", {"--check"}));
    EXPECT_EQ(o.code, 0);
    EXPECT_EQ(o.err, "");
    EXPECT_THAT(o.out, StartsWith("layer         M       N       K"));
    EXPECT_THAT(o.out, ContainsRegex("\na +32 +32 +32 .* exact\nb +7 +65 +13 .* exact\ntotal "));
    EXPECT_THAT(o.out, HasSubstr("16 live nodes, timing at, functional on, batch 1, seed 1.\n"));
    EXPECT_THAT(o.out, HasSubstr("Checked: 1479 results bit for bit"));
    EXPECT_THAT(o.out, ContainsRegex("\nHost: [0-9.]+ s, [0-9.]+ M simulated cycles/s, peak memory [0-9.]+ MB\\.\n$"));
    EXPECT_THAT(folder.names(), ElementsAre("net.csv"));
}

TEST_F(program, says_of_convolutions_that_they_are_expanded_and_of_lt_what_it_leaves_out) {
    folder.write("conv.csv",
                 "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
                 "größe, 6, 6, 3, 3, 2, 4, 1,\n");
    const outcome o = folder.run(small_run("conv.csv", {"--timing", "lt"}));
    EXPECT_EQ(o.code, 0);
    EXPECT_THAT(o.out, ContainsRegex("\ngr..?.?.?e +16 +4 +18 .* 576 B"));  // 16 x 18 elements of 2 B
    EXPECT_THAT(o.out, HasSubstr("Convolutions run as matrix products of their im2col matrix A"));
    EXPECT_THAT(o.out, HasSubstr("timing lt with a quantum of 1000 cycles and no contention"));
}

TEST_F(program, prints_the_statistics_if_asked_to) {
    const outcome o = folder.run(small_run("net.csv", {"--statistics"}));
    EXPECT_EQ(o.code, 0);
    EXPECT_THAT(o.out, ContainsRegex("\nHost: [^\n]*\n\n"));
    EXPECT_THAT(o.out, ContainsRegex("\n[^\n]*core.matrix_steps +16 +"));
    EXPECT_THAT(folder.run(small_run("net.csv")).out, Not(HasSubstr("matrix_steps")));
}

TEST_F(program, runs_on_the_default_die_of_354_nodes) {
    const outcome o = folder.run({"run", "net.csv", "--check"});
    EXPECT_EQ(o.code, 0);
    EXPECT_THAT(o.out, HasSubstr("354 live nodes"));
    EXPECT_THAT(o.out, ContainsRegex("\nDead routers: [0-9]+ of 124962 pairs of nodes take a detour"));
}

TEST_F(program, help_version_and_dump_go_to_the_standard_output) {
    for (const words& arguments : {words{}, words{"--help"}, words{"--version"}, words{"--dump-config"}}) {
        const outcome o = folder.run(arguments);
        EXPECT_EQ(o.code, 0);
        EXPECT_NE(o.out, "");
        EXPECT_EQ(o.err, "");
    }
}

TEST_F(program, warnings_name_the_line_and_do_not_change_the_exit_code) {
    folder.write("odd.csv", "Layer, M, N, K, Extra,\na, 1, 1, 1, 7,\n");
    const outcome o = folder.run(small_run("odd.csv"));
    EXPECT_EQ(o.code, 0);
    EXPECT_EQ(o.err, "warning: odd.csv:1: columns not used: 'Extra'\n");
}

TEST_F(program, too_little_memory_of_the_host_is_an_error_with_code_1) {
    if (is_sanitized) GTEST_SKIP() << "a sanitizer cannot run in little memory";
    folder.write("wide.csv",  // one result of an input of 2^32 elements
                 "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
                 "wide, 65536, 65536, 1, 1, 1, 1, 65536,\n");
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
    const rlimit small{.rlim_cur = rlim_t{4} << 30, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &small), 0);
    const outcome o = folder.run(small_run("wide.csv", {"--json", "a.json"}));
    const outcome off = folder.run(small_run("wide.csv", {"--functional", "off"}));
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
    EXPECT_EQ(o.code, 1);
    EXPECT_THAT(o.err, StartsWith("error D1-E804: the host has not enough memory for this run; try --functional off"));
    EXPECT_EQ(off.code, 0);
    EXPECT_THAT(folder.names(), ElementsAre("net.csv", "wide.csv"));
}

// ---- outputs

TEST_F(program, a_full_disk_is_an_error_whichever_output_it_is) {
    const outcome json = folder.run(small_run("net.csv", {"--json", "/dev/full"}));
    EXPECT_EQ(json.code, 2);
    EXPECT_THAT(json.err, MatchesRegex("error D1-E202: cannot write '/dev/full': No space left on device; [^\n]*\n"));
    EXPECT_THAT(json.out, HasSubstr("\ntotal ")) << "what was computed is still shown";
    for (const words& arguments : {small_run("net.csv"), words{"--help"}, words{"--dump-config"}}) {
        const outcome o = folder.run(arguments, stream_kind::full_device);
        EXPECT_EQ(o.code, 2);
        EXPECT_THAT(o.err, MatchesRegex("error D1-E202: cannot write [^\n]*standard output[^\n]*\n"));
    }
}

TEST_F(program, without_a_reader_or_a_standard_output_the_json_is_still_whole) {
    for (const stream_kind out : {stream_kind::broken_pipe, stream_kind::closed, stream_kind::full_device}) {
        const outcome o = folder.run(small_run("net.csv", {"--json", "a.json"}), out);
        EXPECT_EQ(o.code, 2) << "and no signal";
        EXPECT_THAT(o.err, MatchesRegex("error D1-E202: cannot write the report to the standard output[^\n]*\n"));
        EXPECT_TRUE(json_of(folder, "a.json").at("complete").as_bool());
        EXPECT_THAT(folder.names(), ElementsAre("a.json", "net.csv"));
        std::filesystem::remove(folder / "a.json");
    }
    EXPECT_EQ(folder.run({"--help"}, stream_kind::broken_pipe).code, 2);
}

TEST_F(program, an_unwritable_json_is_refused_before_anything_runs) {
    std::filesystem::create_directory(folder / "folder");
    for (const char* target : {"folder", "folder/", "none/a.json", "net.csv/a.json", "/proc/a.json"}) {
        const outcome o = folder.run(small_run("net.csv", {"--json", target}));
        EXPECT_EQ(o.code, 2);
        EXPECT_EQ(o.out, "");
        EXPECT_THAT(o.err, MatchesRegex("error D1-E202: cannot write '" + std::string(target) + "': [^\n]*\n"));
    }
    EXPECT_THAT(folder.names(), ElementsAre("folder", "net.csv"));
}

TEST_F(program, an_existing_json_stays_if_the_input_is_bad_and_is_replaced_if_it_is_good) {
    folder.write("a.json", "old");
    folder.write("bad.csv", "Layer, M, N, K,\na, 1, x, 1,\n");
    EXPECT_EQ(folder.run(small_run("bad.csv", {"--json", "a.json"})).code, 2);
    EXPECT_EQ(folder.read("a.json"), "old");
    EXPECT_EQ(folder.run(small_run("net.csv", {"--json", "a.json"})).code, 0);
    EXPECT_TRUE(json_of(folder, "a.json").at("complete").as_bool());
    EXPECT_THAT(folder.names(), ElementsAre("a.json", "bad.csv", "net.csv"));
}

TEST_F(program, json_to_the_standard_output_follows_the_table) {
    const outcome o = folder.run(small_run("net.csv", {"--json", "/dev/stdout"}));
    EXPECT_EQ(o.code, 0);
    const auto json = o.out.find("\n{");
    ASSERT_NE(json, std::string::npos);
    EXPECT_THAT(o.out.substr(0, json), StartsWith("layer "));
    EXPECT_TRUE(boost::json::parse(o.out.substr(json + 1)).as_object().at("complete").as_bool());
}

TEST_F(program, the_input_is_not_overwritten) {
    const std::string before = folder.read("net.csv");
    const outcome o = folder.run(small_run("net.csv", {"--json", "./net.csv"}));
    EXPECT_EQ(o.code, 2);
    EXPECT_EQ(folder.read("net.csv"), before);
}

// ---- signals

TEST_F(program, an_interrupt_ends_the_run_and_reports_what_was_done) {
    for (const int signal : {SIGINT, SIGTERM}) {
        folder.write("long.csv", table_of(long_rows));
        const outcome o = folder.run(small_run("long.csv", {"--json", "a.json"}), stream_kind::file, [&](pid_t child) {
            wait_until_handled(child, signal);
            ::kill(child, signal);
        });
        EXPECT_EQ(o.code, 130);
        EXPECT_THAT(o.err, ContainsRegex("interrupted: [0-9]+ of 100 layers finished\n$"));
        EXPECT_THAT(
            o.out, AllOf(StartsWith("layer "), HasSubstr("\nlong"), HasSubstr("interrupted\n"), HasSubstr("\ntotal ")));
        const boost::json::object report = json_of(folder, "a.json");
        EXPECT_FALSE(report.at("complete").as_bool());
        const boost::json::array& layers = report.at("layers").as_array();
        ASSERT_GE(layers.size(), 1U);
        EXPECT_LT(layers.size(), 100U);
        std::uint64_t macs = 0;
        for (const auto& l : layers) {
            const bool last = &l == &layers.back();
            const bool complete = l.at("complete").as_bool();
            EXPECT_TRUE(complete || last);
            if (complete) {
                macs += 512 * 512 * 4096;
            } else {
                EXPECT_EQ(l.at("tflops").to_number<double>(), 0) << "of what is not done nothing counts";
                EXPECT_EQ(l.at("utilization").to_number<double>(), 0);
            }
        }
        EXPECT_EQ(report.at("totals").at("macs").to_number<std::uint64_t>(), macs);
        EXPECT_THAT(folder.names(), ElementsAre("a.json", "long.csv", "net.csv"));
    }
}

TEST_F(program, a_second_interrupt_ends_it_at_once_and_leaves_nothing_half_written) {
    folder.write("long.csv", table_of(long_rows));
    const outcome o = folder.run(small_run("long.csv", {"--json", "a.json"}), stream_kind::file, [&](pid_t child) {
        wait_until_handled(child, SIGINT);
        ::kill(child, SIGINT);
        wait_until_handled(child, SIGINT, false);
        ::kill(child, SIGINT);
    });
    EXPECT_THAT(o.code, testing::AnyOf(-SIGINT, 130));  // the report may already have been written
    EXPECT_THAT(folder.names(), testing::Each(Not(HasSubstr(".part"))));
}

TEST_F(program, that_is_killed_leaves_nothing_behind) {
    folder.write("long.csv", table_of(long_rows));
    folder.write("a.json", "old");
    const outcome o = folder.run(small_run("long.csv", {"--json", "a.json"}), stream_kind::file, [&](pid_t child) {
        wait_until_handled(child, SIGINT);
        ::kill(child, SIGKILL);
    });
    EXPECT_EQ(o.code, -SIGKILL);
    EXPECT_EQ(folder.read("a.json"), "old");
    EXPECT_THAT(folder.names(), ElementsAre("a.json", "long.csv", "net.csv"));
}

// ---- the terminal

TEST_F(program, draws_a_progress_bar_on_a_terminal_and_wipes_it) {
    folder.write("long.csv", table_of({"middling, 256, 256, 512"}));
    const outcome o = folder.run_on_terminal(small_run("long.csv"));
    EXPECT_EQ(o.code, 0);
    const auto bar = o.out.find("\r\033[K[");
    ASSERT_NE(bar, std::string::npos);
    const std::string line = o.out.substr(bar + 4, o.out.find('\r', bar + 1) - bar - 4);
    EXPECT_THAT(line, MatchesRegex("\\[#* *\\] +[0-9]+ %  (--|[0-9]+ s left)  middling"));
    EXPECT_LT(line.size(), 80U);
    const auto wiped = o.out.rfind("\r\033[K");
    EXPECT_THAT(o.out.substr(wiped + 4), StartsWith("layer "));
    EXPECT_EQ(o.out.find("\r\033[K", o.out.find("layer ")), std::string::npos);
}

TEST_F(program, draws_nothing_in_a_pipe) {
    folder.write("long.csv", table_of({"middling, 256, 256, 512"}));
    const outcome o = folder.run(small_run("long.csv"));
    EXPECT_EQ(o.code, 0);
    EXPECT_EQ(o.err, "");
    EXPECT_THAT(o.out, AllOf(Not(HasSubstr("\r")), Not(HasSubstr("\033"))));
}

}  // namespace
}  // namespace d1
