// Files of several programs: where each runs, and where each thing stands in the text.

#include "models/program/program_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <sstream>

#include "models/program/random_program.hpp"
#include "models/program/source_map.hpp"
#include "models/program/text.hpp"
#include "models/program/validate.hpp"

namespace d1::program {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view two_roles = R"(d1p 1
# who is who
grid columns=4 rows=2

program "first"
on 0,0
buffer a address=0 bytes=64 type=fp32
thread {
    signal to=(1, 0) semaphore=0
}

program "others"
on 1,0:3,0 0,1:3,1
buffer a address=64 bytes=64 type=fp32
semaphores s first=0
thread {
    wait semaphore=s
    loop i = 2 {
        signal semaphore=s
    }
}
thread {
}
)";

std::string printed(const program_file& file) {
    std::ostringstream out;
    print(out, file);
    return out.str();
}

std::string refusal_of_file(const std::string& text) {
    try {
        (void)parse_file(text, "f.d1p");
    } catch (const text_error& e) {
        return e.what();
    }
    return "nothing was refused";
}

TEST(program_file, holds_programs_and_the_nodes_that_run_them) {
    const program_file file = parse_file(two_roles, "f.d1p");
    EXPECT_EQ(file.nodes, (grid{4, 2}));
    ASSERT_EQ(file.roles.size(), 2U);
    EXPECT_EQ(file.roles[0].body.name, "first");
    EXPECT_THAT(file.roles[0].on, ElementsAre(node_rectangle{{0, 0}, {0, 0}}));
    EXPECT_EQ(file.roles[1].body.buffers.at(0).address, 64U) << "names are those of one program";
    EXPECT_THAT(file.roles[1].on, ElementsAre(node_rectangle{{1, 0}, {3, 0}}, node_rectangle{{0, 1}, {3, 1}}));
}

TEST(program_file, comes_back_as_it_was_printed) {
    const program_file file = parse_file(two_roles, "f.d1p");
    const std::string text = printed(file);
    EXPECT_TRUE(parse_file(text, "g") == file);
    EXPECT_EQ(printed(parse_file(text, "g")), text);
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        program_file many{{3, 2}, {}};
        for (std::int32_t y = 0; y < 2; ++y) {
            many.roles.push_back({random_program(2 * seed + static_cast<std::uint64_t>(y)), {{{0, y}, {2, y}}}});
        }
        EXPECT_TRUE(parse_file(printed(many), "g") == many);
    }
}

TEST(program_file, of_one_program_may_leave_out_where_it_runs) {
    const program_file anywhere = parse_file("d1p 1\nprogram \"p\"\nthread {\n}\n", "f");
    EXPECT_EQ(anywhere.nodes.size(), 0U);
    EXPECT_THAT(anywhere.roles.at(0).on, IsEmpty());
    const program_file whole = parse_file("d1p 1\ngrid columns=3 rows=2\nprogram \"p\"\nthread {\n}\n", "f");
    EXPECT_THAT(whole.roles.at(0).on, ElementsAre(node_rectangle{{0, 0}, {2, 1}}));
}

TEST(program_file, reaches_as_far_as_its_nodes_where_it_names_no_grid) {
    EXPECT_EQ(parse_file("d1p 1\nprogram \"p\"\non 2,1 0,4\nthread {\n}\n", "f").nodes, (grid{3, 5}));
}

TEST(program_file, is_read_as_one_program_only_if_it_holds_one) {
    EXPECT_EQ(parse("d1p 1\nprogram \"p\"\non 0,0\nthread {\n}\n", "f").name, "p");
    EXPECT_THROW((void)parse(two_roles, "f"), text_error);
}

TEST(program_file, may_come_from_an_editor_that_marks_byte_order_and_ends_lines_with_two_characters) {
    EXPECT_EQ(parse_file("\xef\xbb\xbf"
                         "d1p 1\r\nprogram \"p\"\r\nthread {\r\n}\r\n",
                         "f")
                  .roles.size(),
              1U);
}

TEST(program_file, refuses_what_leaves_open_who_runs_what) {
    const std::string p = "program \"p\"\n";
    const std::string end = "thread {\n}\n";
    EXPECT_EQ(refusal_of_file("d1p 1\n" + p + "on 0,0\n" + end + p + end),
              "f.d1p:6:1: the program does not say who runs it: expected a line like 'on 0,0:7,3' in each program of a "
              "file that holds several");
    EXPECT_EQ(refusal_of_file("d1p 1\n" + p + "on 0,0:3,0\n" + end + p + "on 5,0 3,0:4,1\n" + end),
              "f.d1p:7:8: node 3,0 has a program already");
    EXPECT_EQ(refusal_of_file("d1p 1\ngrid columns=2 rows=2\n" + p + "on 0,0:2,0\n" + end),
              "f.d1p:4:4: the nodes do not lie in the grid of 2 columns and 2 rows");
    EXPECT_EQ(refusal_of_file("d1p 1\n" + p + "on\n" + end),
              "f.d1p:3:1: expected the nodes that run the program, as in 'on 0,0:7,3', found the end of the line");
    EXPECT_EQ(refusal_of_file("d1p 1\n" + p + "on 3,0:0,0\n" + end),
              "f.d1p:3:4: the first corner of a rectangle is its north-west one");
    EXPECT_EQ(refusal_of_file("d1p 1\n" + p + "on 0,-1\n" + end), "f.d1p:3:4: a node's column and row are 0 to 1023");
    EXPECT_EQ(refusal_of_file("d1p 1\n" + p + "on 0,99999999999\n" + end),
              "f.d1p:3:6: 99999999999 is out of range: expected -2147483648 to 2147483647");
    EXPECT_EQ(refusal_of_file("d1p 1\n" + p + "on 0:1\n" + end),
              "f.d1p:3:5: expected ',' between the column and the row of a node, found ':'");
    EXPECT_EQ(refusal_of_file("d1p 1\ngrid columns=0 rows=2\n" + p + end),
              "f.d1p:2:1: a grid has 1 to 1024 columns and rows; this one has 0 and 2");
    EXPECT_EQ(refusal_of_file("d1p 1\ngrid columns=2\n" + p + end), "f.d1p:2:1: grid needs the key 'rows'");
}

