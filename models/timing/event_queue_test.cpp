#include "models/timing/event_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace d1::timing {
namespace {

using sc_core::sc_time;

const sc_time period(500, sc_core::SC_PS);

/// Serves an event by calling what was scheduled.
class caller final : public event_handler {
  public:
    void serve(void* subject) override { (*static_cast<std::function<void()>*>(subject))(); }
};

class an_event_queue : public testing::Test {
  protected:
    /// Schedules `what`, which must live until it is served.
    void schedule(cycle at, std::uint64_t order, std::function<void()>& what) {
        queue.schedule(at, order, handler, &what);
    }

    event_queue queue{"queue", clock(period)};
    caller handler;
    std::vector<cycle> served;
    std::function<void()> note = [this] { served.push_back(queue.now()); };
};

std::uint64_t any_order() {
    return order_of(phase::threads, 0, 0, 0);
}

// ---------------------------------------------------------------------------------------------------- clock

TEST(clock, turns_cycles_into_time_and_back) {
    const d1::timing::clock two_gigahertz(period);
    EXPECT_EQ(two_gigahertz.period(), period);
    EXPECT_EQ(two_gigahertz.time(3), sc_time(1.5, sc_core::SC_NS));
    EXPECT_EQ(two_gigahertz.cycles(sc_core::SC_ZERO_TIME), 0U);
    for (const cycle c : {1ULL, 2ULL, 1'000'000ULL, 8'589'934ULL, 8'589'935ULL, 1ULL << 40U}) {
        EXPECT_EQ(two_gigahertz.cycles(two_gigahertz.time(c)), c);
    }
}

TEST(clock, cuts_off_what_is_less_than_a_cycle) {
    const d1::timing::clock two_gigahertz(period);
    EXPECT_EQ(two_gigahertz.cycles(sc_time(999, sc_core::SC_PS)), 1U);
    EXPECT_EQ(two_gigahertz.cycles(sc_time(5'000'000'000'499, sc_core::SC_PS)), 10'000'000'000U);
}

// ---------------------------------------------------------------------------------------------------- order

TEST(order_of, is_by_phase_then_node_then_lane_then_number) {
    std::vector<std::tuple<phase, std::uint32_t, std::uint32_t, std::uint64_t>> places;
    for (const phase p : {phase::bytes_arrive, phase::signals_arrive, phase::threads, phase::injections}) {
        for (const std::uint32_t node : {0U, 1U, 353U, (1U << 18U) - 1}) {
            for (const std::uint32_t lane : {0U, 1U, 15U}) {
                for (const std::uint64_t number : {0ULL, 1ULL, (1ULL << 40U) - 1}) {
                    places.emplace_back(p, node, lane, number);
                }
            }
        }
    }
    for (const auto& a : places) {
        for (const auto& b : places) {
            ASSERT_EQ(std::apply(order_of, a) < std::apply(order_of, b), a < b);
        }
    }
}

TEST_F(an_event_queue, serves_a_cycle_in_order_however_it_was_scheduled) {
    const std::array places{order_of(phase::bytes_arrive, 7, 2, 9), order_of(phase::signals_arrive, 0, 3, 4),
                            order_of(phase::threads, 1, 0, 5),      order_of(phase::threads, 1, 0, 6),
                            order_of(phase::threads, 1, 3, 0),      order_of(phase::injections, 0, 0, 0)};
    std::array<std::size_t, 6> permutation{0, 1, 2, 3, 4, 5};
    std::vector<std::size_t> seen;
    std::array<std::function<void()>, 6> events;
    for (std::size_t i = 0; i < events.size(); ++i) {
        events[i] = [&seen, i] { seen.push_back(i); };
    }
    do {
        seen.clear();
        queue.reset();
        for (const std::size_t i : permutation) {
            schedule(5, places[i], events[i]);
        }
        sc_core::sc_start();
        ASSERT_EQ(seen, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
    } while (std::ranges::next_permutation(permutation).found);
}

TEST_F(an_event_queue, serves_near_and_far_events_of_one_cycle_together_in_order) {
    std::vector<int> seen;
    std::function<void()> first = [&seen] { seen.push_back(1); };
    std::function<void()> second = [&seen] { seen.push_back(2); };
    std::function<void()> third = [&seen] { seen.push_back(3); };
    // When the second is scheduled, at 9000, its cycle is near; when the others were, it was far.
    std::function<void()> later = [&] { schedule(10'000, order_of(phase::threads, 2, 0, 0), second); };
    schedule(10'000, order_of(phase::threads, 3, 0, 0), third);
    schedule(9'000, any_order(), later);
    schedule(10'000, order_of(phase::threads, 1, 0, 0), first);
    sc_core::sc_start();
    EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

/// A tree of events: what each schedules follows from its number alone.
class event_tree final : public event_handler {
  public:
    struct item {
        cycle at;
        std::uint64_t order;
        std::uint32_t number;
        friend auto operator<=>(const item&, const item&) = default;
    };
    explicit event_tree(std::uint32_t seed) : seed_(seed) {}

    std::vector<item> children(const item& parent) const {
        std::mt19937 random(seed_ ^ parent.number * 2654435761U);
        constexpr std::array<cycle, 12> steps{1, 1, 2, 3, 63, 64, 4095, 4096, 4097, 8192, 50'000, 1'000'000};
        std::vector<item> all;
        const auto how_many = parent.number == 0 ? 40U : static_cast<std::uint32_t>(random() % 3);
        for (std::uint32_t i = 0; i < how_many; ++i) {
            const std::uint32_t number = parent.number * 40 + i + 1;
            if (number > 20'000'000) {
                break;
            }
            all.push_back({parent.at + steps[random() % steps.size()],
                           order_of(static_cast<phase>(random() % 4), static_cast<std::uint32_t>(random() % 5),
                                    static_cast<std::uint32_t>(random() % 3), number),
                           number});
        }
        std::ranges::shuffle(all, random);
        return all;
    }

    /// The events in the order (cycle, order), by a sorted set.
    std::vector<item> reference() const {
        std::set<item> pending{{0, 0, 0}};
        std::vector<item> all;
        while (!pending.empty()) {
            const item first = *pending.begin();
            pending.erase(pending.begin());
            all.push_back(first);
            for (const item& c : children(first)) {
                pending.insert(c);
            }
        }
        return all;
    }

    std::vector<item> run(event_queue& queue) {
        served_.clear();
        items_.clear();
        queue_ = &queue;
        origin_ = sc_core::sc_time_stamp();
        items_.push_back({0, 0, 0});
        queue.schedule(0, 0, *this, &items_.back());
        sc_core::sc_start();
        return served_;
    }

  private:
    void serve(void* subject) override {
        const item i = *static_cast<item*>(subject);
        EXPECT_EQ(queue_->now(), i.at);
        EXPECT_EQ(sc_core::sc_time_stamp(), origin_ + queue_->clock().time(i.at));
        served_.push_back(i);
        for (const item& c : children(i)) {
            items_.push_back(c);
            queue_->schedule(c.at, c.order, *this, &items_.back());
        }
    }

    std::uint32_t seed_;
    event_queue* queue_ = nullptr;
    sc_time origin_;
    std::deque<item> items_;
    std::vector<item> served_;
};

TEST_F(an_event_queue, serves_random_trees_of_events_as_a_sorted_set_does_run_after_run) {
    for (std::uint32_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        event_tree tree(seed);
        const auto expected = tree.reference();
        const auto seen = tree.run(queue);
        ASSERT_EQ(seen, expected);
        EXPECT_TRUE(queue.empty());
        EXPECT_EQ(queue.served(), expected.size());
        queue.reset();
    }
}

// ---------------------------------------------------------------------------------------------------- kernel

TEST_F(an_event_queue, ends_the_simulation_when_it_is_empty) {
    schedule(3, any_order(), note);
    schedule(1'000'000, any_order(), note);
    EXPECT_FALSE(queue.empty());
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{3, 1'000'000}));
    EXPECT_EQ(sc_core::sc_time_stamp(), 1'000'000 * period);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.served(), 2U);
}

TEST_F(an_event_queue, wakes_the_kernel_once_for_a_cycle_that_has_events_and_never_for_another) {
    for (std::uint32_t i = 0; i < 100; ++i) {
        schedule(10'000 + 7'000 * (i % 4), order_of(phase::threads, i, 0, 0), note);
    }
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const auto before = sc_core::sc_delta_count();
    sc_core::sc_start();
    EXPECT_EQ(sc_core::sc_delta_count() - before, 4U);
    EXPECT_EQ(served.size(), 100U);
}

TEST_F(an_event_queue, takes_an_earlier_event_from_outside_while_it_waits_for_a_later_one) {
    schedule(100, any_order(), note);
    sc_core::sc_start(10 * period);
    schedule(20, any_order(), note);
    schedule(5000, any_order(), note);
    schedule(15, any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{15, 20, 100, 5000}));
}

TEST_F(an_event_queue, pauses_after_the_cycle_in_which_a_pause_is_asked_for_and_then_goes_on) {
    std::function<void()> pause = [this] {
        note();
        queue.request_pause();
    };
    schedule(5, order_of(phase::bytes_arrive, 0, 0, 0), pause);
    schedule(5, order_of(phase::injections, 0, 0, 0), note);
    schedule(6, any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{5, 5}));
    EXPECT_EQ(sc_core::sc_get_status(), sc_core::SC_PAUSED);
    EXPECT_FALSE(queue.failure());
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{5, 5, 6}));
}

// ---------------------------------------------------------------------------------------------------- failures

TEST_F(an_event_queue, ends_a_failed_run_after_the_cycle_and_keeps_the_first_reason) {
    std::function<void()> first = [this] { queue.fail("first"); };
    std::function<void()> second = [this] { queue.fail("second"); };
    schedule(5, order_of(phase::threads, 0, 0, 0), first);
    schedule(5, order_of(phase::threads, 1, 0, 0), second);
    schedule(5, order_of(phase::threads, 2, 0, 0), note);
    schedule(6, any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{5}));
    EXPECT_EQ(queue.failure(), "first");
    EXPECT_FALSE(queue.empty());

    queue.reset();
    EXPECT_FALSE(queue.failure()) << "a new run has not failed";
    schedule(5, any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{5, 5}));
}

// ---------------------------------------------------------------------------------------------------- reset

TEST_F(an_event_queue, drops_its_events_and_counts_from_zero_after_a_reset) {
    std::function<void()> pause = [this] { queue.request_pause(); };
    schedule(1000, any_order(), pause);
    schedule(1001, any_order(), note);    // near
    schedule(50'000, any_order(), note);  // far
    sc_core::sc_start();
    queue.reset();
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.now(), 0U);
    EXPECT_EQ(queue.served(), 0U);

    const sc_time origin = sc_core::sc_time_stamp();
    EXPECT_EQ(origin, 1000 * period);
    schedule(0, any_order(), note);
    schedule(7, any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{0, 7}));
    EXPECT_EQ(sc_core::sc_time_stamp(), origin + 7 * period);
}

