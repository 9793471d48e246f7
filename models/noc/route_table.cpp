#include "models/noc/route_table.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "models/noc/turn_rule.hpp"
#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

std::uint32_t distance(coordinate a, coordinate b) {
    return static_cast<std::uint32_t>(std::abs(a.x - b.x) + std::abs(a.y - b.y));
}

std::string name(port p) {
    constexpr std::array<const char*, port_count> names{"west", "east", "north", "south", "local"};
    return p == route_table::no_port ? "no port" : names[to_number(p)];
}

// The port of XY routing at a place that is not the destination.
port xy_port(coordinate here, coordinate destination) {
    if (here.x != destination.x) {
        return destination.x < here.x ? port::west : port::east;
    }
    return destination.y < here.y ? port::north : port::south;
}

// Throws when not every live node can reach every other.
void require_connected(const live_mesh& mesh) {
    const bool links = !mesh.dead_links().empty();
    const std::string advice = links ? " Choose others in die.harvest.dead and die.harvest.dead_links."
                                     : " Choose other positions in die.harvest.dead, or set "
                                       "die.harvest.dead_router=false.";
    if (mesh.live_count() == 0) {
        throw input_error(error_class::mesh, "the dead nodes leave no live node." + advice);
    }
    const std::vector<node_index> cut_off = mesh.cut_off();
    if (cut_off.empty()) {
        return;
    }
    constexpr std::size_t most = 10;
    std::string names;
    for (std::size_t i = 0; i < std::min(most, cut_off.size()); ++i) {
        names += (i == 0 ? "" : ", ") + indexed("node", mesh.shape().at(cut_off[i]));
    }
    if (cut_off.size() > most) {
        names += " and " + std::to_string(cut_off.size() - most) + " more";
    }
    throw input_error(error_class::mesh, std::string("the dead nodes ") + (links ? "and links " : "") + "cut off " +
                                             std::to_string(cut_off.size()) + " of " +
                                             std::to_string(mesh.live_count()) +
                                             " live nodes from the others: " + names + "." + advice);
}

// Fills the entries of one router and input port. `exits` is the mask of ports that a packet from there may take. The
// way to go is a shortest one, the first in the order of the ports. That order has the row before the column, so a pair
// whose XY path is permitted throughout takes just that: it is as short as any, and so is what is left of it at each
// hop.
void fill_entries(const live_mesh& mesh, const path_lengths& lengths, node_index here, std::uint32_t exits,
                  std::span<port> entries) {
    std::vector<std::uint16_t> shortest(entries.size(), path_lengths::unreachable);
    for (std::uint32_t p = 0; p < direction_count; ++p) {
        const channel c = channel_from(here, static_cast<port>(p));
        if ((exits >> p & 1U) == 0 || !mesh.has(c)) {
            continue;
        }
        const std::span<const std::uint16_t> hops = lengths.through(c);
        for (std::size_t d = 0; d < entries.size(); ++d) {
            if (hops[d] < shortest[d]) {
                shortest[d] = hops[d];
                entries[d] = static_cast<port>(p);
            }
        }
    }
    entries[to_number(here)] = port::local;
}

// How many destinations a packet from `source` comes to in XY fashion by turns that are permitted.
template <typename predicate>
std::uint64_t xy_destinations(const live_mesh& mesh, node_index source, const predicate& permitted) {
    const auto straight_on = [&](channel c, const auto& visit) {
        while (mesh.has(c)) {
            visit(c);
            const turn ahead{mesh.head(c), in_port(c), out_port(c)};
            if (!mesh.has(ahead) || !permitted(ahead)) {
                return;
            }
            c = live_mesh::after(ahead);
        }
    };
    std::uint64_t count = 0;
    const auto arrive = [&](channel) { ++count; };
    for (const port column : {port::north, port::south}) {
        straight_on(channel_from(source, column), arrive);
    }
    for (const port row : {port::west, port::east}) {
        straight_on(channel_from(source, row), [&](channel c) {
            arrive(c);
            for (const port column : {port::north, port::south}) {
                const turn bend{mesh.head(c), in_port(c), column};
                if (mesh.has(bend) && permitted(bend)) {
                    straight_on(live_mesh::after(bend), arrive);
                }
            }
        });
    }
    return count;
}

// " (origin)", or nothing.
std::string origin_of(const next_hop_options& options, coordinate here, port input, coordinate destination) {
    const std::string text = options.origin ? options.origin(here, input, destination) : std::string();
    return text.empty() ? text : " (" + text + ")";
}

}  // namespace

