#include "models/core/unit_schedule.hpp"

#include <algorithm>

namespace d1 {

namespace {

/// Slots of `total` that are taken when `progress` of `cycles` is done.
std::uint64_t share(std::uint64_t total, std::uint64_t progress, std::uint64_t cycles) {
    return progress == cycles ? total : total * progress / cycles;
}

}  // namespace

std::uint64_t unit_schedule::running::progress(timing::cycle at) const {
    for (const stretch& s : stretches) {
        if (at <= s.begin) {
            return s.done_at_begin;
        }
        if (at < s.end) {
            return s.done_at_begin + (s.done_at_end - s.done_at_begin) * (at - s.begin) / (s.end - s.begin);
        }
    }
    return demand.cycles;
}

std::uint64_t unit_schedule::running::taken(std::size_t unit, timing::cycle at) const {
    return share(demand.slots[unit], progress(at), demand.cycles);
}

std::uint64_t unit_schedule::pace(const running& r, timing::cycle begin, timing::cycle end, std::uint64_t done) const {
    std::uint64_t reached = std::min(r.demand.cycles, done + (end - begin));
    for (std::size_t u = 0; u < unit_count; ++u) {
        if (r.demand.slots[u] == 0) {
            continue;
        }
        std::uint64_t left = rates_[u] * (end - begin);
        for (const running& other : running_) {
            left -= std::min(left, other.taken(u, end) - other.taken(u, begin));
        }
        const std::uint64_t slots = share(r.demand.slots[u], done, r.demand.cycles) + left;
        if (slots < r.demand.slots[u]) {
            // The furthest point whose share of the slots is still there.
            reached = std::min(reached, ((slots + 1) * r.demand.cycles - 1) / r.demand.slots[u]);
        }
    }
    return std::max(reached, done);
}

timing::cycle unit_schedule::reserve(timing::cycle now, const unit_demand& demand) {
    std::erase_if(running_, [now](const running& r) { return r.stretches.back().end <= now; });
    breaks_.clear();
    for (const running& r : running_) {
        for (const stretch& s : r.stretches) {
            breaks_.push_back(s.begin);
            breaks_.push_back(s.end);
        }
    }
    std::erase_if(breaks_, [now](timing::cycle at) { return at <= now; });
    std::sort(breaks_.begin(), breaks_.end());

    running mine{demand, {}};
    std::uint64_t done = 0;
    timing::cycle at = now;
    for (const timing::cycle next : breaks_) {
        if (next == at || done == demand.cycles) {
            continue;
        }
        const std::uint64_t reached = pace(mine, at, next, done);
        timing::cycle end = next;
        if (reached == demand.cycles && reached - done < next - at) {
            // It may well be done before the stretch ends: the earliest end at which the slots still suffice.
            timing::cycle low = at + (reached - done);
            while (low < end) {
                const timing::cycle middle = low + (end - low) / 2;
                pace(mine, at, middle, done) == demand.cycles ? end = middle : low = middle + 1;
            }
        }
        mine.stretches.push_back({at, end, done, reached});
        done = reached;
        at = end;
    }
    if (done < demand.cycles) {
        mine.stretches.push_back({at, at + (demand.cycles - done), done, demand.cycles});
        at += demand.cycles - done;
    }
    if (!mine.stretches.empty()) {
        running_.push_back(std::move(mine));
    }
    return at + demand.latency;
}

}  // namespace d1
