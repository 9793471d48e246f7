#include "models/program/checker.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "models/program/checker_parts.hpp"

namespace d1::program {

namespace {

using detail::byte_ranges;
using detail::finding_list;
using detail::order_checks;
using detail::step_checks;

class job_checker {
  public:
    job_checker(const assignment& job, const check_options& options) : job_(job), options_(options), findings_(job) {}

    std::vector<finding> run() {
        check_structure();
        if (findings_.empty()) execute();
        return findings_.take();
    }

  private:
    void check_structure() {
        std::set<const program*> seen;
        for (const program* const p : job_.programs) {
            if (p == nullptr || !seen.insert(p).second) continue;
            for (const diagnostic& d : validate(*p, options_.node)) findings_.add(fault_kind::structure, *p, d);
            declares_input_ = declares_input_ || std::any_of(p->buffers.begin(), p->buffers.end(),
                                                             [](const buffer& b) { return b.input; });
        }
    }

    void execute() {
        step_checks steps(job_, findings_);
        untimed_machine machine(job_, {.node = options_.node, .functional = false, .steps = &steps});
        const untimed_status status = machine.run();
        if (status == untimed_status::failed) {
            const auto& f = *machine.failure();
            findings_.add(f.kind, f.where, f.message);
            return;
        }
        if (status == untimed_status::deadlock) {
            detail::find_dead_waits(machine, job_, findings_);
        } else {
            match_semaphores(machine);
        }
        const std::vector<bool> watched = nodes_to_watch(steps);
        watch_order(steps, watched, 0);
        for (std::uint32_t order = 1; options_.depth == check_depth::full && order < options_.orders; ++order) {
            if (!findings_.empty()) break;  // others would say the same in other words
            watch_order(steps, watched, order);
        }
    }

    void match_semaphores(const untimed_machine& machine) {
        for (std::uint32_t n = 0; n < job_.nodes.size(); ++n) {
            const auto node = static_cast<node_index>(n);
            if (job_.at(node) == nullptr) continue;
            std::vector<std::uint32_t> left(options_.node.semaphores);
            for (const semaphore_range& s : job_.at(node)->semaphores) {
                std::fill_n(left.begin() + s.first, s.count, s.left);
            }
            for (std::uint32_t s = 0; s < options_.node.semaphores; ++s) {
                const auto state = machine.semaphore(node, s);
                if (state.value == left[s]) continue;
                std::string message = "leaves " + std::to_string(state.value) + " in " + findings_.text_of(node, s) +
                                      " of " + findings_.text_of(node) + ", of which ";
                message += left[s] != 0 ? std::to_string(left[s]) + " are to be left" : "nothing is to be left";
                if (!state.waited_for) message += "; nobody waits for it";
                if (state.last_signal) {
                    findings_.add(fault_kind::unmatched, *state.last_signal, std::move(message));
                } else {
                    findings_.add(fault_kind::unmatched, node, std::move(message));
                }
            }
        }
    }

    /// What each node knows of the others grows with their number, and so does the time to keep it.
    static constexpr std::size_t largest_quick_group = 16;

    /// All nodes; or, for a quick check, one group of nodes for each set of programs.
    [[nodiscard]] std::vector<bool> nodes_to_watch(step_checks& steps) const {
        std::vector<bool> watched(job_.nodes.size(), options_.depth == check_depth::full);
        if (options_.depth == check_depth::full) return watched;
        std::set<std::vector<const program*>> seen;
        for (const auto& group : steps.groups()) {
            std::vector<const program*> programs;
            for (const node_index n : group) programs.push_back(job_.at(n));
            std::sort(programs.begin(), programs.end(), std::less<>());
            if (group.size() > largest_quick_group || !seen.insert(std::move(programs)).second) continue;
            for (const node_index n : group) watched[to_number(n)] = true;
        }
        return watched;
    }

    /// By node, what must be written before it is read.
    [[nodiscard]] std::vector<byte_ranges> missing(const step_checks& steps) const {
        const bool told = declares_input_ || !options_.loaded.empty();
        std::vector<byte_ranges> all(job_.nodes.size());
        for (std::uint32_t n = 0; n < job_.nodes.size(); ++n) {
            const program* const p = job_.programs[n];
            if (p == nullptr) continue;
            std::map<std::uint32_t, std::uint32_t> ranges;  // in ascending order
            for (std::uint32_t b = 0; b < p->buffers.size(); ++b) {
                const buffer& described = p->buffers[b];
                const bool loaded = !told ? !steps.is_written(static_cast<node_index>(n), b)
                                          : described.input || std::ranges::find(options_.loaded, described.name) !=
                                                                   options_.loaded.end();
                if (!loaded) ranges.emplace(described.address, described.bytes);
            }
            for (const auto& [address, bytes] : ranges) all[n].append(address, std::int64_t{address} + bytes);
        }
        return all;
    }

    void watch_order(const step_checks& steps, const std::vector<bool>& watched, std::uint64_t schedule) {
        order_checks order(job_, options_.node, missing(steps), watched, findings_);
        untimed_machine machine(
            job_,
            {.node = options_.node, .functional = false, .schedule = schedule, .started = watched, .order = &order});
        const untimed_status status = machine.run();
        order.finish();
        if (schedule == 0 || !findings_.empty()) return;  // the rest has been said
        if (status == untimed_status::failed)
            findings_.add(machine.failure()->kind, machine.failure()->where, machine.failure()->message);
        if (status == untimed_status::deadlock) detail::find_dead_waits(machine, job_, findings_);
    }

    const assignment& job_;
    const check_options& options_;
    finding_list findings_;
    bool declares_input_ = false;
};

}  // namespace

std::vector<finding> check(const assignment& job, const check_options& options) {
    return job_checker(job, options).run();
}

}  // namespace d1::program
