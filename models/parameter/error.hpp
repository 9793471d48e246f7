#pragma once
// What goes wrong before a run starts: a file, option or parameter that the user can mend.

#include <stdexcept>
#include <string>
#include <string_view>

namespace d1 {

/// The text with its control characters, other than tabs and line feeds, written as \xHH: fit to show on a terminal.
[[nodiscard]] inline std::string without_control_characters(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string shown;
    shown.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f) {
            shown += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
        } else {
            shown += c;
        }
    }
    return shown;
}

/// Bad usage or input. The message says what, where and what to do; programs print it and exit with code 2.
class input_error : public std::runtime_error {
  public:
    /// Control characters of the user's text, which the message may quote, are replaced.
    explicit input_error(const std::string& message) : std::runtime_error(without_control_characters(message)) {}
};

}  // namespace d1
