#pragma once
// Routing policies: who may go where on a mesh.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/noc/live_mesh.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/route_table.hpp"
#include "models/noc/routing_traits.hpp"

namespace d1::noc {

/// Where a packet may go on to.
struct adaptive_exits {
    std::uint8_t allowed = 0;      ///< bit p for port p
    port preferred = port::local;  ///< one of them, which it takes while there is room; at its destination local
};

/// What a policy makes of a mesh.
struct route_plan {
    /// Sets of fixed paths, each free of deadlock on channels of its own; a burst takes one of them. At least one.
    std::vector<route_table> planes;
    /// Adaptive policies: the ports that a packet may leave a router through, by (router, input port, destination) as
    /// in route_table; whichever it takes, it can go on. Otherwise empty.
    std::vector<adaptive_exits> exits{};
};

/// A routing policy. Asked once, when a mesh is built.
class routing_policy {
  public:
    virtual ~routing_policy() = default;
    [[nodiscard]] virtual routing_traits traits() const = 0;
    /// Throws input_error where the faults leave no connected mesh, or the policy no path.
    [[nodiscard]] virtual route_plan plan(grid shape, const mesh_faults& faults) const = 0;
};

/// The policy that the parameters name. Reads the file of a table; throws input_error where that is none.
[[nodiscard]] std::unique_ptr<routing_policy> make_policy(const noc_parameters& parameters);

/// The turns of the odd-even turn model (G.-M. Chiu, The Odd-Even Turn Model for Adaptive Routing, 2000): no turn from
/// east to north or south in even columns, none from north or south to west in odd ones.
[[nodiscard]] turn_set odd_even_turns(const live_mesh& mesh);

/// Of a router's outputs along the row and along the column, both on shortest ways by the turns of odd-even, whether a
/// packet had better take the column. If all do, and the columns are even in number, every link carries as much of
/// uniform traffic as under xy. Eastwards packets can turn off their row in odd columns alone: those to odd columns
/// turn in that of their destination, those to even ones in the first that they come to, and so every odd column serves
/// as many pairs. Westwards the same of even columns.
[[nodiscard]] bool prefers_column(coordinate here, coordinate destination) noexcept;

/// All shortest ways by the turns of a set without cycles, as in route_plan::exits; preferred are those along the row,
/// or along the column where `column_first` says so.
[[nodiscard]] std::vector<adaptive_exits> shortest_exits(
    const live_mesh& mesh, const turn_set& turns,
    const std::function<bool(coordinate here, coordinate destination)>& column_first);

}  // namespace d1::noc
