#include "models/program/untimed.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <tuple>
#include <type_traits>

#include "models/numerics/counter_random.hpp"
#include "models/program/apply.hpp"
#include "models/program/untimed_barriers.hpp"

namespace d1::program {

namespace {

using push_step = push<std::int64_t>;
using pull_step = pull<std::int64_t>;
using signal_step = signal<std::int64_t>;
using wait_step = wait<std::int64_t>;
using barrier_step = barrier<std::int64_t>;

constexpr std::uint32_t nobody = 0xFFFF'FFFF;

/// Visits the offsets of an access's rows.
template <typename Visit>
void for_each_row(const access& a, Visit&& visit) {
    for (std::int64_t row = 0; row < a.rows; ++row) {
        visit(static_cast<std::size_t>(a.address + row * a.stride), static_cast<std::size_t>(a.row_bytes));
    }
}

/// The rows of an access, one behind the other.
[[nodiscard]] std::vector<std::byte> collect(std::span<const std::byte> memory, const access& a) {
    std::vector<std::byte> bytes;
    bytes.reserve(static_cast<std::size_t>(a.rows * a.row_bytes));
    for_each_row(a, [&](std::size_t offset, std::size_t length) {
        const auto row = memory.subspan(offset, length);
        bytes.insert(bytes.end(), row.begin(), row.end());
    });
    return bytes;
}

void spread(std::span<const std::byte> bytes, std::span<std::byte> memory, const access& a) {
    for_each_row(a, [&](std::size_t offset, std::size_t length) {
        std::memcpy(memory.subspan(offset, length).data(), bytes.data(), length);
        bytes = bytes.subspan(length);
    });
}

[[nodiscard]] std::string text_of(const access& a) {
    return std::to_string(a.rows) + " rows of " + std::to_string(a.row_bytes) + " B from byte " +
           std::to_string(a.address) + ", " + std::to_string(a.stride) + " B apart";
}

}  // namespace

std::optional<remote_access> remote_access_of(const step& s) {
    const auto side = [](std::int64_t address, const transfer_shape& shape, std::int64_t stride, bool write) {
        const bool one = shape.rows <= 1;
        return access{address, shape.row_bytes, one ? 1 : shape.rows, one ? 0 : stride, write};
    };
    if (const auto* const p = std::get_if<push_step>(&s)) {
        return remote_access{p->to, side(p->destination, p->shape, p->shape.destination_stride, true)};
    }
    if (const auto* const p = std::get_if<pull_step>(&s)) {
        return remote_access{p->from, side(p->source, p->shape, p->shape.source_stride, false)};
    }
    return std::nullopt;
}

class untimed_machine::implementation {
  public:
    implementation(const assignment& job, const untimed_options& options)
        : job_(job),
          options_(options),
          semaphores_(job.nodes.size() * std::size_t{options.node.semaphores}),
          shares_(options.order != nullptr ? semaphores_.size() : 0),
          memories_(options.functional ? job.nodes.size() : 0),
          barriers_(job.nodes) {
        for (std::uint32_t n = 0; n < job.nodes.size(); ++n) {
            first_thread_.push_back(static_cast<std::uint32_t>(threads_.size()));
            const program* const p = job.programs[n];
            if (options.functional) memories_[n].resize(options.node.sram_bytes);
            if (p == nullptr || (!options.started.empty() && !options.started[n])) continue;
            for (std::uint32_t t = 0; t < p->threads.size(); ++t) {
                has_barriers_ = has_barriers_ || std::ranges::any_of(p->threads[t], [](const instruction& i) {
                                    return std::holds_alternative<barrier<affine>>(i);
                                });
                threads_.emplace_back(*p, place{static_cast<node_index>(n), t, 0},
                                      job.nodes.at(static_cast<node_index>(n)));
            }
        }
        first_thread_.push_back(static_cast<std::uint32_t>(threads_.size()));
        for (std::uint32_t t = 0; t < threads_.size(); ++t) ready_.push_back(t);
    }

    untimed_status run() {
        if (options_.schedule == 0) {
            run_in_turn();
        } else {
            run_at_random();
        }
        if (failure_) return untimed_status::failed;
        const bool finished = std::all_of(threads_.begin(), threads_.end(),
                                          [](const thread& t) { return t.current == nullptr && t.started; });
        return finished ? untimed_status::finished : untimed_status::deadlock;
    }