route_table::route_table(grid shape, const mesh_faults& faults) : shape_(shape), nodes_(0), report_{} {
    const live_mesh mesh(shape, faults);
    require_connected(mesh);
    fill(mesh, choose_turns(mesh));
}

route_table::route_table(const live_mesh& mesh, const turn_set& turns) : shape_(mesh.shape()), nodes_(0), report_{} {
    require_connected(mesh);
    fill(mesh, turns);
}

void route_table::fill(const live_mesh& mesh, const turn_set& turns) {
    nodes_ = mesh.size();
    const path_lengths lengths(mesh, turns);

    ports_.assign(nodes_ * port_count * nodes_, no_port);
    for (std::uint32_t v = 0; v < nodes_; ++v) {
        for (std::uint32_t in = 0; mesh.live(node_index{v}) && in < port_count; ++in) {
            const bool injected = static_cast<port>(in) == port::local;
            const channel out = channel_from(node_index{v}, static_cast<port>(in % direction_count));
            if (injected || mesh.has(out)) {
                const std::uint32_t exits = injected ? 15U : turns.exits(channel_from(mesh.head(out), in_port(out)));
                fill_entries(mesh, lengths, node_index{v}, exits,
                             std::span(ports_).subspan((std::size_t{v} * port_count + in) * nodes_, nodes_));
            }
        }
    }
    hops_.assign(nodes_ * nodes_, 0);
    for (std::uint32_t s = 0; s < nodes_; ++s) {
        const node_index source{s};
        if (!mesh.live(source)) {
            continue;
        }
        report_.pairs += mesh.live_count() - 1;
        report_.xy_live += xy_destinations(mesh, source, [](const turn&) { return true; });
        report_.xy_kept += xy_destinations(mesh, source, [&](const turn& t) { return turns.permits(t); });
        for (std::uint32_t d = 0; d < nodes_; ++d) {
            if (d != s && mesh.live(node_index{d})) {
                const port out = next(source, port::local, node_index{d});
                if (out == no_port) {
                    throw std::logic_error("route_table: the rule left a pair of connected nodes without a path");
                }
                const std::uint16_t hops = lengths.through(channel_from(source, out))[d];
                hops_[s * nodes_ + d] = hops;
                report_.extra_hops_total += hops - distance(shape_.at(source), shape_.at(node_index{d}));
                report_.longest_path = std::max(report_.longest_path, std::uint32_t{hops});
            }
        }
    }
    report_.xy_lost = report_.xy_live - report_.xy_kept;
    report_.detoured = report_.pairs - report_.xy_kept;
}

route_table::route_table(grid shape, const mesh_faults& faults, const next_hop& route, const next_hop_options& options)
    : shape_(shape), nodes_(0), report_{} {
    const live_mesh mesh(shape, faults);
    require_connected(mesh);
    nodes_ = mesh.size();
    ports_.assign(nodes_ * port_count * nodes_, no_port);
    hops_.assign(nodes_ * nodes_, 0);
    for (std::uint32_t v = 0; v < nodes_; ++v) {
        for (std::uint32_t in = 0; mesh.live(node_index{v}) && in < port_count; ++in) {
            ports_[(std::size_t{v} * port_count + in) * nodes_ + v] = port::local;
        }
    }
    for (std::uint32_t s = 0; s < nodes_; ++s) {
        const node_index source{s};
        if (!mesh.live(source)) {
            continue;
        }
        report_.pairs += mesh.live_count() - 1;
        report_.xy_live += xy_destinations(mesh, source, [](const turn&) { return true; });
        for (std::uint32_t d = 0; d < nodes_; ++d) {
            if (d != s && mesh.live(node_index{d})) {
                report_.xy_kept += walk(mesh, source, node_index{d}, route, options) ? 1U : 0U;
                const std::uint32_t hops = hops_[s * nodes_ + d];
                report_.extra_hops_total += hops - distance(shape.at(source), shape.at(node_index{d}));
                report_.longest_path = std::max(report_.longest_path, hops);
            }
        }
    }
    report_.xy_lost = report_.xy_live - report_.xy_kept;
    report_.detoured = report_.pairs - report_.xy_kept;
    if (options.refuse_cycles) {
        require_acyclic(options);
    }
}

