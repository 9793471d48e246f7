#pragma once
// Where the nodes of a mesh send to: the synthetic patterns of the field.

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/packet/coordinate.hpp"

namespace d1::traffic {

/// With C columns and R rows, a node at (x, y) and its number n = y C + x, of b bits for C R nodes:
enum class pattern_kind : std::uint8_t {
    uniform,         ///< any other live node, all alike
    hotspot,         ///< a part of the packets to one node, the others as uniform
    all_to_all,      ///< every other live node in turn, each node beginning behind itself
    transpose,       ///< (y, x)
    bit_complement,  ///< (C - 1 - x, R - 1 - y): every bit, where C and R are powers of two
    bit_reverse,     ///< the number with its b bits reversed
    shuffle,         ///< the number with its b bits rotated left by one
    tornado,         ///< (x + ceil(C / 2) - 1 mod C, y + ceil(R / 2) - 1 mod R)
    neighbour        ///< (x + 1 mod C, y)
};
BOOST_DESCRIBE_ENUM(pattern_kind, uniform, hotspot, all_to_all, transpose, bit_complement, bit_reverse, shuffle,
                    tornado, neighbour)

/// Where a part of the packets goes under pattern_kind::hotspot.
struct hotspot {
    double share = 0.1;  ///< of a node's packets, 0 to 1
    coordinate place{};  ///< a live node; it sends as uniform
};

/// The destinations of every node. A node whose partner is itself, dead or outside the mesh sends nothing.
class destinations {
  public:
    /// `live` by node number.
    destinations(grid places, std::vector<bool> live, pattern_kind kind, const hotspot& hot = {});

    [[nodiscard]] bool sends(node_index from) const;
    /// Nodes that send.
    [[nodiscard]] std::uint32_t senders() const;
    /// Where the `number`-th packet of a sending node goes, with 64 random bits.
    [[nodiscard]] node_index draw(node_index from, std::uint64_t random, std::uint64_t number) const;

  private:
    [[nodiscard]] std::optional<node_index> partner(node_index from) const;
    [[nodiscard]] node_index another(node_index from, std::uint64_t which) const;

    grid places_;
    std::vector<bool> live_;
    pattern_kind kind_;
    hotspot hot_;
    std::uint64_t hot_threshold_;
    std::vector<node_index> nodes_;              // the live ones
    std::vector<std::uint32_t> rank_;            // in nodes_, by number
    std::vector<std::optional<node_index>> to_;  // of patterns with one partner each
};

}  // namespace d1::traffic
