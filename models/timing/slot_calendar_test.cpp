#include "models/timing/slot_calendar.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>

namespace d1::timing {
namespace {

/// The same promises, kept with a map from cycles to the slots taken in them.
class reference_calendar {
  public:
    explicit reference_calendar(std::uint32_t rate) : rate_(rate) {}

    [[nodiscard]] std::uint64_t first_free(std::uint64_t from) const {
        while (taken(from) == rate_) {
            ++from;
        }
        return from;
    }
    void take(std::uint64_t slot) { ++taken_[slot]; }
    [[nodiscard]] bool all_free(const packet_times& times) const {
        for (std::uint32_t i = 0; i < times.count; ++i) {
            if (taken(times.first + times.offset[i]) != 0) {
                return false;
            }
        }
        return true;
    }

  private:
    [[nodiscard]] std::uint32_t taken(std::uint64_t slot) const {
        const auto found = taken_.find(slot);
        return found == taken_.end() ? 0 : found->second;
    }
    std::uint32_t rate_;
    std::map<std::uint64_t, std::uint32_t> taken_;
};

packet_times random_train(std::mt19937& random, std::uint64_t first, std::uint32_t widest_gap) {
    packet_times times = packet_times::none();
    const auto count = 1 + random() % packet_times::capacity;
    for (std::uint32_t i = 0; i < count; ++i) {
        times.append(first);
        first += 1 + random() % widest_gap;
    }
    return times;
}

class at_each_rate : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(slot_calendar, at_each_rate, testing::Values(1U, 2U, 4U),
                         [](const auto& rate) { return "rate_" + std::to_string(rate.param); });

TEST_P(at_each_rate, finds_and_takes_the_slots_that_a_list_of_taken_ones_leaves) {
    for (const std::uint32_t reach : {128U, 200U, 1000U}) {
        const std::uint32_t seed = 7000 + reach;
        std::mt19937 random(seed);
        slot_calendar calendar(GetParam(), reach);
        reference_calendar reference(GetParam());
        std::uint64_t now = random();
        for (int step = 0; step < 20000; ++step) {
            SCOPED_TRACE("seed " + std::to_string(seed) + " step " + std::to_string(step));
            // Leaps let every word of the ring be met again.
            now += random() % 64 == 0 ? random() % (5 * reach) : random() % 3;
            const std::uint64_t from = now + random() % 64;
            const std::uint64_t slot = reference.first_free(from);
            ASSERT_EQ(calendar.first_free(from), slot);
            if (slot < now + 64) {
                calendar.take(slot);
                reference.take(slot);
            }
        }
    }
}

TEST(slot_calendar, takes_the_slots_of_a_train_all_or_none) {
    constexpr std::uint32_t seed = 71;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    slot_calendar calendar(1, 256);
    reference_calendar reference(1);
    std::uint64_t now = 0;
    int taken = 0;
    int refused = 0;
    for (int step = 0; step < 20000; ++step) {
        now += random() % 12;
        const packet_times times =
            random_train(random, now + random() % 8, 1 + static_cast<std::uint32_t>(random() % 3));
        if (times.mask == 0) {
            continue;
        }
        const bool free = reference.all_free(times);
        ASSERT_EQ(calendar.take_as_wanted(times), free) << "step " << step;
        for (std::uint32_t i = 0; free && i < times.count; ++i) {
            reference.take(times.first + times.offset[i]);
        }
        const std::uint64_t slot = reference.first_free(now);
        ASSERT_EQ(calendar.first_free(now), slot) << "step " << step;
        ++(free ? taken : refused);
    }
    EXPECT_GT(taken, 1000);
    EXPECT_GT(refused, 1000);
}

TEST(slot_calendar, leaves_trains_that_one_word_cannot_say_to_the_slot_by_slot_way) {
    slot_calendar calendar(1, 256);
    packet_times far = packet_times::none();
    far.append(0);
    far.append(64);
    EXPECT_FALSE(calendar.take_as_wanted(far));
    slot_calendar wide(4, 256);
    EXPECT_FALSE(wide.take_as_wanted(packet_times::back_to_back(0, 4)));
    EXPECT_EQ(calendar.first_free(0), 0U);
    EXPECT_EQ(wide.first_free(0), 0U);
}

TEST(slot_calendar, is_empty_after_a_reset) {
    slot_calendar calendar(2, 256);
    calendar.take(5);
    calendar.take(5);
    EXPECT_EQ(calendar.first_free(5), 6U);
    calendar.reset();
    EXPECT_EQ(calendar.first_free(5), 5U);
    calendar.take(5);
    EXPECT_EQ(calendar.first_free(5), 5U);
}

}  // namespace
}  // namespace d1::timing
