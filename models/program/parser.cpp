#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "models/parameter/error.hpp"
#include "models/program/operands.hpp"
#include "models/program/program_file.hpp"
#include "models/program/source_map.hpp"
#include "models/program/text.hpp"
#include "models/program/value_parser.hpp"

namespace d1::program {

namespace {

using detail::operand_kind;
using detail::shown;
using detail::text_form;
using detail::token;
using detail::token_kind;

/// Reads the value of one key into its field, when the operands of an instruction are visited with it.
struct key_reader {
    detail::value_parser& values;
    std::string_view key;

    template <typename Field>
    void required(std::string_view name, Field& field, operand_kind = operand_kind::number) {
        if (name == key) values.read(field);
    }
    template <typename Field>
    void optional(std::string_view name, Field& field, const Field&, operand_kind = operand_kind::number) {
        required(name, field);
    }
};

/// Lists the keys of an instruction.
struct key_lister {
    std::vector<std::string_view> names{};
    std::vector<bool> needed{};

    template <typename Field>
    void required(std::string_view name, Field&, operand_kind = operand_kind::number) {
        names.push_back(name);
        needed.push_back(true);
    }
    template <typename Field>
    void optional(std::string_view name, Field&, const Field&, operand_kind = operand_kind::number) {
        names.push_back(name);
        needed.push_back(false);
    }
};

/// The size of the logical grid, as the keys of its line.
struct grid_line {
    std::int32_t columns = 0;
    std::int32_t rows = 0;
};

}  // namespace

template <>
struct detail::text_form<grid_line> {
    static constexpr std::string_view mnemonic = "grid";
    static void operands(auto& g, auto& keys) {
        keys.required("columns", g.columns);
        keys.required("rows", g.rows);
    }
};

namespace {

[[nodiscard]] text_position position(const token& t) {
    return {t.line, t.column};
}

class parser {
  public:
    parser(std::string_view text, std::string_view file_name) : values_(text, file_name), file_name_(file_name) {}
    program_file run();

  private:
    void header();
    void grid_of_nodes();
    void role_of_file();
    void on(const token& word);
    void place_roles();
    void declaration(const token& word);
    void thread(const token& word);
    void statement(std::vector<instruction>& instructions);
    void loop(std::vector<instruction>& instructions);
    void list(const token& word, std::vector<instruction>& instructions);
    void block(std::vector<instruction>& instructions, const token& opener);
    template <typename Described>
    void operands(const token& word, Described& described);