    [[nodiscard]] std::span<std::byte> memory(node_index n) {
        return options_.functional ? std::span(memories_.at(to_number(n))) : std::span<std::byte>();
    }
    [[nodiscard]] const std::optional<stop>& failure() const noexcept { return failure_; }
    [[nodiscard]] std::vector<waiting_thread> waiting() const {
        std::vector<waiting_thread> all;
        for (const thread& t : threads_) {
            if (t.current == nullptr) continue;
            if (const auto* const b = std::get_if<barrier_step>(t.current)) {
                all.push_back({.where = t.where, .absent = barriers_.absent(*b).value_or(t.where.node), .behind = {}});
            } else if (const auto* const w = std::get_if<wait_step>(t.current)) {
                const auto number = static_cast<std::uint32_t>(w->semaphore);
                const counter& c = semaphores_[index_of(t.where.node, number)];
                all.push_back({t.where, {}, number, static_cast<std::uint32_t>(w->amount), c.value, {}});
                const thread& first = threads_[c.first_waiter];
                if (&first != &t) all.back().behind = first.where;
            }
        }
        return all;
    }
    [[nodiscard]] semaphore_state semaphore(node_index n, std::uint32_t number) const {
        const counter& c = semaphores_.at(index_of(n, number));
        semaphore_state s{c.value, c.waited_for, {}};
        if (c.signaller != nobody) {
            s.last_signal = threads_[c.signaller].where;
            s.last_signal->instruction = c.signaller_instruction;
        }
        return s;
    }
    [[nodiscard]] std::pair<cursor, const step*> rest_of(node_index n, std::uint32_t number) const {
        const thread& t = threads_.at(first_thread_.at(to_number(n)) + number);
        return {t.walk, t.current};
    }
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

  private:
    struct thread {
        thread(const program& p, place start, coordinate logical) : where(start), walk(p, start.thread, logical) {}
        place where;
        cursor walk;
        const step* current = nullptr;  // what is being done or waited at
        bool started = false;
        std::uint32_t next_waiter = nobody;
        std::uint32_t under_way = 0;             // transfers
        order_watcher::knowledge transfers = 0;  // what it knows who knows of all since the last barrier
        bool coming = false;                     // to a barrier, once its transfers are done
    };
    struct counter {
        std::uint32_t value = 0;
        std::uint32_t first_waiter = nobody;
        std::uint32_t last_waiter = nobody;
        std::uint32_t signaller = nobody;
        std::uint32_t signaller_instruction = 0;
        bool waited_for = false;
    };
    /// What makes up the value of a counter, oldest first.
    struct share {
        std::uint32_t units = 0;
        order_watcher::knowledge known = 0;
    };
    struct share_queue {
        std::vector<share> all;
        std::size_t front = 0;
    };
    /// A transfer or signal under way.
    struct message {
        std::uint32_t thread = 0;
        std::uint32_t instruction = 0;
        step what;
        order_watcher::transfer name = 0;
        order_watcher::knowledge known = 0;  // of a signal
        bool read = false;
        std::vector<std::byte> bytes{};
    };
    using channel = std::deque<message>;

    [[nodiscard]] std::size_t index_of(node_index n, std::uint32_t semaphore) const {
        return std::size_t{to_number(n)} * options_.node.semaphores + semaphore;
    }
    [[nodiscard]] std::uint32_t number_of(const thread& t) const {
        return static_cast<std::uint32_t>(&t - threads_.data());
    }

    // ------------------------------------------------------------------------------------------------ schedules

    void run_in_turn() {
        while (!ready_.empty() && !failure_) {
            thread& t = threads_[ready_.front()];
            ready_.pop_front();
            while (advance(t) && !failure_) {
            }
        }
    }

    void run_at_random() {
        for (std::uint64_t draw = 0; !failure_; ++draw) {
            const std::size_t choices = ready_.size() + channels_.size();
            if (choices == 0) return;
            const auto chosen =
                static_cast<std::size_t>(numerics::counter_random(options_.schedule, 0, draw) % choices);
            if (chosen < ready_.size()) {
                const std::uint32_t t = ready_[chosen];
                ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(chosen));
                if (advance(threads_[t])) ready_.push_back(t);
                continue;
            }
            const auto from = std::next(channels_.begin(), static_cast<std::ptrdiff_t>(chosen - ready_.size()));
            if (!go_on(from->second.front())) continue;
            from->second.pop_front();
            if (from->second.empty()) channels_.erase(from);
        }
    }

    /// One step of a thread; false where it waits or has come to its end.
    bool advance(thread& t) {
        t.current = t.walk.next();
        t.started = true;
        t.where.instruction = static_cast<std::uint32_t>(t.walk.position());
        if (t.current == nullptr) return false;
        ++steps_;
        if (!inside(t)) return false;
        if (options_.steps != nullptr) options_.steps->starts(t.where, *t.current);
        return std::visit([&](const auto& s) { return execute(t, s); }, *t.current);
    }

