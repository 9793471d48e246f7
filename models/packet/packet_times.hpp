#pragma once
// When the packets of a burst pass a point on their way.

#include <array>
#include <cstdint>

namespace d1 {

/// When the packets of a burst pass a point: packet i at `first + offset[i]`, offsets rising, offset[0] = 0.
struct packet_times {
    static constexpr std::uint32_t capacity = 16;

    std::uint64_t first = 0;
    std::uint32_t count = 1;
    std::array<std::uint16_t, capacity> offset{};  // calendars reach at most 2^16 cycles ahead

    [[nodiscard]] std::uint64_t last() const noexcept { return first + offset[count - 1]; }
    /// True where each packet follows the one before it at once.
    [[nodiscard]] bool contiguous() const noexcept { return offset[count - 1] == count - 1; }
    /// `count` packets back to back from `first` on.
    [[nodiscard]] static packet_times back_to_back(std::uint64_t first, std::uint32_t count) noexcept {
        packet_times times{first, count, {}};
        for (std::uint32_t i = 0; i < count; ++i) {
            times.offset[i] = static_cast<std::uint16_t>(i);
        }
        return times;
    }
};

}  // namespace d1
