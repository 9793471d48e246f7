#pragma once
// Which lines of code the instruction cache holds.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace d1::pipeline {

/// Lines of 64 bytes in sets; of a set the line that was used longest ago makes way.
class instruction_cache {
  public:
    static constexpr std::uint32_t line_bytes = 64;

    instruction_cache(std::uint32_t bytes, std::uint32_t ways)
        : ways_(std::min(ways, bytes / line_bytes)),
          sets_(bytes / line_bytes / ways_),
          lines_(std::size_t{sets_} * ways_, none) {}

    /// Whether the line of the byte at `address` is there; it is now the one last used of its set.
    [[nodiscard]] bool touch(std::uint32_t address) noexcept {
        const auto set = of(address);
        const auto found = std::find(set.begin(), set.end(), address / line_bytes);
        if (found == set.end()) {
            return false;
        }
        std::rotate(set.begin(), found, found + 1);
        return true;
    }
    void fill(std::uint32_t address) noexcept {
        const auto set = of(address);
        std::rotate(set.begin(), set.end() - 1, set.end());
        set.front() = address / line_bytes;
    }
    /// The lines of each set, that last used first.
    [[nodiscard]] std::span<const std::uint32_t> lines() const noexcept { return lines_; }
    void reset() { std::fill(lines_.begin(), lines_.end(), none); }

  private:
    static constexpr std::uint32_t none = ~0U;

    [[nodiscard]] std::span<std::uint32_t> of(std::uint32_t address) noexcept {
        return std::span(lines_).subspan(std::size_t{address / line_bytes % sets_} * ways_, ways_);
    }

    std::uint32_t ways_;
    std::uint32_t sets_;
    std::vector<std::uint32_t> lines_;
};

}  // namespace d1::pipeline
