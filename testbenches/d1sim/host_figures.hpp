#pragma once
// The speed of a run itself, on this host.

#include <chrono>
#include <cstdint>

namespace d1 {

struct host_figures {
    double seconds = 0;
    std::uint64_t peak_memory_bytes = 0;
};

/// Of this process, since a time.
[[nodiscard]] host_figures host_figures_since(std::chrono::steady_clock::time_point started);

}  // namespace d1
