#pragma once
// The flat, global address space: tile | die | node | offset.

#include <cstdint>

#include "models/packet/coordinate.hpp"

namespace d1 {

/// A byte of some node's memory, taken apart.
struct node_address {
    std::uint32_t tile = 0;
    std::uint32_t die = 0;
    node_index node{};
    std::uint32_t offset = 0;
    friend constexpr bool operator==(const node_address&, const node_address&) = default;
};

/// Where each node's memory lies in the global address space. A node has a window of 2 MiB, of which its SRAM takes the
/// beginning (facts 1: the SRAM's address width could be 21 bits, confidence S); node, die and tile numbers follow in
/// fields of fixed width. Which parts of a window are mapped is the SRAM's business, not the map's.
class address_map {
  public:
    static constexpr std::uint32_t offset_bits = 21;
    static constexpr std::uint32_t node_bits = 9;
    static constexpr std::uint32_t die_bits = 5;
    static constexpr std::uint32_t tile_bits = 7;

    /// DIP memory has a range of its own above all nodes: tile and DIP numbers in fields of the same width as tile and
    /// die, and 32 GiB each (facts 6: 32 GB, up to 20 a tile). It is reserved; nothing is mapped there yet.
    static constexpr std::uint32_t dip_offset_bits = 35;
    static constexpr std::uint64_t dip_first = 1ULL << (dip_offset_bits + die_bits + tile_bits);
    static constexpr std::uint64_t dip_last = 2 * dip_first - 1;
    /// The last byte of the last node's window.
    static constexpr std::uint64_t sram_last = (1ULL << (offset_bits + node_bits + die_bits + tile_bits)) - 1;

    /// Whether an address lies in some node's window; decode() is for these alone.
    [[nodiscard]] static constexpr bool is_sram(std::uint64_t address) noexcept { return address <= sram_last; }

    [[nodiscard]] static constexpr std::uint64_t encode(const node_address& a) noexcept {
        return ((std::uint64_t{a.tile} << die_bits | a.die) << node_bits | to_number(a.node)) << offset_bits | a.offset;
    }
    [[nodiscard]] static constexpr node_address decode(std::uint64_t address) noexcept {
        const auto field = [&address](std::uint32_t bits) {
            const auto value = static_cast<std::uint32_t>(address & ((1ULL << bits) - 1));
            address >>= bits;
            return value;
        };
        node_address a;
        a.offset = field(offset_bits);
        a.node = static_cast<node_index>(field(node_bits));
        a.die = field(die_bits);
        a.tile = field(tile_bits);
        return a;
    }
};

}  // namespace d1
