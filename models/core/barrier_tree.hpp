#pragma once
// Who tells whom at a barrier.

#include <optional>
#include <vector>

#include "models/packet/coordinate.hpp"

namespace d1 {

/// A rectangle of nodes, by that of its nodes that has the least column and row.
struct rectangle {
    coordinate corner;
    grid size;

    [[nodiscard]] constexpr bool contains(coordinate c) const noexcept {
        return size.contains({c.x - corner.x, c.y - corner.y});
    }
};

/// A node's place in the tree of a barrier.
struct barrier_place {
    std::optional<coordinate> parent;
    std::vector<coordinate> children;
};

/// The tree of a barrier over a rectangle: the nodes of a row tell its first, these tell the first of all, the root;
/// each tells its children of the end in the order of the list, those further off first, so that none is later than the
/// furthest. A node takes and sends one packet a cycle, so that a root in the middle would wait as long for the last
/// word, as all come from half as far in the same number. `self` must lie in the rectangle. Source: facts of the
/// machine are not published; a gathering by rows, then by columns, is usual on a mesh.
[[nodiscard]] inline barrier_place place_in_barrier(const rectangle& all, coordinate self) {
    const auto [corner, size] = all;
    barrier_place place;
    if (self.x != corner.x) {
        place.parent = coordinate{corner.x, self.y};
        return place;
    }
    if (self.y != corner.y) {
        place.parent = corner;
    } else {
        for (std::int32_t y = size.rows - 1; y > 0; --y) {
            place.children.push_back({corner.x, corner.y + y});
        }
    }
    for (std::int32_t x = size.columns - 1; x > 0; --x) {
        place.children.push_back({corner.x + x, self.y});
    }
    return place;
}

}  // namespace d1
