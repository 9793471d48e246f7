#include "models/core/core.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "models/core/core_thread.hpp"
#include "models/core/instruction_cost.hpp"
#include "models/numerics/matrix.hpp"
#include "models/packet/transfer_cutter.hpp"
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
    if (my_.costs != nullptr) {
        kernel_owner& self = *this;
        pipeline_ = std::make_unique<cycle_pipeline>(my_.events, self, account_, parameters_, memory_);
    }
}

core::~core() = default;

void core::launch(const program::program& program, const placement& where, coordinate logical) {
    program_ = &program;
    placement_ = &where;
    logical_ = logical;
    for (const program::buffer& b : program.buffers) {
        if (b.content == program::buffer_content::index) {
            indices_.push_back({b.address, std::int64_t{b.address} + b.bytes});
        }
    }
    has_barriers_ = std::any_of(program.threads.begin(), program.threads.end(), [](const auto& instructions) {
        return std::any_of(instructions.begin(), instructions.end(), [](const program::instruction& i) {
            return std::holds_alternative<program::barrier<program::affine>>(i);
        });
    });
    for (std::size_t i = 0; i < program.threads.size(); ++i) {
        thread& t = *threads_.at(i);
        t.start(program, logical);
        ++running_;
        account_.begin(t.number, my_.events.now());
        t.told = my_.events.now();
        spend(t, my_.events.now() + parameters_.launch_cycles, cycle_class::launch);
        resume(t, my_.events.now() + parameters_.launch_cycles);
    }
}

// ---------------------------------------------------------------------------------------------------- events

void core::resume(thread& t, timing::cycle at) {
    t.due = at;
    my_.events.schedule(at, timing::order_of(timing::phase::threads, to_number(my_.here), t.number, t.resumed++), *this,
                        &t);
}

void core::serve(void* subject) {
    thread& t = *static_cast<thread*>(subject);
    if (t.due != my_.events.now()) {
        return;  // its kernel has not ended when it would have alone
    }
    t.due = thread::never;
    if (t.doing == thread::activity::computing) {
        if (t.cost != nullptr) {
            leave_kernel(t);
        }
        complete_compute(t);
        t.current = nullptr;
    }
    t.doing = thread::activity::running;
    run(t, my_.events.now());
}

void core::granted(std::uint32_t number, const causality& cause) {
    thread& t = *threads_[number];
    learn(t, cause);
    const timing::cycle at = my_.events.now() + parameters_.wake_cycles;
    count_.wait_cycles += at - t.blocked_since;
    spend(t,
          {.end = at,
           .doing = cause.data ? cycle_class::data : cycle_class::others,
           .awaited = awaited_semaphore(std::get<program::wait<std::int64_t>>(*t.current).semaphore, cause.data)},
          cause.activity);
    t.current = nullptr;
    resume(t, at);
}

void core::kernel_ends(std::uint32_t number, timing::cycle at) {
    resume(*threads_[number], at);
}

void core::kernel_goes_on(std::uint32_t number) {
    threads_[number]->due = thread::never;
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
                if (t.walk->gave_up()) {
                    fail(t, "ends one more of " + std::to_string(program::cursor::max_idle_iterations) +
                                " iterations of loops in a row that hold no instruction");
                } else if (local > now) {
                    resume(t, local);
                } else {
                    halt(t);
                }
                return;
            }
            local += t.walk->in_list() ? parameters_.list_entry_cycles : parameters_.issue_cycles;
            ++count_.instructions;
            spend(t, local, cycle_class::front_end);
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
    return std::holds_alternative<program::wait<std::int64_t>>(s) ||
           std::holds_alternative<program::barrier<std::int64_t>>(s) || (signal != nullptr && !signal->to);
}

core::outcome core::execute(thread& t, timing::cycle& local) {
    if (!check_accesses(t)) {
        return outcome::blocked;
    }
    count(*t.current);
    return std::visit(
        [&](const auto& s) {
            using kind = std::decay_t<decltype(s)>;
            if constexpr (requires { cost_of(s, parameters_, memory_); }) {
                if (my_.costs != nullptr) {
                    const bool in_company = my_.timing == timing_kind::at && units_.is_busy(local);
                    return compute(t, in_company ? my_.costs->in_company(s) : my_.costs->of(s), local);
                }
                const unit_demand demand = cost_of(s, parameters_, memory_);
                return compute(t, {demand, demand.slots, {}}, local);
            } else if constexpr (std::is_same_v<kind, program::wait<std::int64_t>>) {
                return wait(t, s);
            } else if constexpr (std::is_same_v<kind, program::list_begin>) {
                return outcome::go_on;
            } else {
                return hand_over(t, s, local);
            }
        },
        *t.current);
}

