#include "models/core/core.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "models/core/core_thread.hpp"
#include "models/core/instruction_cost.hpp"
#include "models/packet/address_map.hpp"
#include "models/program/source_map.hpp"

namespace d1 {

core::core(const sc_core::sc_module_name& name, const core_surroundings& surroundings,
           const core_parameters& parameters, const sram_parameters& memory)
    : sc_module(name),
      my_(surroundings),
      parameters_(parameters),
      memory_(memory),
      units_(unit_rates(parameters, memory)) {
    mem.bind(*this);
    dma.bind(*this);
    my_.semaphores.connect(*this);
    for (std::uint32_t i = 0; i < parameters.threads; ++i) {
        threads_.push_back(std::make_unique<thread>(i));
    }
}

core::~core() = default;

void core::launch(const program::program& program, const placement& where, coordinate logical) {
    program_ = &program;
    placement_ = &where;
    logical_ = logical;
    for (std::size_t i = 0; i < program.threads.size(); ++i) {
        thread& t = *threads_.at(i);
        t.start(program, logical);
        ++running_;
        resume(t, my_.events.now() + parameters_.launch_cycles);
    }
}

// ---------------------------------------------------------------------------------------------------- events

void core::resume(thread& t, timing::cycle at) {
    my_.events.schedule(at, timing::order_of(timing::phase::threads, to_number(my_.here), t.number, t.resumed++), *this,
                        &t);
}

void core::serve(void* subject) {
    thread& t = *static_cast<thread*>(subject);
    if (t.doing == thread::activity::computing) {
        complete_compute(t);
        t.current = nullptr;
    }
    t.doing = thread::activity::running;
    run(t, my_.events.now());
}

void core::granted(std::uint32_t number, const causality& cause) {
    thread& t = *threads_[number];
    learn(t, cause);
    count_.wait_cycles += my_.events.now() + parameters_.wake_cycles - t.blocked_since;
    t.current = nullptr;
    resume(t, my_.events.now() + parameters_.wake_cycles);
}

void core::learn(thread& t, const causality& cause) {
    t.chain = std::max(t.chain, cause.chain + parameters_.wake_cycles);
    if (my_.races != nullptr) {
        my_.races->acquire(my_.here, t.number, cause.knowledge);
    }
}

// ---------------------------------------------------------------------------------------------------- one thread

void core::run(thread& t, timing::cycle local) {
    const timing::cycle now = my_.events.now();
    while (!my_.events.failure()) {
        if (t.current == nullptr) {
            t.current = t.walk->next();
            if (t.current == nullptr) {
                if (local > now) {
                    resume(t, local);
                } else {
                    halt(t);
                }
                return;
            }
            local += parameters_.issue_cycles;
            ++count_.instructions;
        }
        const std::uint32_t lead = my_.timing == timing_kind::lt && !synchronises(*t.current) ? my_.quantum : 0;
        if (local > now + lead) {
            resume(t, local);
            return;
        }
        if (execute(t, local) == outcome::blocked) {
            return;
        }
        t.current = nullptr;
    }
}

bool core::synchronises(const program::step& s) {
    const auto* const signal = std::get_if<program::signal<std::int64_t>>(&s);
    return std::holds_alternative<program::wait<std::int64_t>>(s) || (signal != nullptr && !signal->to);
}

core::outcome core::execute(thread& t, timing::cycle& local) {
    if (!check_accesses(t)) {
        return outcome::blocked;
    }
    return std::visit(
        [&](const auto& s) {
            using kind = std::decay_t<decltype(s)>;
            if constexpr (std::is_same_v<kind, program::matrix_multiply<std::int64_t>>) {
                count_.matrix_steps += std::uint64_t{s.row_blocks} * s.column_blocks * s.k_steps;
                return compute(t, cost_of(s, parameters_, memory_), local);
            } else if constexpr (std::is_same_v<kind, program::vector_operation<std::int64_t>>) {
                count_.simd_elements += s.elements;
                return compute(t, cost_of(s, parameters_, memory_), local);
            } else if constexpr (std::is_same_v<kind, program::wait<std::int64_t>>) {
                return wait(t, s);
            } else {
                return hand_over(t, s, local);
            }
        },
        *t.current);
}

core::outcome core::compute(thread& t, const unit_demand& demand, timing::cycle& local) {
    count_.vector_load_lines += demand.slots[static_cast<std::size_t>(unit::vector_load)];
    count_.vector_store_lines += demand.slots[static_cast<std::size_t>(unit::vector_store)];
    const timing::cycle now = my_.events.now();
    const timing::cycle end = my_.timing == timing_kind::at ? std::max(units_.reserve(local, demand), now + 1)
                                                            : local + demand.cycles + demand.latency;
    count_.compute_cycles += end - local;
    if (my_.timing == timing_kind::lt && end <= now + my_.quantum) {
        complete_compute(t);
        local = end;
        return outcome::go_on;
    }
    t.doing = thread::activity::computing;
    resume(t, end);
    return outcome::blocked;
}

void core::complete_compute(thread& t) {
    if (my_.races != nullptr || my_.uninitialised != nullptr) {
        note_accesses(t);
    }
    // Ranges were checked when the instruction began.
    if (my_.functional && !apply(t)) {
        fail(t, "writes a result over an operand that it still reads");
    }
}

core::outcome core::wait(thread& t, const program::wait<std::int64_t>& w) {
    if (w.semaphore < 0 || w.semaphore >= my_.semaphores.size() || w.amount < 0 || w.amount > 0xFFFF'FFFF) {
        fail(t, "waits for " + std::to_string(w.amount) + " of semaphore " + std::to_string(w.semaphore) +
                    "; the node has semaphores 0 to " + std::to_string(my_.semaphores.size() - 1));
        return outcome::blocked;
    }
    t.blocked_since = my_.events.now();
    const auto cause =
        my_.semaphores.wait(static_cast<std::uint32_t>(w.semaphore), static_cast<std::uint32_t>(w.amount), t.number);
    if (!cause) {
        t.doing = thread::activity::waiting;
        return outcome::blocked;
    }
    learn(t, *cause);
    return outcome::go_on;
}

void core::halt(thread& t) {
    t.doing = thread::activity::halted;
    --running_;
    finish_cycle_ = std::max(finish_cycle_, my_.events.now());
    longest_chain_ = std::max(longest_chain_, t.chain);
}

// ---------------------------------------------------------------------------------------------------- commands

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
    return hand_over(t, p.to, p.destination, local);
}

