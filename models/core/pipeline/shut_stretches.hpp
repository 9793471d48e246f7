#pragma once
// Stretches of cycles in which all load ports are taken.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace d1 {

/// The cycles of such stretches, by their place in their own: the first, the second, the 3rd and 4th, the 5th to 8th,
/// and so on in doubled classes, of which one holds all behind `longest`.
struct shut_stretches {
    static constexpr std::uint64_t longest = 64;
    static constexpr std::size_t class_count = std::bit_width(longest) + 1;
    std::array<std::uint64_t, class_count> cycles{};

    constexpr void count(std::uint64_t place) noexcept {
        ++cycles[static_cast<std::size_t>(std::bit_width(std::min(place, longest + 1) - 1))];
    }

    /// Cycles with more than `place` of their stretch before them; within a class places are taken to be even.
    [[nodiscard]] constexpr std::uint64_t beyond(std::uint64_t place) const noexcept {
        if (place > longest) {
            return 0;
        }
        std::uint64_t sum = cycles.back();
        for (std::size_t c = 0; c + 1 < class_count; ++c) {
            const std::uint64_t last = std::uint64_t{1} << c;
            const std::uint64_t before = last / 2;
            sum += cycles[c] * (last - std::clamp(place, before, last)) / (last - before);
        }
        return sum;
    }
    friend bool operator==(const shut_stretches&, const shut_stretches&) = default;
};

}  // namespace d1