void core::count(const program::step& s) {
    if (const auto* const m = std::get_if<program::matrix_multiply<std::int64_t>>(&s)) {
        const std::uint64_t steps = std::uint64_t{m->row_blocks} * m->column_blocks * m->k_steps;
        const std::uint32_t bytes = numerics::bytes(m->a_type.format) + numerics::bytes(m->b_type.format);
        count_.matrix_steps += steps;
        count_.matrix_steps_8_bit += bytes == 2 ? steps : 0;
        count_.register_bytes += steps * numerics::slice_elements * bytes;
    } else if (const auto* const v = std::get_if<program::vector_operation<std::int64_t>>(&s)) {
        count_.simd_elements += std::uint64_t{v->rows} * active_elements(*v);
    } else if (const auto* const t = std::get_if<program::transpose<std::int64_t>>(&s)) {
        count_.simd_elements += std::uint64_t{t->rows} * t->columns;
    } else if (const auto* const r = std::get_if<program::reduce<std::int64_t>>(&s)) {
        count_.simd_elements += std::uint64_t{r->rows} * r->elements;
    } else if (const auto* const g = std::get_if<program::gather<std::int64_t>>(&s)) {
        count_.gather_granules += granules_of(*g);
    } else if (const auto* const a = std::get_if<program::scatter_add<std::int64_t>>(&s)) {
        count_.gather_granules += granules_of(*a);
        count_.simd_elements += a->elements * elements_of_row(*a);
    }
}

core::outcome core::compute(thread& t, const instruction_cost& cost, timing::cycle& local) {
    const unit_demand& demand = cost.demand;
    const auto slots = [&cost](unit u) { return cost.work[static_cast<std::size_t>(u)]; };
    // A SIMD operation on an element reads two FP32 operands and writes a result.
    constexpr std::uint64_t simd_bytes = 3 * sizeof(float);
    count_.vector_load_lines += slots(unit::vector_load);
    count_.vector_store_lines += slots(unit::vector_store);
    count_.simd_operations += slots(unit::simd);
    count_.register_bytes +=
        packet_bytes * (slots(unit::vector_load) + slots(unit::vector_store)) + simd_bytes * slots(unit::simd);
    const timing::cycle now = my_.events.now();
    if (my_.timing == timing_kind::ca && pipeline_) {
        t.doing = thread::activity::computing;
        t.cost = &cost;
        t.blocked_since = now;
        pipeline_->start(t.number, cost);
        return outcome::blocked;
    }
    const bool shares = my_.timing != timing_kind::lt;
    const unit_schedule::stretch alone{local, local + demand.cycles, 0, demand.cycles};
    const timing::cycle end = shares ? std::max(units_.reserve(local, demand), now + 1) : alone.end + demand.latency;
    count_.compute_cycles += end - local;
    account(t, demand, shares ? units_.latest() : std::span(&alone, 1), end);
    if (my_.timing == timing_kind::lt && end <= now + my_.quantum) {
        complete_compute(t);
        local = end;
        return outcome::go_on;
    }
    t.doing = thread::activity::computing;
    resume(t, end);
    return outcome::blocked;
}

/// The account knows of the cycles in which the kernel had company; what it took beyond its own goes to the log as
/// waiting for units.
void core::leave_kernel(thread& t) {
    const timing::cycle now = my_.events.now();
    const unit_demand& demand = std::exchange(t.cost, nullptr)->demand;
    count_.compute_cycles += now - t.blocked_since;
    const unit_schedule::stretch work{t.blocked_since, std::max(t.blocked_since, now - demand.latency), 0,
                                      demand.cycles};
    account(t, demand, {&work, 1}, now);
}

void core::account(thread& t, const unit_demand& demand, std::span<const unit_schedule::stretch> work,
                   timing::cycle end) {
    for (const unit_schedule::stretch& s : work) {
        thread_stretch done{.end = s.end,
                            .doing = cycle_class::memory,
                            .wants_ports = demand.wants_ports || s.done_at_end - s.done_at_begin < s.end - s.begin};
        for (std::size_t c = 0; c < work_class_count; ++c) {
            const std::uint64_t all = demand.shares[c];
            done.shares[c] = all == 0 ? 0 : all * s.done_at_end / demand.cycles - all * s.done_at_begin / demand.cycles;
        }
        spend(t, done);
    }
    spend(t, end, cycle_class::latency);
}

void core::spend(thread& t, const thread_stretch& s, std::uint32_t cause) {
    if (my_.activities != nullptr && s.end > t.told) {
        t.activity = my_.activities->add({.node = my_.here,
                                          .thread = t.number,
                                          .instruction = t.walk->position(),
                                          .begin = t.told,
                                          .what = s,
                                          .previous = t.activity,
                                          .cause = cause});
    }
    t.told = std::max(t.told, s.end);
    account_.spend(t.number, s);
}

