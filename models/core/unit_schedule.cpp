#include "models/core/unit_schedule.hpp"

#include <algorithm>

namespace d1 {

namespace {

constexpr auto loads = static_cast<std::size_t>(unit::vector_load);
constexpr auto stores = static_cast<std::size_t>(unit::vector_store);

/// What of `total` comes within `progress` of the cycles that it is spread over.
std::uint64_t share(std::uint64_t total, std::uint64_t progress, std::uint64_t cycles) {
    return progress == cycles ? total : total * progress / cycles;
}

/// From `from` to `to`, up or down, after `part` of `whole`.
std::uint64_t between(std::uint64_t from, std::uint64_t to, std::uint64_t part, std::uint64_t whole) {
    return from <= to ? from + (to - from) * part / whole : from - (from - to) * part / whole;
}

/// The cycles of an instruction over which its slots of a unit are spread.
struct spread {
    std::uint64_t begin;
    std::uint64_t end;
    [[nodiscard]] std::uint64_t length() const { return end - begin; }
};
spread spread_of(const unit_demand& d, std::size_t u) {
    return {u == stores ? d.cycles_before_stores : 0, d.cycles - (u == loads ? d.cycles_behind_loads : 0)};
}

/// The next point behind `done` from which an instruction takes its slots at another rate.
std::uint64_t next_change(const unit_demand& d, std::uint64_t done) {
    std::uint64_t next = d.cycles;
    for (const std::uint64_t change : {spread_of(d, stores).begin, spread_of(d, loads).end}) {
        next = change > done ? std::min(next, change) : next;
    }
    return next;
}

/// The furthest point at which no more than `slots` of a unit are due, which are not all.
std::uint64_t furthest(const unit_demand& d, std::size_t u, std::uint64_t slots) {
    const spread s = spread_of(d, u);
    return s.begin + ((slots + 1) * s.length() - 1) / d.slots[u];
}

}  // namespace

std::uint64_t slots_due(const unit_demand& d, std::size_t u, std::uint64_t progress) noexcept {
    const spread s = spread_of(d, u);
    return share(d.slots[u], std::clamp(progress, s.begin, s.end) - s.begin, s.length());
}

unit_schedule::standing unit_schedule::running::at(timing::cycle time) const {
    for (const stretch& s : stretches) {
        if (time < s.end) {
            const timing::cycle part = time - std::min(time, s.begin);
            return {between(s.done_at_begin, s.done_at_end, part, s.end - s.begin),
                    between(s.late_at_begin, s.late_at_end, part, s.end - s.begin)};
        }
    }
    return {demand.cycles, 0};
}

timing::cycle unit_schedule::running::time_of(std::uint64_t progress) const {
    const auto s = std::ranges::find_if(stretches, [&](const stretch& each) { return progress < each.done_at_end; });
    if (s == stretches.end() || progress <= s->done_at_begin) {
        return s == stretches.end() ? stretches.back().end : s->begin;
    }
    const std::uint64_t done = s->done_at_end - s->done_at_begin;
    return s->begin + ((s->end - s->begin) * (progress - s->done_at_begin) + done - 1) / done;
}

std::uint64_t unit_schedule::running::taken(std::size_t u, const standing& s) const {
    const std::uint64_t due = slots_due(demand, u, s.done);
    return u == stores ? due - std::min(due, s.late) : due;
}

/// What nobody has taken.
unit_schedule::room unit_schedule::left(timing::cycle begin, timing::cycle end) const {
    room r{end - begin, rates_};
    for (std::uint64_t& slots : r.slots) {
        slots *= end - begin;
    }
    for (const running& other : running_) {
        const standing first = other.at(begin);
        const standing last = other.at(end);
        const std::uint64_t all = other.demand.cycles;
        r.cycles -= std::min(r.cycles, share(other.holds_up, last.done, all) - share(other.holds_up, first.done, all));
        for (std::size_t u = 0; u < unit_count; ++u) {
            if (other.demand.slots[u] != 0) {
                const std::uint64_t before = other.taken(u, first);
                r.slots[u] -= std::min(r.slots[u], std::max(other.taken(u, last), before) - before);
            }
        }
    }
    return r;
}

/// How far an instruction comes by `end` that stands where `here` ends, up to the next change of its rates.
std::uint64_t unit_schedule::pace(const unit_demand& d, const stretch& here, timing::cycle end) const {
    const room r = left(here.end, end);
    std::uint64_t reached = std::min(next_change(d, here.done_at_end), here.done_at_end + r.cycles);
    for (std::size_t u = 0; u < unit_count; ++u) {
        if (d.slots[u] == 0) {
            continue;
        }
        std::uint64_t slots = slots_due(d, u, here.done_at_end) + r.slots[u];
        if (u == stores) {
            slots += d.late_stores - std::min(d.late_stores, here.late_at_end);
        }
        if (slots < d.slots[u]) {
            reached = std::min(reached, furthest(d, u, slots));
        }
    }
    return std::max(reached, here.done_at_end);
}

/// Whether it comes there; where it has done all but late stores, whether these are done.
bool unit_schedule::comes_there(const unit_demand& d, const stretch& here, timing::cycle end) const {
    return here.done_at_end < d.cycles ? pace(d, here, end) == next_change(d, here.done_at_end)
                                       : left(here.end, end).slots[stores] >= here.late_at_end;
}

/// It may well come there before `next`: the earliest end by which it does. It is never faster than alone.
timing::cycle unit_schedule::end_of_stretch(const unit_demand& d, const stretch& here, timing::cycle next) const {
    const std::uint64_t alone = next_change(d, here.done_at_end) - here.done_at_end;
    timing::cycle low = here.end + std::max<timing::cycle>(1, alone);
    if (low >= next || !comes_there(d, here, next)) {
        return next;
    }
    timing::cycle high = next;
    while (low < high) {
        const timing::cycle middle = low + (high - low) / 2;
        comes_there(d, here, middle) ? high = middle : low = middle + 1;
    }
    return high;
}

void unit_schedule::look_at_others(timing::cycle now, const unit_demand& demand) {
    std::erase_if(running_, [now](const running& r) { return r.stretches.back().end <= now; });
    breaks_.clear();
    for (running& r : running_) {
        r.holds_up = r.demand.loads_shut.beyond(demand.patience);
        for (const stretch& s : r.stretches) {
            breaks_.push_back(s.begin);
            breaks_.push_back(s.end);
        }
        breaks_.push_back(r.time_of(r.demand.cycles_before_stores));
        breaks_.push_back(r.time_of(r.demand.cycles - r.demand.cycles_behind_loads));
    }
    std::ranges::sort(breaks_);
}

bool unit_schedule::is_busy(timing::cycle now) const noexcept {
    return std::ranges::any_of(running_, [now](const running& r) { return r.stretches.back().end > now; });
}

timing::cycle unit_schedule::reserve(timing::cycle now, const unit_demand& demand) {
    look_at_others(now, demand);
    running mine{demand, {}};
    stretch here{.begin = now, .end = now};
    const auto go_on = [&](timing::cycle end, std::uint64_t reached) {
        const std::uint64_t wanted =
            here.late_at_end + slots_due(demand, stores, reached) - slots_due(demand, stores, here.done_at_end);
        here = {here.end,         end,
                here.done_at_end, reached,
                here.late_at_end, wanted - std::min(wanted, left(here.end, end).slots[stores])};
        mine.stretches.push_back(here);
    };
    for (const timing::cycle next : breaks_) {
        while (here.end < next && (here.done_at_end < demand.cycles || here.late_at_end != 0)) {
            const timing::cycle end = end_of_stretch(demand, here, next);
            go_on(end, pace(demand, here, end));
        }
    }
    if (here.done_at_end < demand.cycles) {
        go_on(here.end + (demand.cycles - here.done_at_end), demand.cycles);
    }
    if (here.late_at_end != 0) {
        go_on(here.end + (here.late_at_end + rates_[stores] - 1) / rates_[stores], demand.cycles);
    }
    if (!mine.stretches.empty()) {
        running_.push_back(std::move(mine));
    }
    return here.end + demand.latency;
}

}  // namespace d1
