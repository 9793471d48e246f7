// What a configuration can get wrong, and what the user is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>

#include "platforms/configuration.hpp"

namespace {

using d1::configuration;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

template <class Action>
std::string complaint(Action&& action) {
    try {
        action();
    } catch (const d1::input_error& error) {
        return error.what();
    }
    return "none";
}

std::string complaint_on_text(const std::string& text) {
    return complaint([&] { configuration().load_text(text, "run.yaml"); });
}

std::string complaint_on_file(const std::string& file) {
    return complaint([&] { configuration().load_file(file); });
}

std::string complaint_on_set(const std::string& assignment) {
    return complaint([&] { configuration().set(assignment); });
}

struct wrong_text {
    const char* name;
    std::string text;
    std::string start;  // of the message: where
    std::string part;   // what must be said too
};

void PrintTo(const wrong_text& wrong, std::ostream* out) {
    *out << wrong.text;
}

class text_error : public testing::TestWithParam<wrong_text> {};

TEST_P(text_error, says_where_and_what) {
    const std::string said = complaint_on_text(GetParam().text);
    EXPECT_THAT(said, StartsWith(GetParam().start + ": "));
    EXPECT_THAT(said, HasSubstr(GetParam().part));
    EXPECT_THAT(said, Not(HasSubstr("\n")));
}

const std::string columns_allowed = "must be a whole number from 1 to 64 nodes";

std::string columns(const std::string& written) {
    return "# a comment\ndie:\n  noc:\n    columns: " + written + "\n";
}

// clang-format off
const std::vector<wrong_text> wrong_values = {
    {"zero", columns("0"), "run.yaml:4", "die.noc.columns = 0: " + columns_allowed},
    {"too_large", columns("65"), "run.yaml:4", "die.noc.columns = 65: " + columns_allowed},
    {"huge", columns("99999999999999999999999999"), "run.yaml:4", columns_allowed},
    {"negative", columns("-3"), "run.yaml:4", "die.noc.columns = -3: " + columns_allowed},
    {"fraction", columns("18.5"), "run.yaml:4", "die.noc.columns = 18.5: " + columns_allowed},
    {"fraction_that_is_whole", columns("18.0"), "run.yaml:4", columns_allowed},
    {"exponent", columns("1e1"), "run.yaml:4", columns_allowed},
    {"not_a_number", columns(".nan"), "run.yaml:4", "die.noc.columns = .nan: " + columns_allowed},
    {"infinity", columns(".inf"), "run.yaml:4", columns_allowed},
    {"text", columns("many"), "run.yaml:4", "die.noc.columns = many: " + columns_allowed},
    {"number_in_quotes", columns("\"18\""), "run.yaml:4", "die.noc.columns = \"18\": " + columns_allowed},
    {"octal", columns("010"), "run.yaml:4", columns_allowed},
    {"hexadecimal", columns("0x10"), "run.yaml:4", columns_allowed},
    {"unit", columns("18 nodes"), "run.yaml:4", columns_allowed},
    {"nothing", columns(""), "run.yaml:4", "die.noc.columns = nothing: " + columns_allowed},
    {"list_for_a_number", columns("[18]"), "run.yaml:4", "die.noc.columns = a list: " + columns_allowed},
    {"map_for_a_number", columns("{a: 1}"), "run.yaml:4", "die.noc.columns = a map: " + columns_allowed},
    {"tag", columns("!!int 18"), "run.yaml:4", "tag"},
    {"not_a_multiple", "die.node.sram.bytes: 100", "run.yaml:1", "from 64 to 2097152 B in steps of 64"},
    {"switch", "simulation.functional: maybe", "run.yaml:1", "simulation.functional = maybe: must be true or false"},
    {"number_for_a_switch", "simulation.functional: 1", "run.yaml:1", "must be true or false"},
    {"name", "simulation: {timing: cycle}", "run.yaml:1", "simulation.timing = cycle: must be one of lt, at, ca"},
    {"list_for_a_name", "simulation: {timing: [lt]}", "run.yaml:1", "simulation.timing = a list: must be one of lt, at, ca"},
    {"seed_of_65_bits", "simulation.seed: 18446744073709551616", "run.yaml:1", "0 to 18446744073709551615"},
    {"number_for_a_list", "die.harvest.dead: 3", "run.yaml:1", "die.harvest.dead = 3: must be a list of places [x, y]"},
    {"map_for_a_list", "die.harvest.dead: {x: 3}", "run.yaml:1", "die.harvest.dead = a map: must be a list of places"},
    {"place_of_one", "die.harvest.dead: [[1, 2], [3]]", "run.yaml:1", "entry 2 = a list: must be a place [x, y]"},
    {"place_of_three", "die.harvest.dead: [[1, 2, 3]]", "run.yaml:1", "entry 1 = a list: must be a place [x, y]"},
    {"negative_place", "die.harvest.dead:\n  - [1, 2]\n  - [3, -4]\n", "run.yaml:3", "entry 2 = [3, -4]: must be a place"},
    {"place_of_text", "die.harvest.dead: [[1, b]]", "run.yaml:1", "entry 1 = [1, b]: must be a place"},
    {"link_of_one_place", "die.harvest.dead_links: [[[1, 2]]]", "run.yaml:1", "entry 1 = a list: must be a link [[x, y]"},
    {"link_of_text", "die.harvest.dead_links: [3,4-3,5]", "run.yaml:1", "entry 1 = 3: must be a link [[x, y], [x, y]]"},
    {"list_for_a_file", "die.noc.routing_table: [a]", "run.yaml:1", "= a list: must be the name of a file"},
    {"place_far_away", "die.harvest.dead: [[1, 4294967296]]", "run.yaml:1", "entry 1 = [1, 4294967296]: must be a place"},
    {"value_for_a_group", "die:\n  noc: 3\n", "run.yaml:2", "die.noc = 3: this is a group; it must be a map with some of columns, rows"},
    {"list_for_a_group", "die: [1]\n", "run.yaml:1", "die = a list: this is a group; it must be a map with some of clock_period"},
    {"empty_group", "die:\n  noc:\n", "run.yaml:2", "die.noc = nothing: this is a group"},
};

const std::vector<wrong_text> wrong_keys = {
    {"misspelt", "die:\n  noc:\n    colums: 3\n", "run.yaml:3", "no parameter is called die.noc.colums; the nearest is die.noc.columns"},
    {"misspelt_group", "die:\n  nock:\n    columns: 3\n", "run.yaml:2", "no parameter is called die.nock; the nearest is die.noc"},
    {"without_its_group", "columns: 3\n", "run.yaml:1", "no parameter is called columns; the nearest is die.noc.columns"},
    {"in_another_group", "die: {noc: {threads: 3}}", "run.yaml:1", "the nearest is die.node.core.threads"},
    {"below_a_parameter", "die.noc.columns.x: 3\n", "run.yaml:1", "the nearest is die.noc.columns"},
    {"empty", "'': 3\n", "run.yaml:1", "no parameter is called ; the nearest is "},
    {"dots_only", "...x: 3\n", "run.yaml:1", "no parameter is called ...x"},
    {"upper_case", "Die: {clock_period: 500}\n", "run.yaml:1", "the nearest is die"},
    {"merge", "<<: {die: 3}\n", "run.yaml:1", "no parameter is called <<"},
    {"index", "die:\n  node[3,4]:\n    sram: {bytes: 64}\n", "run.yaml:2", "die.node[3,4]: a path has no index"},
    {"list_as_key", "? [die]\n: 3\n", "run.yaml:1", "a key must be a name, not a list"},
    {"map_as_key", "{{die: 3}: 3}\n", "run.yaml:1", "a key must be a name, not a map"},
    {"no_key", ": 3\n", "run.yaml:1", "a key must be a name, not nothing"},
    {"twice", "die:\n  noc:\n    rows: 3\n    rows: 3\n", "run.yaml:4", "die.noc.rows is given twice"},
    {"group_twice", "die: {clock_period: 300}\nsimulation: {seed: 1}\ndie: {noc: {rows: 3}}\n", "run.yaml:3", "die is given twice"},
    {"twice_in_two_ways", "die: {clock_period: 300}\ndie.clock_period: 300\n", "run.yaml:2", "die.clock_period is given twice"},
};

const std::vector<wrong_text> wrong_files = {
    {"empty", "", "run.yaml", "holds no parameters; it may set some of die, arithmetic, energy, area, simulation"},
    {"blank", "\n  \n\t\n", "run.yaml", "holds no parameters"},
    {"comments_only", "# die: 3\n", "run.yaml", "holds no parameters"},
    {"empty_map", "{}\n", "run.yaml", "holds no parameters"},
    {"null", "~\n", "run.yaml", "holds no parameters"},
    {"list", "\n- die\n", "run.yaml:2", "is a list, but must be a map"},
    {"word", "die\n", "run.yaml:1", "is a single value, but must be a map"},
    {"two_documents", "die.noc.rows: 20\n---\ndie.noc.rows: 20\n", "run.yaml:2", "after the end of the first YAML document"},
    {"stray_comma", "\n, 15], 17]]\n", "run.yaml:2", "after the end of the first YAML document"},
    {"cut_short", "die: {noc: {rows: 20", "run.yaml:1", "not valid YAML: end of map flow not found"},
    {"bad_indent", "die:\n  noc: 3\n   rows: 4\n", "run.yaml:3", "not valid YAML"},
    {"bad_character", "die: @\n", "run.yaml:1", "not valid YAML"},
    {"unknown_alias", "die: *d\n", "run.yaml:1", "not valid YAML"},
    {"alias", "die.noc.rows: &n 20\ndie.noc.columns: *n\n", "run.yaml:2", "aliases (*name) are not taken"},
    {"alias_of_itself", "die: &d {noc: *d}\n", "run.yaml:1", "aliases (*name) are not taken"},
    {"tab", "die:\n\tnoc:\n", "run.yaml:2", "indented with a tab"},
    {"tab_after_spaces", "die:\n  \tnoc:\n", "run.yaml:2", "indented with a tab"},
    {"binary", std::string("\x7f" "ELF\0\1", 6), "run.yaml:1", "holds a control character"},
    {"zero_byte", std::string("die:\n\0", 6), "run.yaml:2", "holds a control character"},
    {"utf16", std::string("\xff\xfe" "d\0i\0e\0", 8), "run.yaml:1", "holds a control character"},
    {"too_long", std::string(300000, '#'), "run.yaml", "longer than 262144 bytes"},
    {"deep_lists", "die: " + std::string(100000, '['), "run.yaml:1", "nested too deeply"},
    {"deep_maps", "die: " + [] { std::string s; for (int i = 0; i < 40000; ++i) s += "{a: "; return s; }(), "run.yaml:1", "nested too deeply"},
    {"deep_blocks", [] { std::string s; for (int i = 0; i < 1000; ++i) s += "- "; return s; }(), "run.yaml:1", "nested too deeply"},
};
// clang-format on

std::string name_of(const testing::TestParamInfo<wrong_text>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(value, text_error, testing::ValuesIn(wrong_values), name_of);
INSTANTIATE_TEST_SUITE_P(key, text_error, testing::ValuesIn(wrong_keys), name_of);
INSTANTIATE_TEST_SUITE_P(file, text_error, testing::ValuesIn(wrong_files), name_of);

TEST(file_error, missing_file_is_named_with_the_reason) {
    EXPECT_EQ(complaint_on_file("/nowhere/run.yaml"), "/nowhere/run.yaml: cannot be read: No such file or directory");
}

TEST(file_error, directory_is_said_to_be_one) {
    EXPECT_EQ(complaint_on_file("/tmp"), "/tmp: is a directory; give a configuration file in YAML");
}

TEST(file_error, file_without_end_is_too_long) {
    EXPECT_THAT(complaint_on_file("/dev/zero"), StartsWith("/dev/zero: longer than 262144 bytes"));
}

TEST(file_error, error_in_a_file_names_the_file_and_the_line) {
    const std::string file = testing::TempDir() + "configuration_error_test_names_file.yaml";
    std::ofstream(file) << "die:\n  clock_period: fast\n";
    EXPECT_EQ(complaint_on_file(file),
              file + ":2: die.clock_period = fast: must be a whole number from 10 to 1000000 ps");
    std::remove(file.c_str());
}

TEST(set_error, names_the_option_the_path_the_value_and_what_is_allowed) {
    EXPECT_EQ(complaint_on_set("die.noc.columns=0"), "--set: die.noc.columns = 0: " + columns_allowed);
    EXPECT_EQ(complaint_on_set("die.noc.colums=3"),
              "--set: no parameter is called die.noc.colums; the nearest is die.noc.columns");
    EXPECT_THAT(complaint_on_set("die.node[3,4].sram.bytes=64"), HasSubstr("a path has no index"));
    EXPECT_THAT(complaint_on_set("die.noc=3"), HasSubstr("this is a group"));
    EXPECT_THAT(complaint_on_set("die.noc.columns="), HasSubstr("= nothing: " + columns_allowed));
    EXPECT_THAT(complaint_on_set("die.noc.columns=[1"), StartsWith("--set: not valid YAML"));
    EXPECT_THAT(complaint_on_set("die.noc={rows: 3, rows: 3}"), HasSubstr("die.noc.rows is given twice"));
    EXPECT_THAT(complaint_on_set("die.noc.columns=1=2"), HasSubstr("= 1=2: " + columns_allowed));
}

TEST(set_error, assignment_without_a_path_or_a_sign_shows_how_it_is_done) {
    for (const char* text : {"", "=", "=3", "die.noc.columns", "  = 3"})
        EXPECT_THAT(complaint_on_set(text), HasSubstr("must be PATH=VALUE, as in die.noc.columns=18")) << text;
}

TEST(error, shows_long_and_unprintable_texts_short_and_printable) {
    const std::string said = complaint_on_set("die.noc.columns=\xc3\xa4" + std::string(500, 'x'));
    EXPECT_THAT(said, AllOf(HasSubstr("\\xc3\\xa4xxx"), HasSubstr("xxx...: must")));
    EXPECT_LT(said.size(), 200U);
    EXPECT_LT(complaint_on_set(std::string(100000, 'p') + "=3").size(), 200U);
}

// Damaged files end as parameters or in an input_error of one line: any other exception fails the test.
TEST(error, damaged_text_gives_parameters_or_an_input_error) {
    const std::uint64_t seed = 362;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::ostringstream out;
    configuration().dump(out);
    std::string values;  // the dump without its comments: damage meets what counts
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);)
        if (line.find('#') == std::string::npos) values += line + '\n';
    const std::vector<std::string> pieces = {"[", "]",  "{",  "}",   ",",   ":",   "-",     "? ",  "|",  ">",   "\"",
                                             "'", "\n", "\t", " ",   "#",   "&a ", "*a",    "!x ", "%",  "@",   "<<",
                                             "0", "-1", "~",  "---", "...", ".",   "\xff ", "\r",  "\\", "\xef"};
    int good = 0;
    int bad = 0;
    for (int i = 0; i < 2000; ++i) {
        std::string text = i % 2 == 0 ? values : out.str();
        for (auto edits = 1 + random() % 4; edits > 0; --edits) {
            const auto place = random() % text.size();
            switch (random() % 4) {
                case 0:
                    text[place] = static_cast<char>(random());
                    break;
                case 1:
                    text.insert(place, pieces[random() % pieces.size()]);
                    break;
                case 2:
                    text.erase(place, 1 + random() % 8);
                    break;
                default:
                    text.insert(place, text.substr(random() % text.size(), random() % 40));
                    break;
            }
            if (text.empty()) text = values;
        }
        if (random() % 16 == 0) text.resize(random() % text.size());
        const std::string said = complaint([&] {
            configuration chosen;
            chosen.load_text(text, "run.yaml");
            d1::validate(chosen.value());
        });
        ++(said == "none" ? good : bad);
        ASSERT_THAT(said, Not(HasSubstr("\n"))) << text;
        ASSERT_LT(said.size(), 600U) << text;
    }
    EXPECT_GT(good, 100);
    EXPECT_GT(bad, 500);
}

}  // namespace
