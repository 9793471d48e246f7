// `d1sim check`, and whatever is wrong with a program: a place, one clear message, exit code 2.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using words = std::vector<std::string>;

const std::string good =
    "d1p 1\nprogram \"p\"\nsemaphores s first=0\nthread {\n    signal semaphore=s\n    wait semaphore=s\n}\n";

TEST(check, says_of_a_good_program_how_large_it_is) {
    wording_folder folder;
    folder.write("good.d1p", good);
    const outcome o = folder.run({"check", "good.d1p"});
    EXPECT_EQ(o.code, 0);
    EXPECT_EQ(o.out, "good.d1p: good: 1 program for 1 node, 1 thread, 2 instructions\n");
    EXPECT_EQ(o.err, "");
    EXPECT_THAT(folder.run({"check", "good.d1p", "--on", "0,0:3,1"}).out, HasSubstr("8 nodes"));
}

TEST(check, tells_faults_as_compilers_do) {
    wording_folder folder;
    folder.write("bad.d1p",
                 "d1p 1\nprogram \"p\"\nbuffer a address=0 bytes=0 type=bf16\nthread {\n\twait semaphore=99\n"
                 "    push to=(0, 0) source=0 destination=0 row_bytes=0\n}\n");
    const outcome o = folder.run({"check", "bad.d1p"});
    EXPECT_EQ(o.code, 2);
    EXPECT_EQ(o.out, "");
    EXPECT_EQ(o.err,
              "bad.d1p:3:8: error: buffer 'a' is empty\n"
              "    buffer a address=0 bytes=0 type=bf16\n"
              "           ^\n"
              "bad.d1p:5:2: error: semaphore names semaphore 99; a node has 64\n"
              "     wait semaphore=99\n"
              "     ^\n"
              "bad.d1p:6:5: error: row_bytes must be above 0\n"
              "        push to=(0, 0) source=0 destination=0 row_bytes=0\n"
              "        ^\n");
    const outcome run = folder.run({"exec", "bad.d1p"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, o.err) << "and exec says the same before it runs anything";
}

TEST(check, goes_on_to_the_next_file) {
    wording_folder folder;
    folder.write("good.d1p", good);
    folder.write("bad.d1p", "d1p 1\nprogram \"p\"\nthread {\n    wiat semaphore=0\n}\n");
    const outcome o = folder.run({"check", "bad.d1p", "none.d1p", "good.d1p"});
    EXPECT_EQ(o.code, 2);
    EXPECT_EQ(o.out, "good.d1p: good: 1 program for 1 node, 1 thread, 2 instructions\n");
    EXPECT_EQ(o.err,
              "bad.d1p:4:5: error: unknown instruction 'wiat'; did you mean 'wait'?\n"
              "        wiat semaphore=0\n"
              "        ^\n"
              "error: none.d1p: no such file\n");
}

TEST(check, measures_a_program_by_the_node_of_the_configuration) {
    wording_folder folder;
    folder.write("wide.d1p",
                 "d1p 1\nprogram \"p\"\nsemaphores s first=64 count=64\nthread {\n    signal semaphore=s\n    wait "
                 "semaphore=s\n}\n");
    EXPECT_EQ(folder.run({"check", "wide.d1p"}).code, 2);
    EXPECT_EQ(folder.run({"check", "wide.d1p", "--set", "die.node.sram.semaphores=128"}).code, 0);
}

struct bad {
    std::string name;
    std::string text;
    words said;
};

std::ostream& operator<<(std::ostream& out, const bad& b) {
    return out << b.name;
}

class malformed_program : public testing::TestWithParam<bad> {};

TEST_P(malformed_program, is_refused_by_check_and_exec_alike) {
    wording_folder folder;
    folder.write("p.d1p", GetParam().text);
    const outcome o = folder.run({"check", "p.d1p"});
    EXPECT_EQ(o.code, 2);
    EXPECT_EQ(o.out, "");
    for (const std::string& part : GetParam().said) EXPECT_THAT(o.err, HasSubstr(part));
    EXPECT_LT(o.err.size(), 700U) << o.err;
    for (const char c : o.err) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
    const outcome run = folder.run({"exec", "p.d1p", "--json", "out.json"});
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.err, o.err);
    EXPECT_THAT(folder.names(), testing::ElementsAre("p.d1p"));
}

