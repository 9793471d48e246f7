#pragma once
// Small pieces of messages and reports.

#include <cstdint>
#include <string>
#include <string_view>

namespace d1 {

/// "1 node", "8 nodes"
[[nodiscard]] inline std::string count_of(std::uint64_t n, std::string_view what) {
    return std::to_string(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

/// A text in one line, whatever a file in it is called: control characters become question marks.
[[nodiscard]] inline std::string one_line(std::string_view text) {
    std::string line(text);
    for (char& c : line) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            c = '?';
        }
    }
    return line;
}

}  // namespace d1