TEST_F(an_event_queue, does_nothing_after_a_reset_that_left_it_empty) {
    schedule(10, any_order(), note);
    sc_core::sc_start(5 * period);
    queue.reset();
    sc_core::sc_start(100 * period);
    EXPECT_TRUE(served.empty());
    EXPECT_EQ(queue.now(), 0U);
}

// ---------------------------------------------------------------------------------------------------- intervals

TEST_F(an_event_queue, calls_at_each_multiple_of_an_interval_once_a_cycle_at_or_after_it_was_served) {
    std::vector<std::pair<cycle, cycle>> calls;  // multiple, cycle of the call
    queue.every(10, [&](cycle multiple) { calls.emplace_back(multiple, queue.now()); });
    for (const cycle at : {3ULL, 10ULL, 19ULL, 45ULL, 46ULL, 50ULL}) {
        schedule(at, any_order(), note);
    }
    sc_core::sc_start();
    EXPECT_EQ(calls, (std::vector<std::pair<cycle, cycle>>{{10, 10}, {20, 45}, {30, 45}, {40, 45}, {50, 50}}));
}

TEST_F(an_event_queue, calls_after_the_events_of_the_cycle) {
    std::size_t seen = 0;
    queue.every(4, [&](cycle) { seen = served.size(); });
    schedule(4, order_of(phase::bytes_arrive, 0, 0, 0), note);
    schedule(4, order_of(phase::injections, 0, 0, 0), note);
    sc_core::sc_start();
    EXPECT_EQ(seen, 2U);
}

