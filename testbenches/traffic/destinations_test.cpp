// The patterns against their definitions, written out another way.

#include "testbenches/traffic/destinations.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <set>
#include <string>

#include "models/numerics/counter_random.hpp"

namespace d1::traffic {
namespace {

std::vector<bool> all_of(const grid& g) {
    return std::vector<bool>(g.size(), true);
}

coordinate to(const destinations& d, const grid& g, coordinate from) {
    return g.at(d.draw(g.index(from), 0, 0));
}

TEST(destinations, are_those_of_the_definitions_on_a_square_of_a_power_of_two) {
    const grid g{8, 8};
    const destinations transpose(g, all_of(g), pattern_kind::transpose);
    const destinations complement(g, all_of(g), pattern_kind::bit_complement);
    const destinations reverse(g, all_of(g), pattern_kind::bit_reverse);
    const destinations shuffle(g, all_of(g), pattern_kind::shuffle);
    for (std::uint32_t n = 0; n < 64; ++n) {
        const std::bitset<6> bits(n);
        const auto expect = [&](const destinations& d, const std::bitset<6>& there, const char* name) {
            SCOPED_TRACE(std::string(name) + " of " + bits.to_string());
            const auto from = static_cast<node_index>(n);
            EXPECT_EQ(d.sends(from), there != bits);
            if (d.sends(from)) {
                EXPECT_EQ(to_number(d.draw(from, 1, 2)), there.to_ulong());
            }
        };
        expect(complement, ~bits, "complement");
        expect(transpose, (bits << 3) | (bits >> 3), "transpose");
        expect(shuffle, (bits << 1) | (bits >> 5), "shuffle");
        std::bitset<6> back;
        for (std::size_t i = 0; i < 6; ++i) back[i] = bits[5 - i];
        expect(reverse, back, "reverse");
    }
}

TEST(destinations, of_tornado_and_neighbour_go_round_rows_and_columns) {
    const grid g{18, 20};
    const destinations tornado(g, all_of(g), pattern_kind::tornado);
    const destinations neighbour(g, all_of(g), pattern_kind::neighbour);
    EXPECT_EQ(to(tornado, g, {0, 0}), (coordinate{8, 9}));
    EXPECT_EQ(to(tornado, g, {12, 15}), (coordinate{2, 4}));
    EXPECT_EQ(to(neighbour, g, {3, 4}), (coordinate{4, 4}));
    EXPECT_EQ(to(neighbour, g, {17, 4}), (coordinate{0, 4}));
    EXPECT_EQ(neighbour.senders(), 360U);
}

TEST(destinations, of_a_pattern_of_partners_are_different_for_different_nodes_on_any_mesh) {
    for (const grid g : {grid{1, 1}, grid{2, 3}, grid{18, 20}, grid{7, 5}, grid{16, 4}}) {
        for (const pattern_kind kind :
             {pattern_kind::transpose, pattern_kind::bit_complement, pattern_kind::bit_reverse, pattern_kind::shuffle,
              pattern_kind::tornado, pattern_kind::neighbour}) {
            const destinations d(g, all_of(g), kind);
            std::set<std::uint32_t> taken;
            for (std::uint32_t n = 0; n < g.size(); ++n) {
                const auto from = static_cast<node_index>(n);
                if (d.sends(from)) {
                    EXPECT_NE(d.draw(from, 0, 0), from);
                    EXPECT_TRUE(taken.insert(to_number(d.draw(from, 0, 0))).second);
                }
            }
            EXPECT_EQ(taken.size(), d.senders());
        }
    }
}

TEST(destinations, of_uniform_are_all_other_live_nodes_alike) {
    const grid g{5, 4};
    auto live = all_of(g);
    live[7] = false;
    const destinations d(g, live, pattern_kind::uniform);
    EXPECT_FALSE(d.sends(node_index{7}));
    std::vector<double> drawn(20);
    constexpr std::uint64_t draws = 100000;
    for (std::uint64_t i = 0; i < draws; ++i) {
        ++drawn[to_number(d.draw(node_index{3}, numerics::counter_random(11, 0, i), i))];
    }
    EXPECT_EQ(drawn[3], 0);
    EXPECT_EQ(drawn[7], 0);
    double chi_square = 0;
    for (std::size_t n = 0; n < 20; ++n) {
        if (n != 3 && n != 7) chi_square += (drawn[n] - draws / 18.0) * (drawn[n] - draws / 18.0) / (draws / 18.0);
    }
    EXPECT_LT(chi_square, 40.8);  // 17 degrees of freedom, 0.1 %
}

TEST(destinations, of_all_to_all_are_every_other_live_node_once_in_a_round) {
    const grid g{4, 3};
    auto live = all_of(g);
    live[0] = live[5] = false;
    const destinations d(g, live, pattern_kind::all_to_all);
    for (const std::uint32_t n : {1U, 6U, 11U}) {
        std::set<std::uint32_t> seen;
        for (std::uint64_t i = 0; i < 9; ++i) seen.insert(to_number(d.draw(static_cast<node_index>(n), 99, i)));
        EXPECT_EQ(seen.size(), 9U);
        EXPECT_FALSE(seen.contains(n) || seen.contains(0) || seen.contains(5));
    }
}

TEST(destinations, of_a_hotspot_have_its_share_and_the_rest_is_uniform) {
    const grid g{6, 6};
    const destinations d(g, all_of(g), pattern_kind::hotspot, {.share = 0.25, .place = {2, 3}});
    std::uint64_t hot = 0;
    constexpr std::uint64_t draws = 40000;
    for (std::uint64_t i = 0; i < draws; ++i) {
        hot += d.draw(node_index{0}, numerics::counter_random(12, 0, i), i) == g.index({2, 3}) ? 1U : 0U;
    }
    EXPECT_NEAR(static_cast<double>(hot) / draws, 0.25 + 0.75 / 35, 0.01);
}

TEST(destinations, leave_a_node_silent_whose_partner_is_dead) {
    const grid g{4, 4};
    auto live = all_of(g);
    live[to_number(g.index({3, 1}))] = false;
    const destinations d(g, live, pattern_kind::transpose);
    EXPECT_FALSE(d.sends(g.index({1, 3})));
    EXPECT_FALSE(d.sends(g.index({3, 1})));
    EXPECT_EQ(d.senders(), 10U);
}

}  // namespace
}  // namespace d1::traffic