    // ------------------------------------------------------------------------------------------------ steps

    template <typename Step>
    bool execute(thread& t, const Step&) {
        if (options_.order != nullptr) options_.order->computes(t.where, *t.current);
        if (!options_.functional) return true;
        const applied result = apply(*t.current, memory(t.where.node), options_.arithmetic);
        if (!result) fail(fault_kind::operands, t.where, result.fault);
        return bool(result);
    }
    bool execute(thread& t, const push_step& p) { return issue(t, p.to, true); }
    bool execute(thread& t, const pull_step& p) { return issue(t, p.from, false); }
    bool execute(thread& t, const signal_step& s) {
        if (!s.to) {
            return add(t.where.node, s.update, number_of(t), t.where.instruction, released(t, {}));
        }
        const node_index there = node_of(*s.to);
        const auto known = released(t, there);
        if (options_.schedule == 0) return add(there, s.update, number_of(t), t.where.instruction, known);
        send(t, there, true).known = known;
        return true;
    }
    bool execute(thread& t, const wait_step& w) {
        counter* const c = find(t.where, t.where.node, w.semaphore, w.amount);
        if (c == nullptr) return false;
        c->waited_for = true;
        if (c->first_waiter != nobody || c->value < static_cast<std::uint32_t>(w.amount)) {
            const std::uint32_t number = number_of(t);
            (c->first_waiter == nobody ? c->first_waiter : threads_[c->last_waiter].next_waiter) = number;
            c->last_waiter = number;
            t.next_waiter = nobody;
            return false;
        }
        take(t, *c, w);
        return true;
    }

    bool execute(thread& t, const barrier_step& b) {
        if (b.number < 0 || b.number >= options_.node.barriers || !barriers_.fits(b, t.where.node)) {
            fail(fault_kind::semaphore, t.where,
                 "comes to barrier " + std::to_string(b.number) + " of " + std::to_string(b.columns) + " x " +
                     std::to_string(b.rows) + " nodes from (" + std::to_string(b.corner.x) + ", " +
                     std::to_string(b.corner.y) + ") on; a node has " + std::to_string(options_.node.barriers) +
                     " barriers, and takes part in those of which it is one");
            return false;
        }
        t.coming = true;
        if (t.under_way == 0) come(t);
        return false;  // those that leave a barrier become ready
    }
    void come(thread& t) {
        t.coming = false;
        order_watcher* const order = options_.order;
        const auto known = order != nullptr ? order->join(released(t, {}), std::exchange(t.transfers, 0)) : 0;
        const auto leaving = barriers_.come(t.where.node, {number_of(t), std::get<barrier_step>(*t.current), known});
        order_watcher::knowledge all = 0;
        for (const auto& c : leaving) all = order != nullptr ? order->join(all, c.known) : 0;
        for (const auto& c : leaving) {
            if (order != nullptr) order->learns(threads_[c.thread].where, all);
            ready_.push_back(c.thread);
        }
    }
    bool execute(thread&, const list_begin&) { return true; }

    bool issue(thread& t, const node_reference<std::int64_t>& remote, bool in_order) {
        const auto name = options_.order != nullptr ? options_.order->issues(t.where, *t.current) : 0;
        if (options_.order != nullptr && has_barriers_) {
            t.transfers = options_.order->join(t.transfers, options_.order->all_done(name));
        }
        ++t.under_way;
        if (options_.schedule != 0) {
            send(t, node_of(remote), in_order).name = name;
            return true;
        }
        scratch_.thread = number_of(t);
        scratch_.instruction = t.where.instruction;
        scratch_.what = *t.current;
        scratch_.name = name;
        read_source(scratch_);
        write_destination(scratch_);
        return !failure_;
    }

    /// What goes from one node to another in order has one channel; a pull has one of its own.
    message& send(const thread& t, node_index there, bool in_order) {
        const std::uint64_t number = in_order ? 0 : ++pulls_;
        channel& c = channels_[{t.where.node, in_order ? there : t.where.node, number}];
        return c.emplace_back(message{number_of(t), t.where.instruction, *t.current});
    }

    /// The next part of a message; true when it was the last.
    bool go_on(message& m) {
        if (const auto* const s = std::get_if<signal_step>(&m.what)) {
            (void)add(node_of(*s->to), s->update, m.thread, m.instruction, m.known);
            return true;
        }
        if (!m.read) {
            read_source(m);
            m.read = true;
            return false;
        }
        write_destination(m);
        return true;
    }

