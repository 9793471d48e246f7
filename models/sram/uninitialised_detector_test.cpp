#include "models/sram/uninitialised_detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace d1 {
namespace {

constexpr node_index here{1};
constexpr race_party reader{.node = node_index{2}, .thread = 3, .instruction = 7, .transfer = false, .write = false};

race_party instruction(std::uint32_t i, std::uint32_t thread = 0) {
    return {.node = node_index{0}, .thread = thread, .instruction = i, .transfer = false, .write = false};
}

TEST(an_uninitialised_detector, is_silent_about_what_was_written) {
    uninitialised_detector d(4, 4096);
    d.written(here, 100, 200);
    d.read(here, 100, 200, reader);
    d.read(here, 299, 1, reader);
    EXPECT_EQ(d.count(), 0U);
    EXPECT_TRUE(d.reads().empty());
}

TEST(an_uninitialised_detector, names_the_first_bytes_without_a_gap) {
    uninitialised_detector d(4, 4096);
    d.written(here, 100, 200);
    d.written(here, 1000, 1);
    d.read(here, 200, 1000, reader);
    ASSERT_EQ(d.reads().size(), 1U);
    EXPECT_EQ(d.reads()[0], (uninitialised_read{here, 300, 700, reader}));
    EXPECT_EQ(to_string(d.reads()[0]),
              "node number 2, thread 3, instruction 7 reads bytes 300..999 of node number 1, which nobody has written");
}

TEST(an_uninitialised_detector, counts_every_access_and_names_each_instruction_once) {
    uninitialised_detector d(4, 4096);
    for (std::uint32_t n = 0; n < 4; ++n) {
        for (std::uint32_t i = 0; i < 3; ++i) {
            d.read(static_cast<node_index>(n), 0, 64, instruction(i));
        }
    }
    d.read(here, 0, 64, instruction(0, 1));
    race_party transfer = instruction(0);
    transfer.transfer = true;
    d.read(here, 0, 64, transfer);
    EXPECT_EQ(d.count(), 14U);
    EXPECT_EQ(d.reads().size(), 5U);
    EXPECT_NE(to_string(d.reads().back()).find("instruction 0 (transfer) reads bytes 0..63"), std::string::npos);
}

TEST(an_uninitialised_detector, remembers_a_hundred_instructions) {
    uninitialised_detector d(2, 64);
    for (std::uint32_t i = 0; i < 200; ++i) {
        d.read(here, 0, 1, instruction(i));
    }
    EXPECT_EQ(d.reads().size(), 100U);
    EXPECT_EQ(d.count(), 200U);
}

TEST(an_uninitialised_detector, ignores_what_lies_outside_a_memory) {
    uninitialised_detector d(2, 100);
    d.written(here, 90, 1000);
    d.written(here, -10, 10);
    d.read(here, 90, 1000, reader);
    d.read(here, 100, 5, reader);
    d.read(here, -5, 5, reader);
    EXPECT_EQ(d.count(), 0U);
    d.read(here, -5, 6, reader);
    EXPECT_EQ(d.reads(), (std::vector{uninitialised_read{here, 0, 1, reader}}));
}

TEST(an_uninitialised_detector, knows_nothing_after_a_reset) {
    uninitialised_detector d(2, 100);
    d.written(here, 0, 100);
    d.read(here, 0, 100, reader);
    d.reset();
    d.read(here, 10, 20, reader);
    EXPECT_EQ(d.count(), 1U);
    EXPECT_EQ(d.reads(), (std::vector{uninitialised_read{here, 10, 20, reader}}));
}

TEST(an_uninitialised_detector, agrees_with_a_flag_a_byte_over_random_accesses) {
    constexpr std::uint32_t seed = 17;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    constexpr std::int64_t size = 700;
    std::mt19937 random(seed);
    for (int round = 0; round < 50; ++round) {
        uninitialised_detector d(2, size);
        std::vector<bool> flags(size);
        for (int i = 0; i < 60; ++i) {
            const auto address = static_cast<std::int64_t>(random() % size);
            const auto bytes = static_cast<std::int64_t>(1 + random() % 130);
            const auto end = std::min(size, address + bytes);
            if (random() % 2 == 0) {
                d.written(here, address, bytes);
                std::fill(flags.begin() + address, flags.begin() + end, true);
                continue;
            }
            const auto before = d.reads().size();
            d.read(here, address, bytes, instruction(static_cast<std::uint32_t>(i)));
            const auto first = std::find(flags.begin() + address, flags.begin() + end, false) - flags.begin();
            if (first == end) {
                ASSERT_EQ(d.reads().size(), before);
                continue;
            }
            const auto last = std::find(flags.begin() + first, flags.begin() + end, true) - flags.begin();
            ASSERT_EQ(d.reads().size(), before + 1);
            ASSERT_EQ(d.reads().back().address, first);
            ASSERT_EQ(d.reads().back().bytes, last - first);
        }
    }
}

}  // namespace
}  // namespace d1