TEST_F(an_event_queue, keeps_its_intervals_across_resets_and_from_each_other) {
    std::vector<cycle> fours;
    std::vector<cycle> tens;
    queue.every(4, [&](cycle c) { fours.push_back(c); });
    queue.every(10, [&](cycle c) { tens.push_back(c); });
    for (int run = 0; run < 2; ++run) {
        fours.clear();
        tens.clear();
        schedule(13, any_order(), note);
        sc_core::sc_start();
        EXPECT_EQ(fours, (std::vector<cycle>{4, 8, 12}));
        EXPECT_EQ(tens, (std::vector<cycle>{10}));
        queue.reset();
    }
}

TEST_F(an_event_queue, starts_an_interval_at_its_next_multiple_if_that_is_asked_for_in_mid_run) {
    std::vector<cycle> ticks;
    std::function<void()> ask = [&] { queue.every(10, [&](cycle c) { ticks.push_back(c); }); };
    schedule(25, any_order(), ask);
    schedule(41, any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(ticks, (std::vector<cycle>{30, 40}));
}

TEST_F(an_event_queue, ends_the_run_when_a_call_fails_it) {
    queue.every(10, [&](cycle c) { queue.fail("at " + std::to_string(c)); });
    schedule(10, any_order(), note);
    schedule(11, any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{10}));
    EXPECT_EQ(queue.failure(), "at 10");
}

