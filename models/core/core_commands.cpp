// What a core asks of its network interface, and how a thread waits for it to be taken.

#include <optional>
#include <sstream>
#include <utility>

#include "models/core/core.hpp"
#include "models/core/core_thread.hpp"
#include "models/packet/address_map.hpp"

namespace d1 {

std::string text_of(const program::barrier<std::int64_t>& b) {
    return std::to_string(b.threads) + " threads on each of " + std::to_string(b.columns) + " x " +
           std::to_string(b.rows) + " nodes from (" + std::to_string(b.corner.x) + ", " + std::to_string(b.corner.y) +
           ") on";
}

namespace {

std::optional<semaphore_signal> narrow(const std::optional<program::semaphore_update<std::int64_t>>& update) {
    if (!update) {
        return std::nullopt;
    }
    return semaphore_signal{update->semaphore, update->amount};
}

transfer_geometry geometry_of(const auto& transfer) {
    return {
        transfer.source,     transfer.destination,    transfer.shape.source_stride, transfer.shape.destination_stride,
        transfer.shape.rows, transfer.shape.row_bytes};
}

}  // namespace

core::outcome core::hand_over(thread& t, const program::push<std::int64_t>& p, timing::cycle& local) {
    dma_extension& command = t.command(dma_operation::push);
    command.geometry = geometry_of(p);
    command.done = narrow(p.done);
    command.notify = narrow(p.notify);
    command.indices = !indices_.empty() && touches_indices(program::accesses(p), false);
    return hand_over(t, p.to, p.destination, local);
}

core::outcome core::hand_over(thread& t, const program::pull<std::int64_t>& p, timing::cycle& local) {
    dma_extension& command = t.command(dma_operation::pull);
    command.geometry = geometry_of(p);
    command.done = narrow(p.done);
    command.indices = !indices_.empty() && touches_indices(program::accesses(p), true);
    return hand_over(t, p.from, p.source, local);
}

core::outcome core::hand_over(thread& t, const program::signal<std::int64_t>& s, timing::cycle& local) {
    if (!s.to) {
        const std::uint32_t knowledge = my_.races != nullptr ? my_.races->release(my_.here, t.number) : 0;
        my_.signals.schedule(my_.events.now() + 1, s.update.semaphore, s.update.amount,
                             {t.chain + 1, knowledge, t.activity});
        return outcome::go_on;
    }
    dma_extension& command = t.command(dma_operation::signal);
    command.notify = narrow(s.update);
    return hand_over(t, *s.to, 0, local);
}

core::outcome core::hand_over(thread& t, const program::barrier<std::int64_t>& b, timing::cycle& local) {
    const std::int64_t columns = placement_->logical.columns;
    const std::int64_t rows = placement_->logical.rows;
    const auto fits = [](std::int64_t first, std::int64_t count, std::int64_t all) {
        return first >= 0 && first < all && count <= all - first;
    };
    const rectangle nodes{{static_cast<std::int32_t>(b.corner.x), static_cast<std::int32_t>(b.corner.y)},
                          {static_cast<std::int32_t>(b.columns), static_cast<std::int32_t>(b.rows)}};
    if (!fits(b.corner.x, b.columns, columns) || !fits(b.corner.y, b.rows, rows) || !nodes.contains(logical_)) {
        fail(t, "comes to a barrier of " + text_of(b) + "; it runs on node (" + std::to_string(logical_.x) + ", " +
                    std::to_string(logical_.y) + ") of " + std::to_string(columns) + " x " + std::to_string(rows));
        return outcome::blocked;
    }
    const barrier_place place = place_in_barrier(nodes, logical_);
    barrier_entry& entry = t.command(dma_operation::barrier).barrier;
    entry.number = b.number;
    entry.threads = b.threads;
    entry.parent.reset();
    if (place.parent) {
        entry.parent = placement_->at(*place.parent);
    }
    entry.children.clear();
    for (const coordinate c : place.children) {
        entry.children.push_back(placement_->at(c));
    }
    entry.meaning = 0;
    for (const std::int64_t part : {b.corner.x, b.corner.y, std::int64_t{b.columns}, std::int64_t{b.rows}}) {
        entry.meaning = entry.meaning << 14U | static_cast<std::uint64_t>(part);
    }
    entry.meaning = entry.meaning << 8U | b.threads;
    return hand_over(t, {logical_.x, logical_.y}, 0, local);
}

core::outcome core::hand_over(thread& t, const program::node_reference<std::int64_t>& remote, std::int64_t offset,
                              timing::cycle& local) {
    // Threads take turns in the order in which they came, or two of them could keep the others out for good.
    if (dma_pending_ != nullptr || (!dma_waiting_.empty() && dma_waiting_.front() != &t)) {
        stall(t);
        dma_waiting_.push_back(&t);
        return outcome::blocked;
    }
    if (!dma_waiting_.empty()) {
        dma_waiting_.pop_front();
    }
    const coordinate logical{static_cast<std::int32_t>(remote.x), static_cast<std::int32_t>(remote.y)};
    if (!placement_->logical.contains(logical) || remote.x != logical.x || remote.y != logical.y) {
        fail(t, "names node (" + std::to_string(remote.x) + ", " + std::to_string(remote.y) + "); it runs on " +
                    std::to_string(placement_->logical.columns) + " x " + std::to_string(placement_->logical.rows) +
                    " nodes");
        return outcome::blocked;
    }
    if (offset < 0 || offset >= (std::int64_t{1} << address_map::offset_bits)) {
        fail(t, "names byte " + std::to_string(offset) + " of a remote SRAM, which no address reaches");
        return outcome::blocked;
    }
    dma_extension& command = t.request.command;
    command.cause.chain = t.chain;
    command.cause.data = command.operation == dma_operation::push || command.operation == dma_operation::pull;
    command.cause.activity = t.activity;
    const node_index there = placement_->at(logical);
    if (my_.activities != nullptr) {
        my_.activities->hand_over(t.activity, command, there);
    }
    if (my_.uninitialised != nullptr) {
        command.from = {t.number, static_cast<std::uint32_t>(t.walk->position())};
    }
    if (my_.races != nullptr) {
        inform_races(t, there);
    }
    tlm::tlm_generic_payload& p =
        t.request.prepare(address_map::encode({0, 0, there, static_cast<std::uint32_t>(offset)}));
    sc_core::sc_time lead = my_.events.clock().time(local - my_.events.now());
    const bool is_barrier = command.operation == dma_operation::barrier;
    if (my_.timing == timing_kind::lt && !is_barrier) {
        dma->b_transport(p, lead);
    } else {
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        const tlm::tlm_sync_enum answer = dma->nb_transport_fw(p, phase, lead);
        if (is_barrier && answer == tlm::TLM_UPDATED && phase == tlm::END_REQ) {
            t.doing = thread::activity::in_barrier;
            t.blocked_since = my_.events.now();
            resume_next_in_line();
            return outcome::blocked;
        }
        if (answer == tlm::TLM_ACCEPTED || (answer == tlm::TLM_UPDATED && phase == tlm::END_REQ)) {
            stall(t);
            dma_pending_ = &t;
            return outcome::blocked;
        }
        resume_next_in_line();
    }
    return command_answered(t) ? outcome::go_on : outcome::blocked;
}

void core::inform_races(thread& t, node_index there) {
    dma_extension& command = t.request.command;
    const auto instruction = static_cast<std::uint32_t>(t.walk->position());
    switch (command.operation) {
        case dma_operation::push:
            command.race_transfer = my_.races->begin_transfer(my_.here, t.number, instruction, there);
            break;
        case dma_operation::pull:
            command.race_transfer = my_.races->begin_transfer(my_.here, t.number, instruction);
            break;
        case dma_operation::signal:
            command.cause.knowledge = my_.races->release(my_.here, t.number, there);
            return;
        case dma_operation::barrier:
            command.cause.knowledge =
                my_.races->join(my_.races->release(my_.here, t.number), std::exchange(t.transfers, 0));
            return;
    }
    if (has_barriers_) {
        t.transfers = my_.races->join(t.transfers, my_.races->all_done(command.race_transfer));
    }
}

void core::leave_barrier(thread& t) {
    learn(t, t.request.command.cause);
    const timing::cycle at = my_.events.now() + parameters_.wake_cycles;
    count_.barrier_cycles += at - t.blocked_since;
    spend(t,
          {.end = at,
           .doing = cycle_class::others,
           .awaited = awaited_barrier(std::get<program::barrier<std::int64_t>>(*t.current).number)},
          t.request.command.cause.activity);
    t.current = nullptr;
    resume(t, at);
}

bool core::command_answered(const thread& t) {
    if (t.request.payload.is_response_ok()) {
        return true;
    }
    fail(t, "hands over a command that the network interface answers with " + t.request.payload.get_response_string());
    return false;
}

void core::stall(thread& t) {
    t.doing = thread::activity::stalled;
    t.blocked_since = my_.events.now();
}

void core::leave_stall(thread& t) {
    const timing::cycle next = my_.events.now() + 1;
    count_.dma_stall_cycles += next - t.blocked_since;
    spend(t, {.end = next, .doing = cycle_class::data, .awaited = awaited_interface});
    resume(t, next);
}

void core::resume_next_in_line() {
    if (!dma_waiting_.empty()) {
        leave_stall(*dma_waiting_.front());
    }
}

tlm::tlm_sync_enum core::nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_core::sc_time&) {
    const auto* const command = p.get_extension<dma_extension>();
    const bool is_barrier = command != nullptr && command->operation == dma_operation::barrier;
    if (is_barrier) {
        thread& t = *threads_.at(command->from.thread);
        if (dma_pending_ == &t) {
            dma_pending_ = nullptr;
            resume_next_in_line();
        }
        t.doing = thread::activity::in_barrier;
        if (phase == tlm::BEGIN_RESP) {
            leave_barrier(t);
            return tlm::TLM_COMPLETED;
        }
    }
    if (phase == tlm::END_REQ) {
        return tlm::TLM_ACCEPTED;  // the answer is still to come
    }
    // The pending command has been taken. Its thread goes on a cycle later, and the next in line tries again.
    thread& taken = *std::exchange(dma_pending_, nullptr);
    if (command_answered(taken)) {
        taken.current = nullptr;
        leave_stall(taken);
    }
    resume_next_in_line();
    return tlm::TLM_COMPLETED;
}

}  // namespace d1