    void read_source(message& m) {
        const place who = place_of(m);
        const remote_access remote = *remote_access_of(m.what);
        const auto* const p = std::get_if<push_step>(&m.what);
        const node_index from = p != nullptr ? who.node : node_of(remote.node);
        const access a = p != nullptr ? accesses(m.what).front() : remote.touched;
        if (options_.order != nullptr) options_.order->reads(m.name, who, from, a);
        if (options_.functional) m.bytes = collect(memory(from), a);
        if (p != nullptr && p->done) {
            const auto known = options_.order != nullptr ? options_.order->reads_done(m.name) : 0;
            (void)add(who.node, *p->done, m.thread, m.instruction, known);
        }
    }

    void write_destination(message& m) {
        const place who = place_of(m);
        const remote_access remote = *remote_access_of(m.what);
        const auto* const p = std::get_if<push_step>(&m.what);
        const node_index to = p != nullptr ? node_of(remote.node) : who.node;
        const access a = p != nullptr ? remote.touched : accesses(m.what).front();
        if (options_.order != nullptr) options_.order->writes(m.name, to, a);
        if (options_.functional) spread(m.bytes, memory(to), a);
        const auto& signal = p != nullptr ? p->notify : std::get<pull_step>(m.what).done;
        if (signal && !failure_) {
            const auto known = options_.order != nullptr ? options_.order->all_done(m.name) : 0;
            (void)add(to, *signal, m.thread, m.instruction, known);
        }
        if (options_.order != nullptr) options_.order->ends(m.name);
        thread& issuer = threads_[m.thread];
        if (--issuer.under_way == 0 && issuer.coming) come(issuer);
    }

    [[nodiscard]] place place_of(const message& m) const {
        place who = threads_[m.thread].where;
        who.instruction = m.instruction;
        return who;
    }

    // ------------------------------------------------------------------------------------------------ semaphores

    [[nodiscard]] order_watcher::knowledge released(const thread& t, std::optional<node_index> to) {
        return options_.order != nullptr ? options_.order->released(t.where, to) : 0;
    }

    /// The semaphore of a node, or a failure of `where`.
    [[nodiscard]] counter* find(const place& where, node_index n, std::int64_t number, std::int64_t amount) {
        if (number < 0 || number >= options_.node.semaphores) {
            fail(fault_kind::semaphore, where,
                 "names semaphore " + std::to_string(number) + "; a node has " +
                     std::to_string(options_.node.semaphores));
            return nullptr;
        }
        if (amount < 0 || amount > 0xFFFF'FFFF) {
            fail(fault_kind::semaphore, where,
                 "has an amount of " + std::to_string(amount) + "; semaphores count from 0 to 4294967295");
            return nullptr;
        }
        return &semaphores_[index_of(n, static_cast<std::uint32_t>(number))];
    }

    bool add(node_index n, const semaphore_update<std::int64_t>& u, std::uint32_t signaller, std::uint32_t position,
             order_watcher::knowledge known) {
        place who = threads_[signaller].where;
        who.instruction = position;
        counter* const c = find(who, n, u.semaphore, u.amount);
        if (c == nullptr) return false;
        const auto amount = static_cast<std::uint32_t>(u.amount);
        if (__builtin_add_overflow(c->value, amount, &c->value)) {
            fail(fault_kind::semaphore, who,
                 "makes semaphore " + std::to_string(u.semaphore) + " of " + text_of(n) + " overflow: it has " +
                     std::to_string(c->value - amount) + " and gets " + std::to_string(amount));
            return false;
        }
        c->signaller = signaller;
        c->signaller_instruction = position;
        if (options_.order != nullptr && amount != 0) {
            shares_[static_cast<std::size_t>(c - semaphores_.data())].all.push_back({amount, known});
        }
        while (c->first_waiter != nobody) {
            thread& t = threads_[c->first_waiter];
            const auto& w = std::get<wait_step>(*t.current);
            if (c->value < static_cast<std::uint32_t>(w.amount)) break;
            take(t, *c, w);
            ready_.push_back(c->first_waiter);
            c->first_waiter = t.next_waiter;
        }
        return true;
    }