void core::complete_compute(thread& t) {
    // Ranges were checked when the instruction began.
    const program::step& s = *t.current;
    const bool is_real = my_.functional || (!indices_.empty() && touches_indices(program::accesses(s), true));
    const program::applied done = is_real ? apply(t) : program::check_indices(s, memory_with_indices(t));
    if (!done) {
        fail(t, done.fault);
        return;
    }
    count_.invalid += done.raised.invalid ? 1U : 0U;
    count_.denormal += done.raised.denormal ? 1U : 0U;
    count_.overflow += done.raised.overflow ? 1U : 0U;
    count_.underflow += done.raised.underflow ? 1U : 0U;
    if (my_.races != nullptr || my_.uninitialised != nullptr) {
        note_accesses(t);
    }
}

bool core::touches_indices(const program::access_list& touched, bool write) const {
    return std::any_of(touched.begin(), touched.end(), [&](const program::access& a) {
        const auto where = program::extent_of(a);
        return a.write == write && where &&
               std::any_of(indices_.begin(), indices_.end(), [&](const program::extent& buffer) {
                   return where->first >= buffer.first && where->end <= buffer.end;
               });
    });
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
    account_.end(t.number);
    if (my_.activities != nullptr) {
        my_.activities->end_of_thread(t.activity);
    }
    --running_;
    finish_cycle_ = std::max(finish_cycle_, my_.events.now());
    longest_chain_ = std::max(longest_chain_, t.chain);
}

// ---------------------------------------------------------------------------------------------------- memory

bool core::check_accesses(thread& t) {
    if (const auto taken = program::index_access(*t.current)) {
        if (!touches_indices({*taken}, false)) {
            fail(t, "takes indices from byte " + std::to_string(taken->address) +
                        " on, which do not lie in a buffer declared content=index");
            return false;
        }
    }
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
        } else if (t->doing == thread::activity::in_barrier) {
            const auto& b = std::get<program::barrier<std::int64_t>>(*t->current);
            why << "waits in barrier " << b.number << " of " << text_of(b);
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

void core::add_waits(wait_cycles& all) const {
    const std::vector<std::uint64_t>& cycles = account_.awaited();
    for (std::uint32_t awaited = 0; awaited < cycles.size(); ++awaited) {
        if (cycles[awaited] != 0) {
            const cycle_class c = is_awaited_data(awaited) ? cycle_class::data : cycle_class::others;
            all[{c, awaited_name(*program_, awaited)}] += cycles[awaited];
        }
    }
}

void core::register_statistics(statistics::group& group) {
    group.counter("instructions", "instructions", "instructions issued", count_.instructions);
    group.counter("matrix_steps", "steps", "8x8x4 steps of the matrix unit", count_.matrix_steps);
    group.counter("matrix_steps_8_bit", "steps", "of these, with two operands of 8 bits", count_.matrix_steps_8_bit);
    group.counter("simd_elements", "elements", "elements of the SIMD unit", count_.simd_elements);
    group.counter("simd_operations", "operations", "operations of the SIMD unit on one element each",
                  count_.simd_operations);
    group.counter("register_bytes", "B", "bytes read from or written to vector registers", count_.register_bytes);
    group.counter("vector_load_lines", "lines", "64-byte lines read at the vector load ports",
                  count_.vector_load_lines);
    group.counter("vector_store_lines", "lines", "64-byte lines written at the vector store ports",
                  count_.vector_store_lines);
    group.counter("compute_cycles", "cycles", "thread-cycles in matrix and SIMD instructions", count_.compute_cycles);
    group.counter("wait_cycles", "cycles", "thread-cycles waiting for semaphores", count_.wait_cycles);
    group.counter("dma_stall_cycles", "cycles", "thread-cycles waiting for room in the network interface",
                  count_.dma_stall_cycles);
    group.counter("gather_granules", "granules", "granules that the gather engine moved", count_.gather_granules);
    group.counter("barrier_cycles", "cycles", "thread-cycles waiting in barriers", count_.barrier_cycles);
    group.counter("invalid", "instructions", "SIMD instructions that met a NaN, or gave one", count_.invalid);
    group.counter("denormal", "instructions", "SIMD instructions that met a denormal operand", count_.denormal);
    group.counter("overflow", "instructions", "SIMD instructions of a result beyond the largest", count_.overflow);
    group.counter("underflow", "instructions", "SIMD instructions of a result below the smallest normal, not exact",
                  count_.underflow);
}

void core::reset() {
    count_ = {};
    units_.reset();
    account_.reset();
    if (pipeline_) {
        pipeline_->reset();
    }
    for (auto& t : threads_) {
        t->reset();
    }
    dma_pending_ = nullptr;
    dma_waiting_.clear();
    indices_.clear();
    has_barriers_ = false;
    program_ = nullptr;
    placement_ = nullptr;
    running_ = 0;
    finish_cycle_ = 0;
    longest_chain_ = 0;
    dmi_ = {};
    dmi_refused_ = false;
}

}  // namespace d1
