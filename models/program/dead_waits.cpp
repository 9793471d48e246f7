// Who waits for whom, when nothing can go on.

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "models/program/checker_parts.hpp"

namespace d1::program::detail {

namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

/// Where a thread would next add to a semaphore that others wait for.
struct possible_signal {
    std::size_t waiting = nobody;  ///< the number of the thread that would signal, itself waiting
    std::size_t instruction = 0;
};

class dead_waits {
  public:
    dead_waits(const untimed_machine& machine, const assignment& job, finding_list& findings)
        : machine_(machine), job_(job), findings_(findings), waiting_(machine.waiting()) {}

    void run() {
        for (const auto& w : waiting_) {
            if (!w.absent) signals_.try_emplace(key_of(w.where.node, w.semaphore));
        }
        for (std::size_t i = 0; i < waiting_.size(); ++i) look_ahead(i);
        std::vector<bool> told(waiting_.size());
        for (std::size_t i = 0; i < waiting_.size(); ++i) {
            const std::vector<std::size_t> chain = chain_from(i);
            const std::size_t last = chain.back();
            const std::size_t next = next_after(last);
            // Tell of a circle at each of its threads, and of a semaphore without signals where it is waited for.
            const bool in_circle = next == i;
            if (!told[i] && (in_circle || (chain.size() == 1 && next == nobody))) tell(chain, in_circle);
            told[i] = true;
        }
    }

  private:
    [[nodiscard]] static std::uint64_t key_of(node_index n, std::uint32_t semaphore) {
        return std::uint64_t{to_number(n)} << 32 | semaphore;
    }
    [[nodiscard]] const possible_signal& signal_for(std::size_t i) const {
        static constexpr possible_signal none;
        if (waiting_[i].absent) return none;
        return signals_.at(key_of(waiting_[i].where.node, waiting_[i].semaphore));
    }

    /// The thread that would have to go on for thread i to do so.
    [[nodiscard]] std::size_t next_after(std::size_t i) const {
        if (waiting_[i].absent) {
            const auto held = std::ranges::find_if(waiting_, [&](const auto& w) {
                return w.where.node == *waiting_[i].absent && !(w.absent && w.absent == waiting_[i].absent);
            });
            return held == waiting_.end() ? nobody : static_cast<std::size_t>(held - waiting_.begin());
        }
        if (!waiting_[i].behind) return signal_for(i).waiting;
        const auto first = std::ranges::find(waiting_, *waiting_[i].behind, &untimed_machine::waiting_thread::where);
        return static_cast<std::size_t>(first - waiting_.begin());
    }

    /// Takes down where thread i of those that wait would signal, if it went on.
    void look_ahead(std::size_t i) {
        constexpr std::uint64_t enough =
            1'000'000;  // steps; a thread that signals no earlier is of no help to a reader
        const place& where = waiting_[i].where;
        std::uint64_t steps = 0;
        const auto note = [&](node_index n, const auto& update, std::size_t instruction) {
            if (!update || update->amount <= 0 || update->semaphore < 0) return;
            const auto found = signals_.find(key_of(n, static_cast<std::uint32_t>(update->semaphore)));
            if (found != signals_.end() && found->second.waiting == nobody) found->second = {i, instruction};
        };
        machine_.for_each_remaining(where.node, where.thread, [&](std::size_t instruction, const step& s) {
            if (const auto* const p = std::get_if<push<std::int64_t>>(&s)) {
                note(where.node, p->done, instruction);
                if (job_.contains(p->to)) note(job_.index(p->to), p->notify, instruction);
            } else if (const auto* const q = std::get_if<pull<std::int64_t>>(&s)) {
                note(where.node, q->done, instruction);
            } else if (const auto* const g = std::get_if<signal<std::int64_t>>(&s)) {
                if (g->to && !job_.contains(*g->to)) return true;
                note(g->to ? job_.index(*g->to) : where.node, std::optional(g->update), instruction);
            }
            return ++steps < enough;
        });
    }

    /// Thread i and those that would have to go on first, each once.
    [[nodiscard]] std::vector<std::size_t> chain_from(std::size_t i) const {
        std::vector<std::size_t> chain{i};
        for (;;) {
            const std::size_t next = next_after(chain.back());
            if (next == nobody || std::ranges::find(chain, next) != chain.end()) return chain;
            chain.push_back(next);
        }
    }

    void tell(const std::vector<std::size_t>& chain, bool in_circle) {
        constexpr std::size_t shown = 12;
        std::string text;
        for (std::size_t n = 0; n < chain.size(); ++n) {
            const auto& w = waiting_[chain[n]];
            if (n == shown) {
                text += "; and so on, over " + std::to_string(chain.size() - shown) + " more threads";
                break;
            }
            if (n != 0) text += "; " + findings_.text_of(w.where) + " ";
            if (w.absent) {
                text += "waits at a barrier to which " + findings_.text_of(*w.absent) + " has not come";
                continue;
            }
            text += "waits for " + std::to_string(w.amount) + " of " + findings_.text_of(w.where.node, w.semaphore) +
                    ", which is " + std::to_string(w.value);
            const possible_signal& s = signal_for(chain[n]);
            if (w.behind) {
                text += ", and stands behind " + findings_.text_of(*w.behind) + ", which came first";
            } else if (s.waiting == nobody) {
                text += " and which nobody is left to signal";
            } else {
                const place& by = waiting_[s.waiting].where;
                text += " and which " +
                        findings_.text_of(place{by.node, by.thread, static_cast<std::uint32_t>(s.instruction)}) +
                        " would signal";
            }
        }
        if (in_circle)
            text += ": a circle of " + std::to_string(chain.size()) + (chain.size() == 1 ? " wait" : " waits");
        findings_.add(fault_kind::dead_wait, waiting_[chain.front()].where, std::move(text));
    }

    const untimed_machine& machine_;
    const assignment& job_;
    finding_list& findings_;
    std::vector<untimed_machine::waiting_thread> waiting_;
    boost::unordered_flat_map<std::uint64_t, possible_signal> signals_;  // by semaphore that is waited for
};

}  // namespace

void find_dead_waits(const untimed_machine& machine, const assignment& job, finding_list& findings) {
    dead_waits(machine, job, findings).run();
}

}  // namespace d1::program::detail
