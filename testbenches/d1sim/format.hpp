#pragma once
// Text by printf's patterns.

#include <cstddef>
#include <cstdio>
#include <string>

namespace d1 {

/// What std::printf(pattern, values...) would print.
template <typename... Values>
[[nodiscard]] std::string format(const char* pattern, Values... values) {
    const int length = std::snprintf(nullptr, 0, pattern, values...);
    std::string text(static_cast<std::size_t>(length), '\0');
    std::snprintf(text.data(), text.size() + 1, pattern, values...);
    return text;
}

}  // namespace d1
