#pragma once
// Text to cells: what the reader of topology tables needs of CSV, and nothing of what the cells mean.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace d1::csv {

/// A line of a file, for messages. Lines count from 1.
struct position {
    std::string_view file;
    std::size_t line;
};

/// `file:line: message`
[[nodiscard]] std::string located(position where, std::string_view message);

/// Throws input_error with the located message.
[[noreturn]] void refuse(position where, std::string_view message);

/// The text in single quotes, shortened when it is long: a user's text within a message.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// The words with commas between them.
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

/// Takes the next line off the front of `rest`, without its end: LF, CRLF or a lone CR.
[[nodiscard]] std::string_view take_line(std::string_view& rest);

/// Throws input_error unless the whole text is UTF-8 without control characters other than tab, CR and LF. What passes
/// can be shown on a terminal.
void require_plain_text(std::string_view text, std::string_view file);

/// What separates the cells of a line: a comma if it has one outside double quotes, else a tab.
[[nodiscard]] char find_separator(std::string_view line);

/// The cells of a line. White space around a cell is dropped: spaces, and tabs where they are not the separator. A cell
/// in double quotes may hold separators, and a double quote written twice; it ends on its line.
/// Throws input_error on a quote that does not end, on text behind it, and on more than 256 cells.
[[nodiscard]] std::vector<std::string> split_cells(std::string_view line, char separator, position where);

}  // namespace d1::csv
