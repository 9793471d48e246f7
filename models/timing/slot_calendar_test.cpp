#include "models/timing/slot_calendar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace d1::timing {
namespace {

packet_times at_cycles(const std::vector<std::uint64_t>& cycles) {
    packet_times t = packet_times::none();
    for (const std::uint64_t cycle : cycles) {
        t.append(cycle);
    }
    return t;
}

/// The same promises, kept with a map from cycles to the slots taken in them.
class reference_calendar {
  public:
    reference_calendar(std::uint32_t rate, std::uint32_t horizon) : rate_(rate), horizon_(horizon) {}

    bool reserve(packet_times& times, std::uint64_t now) {
        std::vector<std::uint64_t> given;
        for (std::uint32_t i = 0; i < times.count; ++i) {
            std::uint64_t slot = times.first + times.offset[i];
            if (!given.empty()) {
                slot = std::max(slot, given.back() + (rate_ == 1 ? 1 : 0));
            }
            while (taken(slot) == rate_) {
                ++slot;
            }
            if (slot >= now + horizon_) {
                for (const std::uint64_t g : given) {
                    --taken_[g];
                }
                return false;
            }
            ++taken_[slot];
            given.push_back(slot);
        }
        times = at_cycles(given);
        return true;
    }
    void release(const packet_times& times) {
        for (std::uint32_t i = 0; i < times.count; ++i) {
            --taken_[times.first + times.offset[i]];
        }
    }
    [[nodiscard]] std::uint32_t taken(std::uint64_t slot) const {
        const auto found = taken_.find(slot);
        return found == taken_.end() ? 0 : found->second;
    }

