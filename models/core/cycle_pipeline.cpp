#include "models/core/cycle_pipeline.hpp"

#include <bit>
#include <cassert>
#include <utility>

#include "models/core/pipeline/steady_state.hpp"

namespace d1 {

namespace {

/// Calls `visit` with the number of each thread of a set.
void for_each_thread(std::uint32_t threads, const auto& visit) {
    for (; threads != 0; threads &= threads - 1) {
        visit(static_cast<std::uint32_t>(std::countr_zero(threads)));
    }
}

}  // namespace

cycle_pipeline::cycle_pipeline(timing::event_queue& events, kernel_owner& owner, cycle_account& account,
                               const core_parameters& core, const sram_parameters& memory)
    : clocked_block(events), events_(events), owner_(owner), account_(account), core_(core), memory_(memory) {}

void cycle_pipeline::start(std::uint32_t thread, const instruction_cost& cost) {
    const timing::cycle now = events_.now();
    const auto lone = std::exchange(lone_, std::nullopt);
    if (lone && lone->end > now) {
        catch_up(*lone);
    }
    if (running_ == 0 && core_.sram_banks == 0) {
        lone_ = {thread, &cost, now, now + cost.demand.cycles + cost.demand.latency};
        owner_.kernel_ends(thread, lone_->end);
        return;
    }
    if (running_ != 0) {
        tell(now);
    }
    enter(thread, cost);
    events_.activate(*this);
}

bool cycle_pipeline::mesh_access(bool write, std::uint32_t address) {
    events_.activate(*this);
    return machine().mesh_access(write, address);
}

pipeline::machine& cycle_pipeline::machine() {
    if (!machine_) {
        machine_ = std::make_unique<pipeline::machine>(core_, memory_);
    }
    return *machine_;
}

void cycle_pipeline::enter(std::uint32_t thread, const instruction_cost& cost) {
    if (running_ == 0) {
        told_ = machine().counts();
    }
    running_ |= 1U << thread;
    machine_->warm(cost.kernel);
    machine_->start(thread, cost.kernel);
}

void cycle_pipeline::catch_up(const lone_kernel& lone) {
    const timing::cycle now = events_.now();
    owner_.kernel_goes_on(lone.thread);
    enter(lone.thread, *lone.cost);
    pipeline::run_only_thread(*machine_, lone.cost->kernel, now - lone.begin);
    assert(machine_->busy());
}

bool cycle_pipeline::commit() {
    ++ticks_;
    const std::uint32_t ended = machine_->tick();
    if (ended != 0) {
        const timing::cycle next = events_.now() + 1;
        tell(next);
        running_ &= ~ended;
        for_each_thread(ended, [&](std::uint32_t thread) { owner_.kernel_ends(thread, next); });
    }
    return running_ != 0;
}

/// The threads in the machine tell together what its cycles up to `now` went to: the first of them, the others nothing.
void cycle_pipeline::tell(timing::cycle now) {
    const pipeline::machine_counts since = machine_->counts().since(told_);
    told_ = machine_->counts();
    thread_stretch all{.end = now, .doing = cycle_class::memory, .shares = shares_of(since)};
    for_each_thread(running_, [&](std::uint32_t thread) {
        assert(account_.position(thread) + since.total_cycles() == now);
        account_.spend(thread, all);
        all.shares = {};
    });
}

std::uint64_t cycle_pipeline::progress() const noexcept {
    return machine_ ? machine_->counts().decoded + machine_->busy_cycles() : 0;
}

void cycle_pipeline::reset() {
    lone_.reset();
    machine_.reset();
    running_ = 0;
    told_ = {};
    ticks_ = 0;
}

}  // namespace d1
