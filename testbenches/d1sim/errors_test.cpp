// docs/errors.md has a section for each class of error, and its examples are what is really printed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "models/noc/route_table.hpp"
#include "models/parameter/error.hpp"
#include "models/reporting/sanitized.hpp"
#include "platforms/die.hpp"
#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

/// A section of the page: "## D1-E101 command_line, exit 2", and the first line of its first code block.
struct section {
    std::string heading;
    std::string example;
};

std::vector<section> sections_of_page() {
    std::ifstream page(D1_ERRORS_PAGE);
    std::vector<section> all;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("## D1-")) {
            all.push_back({line, ""});
        } else if (line == "```" && !all.empty() && all.back().example.empty()) {
            std::getline(page, all.back().example);
        }
    }
    return all;
}

std::string heading_of(const error_description& about) {
    return "## " + std::string(about.code) + " " + std::string(about.name) + ", exit " +
           std::to_string(about.exit_code);
}

/// The first line that somebody sees, and the exit code where a program ended with it.
struct seen {
    std::string line;
    int exit_code = -1;
};

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

/// The program with these arguments, on 4 x 4 nodes that are all alive.
seen run(const std::vector<std::string>& more, const std::string& rows = "a, 8, 8, 8,\n") {
    const program_folder folder;
    folder.write("net.csv", "Layer, M, N, K,\n" + rows);
    const outcome o = folder.run(small_run("net.csv", more));
    return {first_line(o.err), o.code};
}

/// What a program prints for an exception.
seen caught(const std::function<void()>& call) {
    try {
        call();
    } catch (const input_error& e) {
        return {first_line(error_line(e.kind(), e.what())), describe(e.kind()).exit_code};
    } catch (const std::exception& e) {
        return {first_line(error_line(error_class::internal, e.what()))};
    }
    return {};
}

d1_parameters two_nodes() {
    d1_parameters p;
    p.die.noc.columns = 2;
    p.die.noc.rows = 1;
    p.die.harvest.dead = {};
    return p;
}

/// A command on a program of one thread, beside a file that is no array.
seen run_program(const std::string& body, std::vector<std::string> arguments) {
    const program_folder folder;
    folder.write("p.d1p",
                 "d1p 1\nprogram \"p\"\nbuffer a address=0 bytes=64 type=fp32\nthread {\n    " + body + "\n}\n");
    folder.write("a.npy", "1, 2, 3\n");
    arguments.insert(arguments.begin() + 1, "p.d1p");
    const outcome o = folder.run(arguments);
    return {first_line(o.err), o.code};
}

seen out_of_memory() {
    rlimit before{};
    EXPECT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
    const rlimit small{.rlim_cur = rlim_t{4} << 30, .rlim_max = before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_AS, &small), 0);
    const program_folder folder;
    folder.write("wide.csv",  // one result of an input of 2^32 elements
                 "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
                 "wide, 65536, 65536, 1, 1, 1, 1, 65536,\n");
    const outcome o = folder.run(small_run("wide.csv"));
    EXPECT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
    return {first_line(o.err), o.code};
}

seen interrupted() {
    const program_folder folder;
    std::string rows = "Layer, M, N, K,\n";
    for (int i = 0; i < 100; ++i) {
        rows += "long" + std::to_string(i) + ", 2000, 200, 200,\n";
    }
    folder.write("net.csv", rows);
    const outcome o = folder.run(small_run("net.csv"), stream_kind::file, [](pid_t child) {
        wait_until_handled(child, SIGINT);
        ::kill(child, SIGINT);
    });
    return {first_line(o.err), o.code};
}

port round_a_square(coordinate here, port /*input*/, coordinate /*destination*/) {
    if (here.y == 0) {
        return here.x == 0 ? port::east : port::south;
    }
    return here.x == 1 ? port::west : port::north;
}

