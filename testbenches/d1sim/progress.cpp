#include "testbenches/d1sim/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace d1 {

progress::progress() : visible_(::isatty(STDERR_FILENO) == 1) {}

void progress::show(double done, const std::string& what) {
    const auto now = clock::now();
    if (!visible_ || now < next_) {
        return;
    }
    next_ = now + std::chrono::milliseconds(100);
    drawn_ = true;
    constexpr int width = 30;  // the whole line fits a terminal of 80 columns
    done = std::clamp(done, 0.0, 1.0);
    const auto full = static_cast<std::size_t>(done * width);
    const double elapsed = std::chrono::duration<double>(now - started_).count();
    std::string left = "--";
    if (done > 0.005) {
        left = std::to_string(std::lround(elapsed * (1 - done) / done)) + " s left";
    }
    std::fprintf(stderr, "\r\033[K[%s%s] %3d %%  %s  %.24s", std::string(full, '#').c_str(),
                 std::string(width - full, ' ').c_str(), static_cast<int>(done * 100), left.c_str(), what.c_str());
    std::fflush(stderr);
}

void progress::clear() {
    if (drawn_) {
        std::fputs("\r\033[K", stderr);
        std::fflush(stderr);
        drawn_ = false;
    }
}

}  // namespace d1
