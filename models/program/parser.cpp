#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "models/parameter/error.hpp"
#include "models/program/operands.hpp"
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

class parser {
  public:
    parser(std::string_view text, std::string_view file_name) : values_(text, file_name) {}
    program run();

  private:
    void header();
    void declaration(const token& word);
    void thread();
    void statement(std::vector<instruction>& instructions);
    void loop(std::vector<instruction>& instructions);
    void block(std::vector<instruction>& instructions, const token& opener);
    template <typename Described>
    void operands(const token& word, Described& described);

    detail::value_parser values_;
    program program_;
    std::size_t depth_ = 0;
};

program parser::run() {
    header();
    for (values_.skip_empty_lines(); values_.next().kind != token_kind::text_end; values_.skip_empty_lines()) {
        const token word = values_.expect_identifier("buffer, semaphores or thread");
        declaration(word);
    }
    return std::move(program_);
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
    const token word = values_.next();
    if (word.text != "program") values_.fail(word, "expected 'program' and its name, found " + shown(word));
    values_.take();
    program_.name = values_.read_string();
    values_.expect_line_end("after the program's name");
}

void parser::declaration(const token& word) {
    if (word.text == "thread") {
        thread();
    } else if (word.text == text_form<buffer>::mnemonic) {
        const token name = values_.expect_identifier("the buffer's name");
        auto& b = program_.buffers.emplace_back();
        b.name = name.text;
        operands(word, b);
        values_.define(name, b.address);
    } else if (word.text == text_form<semaphore_range>::mnemonic) {
        const token name = values_.expect_identifier("the semaphores' name");
        auto& s = program_.semaphores.emplace_back();
        s.name = name.text;
        operands(word, s);
        values_.define(name, s.first);
    } else {
        constexpr std::array<std::string_view, 3> known{"buffer", "semaphores", "thread"};
        values_.fail_unknown(word, "declaration", known);
    }
}

void parser::thread() {
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
    values_.take();
    values_.expect_line_end("after '}'");
}

void parser::statement(std::vector<instruction>& instructions) {
    const token word = values_.expect_identifier("an instruction or '}'");
    if (word.text == detail::loop_mnemonic) {
        loop(instructions);
        return;
    }
    bool known = false;
    std::vector<std::string_view> mnemonics{detail::loop_mnemonic};
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

program parse(std::string_view text, std::string_view file_name) {
    if (text.size() > max_text_bytes) {
        throw input_error(std::string(file_name) + ": the program is longer than " + std::to_string(max_text_bytes) +
                          " bytes");
    }
    return parser(text, file_name).run();
}

}  // namespace d1::program
