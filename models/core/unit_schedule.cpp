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
    return share(demand.slots[unit] + demand.shuts[unit], progress(at), demand.cycles);
}

/// Slots of a unit that nobody has taken.
std::uint64_t unit_schedule::left(std::size_t unit, timing::cycle begin, timing::cycle end) const {
    std::uint64_t slots = rates_[unit] * (end - begin);
    for (const running& other : running_) {
        slots -= std::min(slots, other.taken(unit, end) - other.taken(unit, begin));
    }
    return slots;
}

/// How far an instruction comes that is at `done`, `late` of its stores behind.
std::uint64_t unit_schedule::pace(const unit_demand& d, timing::cycle begin, timing::cycle end, std::uint64_t done,
                                  std::uint64_t late) const {
    std::uint64_t reached = std::min(d.cycles, done + (end - begin));
    for (std::size_t u = 0; u < unit_count; ++u) {
        if (d.slots[u] == 0) {
            continue;
        }
        std::uint64_t slots = share(d.slots[u], done, d.cycles) + left(u, begin, end);
        if (u == static_cast<std::size_t>(unit::vector_store)) {
            slots += d.late_stores - std::min(d.late_stores, late);
        }
        if (slots < d.slots[u]) {
            // The furthest point whose share of the slots is still there.
            reached = std::min(reached, ((slots + 1) * d.cycles - 1) / d.slots[u]);
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
    std::uint64_t late = 0;
    timing::cycle at = now;
    const auto go_on = [&](timing::cycle end, std::uint64_t reached) {
        constexpr auto stores = static_cast<std::size_t>(unit::vector_store);
        const std::uint64_t all = demand.slots[stores];
        late += share(all, reached, demand.cycles) - share(all, done, demand.cycles);
        late -= std::min(late, left(stores, at, end));
        mine.stretches.push_back({at, end, done, reached});
        done = reached;
        at = end;
    };
    for (const timing::cycle next : breaks_) {
        if (next == at || done == demand.cycles) {
            continue;
        }
        const std::uint64_t reached = pace(demand, at, next, done, late);
        timing::cycle end = next;
        if (reached == demand.cycles && reached - done < next - at) {
            // It may well be done before the stretch ends: the earliest end at which the slots still suffice.
            timing::cycle low = at + (reached - done);
            while (low < end) {
                const timing::cycle middle = low + (end - low) / 2;
                pace(demand, at, middle, done, late) == demand.cycles ? end = middle : low = middle + 1;
            }
        }
        go_on(end, reached);
    }
    if (done < demand.cycles) {
        go_on(at + (demand.cycles - done), demand.cycles);
    }
    if (!mine.stretches.empty()) {
        running_.push_back(std::move(mine));
    }
    return at + late / rates_[static_cast<std::size_t>(unit::vector_store)] + demand.latency;
}

}  // namespace d1