core::outcome core::hand_over(thread& t, const program::pull<std::int64_t>& p, timing::cycle& local) {
    dma_extension& command = t.command(dma_operation::pull);
    command.geometry = geometry_of(p);
    command.done = narrow(p.done);
    return hand_over(t, p.from, p.source, local);
}

core::outcome core::hand_over(thread& t, const program::signal<std::int64_t>& s, timing::cycle& local) {
    if (!s.to) {
        const std::uint32_t knowledge = my_.races != nullptr ? my_.races->release(my_.here, t.number) : 0;
        my_.signals.schedule(my_.events.now() + 1, s.update.semaphore, s.update.amount, {t.chain + 1, knowledge});
        return outcome::go_on;
    }
    dma_extension& command = t.command(dma_operation::signal);
    command.notify = narrow(s.update);
    return hand_over(t, *s.to, 0, local);
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
    if (my_.uninitialised != nullptr) {
        command.from = {t.number, static_cast<std::uint32_t>(t.walk->position())};
    }
    const node_index there = placement_->at(logical);
    if (my_.races != nullptr) {
        inform_races(t, there);
    }
    tlm::tlm_generic_payload& p =
        t.request.prepare(address_map::encode({0, 0, there, static_cast<std::uint32_t>(offset)}));
    sc_core::sc_time lead = my_.events.clock().time(local - my_.events.now());
    if (my_.timing == timing_kind::lt) {
        dma->b_transport(p, lead);
    } else {
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        const tlm::tlm_sync_enum answer = dma->nb_transport_fw(p, phase, lead);
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
            break;
    }
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
    resume(t, next);
}

