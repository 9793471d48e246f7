// Kernels side by side at ca, against a machine that is driven by hand and runs every cycle.

#include "models/core/cycle_pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "models/core/core_bench.hpp"
#include "models/core/pair_table.hpp"
#include "models/core/pipeline/random_instruction.hpp"
#include "models/reporting/sanitized.hpp"

namespace d1::test {
namespace {

constexpr cycle not_yet = std::numeric_limits<cycle>::max();

/// A kernel of a thread, and when its results are there.
struct kernel_in_time {
    std::uint32_t thread;
    const instruction_cost* cost;
    cycle begin;
    cycle end = not_yet;
};

/// A machine that runs every cycle from the first kernel's start on.
class machine_by_hand {
  public:
    explicit machine_by_hand(const core_parameters& core = {})
        : machine_(std::make_unique<pipeline::machine>(core, sram_parameters{})) {}

    [[nodiscard]] bool busy(std::uint32_t thread) const { return machine_->busy(thread); }
    void start(std::vector<kernel_in_time>& all, std::uint32_t thread, const instruction_cost& cost) {
        machine_->warm(cost.kernel);
        machine_->start(thread, cost.kernel);
        all.push_back({thread, &cost, now_});
    }
    void tick(std::vector<kernel_in_time>& all) {
        const std::uint32_t ended = machine_->tick();
        ++now_;
        for (kernel_in_time& k : all) {
            if (k.end == not_yet && (ended >> k.thread & 1U) != 0) {
                k.end = now_;
            }
        }
    }
    [[nodiscard]] cycle now() const { return now_; }
    [[nodiscard]] const pipeline::machine_counts& counts() const { return machine_->counts(); }

  private:
    std::unique_ptr<pipeline::machine> machine_;
    cycle now_ = 0;
};

/// Ends of `all`, whose begins are given.
std::vector<kernel_in_time> run_by_hand(const std::vector<kernel_in_time>& all, const core_parameters& core = {}) {
    machine_by_hand machine(core);
    std::vector<kernel_in_time> run;
    for (std::size_t next = 0; run.size() < all.size() ||
                               std::any_of(run.begin(), run.end(), [](const auto& k) { return k.end == not_yet; });) {
        for (; next < all.size() && all[next].begin == machine.now(); ++next) {
            machine.start(run, all[next].thread, *all[next].cost);
        }
        machine.tick(run);
    }
    return run;
}

std::vector<cycle> ends(const std::vector<kernel_in_time>& all) {
    std::vector<cycle> e;
    std::transform(all.begin(), all.end(), std::back_inserter(e), [](const kernel_in_time& k) { return k.end; });
    return e;
}

/// Starts kernels on a cycle_pipeline at given times, and notes when they end.
class a_cycle_pipeline : public testing::Test, private kernel_owner, private timing::event_handler {
  protected:
    explicit a_cycle_pipeline(const core_parameters& core = {})
        : pipeline(events, *this, account, core, {}), costs(core, {}) {}

    /// Runs kernels, whose begins are given in order, from cycle 0 on; returns their ends.
    std::vector<cycle> run(std::vector<kernel_in_time> all) {
        kernels_ = std::move(all);
        events.reset();
        pipeline.reset();
        account.reset();
        for (std::uint32_t t = 0; t < 4; ++t) {
            account.begin(t, 0);
        }
        for (std::size_t n = 0; n < kernels_.size(); ++n) {
            events.schedule(kernels_[n].begin, timing::order_of(timing::phase::threads, 0, 0, n), *this, &kernels_[n]);
        }
        sc_core::sc_start();
        return ends(kernels_);
    }

    timing::event_queue events{"events", timing::clock(sc_core::sc_time(500, sc_core::SC_PS))};
    cycle_account account;
    cycle_pipeline pipeline;
    steady_states costs;

  private:
    [[nodiscard]] kernel_in_time& last_of(std::uint32_t thread) {
        return **std::find_if(begun_.rbegin(), begun_.rend(), [&](const auto* k) { return k->thread == thread; });
    }
    void serve(void* subject) override {
        auto& k = *static_cast<kernel_in_time*>(subject);
        begun_.push_back(&k);
        account.spend(k.thread, {.end = events.now()});
        pipeline.start(k.thread, *k.cost);
    }
    void kernel_ends(std::uint32_t thread, cycle at) override {
        EXPECT_GT(at, events.now());
        EXPECT_EQ(last_of(thread).end, not_yet);
        last_of(thread).end = at;
    }
    void kernel_goes_on(std::uint32_t thread) override {
        EXPECT_GT(last_of(thread).end, events.now());
        last_of(thread).end = not_yet;
    }

