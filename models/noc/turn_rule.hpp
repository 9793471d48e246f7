#pragma once
// Chooses the turns that packets may make on a mesh with blocked routers and dead links. docs/routing.md explains the
// rule.

#include "models/noc/live_mesh.hpp"
#include "models/noc/turn_set.hpp"

namespace d1::noc {

/// A set of turns without a cycle under which every live router has a legal path to every other, with as much of XY
/// routing in it as the search finds room for. Without faults it is XY itself. The mesh must be connected.
[[nodiscard]] turn_set choose_turns(const live_mesh& mesh);

}  // namespace d1::noc
