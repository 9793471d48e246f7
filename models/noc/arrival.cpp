// What becomes of a burst that has arrived at its network interface: bytes are moved, a request is served, a push
// answered, a transfer comes to its end.

#include <algorithm>
#include <bit>
#include <utility>

#include "models/noc/network_interface_cycles.hpp"
#include "models/noc/network_interface_parts.hpp"
#include "models/noc/network_interface_trains.hpp"
#include "models/packet/access_at_once.hpp"

namespace d1::noc {

void network_interface::receive(burst& b, sc_core::sc_time& delay) {
    const timing::cycle now = my_.events.now();
    b.times.first = now + my_.events.clock().cycles(delay);
    timing::cycle* const before = last_of_flow(b);
    if (before != nullptr && b.times.last() < *before) {
        b.times.first += *before - b.times.last();
    }
    if (before != nullptr) {
        *before = b.times.last();
    }
    schedule_arrival(b, b.times.last());
    delay = my_.events.clock().time(b.times.last() + parameters_.arrival_cycles - now);
}

timing::cycle* network_interface::last_of_flow(const burst& b) {
    return last_from_.empty() ? nullptr
                              : &last_from_[std::size_t{to_number(b.source)} * message_class_count +
                                            static_cast<std::size_t>(b.channel_class)];
}

void network_interface::schedule_arrival(burst& b, timing::cycle last_packet) {
    b.cause.chain += noc_.zero_load_cycles(b.hops) + parameters_.arrival_cycles;
    const bool is_signal = b.kind == burst_kind::signal || b.channel_class == message_class::request_high;
    const auto phase = is_signal ? timing::phase::signals_arrive : timing::phase::bytes_arrive;
    intrusive_ptr_add_ref(&b);  // the event's own reference, taken over by arrival_face
    my_.events.schedule(
        last_packet + parameters_.arrival_cycles,
        timing::order_of(phase, to_number(b.source), static_cast<std::uint32_t>(b.channel_class), b.sequence),
        *arrival_face_, &b);
}

void network_interface::arrive(burst& b) {
    last_arrival_ = my_.events.now();
    longest_chain_ = std::max(longest_chain_, b.cause.chain);
    const bool carried = b.carries_data() || b.kind == burst_kind::pull_request;
    if (carried && b.status == burst_status::corrupted) {
        count_.packets_refused += b.times.count;
        refuse(b);
        return;
    }
    count_.packets_received += b.times.count;
    if (slow_ && slow_->takes_arrival(b)) {
        return;
    }
    switch (b.kind) {
        case burst_kind::pull_request:
            serve_pull(b);
            break;
        case burst_kind::push_data:
        case burst_kind::pull_data:
            written(b, move_bytes(b, tlm::TLM_WRITE_COMMAND));
            break;
        case burst_kind::signal:
            my_.signals.deliver(b.semaphore, b.amount, b.cause);
            break;
        case burst_kind::push_answer:
        case burst_kind::error_answer:
            if (b.status == burst_status::address_error) {
                report_error(b, memory_side::remote);
            } else if (b.status == burst_status::corrupted) {
                report_corruption(b);
            }
            piece_done(*static_cast<transfer*>(b.transfer), b.status, b.cause);
            break;
        case burst_kind::barrier_come:
            barriers_.told(b.barrier, b.meaning, b.cause);
            break;
        case burst_kind::barrier_end:
            barriers_.released(b.barrier, b.cause);
            break;
    }
}

/// What carries a packet that no link could mend: nothing of it is written or served, and whoever asked is told.
void network_interface::refuse(burst& b) {
    if (b.kind == burst_kind::pull_data) {
        report_corruption(b);
        piece_done(*static_cast<transfer*>(b.transfer), burst_status::corrupted, b.cause);
        return;
    }
    answer(b, b.kind == burst_kind::push_data ? burst_kind::push_answer : burst_kind::error_answer,
           burst_status::corrupted);
}

void network_interface::written(burst& b, burst_status status) {
    if (b.kind == burst_kind::push_data) {
        answer(b, burst_kind::push_answer, status);
        return;
    }
    if (status != burst_status::good) {
        report_error(b, memory_side::own);
    }
    piece_done(*static_cast<transfer*>(b.transfer), status, b.cause);
}

void network_interface::serve_pull(burst& request) {
    burst_status status = burst_status::good;
    request.piece.for_each_run([&](std::int64_t source, std::int64_t, std::uint32_t length, std::uint32_t) {
        if (access(source, {}, length, tlm::TLM_IGNORE_COMMAND) != burst_status::good) {
            status = burst_status::address_error;
        }
    });
    if (status != burst_status::good) {
        answer(request, burst_kind::error_answer, status);
        return;
    }
    burst_ptr data = make_burst(burst_kind::pull_data, request.source, request.cause, request.indices);
    data->piece = request.piece;
    data->transfer = request.transfer;
    data->race_transfer = request.race_transfer;
    data->from = request.from;
    reply(std::move(data), parameters_.reply_cycles);
}

void network_interface::answer(burst& b, burst_kind kind, burst_status status) {
    burst_ptr a = make_burst(kind, b.source, b.cause);
    a->status = status;
    a->transfer = b.transfer;
    a->piece = b.piece;
    reply(std::move(a), 1);
}

void network_interface::reply(burst_ptr b, std::uint32_t cost) {
    const timing::cycle start = my_.events.now() + cost;
    b->cause.chain += cost;
    if (my_.timing == timing_kind::lt) {
        send_at(*b, start);
        return;
    }
    if (b->kind == burst_kind::error_answer) {
        if (my_.timing == timing_kind::ca) {
            cycles_->reply_becomes_answer();
        } else {
            trains_->reply_becomes_answer();
        }
    }
    auto& queue = outbox(b->channel_class);
    queue.push_back({std::move(b), start});
    arm_injection(start);
}

void network_interface::piece_done(transfer& t, burst_status status, const causality& cause) {
    --t.open_pieces;
    if (my_.timing == timing_kind::ca) {
        cycles_->burst_answered();
    } else {
        --outstanding_;
    }
    t.arrived.chain = std::max(t.arrived.chain, cause.chain);
    count_.address_errors += status == burst_status::address_error ? 1 : 0;
    count_.corrupted += status == burst_status::corrupted ? 1 : 0;
    // A signal that waits for the answer leaves a cycle later, at the earliest.
    for (transfer* const e : engines_) {
        if (!my_.ways.in_order && e->notify_pending && e->cutter.finished() && e->remote == t.remote) {
            e->start = std::max(e->start, my_.events.now() + 1);
        }
    }
    if (t.open_pieces == 0 && t.cutter.finished()) {
        if (t.operation == dma_operation::pull && t.done) {
            causality done = t.arrived;
            done.knowledge = my_.races != nullptr ? my_.races->all_done(t.race_transfer) : 0;
            my_.signals.deliver(t.done->semaphore, t.done->amount, done);
        }
        --thread(t.from.thread).open_transfers;
        come(t.from.thread);
    }
    close_transfer(t);
    if (my_.timing == timing_kind::lt) {
        send_held_signals();
    }
    if (my_.timing == timing_kind::at) {
        arm_next_injection();
    }
}

// ---------------------------------------------------------------------------------------------------- bytes

burst_status network_interface::access(std::int64_t offset, std::span<std::byte> bytes, std::uint32_t length,
                                       tlm::tlm_command command) {
    if (offset < 0) {
        return burst_status::address_error;
    }
    access_.set_command(bytes.empty() ? tlm::TLM_IGNORE_COMMAND : command);
    access_.set_address(static_cast<sc_dt::uint64>(offset));
    access_.set_data_ptr(reinterpret_cast<unsigned char*>(bytes.data()));
    access_.set_data_length(length);
    access_.set_streaming_width(length);
    access_.set_byte_enable_ptr(nullptr);
    access_.set_dmi_allowed(false);
    access_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    access_at_once(mem, access_, "network interface",
                   "put a blocking_adapter before it, and build the interface with memory_answers_later");
    return access_.is_response_ok() ? burst_status::good : burst_status::address_error;
}

burst_status network_interface::move_bytes(burst& b, tlm::tlm_command command) {
    const bool write = command == tlm::TLM_WRITE_COMMAND;
    burst_status status = burst_status::good;
    b.piece.for_each_run([&](std::int64_t source, std::int64_t destination, std::uint32_t length, std::uint32_t at) {
        const std::int64_t offset = write ? destination : source;
        const auto bytes = b.payload().empty() ? std::span<std::byte>() : b.payload().subspan(at, length);
        if (access(offset, bytes, length, command) != burst_status::good) {
            status = burst_status::address_error;
        } else {
            note_access(b, offset, length, write);
        }
    });
    count_lines(b, write);
    return status;
}

void network_interface::note_access(const burst& b, std::int64_t offset, std::uint32_t length, bool write) {
    if (my_.races != nullptr) {
        my_.races->transfer_access(b.race_transfer, my_.here, offset, length, write);
    }
    if (my_.uninitialised != nullptr) {
        if (write) {
            my_.uninitialised->written(my_.here, offset, length);
        } else {
            const node_index asker = b.kind == burst_kind::push_data ? b.source : b.destination;
            my_.uninitialised->read(my_.here, offset, length, {asker, b.from.thread, b.from.instruction, true, false});
        }
    }
}

void network_interface::count_lines(const burst& b, bool write) {
    if (write) {
        count_.mesh_write_lines += b.piece.packets;
        count_.bytes_received += b.piece.bytes;
    } else {
        count_.mesh_read_lines += b.piece.packets + static_cast<std::uint32_t>(std::popcount(b.piece.double_reads));
    }
}

}  // namespace d1::noc
