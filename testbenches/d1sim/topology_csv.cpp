#include "testbenches/d1sim/topology_csv.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "models/parameter/error.hpp"

namespace d1::csv {

namespace {

constexpr std::size_t max_cells = 256;

/// A code point and its length in bytes; length 0: not UTF-8.
struct code_point {
    char32_t value;
    std::size_t length;
};

code_point decode_utf8(std::string_view text) {
    struct form {
        std::uint8_t mask, lead;
        char32_t smallest;
    };
    constexpr std::array<form, 4> forms{
        {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}}};

    const auto first = static_cast<std::uint8_t>(text.front());
    for (std::size_t length = 1; length <= forms.size(); ++length) {
        const auto [mask, lead, smallest] = forms[length - 1];
        if ((first & mask) != lead) continue;
        if (text.size() < length) break;
        char32_t value = first & static_cast<std::uint8_t>(~mask);
        for (const char next : text.substr(1, length - 1)) {
            const auto byte = static_cast<std::uint8_t>(next);
            if ((byte & 0xc0) != 0x80) return {0, 0};
            value = (value << 6) | (byte & 0x3fU);
        }
        const bool surrogate = value >= 0xd800 && value <= 0xdfff;
        if (value < smallest || value > 0x10ffff || surrogate) break;
        return {value, length};
    }
    return {0, 0};
}

bool is_control(char32_t value) {
    const bool white_space = value == '\t' || value == '\n' || value == '\r';
    return (value < 0x20 && !white_space) || (value >= 0x7f && value <= 0x9f);
}

/// Takes one cell off the front of a line, up to the separator or the end.
class cell_reader {
  public:
    cell_reader(std::string_view line, char separator, position where)
        : rest_(line), separator_(separator), where_(where) {}

    std::string take() {
        skip_space();
        return !rest_.empty() && rest_.front() == '"' ? take_quoted() : take_plain();
    }

    bool skip_separator() {
        if (rest_.empty()) return false;
        rest_.remove_prefix(1);
        return true;
    }

  private:
    bool is_space(char c) const { return c == ' ' || (c == '\t' && separator_ != '\t'); }

    void skip_space() {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }

    std::string take_plain() {
        std::string_view cell = rest_.substr(0, rest_.find(separator_));
        rest_.remove_prefix(cell.size());
        while (!cell.empty() && is_space(cell.back())) cell.remove_suffix(1);
        return std::string(cell);
    }

    std::string take_quoted() {
        std::string cell;
        const std::string_view from_quote = rest_;
        for (bool open = true; open;) {
            rest_.remove_prefix(1);
            const std::size_t length = rest_.find('"');
            if (length == std::string_view::npos) {
                refuse(where_, "the quote of " + in_quotes(from_quote) + " does not end; close it on the same line");
            }
            cell.append(rest_.substr(0, length));
            rest_.remove_prefix(length + 1);
            open = !rest_.empty() && rest_.front() == '"';
            if (open) cell.push_back('"');
        }
        skip_space();
        if (!rest_.empty() && rest_.front() != separator_) {
            refuse(where_, in_quotes(rest_) +
                               " follows a closing quote; a quoted cell ends at its quote, and a quote " +
                               "within it is written twice");
        }
        return cell;
    }

    std::string_view rest_;
    char separator_;
    position where_;
};

}  // namespace

std::string located(position where, std::string_view message) {
    return std::string(where.file) + ":" + std::to_string(where.line) + ": " + std::string(message);
}

void refuse(position where, std::string_view message) {
    throw input_error(error_class::table, located(where, message));
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 40;
    std::size_t length = std::min(text.size(), longest);
    if (length < text.size()) {  // shorten to whole code points
        while (length > 0 && (static_cast<std::uint8_t>(text[length]) & 0xc0) == 0x80) --length;
    }
    std::string result(1, '\'');
    result.append(text.substr(0, length));
    result.append(length < text.size() ? "...'" : "'");
    return result;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string_view take_line(std::string_view& rest) {
    const std::size_t length = std::min(rest.find_first_of("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, length);
    rest.remove_prefix(length);
    if (rest.starts_with("\r\n")) {
        rest.remove_prefix(2);
    } else if (!rest.empty()) {
        rest.remove_prefix(1);
    }
    return line;
}

void require_plain_text(std::string_view text, std::string_view file) {
    for (position where{file, 1}; !text.empty(); ++where.line) {
        for (std::string_view line = take_line(text); !line.empty();) {
            const auto [value, length] = decode_utf8(line);
            if (length == 0) refuse(where, "not UTF-8 text; save the table as CSV in UTF-8");
            if (value == 0) refuse(where, "a NUL byte: not a text file; save the table as CSV in UTF-8");
            if (is_control(value)) refuse(where, "a control character; only tabs and line ends are allowed");
            line.remove_prefix(length);
        }
    }
}

char find_separator(std::string_view line) {
    bool within_quotes = false;
    for (const char c : line) {
        if (c == '"') within_quotes = !within_quotes;
        if (c == ',' && !within_quotes) return ',';
    }
    return '\t';
}

std::vector<std::string> split_cells(std::string_view line, char separator, position where) {
    std::vector<std::string> cells;
    cell_reader reader(line, separator, where);
    do {
        if (cells.size() == max_cells) refuse(where, "more than " + std::to_string(max_cells) + " columns");
        cells.push_back(reader.take());
    } while (reader.skip_separator());
    return cells;
}

}  // namespace d1::csv
