#pragma once
// What of a mesh does not work.

#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "models/packet/coordinate.hpp"

namespace d1::noc {

/// What of a mesh is dead from the start.
struct mesh_faults {
    mesh_faults() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a list of routers will do
    mesh_faults(std::vector<coordinate> dead_routers, std::vector<place_pair> dead_links = {})
        : routers(std::move(dead_routers)), links(std::move(dead_links)) {}

    std::vector<coordinate> routers;  ///< blocked: nothing passes them
    std::vector<place_pair> links;    ///< between neighbours, dead in both directions

    [[nodiscard]] bool none() const noexcept { return routers.empty() && links.empty(); }
};

/// Why no link of the mesh joins the two places, to be said behind their names; empty if one does.
[[nodiscard]] inline std::string_view link_fault(grid shape, const place_pair& link) {
    if (!shape.contains(link.a) || !shape.contains(link.b)) {
        return "is not on the die: links join places inside the grid";
    }
    if (std::abs(link.a.x - link.b.x) + std::abs(link.a.y - link.b.y) != 1) {
        return "does not exist: links join neighbours in a row or column";
    }
    return {};
}

}  // namespace d1::noc