void route_table::require_acyclic(const next_hop_options& options) const {
    const std::vector<std::uint32_t> cycle = dependencies().find_cycle();
    if (cycle.empty()) {
        return;
    }
    std::string links;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        const channel from{cycle[i == 0 ? cycle.size() - 1 : i - 1]};
        const channel to{cycle[i]};
        const node_index here = tail(to);
        links.append(i == 0 ? "" : ", ")
            .append(indexed("node", shape_.at(here)))
            .append(" ")
            .append(name(out_port(to)));
        // Of the destinations that make packets wait so, the first.
        for (std::uint32_t d = 0; options.origin && d < nodes_; ++d) {
            if (next(here, in_port(from), node_index{d}) == out_port(to)) {
                links += origin_of(options, shape_.at(here), in_port(from), shape_.at(node_index{d}));
                break;
            }
        }
    }
    throw input_error(error_class::routing,
                      "the routing can deadlock: packets on each of these links may wait for the next, and on the last "
                      "for the first: " +
                          links + ". Forbid one of these turns.");
}

// Enters the path of a pair; true when it is the XY path.
bool route_table::walk(const live_mesh& mesh, node_index source, node_index destination, const next_hop& route,
                       const next_hop_options& options) {
    const coordinate target = shape_.at(destination);
    coordinate here = shape_.at(source);
    port input = port::local;
    bool xy = true;
    std::vector<port> taken;
    const auto refuse = [&](const std::string& what) {
        std::string path = indexed("node", shape_.at(source));
        coordinate at = shape_.at(source);
        for (const port p : taken) {
            at = neighbour(at, p);
            path.append(" ").append(name(p)).append(" ").append(indexed("node", at));
        }
        throw input_error(error_class::routing, "the routing from " + indexed("node", shape_.at(source)) + " to " +
                                                    indexed("node", target) + " is no path: " + what +
                                                    origin_of(options, here, input, target) + ". It goes " + path +
                                                    ".");
    };
    std::vector<bool> seen(nodes_ * port_count, false);
    while (here != target) {
        const std::size_t place = std::size_t{to_number(shape_.index(here))} * port_count + to_number(input);
        if (seen[place]) {
            refuse("packets go round in circles");
        }
        seen[place] = true;
        port& out = ports_[place * nodes_ + to_number(destination)];
        if (out == no_port) {
            out = route(here, input, target);
        }
        if (to_number(out) >= direction_count) {
            refuse(indexed("node", here) + " has to name a direction");
        }
        const coordinate there = neighbour(here, out);
        if (out == input) {
            refuse(indexed("node", here) + " sends packets back " + name(out));
        }
        if (!shape_.contains(there) || !live(shape_.index(there))) {
            refuse(indexed("node", here) + " sends packets " + name(out) + ", where no router is");
        }
        if (!mesh.has(channel_from(shape_.index(here), out))) {
            refuse(indexed("node", here) + " sends packets " + name(out) + ", where the link is dead");
        }
        xy = xy && out == xy_port(here, target);
        taken.push_back(out);
        here = there;
        input = opposite(out);
    }
    hops_[to_number(source) * nodes_ + to_number(destination)] = static_cast<std::uint16_t>(taken.size());
    return xy;
}

std::vector<node_index> route_table::path(node_index source, node_index destination) const {
    if (to_number(source) >= nodes_ || to_number(destination) >= nodes_ || !reachable(source, destination)) {
        throw std::invalid_argument("route_table::path: both ends must be live nodes");
    }
    std::vector<node_index> routers{source};
    port input = port::local;
    for (port out = next(source, input, destination); out != port::local;
         out = next(routers.back(), input, destination)) {
        routers.push_back(shape_.index(neighbour(shape_.at(routers.back()), out)));
        input = opposite(out);
    }
    return routers;
}

channel_dependency_graph route_table::dependencies() const {
    channel_dependency_graph graph(shape_.size() * direction_count);
    for (std::uint32_t d = 0; d < nodes_; ++d) {
        const node_index destination{d};
        std::vector<bool> taken(graph.channels(), false);  // by earlier paths: they go on as before
        for (std::uint32_t s = 0; s < nodes_; ++s) {
            if (s == d || !reachable(node_index{s}, destination)) {
                continue;
            }
            channel c = channel_from(node_index{s}, next(node_index{s}, port::local, destination));
            while (!taken[to_number(c)]) {
                taken[to_number(c)] = true;
                const node_index head = shape_.index(neighbour(shape_.at(tail(c)), out_port(c)));
                if (head == destination) {
                    break;
                }
                const channel following = channel_from(head, next(head, in_port(c), destination));
                graph.add(to_number(c), to_number(following));
                c = following;
            }
        }
    }
    return graph;
}

}  // namespace d1::noc
