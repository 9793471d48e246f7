#include "testbenches/d1sim/host_figures.hpp"

#include <sys/resource.h>

namespace d1 {

host_figures host_figures_since(std::chrono::steady_clock::time_point started) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(),
            static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
}

}  // namespace d1
