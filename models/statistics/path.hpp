#pragma once
// Names in the statistics tree: die.node[3,4].router.east.packets

#include <string>
#include <string_view>

namespace d1::statistics {

/// Orders names with their numbers read as numbers: node[2,1] stands before node[10,0]. A total order.
struct natural_order {
    using is_transparent = void;
    [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const noexcept;
};

/// Whether `name` may stand between two dots of a path: letters, digits and underscores, not beginning with a digit,
/// then optionally an index of one or more decimal numbers: `router`, `die[7]`, `node[3,4]`.
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;

/// A path split into what all members of an array have in common and what tells them apart.
struct generic_path {
    std::string pattern;  ///< every index replaced by [*]: die.node[*].router.east.packets
    std::string indices;  ///< the indices in the order of the path: [3,4]; empty when there is none
};
[[nodiscard]] generic_path generalise(std::string_view path);

}  // namespace d1::statistics
