#include "models/program/checker.hpp"

#include <algorithm>
#include <functional>
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
        if (options_.depth == check_depth::quick) {
            watch_sample(steps);
            return;
        }
        const detail::attention all(std::vector<bool>(job_.nodes.size(), true));
        for (std::uint32_t order = 0; order < options_.orders; ++order) {
            if (order != 0 && !findings_.empty()) break;  // others would say the same in other words
            watch_order(steps, all, order, findings_);
        }
    }

    /// What a sample cannot tell from a fault is looked at as a whole.
    void watch_sample(step_checks& steps) {
        const detail::attention sample = sample_of(steps);
        finding_list suspicions(job_);
        watch_order(steps, sample, 0, suspicions);
        if (!suspicions.empty()) watch_order(steps, sample.whole(), 0, findings_);
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
    static constexpr std::size_t largest_whole_group = 16;

    /// One group of nodes for each set of programs. Of a small one all; of a large one the memory of one node for each
    /// program, and what those know who have to do with it.
    [[nodiscard]] detail::attention sample_of(step_checks& steps) const {
        detail::attention sample(std::vector<bool>(job_.nodes.size()));
        std::set<std::vector<const program*>> seen;
        for (const auto& group : steps.groups()) {
            std::vector<const program*> programs;
            for (const node_index n : group) programs.push_back(job_.at(n));
            std::sort(programs.begin(), programs.end(), std::less<>());
            if (!seen.insert(std::move(programs)).second) continue;
            std::set<const program*> watched;
            for (const node_index n : group) {
                sample.started[to_number(n)] = true;
                if (group.size() > largest_whole_group && !watched.insert(job_.at(n)).second) continue;
                sample.watched[to_number(n)] = sample.followed[to_number(n)] = true;
                const std::vector<bool>& partners = steps.partners(n);
                std::transform(partners.begin(), partners.end(), sample.followed.begin(), sample.followed.begin(),
                               std::logical_or<>());
            }
        }
        return sample;
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

    void watch_order(const step_checks& steps, const detail::attention& nodes, std::uint64_t schedule,
                     finding_list& findings) {
        order_checks order(job_, options_.node, missing(steps), nodes, findings);
        untimed_machine machine(job_, {.node = options_.node,
                                       .functional = false,
                                       .schedule = schedule,
                                       .started = nodes.started,
                                       .order = &order});
        const untimed_status status = machine.run();
        order.finish();
        if (schedule == 0 || !findings.empty()) return;  // the rest has been said
        if (status == untimed_status::failed)
            findings.add(machine.failure()->kind, machine.failure()->where, machine.failure()->message);
        if (status == untimed_status::deadlock) detail::find_dead_waits(machine, job_, findings);
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
