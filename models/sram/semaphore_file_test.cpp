#include "models/sram/semaphore_file.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

namespace d1 {
namespace {

constexpr std::uint32_t greatest = std::numeric_limits<std::uint32_t>::max();

class a_semaphore_file : public testing::Test, private semaphore_waiter {
  protected:
    struct grant {
        std::uint32_t thread;
        std::uint64_t chain;
        friend bool operator==(const grant&, const grant&) = default;
    };

    a_semaphore_file() { file.connect(*this); }
    std::vector<std::uint32_t> granted_threads() const {
        std::vector<std::uint32_t> threads;
        for (const grant& g : grants) {
            threads.push_back(g.thread);
        }
        return threads;
    }

    semaphore_file file{4};
    std::vector<grant> grants;

  private:
    void granted(std::uint32_t thread, const causality& cause) override { grants.push_back({thread, cause.chain}); }
};

TEST_F(a_semaphore_file, is_zero_at_first) {
    EXPECT_EQ(file.size(), 4U);
    for (std::uint32_t s = 0; s < file.size(); ++s) {
        EXPECT_EQ(file.value(s), 0U);
    }
    EXPECT_TRUE(file.waiters().empty());
}

TEST_F(a_semaphore_file, has_no_semaphores_but_its_own) {
    EXPECT_THROW(static_cast<void>(file.value(4)), std::out_of_range);
    EXPECT_THROW(static_cast<void>(file.signal(4, 1, {})), std::out_of_range);
    EXPECT_THROW(static_cast<void>(file.wait(4, 1, 0)), std::out_of_range);
}

TEST_F(a_semaphore_file, lets_a_thread_take_what_is_there_without_blocking) {
    EXPECT_TRUE(file.signal(1, 5, {}));
    EXPECT_TRUE(file.wait(1, 3, 0).has_value());
    EXPECT_EQ(file.value(1), 2U);
    EXPECT_TRUE(file.wait(1, 2, 0).has_value());
    EXPECT_EQ(file.value(1), 0U);
    EXPECT_TRUE(grants.empty()) << "it did not wait, so nobody tells it";
}

TEST_F(a_semaphore_file, lets_nobody_take_a_part) {
    EXPECT_TRUE(file.signal(1, 2, {}));
    EXPECT_FALSE(file.wait(1, 3, 0).has_value());
    EXPECT_EQ(file.value(1), 2U);
    EXPECT_TRUE(file.signal(1, 1, {}));
    EXPECT_EQ(granted_threads(), std::vector<std::uint32_t>{0});
    EXPECT_EQ(file.value(1), 0U);
}

TEST_F(a_semaphore_file, keeps_its_semaphores_apart) {
    EXPECT_FALSE(file.wait(0, 1, 0).has_value());
    EXPECT_TRUE(file.signal(1, 1, {}));
    EXPECT_TRUE(grants.empty());
    EXPECT_EQ(file.value(0), 0U);
    EXPECT_EQ(file.value(1), 1U);
}

TEST_F(a_semaphore_file, serves_waiters_in_the_order_in_which_they_came) {
    for (const std::uint32_t thread : {2U, 0U, 3U, 1U}) {
        EXPECT_FALSE(file.wait(0, 1, thread).has_value());
    }
    EXPECT_TRUE(file.signal(0, 1, {}));
    EXPECT_EQ(granted_threads(), std::vector<std::uint32_t>{2});
    EXPECT_TRUE(file.signal(0, 3, {}));
    EXPECT_EQ(granted_threads(), (std::vector<std::uint32_t>{2, 0, 3, 1}));
}

TEST_F(a_semaphore_file, never_lets_a_later_smaller_wait_overtake) {
    EXPECT_FALSE(file.wait(0, 5, 0).has_value());
    EXPECT_TRUE(file.signal(0, 4, {}));
    EXPECT_FALSE(file.wait(0, 1, 1).has_value()) << "four are there, but thread 0 was first";
    EXPECT_TRUE(grants.empty());
    EXPECT_TRUE(file.signal(0, 1, {}));
    EXPECT_EQ(granted_threads(), std::vector<std::uint32_t>{0});
    EXPECT_EQ(file.value(0), 0U);
    EXPECT_TRUE(file.signal(0, 1, {}));
    EXPECT_EQ(granted_threads(), (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(a_semaphore_file, names_those_that_wait_by_semaphore_and_in_their_order) {
    EXPECT_FALSE(file.wait(2, 7, 3).has_value());
    EXPECT_FALSE(file.wait(0, 1, 1).has_value());
    EXPECT_FALSE(file.wait(2, 1, 0).has_value());
    const auto waiters = file.waiters();
    ASSERT_EQ(waiters.size(), 3U);
    EXPECT_EQ(waiters[0].thread, 1U);
    EXPECT_EQ(waiters[0].semaphore, 0U);
    EXPECT_EQ(waiters[1].thread, 3U);
    EXPECT_EQ(waiters[1].semaphore, 2U);
    EXPECT_EQ(waiters[1].amount, 7U);
    EXPECT_EQ(waiters[2].thread, 0U);
}

TEST_F(a_semaphore_file, counts_up_to_the_greatest_32_bit_number_and_refuses_more) {
    EXPECT_TRUE(file.signal(0, greatest - 1, {}));
    EXPECT_FALSE(file.signal(0, 2, {}));
    EXPECT_EQ(file.value(0), greatest - 1) << "nothing changed";
    EXPECT_TRUE(file.signal(0, 1, {}));
    EXPECT_EQ(file.value(0), greatest);
    EXPECT_FALSE(file.signal(0, 1, {}));
    EXPECT_FALSE(file.signal(0, greatest, {}));
    EXPECT_TRUE(file.signal(0, 0, {}));
    EXPECT_TRUE(file.wait(0, greatest, 0).has_value());
    EXPECT_EQ(file.value(0), 0U);
}

TEST_F(a_semaphore_file, tells_a_waiter_of_the_signals_that_it_consumes_first_in_first_out) {
    EXPECT_TRUE(file.signal(0, 2, {.chain = 10}));
    EXPECT_TRUE(file.signal(0, 1, {.chain = 30}));
    EXPECT_TRUE(file.signal(0, 1, {.chain = 20}));
    EXPECT_EQ(file.wait(0, 1, 0)->chain, 10U);
    EXPECT_EQ(file.wait(0, 2, 0)->chain, 30U) << "the rest of the first signal and the second";
    EXPECT_EQ(file.wait(0, 1, 0)->chain, 20U);
}

TEST_F(a_semaphore_file, tells_the_first_waiter_of_the_first_signals_when_one_signal_serves_two) {
    EXPECT_FALSE(file.wait(0, 3, 0).has_value());
    EXPECT_FALSE(file.wait(0, 2, 1).has_value());
    EXPECT_TRUE(file.signal(0, 1, {.chain = 50}));
    EXPECT_TRUE(file.signal(0, 5, {.chain = 40}));
    EXPECT_EQ(grants, (std::vector<grant>{{0, 50}, {1, 40}}));
    EXPECT_EQ(file.value(0), 1U);
}

TEST_F(a_semaphore_file, joins_what_the_consumed_signals_know) {
    // Knowledge as a set of bits, joined by or.
    int calls = 0;
    file.connect_knowledge(
        [](void* context, std::uint32_t a, std::uint32_t b) {
            ++*static_cast<int*>(context);
            return a | b;
        },
        &calls);
    EXPECT_TRUE(file.signal(0, 1, {.knowledge = 1}));
    EXPECT_TRUE(file.signal(0, 1, {.knowledge = 2}));
    EXPECT_TRUE(file.signal(0, 2, {.knowledge = 4}));
    EXPECT_EQ(file.wait(0, 3, 0)->knowledge, 7U);
    EXPECT_EQ(file.wait(0, 1, 0)->knowledge, 4U);
    EXPECT_GE(calls, 4);
}

TEST_F(a_semaphore_file, forgets_values_waiters_and_causes_at_a_reset) {
    EXPECT_TRUE(file.signal(0, 3, {.chain = 99}));
    EXPECT_FALSE(file.wait(1, 1, 2).has_value());
    file.reset();
    EXPECT_EQ(file.value(0), 0U);
    EXPECT_TRUE(file.waiters().empty());
    EXPECT_TRUE(file.signal(1, 1, {}));
    EXPECT_TRUE(grants.empty());
    EXPECT_TRUE(file.signal(0, 1, {.chain = 7}));
    EXPECT_EQ(file.wait(0, 1, 0)->chain, 7U);
}

/// The same rules with one entry for each unit of a count.
class reference_semaphore {
  public:
    void signal(std::uint32_t amount, std::uint64_t chain) { units_.insert(units_.end(), amount, chain); }
    void wait(std::uint32_t amount, std::uint32_t thread) { queue_.emplace_back(thread, amount); }
    /// Whom the first waiter is, and what it learns, if its wait can be granted.
    std::optional<std::pair<std::uint32_t, std::uint64_t>> grant() {
        if (queue_.empty() || units_.size() < queue_.front().second) {
            return std::nullopt;
        }
        std::uint64_t chain = 0;
        for (std::uint32_t i = 0; i < queue_.front().second; ++i) {
            chain = std::max(chain, units_.front());
            units_.pop_front();
        }
        const std::uint32_t thread = queue_.front().first;
        queue_.pop_front();
        return std::pair{thread, chain};
    }
    [[nodiscard]] std::size_t value() const { return units_.size(); }

  private:
    std::deque<std::uint64_t> units_;
    std::deque<std::pair<std::uint32_t, std::uint32_t>> queue_;
};

TEST_F(a_semaphore_file, agrees_with_a_unit_by_unit_reference_over_random_signals_and_waits) {
    constexpr std::uint32_t seed = 31;
    std::mt19937 random(seed);
    reference_semaphore reference;
    std::vector<grant> expected;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        const auto amount = static_cast<std::uint32_t>(random() % 6);
        if (random() % 2 == 0) {
            const std::uint64_t chain = random() % 1000;
            reference.signal(amount, chain);
            ASSERT_TRUE(file.signal(0, amount, {.chain = chain}));
        } else {
            reference.wait(amount, i);
            if (const auto cause = file.wait(0, amount, i)) {
                grants.push_back({i, cause->chain});
            }
        }
        while (const auto g = reference.grant()) {
            expected.push_back({g->first, g->second});
        }
        ASSERT_EQ(file.value(0), reference.value()) << "seed " << seed << " step " << i;
        ASSERT_EQ(grants.size(), expected.size()) << "seed " << seed << " step " << i;
    }
    EXPECT_EQ(grants, expected) << "seed " << seed;
    EXPECT_GT(expected.size(), 1000U);
}

}  // namespace
}  // namespace d1
