#include "models/timing/event_queue.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace d1::timing {

event_queue::event_queue(const sc_core::sc_module_name& name, const timing::clock& clock)
    : sc_module(name), clock_(clock), wake_("wake"), origin_(sc_core::sc_time_stamp()) {
    SC_METHOD(serve);
    sensitive << wake_;
    dont_initialize();
}

cycle event_queue::present() const {
    if (serving_) {
        return now_;
    }
    const cycle begun = clock_.cycles(sc_core::sc_time_stamp() - origin_);
    return origin_ + clock_.time(begun) < sc_core::sc_time_stamp() ? begun + 1 : begun;
}

cycle event_queue::following(const sc_core::sc_time& delay) const {
    return clock_.cycles(sc_core::sc_time_stamp() + delay - origin_) + 1;
}

void event_queue::schedule(cycle at, std::uint64_t order, event_handler& handler, void* subject) {
    assert(serving_ ? at > now_ : at >= now_);
    const event what{order, &handler, subject};
    ++pending_;
    if (at - now_ >= near_cycles) {
        far_[at].push_back(what);
    } else {
        node* n = free_;
        if (n != nullptr) {
            free_ = n->next;
        } else {
            n = &nodes_.emplace_back();
        }
        const std::uint64_t slot = at % near_cycles;
        *n = {what, wheel_[slot]};
        wheel_[slot] = n;
        occupied_[slot / 64] |= 1ULL << (slot % 64);
    }
    if (!serving_ && (!is_armed_ || at < armed_)) {
        arm();
    }
}

sleeper::sleeper(event_queue& events, std::uint32_t rank) : events_(events), rank_(rank) {
    auto& all = events.sleepers_;
    if (rank >= all.size()) {
        all.resize(rank + 1);
        events.wakes_.assign(event_queue::near_wakes * ((all.size() + 63) / 64), 0);
    }
    assert(all[rank] == nullptr);
    all[rank] = this;
}

void sleeper::sleep_until(cycle at) {
    if (at >= wakes_at_) {
        return;
    }
    wakes_at_ = at;
    if (at - events_.now_ >= event_queue::near_wakes) {
        events_.schedule(at, order_of(phase::sleepers, rank_, 0, 0), *this);
    } else {
        events_.mark(*this, at);
    }
}

void sleeper::serve(void*) {
    if (wakes_at_ == events_.now_) {
        events_.mark(*this, wakes_at_);
    }
}

void event_queue::mark(const sleeper& s, cycle at) {
    const std::uint64_t slot = at % near_wakes;
    wakes_[slot * (wakes_.size() / near_wakes) + s.rank_ / 64] |= 1ULL << s.rank_ % 64;
    waking_ |= 1ULL << slot;
    if (!serving_ && (!is_armed_ || at < armed_)) {
        arm();
    }
}

void event_queue::wake_sleepers() {
    const std::uint64_t slot = now_ % near_wakes;
    if ((waking_ >> slot & 1U) == 0) {
        return;
    }
    const std::size_t words = wakes_.size() / near_wakes;
    for (std::size_t w = 0; w < words; ++w) {
        std::uint64_t& woken = wakes_[slot * words + w];
        for (; woken != 0; woken &= woken - 1) {
            sleeper& s = *sleepers_[64 * w + static_cast<std::size_t>(std::countr_zero(woken))];
            if (s.wakes_at_ == now_) {  // else it has been woken earlier, by what came in between
                s.wakes_at_ = sleeper::never;
                ++served_;
                s.wake();
            }
        }
    }
    waking_ &= ~(1ULL << slot);
}

clocked_block::clocked_block(event_queue& events) : number_(static_cast<std::uint32_t>(events.blocks_.size())) {
    events.blocks_.push_back(this);
    events.active_.resize(number_ / 64 + 1);
}

void event_queue::run_clocked_blocks() {
    // Blocks that are woken by what is sent to them have nothing to decide upon yet.
    awake_ = active_;
    for (std::size_t w = 0; w < awake_.size(); ++w) {
        for (std::uint64_t left = awake_[w]; left != 0; left &= left - 1) {
            blocks_[64 * w + static_cast<std::size_t>(std::countr_zero(left))]->evaluate();
        }
    }
    std::uint64_t any = 0;
    for (std::size_t w = 0; w < active_.size(); ++w) {
        for (std::uint64_t left = active_[w]; left != 0; left &= left - 1) {
            const auto bit = static_cast<std::size_t>(std::countr_zero(left));
            active_[w] &= ~(std::uint64_t{!blocks_[64 * w + bit]->commit()} << bit);
        }
        any |= active_[w];
    }
    resting_ = any == 0;
}

