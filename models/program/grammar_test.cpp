// docs/program_text.md lists the keys of every instruction as the table of operands has them; docs/program.md has a row
// for each instruction and for each operation of the SIMD unit, with its cost.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
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

std::string contents(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(grammar, in_the_documentation_has_a_row_for_every_instruction) {
    const std::string page = contents(D1_PROGRAM_PAGE);
    const auto has_row = [&](std::string_view name) {
        EXPECT_NE(page.find("\n| `" + std::string(name) + "` | "), std::string::npos) << name;
    };
    detail::for_each_instruction([&]<typename Instruction>() { has_row(detail::text_form<Instruction>::mnemonic); });
    has_row(detail::list_mnemonic);
    has_row(detail::loop_mnemonic);
}

/// The operations of the table's rows, and what the documentation says that each costs.
std::map<std::string, std::uint32_t> documented_slots(const std::string& page) {
    std::map<std::string, std::uint32_t> result;
    std::istringstream lines(page.substr(page.find("### Vector operations")));
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("| `", 0) != 0 || line.rfind("| `operation`", 0) == 0) continue;
        std::istringstream names(line.substr(2, line.find(" | ", 2) - 2));
        std::istringstream slots(line.substr(line.rfind('|', line.size() - 2) + 1));
        std::uint32_t cost = 0;  // the last that is given holds for the names that are left
        for (std::string name; names >> name;) {
            if (std::uint32_t next = 0; slots >> next) cost = next;
            slots.ignore(1, ',');
            result.emplace(name.substr(1, name.size() - 2), cost);
        }
    }
    return result;
}

TEST(grammar, in_the_documentation_has_every_vector_operation_with_its_slots) {
    const auto documented = documented_slots(contents(D1_PROGRAM_PAGE));
    const auto last = static_cast<int>(numerics::last_elementwise_operation);
    for (int n = 0; n <= last; ++n) {
        const auto operation = static_cast<numerics::elementwise_operation>(n);
        const auto row = documented.find(std::string(name(operation)));
        ASSERT_NE(row, documented.end()) << name(operation);
        EXPECT_EQ(row->second, operation_count(operation)) << name(operation);
    }
    EXPECT_EQ(documented.size(), static_cast<std::size_t>(last) + 1);
}

}  // namespace
}  // namespace d1::program
