#include "models/noc/channel_dependency_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <stdexcept>

namespace d1::noc {
namespace {

TEST(channel_dependency_graph, without_edges_has_no_cycle) {
    EXPECT_TRUE(channel_dependency_graph(0).acyclic());
    EXPECT_TRUE(channel_dependency_graph(3).acyclic());
}

TEST(channel_dependency_graph, keeps_each_edge_once_and_in_order) {
    channel_dependency_graph graph(4);
    graph.add(0, 3);
    graph.add(0, 1);
    graph.add(0, 3);
    EXPECT_THAT(graph.waits_for(0), testing::ElementsAre(1U, 3U));
    EXPECT_EQ(graph.dependencies(), 2U);
    EXPECT_THROW(graph.add(0, 4), std::out_of_range);
    EXPECT_THROW(graph.add(4, 0), std::out_of_range);
}

TEST(channel_dependency_graph, finds_a_channel_that_waits_for_itself) {
    channel_dependency_graph graph(2);
    graph.add(1, 1);
    EXPECT_THAT(graph.find_cycle(), testing::ElementsAre(1U));
}

TEST(channel_dependency_graph, tells_two_ways_to_one_channel_from_a_cycle) {
    channel_dependency_graph graph(4);
    graph.add(0, 1);
    graph.add(0, 2);
    graph.add(1, 3);
    graph.add(2, 3);
    EXPECT_TRUE(graph.acyclic());
    graph.add(3, 2);
    EXPECT_THAT(graph.find_cycle(), testing::UnorderedElementsAre(2U, 3U));
}

TEST(channel_dependency_graph, finds_the_four_turns_of_the_classical_deadlock) {
    channel_dependency_graph graph(6);
    for (std::uint32_t c = 1; c < 5; ++c) {
        graph.add(c, c % 4 + 1);
    }
    graph.add(0, 1);
    graph.add(1, 5);
    EXPECT_THAT(graph.find_cycle(), testing::ElementsAre(1U, 2U, 3U, 4U));
}

TEST(channel_dependency_graph, agrees_with_the_transitive_closure_on_random_graphs) {
    constexpr std::uint32_t size = 8;
    std::uint32_t cyclic = 0;
    for (std::uint32_t seed = 1; seed <= 2000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 random(seed);
        channel_dependency_graph graph(size);
        std::array<std::array<bool, size>, size> leads_to{};
        for (std::uint32_t i = 0; i < 4 + seed % 9; ++i) {
            const auto from = static_cast<std::uint32_t>(random() % size);
            const auto to = static_cast<std::uint32_t>(random() % size);
            graph.add(from, to);
            leads_to[from][to] = true;
        }
        for (std::uint32_t via = 0; via < size; ++via) {
            for (auto& reached : leads_to) {
                for (std::uint32_t to = 0; to < size; ++to) {
                    reached[to] = reached[to] || (reached[via] && leads_to[via][to]);
                }
            }
        }
        bool expected = false;
        for (std::uint32_t c = 0; c < size; ++c) {
            expected = expected || leads_to[c][c];
        }
        const std::vector<std::uint32_t> cycle = graph.find_cycle();
        ASSERT_EQ(!cycle.empty(), expected);
        for (std::size_t i = 0; i < cycle.size(); ++i) {
            EXPECT_THAT(graph.waits_for(cycle[i]), testing::Contains(cycle[(i + 1) % cycle.size()]));
        }
        cyclic += expected ? 1U : 0U;
    }
    EXPECT_GT(cyclic, 200U);
    EXPECT_LT(cyclic, 1800U);
}

}  // namespace
}  // namespace d1::noc