  private:
    std::uint32_t rate_;
    std::uint32_t horizon_;
    std::map<std::uint64_t, std::uint32_t> taken_;
};

std::uint32_t below(std::mt19937& random, std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
}

packet_times single(std::uint64_t at) {
    return packet_times::back_to_back(at, 1);
}

std::vector<std::uint64_t> cycles_of(const packet_times& t) {
    std::vector<std::uint64_t> cycles;
    for (std::uint32_t i = 0; i < t.count; ++i) {
        cycles.push_back(t.first + t.offset[i]);
    }
    return cycles;
}

/// A burst of 1 to 16 packets that begins in the next `reach` cycles, with gaps or without, as a link of `link_rate`
/// packets a cycle would bring it.
packet_times random_burst(std::mt19937& random, std::uint64_t now, std::uint32_t reach, std::uint32_t link_rate) {
    std::vector<std::uint64_t> cycles{now + below(random, reach)};
    const std::uint32_t packets = 1 + below(random, packet_times::capacity);
    const std::uint32_t gaps = below(random, 3);  // none, few, many
    std::uint32_t in_this_cycle = 1;
    while (cycles.size() < packets) {
        std::uint32_t step = 1;
        if (gaps == 2 || (gaps == 1 && below(random, 8) == 0)) {
            step += below(random, gaps == 1 ? 20 : 6);
        }
        if (in_this_cycle < link_rate && below(random, 2) == 0) {
            step = 0;
        }
        in_this_cycle = step == 0 ? in_this_cycle + 1 : 1;
        cycles.push_back(cycles.back() + step);
    }
    return at_cycles(cycles);
}

class at_each_rate : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(slot_calendar, at_each_rate, testing::Values(1, 2, 3, 4));

TEST_P(at_each_rate, a_calendar_gives_what_a_plain_map_of_cycles_gives) {
    const std::uint32_t rate = GetParam();
    for (const std::uint32_t horizon : {64U, 65U, 100U, 127U, 128U, 1000U, 4096U}) {
        const std::uint32_t seed = 7000 + horizon;
        std::mt19937 random(seed);
        slot_calendar calendar(rate, horizon);
        reference_calendar reference(rate, horizon);
        std::vector<packet_times> held;
        std::uint64_t now = random() % 1000;
        int refused = 0;
        for (int step = 0; step < 6000; ++step) {
            SCOPED_TRACE(testing::Message()
                         << "seed " << seed << " horizon " << horizon << " step " << step << " now " << now);
            const auto choice = random() % 16;
            if (choice < 12) {
                packet_times mine = random_burst(random, now, horizon, 1 + below(random, 4));
                packet_times expected = mine;
                const bool done = calendar.reserve(mine, now);
                ASSERT_EQ(done, reference.reserve(expected, now));
                if (done) {
                    ASSERT_EQ(cycles_of(mine), cycles_of(expected));
                    held.push_back(mine);
                } else {
                    ++refused;
                }
            } else if (choice < 13 && !held.empty()) {
                const auto which = held.begin() + static_cast<std::ptrdiff_t>(random() % held.size());
                calendar.release(*which);
                reference.release(*which);
                held.erase(which);
            } else {
                // Mostly a little; now and then past everything, so that the ring is met again and again.
                now += choice == 15 && random() % 16 == 0 ? random() % (5 * std::uint64_t{horizon}) : random() % 24;
                std::erase_if(held, [now](const packet_times& t) { return t.first < now; });
            }
            if (step % 50 == 0) {
                for (std::uint64_t slot = now; slot < now + horizon; ++slot) {
                    ASSERT_EQ(calendar.taken(slot), reference.taken(slot)) << "slot " << slot;
                }
            }
        }
        EXPECT_GT(refused, 0) << "the horizon was met";
    }
}

TEST_P(at_each_rate, no_cycle_gives_more_slots_than_the_rate) {
    const std::uint32_t rate = GetParam();
    slot_calendar calendar(rate, 256);
    for (std::uint32_t i = 0; i < 10 * rate; ++i) {
        packet_times t = single(3);
        ASSERT_TRUE(calendar.reserve(t, 0));
        EXPECT_EQ(t.first, 3 + i / rate);
    }
    for (std::uint64_t slot = 3; slot < 13; ++slot) {
        EXPECT_EQ(calendar.taken(slot), rate);
    }
    EXPECT_EQ(calendar.taken(2), 0U);
    EXPECT_EQ(calendar.taken(13), 0U);
}

TEST_P(at_each_rate, a_refusal_at_the_horizon_takes_nothing) {
    const std::uint32_t rate = GetParam();
    constexpr std::uint32_t horizon = 128;
    for (std::uint64_t now : {0U, 5U, 64U, 1000U}) {
        slot_calendar calendar(rate, horizon);
        packet_times lone = single(now + horizon - 3);
        ASSERT_TRUE(calendar.reserve(lone, now));

        packet_times too_late = at_cycles({now + 1, now + 2, now + horizon - 3, now + horizon});
        EXPECT_FALSE(calendar.reserve(too_late, now));
        for (std::uint64_t slot = now; slot < now + horizon; ++slot) {
            EXPECT_EQ(calendar.taken(slot), slot == now + horizon - 3 ? 1U : 0U) << "now " << now << " slot " << slot;
        }
        packet_times just_in_time = at_cycles({now + 1, now + 2, now + horizon - 2, now + horizon - 1});
        EXPECT_TRUE(calendar.reserve(just_in_time, now));
    }
}

TEST_P(at_each_rate, a_full_calendar_refuses_until_time_moves_on) {
    const std::uint32_t rate = GetParam();
    constexpr std::uint32_t horizon = 100;
    slot_calendar calendar(rate, horizon);
    for (std::uint32_t i = 0; i < rate * horizon; ++i) {
        packet_times t = single(0);
        ASSERT_TRUE(calendar.reserve(t, 0)) << i;
    }
    packet_times t = single(0);
    EXPECT_FALSE(calendar.reserve(t, 0));
    t = single(1);
    EXPECT_TRUE(calendar.reserve(t, 1));
    EXPECT_EQ(t.first, horizon);
}

TEST_P(at_each_rate, words_of_the_ring_are_empty_when_they_are_met_again) {
    const std::uint32_t rate = GetParam();
    constexpr std::uint32_t horizon = 128;
    slot_calendar calendar(rate, horizon);
    for (std::uint64_t now = 0; now < 100'000; now += 61) {
        packet_times t = packet_times::back_to_back(now, 16);
        ASSERT_TRUE(calendar.reserve(t, now));
        ASSERT_EQ(cycles_of(t), cycles_of(packet_times::back_to_back(now, 16))) << "now " << now;
    }
}

TEST_P(at_each_rate, slots_given_back_are_free_again_and_others_stay_taken) {
    const std::uint32_t rate = GetParam();
    slot_calendar calendar(rate, 256);
    std::vector<packet_times> all;
    for (std::uint32_t i = 0; i < 3 * rate; ++i) {
        all.push_back(packet_times::back_to_back(60, 8));
        ASSERT_TRUE(calendar.reserve(all.back(), 0));
    }
    const packet_times middle = all[all.size() / 2];
    std::uint32_t before = 0;
    std::uint32_t after = 0;
    for (std::uint64_t slot = 0; slot < 256; ++slot) {
        before += calendar.taken(slot);
    }
    calendar.release(middle);
    for (std::uint64_t slot = 0; slot < 256; ++slot) {
        after += calendar.taken(slot);
    }
    EXPECT_EQ(after + 8, before);
    packet_times again = middle;
    ASSERT_TRUE(calendar.reserve(again, 0));
    EXPECT_EQ(cycles_of(again), cycles_of(middle));
}

TEST_P(at_each_rate, a_reservation_never_overtakes_an_earlier_one_that_arrived_no_later) {
    const std::uint32_t rate = GetParam();
    const std::uint32_t seed = 99 + rate;
    std::mt19937 random(seed);
    slot_calendar calendar(rate, 60'000);
    // Bursts of one shape: each packet of a later one arrives no earlier than the same packet of the one before it.
    for (int round = 0; round < 60; ++round) {
        const packet_times shape = random_burst(random, 0, 1, rate);
        std::uint64_t arrival = 1000 * static_cast<std::uint64_t>(round);
        std::vector<std::uint64_t> last(shape.count, 0);
        for (int i = 0; i < 20; ++i) {
            packet_times background = random_burst(random, arrival, 100, rate);
            ASSERT_TRUE(calendar.reserve(background, 0));
            packet_times t = shape;
            t.first = arrival;
            ASSERT_TRUE(calendar.reserve(t, 0));
            const auto given = cycles_of(t);
            for (std::size_t p = 0; p < given.size(); ++p) {
                ASSERT_TRUE(rate == 1 ? i == 0 || given[p] > last[p] : given[p] >= last[p])
                    << "seed " << seed << " round " << round << " burst " << i << " packet " << p;
            }
            last = given;
            arrival += random() % 12;
        }
    }
}

TEST(slot_calendar, lets_later_reservations_use_the_gaps_before_earlier_far_off_ones) {
    slot_calendar calendar(1, 1024);
    packet_times far = packet_times::back_to_back(500, 16);
    ASSERT_TRUE(calendar.reserve(far, 0));
    packet_times near = packet_times::back_to_back(10, 16);
    ASSERT_TRUE(calendar.reserve(near, 0));
    EXPECT_EQ(near.first, 10U);
}

TEST(slot_calendar, parts_a_burst_where_its_way_is_partly_taken) {
    slot_calendar calendar(1, 256);
    packet_times taken = at_cycles({11, 13});
    ASSERT_TRUE(calendar.reserve(taken, 0));
    packet_times burst = packet_times::back_to_back(10, 4);
    ASSERT_TRUE(calendar.reserve(burst, 0));
    EXPECT_EQ(cycles_of(burst), (std::vector<std::uint64_t>{10, 12, 14, 15}));
}

TEST(slot_calendar, serialises_packets_that_a_wider_link_brings_in_one_cycle) {
    // The last packet stands count - 1 cycles after the first, and yet the burst is not back to back.
    slot_calendar calendar(1, 256);
    packet_times burst = at_cycles({10, 10, 12, 13});
    ASSERT_TRUE(calendar.reserve(burst, 0));
    EXPECT_EQ(cycles_of(burst), (std::vector<std::uint64_t>{10, 11, 12, 13}));
    calendar.release(burst);
    for (std::uint64_t slot = 0; slot < 20; ++slot) {
        EXPECT_EQ(calendar.taken(slot), 0U) << slot;
    }
}

TEST(slot_calendar, gives_slots_back_that_were_taken_as_wanted) {
    for (const std::uint64_t first : {0U, 63U, 100U}) {
        slot_calendar calendar(1, 256);
        const packet_times burst = at_cycles({first, first + 1, first + 40});
        ASSERT_TRUE(calendar.reserve_as_wanted(burst, 0));
        packet_times other = single(first + 2);
        ASSERT_TRUE(calendar.reserve(other, 0));
        calendar.release(burst.first, burst.mask);
        for (std::uint64_t slot = 0; slot < 200; ++slot) {
            EXPECT_EQ(calendar.taken(slot), slot == first + 2 ? 1U : 0U) << slot;
        }
    }
}

TEST(slot_calendar, takes_nothing_where_one_slot_of_those_wanted_is_not_free) {
    slot_calendar calendar(1, 256);
    packet_times other = single(70);
    ASSERT_TRUE(calendar.reserve(other, 0));
    EXPECT_FALSE(calendar.reserve_as_wanted(at_cycles({60, 63, 70}), 0));
    EXPECT_EQ(calendar.taken(60) + calendar.taken(63), 0U);
}

TEST(slot_calendar, is_empty_after_a_reset) {
    for (const std::uint32_t rate : {1U, 3U}) {
        slot_calendar calendar(rate, 128);
        packet_times t = packet_times::back_to_back(5, 16);
        ASSERT_TRUE(calendar.reserve(t, 0));
        calendar.reset();
        for (std::uint64_t slot = 0; slot < 128; ++slot) {
            EXPECT_EQ(calendar.taken(slot), 0U);
        }
        for (std::uint32_t i = 0; i < rate; ++i) {
            packet_times again = packet_times::back_to_back(5, 16);
            ASSERT_TRUE(calendar.reserve(again, 0));
            EXPECT_EQ(again.first, 5U);
        }
    }
}

}  // namespace
}  // namespace d1::timing
