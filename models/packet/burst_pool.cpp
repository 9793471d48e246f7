#include "models/packet/burst.hpp"

namespace d1 {

namespace {

/// By doubling: reserve() of one place more copies the whole list for every burst made.
void make_room(std::vector<burst*>& list, std::size_t bursts) {
    if (list.capacity() < bursts) {
        list.reserve(2 * bursts);
    }
}

}  // namespace

burst_ptr burst_pool::acquire(bool with_payload) {
    auto& free = with_payload ? free_payloads_ : free_;
    if (free.empty()) {
        burst& made = all_.emplace_back();
        made.pool_ = this;
        if (with_payload) {
            made.payload_ = std::make_unique<burst::payload_block>();
        }
        make_room(free_, all_.size());
        make_room(free_payloads_, all_.size());
        free.push_back(&made);
    }
    burst& b = *free.back();
    free.pop_back();
    ++in_use_;
    b.source = {};
    b.destination = {};
    b.channel_class = message_class::data;
    b.kind = burst_kind::signal;
    b.status = burst_status::good;
    b.loaded = false;
    b.sequence = 0;
    b.times = {};
    b.created = 0;
    b.entered = 0;
    b.taken = 0;
    b.latest = 0;
    b.piece = {};
    b.semaphore = 0;
    b.amount = 0;
    b.barrier = 0;
    b.meaning = 0;
    b.indices = false;
    b.table_offset = 0;
    b.transfer = nullptr;
    b.race_transfer = 0;
    b.from = {};
    b.cause = {};
    b.hops = 0;
    return burst_ptr(&b);
}

void burst_pool::give_back(burst& b) noexcept {
    --in_use_;
    (b.payload_ ? free_payloads_ : free_).push_back(&b);  // has room: reserved when the burst was made
}

}  // namespace d1