seen produce(error_class kind) {
    switch (kind) {
        case error_class::command_line:
            return run({"--chekc"});
        case error_class::option_value:
            return run({"--batch", "0"});
        case error_class::option_conflict:
            return run({"--check", "--functional", "off"});
        case error_class::file_unreadable:
            return run({"--config", "my.yaml"});
        case error_class::file_unwritable:
            return run({"--json", "results/a.json"});
        case error_class::table:
            return run({}, "conv1, 8, abc, 8,\n");
        case error_class::layer:
            return run({"--set", "die.node.sram.bytes=4096"}, "conv1, 512, 512, 512,\n");
        case error_class::configuration:
            return run({"--set", "die.noc.colums=4"});
        case error_class::parameters:
            return run({"--set", "die.harvest.dead=[[9, 9]]"});
        case error_class::program_text:
            return run_program("wiat semaphore=1", {"check"});
        case error_class::program_unfit:
            return run_program("wait semaphore=99", {"check"});
        case error_class::symbol:
            return run_program("signal semaphore=1", {"exec", "--load", "b=a.npy"});
        case error_class::array:
            return run_program("signal semaphore=1", {"exec", "--load", "a=a.npy"});
        case error_class::mesh:
            return run({"--set", "die.noc.rows=1", "--set", "die.harvest.dead=[[2, 0]]"});
        case error_class::routing:
            return caught([] { const noc::route_table table({2, 2}, {}, round_a_square); });
        case error_class::placement:
            return caught([] {
                const die d("die", two_nodes(), {.protocol = true});
                static_cast<void>(d.place({2, 2}));
            });
        case error_class::check_failed:
            return run_program("signal to=(7, 0) semaphore=1", {"exec"});
        case error_class::deadlock:
            return run_program("wait semaphore=1", {"exec"});
        case error_class::interrupted:
            return interrupted();
        case error_class::out_of_memory:
            return out_of_memory();
        case error_class::internal:
            return caught([] {
                die d("die", two_nodes(), {.protocol = true});
                std::vector<std::byte> bytes(8);
                d.read(node_index{0}, d.parameters().die.node.sram.bytes - 4, bytes);
            });
    }
    return {};
}

/// Of an interrupted run no number of layers is like another.
std::string without_counts(const std::string& line) {
    return std::regex_replace(line, std::regex(" [0-9]+ of "), " N of ");
}

TEST(errors_page, has_a_section_for_each_class_in_their_order_and_no_other) {
    std::vector<std::string> expected;
    for (const error_description& about : error_descriptions) {
        expected.push_back(heading_of(about));
    }
    std::vector<std::string> found;
    for (const section& s : sections_of_page()) {
        found.push_back(s.heading);
    }
    EXPECT_EQ(found, expected);
}

TEST(error_classes, have_codes_of_their_own_in_their_order) {
    for (std::size_t i = 0; i < error_descriptions.size(); ++i) {
        EXPECT_EQ(error_descriptions[i].id, static_cast<error_class>(i));
        EXPECT_TRUE(i == 0 || error_descriptions[i - 1].code < error_descriptions[i].code);
    }
    EXPECT_EQ(describe(error_class::internal).code, "D1-E901");
}

TEST(input_error, keeps_its_class_and_shows_no_control_characters) {
    const input_error e(error_class::table, "cell '\x1b[31m\x7f' of\ta\nb");
    EXPECT_EQ(e.kind(), error_class::table);
    EXPECT_STREQ(e.what(), "cell '\\x1b[31m\\x7f' of\ta\nb");
    EXPECT_EQ(error_line(e.kind(), "x"), "error D1-E301: x");
}

class error_example : public testing::TestWithParam<std::string_view> {};

TEST_P(error_example, of_the_page_is_what_is_printed) {
    const error_description about = *std::ranges::find(error_descriptions, GetParam(), &error_description::name);
    if (about.id == error_class::out_of_memory && is_sanitized) {
        GTEST_SKIP() << "a sanitizer cannot run in little memory";
    }
    std::string example = "no section";
    for (const section& s : sections_of_page()) {
        if (s.heading == heading_of(about)) {
            example = s.example;
        }
    }
    const seen printed = produce(about.id);
    EXPECT_EQ(without_counts(printed.line), without_counts(example));
    EXPECT_THAT(printed.line, testing::HasSubstr("error " + std::string(about.code) + ": "));
    if (printed.exit_code != -1) {
        EXPECT_EQ(printed.exit_code, about.exit_code);
    }
}

std::vector<std::string_view> names() {
    std::vector<std::string_view> all;
    for (const error_description& about : error_descriptions) {
        all.push_back(about.name);
    }
    return all;
}
INSTANTIATE_TEST_SUITE_P(of, error_example, testing::ValuesIn(names()),
                         [](const auto& name) { return std::string(name.param); });

}  // namespace
}  // namespace d1
