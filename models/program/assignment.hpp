#pragma once
// Who runs what: programs on a rectangle of logical nodes.

#include <vector>

#include "models/packet/coordinate.hpp"
#include "models/program/instruction.hpp"
#include "models/program/program_file.hpp"

namespace d1::program {

/// Programs on a logical rectangle of nodes. The programs must outlive whoever uses the assignment.
struct assignment {
    grid nodes;
    std::vector<const program*> programs;  ///< nodes.size() of them, row by row; null: runs nothing

    /// The program of a node; nodes.contains(its coordinate).
    [[nodiscard]] const program* at(node_index n) const { return programs[to_number(n)]; }
    /// Whether a step names a node of the job, and which.
    [[nodiscard]] bool contains(const node_reference<std::int64_t>& n) const noexcept {
        return n.x >= 0 && n.x < nodes.columns && n.y >= 0 && n.y < nodes.rows;
    }
    [[nodiscard]] node_index index(const node_reference<std::int64_t>& n) const noexcept {
        return nodes.index({static_cast<std::int32_t>(n.x), static_cast<std::int32_t>(n.y)});
    }
};

/// What a file says. It must outlive the result, and say where its programs run.
[[nodiscard]] assignment assignment_of(const program_file& file);

}  // namespace d1::program
