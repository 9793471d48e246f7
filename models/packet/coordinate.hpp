#pragma once
// Places on the mesh of a die: x is the column from the west, y the row from the north.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace d1 {

/// A place on a grid of nodes; origin north-west.
struct coordinate {
    std::int32_t x = 0;  ///< column
    std::int32_t y = 0;  ///< row
    friend constexpr auto operator<=>(const coordinate&, const coordinate&) = default;
};

/// Two places, such as the ends of a link between neighbours.
struct place_pair {
    coordinate a;
    coordinate b;
    friend constexpr auto operator<=>(const place_pair&, const place_pair&) = default;
};

/// Number of a node on its die, y * columns + x. Dead nodes have numbers too.
enum class node_index : std::uint32_t {};

[[nodiscard]] constexpr std::uint32_t to_number(node_index node) noexcept {
    return static_cast<std::uint32_t>(node);
}

/// The rectangle of places that the nodes of a die stand on.
struct grid {
    std::int32_t columns = 1;
    std::int32_t rows = 1;

    [[nodiscard]] constexpr std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(columns) * static_cast<std::uint32_t>(rows);
    }
    [[nodiscard]] constexpr bool contains(coordinate c) const noexcept {
        return c.x >= 0 && c.x < columns && c.y >= 0 && c.y < rows;
    }
    [[nodiscard]] constexpr node_index index(coordinate c) const noexcept {
        return static_cast<node_index>(c.y * columns + c.x);
    }
    [[nodiscard]] constexpr coordinate at(node_index n) const noexcept {
        const auto number = static_cast<std::int32_t>(n);
        return {number % columns, number / columns};
    }
    friend constexpr bool operator==(const grid&, const grid&) = default;
};

/// Ports of a router. The four directions come first, so that `port ^ 1` is the opposite one.
enum class port : std::uint8_t { west = 0, east = 1, north = 2, south = 3, local = 4 };
inline constexpr std::uint32_t port_count = 5;

[[nodiscard]] constexpr std::uint32_t to_number(port p) noexcept {
    return static_cast<std::uint32_t>(p);
}
[[nodiscard]] constexpr port opposite(port p) noexcept {
    return p == port::local ? port::local : static_cast<port>(static_cast<std::uint8_t>(p) ^ 1U);
}
/// The place one hop from `c` through `p`.
[[nodiscard]] constexpr coordinate neighbour(coordinate c, port p) noexcept {
    switch (p) {
        case port::west:
            return {c.x - 1, c.y};
        case port::east:
            return {c.x + 1, c.y};
        case port::north:
            return {c.x, c.y - 1};
        case port::south:
            return {c.x, c.y + 1};
        case port::local:
            break;
    }
    return c;
}

/// What stands at a place, as reports, statistics and modules name it: indexed("node", {3, 4}) is "node[3,4]".
[[nodiscard]] inline std::string indexed(std::string_view name, coordinate at) {
    return std::string(name) + "[" + std::to_string(at.x) + "," + std::to_string(at.y) + "]";
}

}  // namespace d1
