#include <set>

#include "models/program/checker_parts.hpp"

namespace d1::program::detail {

namespace {

/// Visits the rows of an access: visit(first, end).
template <typename Visit>
void for_each_row(const access& a, Visit&& visit) {
    for (std::int64_t row = 0; row < a.rows; ++row) {
        visit(a.address + row * a.stride, a.address + row * a.stride + a.row_bytes);
    }
}

}  // namespace

order_checks::order_checks(const assignment& job, const limits& node, std::vector<byte_ranges> missing, attention nodes,
                           finding_list& findings)
    : job_(job),
      findings_(findings),
      races_(job.nodes.size(), node.threads),
      missing_(std::move(missing)),
      nodes_(std::move(nodes)) {}

void order_checks::computes(const place& where, const step& s) {
    if (!nodes_.watched[to_number(where.node)]) return;
    for (const access& a : accesses(s)) {
        for_each_row(a, [&](std::int64_t first, std::int64_t end) {
            races_.thread_access(where.node, where.thread, where.instruction, first, end - first, a.write);
            if (a.write) {
                missing_[to_number(where.node)].remove(first, end);
            } else {
                read(where, where.node, first, end);
            }
        });
    }
}

order_watcher::transfer order_checks::issues(const place& where, const step& s) {
    if (!follows(where)) return not_followed;
    std::optional<node_index> pushed_to;
    if (const auto* const p = std::get_if<push<std::int64_t>>(&s)) {
        pushed_to = job_.index(p->to);
    }
    return races_.begin_transfer(where.node, where.thread, where.instruction, pushed_to);
}

void order_checks::reads(transfer t, const place& who, node_index memory, const access& a) {
    const bool runs = nodes_.started[to_number(memory)];  // else nobody writes what is pulled from there
    if (t == not_followed || (runs && !nodes_.watched[to_number(memory)])) return;
    for_each_row(a, [&](std::int64_t first, std::int64_t end) {
        if (runs) races_.transfer_access(t, memory, first, end - first, false);
        read(who, memory, first, end);
    });
}

void order_checks::writes(transfer t, node_index memory, const access& a) {
    if (t == not_followed || !nodes_.watched[to_number(memory)]) return;
    for_each_row(a, [&](std::int64_t first, std::int64_t end) {
        races_.transfer_access(t, memory, first, end - first, true);
        missing_[to_number(memory)].remove(first, end);
    });
}

void order_checks::ends(transfer t) {
    if (t != not_followed) races_.end_transfer(t);
}
order_watcher::knowledge order_checks::released(const place& where, std::optional<node_index> to) {
    return follows(where) ? races_.release(where.node, where.thread, to) : race_detector::nothing;
}
order_watcher::knowledge order_checks::reads_done(transfer t) {
    return t != not_followed ? races_.reads_done(t) : race_detector::nothing;
}
order_watcher::knowledge order_checks::all_done(transfer t) {
    return t != not_followed ? races_.all_done(t) : race_detector::nothing;
}
void order_checks::learns(const place& where, knowledge k) {
    if (follows(where)) races_.acquire(where.node, where.thread, k);
}

void order_checks::read(const place& who, node_index memory, std::int64_t first, std::int64_t end) {
    const auto unwritten = missing_[to_number(memory)].first_in(first, end);
    if (unwritten) unwritten_.try_emplace(who, unwritten_read{memory, *unwritten});
}

void order_checks::finish() {
    const auto text = [this](const race_party& p) {
        return std::string(p.write ? "written" : "read") + (p.transfer ? " by the transfer of " : " by ") +
               findings_.text_of(place{p.node, p.thread, p.instruction});
    };
    std::set<program_place> racing;
    for (const race& r : races_.races()) {
        for (const race_party& p : {r.earlier, r.later}) {
            racing.insert(in_program({p.node, p.thread, p.instruction}));
        }
        findings_.add(fault_kind::race, place{r.later.node, r.later.thread, r.later.instruction},
                      "bytes " + std::to_string(r.address) + " to " + std::to_string(r.address + r.bytes - 1) + " of " +
                          findings_.text_of(r.memory) + " are " + text(r.later) + " and " + text(r.earlier) +
                          ", and nothing puts the two in order");
    }
    for (const auto& [where, read] : unwritten_) {
        if (racing.contains(in_program(where))) continue;
        findings_.add(fault_kind::uninitialised, where,
                      "reads bytes " + std::to_string(read.bytes.first) + " to " + std::to_string(read.bytes.end - 1) +
                          " of " + findings_.text_of(read.memory) + ", which nobody has written");
    }
    if (races_.forgotten_reads() != 0) {
        for (std::uint32_t n = 0; n < nodes_.watched.size(); ++n) {
            if (!nodes_.watched[n]) continue;
            findings_.add(fault_kind::race, static_cast<node_index>(n),
                          "cannot be decided: too many reads of the same bytes");
            return;
        }
    }
}

}  // namespace d1::program::detail
