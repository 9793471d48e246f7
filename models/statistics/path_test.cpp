#include "models/statistics/path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace d1::statistics {
namespace {

TEST(natural_order, reads_numbers_as_numbers) {
    constexpr natural_order before;
    EXPECT_TRUE(before("node[2,1]", "node[10,0]"));
    EXPECT_FALSE(before("node[10,0]", "node[2,1]"));
    EXPECT_TRUE(before("node[2,9]", "node[2,10]"));
    EXPECT_TRUE(before("core", "node[0]"));
    EXPECT_TRUE(before("node", "node[0]"));
    EXPECT_FALSE(before("node[3,4]", "node[3,4]"));
    EXPECT_TRUE(before("bank007", "bank8"));
    EXPECT_TRUE(before("bank000", "bank1"));
}

TEST(natural_order, tells_names_apart_that_differ_in_leading_zeros) {
    constexpr natural_order before;
    EXPECT_NE(before("bank01", "bank1"), before("bank1", "bank01"));
    EXPECT_NE(before("bank0", "bank00"), before("bank00", "bank0"));
}

TEST(natural_order, compares_numbers_of_any_length) {
    constexpr natural_order before;
    EXPECT_TRUE(before("a99999999999999999999999", "a100000000000000000000000"));
}

TEST(natural_order, sorts_a_whole_die_by_its_coordinates) {
    std::vector<std::tuple<int, int>> places;
    for (int x = 0; x < 18; ++x) {
        for (int y = 0; y < 20; ++y) places.emplace_back(x, y);
    }
    const auto name = [](const std::tuple<int, int>& c) {
        return "node[" + std::to_string(std::get<0>(c)) + "," + std::to_string(std::get<1>(c)) + "]";
    };
    std::vector<std::string> expected(places.size());
    std::ranges::transform(places, expected.begin(), name);

    const unsigned seed = 1;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::vector<std::string> shuffled = expected;
    std::ranges::shuffle(shuffled, std::mt19937(seed));
    std::ranges::sort(shuffled, natural_order{});
    EXPECT_EQ(shuffled, expected);
}

TEST(name, is_a_word_with_an_optional_index) {
    for (const char* good : {"router", "die[7]", "node[3,4]", "a[1,2,3]", "_x", "l2_hits", "East"}) {
        EXPECT_TRUE(is_valid_name(good)) << good;
    }
    for (const char* bad : {"", "a.b", "2x", "[1]", "a[]", "a[1", "a]", "a[1,]", "a[,1]", "a[x]", "a[1]b", "a b",
                            "a[*]", "a[-1]", "a[1][2]", "a["}) {
        EXPECT_FALSE(is_valid_name(bad)) << bad;
    }
}

TEST(generalise, replaces_every_index_and_keeps_it_aside) {
    const generic_path nested = generalise("tile.die[7].node[3,4].router.east.packets");
    EXPECT_EQ(nested.pattern, "tile.die[*].node[*].router.east.packets");
    EXPECT_EQ(nested.indices, "[7][3,4]");

    const generic_path last = generalise("router.packets[2]");
    EXPECT_EQ(last.pattern, "router.packets[*]");
    EXPECT_EQ(last.indices, "[2]");

    const generic_path plain = generalise("die.cycles");
    EXPECT_EQ(plain.pattern, "die.cycles");
    EXPECT_EQ(plain.indices, "");
}

}  // namespace
}  // namespace d1::statistics
