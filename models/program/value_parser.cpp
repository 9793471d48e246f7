#include "models/program/value_parser.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <vector>

#include "models/program/nearest.hpp"
#include "models/program/validate.hpp"

namespace d1::program::detail {

namespace {

/// The names of an enumeration's values from 0 to `last`.
template <typename Enumeration>
[[nodiscard]] std::vector<std::string_view> names_up_to(Enumeration last) {
    std::vector<std::string_view> names;
    for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
        names.push_back(numerics::name(static_cast<Enumeration>(i)));
    }
    return names;
}

[[nodiscard]] bool starts_expression(const token& t) {
    return t.kind == token_kind::number || t.is_identifier() || t.is('(') || t.is('-');
}

}  // namespace

token value_parser::expect(char punctuation, std::string_view place) {
    if (!next().is(punctuation)) {
        fail(next(),
             "expected '" + std::string(1, punctuation) + "' " + std::string(place) + ", found " + shown(next()));
    }
    return take();
}

token value_parser::expect_identifier(std::string_view what) {
    if (!next().is_identifier()) fail(next(), "expected " + std::string(what) + ", found " + shown(next()));
    return take();
}

void value_parser::expect_line_end(std::string_view place) {
    if (next().kind == token_kind::text_end) return;
    if (next().kind != token_kind::line_end) {
        fail(next(), "expected the end of the line " + std::string(place) + ", found " + shown(next()));
    }
    take();
}

void value_parser::skip_empty_lines() {
    while (next().kind == token_kind::line_end) take();
}

void value_parser::fail_unknown(const token& word, std::string_view what,
                                std::span<const std::string_view> known) const {
    fail(word, "unknown " + std::string(what) + " " + shown(word) + suggestion(word.text, known));
}

void value_parser::define(const token& name, const affine& meaning) {
    if (!is_valid_name(name.text)) fail(name, shown(name) + " cannot be a name: it means the node's coordinate");
    if (!symbols_.emplace(name.text, meaning).second) fail(name, "the name " + shown(name) + " is already taken");
}

void value_parser::undefine(const token& name) {
    symbols_.erase(symbols_.find(name.text));
}

void value_parser::read(node_reference<affine>& n) {
    expect('(', "before the column of a node, as in (x + 1, y)");
    n.x = expression();
    expect(',', "between the column and the row of a node");
    n.y = expression();
    expect(')', "after the row of a node");
}

void value_parser::read(std::optional<semaphore_update<affine>>& u) {
    u.emplace().semaphore = expression();
    if (!next().is(':')) return;
    take();
    u->amount = expression();
}

void value_parser::read(float& f) {
    const bool negative = next().is('-');
    if (negative) take();
    const token t = take();
    const bool hexadecimal = t.text.starts_with("0x") || t.text.starts_with("0X");
    const auto digits = hexadecimal ? t.text.substr(2) : t.text;
    const bool is_word = t.is_identifier() && (t.text == "inf" || t.text == "nan");
    if (t.kind != token_kind::number && !is_word) fail(t, "expected a number, inf or nan, found " + shown(t));
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), f,
                                              hexadecimal ? std::chars_format::hex : std::chars_format::general);
    if (error == std::errc::result_out_of_range) fail(t, shown(t) + " is out of the range of FP32");
    if (error != std::errc() || end != digits.data() + digits.size()) fail(t, shown(t) + " is not a number");
    if (negative) f = -f;
}

void value_parser::read(numerics::element_type& type) {
    const token t = expect_identifier("an element type");
    const auto format = numerics::number_format_from_name(t.text);
    if (!format) fail_unknown(t, "element type", names_up_to(numerics::last_number_format));
    type = {.format = *format};
    if (!next().is(':')) return;
    take();
    read(type.bias);
}

void value_parser::read(numerics::elementwise_operation& operation) {
    const token t = expect_identifier("an element-wise operation");
    const auto known = numerics::elementwise_operation_from_name(t.text);
    if (!known) fail_unknown(t, "element-wise operation", names_up_to(numerics::last_elementwise_operation));
    operation = *known;
}