    void take(thread& t, counter& c, const wait_step& w) {
        auto amount = static_cast<std::uint32_t>(w.amount);
        c.value -= amount;
        if (options_.order == nullptr) return;
        share_queue& shares = shares_[static_cast<std::size_t>(&c - semaphores_.data())];
        order_watcher::knowledge known = 0;
        while (amount != 0) {
            share& oldest = shares.all[shares.front];
            const std::uint32_t taken = std::min(amount, oldest.units);
            known = options_.order->join(known, oldest.known);
            amount -= taken;
            oldest.units -= taken;
            if (oldest.units == 0) ++shares.front;
        }
        if (2 * shares.front > shares.all.size()) {
            shares.all.erase(shares.all.begin(), shares.all.begin() + static_cast<std::ptrdiff_t>(shares.front));
            shares.front = 0;
        }
        options_.order->learns(t.where, known);
    }

    // ------------------------------------------------------------------------------------------------ what may be
    // named

    [[nodiscard]] node_index node_of(const node_reference<std::int64_t>& n) const { return job_.index(n); }
    [[nodiscard]] std::string text_of(node_index n) const {
        const coordinate c = job_.nodes.at(n);
        return "node (" + std::to_string(c.x) + ", " + std::to_string(c.y) + ")";
    }

    /// Whether all that the step touches is there; a failure where it is not.
    [[nodiscard]] bool inside(const thread& t) {
        const step& s = *t.current;
        for (const access& a : accesses(s)) {
            if (!lies_in(a, options_.node.sram_bytes)) {
                fail(fault_kind::range, t.where,
                     std::string(a.write ? "writes " : "reads ") + d1::program::text_of(a) + "; the SRAM has " +
                         std::to_string(options_.node.sram_bytes) + " B");
                return false;
            }
        }
        if (const auto* const signal = std::get_if<signal_step>(&s)) return !signal->to || exists(t, *signal->to);
        const auto remote = remote_access_of(s);
        if (!remote) return true;
        if (!exists(t, remote->node)) return false;
        if (!lies_in(remote->touched, options_.node.sram_bytes)) {
            fail(fault_kind::range, t.where,
                 std::string(remote->touched.write ? "writes " : "reads ") + d1::program::text_of(remote->touched) +
                     " in " + text_of(node_of(remote->node)) + "; the SRAM has " +
                     std::to_string(options_.node.sram_bytes) + " B");
            return false;
        }
        return true;
    }
    [[nodiscard]] bool exists(const thread& t, const node_reference<std::int64_t>& n) {
        if (!job_.contains(n)) {
            fail(fault_kind::owner, t.where,
                 "names node (" + std::to_string(n.x) + ", " + std::to_string(n.y) + "); the job has " +
                     std::to_string(job_.nodes.columns) + " x " + std::to_string(job_.nodes.rows) + " nodes");
            return false;
        }
        return true;
    }

    void fail(fault_kind kind, const place& where, std::string what) {
        if (!failure_) failure_ = stop{kind, where, std::move(what)};
    }

    const assignment& job_;
    untimed_options options_;
    std::vector<thread> threads_;              // by node and number
    std::vector<std::uint32_t> first_thread_;  // by node
    std::vector<counter> semaphores_;          // by node and number
    std::vector<share_queue> shares_;          // by semaphore, where order is watched
    std::vector<std::vector<std::byte>> memories_;
    std::deque<std::uint32_t> ready_;
    std::map<std::tuple<node_index, node_index, std::uint64_t>, channel> channels_;  // none of them empty
    std::uint64_t pulls_ = 0;
    detail::untimed_barriers barriers_;
    bool has_barriers_ = false;
    message scratch_;
    std::optional<stop> failure_;
    std::uint64_t steps_ = 0;
};

untimed_machine::untimed_machine(const assignment& job, const untimed_options& options)
    : implementation_(std::make_unique<implementation>(job, options)) {}
untimed_machine::~untimed_machine() = default;
untimed_machine::untimed_machine(untimed_machine&&) noexcept = default;
untimed_machine& untimed_machine::operator=(untimed_machine&&) noexcept = default;

std::span<std::byte> untimed_machine::memory(node_index n) {
    return implementation_->memory(n);
}
untimed_status untimed_machine::run() {
    return implementation_->run();
}
const std::optional<untimed_machine::stop>& untimed_machine::failure() const noexcept {
    return implementation_->failure();
}
std::vector<untimed_machine::waiting_thread> untimed_machine::waiting() const {
    return implementation_->waiting();
}
untimed_machine::semaphore_state untimed_machine::semaphore(node_index n, std::uint32_t number) const {
    return implementation_->semaphore(n, number);
}
std::pair<cursor, const step*> untimed_machine::rest_of(node_index n, std::uint32_t thread) const {
    return implementation_->rest_of(n, thread);
}
std::uint64_t untimed_machine::steps() const noexcept {
    return implementation_->steps();
}

}  // namespace d1::program