// ---------------------------------------------------------------------------------------------------- from outside

TEST_F(an_event_queue, tells_those_outside_the_cycle_at_or_after_kernel_time) {
    std::vector<cycle> inside;
    std::function<void()> look = [&] {
        inside.push_back(queue.present());
        inside.push_back(queue.following());
        inside.push_back(queue.following(sc_time(700, sc_core::SC_PS)));
    };
    schedule(3, any_order(), look);
    schedule(40, any_order(), note);
    sc_core::sc_start(sc_time(10.25, sc_core::SC_NS));
    EXPECT_EQ(inside, (std::vector<cycle>{3, 4, 5}));
    EXPECT_EQ(queue.now(), 3U) << "the last cycle that was served";
    EXPECT_EQ(queue.present(), 21U);
    EXPECT_EQ(queue.following(), 21U);
    sc_core::sc_start(sc_time(0.25, sc_core::SC_NS));
    EXPECT_EQ(queue.present(), 21U) << "on the cycle itself";
    EXPECT_EQ(queue.following(), 22U);
    EXPECT_EQ(queue.following(sc_time(500, sc_core::SC_PS)), 23U);
    queue.reset();
    EXPECT_EQ(queue.present(), 0U);
    EXPECT_EQ(queue.following(), 1U);
}

TEST_F(an_event_queue, takes_events_from_outside_at_a_time_of_their_own) {
    schedule(2, any_order(), note);
    schedule(10000, any_order(), note);
    sc_core::sc_start(sc_time(3000, sc_core::SC_NS));
    schedule(queue.following(), any_order(), note);
    sc_core::sc_start();
    EXPECT_EQ(served, (std::vector<cycle>{2, 6001, 10000}));
}

}  // namespace
}  // namespace d1::timing
