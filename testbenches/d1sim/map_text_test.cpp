#include "testbenches/d1sim/map_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "models/packet/address_map.hpp"
#include "models/parameter/error.hpp"
#include "testbenches/d1sim/options.hpp"

namespace d1 {
namespace {

struct range {
    std::uint64_t first;
    std::uint64_t last;
    std::string what;
};

std::vector<range> ranges_of(const std::string& text) {
    std::vector<range> all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("0x")) {
            all.push_back({std::stoull(line.substr(0, 14), nullptr, 16), std::stoull(line.substr(18, 14), nullptr, 16),
                           line.substr(34)});
        }
    }
    return all;
}

TEST(an_address_map, has_a_line_for_every_node_the_other_dies_and_dip_memory) {
    const auto all = ranges_of(address_map_text({}));
    ASSERT_EQ(all.size(), 362U);
    EXPECT_EQ(std::ranges::count_if(all, [](const range& r) { return r.what.ends_with("SRAM, 1310720 B"); }), 354);
    EXPECT_EQ(std::ranges::count_if(all, [](const range& r) { return r.what.ends_with("dead, not mapped"); }), 6);
    EXPECT_EQ(all[0].what, "tile 0, die 0, node[0,0]: SRAM, 1310720 B");
    EXPECT_EQ(all[18].what, "tile 0, die 0, node[0,1]: SRAM, 1310720 B");
    EXPECT_EQ(all[2 * 18 + 3].what, "tile 0, die 0, node[3,2]: dead, not mapped");
    EXPECT_EQ(all[361].what, "DIP memory: reserved");
}

TEST(an_address_map, has_ranges_in_their_order_that_do_not_touch_each_other) {
    const auto all = ranges_of(address_map_text({}));
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_LE(all[i].first, all[i].last);
        EXPECT_TRUE(i == 0 || all[i - 1].last < all[i].first);
    }
    for (std::uint64_t i = 0; i < 360; ++i) {
        EXPECT_EQ(all[i].first, i << 21U);
        EXPECT_EQ(all[i].last - all[i].first + 1, 1310720U);
        EXPECT_TRUE(address_map::is_sram(all[i].last));
    }
    EXPECT_TRUE(address_map::is_sram(all[360].last));
    EXPECT_FALSE(address_map::is_sram(all[360].last + 1));
    EXPECT_FALSE(address_map::is_sram(all[361].first));
}

TEST(an_address_map, has_room_for_20_dips_of_32_gib_a_tile_and_as_many_tiles_as_there_are) {
    EXPECT_GE(address_map::dip_last - address_map::dip_first + 1, (128ULL * 20) << 35U);
}

TEST(the_map_command, prints_the_map_of_the_parameters_given) {
    d1_parameters small;
    small.die.noc.columns = 2;
    small.die.noc.rows = 1;
    small.die.harvest.dead = {};
    small.die.node.sram.bytes = 65536;
    const auto line = parse_command_line({"map", "--set", "die.noc.columns=2", "--set", "die.noc.rows=1", "--set",
                                          "die.harvest.dead=[]", "--set", "die.node.sram.bytes=65536"});
    const std::string& text = std::get<printed_text>(line).text;
    EXPECT_EQ(text, address_map_text(small));
    EXPECT_THAT(text, testing::HasSubstr("0x000000200000 .. 0x00000020ffff  tile 0, die 0, node[1,0]: SRAM, 65536 "
                                         "B\n"));
}

TEST(the_map_command, refuses_files_and_options_of_others) {
    EXPECT_THROW(static_cast<void>(parse_command_line({"map", "die.yaml"})), input_error);
    EXPECT_THROW(static_cast<void>(parse_command_line({"map", "--check"})), input_error);
}

}  // namespace
}  // namespace d1
