#pragma once
// Cuts the text form of a program into tokens. Private to the text form.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace d1::program::detail {

enum class token_kind : std::uint8_t {
    identifier,
    number,  ///< starts with a digit; what kind of number is for the reader to say
    string,  ///< text is what stands between the quotes, escapes not yet replaced
    punctuation,
    line_end,
    text_end
};

struct token {
    token_kind kind = token_kind::text_end;
    std::string_view text{};
    std::uint32_t line = 1;
    std::uint32_t column = 1;  ///< in bytes

    [[nodiscard]] bool is(char punctuation) const noexcept {
        return kind == token_kind::punctuation && text.front() == punctuation;
    }
    [[nodiscard]] bool is_identifier() const noexcept { return kind == token_kind::identifier; }
};

/// One token at a time, with the current one in view. Spaces, tabs, carriage returns and comments (# to the end of the
/// line) separate tokens and are not yielded, nor is a UTF-8 byte order mark in front. Throws text_error at what cannot
/// be a token.
class lexer {
  public:
    lexer(std::string_view text, std::string_view file_name);

    [[nodiscard]] const token& current() const noexcept { return current_; }
    /// Yields the current token and moves on.
    token take();

    /// Throws text_error.
    [[noreturn]] void fail(const token& where, const std::string& message) const;

  private:
    void advance();
    void skip_blanks();
    [[nodiscard]] std::size_t string_length() const;

    std::string_view rest_;
    std::string file_name_;
    std::uint32_t line_ = 1;
    std::uint32_t column_ = 1;
    token current_;
};

/// A token as a message shows it: quoted, shortened, unprintable bytes as \xHH.
[[nodiscard]] std::string shown(const token& t);

/// Text with quotes, backslashes and control characters escaped.
[[nodiscard]] std::string escaped(std::string_view text);

/// The text that escaped() was made from; nothing where an escape is none of escaped()'s.
[[nodiscard]] std::optional<std::string> unescaped(std::string_view text);

}  // namespace d1::program::detail
