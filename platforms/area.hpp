#pragma once
// What a node's parameters cost in area.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "platforms/d1_parameters.hpp"

namespace d1 {

/// Area of a node by block, in square micrometres.
struct node_area {
    std::uint64_t matrix = 0;
    std::uint64_t simd = 0;
    std::uint64_t sram = 0;
    std::uint64_t ports = 0;
    std::uint64_t links = 0;
    std::uint64_t buffers = 0;
    std::uint64_t rest = 0;

    /// The blocks in the order in which they are told, with their names.
    [[nodiscard]] std::array<std::pair<std::string_view, std::uint64_t>, 7> blocks() const noexcept {
        return {{{"matrix", matrix},
                 {"simd", simd},
                 {"sram", sram},
                 {"ports", ports},
                 {"links", links},
                 {"buffers", buffers},
                 {"rest", rest}}};
    }
    [[nodiscard]] std::uint64_t total() const noexcept { return matrix + simd + sram + ports + links + buffers + rest; }
};

/// Each part times what it costs, linear in its count. Not modelled: that a wider unit needs longer wires, that a
/// memory of more ports needs more banks, and what lies outside the nodes.
[[nodiscard]] node_area area_of(const d1_parameters& parameters) noexcept;

/// A node's area over that of the default machine with the same costs: 1 for the D1.
[[nodiscard]] double relative_area(const d1_parameters& parameters) noexcept;

}  // namespace d1
