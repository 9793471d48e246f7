#pragma once
// One fixed path for each pair of nodes of a die, around its dead routers and links.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "models/noc/channel_dependency_graph.hpp"
#include "models/noc/live_mesh.hpp"
#include "models/noc/turn_set.hpp"
#include "models/packet/coordinate.hpp"

namespace d1::noc {

/// A routing of one's own: the direction in which a packet for `destination` leaves the router `here`, having come in
/// by `input` (port::local where it begins). Asked once for each place on the paths of all pairs, never at a
/// destination.
using next_hop = std::function<port(coordinate here, port input, coordinate destination)>;

/// What else there is to a routing of one's own.
struct next_hop_options {
    /// Where the answer for a place was given, as in "routes.txt:12", for messages; empty if that tells nothing.
    std::function<std::string(coordinate here, port input, coordinate destination)> origin{};
    /// False takes paths that can deadlock: for tests of what happens then.
    bool refuse_cycles = true;
};

/// Which port a packet leaves a router through, by the port it came in by and its destination.
///
/// Without faults every path is XY: along the row, then along the column. With them, pairs keep their XY path
/// where the rule of docs/routing.md permits its turns, and others take a shortest path that it permits. The turns of
/// all paths together make a channel dependency graph without cycles, so one virtual channel per message class is
/// free of deadlock; with one path for each pair, packets of a pair and class stay in order.
///
/// It does not model adaptive routing or routes beyond the die's edge.
class route_table {
  public:
    /// What a blocked router, or a place that no packet to that destination comes to, has in the table.
    static constexpr port no_port{port_count};

    /// How the paths of all ordered pairs of different live nodes came out.
    struct report {
        std::uint64_t pairs = 0;
        std::uint64_t xy_live = 0;           ///< pairs whose XY path is free of faults
        std::uint64_t xy_kept = 0;           ///< of these, the pairs that take it
        std::uint64_t xy_lost = 0;           ///< of these, the pairs that do not: xy_live - xy_kept
        std::uint64_t detoured = 0;          ///< pairs on another path than XY: pairs - xy_kept
        std::uint64_t extra_hops_total = 0;  ///< hops beyond the distance on the full mesh, over all pairs
        std::uint32_t longest_path = 0;      ///< hops
        friend bool operator==(const report&, const report&) = default;
    };

    /// Throws input_error when the faults cut some live nodes off from the others (it names them), when none is left,
    /// where they are not on the grid or named twice, or when a side of the grid is not from 1 to 64.
    route_table(grid shape, const mesh_faults& faults);

    /// Shortest paths by the turns of a set without cycles; of several next hops the first in the order of the ports.
    /// Throws input_error where the mesh is not connected, std::logic_error where the turns leave a pair without a
    /// path.
    route_table(const live_mesh& mesh, const turn_set& turns);

    /// The table of a routing of one's own instead of the rule above; held to the same promises. Throws input_error as
    /// above, and where `route` leads a packet over the rim, to a blocked router, back where it came from or round in
    /// circles, or where its paths together could deadlock; the message prints the path or the cycle of links.
    route_table(grid shape, const mesh_faults& faults, const next_hop& route, const next_hop_options& options = {});

    /// The port that a packet for `destination` leaves `here` through, having come in by `input`: a direction,
    /// port::local when `here` is the destination, or no_port where no packet comes along (see above). One load.
    [[nodiscard]] port next(node_index here, port input, node_index destination) const noexcept {
        return ports_[(std::size_t{to_number(here)} * port_count + to_number(input)) * nodes_ + to_number(destination)];
    }
    /// One router's part of the table, for a router to keep: [input port * number of nodes + destination].
    [[nodiscard]] std::span<const port> router(node_index here) const noexcept {
        return std::span(ports_).subspan(std::size_t{to_number(here)} * port_count * nodes_, port_count * nodes_);
    }

    [[nodiscard]] grid shape() const noexcept { return shape_; }
    [[nodiscard]] bool live(node_index node) const noexcept { return next(node, port::local, node) == port::local; }
    /// Both nodes are live; then a path exists.
    [[nodiscard]] bool reachable(node_index source, node_index destination) const noexcept {
        return live(source) && live(destination);
    }
    /// Links on the path of a reachable pair; 0 from a node to itself.
    [[nodiscard]] std::uint32_t hops(node_index source, node_index destination) const noexcept {
        return hops_[to_number(source) * nodes_ + to_number(destination)];
    }
    /// The routers on the path of a reachable pair, with both ends. Throws std::invalid_argument for another pair.
    [[nodiscard]] std::vector<node_index> path(node_index source, node_index destination) const;

    /// The dependencies that the paths of all pairs make between channels (numbered as in live_mesh.hpp).
    [[nodiscard]] channel_dependency_graph dependencies() const;

    [[nodiscard]] const report& statistics() const noexcept { return report_; }

  private:
    void fill(const live_mesh& mesh, const turn_set& turns);
    [[nodiscard]] bool walk(const live_mesh& mesh, node_index source, node_index destination, const next_hop& route,
                            const next_hop_options& options);
    void require_acyclic(const next_hop_options& options) const;

    grid shape_;
    std::size_t nodes_;
    std::vector<port> ports_;
    std::vector<std::uint16_t> hops_;
    report report_;
};

}  // namespace d1::noc
