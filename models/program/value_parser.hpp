#pragma once
// Reads the values of the text form: expressions over named symbols, and whatever else a key can have. Private to the
// text form.

#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "models/program/affine.hpp"
#include "models/program/lexer.hpp"
#include "models/program/operands.hpp"

namespace d1::program::detail {

/// Each read() takes one value of its type from the front of the text, and throws text_error where there is none.
class value_parser {
  public:
    value_parser(std::string_view text, std::string_view file_name) : lexer_(text, file_name) {}

    void read(affine& a) { a = expression(); }
    void read(node_reference<affine>& n);
    void read(std::optional<node_reference<affine>>& n) { read(n.emplace()); }
    void read(std::optional<semaphore_update<affine>>& u);
    void read(float& f);
    void read(numerics::element_type& type);
    void read(numerics::elementwise_operation& operation);
    void read(std::optional<affine>& a) { a = expression(); }
    /// One of a few words.
    template <choice Enumeration>
    void read(Enumeration& chosen) {
        chosen = static_cast<Enumeration>(one_of(choice_words<Enumeration>::values, choice_words<Enumeration>::what));
    }
    /// An expression that is constant and fits.
    template <std::integral Integer>
    void read(Integer& number) {
        number =
            static_cast<Integer>(constant(std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max()));
    }
    std::string read_string();

    /// What stands next.
    [[nodiscard]] const token& next() const noexcept { return lexer_.current(); }
    token take() { return lexer_.take(); }
    /// Takes what must stand next; `place` says where, for the message: "after the name".
    token expect(char punctuation, std::string_view place);
    token expect_identifier(std::string_view what);
    void expect_line_end(std::string_view place);
    void skip_empty_lines();
    [[noreturn]] void fail(const token& where, const std::string& message) const { lexer_.fail(where, message); }
    /// Fails at a word that is not known, with the nearest that is.
    [[noreturn]] void fail_unknown(const token& word, std::string_view what,
                                   std::span<const std::string_view> known) const;

    /// Gives a name its meaning in expressions; fails where it has one already.
    void define(const token& name, const affine& meaning);
    void undefine(const token& name);
    /// From here on names mean nothing, but for x and y.
    void forget_names() { symbols_ = coordinates(); }

  private:
    using symbols = std::map<std::string, affine, std::less<>>;
    [[nodiscard]] static symbols coordinates() { return {{"x", x()}, {"y", y()}}; }

    static constexpr int deepest_parenthesis = 32;

    [[nodiscard]] std::size_t one_of(std::span<const std::string_view> words, std::string_view what);
    [[nodiscard]] affine expression();
    [[nodiscard]] affine term(bool negative);
    [[nodiscard]] affine factor(bool negative);
    [[nodiscard]] affine parenthesis(bool negative);
    [[nodiscard]] affine symbol(bool negative);
    [[nodiscard]] std::int64_t integer(bool negative);
    [[nodiscard]] std::int64_t constant(std::int64_t least, std::int64_t greatest);

    lexer lexer_;
    symbols symbols_ = coordinates();
    int parentheses_ = 0;
};

}  // namespace d1::program::detail
