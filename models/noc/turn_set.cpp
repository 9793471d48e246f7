#include "models/noc/turn_set.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace d1::noc {
namespace {

// Calls visit(channel) for each port in a mask of the router's ports.
template <typename visitor>
void for_each_channel(node_index router, std::uint32_t ports, visitor&& visit) {
    for (; ports != 0; ports &= ports - 1) {
        visit(channel_from(router, static_cast<port>(std::countr_zero(ports))));
    }
}

// All channels, each after every channel that can follow it (a depth-first search's order of leaving).
std::vector<channel> last_first(const live_mesh& mesh, const turn_set& turns) {
    struct visit {
        channel here;
        std::uint32_t left;
    };
    std::vector<channel> order;
    order.reserve(mesh.channels());
    std::vector<std::uint8_t> seen(mesh.channels(), 0);
    std::vector<visit> stack;
    const auto enter = [&](channel c) {
        seen[to_number(c)] = 1;
        stack.push_back({c, turns.exits(c)});
    };
    for (std::uint32_t c = 0; c < mesh.channels(); ++c) {
        if (mesh.has(channel{c}) && seen[c] == 0) {
            enter(channel{c});
        }
        while (!stack.empty()) {
            visit& top = stack.back();
            if (top.left == 0) {
                order.push_back(top.here);
                stack.pop_back();
                continue;
            }
            const channel following = channel_from(mesh.head(top.here), static_cast<port>(std::countr_zero(top.left)));
            top.left &= top.left - 1;
            if (seen[to_number(following)] == 0) {
                enter(following);
            }
        }
    }
    return order;
}

}  // namespace

bool turn_set::closes_cycle(const turn& t) const {
    const channel goal = mesh_->before(t);
    std::vector<std::uint8_t> seen(mesh_->channels(), 0);
    std::vector<channel> open{live_mesh::after(t)};
    while (!open.empty() && seen[to_number(goal)] == 0) {
        const channel here = open.back();
        open.pop_back();
        for_each_channel(mesh_->head(here), exits(here), [&](channel c) {
            if (seen[to_number(c)] == 0) {
                seen[to_number(c)] = 1;
                open.push_back(c);
            }
        });
    }
    return seen[to_number(goal)] != 0;
}

std::vector<std::uint8_t> turn_set::ahead_of(channel from) const {
    std::vector<std::uint8_t> marks(mesh_->channels(), 0);
    marks[to_number(from)] = 1;
    for (std::vector<channel> open{from}; !open.empty();) {
        const channel here = open.back();
        open.pop_back();
        for_each_channel(mesh_->head(here), exits(here), [&](channel c) {
            if (marks[to_number(c)] == 0) {
                marks[to_number(c)] = 1;
                open.push_back(c);
            }
        });
    }
    return marks;
}

std::vector<std::uint8_t> turn_set::behind(channel to) const {
    std::vector<std::uint8_t> marks(mesh_->channels(), 0);
    marks[to_number(to)] = 1;
    for (std::vector<channel> open{to}; !open.empty();) {
        const channel here = open.back();
        open.pop_back();
        for (std::uint32_t in = 0; in < direction_count; ++in) {
            const turn t{tail(here), static_cast<port>(in), out_port(here)};
            if (permits(t) && marks[to_number(mesh_->before(t))] == 0) {
                marks[to_number(mesh_->before(t))] = 1;
                open.push_back(mesh_->before(t));
            }
        }
    }
    return marks;
}

bool turn_set::connects_all() const {
    // One bit for each node that packets on a channel can reach.
    const std::size_t words = (mesh_->size() + 63) / 64;
    std::vector<std::uint64_t> reach(mesh_->channels() * words, 0);
    const auto row = [&](channel c) { return std::span(reach).subspan(to_number(c) * words, words); };
    const auto unite = [](std::span<std::uint64_t> into, std::span<const std::uint64_t> from) {
        for (std::size_t i = 0; i < into.size(); ++i) {
            into[i] |= from[i];
        }
    };
    for (const channel c : last_first(*mesh_, *this)) {
        const node_index head = mesh_->head(c);
        row(c)[to_number(head) / 64] |= std::uint64_t{1} << (to_number(head) % 64);
        for_each_channel(head, exits(c), [&](channel following) { unite(row(c), row(following)); });
    }
    std::vector<std::uint64_t> all(words);
    for (std::uint32_t v = 0; v < mesh_->size(); ++v) {
        if (!mesh_->live(node_index{v})) {
            continue;
        }
        std::fill(all.begin(), all.end(), 0);
        all[v / 64] |= std::uint64_t{1} << (v % 64);
        for_each_channel(node_index{v}, 15U, [&](channel c) { unite(all, row(c)); });
        std::uint32_t count = 0;
        for (const std::uint64_t word : all) {
            count += static_cast<std::uint32_t>(std::popcount(word));
        }
        if (count != mesh_->live_count()) {
            return false;
        }
    }
    return true;
}

path_lengths::path_lengths(const live_mesh& mesh, const turn_set& turns)
    : nodes_(mesh.size()), hops_(std::size_t{mesh.channels()} * mesh.size(), unreachable) {
    for (const channel c : last_first(mesh, turns)) {
        const node_index head = mesh.head(c);
        std::uint16_t* const mine = hops_.data() + std::size_t{to_number(c)} * nodes_;
        for_each_channel(head, turns.exits(c), [&](channel following) {
            const std::uint16_t* const theirs = hops_.data() + std::size_t{to_number(following)} * nodes_;
            for (std::size_t d = 0; d < nodes_; ++d) {  // one more hop; `unreachable` + 1 never wins
                const auto longer = static_cast<std::uint16_t>(theirs[d] + 1);
                mine[d] = longer < mine[d] ? longer : mine[d];
            }
        });
        mine[to_number(head)] = 1;
    }
}

std::uint64_t path_lengths::total(const live_mesh& mesh) const {
    std::uint64_t sum = 0;
    std::vector<std::uint16_t> shortest(nodes_);
    for (std::uint32_t s = 0; s < nodes_; ++s) {
        if (!mesh.live(node_index{s})) {
            continue;
        }
        std::fill(shortest.begin(), shortest.end(), unreachable);
        for_each_channel(node_index{s}, 15U, [&](channel c) {
            const auto hops = through(c);
            for (std::size_t d = 0; d < nodes_; ++d) {
                shortest[d] = std::min(shortest[d], hops[d]);
            }
        });
        shortest[s] = 0;
        for (std::uint32_t d = 0; d < nodes_; ++d) {
            if (mesh.live(node_index{d})) {
                if (shortest[d] == unreachable) {
                    return std::numeric_limits<std::uint64_t>::max();
                }
                sum += shortest[d];
            }
        }
    }
    return sum;
}

}  // namespace d1::noc
