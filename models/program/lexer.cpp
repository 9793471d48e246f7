#include "models/program/lexer.hpp"

#include <charconv>

#include "models/program/source_map.hpp"

namespace d1::program::detail {

namespace {

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

template <typename Predicate>
[[nodiscard]] std::size_t length_while(std::string_view text, Predicate accepts) {
    std::size_t n = 0;
    while (n < text.size() && accepts(text[n])) ++n;
    return n;
}

/// Integers and floats, decimal and hexadecimal; a sign belongs to the number only behind its exponent's letter.
[[nodiscard]] std::size_t number_length(std::string_view text) {
    const bool hexadecimal = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
    const auto is_exponent = [&](char c) { return hexadecimal ? c == 'p' || c == 'P' : c == 'e' || c == 'E'; };
    std::size_t n = 1;
    for (; n < text.size(); ++n) {
        const bool sign_of_exponent = (text[n] == '+' || text[n] == '-') && is_exponent(text[n - 1]);
        if (!is_word(text[n]) && text[n] != '.' && !sign_of_exponent) break;
    }
    return n;
}

void append_hexadecimal(std::string& text, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    text += "\\x";
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
}

[[nodiscard]] bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

}  // namespace

lexer::lexer(std::string_view text, std::string_view file_name) : rest_(text), file_name_(file_name) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    advance();
}

token lexer::take() {
    const token result = current_;
    advance();
    return result;
}

void lexer::fail(const token& where, const std::string& message) const {
    throw text_error(file_name_, {where.line, where.column}, message);
}

void lexer::advance() {
    skip_blanks();
    current_ = {token_kind::text_end, {}, line_, column_};
    if (rest_.empty()) return;
    std::size_t length = 1;
    const char first = rest_.front();
    if (first == '\n') {
        current_.kind = token_kind::line_end;
    } else if (is_digit(first)) {
        current_.kind = token_kind::number;
        length = number_length(rest_);
    } else if (is_word(first)) {
        current_.kind = token_kind::identifier;
        length = length_while(rest_, is_word);
    } else if (first == '"') {
        current_.kind = token_kind::string;
        length = string_length();
    } else if (std::string_view("=(),+-*{}:").find(first) != std::string_view::npos) {
        current_.kind = token_kind::punctuation;
    } else {
        current_.kind = token_kind::punctuation;
        current_.text = rest_.substr(0, 1);
        fail(current_, "unexpected character " + shown(current_));
    }
    current_.text = rest_.substr(0, length);
    if (current_.kind == token_kind::string) current_.text = rest_.substr(1, length - 2);
    rest_.remove_prefix(length);
    column_ += static_cast<std::uint32_t>(length);
    if (current_.kind == token_kind::line_end) {
        ++line_;
        column_ = 1;
    }
}

void lexer::skip_blanks() {
    std::size_t n = length_while(rest_, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    if (n < rest_.size() && rest_[n] == '#') n += length_while(rest_.substr(n), [](char c) { return c != '\n'; });
    rest_.remove_prefix(n);
    column_ += static_cast<std::uint32_t>(n);
}

std::size_t lexer::string_length() const {
    for (std::size_t n = 1; n < rest_.size() && rest_[n] != '\n'; ++n) {
        if (rest_[n] == '"') return n + 1;
        if (rest_[n] == '\\') ++n;
    }
    fail(current_, "the string is not closed on its line: expected '\"'");
}

std::string shown(const token& t) {
    constexpr std::size_t longest = 40;
    if (t.kind == token_kind::text_end) return "the end of the text";
    if (t.kind == token_kind::line_end) return "the end of the line";
    std::string result = "'";
    for (const char c : t.text.substr(0, longest)) {
        if (is_control(c) || static_cast<unsigned char>(c) >= 0x80) {
            append_hexadecimal(result, c);
        } else {
            result += c;
        }
    }
    if (t.text.size() > longest) result += "...";
    return result + "'";
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (is_control(c)) {
            append_hexadecimal(result, c);
        } else {
            if (c == '"' || c == '\\') result += '\\';
            result += c;
        }
    }
    return result;
}

std::optional<std::string> unescaped(std::string_view text) {
    std::string result;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (text.front() == '\\') {
            text.remove_prefix(1);
            if (text.empty()) return std::nullopt;
            if (text.front() == 'x') {
                unsigned char byte = 0;
                if (text.size() < 3 ||
                    std::from_chars(text.data() + 1, text.data() + 3, byte, 16).ptr != text.data() + 3) {
                    return std::nullopt;
                }
                result += static_cast<char>(byte);
                text.remove_prefix(2);
                continue;
            }
            if (text.front() != '"' && text.front() != '\\') return std::nullopt;
        }
        result += text.front();
    }
    return result;
}

}  // namespace d1::program::detail
