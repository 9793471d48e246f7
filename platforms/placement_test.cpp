// How logical rectangles come to lie on live nodes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "models/parameter/error.hpp"
#include "platforms/die.hpp"

namespace d1 {
namespace {

int distance(coordinate a, coordinate b) {
    return std::abs(a.x - b.x) + std::abs(a.y - b.y);
}

TEST(placement, takes_whole_columns_where_enough_are_long_enough) {
    const die d("die", {}, {.protocol = true});
    // Six columns have a dead node each: twelve have 20 live nodes, all have 19.
    for (const grid logical : {grid{12, 20}, grid{18, 19}, grid{1, 20}, grid{18, 1}}) {
        const placement where = d.place(logical);
        for (std::int32_t x = 0; x < logical.columns; ++x) {
            const std::int32_t column = d.places().at(where.at({x, 0})).x;
            for (std::int32_t y = 0; y + 1 < logical.rows; ++y) {
                const coordinate here = d.places().at(where.at({x, y}));
                const coordinate below = d.places().at(where.at({x, y + 1}));
                EXPECT_EQ(here.x, column);
                EXPECT_EQ(below.x, column);
                EXPECT_LT(here.y, below.y);
                EXPECT_LE(distance(here, below), 2);  // a dead node lies between, if anything does
            }
            if (x > 0) {
                EXPECT_LT(d.places().at(where.at({x - 1, 0})).x, column);
            }
        }
    }
}

TEST(placement, takes_whole_rows_where_columns_are_too_short) {
    const die d("die", {}, {.protocol = true});
    for (const grid logical : {grid{13, 20}, grid{17, 20}}) {
        const placement where = d.place(logical);
        for (std::int32_t y = 0; y < logical.rows; ++y) {
            for (std::int32_t x = 0; x + 1 < logical.columns; ++x) {
                const coordinate here = d.places().at(where.at({x, y}));
                const coordinate right = d.places().at(where.at({x + 1, y}));
                EXPECT_EQ(here.y, y);
                EXPECT_EQ(right.y, y);
                EXPECT_LT(here.x, right.x);
                EXPECT_LE(distance(here, right), 2);
            }
        }
    }
}

TEST(placement, winds_row_by_row_where_neither_fits) {
    const die d("die", {}, {.protocol = true});
    for (const grid logical : {grid{354, 1}, grid{1, 354}, grid{59, 6}, grid{2, 177}}) {
        const placement where = d.place(logical);
        for (std::size_t i = 0; i + 1 < where.nodes.size(); ++i) {
            const coordinate here = d.places().at(where.nodes[i]);
            const coordinate next = d.places().at(where.nodes[i + 1]);
            EXPECT_LE(distance(here, next), 2) << i;
            EXPECT_LE(here.y, next.y);
        }
    }
}

TEST(placement, gives_every_logical_node_a_live_one_of_its_own_whatever_the_rectangle) {
    const die d("die", {}, {.protocol = true});
    for (std::int32_t columns = 1; columns <= 354; ++columns) {
        for (std::int32_t rows = 1; columns * rows <= 354; ++rows) {
            const placement where = d.place({columns, rows});
            ASSERT_EQ(where.nodes.size(), static_cast<std::size_t>(columns * rows));
            ASSERT_TRUE(std::ranges::all_of(where.nodes, [&](node_index n) { return d.is_alive(n); }));
            ASSERT_EQ(std::set<node_index>(where.nodes.begin(), where.nodes.end()).size(), where.nodes.size());
        }
    }
}

TEST(placement, refuses_more_nodes_than_live_or_none) {
    const die d("die", {}, {.protocol = true});
    for (const grid logical : {grid{355, 1}, grid{18, 20}, grid{0, 5}, grid{5, -1}}) {
        try {
            static_cast<void>(d.place(logical));
            ADD_FAILURE() << logical.columns << " x " << logical.rows << " was not refused";
        } catch (const input_error& e) {
            EXPECT_THAT(e.what(), testing::HasSubstr("354 live nodes"));
        }
    }
}

}  // namespace
}  // namespace d1
