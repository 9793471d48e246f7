// Ten thousand random sets of 1 to 20 dead nodes on the whole die, every path of each walked. Prints the figures that
// docs/routing.md quotes.

#include <gtest/gtest.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "models/noc/route_table.hpp"
#include "models/noc/route_table_audit.hpp"
#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

constexpr grid die{18, 20};

struct figures {
    std::vector<std::uint64_t> lost;
    std::vector<std::uint64_t> live;
    std::vector<std::uint64_t> extra;
    std::vector<std::uint64_t> longest;
    std::uint32_t refused = 0;
};

std::uint64_t mean(const std::vector<std::uint64_t>& values) {
    std::uint64_t sum = 0;
    for (const std::uint64_t v : values) {
        sum += v;
    }
    return values.empty() ? 0 : sum / values.size();
}

void print(const std::string& name, std::vector<std::uint64_t> values) {
    std::sort(values.begin(), values.end());
    std::cout << "  " << name << " mean " << mean(values) << " min " << values.front() << " median "
              << values[values.size() / 2] << " p90 " << values[values.size() * 9 / 10] << " max " << values.back();
}

void print(std::uint32_t dead, const figures& f) {
    std::cout << std::setw(2) << dead << " dead: " << f.lost.size() << " sets, " << f.refused
              << " refused; xy_live mean " << mean(f.live) << ";";
    print("xy_lost", f.lost);
    print("extra_hops", f.extra);
    print("longest", f.longest);
    std::cout << '\n';
}

void serve(const test::place_map& map, figures& f) {
    const route_table table(map.shape, map.blocked);
    const test::audit result = test::auditor(table, map).run();
    EXPECT_EQ(result.fault, "") << to_string(map);
    f.lost.push_back(result.counted.xy_lost);
    f.live.push_back(result.counted.xy_live);
    f.extra.push_back(result.counted.extra_hops_total);
    f.longest.push_back(result.counted.longest_path);
}

// One random set: served with good routes if it leaves the nodes connected, else refused.
void check(std::uint32_t dead, std::uint32_t seed, figures& f) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const test::place_map map = test::random_map(die, dead, seed);
    if (cut_off_from_first(map) == 0) {
        serve(map, f);
    } else {
        EXPECT_THROW(route_table(map.shape, map.blocked), input_error) << to_string(map);
        ++f.refused;
    }
}

// Seeds from 1; the number of dead nodes goes from 1 to 20 and round again. Four tests, so that they can run side by
// side.
void check_sets(std::uint32_t first_seed) {
    std::map<std::uint32_t, figures> by_size;
    for (std::uint32_t seed = first_seed; seed < first_seed + 2500; ++seed) {
        const std::uint32_t dead = 1 + seed % 20;
        check(dead, seed, by_size[dead]);
    }
    for (const auto& [dead, f] : by_size) {
        print(dead, f);
    }
}

TEST(route_table_long, serves_or_refuses_random_sets_with_seeds_1_to_2500) {
    check_sets(1);
}
TEST(route_table_long, serves_or_refuses_random_sets_with_seeds_2501_to_5000) {
    check_sets(2501);
}
TEST(route_table_long, serves_or_refuses_random_sets_with_seeds_5001_to_7500) {
    check_sets(5001);
}
TEST(route_table_long, serves_or_refuses_random_sets_with_seeds_7501_to_10000) {
    check_sets(7501);
}

TEST(route_table_long, keeps_nearly_all_xy_paths_with_six_dead_nodes) {
    figures f;
    for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
        check(6, seed, f);
    }
    print(6, f);
    EXPECT_LT(mean(f.lost) * 50, mean(f.live));
}

TEST(route_table_long, keeps_nearly_all_xy_paths_with_twenty_dead_nodes) {
    figures f;
    for (std::uint32_t seed = 1; seed <= 1000; ++seed) {
        check(20, seed, f);
    }
    print(20, f);
    EXPECT_LT(mean(f.lost) * 20, mean(f.live));
}

TEST(route_table_long, serves_the_default_set) {
    figures f;
    serve({die, {{3, 2}, {14, 5}, {6, 8}, {11, 12}, {1, 15}, {16, 17}}}, f);
    print(6, f);
}

TEST(route_table_long, serves_one_dead_node_in_every_place) {
    figures f;
    for (std::uint32_t v = 0; v < die.size(); ++v) {
        serve({die, {die.at(node_index{v})}}, f);
    }
    print(1, f);
}

}  // namespace
}  // namespace d1::noc
