// How a network interface reaches a memory that answers later.

#include <algorithm>
#include <utility>

#include "models/noc/network_interface_parts.hpp"

namespace d1::noc {

network_interface::slow_memory::slow_memory(network_interface& owner) : owner_(owner) {
    payload_.set_mm(this);
    payload_.acquire();
}

network_interface::slow_memory::~slow_memory() = default;

// ---------------------------------------------------------------------------------------------------- what comes in

bool network_interface::slow_memory::takes_arrival(burst& b) {
    switch (b.kind) {
        case burst_kind::push_data:
        case burst_kind::pull_data:
            add({purpose::write, &b, nullptr});
            return true;
        case burst_kind::pull_request: {
            burst_ptr data = owner_.make_burst(burst_kind::pull_data, b.source, b.cause, b.indices);
            data->piece = b.piece;
            data->transfer = b.transfer;
            data->race_transfer = b.race_transfer;
            data->from = b.from;
            data->loaded = true;
            add({purpose::serve_pull, &b, std::move(data)});
            return true;
        }
        case burst_kind::signal:
            if (jobs_.empty()) {
                return false;
            }
            add({purpose::deliver_signal, &b, nullptr});
            return true;
        case burst_kind::push_answer:
        case burst_kind::error_answer:
        case burst_kind::barrier_come:
        case burst_kind::barrier_end:
            break;
    }
    return false;
}

void network_interface::slow_memory::fetch(burst& b) {
    add({purpose::inject, &b, nullptr});
}

bool network_interface::slow_memory::takes_departure(burst& b, timing::cycle start) {
    const bool is_signal = b.kind == burst_kind::signal;
    if (b.loaded || !(is_signal ? !jobs_.empty() : b.carries_data())) {
        return false;
    }
    add({is_signal ? purpose::send_signal : purpose::send, &b, nullptr, start});
    return true;
}

void network_interface::slow_memory::signal_sources_read(const transfer& t, timing::cycle start) {
    burst_ptr b = owner_.make_burst(burst_kind::signal, owner_.my_.here, t.cause);
    b->cause.knowledge = owner_.my_.races != nullptr ? owner_.my_.races->reads_done(t.race_transfer) : 0;
    b->semaphore = t.done->semaphore;
    b->amount = t.done->amount;
    add({purpose::signal_self, std::move(b), nullptr, start});
}

void network_interface::slow_memory::reset() {
    if (asked_ && !ended_) {
        dropped_ = dropped_ ? dropped_ : burst_ptr(&bytes_of(jobs_.front()));
    } else {
        dropped_ = nullptr;
        asked_ = false;
    }
    ended_ = false;
    jobs_.clear();
    runs_.clear();
    opened_ = false;
    ahead_ = 0;
    sent_ = 0;
    number_ = 0;
}

// ---------------------------------------------------------------------------------------------------- one by one

void network_interface::slow_memory::add(job j) {
    jobs_.push_back(std::move(j));
    go_on();
}

/// Goes on until the memory owes an answer or nothing is left. What happens to a job without access to the memory, or
/// with none that is left, happens now.
void network_interface::slow_memory::go_on() {
    while (!asked_ && !jobs_.empty()) {
        if (!opened_) {
            open_front();
        }
        if (!runs_.empty()) {
            ask(runs_.back());
            continue;
        }
        const job done = std::move(jobs_.front());
        jobs_.pop_front();
        opened_ = false;
        finish(done);
    }
}

void network_interface::slow_memory::open_front() {
    const job& j = jobs_.front();
    opened_ = true;
    opened_at_ = owner_.my_.events.present();
    status_ = burst_status::good;
    if (j.what == purpose::deliver_signal || j.what == purpose::send_signal || j.what == purpose::signal_self) {
        return;
    }
    j.b->piece.for_each_run([&](std::int64_t source, std::int64_t destination, std::uint32_t length, std::uint32_t at) {
        const std::int64_t offset = writes(j) ? destination : source;
        if (offset < 0) {
            status_ = burst_status::address_error;
        } else {
            runs_.push_back({offset, length, at});
        }
    });
    std::reverse(runs_.begin(), runs_.end());
}

void network_interface::slow_memory::ask(const run& r) {
    const job& j = jobs_.front();
    const auto bytes = bytes_of(j).payload();
    payload_.set_command(bytes.empty() ? tlm::TLM_IGNORE_COMMAND
                         : writes(j)   ? tlm::TLM_WRITE_COMMAND
                                       : tlm::TLM_READ_COMMAND);
    payload_.set_address(static_cast<sc_dt::uint64>(r.offset));
    payload_.set_data_ptr(bytes.empty() ? nullptr : reinterpret_cast<unsigned char*>(&bytes[r.at]));
    payload_.set_data_length(r.length);
    payload_.set_streaming_width(r.length);
    payload_.set_byte_enable_ptr(nullptr);
    payload_.set_dmi_allowed(false);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    asked_ = true;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay;
    const tlm::tlm_sync_enum answer = owner_.mem->nb_transport_fw(payload_, phase, delay);
    if (answer == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP) {
        ended(delay);
        phase = tlm::END_RESP;
        owner_.mem->nb_transport_fw(payload_, phase, delay);
    } else if (answer == tlm::TLM_COMPLETED) {
        ended(delay);
    }
}

tlm::tlm_sync_enum network_interface::slow_memory::answer(const tlm::tlm_phase& phase, const sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_RESP) {
        return tlm::TLM_ACCEPTED;
    }
    ended(delay);
    return tlm::TLM_COMPLETED;
}

