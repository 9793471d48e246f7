#pragma once
// What a thread waits for, as a number for the cycle account, and its name.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "models/core/cycle_stack.hpp"
#include "models/program/instruction.hpp"

namespace d1 {

/// Cycles by what was waited for: the class, data or others, and the name.
using wait_cycles = std::map<std::pair<cycle_class, std::string>, std::uint64_t>;

/// Room in the network interface's queue: the transfers before it are under way, or wait for links.
inline constexpr std::uint32_t awaited_interface = 0;

[[nodiscard]] constexpr std::uint32_t awaited_semaphore(std::int64_t number, bool data) noexcept {
    return 4 * static_cast<std::uint32_t>(number) + (data ? 1 : 2);
}
[[nodiscard]] constexpr std::uint32_t awaited_barrier(std::int64_t number) noexcept {
    return 4 * static_cast<std::uint32_t>(number) + 3;
}
[[nodiscard]] constexpr bool is_awaited_data(std::uint32_t awaited) noexcept {
    return awaited % 4 <= 1;
}

/// "full", a semaphore's range by its name in the program; "semaphore 5" outside of all; "barrier 1";
/// "network_interface".
[[nodiscard]] inline std::string awaited_name(const program::program& p, std::uint32_t awaited) {
    const std::uint32_t number = awaited / 4;
    if (awaited % 4 == 0) {
        return "network_interface";
    }
    if (awaited % 4 == 3) {
        return "barrier " + std::to_string(number);
    }
    for (const program::semaphore_range& r : p.semaphores) {
        if (number >= r.first && number - r.first < r.count) {
            return r.name;
        }
    }
    return "semaphore " + std::to_string(number);
}

}  // namespace d1