void core::resume_next_in_line() {
    if (!dma_waiting_.empty()) {
        leave_stall(*dma_waiting_.front());
    }
}

tlm::tlm_sync_enum core::nb_transport_bw(tlm::tlm_generic_payload&, tlm::tlm_phase& phase, sc_core::sc_time&) {
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

// ---------------------------------------------------------------------------------------------------- memory

bool core::check_accesses(thread& t) {
    for (const program::access& a : program::accesses(*t.current)) {
        if (!program::lies_in(a, memory_.bytes)) {
            std::ostringstream text;
            text << (a.write ? "writes " : "reads ") << a.rows << " rows of " << a.row_bytes << " B from byte "
                 << a.address << ", " << a.stride << " B apart; the SRAM has " << memory_.bytes << " B";
            fail(t, text.str());
            return false;
        }
    }
    return true;
}

// ---------------------------------------------------------------------------------------------------- reports

void core::fail(const thread& t, const std::string& what) {
    std::ostringstream text;
    text << name() << ": program '" << program_->name << "', "
         << program::place_of(*program_, t.number, t.walk->position()) << " " << what;
    my_.events.fail(text.str());
}

std::vector<blocked_thread> core::blocked() const {
    std::vector<blocked_thread> all;
    const auto waiting = my_.semaphores.waiters();
    for (const auto& t : threads_) {
        if (!t->walk || t->doing == thread::activity::halted) {
            continue;
        }
        std::ostringstream why;
        const auto mine = std::find_if(waiting.begin(), waiting.end(),
                                       [&](const semaphore_file::waiting& w) { return w.thread == t->number; });
        if (mine != waiting.end()) {
            why << "waits for " << mine->amount << " of semaphore " << mine->semaphore;
            for (const program::semaphore_range& r : program_->semaphores) {
                if (mine->semaphore >= r.first && mine->semaphore < r.first + r.count) {
                    why << " (" << r.name << "+" << mine->semaphore - r.first << ")";
                }
            }
            why << ", which is " << my_.semaphores.value(mine->semaphore);
        } else if (t->doing == thread::activity::stalled) {
            why << "waits for room in the network interface's queue";
        } else {
            why << "has not finished";
        }
        const std::size_t position = t->walk->position();
        all.push_back({t->number, position, program::place_of(*program_, t->number, position), why.str()});
    }
    return all;
}

void core::register_statistics(statistics::group& group) {
    group.counter("instructions", "instructions", "instructions issued", count_.instructions);
    group.counter("matrix_steps", "steps", "8x8x4 steps of the matrix unit", count_.matrix_steps);
    group.counter("simd_elements", "elements", "elements of the SIMD unit", count_.simd_elements);
    group.counter("vector_load_lines", "lines", "64-byte lines read at the vector load ports",
                  count_.vector_load_lines);
    group.counter("vector_store_lines", "lines", "64-byte lines written at the vector store ports",
                  count_.vector_store_lines);
    group.counter("compute_cycles", "cycles", "thread-cycles in matrix and SIMD instructions", count_.compute_cycles);
    group.counter("wait_cycles", "cycles", "thread-cycles waiting for semaphores", count_.wait_cycles);
    group.counter("dma_stall_cycles", "cycles", "thread-cycles waiting for room in the network interface",
                  count_.dma_stall_cycles);
}

void core::reset() {
    count_ = {};
    units_.reset();
    for (auto& t : threads_) {
        t->reset();
    }
    dma_pending_ = nullptr;
    dma_waiting_.clear();
    program_ = nullptr;
    placement_ = nullptr;
    running_ = 0;
    finish_cycle_ = 0;
    longest_chain_ = 0;
    dmi_ = {};
    dmi_refused_ = false;
}

}  // namespace d1
