#pragma once
// What a .d1p file holds: programs, and the logical nodes that run each. docs/program_text.md has its grammar.
//
//     d1p 1
//     grid columns=8 rows=1
//     program "first"
//     on 0,0
//     thread {
//         ...
//     }
//     program "others"
//     on 1,0:7,0
//     ...

#include <cstdint>
#include <iosfwd>
#include <string_view>
#include <vector>

#include "models/packet/coordinate.hpp"
#include "models/program/instruction.hpp"

namespace d1::program {

/// A logical grid has at most this many columns, and rows.
inline constexpr std::int32_t max_grid_side = 1024;

/// A rectangle of logical nodes, both corners within.
struct node_rectangle {
    coordinate first;  ///< north-west
    coordinate last;   ///< south-east
    friend constexpr bool operator==(const node_rectangle&, const node_rectangle&) = default;
};

/// A program and who runs it.
struct role {
    program body;
    std::vector<node_rectangle> on;
    friend bool operator==(const role&, const role&) = default;
};

/// No node runs two programs, and all that run one lie in the grid.
struct program_file {
    grid nodes{0, 0};  ///< 0 x 0, and no `on`, where the file holds one program and does not say where it runs
    std::vector<role> roles;
    friend bool operator==(const program_file&, const program_file&) = default;
};

/// Writes programs in the text form; parse_file() gives an equal value back, but for what print() of one program says.
/// Throws std::invalid_argument as that does.
void print(std::ostream& out, const program_file& file);

/// Reads the text form of one or more programs. Each program has its source map. `file_name` is for messages only.
/// Throws text_error, or input_error for a text that is too long.
[[nodiscard]] program_file parse_file(std::string_view text, std::string_view file_name);

/// "2,3:5,6", as after `on`; "2,3" is the rectangle of that node alone. Throws input_error.
[[nodiscard]] node_rectangle parse_rectangle(std::string_view text);

/// The smallest rectangles that hold exactly these nodes, row by row where there are several ways.
[[nodiscard]] std::vector<node_rectangle> rectangles_of(std::vector<coordinate> nodes);

/// All nodes of the rectangles, one rectangle after the other, row by row.
[[nodiscard]] std::vector<coordinate> nodes_of(const std::vector<node_rectangle>& rectangles);

}  // namespace d1::program