const std::string head = "d1p 1\nprogram \"p\"\nthread {\n";

const std::vector<bad> programs = {
    {"empty", "", {"p.d1p:1:1: error: expected a program's first line"}},
    {"blank", "\n\n  # nothing\n", {"p.d1p:4:1: error: expected a program's first line"}},
    {"a_table",
     "Layer, M, N, K,\na, 1, 2, 3,\n",
     {"p.d1p:1:1: error: expected a program's first line, 'd1p 1', found 'Layer'"}},
    {"utf16",
     std::string("\xff\xfe"
                 "d\0"
                 "1\0p\0",
                 8),
     {"error: p.d1p: holds NUL bytes, so it is no text"}},
    {"elf",
     std::string("\x7f"
                 "ELF\x02\x01\x01\0\0",
                 9),
     {"error: p.d1p: holds NUL bytes"}},
    {"latin1", "d1p 1\nprogram \"p\"\n\xe4\n", {"p.d1p:3:1: error: unexpected character '\\xe4'"}},
    {"escape_sequences", "d1p 1\n\033[2J\n", {"p.d1p:2:1: error: unexpected character '\\x1b'"}},
    {"later_version", "d1p 2\n", {"p.d1p:1:5: error: version 2 of the text form is not known: expected 1"}},
    {"huge_version", "d1p 99999999999999999999\n", {"p.d1p:1:5: error:", "does not fit in 64 bits"}},
    {"no_program", "d1p 1\n", {"p.d1p:2:1: error: expected 'program'"}},
    {"no_thread", "d1p 1\nprogram \"p\"\n", {"p.d1p:2:1: error: has no thread"}},
    {"open_string", "d1p 1\nprogram \"p\n", {"p.d1p:2:9: error: the string is not closed"}},
    {"open_thread", head + "    wait semaphore=0\n", {"p.d1p:5:1: error: expected '}' for the '{' of line 3"}},
    {"open_loop", head + "loop i = 2 {\nwait semaphore=0\n}\n", {"error: expected '}' for the '{' of line 3"}},
    {"cut_in_a_number",
     head + "    wait semaphore=",
     {"p.d1p:4:20: error: expected an expression, found the end of the text"}},
    {"deep_parentheses", head + "wait semaphore=" + std::string(100000, '(') + "\n}\n", {"nested more than 32 deep"}},
    {"huge_number",
     head + "wait semaphore=" + std::string(10000, '9') + "\n}\n",
     {"p.d1p:4:16: error:", "does not fit"}},
    {"deep_loops",
     head +
         "loop a=1 {\nloop b=1 {\nloop c=1 {\nloop d=1 {\nloop e=1 {\nloop f=1 {\nloop g=1 {\nloop h=1 {\nloop i=1 {\n",
     {"p.d1p:12:6: error: loops are nested more than 8 deep"}},
    {"empty_loop", head + "loop i = 2 {\n}\n}\n", {"p.d1p:4:1: error: the loop is empty"}},
    {"too_many_threads",
     "d1p 1\nprogram \"p\"\nthread {\n}\nthread {\n}\nthread {\n}\nthread {\n}\nthread {\n}\n",
     {"p.d1p:2:1: error: has 5 threads; a node runs 4"}},
    {"overlap",
     "d1p 1\nprogram \"p\"\nbuffer a address=0 bytes=8 type=fp32\nbuffer b address=4 bytes=8 type=fp32\nthread {\n}\n",
     {"p.d1p:4:8: error: buffers 'a' and 'b' overlap"}},
    {"a_node_twice",
     "d1p 1\nprogram \"p\"\non 0,0\nthread {\n}\nprogram \"q\"\non 0,0\nthread {\n}\n",
     {"p.d1p:7:4: error: node 0,0 has a program already"}},
};
INSTANTIATE_TEST_SUITE_P(of, malformed_program, testing::ValuesIn(programs),
                         [](const auto& case_of) { return case_of.param.name; });