    std::vector<kernel_in_time> kernels_;
    std::vector<kernel_in_time*> begun_;
};

TEST_F(a_cycle_pipeline, gives_a_kernel_alone_its_steady_state_and_does_not_tick) {
    for (const named_kernel& k : kernels_of_pairs()) {
        const std::vector<kernel_in_time> alone{{2, &k.cost, 7}};
        EXPECT_EQ(run(alone), ends(run_by_hand(alone))) << k.name;
        EXPECT_EQ(pipeline.ticks(), 0U) << k.name;
    }
}

TEST_F(a_cycle_pipeline, ends_all_pairs_of_kernels_as_the_machine_that_runs_every_cycle) {
    const auto all = kernels_of_pairs();
    for (const named_kernel& a : all) {
        const cycle alone = a.cost.demand.cycles + a.cost.demand.latency;
        for (const named_kernel& b : all) {
            for (const cycle later : {cycle{0}, cycle{1}, cycle{101}, alone / 2, alone - 1, alone, alone + 1}) {
                const std::vector<kernel_in_time> both{{1, &a.cost, 0}, {0, &b.cost, later}};
                const auto expected = run_by_hand(both);
                ASSERT_EQ(run(both), ends(expected)) << a.name << ", " << later << " cycles later " << b.name;
                // It ticks while they meet, and from there on to the end of both.
                const cycle last = std::max(expected[0].end, expected[1].end);
                EXPECT_EQ(pipeline.ticks(), later < alone ? last - later : 0) << a.name << ", " << b.name;
                EXPECT_TRUE(events.empty());
            }
        }
    }
}

TEST_F(a_cycle_pipeline, gives_each_cycle_the_class_that_it_has_on_the_machine) {
    const auto all = kernels_of_pairs();
    for (const named_kernel& a : all) {
        for (const named_kernel& b : all) {
            const std::vector<kernel_in_time> both{{0, &a.cost, 0}, {3, &b.cost, 50}};
            machine_by_hand machine;
            std::vector<kernel_in_time> by_hand;
            machine.start(by_hand, 0, a.cost);
            while (machine.now() < 50) {
                machine.tick(by_hand);
            }
            machine.start(by_hand, 3, b.cost);
            while (machine.busy(0) || machine.busy(3)) {
                machine.tick(by_hand);
            }
            ASSERT_EQ(run(both), ends(by_hand));
            for (std::uint32_t t = 0; t < 4; ++t) {
                account.end(t);
            }
            const cycle_stack stack = account.stack(machine.now());
            EXPECT_EQ(stack.total(), machine.now());
            const cycle_shares expected = shares_of(machine.counts());
            for (std::size_t c = 0; c < work_class_count; ++c) {
                EXPECT_EQ(stack.cycles[c], expected[c]) << a.name << ", " << b.name << ", class " << c;
            }
        }
    }
}

/// Four threads, each with a kernel behind the other and pauses between them.
std::vector<kernel_in_time> random_kernels(std::mt19937& random, steady_states& costs, const core_parameters& core) {
    machine_by_hand machine(core);
    std::vector<kernel_in_time> all;
    std::array<cycle, 4> next{};
    std::array<int, 4> left{6, 6, 6, 6};
    for (cycle& n : next) {
        n = random() % 500;
    }
    while (std::any_of(left.begin(), left.end(), [](int n) { return n != 0; }) ||
           std::any_of(all.begin(), all.end(), [](const auto& k) { return k.end == not_yet; })) {
        for (std::uint32_t t = 0; t < 4; ++t) {
            if (machine.busy(t)) {
                next[t] = machine.now() + 1 + random() % 4 * (random() % 300);
            } else if (left[t] != 0 && machine.now() >= next[t]) {
                const auto instruction = pipeline::demonstration::random_instruction(random);
                std::visit(
                    [&](const auto& i) {
                        if constexpr (requires { costs.of(i); }) {
                            machine.start(all, t, costs.of(i));
                        }
                    },
                    instruction);
                --left[t];
            }
        }
        machine.tick(all);
    }
    return all;
}

TEST_F(a_cycle_pipeline, ends_random_kernels_of_four_threads_as_the_machine_that_runs_every_cycle) {
    for (const std::uint32_t seed : {20261128U, 77U, 3U}) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        std::mt19937 random(seed);
        for (int round = 0; round < (is_sanitized ? 3 : 10) && !HasFailure(); ++round) {
            auto kernels = random_kernels(random, costs, {});
            const std::vector<cycle> expected = ends(kernels);
            for (kernel_in_time& k : kernels) {
                k.end = not_yet;
            }
            EXPECT_EQ(run(kernels), expected);
            const std::uint64_t ticks = pipeline.ticks();
            EXPECT_EQ(run(kernels), expected) << "again, after a reset";
            EXPECT_EQ(pipeline.ticks(), ticks);
        }
    }
}

}  // namespace
}  // namespace d1::test
