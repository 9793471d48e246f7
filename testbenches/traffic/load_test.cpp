// What a load creates, against its own figures.

#include "testbenches/traffic/load.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

namespace d1::traffic {
namespace {

const grid usual{18, 20};
const destinations everywhere(usual, std::vector<bool>(usual.size(), true), pattern_kind::uniform);

std::vector<creation> all_of(const load& offered, node_index here) {
    creation_process process(offered, here, everywhere);
    std::vector<creation> all;
    for (creation c = process.next(); c.at < offered.end(); c = process.next()) {
        all.push_back(c);
    }
    return all;
}

std::uint64_t packets_of(const std::vector<creation>& all) {
    std::uint64_t sum = 0;
    for (const creation& c : all) {
        sum += c.packets;
    }
    return sum;
}

TEST(creation_process, creates_bursts_at_the_rate_of_the_load_in_the_order_of_time) {
    for (const std::uint32_t packets : {1U, 16U}) {
        const load offered{.rate = 0.2, .burst_packets = packets, .warm_up = 0, .measured = 200000, .seed = 3};
        const std::vector<creation> all = all_of(offered, node_index{5});
        for (std::size_t i = 1; i < all.size(); ++i) {
            ASSERT_LT(all[i - 1].at, all[i].at);
        }
        const double p = 0.2 / packets;
        const double expected = 200000 * p;
        EXPECT_NEAR(static_cast<double>(all.size()), expected, 4 * std::sqrt(expected * (1 - p)));
    }
}

TEST(creation_process, creates_in_every_cycle_at_rate_one_and_never_at_zero) {
    const std::vector<creation> always = all_of({.rate = 1, .warm_up = 0, .measured = 10}, node_index{0});
    ASSERT_EQ(always.size(), 10U);
    for (std::size_t t = 0; t < 10; ++t) {
        EXPECT_EQ(always[t].at, t);
    }
    EXPECT_TRUE(all_of({.rate = 0, .warm_up = 0, .measured = 10}, node_index{0}).empty());
}

TEST(creation_process, draws_burst_sizes_with_their_parts_and_keeps_the_rate_in_packets) {
    const burst_sizes mix({{1, 50}, {4, 30}, {16, 20}});
    EXPECT_DOUBLE_EQ(mix.mean(), 0.5 + 1.2 + 3.2);
    const load offered{.rate = 0.3, .burst_packets = mix, .warm_up = 0, .measured = 400000, .seed = 8};
    const std::vector<creation> all = all_of(offered, node_index{77});
    std::map<std::uint32_t, double> bursts;
    for (const creation& c : all) {
        ++bursts[c.packets];
    }
    const auto count = static_cast<double>(all.size());
    EXPECT_EQ(bursts.size(), 3U);
    EXPECT_NEAR(bursts[1] / count, 0.5, 4 * std::sqrt(0.25 / count));
    EXPECT_NEAR(bursts[4] / count, 0.3, 4 * std::sqrt(0.21 / count));
    EXPECT_NEAR(bursts[16] / count, 0.2, 4 * std::sqrt(0.16 / count));
    EXPECT_NEAR(static_cast<double>(packets_of(all)) / 400000, 0.3, 0.01);
}

TEST(creation_process, rests_between_fixed_phases_whose_bursts_keep_the_mean_rate) {
    const on_off phases{.on = 30, .off = 70, .kind = on_off::lengths::fixed};
    const load offered{.rate = 0.3, .warm_up = 0, .measured = 10000, .seed = 4, .phases = phases};
    for (const std::uint32_t n : {0U, 1U, 200U}) {
        // 0.3 * 100 / 30 = 1: a burst in every cycle of a phase.
        const std::vector<creation> all = all_of(offered, static_cast<node_index>(n));
        ASSERT_EQ(all.size(), 3000U);
        std::map<std::uint64_t, int> gaps;
        for (std::size_t i = 1; i < all.size(); ++i) {
            ++gaps[all[i].at - all[i - 1].at];
        }
        EXPECT_EQ(gaps.size(), 2U);
        EXPECT_TRUE(gaps.contains(1) && gaps.contains(71));
    }
    EXPECT_NE(all_of(offered, node_index{0}).front().at, all_of(offered, node_index{1}).front().at);
}

TEST(creation_process, rests_between_phases_of_geometric_lengths_which_keep_the_mean_rate) {
    constexpr std::uint64_t cycles = 2'000'000;
    const load offered{
        .rate = 0.25, .warm_up = 0, .measured = cycles, .seed = 6, .phases = on_off{.on = 40, .off = 120}};
    const std::vector<creation> all = all_of(offered, node_index{9});
    // A burst in every cycle of a phase: 0.25 * 160 / 40 = 1. So phases can be read off.
    std::vector<double> on_lengths{1};
    std::vector<double> off_lengths;
    for (std::size_t i = 1; i < all.size(); ++i) {
        if (all[i].at == all[i - 1].at + 1) {
            ++on_lengths.back();
        } else {
            off_lengths.push_back(static_cast<double>(all[i].at - all[i - 1].at - 1));
            on_lengths.push_back(1);
        }
    }
    const auto expect_geometric = [](const std::vector<double>& lengths, double mean) {
        double sum = 0;
        double longer = 0;
        for (const double l : lengths) {
            sum += l;
            longer += l > mean ? 1 : 0;
        }
        const auto n = static_cast<double>(lengths.size());
        EXPECT_NEAR(sum / n, mean, 4 * mean / std::sqrt(n));
        EXPECT_NEAR(longer / n, std::pow(1 - 1 / mean, mean), 4 * 0.5 / std::sqrt(n));
    };
    expect_geometric(on_lengths, 40);
    expect_geometric(off_lengths, 120);
    EXPECT_NEAR(static_cast<double>(all.size()) / cycles, 0.25, 0.01);
}

TEST(creation_process, numbers_the_bursts_of_a_closed_loop_so_that_their_times_change_nothing_else) {
    const load offered{.burst_packets = burst_sizes({{1, 50}, {2, 50}}), .replies = reply_rule{}, .outstanding = 4};
    creation_process a(offered, node_index{3}, everywhere);
    creation_process b(offered, node_index{3}, everywhere);
    for (std::uint64_t t = 0; t < 100; ++t) {
        const creation first = a.create(t);
        const creation second = b.create(5 * t);
        EXPECT_EQ(first.at, t);
        EXPECT_EQ(first.destination, second.destination);
        EXPECT_EQ(first.packets, second.packets);
    }
    EXPECT_GE(a.next().at, offered.end());
}

}  // namespace
}  // namespace d1::traffic