void event_queue::reset() {
    std::fill(wakes_.begin(), wakes_.end(), 0);
    waking_ = 0;
    for (sleeper* const s : sleepers_) {
        if (s != nullptr) {
            s->wakes_at_ = sleeper::never;
        }
    }
    std::fill(active_.begin(), active_.end(), 0);
    resting_ = true;
    far_.clear();
    wheel_.fill(nullptr);
    occupied_.fill(0);
    nodes_.clear();
    free_ = nullptr;
    wake_.cancel();
    origin_ = sc_core::sc_time_stamp();
    now_ = 0;
    now_is_served_ = false;
    is_armed_ = false;
    pause_requested_ = false;
    failure_.reset();
    pending_ = 0;
    served_ = 0;
    next_tick_ = ~cycle{0};
    for (ticker& t : tickers_) {
        t.next = t.interval;
        next_tick_ = std::min(next_tick_, t.next);
    }
}

void event_queue::fail(std::string reason) {
    if (!failure_) {
        failure_ = std::move(reason);
    }
    request_pause();
}

void event_queue::every(cycle interval, std::function<void(cycle)> tick) {
    const cycle next = (now_ / interval + 1) * interval;
    tickers_.push_back({interval, next, std::move(tick)});
    next_tick_ = std::min(next_tick_, next);
}

void event_queue::tick() {
    next_tick_ = ~cycle{0};
    for (ticker& t : tickers_) {
        for (; t.next <= now_; t.next += t.interval) {
            t.tick(t.next);
        }
        next_tick_ = std::min(next_tick_, t.next);
    }
}

cycle event_queue::next_cycle() const {
    // The wheel holds cycles now_ .. now_ + near_cycles - 1; scan its occupancy from now_ on, once round.
    const std::uint64_t start = now_ % near_cycles;
    constexpr std::uint64_t words = near_cycles / 64;
    cycle nearest = far_.empty() ? ~cycle{0} : far_.begin()->first;
    for (std::uint64_t i = 0; i <= words; ++i) {
        const std::uint64_t w = (start / 64 + i) % words;
        std::uint64_t bits = occupied_[w];
        if (i == 0) {
            bits &= ~std::uint64_t{0} << (start % 64);
        } else if (i == words) {
            bits &= (1ULL << (start % 64)) - 1;
        }
        if (bits != 0) {
            const std::uint64_t slot = w * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
            return std::min(nearest, now_ + (slot + near_cycles - start) % near_cycles);
        }
    }
    return nearest;
}

void event_queue::arm() {
    armed_ = next_cycle();
    const cycle first = now_ + (now_is_served_ ? 1 : 0);
    if (!resting_) {
        armed_ = std::min(armed_, first);
    }
    if (waking_ != 0) {
        const int slot = static_cast<int>(first % near_wakes);
        armed_ = std::min(armed_, first + static_cast<cycle>(std::countr_zero(std::rotr(waking_, slot))));
    }
    is_armed_ = true;
    wake_.cancel();
    wake_.notify(origin_ + clock_.time(armed_) - sc_core::sc_time_stamp());
}

void event_queue::collect(cycle at) {
    batch_.clear();
    const std::uint64_t slot = at % near_cycles;
    for (node* n = wheel_[slot]; n != nullptr;) {
        batch_.push_back(n->what);
        node* const next = n->next;
        n->next = free_;
        free_ = n;
        n = next;
    }
    wheel_[slot] = nullptr;
    occupied_[slot / 64] &= ~(1ULL << (slot % 64));
    if (!far_.empty() && far_.begin()->first == at) {
        const auto& late = far_.begin()->second;
        batch_.insert(batch_.end(), late.begin(), late.end());
        far_.erase(far_.begin());
    }
    std::sort(batch_.begin(), batch_.end(), [](const event& a, const event& b) { return a.order < b.order; });
}

void event_queue::serve() {
    now_ = armed_;
    now_is_served_ = false;
    is_armed_ = false;
    collect(now_);
    pending_ -= batch_.size();
    served_ += batch_.size();
    serving_ = true;
    for (const event& e : batch_) {
        e.handler->serve(e.subject);
    }
    wake_sleepers();
    if (!resting_) {
        run_clocked_blocks();
    }
    serving_ = false;
    now_is_served_ = true;
    if (now_ >= next_tick_) {
        tick();
    }
    if (pause_requested_) {
        pause_requested_ = false;
        sc_core::sc_pause();
    }
    if (!empty()) {
        arm();
    }
}

}  // namespace d1::timing
