#pragma once
// When the packets of a burst pass a point on their way.

#include <array>
#include <cstdint>

namespace d1 {

/// Packet i passes at `first + offset[i]`; offsets do not fall, offset[0] = 0. Where all packets pass in different
/// cycles, less than 64 cycles apart from first to last, `mask` says the same in one word, bit c for cycle `first + c`;
/// else it is 0.
struct packet_times {
    static constexpr std::uint32_t capacity = 16;

    std::uint64_t first = 0;
    std::uint64_t mask = 1;
    std::uint32_t count = 1;
    std::array<std::uint16_t, capacity> offset{};  // calendars reach at most 2^16 cycles ahead

    [[nodiscard]] std::uint64_t last() const noexcept { return first + offset[count - 1]; }

    /// Adds a packet behind the others, at `cycle`, which is not before the last of them.
    void append(std::uint64_t cycle) noexcept {
        if (count == 0) {
            first = cycle;
            mask = 1;
        } else if (cycle - first < 64 && cycle != last()) {
            mask = mask == 0 ? 0 : mask | 1ULL << (cycle - first);
        } else {
            mask = 0;
        }
        offset[count++] = static_cast<std::uint16_t>(cycle - first);
    }

    [[nodiscard]] static packet_times none() noexcept { return {0, 0, 0, {}}; }
    /// `count` packets back to back from `first` on.
    [[nodiscard]] static packet_times back_to_back(std::uint64_t first, std::uint32_t count) noexcept {
        packet_times times{first, (1ULL << count) - 1, count, {}};
        for (std::uint32_t i = 0; i < count; ++i) {
            times.offset[i] = static_cast<std::uint16_t>(i);
        }
        return times;
    }
};

}  // namespace d1
