#include "models/timing/slot_calendar.hpp"

#include <algorithm>

namespace d1::timing {

slot_calendar::slot_calendar(std::uint32_t rate, std::uint32_t reach)
    : rate_(rate), mask_(std::bit_ceil(std::uint64_t{reach} / 64 + 2) - 1), ring_(mask_ + 1) {
    if (rate_ > 1) {
        counts_.resize(64 * (mask_ + 1));
    }
}

void slot_calendar::reset() {
    std::fill(ring_.begin(), ring_.end(), word{});
    std::fill(counts_.begin(), counts_.end(), std::uint8_t{0});
}

void slot_calendar::clear(word& w, std::uint64_t number) {
    w = {number, 0};
    if (rate_ > 1) {
        const auto begin = counts_.begin() + static_cast<std::ptrdiff_t>(64 * (number & mask_));
        std::fill(begin, begin + 64, std::uint8_t{0});
    }
}

}  // namespace d1::timing
