#include "models/core/cycle_stack.hpp"

#include <algorithm>
#include <limits>

namespace d1 {

namespace {

constexpr timing::cycle never = std::numeric_limits<timing::cycle>::max();

/// How much of `total`, spread evenly from `begin` to `end`, lies between `from` and `to`; parts that follow each other
/// add up to what their whole has.
std::uint64_t part(std::uint64_t total, timing::cycle begin, timing::cycle end, timing::cycle from, timing::cycle to) {
    const std::uint64_t length = end - begin;
    return total * (to - begin) / length - total * (from - begin) / length;
}

/// Takes of `wanted`, and of what was carried over, as much as there is room for. Windows cut what is spread evenly by
/// whole cycles, so one may want more than it has by less than a cycle a thread; more than that is a unit that is not
/// shared (lt), and several of its cycles are one.
std::uint64_t take(std::uint64_t wanted, std::uint64_t& carry, std::uint64_t room, std::uint64_t threads) {
    const std::uint64_t taken = std::min(wanted + carry, room);
    carry = std::min(wanted + carry - taken, threads);
    return taken;
}

}  // namespace

void cycle_account::told_by_thread::push(const thread_stretch& s) {
    if (2 * next > stretches.size()) {
        stretches.erase(stretches.begin(), stretches.begin() + static_cast<std::ptrdiff_t>(next));
        next = 0;
    }
    stretches.push_back(s);
}

void cycle_account::told_by_thread::pop() {
    accounted = front().end;
    if (++next == stretches.size()) {
        stretches.clear();
        next = 0;
    }
}

void cycle_account::begin(std::uint32_t thread, timing::cycle at) {
    told_by_thread& t = threads_.at(thread);
    t.live = true;
    t.ended = false;
    t.position = t.accounted = at;
}

void cycle_account::spend(std::uint32_t thread, const thread_stretch& s) {
    told_by_thread& t = threads_[thread];
    if (s.end <= t.position) {
        return;
    }
    const bool held_up = t.empty();
    t.position = s.end;
    t.push(s);
    if (held_up) {
        settle();
    }
}

void cycle_account::end(std::uint32_t thread) {
    threads_[thread].ended = true;
    settle();
}

void cycle_account::settle() {
    for (;;) {
        timing::cycle to = never;
        for (told_by_thread& t : threads_) {
            if (!t.live) {
                continue;
            }
            if (t.empty()) {
                if (!t.ended) {
                    return;
                }
                t.live = false;
                continue;
            }
            // One that has not begun yet is nothing to the cycles before.
            to = std::min(to, t.accounted > accounted_ ? t.accounted : t.front().end);
        }
        if (to == never) {
            return;
        }
        classify(to);
        for (told_by_thread& t : threads_) {
            if (t.live && t.front().end == to) {
                t.pop();
            }
        }
        accounted_ = to;
    }
}

void cycle_account::classify(timing::cycle to) {
    const std::uint64_t length = to - accounted_;
    cycle_shares shares{};
    bool uses_units = false;
    bool wants_ports = false;
    cycle_class best = cycle_class::idle;
    const thread_stretch* awaiting = nullptr;
    for (const told_by_thread& t : threads_) {
        if (!t.live || t.accounted > accounted_) {
            continue;
        }
        const thread_stretch& s = t.front();
        if (s.doing == cycle_class::memory) {
            uses_units = true;
            wants_ports = wants_ports || s.wants_ports;
            for (std::size_t c = 0; c < work_class_count; ++c) {
                if (s.shares[c] != 0) {
                    shares[c] += part(s.shares[c], t.accounted, s.end, accounted_, to);
                }
            }
        } else if (s.doing < best || (s.doing == best && awaiting != nullptr && s.end < awaiting->end)) {
            best = s.doing;
            awaiting = &s;
        }
    }
    if (uses_units) {
        std::uint64_t left = length;
        for (std::size_t c = 0; c < work_class_count; ++c) {
            const std::uint64_t taken = take(shares[c], carry_[c], length, threads_most);
            add(static_cast<cycle_class>(c), std::min(taken, left));
            left -= std::min(taken, left);
        }
        add(wants_ports ? cycle_class::sram_port : cycle_class::memory, left);
        return;
    }
    add(best, length);
    if (best == cycle_class::data || best == cycle_class::others) {
        if (awaited_.size() <= awaiting->awaited) {
            awaited_.resize(awaiting->awaited + 1);
        }
        awaited_[awaiting->awaited] += length;
    }
}

cycle_stack cycle_account::stack(timing::cycle cycles) const {
    cycle_stack all = stack_;
    all.of(cycle_class::idle) += cycles - all.total();
    return all;
}

void cycle_account::reset() {
    threads_ = {};
    accounted_ = 0;
    carry_ = {};
    stack_ = {};
    awaited_.clear();
}

}  // namespace d1