void network_interface::slow_memory::ended(const sc_core::sc_time& delay) {
    ended_ = true;
    owner_.my_.events.schedule(
        owner_.my_.events.following(delay),
        timing::order_of(timing::phase::bytes_arrive, to_number(owner_.my_.here), message_class_count, number_++),
        *this);
}

void network_interface::slow_memory::serve(void*) {
    asked_ = false;
    ended_ = false;
    if (dropped_) {
        dropped_ = nullptr;
    } else {
        const job& j = jobs_.front();
        const run r = runs_.back();
        runs_.pop_back();
        if (payload_.is_response_ok()) {
            owner_.note_access(bytes_of(j), r.offset, r.length, writes(j));
        } else {
            status_ = burst_status::address_error;
        }
    }
    go_on();
}

// ---------------------------------------------------------------------------------------------------- what follows

void network_interface::slow_memory::finish(const job& j) {
    const timing::cycle now = owner_.my_.events.present();
    burst& b = *j.b;
    switch (j.what) {
        case purpose::write:
            owner_.last_arrival_ = now;
            owner_.count_lines(b, true);
            owner_.written(b, status_);
            return;
        case purpose::serve_pull:
            if (status_ != burst_status::good) {
                owner_.answer(b, burst_kind::error_answer, status_);
                return;
            }
            owner_.count_lines(b, false);
            owner_.reply(j.data, owner_.parameters_.reply_cycles);
            return;
        case purpose::deliver_signal:
            owner_.last_arrival_ = now;
            owner_.my_.signals.deliver(b.semaphore, b.amount, b.cause);
            return;
        case purpose::signal_self:
            owner_.my_.signals.schedule(std::max({j.start, sent_, now + 1}), b.semaphore, b.amount, b.cause);
            return;
        case purpose::send_signal:
            b.loaded = true;
            owner_.send_at(b, std::max({j.start, sent_, now + 1}));
            return;
        case purpose::inject:
        case purpose::send:
            break;
    }
    owner_.count_lines(b, false);
    b.loaded = true;
    if (status_ != burst_status::good) {
        owner_.report_error(b, memory_side::own);
        ++owner_.count_.address_errors;
    }
    if (j.what == purpose::send) {
        // Asked for at the call, it counts from when its time has come and the one before it has been fetched.
        ahead_ = std::max(j.start, ahead_) + (now - opened_at_) + 1;
        const timing::cycle start = std::max(ahead_, now + 1);
        sent_ = start + b.piece.packets;
        owner_.send_at(b, start);
        return;
    }
    owner_.classes_[static_cast<std::size_t>(b.channel_class)].blocked_until = now + 1;
    owner_.arm_next_injection();
}

}  // namespace d1::noc
