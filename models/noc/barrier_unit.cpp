#include "models/noc/barrier_unit.hpp"

#include <algorithm>
#include <utility>

namespace d1::noc {

void barrier_unit::enter(std::uint32_t thread, const barrier_entry& entry, const causality& cause) {
    if (entry.number < 0 || entry.number >= static_cast<std::int64_t>(barriers_.size())) {
        actions_.fail("thread " + std::to_string(thread) + " comes to barrier " + std::to_string(entry.number) +
                      "; a node has 0 to " + std::to_string(barriers_.size() - 1));
        return;
    }
    const auto number = static_cast<std::uint32_t>(entry.number);
    barriers_[number].threads.push_back({thread, entry, cause});
    advance(number, cause.activity);
}

void barrier_unit::told(std::uint32_t number, std::uint64_t meaning, const causality& cause) {
    barriers_[number].reports.push_back({meaning, cause});
    advance(number, cause.activity);
}

void barrier_unit::advance(std::uint32_t number, std::uint32_t last_activity) {
    barrier& b = barriers_[number];
    if (b.complete_below || b.threads.empty()) {
        return;
    }
    const barrier_entry& entry = b.threads.front().entry;
    if (b.threads.size() < entry.threads || b.reports.size() < entry.children.size()) {
        return;
    }
    const auto threads_end = b.threads.begin() + entry.threads;
    const auto reports_end = b.reports.begin() + static_cast<std::ptrdiff_t>(entry.children.size());
    const bool agreed =
        std::all_of(b.threads.begin(), threads_end, [&](const comer& c) { return c.entry.meaning == entry.meaning; }) &&
        std::all_of(b.reports.begin(), reports_end, [&](const report& r) { return r.meaning == entry.meaning; });
    if (!agreed) {
        actions_.fail("barrier " + std::to_string(number) +
                      " means other nodes or threads to some of those that have come to it than to thread " +
                      std::to_string(b.threads.front().thread));
        return;
    }
    causality cause{.activity = last_activity};
    std::for_each(b.threads.begin(), threads_end, [&](const comer& c) { join(cause, c.cause); });
    std::for_each(b.reports.begin(), reports_end, [&](const report& r) { join(cause, r.cause); });
    b.reports.erase(b.reports.begin(), reports_end);
    b.complete_below = true;
    if (entry.parent) {
        actions_.tell_parent(*entry.parent, entry, cause);
    } else {
        actions_.complete(number, cause);
    }
}

void barrier_unit::released(std::uint32_t number, const causality& cause) {
    barrier& b = barriers_[number];
    if (!b.complete_below) {
        actions_.fail("barrier " + std::to_string(number) + " ends for other nodes, and not for this one");
        return;
    }
    const barrier_entry entry = b.threads.front().entry;
    for (const node_index child : entry.children) {
        actions_.tell_child(child, entry, cause);
    }
    for (std::uint32_t i = 0; i < entry.threads; ++i) {
        const std::uint32_t thread = b.threads.front().thread;
        b.threads.pop_front();
        actions_.leave(thread, cause);
    }
    b.complete_below = false;
    advance(number, cause.activity);
}

void barrier_unit::join(causality& all, const causality& one) {
    all.chain = std::max(all.chain, one.chain);
    all.knowledge = races_ != nullptr ? races_->join(all.knowledge, one.knowledge) : 0;
}

std::vector<std::string> barrier_unit::waiting() const {
    std::vector<std::string> all;
    for (std::size_t number = 0; number < barriers_.size(); ++number) {
        const barrier& b = barriers_[number];
        if (b.threads.empty()) {
            continue;
        }
        const barrier_entry& entry = b.threads.front().entry;
        std::string text = "barrier " + std::to_string(number) + ": ";
        if (b.complete_below) {
            text += "all here have come, others have not";
        } else {
            text += std::to_string(b.threads.size()) + " of " + std::to_string(entry.threads) +
                    " threads of this node have come, " + std::to_string(b.reports.size()) + " of " +
                    std::to_string(entry.children.size()) + " nodes that it waits for";
        }
        all.push_back(std::move(text));
    }
    return all;
}

void barrier_unit::reset() {
    std::fill(barriers_.begin(), barriers_.end(), barrier());
}

}  // namespace d1::noc
