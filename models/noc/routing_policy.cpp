#include "models/noc/routing_policy.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "models/noc/routing_file.hpp"

namespace d1::noc {
namespace {

constexpr coordinate mirrored(coordinate c) noexcept {
    return {c.y, c.x};
}
/// West and north change places, and east and south.
constexpr port mirrored(port p) noexcept {
    return p == port::local ? p : static_cast<port>(to_number(p) ^ 2U);
}

/// The rule of xy with rows and columns exchanged.
route_table yx_table(grid shape, const mesh_faults& faults) {
    mesh_faults turned = faults;
    for (coordinate& c : turned.routers) {
        c = mirrored(c);
    }
    for (place_pair& link : turned.links) {
        link = {mirrored(link.a), mirrored(link.b)};
    }
    const live_mesh valid(shape, faults);  // complains in the user's own coordinates
    const route_table table({shape.rows, shape.columns}, turned);
    return {shape, faults, [&table](coordinate here, port input, coordinate destination) {
                return mirrored(table.next(table.shape().index(mirrored(here)), mirrored(input),
                                           table.shape().index(mirrored(destination))));
            }};
}

class xy_policy final : public routing_policy {
  public:
    [[nodiscard]] routing_traits traits() const override { return traits_of(routing_kind::xy); }
    [[nodiscard]] route_plan plan(grid shape, const mesh_faults& faults) const override {
        return {{route_table(shape, faults)}};
    }
};

class yx_policy final : public routing_policy {
  public:
    [[nodiscard]] routing_traits traits() const override { return traits_of(routing_kind::yx); }
    [[nodiscard]] route_plan plan(grid shape, const mesh_faults& faults) const override {
        return {{yx_table(shape, faults)}};
    }
};

/// XY or YX, each with channels of its own (D. Seo, A. Ali, W.-T. Lim, N. Rafique, M. Thottethodi, Near-Optimal
/// Worst-Case Throughput Routing for Two-Dimensional Mesh Networks, 2005).
class o1turn_policy final : public routing_policy {
  public:
    [[nodiscard]] routing_traits traits() const override { return traits_of(routing_kind::o1turn); }
    [[nodiscard]] route_plan plan(grid shape, const mesh_faults& faults) const override {
        return {{route_table(shape, faults), yx_table(shape, faults)}};
    }
};

class odd_even_policy final : public routing_policy {
  public:
    [[nodiscard]] routing_traits traits() const override { return traits_of(routing_kind::odd_even); }
    [[nodiscard]] route_plan plan(grid shape, const mesh_faults& faults) const override {
        const live_mesh mesh(shape, faults);
        const turn_set turns = odd_even_turns(mesh);
        return {{route_table(mesh, turns)}, shortest_exits(mesh, turns, prefers_column)};
    }
};

class table_policy final : public routing_policy {
  public:
    explicit table_policy(routing_file file) : file_(std::move(file)) {}
    [[nodiscard]] routing_traits traits() const override { return traits_of(routing_kind::table); }
    [[nodiscard]] route_plan plan(grid shape, const mesh_faults& faults) const override {
        return {{file_.table(shape, faults)}};
    }

  private:
    routing_file file_;
};

}  // namespace

std::unique_ptr<routing_policy> make_policy(const noc_parameters& parameters) {
    switch (parameters.routing) {
        case routing_kind::xy:
            return std::make_unique<xy_policy>();
        case routing_kind::yx:
            return std::make_unique<yx_policy>();
        case routing_kind::o1turn:
            return std::make_unique<o1turn_policy>();
        case routing_kind::odd_even:
            return std::make_unique<odd_even_policy>();
        case routing_kind::table:
            return std::make_unique<table_policy>(routing_file::load(parameters.routing_table.path));
    }
    return nullptr;
}

turn_set odd_even_turns(const live_mesh& mesh) {
    turn_set turns(mesh);
    for (std::uint32_t v = 0; v < mesh.size(); ++v) {
        const bool even = mesh.shape().at(node_index{v}).x % 2 == 0;
        for (std::uint32_t in = 0; in < direction_count; ++in) {
            for (std::uint32_t out = 0; out < direction_count; ++out) {
                const turn t{node_index{v}, static_cast<port>(in), static_cast<port>(out)};
                const bool leaves_east =
                    t.in == port::west && !horizontal(t.out);  // a packet that goes east comes in west
                const bool turns_west = !horizontal(t.in) && t.out == port::west;
                if (mesh.has(t) && !(even ? leaves_east : turns_west)) {
                    turns.permit(t);
                }
            }
        }
    }
    return turns;
}

bool prefers_column(coordinate here, coordinate destination) noexcept {
    const bool here_odd = here.x % 2 != 0;
    const bool there_odd = destination.x % 2 != 0;
    return here_odd != there_odd && here_odd == (destination.x > here.x);
}

std::vector<adaptive_exits> shortest_exits(const live_mesh& mesh, const turn_set& turns,
                                           const std::function<bool(coordinate, coordinate)>& column_first) {
    const path_lengths lengths(mesh, turns);
    const std::size_t nodes = mesh.size();
    std::vector<adaptive_exits> exits(nodes * port_count * nodes);
    std::vector<std::uint16_t> shortest(nodes);
    for (std::uint32_t v = 0; v < nodes; ++v) {
        for (std::uint32_t in = 0; in < port_count; ++in) {
            const channel back = channel_from(node_index{v}, static_cast<port>(in % direction_count));
            const bool injected = static_cast<port>(in) == port::local;
            if (!injected && !mesh.has(back)) {
                continue;
            }
            const std::uint32_t allowed = injected ? 15U : turns.exits(channel_from(mesh.head(back), in_port(back)));
            adaptive_exits* const mine = exits.data() + (std::size_t{v} * port_count + in) * nodes;
            std::fill(shortest.begin(), shortest.end(), path_lengths::unreachable);
            for (std::uint32_t p = 0; p < direction_count; ++p) {
                const channel c = channel_from(node_index{v}, static_cast<port>(p));
                if ((allowed >> p & 1U) == 0 || !mesh.has(c)) {
                    continue;
                }
                const std::span<const std::uint16_t> hops = lengths.through(c);
                for (std::size_t d = 0; d < nodes; ++d) {
                    if (hops[d] < shortest[d]) {
                        shortest[d] = hops[d];
                        mine[d] = {};
                    }
                    if (hops[d] == shortest[d] && hops[d] != path_lengths::unreachable) {
                        const bool first = mine[d].allowed == 0;
                        mine[d].allowed = static_cast<std::uint8_t>(mine[d].allowed | 1U << p);
                        // Those along the row come before those along the column.
                        if (first || column_first(mesh.shape().at(node_index{v}), mesh.shape().at(node_index(d)))) {
                            mine[d].preferred = static_cast<port>(p);
                        }
                    }
                }
            }
            mine[v] = {1U << to_number(port::local), port::local};
        }
    }
    return exits;
}

}  // namespace d1::noc