    detail::value_parser values_;
    std::string file_name_;
    program_file file_;
    std::vector<token> headers_;               // the word `program` of each role
    std::vector<std::vector<token>> corners_;  // the first token of each role's rectangles
    program program_;                          // being read, and its source map
    source_map source_;
    token last_brace_;
    std::size_t depth_ = 0;  // open loops
    bool in_list_ = false;
};

program_file parser::run() {
    header();
    grid_of_nodes();
    while (values_.next().kind != token_kind::text_end) role_of_file();
    place_roles();
    return std::move(file_);
}

void parser::header() {
    values_.skip_empty_lines();
    const token magic = values_.next();
    if (magic.text != "d1p") values_.fail(magic, "expected a program's first line, 'd1p 1', found " + shown(magic));
    values_.take();
    const token version = values_.next();
    std::int64_t number = 0;
    values_.read(number);
    if (number != text_version) {
        values_.fail(version, "version " + std::to_string(number) + " of the text form is not known: expected " +
                                  std::to_string(text_version));
    }
    values_.expect_line_end("after the version");
    values_.skip_empty_lines();
}

void parser::grid_of_nodes() {
    const token word = values_.next();
    if (word.text == text_form<grid_line>::mnemonic) {
        values_.take();
        grid_line g;
        operands(word, g);
        if (std::min(g.columns, g.rows) < 1 || std::max(g.columns, g.rows) > max_grid_side) {
            values_.fail(word, "a grid has 1 to " + std::to_string(max_grid_side) + " columns and rows; this one has " +
                                   std::to_string(g.columns) + " and " + std::to_string(g.rows));
        }
        file_.nodes = {g.columns, g.rows};
        values_.skip_empty_lines();
    }
    const token next = values_.next();
    if (next.text != "program") {
        values_.fail(next, "expected 'program' and its name, found " + shown(next));
    }
}

/// A program, up to the next one or the end of the text.
void parser::role_of_file() {
    const token header = values_.take();
    program_.name = values_.read_string();
    values_.expect_line_end("after the program's name");
    headers_.push_back(header);
    corners_.emplace_back();
    file_.roles.emplace_back();
    source_.file = file_name_;
    source_.header = position(header);
    values_.forget_names();
    for (values_.skip_empty_lines(); values_.next().kind != token_kind::text_end; values_.skip_empty_lines()) {
        if (values_.next().text == "program") break;
        declaration(values_.expect_identifier("on, buffer, semaphores, thread or program"));
    }
    program_.source = std::make_shared<const source_map>(std::exchange(source_, {}));
    file_.roles.back().body = std::exchange(program_, {});
}

/// Rectangles of nodes up to the end of the line.
void parser::on(const token& word) {
    const auto corner = [&] {
        coordinate c;
        const token start = values_.next();
        values_.read(c.x);
        values_.expect(',', "between the column and the row of a node");
        values_.read(c.y);
        if (std::min(c.x, c.y) < 0 || std::max(c.x, c.y) >= max_grid_side) {
            values_.fail(start, "a node's column and row are 0 to " + std::to_string(max_grid_side - 1));
        }
        return c;
    };
    if (values_.next().kind == token_kind::line_end || values_.next().kind == token_kind::text_end) {
        values_.fail(word, "expected the nodes that run the program, as in 'on 0,0:7,3', found the end of the line");
    }
    while (values_.next().kind != token_kind::line_end && values_.next().kind != token_kind::text_end) {
        corners_.back().push_back(values_.next());
        node_rectangle& r = file_.roles.back().on.emplace_back();
        r.first = r.last = corner();
        if (!values_.next().is(':')) continue;
        values_.take();
        r.last = corner();
        if (r.last.x < r.first.x || r.last.y < r.first.y) {
            values_.fail(corners_.back().back(), "the first corner of a rectangle is its north-west one");
        }
    }
    values_.expect_line_end("after the nodes");
}

/// Finds the grid where it is not given, and whether every node has its place in it and one program.
void parser::place_roles() {
    const bool given = file_.nodes.size() != 0;
    if (file_.roles.size() == 1 && file_.roles[0].on.empty()) {
        if (given) file_.roles[0].on = {{{0, 0}, {file_.nodes.columns - 1, file_.nodes.rows - 1}}};
        return;
    }
    for (std::size_t i = 0; i < file_.roles.size(); ++i) {
        const role& r = file_.roles[i];
        if (r.on.empty()) {
            values_.fail(headers_[i],
                         "the program does not say who runs it: expected a line like 'on 0,0:7,3' in each "
                         "program of a file that holds several");
        }
        for (std::size_t n = 0; n < r.on.size(); ++n) {
            if (given && !file_.nodes.contains(r.on[n].last)) {
                values_.fail(corners_[i][n], "the nodes do not lie in the grid of " +
                                                 std::to_string(file_.nodes.columns) + " columns and " +
                                                 std::to_string(file_.nodes.rows) + " rows");
            }
            if (given) continue;
            file_.nodes.columns = std::max(file_.nodes.columns, r.on[n].last.x + 1);
            file_.nodes.rows = std::max(file_.nodes.rows, r.on[n].last.y + 1);
        }
    }
    std::vector<bool> taken(file_.nodes.size());
    for (std::size_t i = 0; i < file_.roles.size(); ++i) {
        for (std::size_t n = 0; n < file_.roles[i].on.size(); ++n) {
            const node_rectangle& r = file_.roles[i].on[n];
            for (coordinate c = r.first; c.y <= r.last.y; c.x == r.last.x ? (c.x = r.first.x, ++c.y) : ++c.x) {
                if (taken[to_number(file_.nodes.index(c))]) {
                    values_.fail(corners_[i][n],
                                 "node " + std::to_string(c.x) + "," + std::to_string(c.y) + " has a program already");
                }
                taken[to_number(file_.nodes.index(c))] = true;
            }
        }
    }
}

void parser::declaration(const token& word) {
    if (word.text == "thread") {
        thread(word);
    } else if (word.text == "on") {
        on(word);
    } else if (word.text == text_form<buffer>::mnemonic) {
        const token name = values_.expect_identifier("the buffer's name");
        auto& b = program_.buffers.emplace_back();
        source_.buffers.push_back(position(name));
        b.name = name.text;
        operands(word, b);
        values_.define(name, b.address);
    } else if (word.text == text_form<semaphore_range>::mnemonic) {
        const token name = values_.expect_identifier("the semaphores' name");
        auto& s = program_.semaphores.emplace_back();
        source_.semaphores.push_back(position(name));
        s.name = name.text;
        operands(word, s);
        values_.define(name, s.first);
    } else {
        constexpr std::array<std::string_view, 5> known{"on", "buffer", "semaphores", "thread", "program"};
        values_.fail_unknown(word, "declaration", known);
    }
}

void parser::thread(const token& word) {
    source_.threads.push_back(position(word));
    source_.instructions.emplace_back();
    const token opener = values_.expect('{', "after 'thread'");
    block(program_.threads.emplace_back(), opener);
}

/// The rest of a block up to and with its closing brace.
void parser::block(std::vector<instruction>& instructions, const token& opener) {
    values_.expect_line_end("after '{'");
    for (values_.skip_empty_lines(); !values_.next().is('}'); values_.skip_empty_lines()) {
        if (values_.next().kind == token_kind::text_end) {
            values_.fail(values_.next(), "expected '}' for the '{' of line " + std::to_string(opener.line) +
                                             ", found the end of the text");
        }
        statement(instructions);
    }
    last_brace_ = values_.take();
    values_.expect_line_end("after '}'");
}

void parser::statement(std::vector<instruction>& instructions) {
    const token word = values_.expect_identifier("an instruction or '}'");
    source_.instructions.back().push_back(position(word));
    if (word.text == detail::loop_mnemonic) {
        loop(instructions);
        return;
    }
    if (word.text == detail::list_mnemonic) {
        list(word, instructions);
        return;
    }
    bool known = false;
    std::vector<std::string_view> mnemonics{detail::loop_mnemonic, detail::list_mnemonic};
    detail::for_each_instruction([&]<typename Instruction>() {
        mnemonics.push_back(text_form<Instruction>::mnemonic);
        if (word.text != text_form<Instruction>::mnemonic) return;
        known = true;
        Instruction i;
        operands(word, i);
        instructions.emplace_back(std::move(i));
    });
    if (!known) values_.fail_unknown(word, "instruction", mnemonics);
}

void parser::loop(std::vector<instruction>& instructions) {
    const token name = values_.expect_identifier("the name of the loop's counter");
    if (depth_ == max_loop_depth) {
        values_.fail(name, "loops are nested more than " + std::to_string(max_loop_depth) + " deep");
    }
    values_.expect('=', "after the name of the loop's counter");
    loop_begin begin;
    values_.read(begin.count);
    const token opener = values_.expect('{', "after the loop's count");
    instructions.emplace_back(begin);
    values_.define(name, d1::program::loop(depth_++));
    block(instructions, opener);
    values_.undefine(name);
    --depth_;
    instructions.emplace_back(loop_end{});
    source_.instructions.back().push_back(position(last_brace_));
}

void parser::list(const token& word, std::vector<instruction>& instructions) {
    if (in_list_) values_.fail(word, "a list cannot stand in a list");
    const token opener = values_.expect('{', "after 'list'");
    instructions.emplace_back(list_begin{});
    in_list_ = true;
    block(instructions, opener);
    in_list_ = false;
    instructions.emplace_back(list_end{});
    source_.instructions.back().push_back(position(last_brace_));
}

/// key=value pairs up to the end of the line.
template <typename Described>
void parser::operands(const token& word, Described& described) {
    key_lister keys;
    text_form<Described>::operands(described, keys);
    std::vector<bool> seen(keys.names.size());
    while (values_.next().is_identifier()) {
        const token key = values_.take();
        const auto position = std::find(keys.names.begin(), keys.names.end(), key.text);
        if (position == keys.names.end()) values_.fail_unknown(key, "key of " + std::string(word.text), keys.names);
        const auto index = static_cast<std::size_t>(position - keys.names.begin());
        if (seen[index]) values_.fail(key, "the key " + shown(key) + " is given twice");
        seen[index] = true;
        values_.expect('=', "after " + shown(key));
        key_reader reader{values_, key.text};
        text_form<Described>::operands(described, reader);
    }
    values_.expect_line_end("or another key=value");
    for (std::size_t k = 0; k < seen.size(); ++k) {
        if (keys.needed[k] && !seen[k]) {
            values_.fail(word, std::string(word.text) + " needs the key '" + std::string(keys.names[k]) + "'");
        }
    }
}

}  // namespace

program_file parse_file(std::string_view text, std::string_view file_name) {
    if (text.size() > max_text_bytes) {
        throw input_error(error_class::program_text, std::string(file_name) + ": the program is longer than " +
                                                         std::to_string(max_text_bytes) + " bytes");
    }
    return parser(text, file_name).run();
}

program parse(std::string_view text, std::string_view file_name) {
    program_file file = parse_file(text, file_name);
    if (file.roles.size() > 1) {
        throw text_error(file_name, file.roles[1].body.source->header, "expected one program, found a second one");
    }
    return std::move(file.roles[0].body);
}

node_rectangle parse_rectangle(std::string_view text) {
    coordinate c[2];
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto number = [&](std::int32_t& value) {
        const auto [next, error] = std::from_chars(at, end, value);
        at = next;
        return error == std::errc() && value >= 0 && value < max_grid_side;
    };
    const auto sign = [&](char expected) { return at != end && *at++ == expected; };
    const auto node = [&](coordinate& n) { return number(n.x) && sign(',') && number(n.y); };
    bool good = node(c[0]);
    c[1] = c[0];
    if (good && at != end) good = sign(':') && node(c[1]) && at == end;
    if (!good || c[1].x < c[0].x || c[1].y < c[0].y) {
        throw input_error(error_class::option_value,
                          "'" + std::string(text) +
                              "' is no rectangle of nodes: expected x0,y0:x1,y1 with x0 <= x1 "
                              "and y0 <= y1, all from 0 to " +
                              std::to_string(max_grid_side - 1) + ", or x,y for one node");
    }
    return {c[0], c[1]};
}

}  // namespace d1::program
