#include "models/statistics/group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace d1::statistics {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, std::uint64_t>> contents(const group& root) {
    std::vector<std::pair<std::string, std::uint64_t>> result;
    root.visit(
        [&](const std::string& path, const counter_entry& counter) { result.emplace_back(path, counter.value()); });
    return result;
}

TEST(group, shows_the_present_value_of_a_counter_that_its_block_increments) {
    std::uint64_t packets = 0;
    group root;
    root.child("die").child("node[3,4]").counter("packets", "packets", "Packets sent", packets);
    packets += 2;
    ++packets;
    EXPECT_THAT(contents(root), ElementsAre(Pair("die.node[3,4].packets", 3)));
}

TEST(group, keeps_unit_and_description) {
    std::uint64_t value = 0;
    group root;
    root.counter("bytes_read", "B", "Bytes read", value);
    ASSERT_EQ(root.counters().size(), 1U);
    EXPECT_EQ(root.counters()[0].unit(), "B");
    EXPECT_EQ(root.counters()[0].description(), "Bytes read");
}

TEST(group, returns_the_same_child_for_the_same_name) {
    group root;
    const group& first = root.child("die");
    for (int i = 0; i < 100; ++i) static_cast<void>(root.child("other[" + std::to_string(i) + "]"));
    EXPECT_EQ(&root.child("die"), &first);
    EXPECT_EQ(root.children().size(), 101U);
}

TEST(group, visits_in_natural_order_whatever_the_order_of_registration) {
    std::array<std::uint64_t, 5> v{1, 2, 3, 4, 5};
    group root;
    root.child("node[10,0]").counter("b", "", "", v[0]);
    root.child("node[2,1]").counter("b", "", "", v[1]);
    root.child("node[2,1]").child("a").counter("x", "", "", v[2]);
    root.child("node[2,1]").counter("a2", "", "", v[3]);
    root.counter("cycles", "", "", v[4]);
    EXPECT_THAT(contents(root), ElementsAre(Pair("cycles", 5), Pair("node[2,1].a2", 4), Pair("node[2,1].b", 2),
                                            Pair("node[2,1].a.x", 3), Pair("node[10,0].b", 1)));
}

TEST(group, gives_paths_from_the_group_where_the_walk_begins) {
    std::uint64_t value = 7;
    group root;
    root.child("die").child("noc").counter("hops", "hops", "", value);
    EXPECT_THAT(contents(root.child("die")), ElementsAre(Pair("noc.hops", 7)));
}

TEST(group, refuses_a_name_that_is_taken) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    group root;
    root.counter("packets", "", "", a);
    static_cast<void>(root.child("east"));
    EXPECT_THROW(root.counter("packets", "", "", b), std::logic_error);
    EXPECT_THROW(root.counter("east", "", "", b), std::logic_error);
    EXPECT_THROW(static_cast<void>(root.child("packets")), std::logic_error);
    EXPECT_EQ(root.counters().size(), 1U);
}

TEST(group, refuses_a_malformed_name) {
    std::uint64_t value = 0;
    group root;
    EXPECT_THROW(root.counter("a.b", "", "", value), std::logic_error);
    EXPECT_THROW(static_cast<void>(root.child("")), std::logic_error);
    EXPECT_THROW(static_cast<void>(root.child("node[3;4]")), std::logic_error);
}

TEST(group, resets_the_counters_at_and_below_it_and_no_others) {
    std::array<std::uint64_t, 3> v{1, 2, 3};
    group root;
    root.counter("top", "", "", v[0]);
    root.child("die").counter("middle", "", "", v[1]);
    root.child("die").child("node[0,0]").counter("low", "", "", v[2]);
    root.child("die").reset();
    EXPECT_THAT(v, ElementsAre(1, 0, 0));
    root.reset();
    EXPECT_THAT(v, ElementsAre(0, 0, 0));
}

}  // namespace
}  // namespace d1::statistics
