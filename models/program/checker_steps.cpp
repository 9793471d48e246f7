#include <algorithm>
#include <numeric>

#include "models/program/checker_parts.hpp"

namespace d1::program::detail {

// ---------------------------------------------------------------------------------------------------- buffers

buffer_map::buffer_map(const program& p) : program_(p) {
    for (std::uint32_t i = 0; i < p.buffers.size(); ++i) {
        const buffer& b = p.buffers[i];
        entries_.push_back({b.address, std::int64_t{b.address} + b.bytes, i});
    }
    std::ranges::sort(entries_, {}, &entry::first);
}

std::optional<std::uint32_t> buffer_map::holding(const extent& range) const noexcept {
    const auto after = std::ranges::upper_bound(entries_, range.first, {}, &entry::first);
    if (after == entries_.begin() || range.end > std::prev(after)->end) return std::nullopt;
    return std::prev(after)->number;
}

std::string buffer_map::complaint(const extent& range) const {
    const std::string bytes = "bytes " + std::to_string(range.first) + " to " + std::to_string(range.end - 1);
    for (const entry& e : entries_) {
        if (range.first < e.end && e.first < range.end) {
            return bytes + ", which leave buffer '" + program_.buffers[e.number].name + "' of bytes " +
                   std::to_string(e.first) + " to " + std::to_string(e.end - 1);
        }
    }
    return bytes + ", which lie in no buffer of program '" + program_.name + "'";
}

// ---------------------------------------------------------------------------------------------------- steps

step_checks::step_checks(const assignment& job, finding_list& findings)
    : job_(job),
      findings_(findings),
      map_of_(job.nodes.size()),
      parent_(job.nodes.size()),
      pulls_(job.nodes.size()),
      partners_(job.nodes.size(), std::vector<bool>(job.nodes.size())) {
    std::iota(parent_.begin(), parent_.end(), 0U);
    std::map<const program*, std::size_t> numbers;
    for (const program* const p : job.programs) {
        if (p != nullptr && numbers.try_emplace(p, maps_.size()).second) maps_.emplace_back(*p);
    }
    for (std::uint32_t n = 0; n < job.nodes.size(); ++n) {
        const program* const p = job.programs[n];
        first_buffer_.push_back(written_.size());
        if (p == nullptr) continue;
        map_of_[n] = &maps_[numbers[p]];
        written_.resize(written_.size() + p->buffers.size());
    }
}

void step_checks::starts(const place& where, const step& s) {
    const access_list touched = accesses(s);
    if (overwrites_operand(s, touched)) {
        findings_.add(fault_kind::operands, where, "writes a result over an operand that it still reads");
    }
    for (const access& a : touched) {
        std::uint8_t* const marks = mark(where, where.node, a);
        if (marks != nullptr && a.write) *marks |= written;
    }
    if (const auto other = remote_access_of(s)) {
        remote(where, job_.index(other->node), other->touched);
    } else if (const auto* const i = std::get_if<signal<std::int64_t>>(&s); i != nullptr && i->to) {
        const node_index there = job_.index(*i->to);
        if (exists(where, there)) exchange(where.node, there);
    } else if (const auto* const b = std::get_if<barrier<std::int64_t>>(&s)) {
        const std::int64_t columns = std::min<std::int64_t>(b->columns, job_.nodes.columns);
        const std::int64_t rows = std::min<std::int64_t>(b->rows, job_.nodes.rows);
        for (std::int64_t n = 0; n < columns * rows; ++n) {
            const node_reference<std::int64_t> member{b->corner.x + n % columns, b->corner.y + n / columns};
            if (job_.contains(member) && exists(where, job_.index(member))) connect(where.node, job_.index(member));
        }
    }
}

void step_checks::remote(const place& where, node_index there, const access& a) {
    if (!exists(where, there)) return;
    std::uint8_t* const marks = mark(where, there, a);
    if (marks == nullptr) return;
    if (a.write) {
        *marks |= written;
        exchange(where.node, there);
        return;
    }
    *marks |= pulled;
    auto& pulls = pulls_[to_number(where.node)];
    pulls.resize(job_.nodes.size());
    pulls[to_number(there)] = true;
    partners_[to_number(there)][to_number(where.node)] = true;
}

bool step_checks::exists(const place& where, node_index there) {
    if (job_.at(there) != nullptr) return true;
    findings_.add(fault_kind::owner, where, "names " + findings_.text_of(there) + ", which runs no program");
    return false;
}

/// What is noted of the buffer that an access lies in; null, with a finding, where there is none.
std::uint8_t* step_checks::mark(const place& where, node_index memory, const access& a) {
    const extent range = *extent_of(a);  // the machine has seen that it lies in the memory
    const buffer_map& map = *map_of_[to_number(memory)];
    if (const auto number = map.holding(range)) return &written_[first_buffer_[to_number(memory)] + *number];
    std::string message = (a.write ? "writes " : "reads ") + map.complaint(range);
    if (memory != where.node) message += ", of " + findings_.text_of(memory);
    findings_.add(fault_kind::buffer, where, std::move(message));
    return nullptr;
}

// ---------------------------------------------------------------------------------------------------- groups

std::uint32_t step_checks::group_of(std::uint32_t node) {
    while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
    return node;
}

void step_checks::connect(node_index a, node_index b) {
    const std::uint32_t one = group_of(to_number(a));
    const std::uint32_t other = group_of(to_number(b));
    parent_[std::max(one, other)] = std::min(one, other);
}

void step_checks::exchange(node_index a, node_index b) {
    connect(a, b);
    partners_[to_number(a)][to_number(b)] = true;
    partners_[to_number(b)][to_number(a)] = true;
}

std::vector<std::vector<node_index>> step_checks::groups() {
    const std::uint32_t nodes = job_.nodes.size();
    std::vector<bool> changes(nodes);  // what is pulled from it is written during the run
    for (std::uint32_t n = 0; n < nodes; ++n) {
        const auto end = n + 1 < nodes ? first_buffer_[n + 1] : written_.size();
        for (auto b = first_buffer_[n]; b < end; ++b) {
            if (written_[b] == (written | pulled)) changes[n] = true;
        }
    }
    for (std::uint32_t n = 0; n < nodes; ++n) {
        for (std::uint32_t from = 0; from < pulls_[n].size(); ++from) {
            if (pulls_[n][from] && changes[from]) connect(static_cast<node_index>(n), static_cast<node_index>(from));
        }
    }
    std::vector<std::vector<node_index>> all;
    std::vector<std::size_t> number(nodes);
    for (std::uint32_t n = 0; n < nodes; ++n) {
        if (job_.programs[n] == nullptr) continue;
        const std::uint32_t group = group_of(n);
        if (group == n) {  // the first of its group
            number[n] = all.size();
            all.emplace_back();
        }
        all[number[group]].push_back(static_cast<node_index>(n));
    }
    return all;
}

}  // namespace d1::program::detail
