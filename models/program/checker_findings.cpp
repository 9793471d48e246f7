#include <array>
#include <sstream>

#include "models/program/checker_parts.hpp"

namespace d1::program {

std::string_view name_of(fault_kind k) {
    constexpr std::array<std::string_view, 10> names{"structure", "range",     "buffer",    "owner",
                                                     "operands",  "semaphore", "unmatched", "uninitialised read",
                                                     "race",      "dead wait"};
    return names.at(static_cast<std::size_t>(k));
}

std::string to_string(const finding& f) {
    std::ostringstream text;
    text << "program '" << f.program << "'";
    if (f.node) text << ", node (" << f.node->x << ", " << f.node->y << ")";
    if (f.thread) text << ", thread " << *f.thread;
    if (f.instruction) text << ", instruction " << *f.instruction;
    text << ": " << name_of(f.kind) << ": " << f.message;
    if (f.nodes > 1) text << " (and at " << f.nodes - 1 << " more nodes)";
    return text.str();
}

namespace detail {

void finding_list::add(fault_kind kind, const place& where, std::string message) {
    add(kind, where.node, where.thread, where.instruction, std::move(message));
}
void finding_list::add(fault_kind kind, node_index node, std::string message) {
    add(kind, node, std::nullopt, std::nullopt, std::move(message));
}

void finding_list::add(fault_kind kind, const program& p, const diagnostic& d) {
    finding f{.kind = kind, .program = p.name, .instruction = d.instruction, .message = d.message};
    if (d.thread) f.thread = static_cast<std::uint32_t>(*d.thread);
    all_.push_back(std::move(f));
}

void finding_list::add(fault_kind kind, node_index node, std::optional<std::uint32_t> thread,
                       std::optional<std::size_t> instruction, std::string message) {
    const program* const p = job_.at(node);
    const auto [place, is_new] = known_.try_emplace({kind, p, thread, instruction}, known{all_.size(), node});
    if (is_new) {
        all_.push_back({kind, p->name, job_.nodes.at(node), thread, instruction, std::move(message)});
    } else if (place->second.last < node) {
        place->second.last = node;
        ++all_[place->second.number].nodes;
    }
}

std::string finding_list::text_of(node_index n) const {
    const coordinate c = job_.nodes.at(n);
    return "node (" + std::to_string(c.x) + ", " + std::to_string(c.y) + ")";
}

std::string finding_list::text_of(const place& p) const {
    return text_of(p.node) + ", thread " + std::to_string(p.thread) + ", instruction " + std::to_string(p.instruction);
}

std::string finding_list::text_of(node_index n, std::uint32_t semaphore) const {
    std::string text = "semaphore " + std::to_string(semaphore);
    for (const semaphore_range& s : job_.at(n)->semaphores) {
        if (semaphore < s.first || semaphore - s.first >= s.count) continue;
        text += " (" + s.name;
        if (s.count > 1) text.append("+").append(std::to_string(semaphore - s.first));
        text += ")";
    }
    return text;
}

}  // namespace detail
}  // namespace d1::program
