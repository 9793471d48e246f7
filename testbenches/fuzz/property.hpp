#pragma once
// What a fuzz target says: which property must hold for every input.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "models/parameter/error.hpp"

/// What libFuzzer, or replay_main.cpp without it, calls with one input. The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace d1::fuzz {

/// Ends the process when a property does not hold, so that libFuzzer keeps the input.
inline void require(bool holds, std::string_view property) {
    if (!holds) {
        std::fprintf(stderr, "property does not hold: %.*s\n", static_cast<int>(property.size()), property.data());
        std::abort();
    }
}

/// The text can be shown on a terminal: no control characters but tabs and line feeds.
inline bool showable(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Reads an input: true when it was accepted, false when it was refused with a message fit to print. Every other
/// exception goes on to libFuzzer as a finding.
template <typename Reader>
[[nodiscard]] bool accepted(Reader&& reader) {
    try {
        reader();
        return true;
    } catch (const input_error& e) {
        const std::string_view message = e.what();
        require(!message.empty() && showable(message), "a refusal has a message that can be shown");
        return false;
    }
}

}  // namespace d1::fuzz
