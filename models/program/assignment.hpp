#pragma once
// Who runs what: programs on a rectangle of logical nodes.

#include <vector>

#include "models/packet/coordinate.hpp"
#include "models/program/instruction.hpp"

namespace d1::program {

/// Programs on a logical rectangle of nodes. The programs must outlive whoever uses the assignment.
struct assignment {
    grid nodes;
    std::vector<const program*> programs;  ///< nodes.size() of them, row by row; null: runs nothing

    /// The program of a node; nodes.contains(its coordinate).
    [[nodiscard]] const program* at(node_index n) const { return programs[to_number(n)]; }
};

}  // namespace d1::program
