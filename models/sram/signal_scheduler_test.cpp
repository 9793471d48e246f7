#include "models/sram/signal_scheduler.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace d1 {
namespace {

using timing::cycle;
using timing::order_of;
using timing::phase;

class caller final : public timing::event_handler {
  public:
    void serve(void* subject) override { (*static_cast<std::function<void()>*>(subject))(); }
};

class a_signal_scheduler : public testing::Test, private semaphore_waiter {
  protected:
    a_signal_scheduler() { semaphores.connect(*this); }

    void at(cycle when, phase p, std::function<void()>& what) {
        events.schedule(when, order_of(p, 3, 0, 0), handler, &what);
    }
    static bool contains(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    timing::event_queue events{"events", timing::clock(sc_core::sc_time(500, sc_core::SC_PS))};
    semaphore_file semaphores{8};
    signal_scheduler signals{"die.node[3,0]", node_index{3}, semaphores, events};
    caller handler;
    std::vector<std::pair<std::uint32_t, cycle>> grants;
    std::vector<std::uint64_t> chains;

  private:
    void granted(std::uint32_t thread, const causality& cause) override {
        grants.emplace_back(thread, events.now());
        chains.push_back(cause.chain);
    }
};

TEST_F(a_signal_scheduler, adds_at_once_where_it_delivers) {
    signals.deliver(5, 3, {});
    EXPECT_EQ(semaphores.value(5), 3U);
}

TEST_F(a_signal_scheduler, adds_in_the_cycle_it_was_given_and_not_before) {
    std::vector<std::uint32_t> values;
    std::function<void()> look = [&] { values.push_back(semaphores.value(2)); };
    signals.schedule(10, 2, 4, {});
    for (const cycle c : {9ULL, 10ULL, 11ULL}) {
        at(c, phase::threads, look);
    }
    sc_core::sc_start();
    EXPECT_EQ(values, (std::vector<std::uint32_t>{0, 4, 4}));
}

TEST_F(a_signal_scheduler, adds_after_the_bytes_and_before_the_threads_of_a_cycle) {
    std::vector<std::uint32_t> values;
    std::function<void()> look = [&] { values.push_back(semaphores.value(2)); };
    at(10, phase::threads, look);
    at(10, phase::bytes_arrive, look);
    signals.schedule(10, 2, 1, {});
    sc_core::sc_start();
    EXPECT_EQ(values, (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(a_signal_scheduler, tells_a_waiter_in_that_cycle_what_the_signal_carried) {
    EXPECT_FALSE(semaphores.wait(1, 2, 0).has_value());
    signals.schedule(20, 1, 1, {.chain = 4});
    signals.schedule(30, 1, 1, {.chain = 3});
    sc_core::sc_start();
    EXPECT_EQ(grants, (decltype(grants){{0, 30}}));
    EXPECT_EQ(chains, std::vector<std::uint64_t>{4});
}

TEST_F(a_signal_scheduler, keeps_signals_of_one_cycle_in_the_order_in_which_they_were_scheduled) {
    for (std::uint64_t i = 1; i <= 20; ++i) {
        signals.schedule(7, 0, 1, {.chain = i});
    }
    sc_core::sc_start();
    for (std::uint64_t i = 1; i <= 20; ++i) {
        EXPECT_EQ(semaphores.wait(0, 1, 0)->chain, i);
    }
}

TEST_F(a_signal_scheduler, takes_far_more_signals_than_are_ever_under_way_at_once) {
    std::function<void()> again = [&] {
        if (events.now() < 2000) {
            signals.schedule(events.now() + 1, 0, 1, {});
            at(events.now() + 1, phase::threads, again);
        }
    };
    at(0, phase::threads, again);
    sc_core::sc_start();
    EXPECT_EQ(semaphores.value(0), 2000U);
}

TEST_F(a_signal_scheduler, fails_the_run_over_a_semaphore_that_the_node_has_not) {
    for (const std::int64_t wrong :
         {std::int64_t{8}, std::int64_t{-1}, std::int64_t{1} << 32U, std::int64_t{-1} << 62U}) {
        events.reset();
        signals.schedule(5, wrong, 1, {});
        ASSERT_FALSE(events.failure()) << "not before it arrives";
        sc_core::sc_start();
        ASSERT_TRUE(events.failure()) << wrong;
        EXPECT_TRUE(contains(*events.failure(), "die.node[3,0]")) << *events.failure();
        EXPECT_TRUE(contains(*events.failure(), "semaphore " + std::to_string(wrong))) << *events.failure();
        EXPECT_TRUE(contains(*events.failure(), "0 to 7")) << *events.failure();
    }
}

TEST_F(a_signal_scheduler, fails_the_run_when_a_semaphore_overflows) {
    signals.deliver(6, 0xFFFF'FFFF, {});
    ASSERT_FALSE(events.failure());
    signals.deliver(6, 1, {});
    ASSERT_TRUE(events.failure());
    EXPECT_EQ(*events.failure(), "die.node[3,0]: semaphore 6 overflows: its value is 4294967295, the signal adds 1");
    EXPECT_EQ(semaphores.value(6), 0xFFFF'FFFFU);
}

TEST_F(a_signal_scheduler, fails_the_run_over_an_amount_that_no_counter_holds) {
    for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{1} << 32U, std::int64_t{1} << 62U}) {
        events.reset();
        signals.deliver(6, wrong, {});
        ASSERT_TRUE(events.failure()) << wrong;
        EXPECT_TRUE(contains(*events.failure(), std::to_string(wrong))) << *events.failure();
        EXPECT_EQ(semaphores.value(6), 0U);
    }
}

TEST_F(a_signal_scheduler, starts_anew_after_a_reset) {
    signals.schedule(5, 0, 1, {});
    sc_core::sc_start(1, sc_core::SC_NS);
    events.reset();
    signals.reset();
    semaphores.reset();
    signals.schedule(6, 0, 2, {});
    sc_core::sc_start();
    EXPECT_EQ(semaphores.value(0), 2U);
    EXPECT_EQ(events.now(), 6U);
}

}  // namespace
}  // namespace d1
