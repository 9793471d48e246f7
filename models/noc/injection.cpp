// What a network interface injects: which burst is next, and what follows when it has left. When its packets leave is
// up to the timing level.

#include <algorithm>
#include <utility>

#include "models/noc/network_interface_cycles.hpp"
#include "models/noc/network_interface_parts.hpp"
#include "models/noc/network_interface_trains.hpp"

namespace d1::noc {

void network_interface::arm_injection(timing::cycle at) {
    if (at != no_cycle) {
        sleep_until(std::max(at, my_.timing == timing_kind::at ? trains_->link_free() : port_free_));
    }
}

void network_interface::wake() {
    if (my_.timing == timing_kind::ca) {
        cycles_->wake();
    } else {
        trains_->go_on();
    }
}

void network_interface::arm_next_injection() {
    const timing::cycle next = my_.timing == timing_kind::at ? trains_->next_departure() : next_ready(~0U);
    if (next != no_cycle) {
        arm_injection(std::max(next, my_.events.present() + 1));
    }
}

timing::cycle network_interface::next_ready(std::uint32_t classes) const {
    timing::cycle nearest = no_cycle;
    const auto consider = [&](message_class c, timing::cycle at) {
        if ((classes >> static_cast<std::uint32_t>(c) & 1U) != 0) {
            nearest = std::min(nearest, std::max(at, classes_[static_cast<std::size_t>(c)].blocked_until));
        }
    };
    for (std::size_t c = 0; c < message_class_count; ++c) {
        if (classes_[c].fetched) {
            consider(static_cast<message_class>(c), 0);
        }
    }
    for (std::size_t c = 0; c < message_class_count; ++c) {
        if (!outbox_[c].empty()) {
            consider(static_cast<message_class>(c), outbox_[c].front().ready);
        }
    }
    if (classes_of_engines(classes) == 0) {
        return nearest;
    }
    const bool window_open = outstanding_ < parameters_.max_outstanding;
    for (const transfer* t : engines_) {
        if (t->cutter.finished() ? may_signal(*t) : window_open) {
            consider(t->operation == dma_operation::pull ? message_class::request_low : message_class::data, t->start);
        }
    }
    return nearest;
}

std::uint32_t network_interface::classes_of_engines(std::uint32_t classes) const noexcept {
    const auto when = [](bool any, message_class c) { return any ? 1U << static_cast<std::uint32_t>(c) : 0U; };
    return classes & (when(engines_.size() != pulls_in_engines_, message_class::data) |
                      when(pulls_in_engines_ != 0, message_class::request_low));
}

bool network_interface::may_signal(const transfer& t) const {
    const auto is_before = [&t](const transfer& other) {  // or t itself
        return other.number <= t.number && other.remote == t.remote && other.operation == dma_operation::push;
    };
    if (my_.ways.in_order) {
        return std::none_of(engines_.begin(), engines_.end(),
                            [&](const transfer* other) { return is_before(*other) && !other->cutter.finished(); });
    }
    return std::none_of(transfers_.begin(), transfers_.end(), [&](const transfer& other) {
        return other.in_use && is_before(other) && (!other.cutter.finished() || other.open_pieces != 0);
    });
}

network_interface::transfer* network_interface::engine_for(message_class c, timing::cycle now) {
    const bool window_open = outstanding_ < parameters_.max_outstanding;
    const std::size_t all = engines_.size();
    for (std::size_t i = 0, e = next_engine_ < all ? next_engine_ : 0; i < all; ++i, e = e + 1 < all ? e + 1 : 0) {
        transfer& t = *engines_[e];
        const bool is_pull = t.operation == dma_operation::pull;
        if (t.start > now || is_pull != (c == message_class::request_low)) {
            continue;
        }
        if (t.cutter.finished() ? t.notify_pending && may_signal(t) : window_open) {
            return &t;
        }
    }
    return nullptr;
}

bool network_interface::is_ready(message_class c, timing::cycle now) {
    const class_state& state = classes_[static_cast<std::size_t>(c)];
    if (state.blocked_until > now) {
        return false;
    }
    if (state.fetched) {
        return true;
    }
    return (!outbox(c).empty() && outbox(c).front().ready <= now) ||
           (classes_of_engines(1U << static_cast<std::uint32_t>(c)) != 0 && engine_for(c, now) != nullptr);
}

burst_ptr network_interface::next_burst(message_class c, timing::cycle now) {
    class_state& state = classes_[static_cast<std::size_t>(c)];
    if (state.fetched) {
        return std::exchange(state.fetched, nullptr);
    }
    const auto take = [](outgoing_queue& queue) {
        burst_ptr b = std::move(queue.front().b);
        queue.pop_front();
        return b;
    };
    burst_ptr b;
    if (c == message_class::response || c == message_class::request_high) {
        b = take(outbox(c));
    } else {
        transfer* const own = engine_for(c, now);
        const bool reply_ready = !outbox(c).empty() && outbox(c).front().ready <= now;
        if (reply_ready && (own == nullptr || !engines_first_)) {
            b = take(outbox(c));
            engines_first_ = true;
        } else {
            const auto found = std::find(engines_.begin(), engines_.end(), own);
            next_engine_ = static_cast<std::size_t>(found - engines_.begin()) + 1;
            b = next_of(*own);
            engines_first_ = engines_first_ && c != message_class::data;
        }
    }
    b->sequence = state.sequence++;
    my_.ways.choose(*b);
    return b;
}

burst_ptr network_interface::next_of(transfer& t) {
    if (t.cutter.finished()) {
        t.notify_pending = false;
        burst_ptr b = make_burst(burst_kind::signal, t.remote, t.cause);
        b->semaphore = t.notify->semaphore;
        b->amount = t.notify->amount;
        if (t.operation == dma_operation::push && my_.races != nullptr) {
            b->cause.knowledge = my_.races->all_done(t.race_transfer);
        }
        return b;
    }
    const bool is_pull = t.operation == dma_operation::pull;
    burst_ptr b = make_burst(is_pull ? burst_kind::pull_request : burst_kind::push_data, t.remote, t.cause, t.indices);
    b->piece = t.cutter.next(parameters_.burst_packets);
    b->transfer = &t;
    b->race_transfer = t.race_transfer;
    b->from = t.from;
    ++t.open_pieces;
    if (++outstanding_ == parameters_.max_outstanding) {
        ++count_.window_full;
    }
    return b;
}

void network_interface::fetch(message_class c, burst_ptr b) {
    class_state& state = classes_[static_cast<std::size_t>(c)];
    state.fetched = std::move(b);
    state.blocked_until = no_cycle;
    slow_->fetch(*state.fetched);
}

void network_interface::injected(burst& b) {
    if (b.loaded) {
        return;
    }
    if (move_bytes(b, tlm::TLM_READ_COMMAND) != burst_status::good) {
        report_error(b, memory_side::own);
        ++count_.address_errors;
    }
}

void network_interface::left(const burst& b, timing::cycle at) {
    if (b.kind != burst_kind::push_data) {
        return;
    }
    const auto& t = *static_cast<transfer*>(b.transfer);
    // The bursts of a class leave one after the other, so this one was the last of its transfer.
    if (t.cutter.finished() && t.done) {
        signal_sources_read(t, at + 1);
    }
}

void network_interface::signal_sources_read(const transfer& t, timing::cycle at) {
    causality cause = t.cause;
    cause.knowledge = my_.races != nullptr ? my_.races->reads_done(t.race_transfer) : 0;
    my_.signals.schedule(std::max(at, my_.events.now() + 1), t.done->semaphore, t.done->amount, cause);
}

void network_interface::retire_engines() {
    bool retired = false;
    for (std::size_t i = 0; i < engines_.size();) {
        transfer& t = *engines_[i];
        if (!t.finished_sending()) {
            ++i;
            continue;
        }
        engines_.erase(engines_.begin() + static_cast<std::ptrdiff_t>(i));
        pulls_in_engines_ -= t.operation == dma_operation::pull ? 1U : 0U;
        next_engine_ -= next_engine_ > i ? 1 : 0;
        t.in_engine = false;
        close_transfer(t);
        retired = true;
    }
    if (retired) {
        refill_engines();
    }
}

}  // namespace d1::noc
