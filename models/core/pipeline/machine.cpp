#include "models/core/pipeline/machine.hpp"

#include <algorithm>
#include <cassert>

#include "models/packet/transfer_cutter.hpp"

namespace d1::pipeline {

// ---------------------------------------------------------------------------------------------------- life

machine::machine(const core_parameters& core, const sram_parameters& memory)
    : core_(core), memory_(memory), cache_(core.instruction_cache_bytes, core.instruction_cache_ways) {
    constexpr std::uint32_t block_lines = 4;  // of 8x8 sums in FP32
    drain_interval_ = (core.matrix_drain_cycles + block_lines - 1) / block_lines;
    mesh_read_left_ = memory_.mesh_read_ports;
    mesh_write_left_ = memory_.mesh_write_ports;
}

void machine::start(std::uint32_t thread, const kernel& code) {
    assert(!busy(thread) && !code.code.empty());
    if (running_ == 0) {
        drain_free_ = refill_free_ = list_free_ = shut_for_ = 0;
    }
    thread_state& t = threads_[thread];  // its queues are empty
    t.code = &code;
    t.pc = 0;
    t.counters.fill(0);
    t.fetch_ready = 0;
    t.staging_next = 0;
    t.rotated = false;
    t.complete = 0;
    t.pointers.fill(0);
    t.registers.fill({});
    by_age_[running_++] = static_cast<std::uint8_t>(thread);
}

void machine::warm(const kernel& code) {
    for (std::uint32_t at = 0; at < code.bytes(); at += instruction_cache::line_bytes) {
        if (!cache_.touch(code.address + at)) {
            cache_.fill(code.address + at);
        }
    }
}

void machine::reset() {
    *this = machine(core_, memory_);
}

// ---------------------------------------------------------------------------------------------------- a cycle

std::uint32_t machine::tick() {
    issue();
    decode();
    fetch();
    std::uint32_t finished = 0;
    for (std::uint32_t n = 0; n < running_;) {
        thread_state& t = threads_[by_age_[n]];
        const bool ends =
            t.occupied == 0 && t.fetched_size == 0 && t.pc >= t.code->code.size() && t.complete <= now_ + 1;
        if (!ends) {
            ++n;
            continue;
        }
        t.code = nullptr;
        finished |= 1U << by_age_[n];
        std::copy(by_age_.begin() + n + 1, by_age_.begin() + running_, by_age_.begin() + n);
        --running_;
    }
    ++now_;
    return finished;
}

bool machine::mesh_access(bool write, std::uint32_t address) {
    std::uint32_t& left = write ? mesh_write_left_ : mesh_read_left_;
    if (!take_ports(left, bank_of(address))) {
        return false;
    }
    ++(write ? counts_.mesh_writes : counts_.mesh_reads);
    return true;
}

void machine::classify() {
    const auto count = [this](cycle_class c) { ++counts_.cycles[static_cast<std::size_t>(c)]; };
    if (running_ == 0) {
        return count(cycle_class::idle);
    }
    if (left_.matrix < core_.matrix_steps_per_cycle) {
        return count(cycle_class::matrix);
    }
    if (left_.simd == 0) {
        return count(cycle_class::simd);
    }
    if (left_.scalar_width < core_.scalar_width) {
        return count(cycle_class::scalar);
    }
    if (refused_) {
        return count(cycle_class::port_conflict);
    }
    if (left_.vector_load < memory_.vector_load_ports || left_.vector_store < memory_.vector_store_ports) {
        return count(cycle_class::memory);
    }
    const bool decoded = std::any_of(threads_.begin(), threads_.end(), [this](const thread_state& t) {
        return t.code != nullptr && (t.occupied != 0 || t.complete > now_);
    });
    count(decoded ? cycle_class::waiting : cycle_class::front_end);
}

// ---------------------------------------------------------------------------------------------------- decode

void machine::decode() {
    std::uint32_t width = core_.decode_width;
    std::uint32_t threads = core_.decode_threads;
    for (std::uint32_t n = 0; n < running_ && threads != 0; ++n) {
        thread_state& t = threads_[by_age_[n]];
        const std::uint32_t before = width;
        while (width != 0 && t.fetched_size != 0 && decode(t, t.code->code[t.fetched[t.fetched_first]])) {
            t.fetched_first = (t.fetched_first + 1) % fetched_most;
            --t.fetched_size;
            --width;
        }
        threads -= width != before ? 1U : 0U;
    }
    counts_.decoded += core_.decode_width - width;
}

register_name machine::renamed(const thread_state& t, register_name r) const noexcept {
    if (!is_accumulator(r) || !t.rotated) {
        return r;
    }
    return static_cast<register_name>(accumulator(0) +
                                      (r - accumulator(0) + accumulators_most / 2) % accumulators_most);
}

std::uint32_t machine::bank_of(std::int64_t address) const noexcept {
    return core_.sram_banks == 0
               ? 0
               : static_cast<std::uint32_t>(static_cast<std::uint64_t>(address) / packet_bytes % core_.sram_banks);
}

bool machine::decode(thread_state& t, const micro_op& op) {
    const auto put = [&](lane l) {
        if (!has_room(t, l)) {
            return false;
        }
        enqueue(t, l, op, op.to, no_register);
        return true;
    };
    switch (op.kind) {
        case op_kind::branch:
        case op_kind::immediate:
            return true;
        case op_kind::list_entry:
            if (list_free_ > now_) {
                return false;
            }
            list_free_ = now_ + core_.list_entry_cycles;
            return true;
        case op_kind::rotate:
            t.rotated = !t.rotated;
            return true;
        case op_kind::scalar:
        case op_kind::semaphore:
            return put(lane::scalar);
        case op_kind::address:
            if (!put(lane::address)) {
                return false;
            }
            t.pointers[static_cast<std::size_t>(op.to - pointer(0))] += op.value;
            return true;
        case op_kind::scalar_load:
            return put(lane::scalar_load);
        case op_kind::scalar_store:
            return put(lane::scalar_store);
        case op_kind::vector_load:
            return put(lane::vector_load);
        case op_kind::vector_store:
            return put(lane::vector_store);
        case op_kind::gather:
            return put(lane::gather);
        case op_kind::scatter:  // the engine knows the place since the granule came from there
            return put(lane::vector_store);
        case op_kind::matrix:
            return put(lane::matrix);
        case op_kind::simd:
            break;
    }
    if (op.base == no_register) {
        return put(lane::simd);
    }
    if (!has_room(t, lane::simd) || !has_room(t, lane::vector_load)) {
        return false;
    }
    const register_name operand = staging(t.staging_next);
    t.staging_next = (t.staging_next + 1) % staging_registers;
    enqueue(t, lane::vector_load, {.kind = op_kind::vector_load, .base = op.base, .value = op.value}, operand,
            no_register);
    micro_op rest = op;
    rest.base = no_register;
    enqueue(t, lane::simd, rest, op.to, operand);
    return true;
}

void machine::enqueue(thread_state& t, lane l, const micro_op& op, register_name to, register_name extra) {
    waiting_op& w = t.queues[static_cast<std::size_t>(l)].push();
    t.occupied |= 1U << static_cast<std::uint32_t>(l);
    w.kind = op.kind;
    w.to = renamed(t, to);
    w.bank =
        op.base == no_register ? 0 : bank_of(t.pointers[static_cast<std::size_t>(op.base - pointer(0))] + op.value);
    const bool updates = op.kind == op_kind::matrix || op.kind == op_kind::address || op.updates;
    const register_name third = updates ? to : extra != no_register ? extra : op.base;
    w.from = {renamed(t, op.from[0]), renamed(t, op.from[1]), renamed(t, third)};
    if (w.to != no_register) {
        const register_state& r = t.registers[w.to];
        w.to_writes = r.writes_decoded;
        w.to_reads = r.reads_decoded;
    }
    for (std::size_t n = 0; n < w.from.size(); ++n) {
        if (w.from[n] != no_register) {
            register_state& r = t.registers[w.from[n]];
            w.from_writes[n] = r.writes_decoded;
            ++r.reads_decoded;
        }
    }
    if (w.to != no_register) {
        register_state& r = t.registers[w.to];
        ++r.writes_decoded;
        if (w.to >= pointer(0) && w.to < staging(0)) {
            w.to_reads = r.reads_started;  // whoever is to read a pointer has it
        }
    }
}

// ---------------------------------------------------------------------------------------------------- fetch

void machine::fetch() {
    branched_ = no_loop;
    for (std::uint32_t n = 0; n < running_; ++n) {
        if (fetch(threads_[by_age_[n]])) {
            ++counts_.fetched;
            return;
        }
    }
}

/// Whether the thread has taken the cycle's fetch.
bool machine::fetch(thread_state& t) {
    const std::uint32_t window = core_.fetch_bytes / op_bytes;
    const auto size = static_cast<std::uint32_t>(t.code->code.size());
    if (t.pc >= size || t.fetch_ready > now_ || t.fetched_size + window > 2 * window) {
        return false;
    }
    const std::uint32_t end = std::min(t.pc + window, size);
    const std::uint32_t address = t.code->address + t.pc * op_bytes;
    const std::uint32_t last = t.code->address + end * op_bytes - 1;
    for (std::uint32_t line = address / instruction_cache::line_bytes; line <= last / instruction_cache::line_bytes;
         ++line) {
        if (!cache_.touch(line * instruction_cache::line_bytes)) {
            refill_free_ = std::max(refill_free_, now_) + core_.instruction_refill_cycles;
            t.fetch_ready = refill_free_;
            cache_.fill(line * instruction_cache::line_bytes);
            ++counts_.refills;
            return true;
        }
    }
    while (t.pc < end) {
        const micro_op& op = t.code->code[t.pc];
        t.fetched[(t.fetched_first + t.fetched_size++) % fetched_most] = static_cast<std::uint16_t>(t.pc);
        ++t.pc;
        if (op.kind != op_kind::branch) {
            continue;
        }
        if (++t.counters[op.loop] < t.code->counts[op.loop]) {
            t.pc = static_cast<std::uint32_t>(op.value);
            branched_ = op.loop;
            break;
        }
        t.counters[op.loop] = 0;
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------- steady state

std::uint32_t machine::remaining(std::uint32_t loop) const noexcept {
    return only_thread().code->counts[loop] - 1 - only_thread().counters[loop];
}

void machine::skip(std::uint32_t loop, std::uint32_t iterations, const machine_counts& all, std::uint32_t times) {
    threads_[by_age_[0]].counters[loop] += times * iterations;
    counts_.add(all, times);
}

void machine::describe(std::uint32_t loop, std::vector<std::uint32_t>& state) const {
    const thread_state& t = only_thread();
    const auto after = [this](cycle c) { return c > now_ ? static_cast<std::uint32_t>(c - now_) : 0U; };
    state.clear();
    state.insert(state.end(), {t.pc, after(t.fetch_ready), after(refill_free_), after(drain_free_), after(list_free_),
                               after(t.complete), t.staging_next, t.rotated ? 1U : 0U, t.occupied, t.fetched_size,
                               static_cast<std::uint32_t>(shut_for_)});
    for (std::uint32_t l = 0; l < t.code->counts.size(); ++l) {
        state.push_back(l == loop ? 0 : t.counters[l]);
    }
    for (std::uint32_t n = 0; n < t.fetched_size; ++n) {
        state.push_back(t.fetched[(t.fetched_first + n) % fetched_most]);
    }
    const auto behind = [](std::uint16_t a, std::uint16_t b) -> std::uint32_t {
        return static_cast<std::uint16_t>(a - b);
    };
    for (const queue& q : t.queues) {
        state.push_back(q.size);
        for (std::uint32_t n = 0; n < q.size; ++n) {
            const waiting_op& op = q.at(n);
            state.insert(state.end(), {static_cast<std::uint32_t>(op.kind), op.to, op.bank});
            for (std::size_t f = 0; f < op.from.size(); ++f) {
                state.push_back(op.from[f]);
                state.push_back(
                    op.from[f] == no_register ? 0 : behind(op.from_writes[f], t.registers[op.from[f]].writes_started));
            }
            if (op.to != no_register) {
                state.push_back(behind(op.to_writes, t.registers[op.to].writes_started));
                state.push_back(behind(op.to_reads, t.registers[op.to].reads_started));
            }
        }
    }
    for (std::uint32_t n = 0; n < register_count; ++n) {
        const register_state& r = t.registers[n];
        const std::uint32_t writes = behind(r.writes_decoded, r.writes_started);
        const std::uint32_t reads = behind(r.reads_decoded, r.reads_started);
        if (writes != 0 || reads != 0 || after(r.ready) != 0 || after(r.accumulates) != 0) {
            state.insert(state.end(), {n, writes, reads, after(r.ready), after(r.accumulates)});
        }
    }
    if (core_.sram_banks != 0) {
        for (const std::int64_t p : t.pointers) {
            state.push_back(bank_of(p));
            state.push_back(static_cast<std::uint32_t>(static_cast<std::uint64_t>(p) % packet_bytes));
        }
    }
    if (t.code->bytes() > core_.instruction_cache_bytes) {
        const auto lines = cache_.lines();
        state.insert(state.end(), lines.begin(), lines.end());
    }
}

}  // namespace d1::pipeline