TEST(program_file, knows_where_its_instructions_and_declarations_stand) {
    const program_file file = parse_file(two_roles, "f.d1p");
    const program& others = file.roles[1].body;
    ASSERT_TRUE(others.source);
    const source_map& map = *others.source;
    EXPECT_EQ(map.header, (text_position{12, 1}));
    EXPECT_THAT(map.buffers, ElementsAre(text_position{14, 8}));
    EXPECT_THAT(map.semaphores, ElementsAre(text_position{15, 12}));
    EXPECT_THAT(map.threads, ElementsAre(text_position{16, 1}, text_position{22, 1}));
    EXPECT_THAT(map.instructions.at(0),
                ElementsAre(text_position{17, 5}, text_position{18, 5}, text_position{19, 9}, text_position{20, 5}))
        << "wait, loop, signal, and the brace that ends the loop";
    EXPECT_EQ(map.instructions.at(0).size(), others.threads.at(0).size());
    EXPECT_EQ(place_of(others, 0, 2), "thread 0, instruction 2 (f.d1p:19:9)");
    EXPECT_EQ(place_of(others, 7, 2), "thread 7, instruction 2");
    EXPECT_EQ(place_of(program(), 0, 2), "thread 0, instruction 2");
}

TEST(program_file, has_a_position_for_each_instruction_of_any_program) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::ostringstream out;
        print(out, random_program(seed));
        const program p = parse(out.str(), "f");
        ASSERT_EQ(p.source->instructions.size(), p.threads.size());
        for (std::size_t t = 0; t < p.threads.size(); ++t) {
            ASSERT_EQ(p.source->instructions[t].size(), p.threads[t].size());
            std::uint32_t line = p.source->threads[t].line;
            for (const text_position& i : p.source->instructions[t]) EXPECT_EQ(i.line, ++line) << "a line each";
        }
    }
}

TEST(program_file, tells_where_a_fault_stands) {
    const auto where = [](const std::string& body) {
        const program p = parse("d1p 1\nprogram \"p\"\n" + body, "f");
        const auto faults = validate(p, {});
        return faults.empty() ? text_position{} : position_of(p, *p.source, faults.front());
    };
    EXPECT_EQ(where("buffer a address=0 bytes=64 type=fp32\n  buffer b address=60 bytes=64 type=fp32\nthread {\n}\n"),
              (text_position{4, 10}));
    EXPECT_EQ(where("semaphores s first=64\nthread {\n}\n"), (text_position{3, 12}));
    EXPECT_EQ(where("thread {\n\n  wait semaphore=64\n}\n"), (text_position{5, 3}));
    EXPECT_EQ(where(""), (text_position{2, 1})) << "no thread at all";
}

TEST(rectangle, is_read_as_the_command_line_and_files_have_it) {
    EXPECT_EQ(parse_rectangle("2,3:5,6"), (node_rectangle{{2, 3}, {5, 6}}));
    EXPECT_EQ(parse_rectangle("2,3"), (node_rectangle{{2, 3}, {2, 3}}));
    for (const char* bad : {"", "2", "2,", "2,3:", "2,3:5", "2,3:5,6 ", "2,3:5,6:", " 2,3", "2,3:1,6", "2,3:5,2",
                            "-1,0", "0,1024", "99999999999,0", "a,b", "2;3", "0,0-1,1"}) {
        EXPECT_THROW((void)parse_rectangle(bad), input_error) << bad;
    }
}

TEST(rectangles, cover_exactly_the_nodes_that_they_are_made_of) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 engine(seed);
        std::set<coordinate> nodes;
        for (std::uint64_t n = engine() % 40; n > 0; --n) {
            nodes.insert({static_cast<std::int32_t>(engine() % 8), static_cast<std::int32_t>(engine() % 6)});
        }
        const auto covered = nodes_of(rectangles_of({nodes.begin(), nodes.end()}));
        EXPECT_EQ(std::set<coordinate>(covered.begin(), covered.end()), nodes);
        EXPECT_EQ(covered.size(), nodes.size()) << "none twice";
    }
}

TEST(rectangles, are_as_few_as_rows_and_columns_allow) {
    EXPECT_THAT(rectangles_of({{1, 0}, {0, 1}, {1, 1}, {0, 0}}), ElementsAre(node_rectangle{{0, 0}, {1, 1}}));
    EXPECT_THAT(rectangles_of({}), IsEmpty());
}

}  // namespace
}  // namespace d1::program
