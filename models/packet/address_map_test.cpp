#include "models/packet/address_map.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <set>

namespace d1 {
namespace {

constexpr std::uint32_t last_offset = (1U << address_map::offset_bits) - 1;
constexpr std::uint32_t last_node = (1U << address_map::node_bits) - 1;
constexpr std::uint32_t last_die = (1U << address_map::die_bits) - 1;
constexpr std::uint32_t last_tile = (1U << address_map::tile_bits) - 1;

constexpr node_address place(std::uint32_t tile, std::uint32_t die, std::uint32_t node, std::uint32_t offset) {
    return {tile, die, static_cast<node_index>(node), offset};
}

static_assert(address_map::decode(address_map::encode(place(3, 2, 1, 7))) == place(3, 2, 1, 7),
              "usable where a constant is needed");

TEST(address_map, begins_with_the_first_node_of_the_first_die) {
    EXPECT_EQ(address_map::encode(place(0, 0, 0, 0)), 0U);
    EXPECT_EQ(address_map::encode(place(0, 0, 0, 1310719)), 1310719U);
}

TEST(address_map, gives_each_node_a_window_of_2_mib) {
    constexpr std::uint64_t window = 2U << 20U;
    EXPECT_EQ(address_map::encode(place(0, 0, 1, 0)), window);
    EXPECT_EQ(address_map::encode(place(0, 0, 353, 5)), 353 * window + 5);
    EXPECT_EQ(address_map::encode(place(0, 1, 0, 0)), 512 * window);
    EXPECT_EQ(address_map::encode(place(1, 0, 0, 0)), 512 * 32 * window);
}

TEST(address_map, leaves_no_gap_and_no_overlap_between_windows) {
    EXPECT_EQ(address_map::encode(place(0, 0, 0, last_offset)) + 1, address_map::encode(place(0, 0, 1, 0)));
    EXPECT_EQ(address_map::encode(place(0, 0, last_node, last_offset)) + 1, address_map::encode(place(0, 1, 0, 0)));
    EXPECT_EQ(address_map::encode(place(0, last_die, last_node, last_offset)) + 1,
              address_map::encode(place(1, 0, 0, 0)));
}

TEST(address_map, has_room_for_an_sram_a_die_a_tile_and_a_machine) {
    EXPECT_GE(last_offset + 1, 1310720U);  // bytes of an SRAM
    EXPECT_GE(last_node + 1, 18U * 20U);   // places on a die's mesh
    EXPECT_GE(last_die + 1, 25U);          // dies of a tile
    EXPECT_GE(last_tile + 1, 120U);        // tiles of an ExaPOD
}

TEST(address_map, decodes_what_it_encoded_at_the_corners_of_every_field) {
    std::set<std::uint64_t> seen;
    for (const std::uint32_t tile : {0U, 1U, last_tile}) {
        for (const std::uint32_t die : {0U, 1U, last_die}) {
            for (const std::uint32_t node : {0U, 1U, last_node}) {
                for (const std::uint32_t offset : {0U, 1U, last_offset}) {
                    const node_address a = place(tile, die, node, offset);
                    EXPECT_EQ(address_map::decode(address_map::encode(a)), a);
                    seen.insert(address_map::encode(a));
                }
            }
        }
    }
    EXPECT_EQ(seen.size(), 81U);
}

TEST(address_map, is_one_to_one_over_random_addresses) {
    constexpr std::uint32_t seed = 11;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    constexpr std::uint32_t bits =
        address_map::offset_bits + address_map::node_bits + address_map::die_bits + address_map::tile_bits;
    for (int i = 0; i < 10000; ++i) {
        const std::uint64_t address = random() & ((1ULL << bits) - 1);
        ASSERT_EQ(address_map::encode(address_map::decode(address)), address);
    }
}

}  // namespace
}  // namespace d1