TEST(malformed_program, that_is_no_file_is_refused) {
    wording_folder folder;
    std::filesystem::create_directory(folder / "folder");
    for (const std::string command : {"check", "exec"}) {
        EXPECT_THAT(folder.run({command, "folder"}).err,
                    HasSubstr("error: folder: a directory; give the program file itself"));
        EXPECT_THAT(folder.run({command, "a\nb"}).err, HasSubstr("error: a?b: no such file"));
        EXPECT_THAT(folder.run({command, "/dev/zero"}).err, HasSubstr("error: /dev/zero: "));
        EXPECT_EQ(folder.run({command, "/dev/zero"}).code, 2);
        EXPECT_EQ(folder.run({command}).code, 2);
        EXPECT_THAT(folder.run({command}).err, HasSubstr("error: d1sim " + command + ": which program"));
    }
}

TEST(rectangle_option, belongs_to_a_single_program_and_must_fit_the_die) {
    wording_folder folder;
    folder.write("good.d1p", good);
    folder.write("two.d1p", "d1p 1\nprogram \"p\"\non 0,0\nthread {\n}\nprogram \"q\"\non 1,0\nthread {\n}\n");
    const auto refusal = [&](const words& arguments) {
        const outcome o = folder.run(arguments);
        EXPECT_EQ(o.code, 2);
        EXPECT_THAT(o.err, MatchesRegex("error: [^\n]*\n"));
        return o.err;
    };
    EXPECT_THAT(refusal({"exec", "two.d1p", "--on", "0,0"}), HasSubstr("--on: 'two.d1p' holds 2 programs"));
    EXPECT_THAT(refusal({"check", "two.d1p", "--on", "0,0"}), HasSubstr("--on: 'two.d1p' holds 2 programs"));
    EXPECT_THAT(refusal({"exec", "good.d1p", "--on", "1,0:0,0"}),
                HasSubstr("--on: '1,0:0,0' is no rectangle of nodes"));
    EXPECT_THAT(refusal({"exec", "good.d1p", "--on", "0,0:99,99"}),
                HasSubstr("a job on 100 x 100 nodes does not fit: the die has 354 live nodes"));
}

TEST(options_of_a_command, are_refused_with_another) {
    wording_folder folder;
    folder.write("good.d1p", good);
    EXPECT_EQ(folder.run({"exec", "good.d1p", "--batch", "2"}).err,
              "error: --batch does not go with 'd1sim exec'; see d1sim exec --help\n");
    EXPECT_EQ(folder.run({"check", "good.d1p", "--json", "a.json"}).code, 2);
    EXPECT_EQ(folder.run({"run", "good.csv", "--load", "a=b"}).code, 2);
    EXPECT_EQ(folder.run({"exec", "good.d1p", "--load", "a"}).err,
              "error: --load: 'a' is not SYMBOL=FILE, as in data=load.npy\n");
    EXPECT_EQ(folder.run({"exec", "good.d1p", "--dump", "a=x", "--dump", "a=y"}).err,
              "error: --dump: 'a' is given twice\n");
    EXPECT_EQ(folder.run({"exec", "good.d1p", "--dump", "a=x", "--dump", "b=./x"}).err,
              "error: --dump: './x' is written twice; name another file\n");
    EXPECT_THAT(folder.run({"exec", "good.d1p", "good.d1p"}).err, HasSubstr("one file at a time"));
}

TEST(help_of_a_command, teaches_it) {
    wording_folder folder;
    EXPECT_THAT(folder.run({"exec", "--help"}).out, AllOf(StartsWith("d1sim exec PROGRAM"), HasSubstr("--load")));
    EXPECT_THAT(folder.run({"check", "--help"}).out, StartsWith("d1sim check PROGRAM..."));
    EXPECT_THAT(folder.run({"run", "--help"}).out, StartsWith("d1sim run FILE"));
    const std::string help = folder.run({"exec", "--help"}).out;
    const std::size_t from = help.find("  d1p 1\n");
    const std::size_t to = help.find("  }\n", from);
    ASSERT_NE(to, std::string::npos);
    folder.write("double.d1p", help.substr(from, to + 4 - from));
    EXPECT_EQ(folder.run({"check", "double.d1p"}).code, 0) << "its program is a good one";
}

}  // namespace
}  // namespace d1
