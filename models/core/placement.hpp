#pragma once
// Where the logical nodes of a program stand on the die.

#include <vector>

#include "models/packet/coordinate.hpp"

namespace d1 {

/// A logical rectangle of nodes, laid over physical ones: programs name nodes by logical coordinates, and know nothing
/// of dead nodes or of where they run.
struct placement {
    grid logical{0, 0};
    std::vector<node_index> nodes;  ///< logical.size() of them, row by row

    [[nodiscard]] node_index at(coordinate c) const { return nodes[to_number(logical.index(c))]; }
};

}  // namespace d1
