#pragma once
// Wires routers into a mesh.

#include <span>

#include "models/noc/router_base.hpp"

namespace d1::noc {

/// Binds each router's sockets to its neighbours'. `routers` has a place for every node of the grid, row by row; a null
/// one is a dead router. Links towards it, those over the rim and the `dead_links` stay unbound.
void connect_mesh(const grid& places, std::span<router_base* const> routers,
                  std::span<const place_pair> dead_links = {});

}  // namespace d1::noc
