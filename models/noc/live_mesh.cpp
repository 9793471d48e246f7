#include "models/noc/live_mesh.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

constexpr std::int32_t largest_side = 64;  // a table has 5 bytes for each pair of nodes: 80 MiB

void require_shape(grid shape) {
    const auto good = [](std::int32_t side) { return side >= 1 && side <= largest_side; };
    if (!good(shape.columns) || !good(shape.rows)) {
        throw input_error(error_class::mesh,
                          "a mesh of " + std::to_string(shape.columns) + " columns and " + std::to_string(shape.rows) +
                              " rows cannot be routed: each must be from 1 to " + std::to_string(largest_side));
    }
}

}  // namespace

live_mesh::live_mesh(grid shape, const mesh_faults& faults)
    : shape_((require_shape(shape), shape)),
      blocked_(faults.routers),
      dead_links_(faults.links),
      live_(shape.size(), 1),
      head_(std::size_t{shape.size()} * direction_count, none),
      run_(std::size_t{shape.size()} * direction_count, 0) {
    block_routers();
    for (std::uint32_t c = 0; c < channels(); ++c) {
        const node_index from = tail(channel{c});
        const coordinate to = neighbour(shape.at(from), out_port(channel{c}));
        if (live(from) && shape.contains(to) && live(shape.index(to))) {
            head_[c] = to_number(shape.index(to));
        }
    }
    cut_links();
    for (std::uint32_t c = 0; c < channels(); ++c) {
        for (channel step{c}; has(step); step = channel_from(head(step), out_port(step))) {
            ++run_[c];
        }
    }
}

void live_mesh::block_routers() {
    std::sort(blocked_.begin(), blocked_.end());  // routes depend on the set, not on how it is written
    for (const coordinate c : blocked_) {
        if (!shape_.contains(c)) {
            throw input_error(error_class::mesh, "dead " + indexed("node", c) +
                                                     " is not on the die: x must be from 0 to " +
                                                     std::to_string(shape_.columns - 1) + " and y from 0 to " +
                                                     std::to_string(shape_.rows - 1));
        }
        if (!live(shape_.index(c))) {
            throw input_error(error_class::mesh, "dead " + indexed("node", c) + " is named twice: leave one out");
        }
        live_[to_number(shape_.index(c))] = 0;
    }
    live_count_ = shape_.size() - static_cast<std::uint32_t>(blocked_.size());
}

void live_mesh::cut_links() {
    for (place_pair& link : dead_links_) {
        if (link.b < link.a) {
            std::swap(link.a, link.b);
        }
        if (const std::string_view fault = link_fault(shape_, link); !fault.empty()) {
            throw input_error(error_class::mesh, "dead link " + indexed("node", link.a) + " to " +
                                                     indexed("node", link.b) + " " + std::string(fault));
        }
    }
    std::sort(dead_links_.begin(), dead_links_.end());
    const auto twice = std::adjacent_find(dead_links_.begin(), dead_links_.end());
    if (twice != dead_links_.end()) {
        throw input_error(error_class::mesh, "dead link " + indexed("node", twice->a) + " to " +
                                                 indexed("node", twice->b) +
                                                 " is named twice: leave one out; a link is dead in both directions");
    }
    for (const place_pair& link : dead_links_) {
        const port out = link.a.x < link.b.x ? port::east : port::south;
        head_[to_number(channel_from(shape_.index(link.a), out))] = none;
        head_[to_number(channel_from(shape_.index(link.b), opposite(out)))] = none;
    }
}

std::vector<node_index> live_mesh::cut_off() const {
    constexpr std::uint32_t unseen = ~std::uint32_t{0};
    std::vector<std::uint32_t> part(size(), unseen);
    std::vector<std::uint32_t> members;
    for (std::uint32_t seed = 0; seed < size(); ++seed) {
        if (!live(node_index{seed}) || part[seed] != unseen) {
            continue;
        }
        const auto number = static_cast<std::uint32_t>(members.size());
        std::vector<std::uint32_t> open{seed};
        part[seed] = number;
        std::uint32_t count = 0;
        for (; !open.empty(); ++count) {
            const node_index here{open.back()};
            open.pop_back();
            for (std::uint32_t p = 0; p < direction_count; ++p) {
                const channel c = channel_from(here, static_cast<port>(p));
                if (has(c) && part[to_number(head(c))] == unseen) {
                    part[to_number(head(c))] = number;
                    open.push_back(to_number(head(c)));
                }
            }
        }
        members.push_back(count);
    }
    const auto largest = static_cast<std::uint32_t>(std::max_element(members.begin(), members.end()) - members.begin());
    std::vector<node_index> others;
    for (std::uint32_t v = 0; v < size(); ++v) {
        if (part[v] != unseen && part[v] != largest) {
            others.push_back(node_index{v});
        }
    }
    return others;
}

}  // namespace d1::noc
