// How a machine issues operations to its units and ports.

#include <algorithm>
#include <bit>

#include "models/core/pipeline/machine.hpp"

namespace d1::pipeline {

namespace {

/// Counts that wrap: whether `count` has come to `wanted`.
constexpr bool reached(std::uint16_t count, std::uint16_t wanted) noexcept {
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(count - wanted)) >= 0;
}

}  // namespace

void machine::issue() {
    left_ = {core_.scalar_width,
             core_.scalar_units,
             core_.address_units,
             memory_.scalar_load_ports,
             memory_.scalar_store_ports,
             loads_are_shut_ ? 0 : memory_.vector_load_ports,
             memory_.vector_store_ports,
             core_.gather_granules_per_cycle,
             1,
             core_.matrix_steps_per_cycle};
    refused_ = false;
    started_ = false;
    for (std::uint32_t n = 0; n < running_; ++n) {
        issue(threads_[by_age_[n]]);
    }
    count_shut_loads();
    classify();
    const std::uint64_t cycles = counts_.total_cycles();
    busy_cycles_ = started_ ? cycles : busy_cycles_;
    loading_cycles_ = left_.vector_load < memory_.vector_load_ports ? cycles : loading_cycles_;
    cycles_before_stores_ = counts_.vector_stores == 0 ? cycles : cycles_before_stores_;
    mesh_read_left_ = memory_.mesh_read_ports;
    mesh_write_left_ = memory_.mesh_write_ports;
    banks_taken_ = 0;
    loads_are_shut_ = false;
}

void machine::count_shut_loads() noexcept {
    if (left_.vector_load != 0) {
        shut_for_ = 0;
        return;
    }
    shut_for_ = std::min(shut_for_ + 1, shut_stretches::longest + 1);
    counts_.loads_shut.count(shut_for_);
}

void machine::issue(thread_state& t) {
    for (std::uint32_t lanes = t.occupied; lanes != 0; lanes &= lanes - 1) {
        const auto l = static_cast<lane>(std::countr_zero(lanes));
        while (try_lane(t, l)) {
        }
    }
}

bool machine::try_lane(thread_state& t, lane l) {
    queue& q = t.queues[static_cast<std::size_t>(l)];
    if (q.size == 0) {
        return false;
    }
    const waiting_op& op = q.front();
    if (!operands_ready(t, op, now_) || !take_unit(op, l)) {
        return false;
    }
    start_op(t, op);
    q.pop();
    if (q.size == 0) {
        t.occupied &= ~(1U << static_cast<std::uint32_t>(l));
    }
    return true;
}

bool machine::operands_ready(const thread_state& t, const waiting_op& op, cycle now) noexcept {
    for (std::size_t n = 0; n < op.from.size(); ++n) {
        if (op.from[n] == no_register) {
            continue;
        }
        const register_state& r = t.registers[op.from[n]];
        const cycle ready = op.kind == op_kind::matrix && op.from[n] == op.to ? r.accumulates : r.ready;
        // A pointer that has been written again since was read before.
        if (!reached(r.writes_started, op.from_writes[n]) || (ready > now && r.writes_started == op.from_writes[n])) {
            return false;
        }
    }
    if (op.to == no_register) {
        return true;
    }
    const register_state& r = t.registers[op.to];
    return reached(r.writes_started, op.to_writes) && reached(r.reads_started, op.to_reads);
}

bool machine::take_ports(std::uint32_t& left, std::uint32_t bank) noexcept {
    if (left == 0 || (core_.sram_banks != 0 && (banks_taken_ >> bank & 1U) != 0)) {
        refused_ = true;
        return false;
    }
    --left;
    if (core_.sram_banks != 0) {
        banks_taken_ |= 1ULL << bank;
    }
    return true;
}

bool machine::take_unit(const waiting_op& op, lane l) {
    const auto take = [](std::uint32_t& left) { return left != 0 && (--left, true); };
    switch (l) {
        case lane::scalar:
            return left_.scalar_width != 0 && take(left_.scalar) && take(left_.scalar_width);
        case lane::address:
            return left_.scalar_width != 0 && take(left_.address) && take(left_.scalar_width);
        case lane::scalar_load:
            return left_.scalar_width != 0 && take_ports(left_.scalar_load, op.bank) && take(left_.scalar_width);
        case lane::scalar_store:
            return left_.scalar_width != 0 && take_ports(left_.scalar_store, op.bank) && take(left_.scalar_width);
        case lane::vector_load:
            return take_ports(left_.vector_load, op.bank);
        case lane::vector_store: {
            const bool drains = is_accumulator(op.from[0]);
            if ((drains && drain_free_ > now_) || !take_ports(left_.vector_store, op.bank)) {
                return false;
            }
            if (drains) {
                drain_free_ = now_ + drain_interval_;
            }
            return true;
        }
        case lane::gather:
            return left_.gather != 0 && take_ports(left_.vector_load, op.bank) && take(left_.gather);
        case lane::simd:
            return take(left_.simd);
        case lane::matrix:
            return take(left_.matrix);
    }
    return false;
}

std::uint32_t machine::latency_of(const waiting_op& op) const noexcept {
    switch (op.kind) {
        case op_kind::scalar_load:
        case op_kind::vector_load:
            return memory_.load_latency;
        case op_kind::gather:  // the index has been loaded before
            return core_.gather_latency - std::min(core_.gather_latency - 1, memory_.load_latency);
        case op_kind::simd:
            return core_.simd_latency;
        case op_kind::matrix:
            return core_.matrix_latency;
        default:
            return 1;
    }
}

void machine::start_op(thread_state& t, const waiting_op& op) {
    started_ = true;
    for (const register_name r : op.from) {
        if (r != no_register) {
            ++t.registers[r].reads_started;
        }
    }
    const cycle done = now_ + latency_of(op);
    t.complete = std::max(t.complete, done);
    if (op.to != no_register) {
        register_state& r = t.registers[op.to];
        ++r.writes_started;
        r.ready = std::max(r.ready, done);
        r.accumulates = op.kind == op_kind::matrix ? now_ + core_.matrix_accumulate_cycles : r.ready;
    }
    switch (op.kind) {
        case op_kind::scalar_load:
            ++counts_.scalar_loads;
            ++counts_.scalar;
            break;
        case op_kind::scalar_store:
            ++counts_.scalar_stores;
            ++counts_.scalar;
            break;
        case op_kind::vector_load:
            ++counts_.vector_loads;
            break;
        case op_kind::vector_store:
        case op_kind::scatter:
            ++counts_.vector_stores;
            break;
        case op_kind::gather:
            ++counts_.granules;
            ++counts_.vector_loads;
            break;
        case op_kind::simd:
            ++counts_.simd;
            break;
        case op_kind::matrix:
            ++counts_.matrix;
            break;
        default:
            ++counts_.scalar;
            break;
    }
}

}  // namespace d1::pipeline
