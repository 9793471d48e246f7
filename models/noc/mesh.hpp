#pragma once
// Wires routers into a mesh.

#include <functional>
#include <span>

#include "models/noc/router_base.hpp"

namespace d1::noc {

/// Binds a sending end to a receiving end, perhaps by way of something that stands between them.
using link_joiner = std::function<void(link_initiator_socket& from, link_target_socket& to)>;

/// Binds each router's sockets to its neighbours'. `routers` has a place for every node of the grid, row by row; a null
/// one is a dead router. Links towards it, those over the rim and the `dead_links` stay unbound. `join` is how,
/// directly if empty.
void connect_mesh(const grid& places, std::span<router_base* const> routers,
                  std::span<const place_pair> dead_links = {}, const link_joiner& join = {});

}  // namespace d1::noc