std::size_t value_parser::one_of(std::span<const std::string_view> words, std::string_view what) {
    const token t = expect_identifier("a word for the " + std::string(what));
    const auto found = std::find(words.begin(), words.end(), t.text);
    if (found == words.end()) fail_unknown(t, what, words);
    return static_cast<std::size_t>(found - words.begin());
}

std::string value_parser::read_string() {
    const token t = next();
    if (t.kind != token_kind::string) fail(t, "expected a string in double quotes, found " + shown(t));
    take();
    const auto text = unescaped(t.text);
    if (!text) fail(t, "unknown escape in a string: expected \\\\, \\\" or \\x and two hexadecimal digits");
    return *text;
}

affine value_parser::expression() {
    const auto negative = [this] {
        const bool minus = next().is('-');
        if (minus) take();
        return minus;
    };
    affine sum = term(negative());
    while (next().is('+') || next().is('-')) {
        const token sign = take();
        const affine right = term(sign.is('-') != negative());
        try {
            sum = sum + right;
        } catch (const std::overflow_error&) {
            fail(sign, "the expression does not fit in 64 bits");
        }
    }
    return sum;
}

affine value_parser::term(bool negative) {
    affine product = factor(negative);
    while (next().is('*')) {
        const token times = take();
        const affine right = factor(false);
        if (!is_constant(product) && !is_constant(right)) {
            fail(times, "the product of two expressions is not affine: one of them must be constant");
        }
        try {
            product = is_constant(right) ? product * right.constant : right * product.constant;
        } catch (const std::overflow_error&) {
            fail(times, "the expression does not fit in 64 bits");
        }
    }
    return product;
}

affine value_parser::factor(bool negative) {
    if (!starts_expression(next())) fail(next(), "expected an expression, found " + shown(next()));
    if (next().is('(')) return parenthesis(negative);
    if (next().is('-')) fail(next(), "expected a number, a name or '(', found '-'");
    return next().is_identifier() ? symbol(negative) : affine(integer(negative));
}

affine value_parser::parenthesis(bool negative) {
    const token open = take();
    if (++parentheses_ > deepest_parenthesis) {
        fail(open, "parentheses nested more than " + std::to_string(deepest_parenthesis) + " deep");
    }
    const affine inner = expression();
    --parentheses_;
    expect(')', "at the end of the parenthesis");
    if (!negative) return inner;
    try {
        return -inner;
    } catch (const std::overflow_error&) {
        fail(open, "the expression does not fit in 64 bits");
    }
}

affine value_parser::symbol(bool negative) {
    const token t = take();
    const auto found = symbols_.find(t.text);
    if (found == symbols_.end()) {
        std::vector<std::string_view> known;
        for (const auto& [name, meaning] : symbols_) known.push_back(name);
        fail_unknown(t, "name", known);
    }
    return negative ? -found->second : found->second;
}

std::int64_t value_parser::integer(bool negative) {
    const token t = take();
    const bool hexadecimal = t.text.starts_with("0x") || t.text.starts_with("0X");
    const auto digits = hexadecimal ? t.text.substr(2) : t.text;
    std::uint64_t magnitude = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, hexadecimal ? 16 : 10);
    if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) {
        fail(t, shown(t) + " is not an integer");
    }
    const std::uint64_t greatest = bits(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
    if (error != std::errc() || magnitude > greatest) fail(t, shown(t) + " does not fit in 64 bits");
    return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

std::int64_t value_parser::constant(std::int64_t least, std::int64_t greatest) {
    const token start = next();
    const affine value = expression();
    if (!is_constant(value)) fail(start, "expected a constant, found an expression of loop counters or coordinates");
    if (value.constant < least || value.constant > greatest) {
        fail(start, std::to_string(value.constant) + " is out of range: expected " + std::to_string(least) + " to " +
                        std::to_string(greatest));
    }
    return value.constant;
}

}  // namespace d1::program::detail
