// docs/program_text.md lists the keys of every instruction as the table of operands has them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "models/program/operands.hpp"

namespace d1::program {
namespace {

using detail::operand_kind;

std::string value_of(const affine&, operand_kind kind) {
    return kind == operand_kind::address ? "address" : kind == operand_kind::semaphore ? "semaphore" : "expression";
}
std::string value_of(const node_reference<affine>&, operand_kind) {
    return "node";
}
std::string value_of(const semaphore_update<affine>&, operand_kind) {
    return "update";
}
std::string value_of(const numerics::element_type&, operand_kind) {
    return "type";
}
std::string value_of(float, operand_kind) {
    return "float";
}
template <std::integral Integer>
std::string value_of(Integer, operand_kind) {
    return "constant";
}
template <typename Enumeration>
requires std::is_enum_v<Enumeration> std::string value_of(Enumeration, operand_kind) {
    return "word";
}
template <typename Value>
std::string value_of(const std::optional<Value>&, operand_kind kind) {
    return value_of(Value(), kind);
}

/// Writes each key as the documentation has it.
struct key_writer {
    std::string text{};

    template <typename Field>
    void required(std::string_view name, Field& field, operand_kind kind = operand_kind::number) {
        text += " " + std::string(name) + "=" + value_of(field, kind);
    }
    template <typename Field>
    void optional(std::string_view name, Field& field, const Field&, operand_kind kind = operand_kind::number) {
        text += " [" + std::string(name) + "=" + value_of(field, kind) + "]";
    }
};

/// A line for what is described, and those that are too long broken between keys.
template <typename Described>
std::string keys_of() {
    constexpr std::size_t widest = 116;
    Described described{};
    key_writer keys;
    detail::text_form<Described>::operands(described, keys);
    std::string line = "    " + std::string(detail::text_form<Described>::mnemonic);
    std::string text;
    std::istringstream words(keys.text);
    for (std::string word; words >> word;) {
        if (line.size() + 1 + word.size() > widest) {
            text += line + "\n";
            line = "       ";
        }
        line += " " + word;
    }
    return text + line + "\n";
}

TEST(grammar, in_the_documentation_lists_every_key) {
    std::string expected = "\n" + keys_of<buffer>() + keys_of<semaphore_range>() + "\n";
    detail::for_each_instruction([&]<typename Instruction>() { expected += keys_of<Instruction>(); });
    expected += "\n";

    std::ifstream file(D1_PROGRAM_TEXT_PAGE);
    std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string begin = "writes it anew -->\n";
    const std::size_t from = page.find(begin);
    const std::size_t to = page.find("<!-- end of keys -->");
    ASSERT_TRUE(from != std::string::npos && to != std::string::npos);
    const std::size_t first = from + begin.size();
    if (std::getenv("D1_UPDATE_DOCS") != nullptr) {
        std::ofstream(D1_PROGRAM_TEXT_PAGE) << page.substr(0, first) << expected << page.substr(to);
        return;
    }
    EXPECT_EQ(page.substr(first, to - first), expected) << "D1_UPDATE_DOCS=1 in the environment writes it anew";
}

}  // namespace
}  // namespace d1::program
