#include "models/timing/slot_calendar.hpp"

#include <algorithm>

namespace d1::timing {

slot_calendar::slot_calendar(std::uint32_t rate, std::uint32_t horizon)
    : rate_(rate), horizon_(horizon), mask_(std::bit_ceil(std::uint64_t{horizon} / 64 + 2) - 1), ring_(mask_ + 1) {
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

bool slot_calendar::reserve_each(packet_times& times, std::uint64_t now) {
    const std::uint64_t end = now + horizon_;
    packet_times given = packet_times::none();
    std::uint64_t earliest = 0;
    std::uint64_t number = never;
    word* w = nullptr;
    for (std::uint32_t i = 0; i < times.count; ++i) {
        const std::uint64_t from = std::max(times.first + times.offset[i], earliest);
        std::uint64_t free = 0;
        if (from < end) {
            if (number != from >> 6U) {
                number = from >> 6U;
                w = &at(number);
            }
            free = ~w->full & ~std::uint64_t{0} << (from & 63U);
            while (free == 0 && ++number * 64 < end) {
                w = &at(number);
                free = ~w->full;
            }
        }
        const std::uint64_t slot = free == 0 ? end : number * 64 + static_cast<std::uint64_t>(std::countr_zero(free));
        if (slot >= end) {
            release(given);
            return false;
        }
        take(*w, slot);
        given.append(slot);
        // On a link of several packets a cycle the next packet may leave in the same cycle.
        earliest = rate_ == 1 ? slot + 1 : slot;
    }
    times = given;
    return true;
}

void slot_calendar::release(const packet_times& times) {
    for (std::uint32_t i = 0; i < times.count; ++i) {
        give_back(times.first + times.offset[i]);
    }
}

void slot_calendar::release(std::uint64_t first, std::uint64_t mask) {
    for (; mask != 0; mask &= mask - 1) {
        give_back(first + static_cast<std::uint64_t>(std::countr_zero(mask)));
    }
}

void slot_calendar::give_back(std::uint64_t slot) {
    word& w = at(slot >> 6U);
    if (rate_ > 1) {
        --count(slot);
    }
    w.full &= ~(1ULL << (slot & 63U));
}

std::uint32_t slot_calendar::taken(std::uint64_t slot) const {
    const word& w = ring_[(slot >> 6U) & mask_];
    if (w.number != slot >> 6U) {
        return 0;
    }
    return rate_ == 1 ? static_cast<std::uint32_t>(w.full >> (slot & 63U) & 1U)
                      : counts_[slot & (64 * (mask_ + 1) - 1)];
}

}  // namespace d1::timing
