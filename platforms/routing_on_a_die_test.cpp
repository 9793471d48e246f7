// A die under each routing policy, at each timing level: the bytes are right and no signal overtakes what it tells of.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "models/reporting/expect_report.hpp"
#include "platforms/die_test_jobs.hpp"

namespace d1 {
namespace {

using namespace die_test;  // NOLINT(google-build-using-namespace): the jobs of these tests
using program::program_builder;
using program::semaphore_update;

constexpr die_checks all_checks{.races = true, .protocol = true, .uninitialised = false};

d1_parameters under(routing_kind routing, timing_kind timing, std::uint32_t columns = 4, std::uint32_t rows = 3) {
    d1_parameters p = grid_of(columns, rows, timing);
    p.die.noc.routing = routing;
    p.die.noc.channels_per_class = 2;
    return p;
}

std::string name_of(const d1_parameters& p) {
    return std::string(traits_of(p.die.noc.routing).name) + "_" + to_string(p.simulation.timing);
}

constexpr std::array policies{routing_kind::xy, routing_kind::yx, routing_kind::o1turn, routing_kind::odd_even};
constexpr std::array levels{timing_kind::lt, timing_kind::at, timing_kind::ca};

TEST(routing_on_a_die, gives_the_same_bytes_under_every_policy_at_every_level) {
    std::vector<std::unique_ptr<die>> dies;
    for (const routing_kind routing : policies) {
        for (const timing_kind timing : levels) {
            const d1_parameters p = under(routing, timing);
            dies.push_back(std::make_unique<die>(name_of(p).c_str(), p, all_checks));
        }
    }
    const ring work(dies.front()->place({4, 3}));
    for (const auto& d : dies) {
        SCOPED_TRACE(d->name());
        work.load(*d);
        const auto result = run(*d, work.work());
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        EXPECT_EQ(d->races()->race_count(), 0U);
        work.expect_result(*d);
    }
}

/// Each node of the upper row pushes blocks to the node across, the last of them small, and signals behind them, once
/// by the last push and once by a signal of its own; the other copies what has come as soon as it hears of it.
class overtaking {
  public:
    static constexpr std::uint32_t block = 4096;
    static constexpr std::uint32_t blocks = 8;
    static constexpr std::uint32_t bytes = blocks * block + 64;

    explicit overtaking(const die& d) : where_(d.place({static_cast<std::int32_t>(d.live_nodes()), 1})) {
        const auto nodes = static_cast<std::int32_t>(d.live_nodes());
        job_ = make_job(where_, [nodes](coordinate c) {
            program_builder b("overtaking");
            const auto from = b.input_buffer("from", bytes, bf16);
            const auto to = b.buffer("to", 2 * bytes, bf16);
            const auto copy = b.buffer("copy", 2 * bytes, bf16);
            const auto full = b.semaphores("full");
            const auto told = b.semaphores("told");
            auto t = b.thread();
            const program::node_reference<program::affine> other{nodes - 1 - c.x, 0};
            if (c.x < nodes / 2) {
                for (const bool by_signal : {false, true}) {
                    const std::uint32_t shift = by_signal ? bytes : 0;
                    for (std::uint32_t n = 0; n < blocks; ++n) {
                        t.push({.to = other,
                                .source = from + n * block,
                                .destination = to + (shift + n * block),
                                .shape = {.rows = 1, .row_bytes = block}});
                    }
                    program::push<program::affine> last{.to = other,
                                                        .source = from + blocks * block,
                                                        .destination = to + (shift + blocks * block),
                                                        .shape = {.rows = 1, .row_bytes = 64}};
                    if (!by_signal) {
                        last.notify = semaphore_update<program::affine>{full, 1};
                    }
                    t.push(last);
                    if (by_signal) {
                        t.signal(other, told, 1);
                    }
                }
            } else if (c.x > nodes - 1 - nodes / 2) {
                for (const auto& [semaphore, shift] : {std::pair{full, 0U}, std::pair{told, bytes}}) {
                    t.wait(semaphore);
                    t.copy(
                        {.source = to + shift, .destination = copy + shift, .shape = {.rows = 1, .row_bytes = bytes}});
                }
            }
            return share(b);
        });
    }

    void run_on(die& d) const {
        std::vector<std::byte> start(bytes);
        for (std::uint32_t i = 0; i < bytes; ++i) {
            start[i] = static_cast<std::byte>(i * 7 + 1);
        }
        const auto nodes = d.live_nodes();
        for (std::uint32_t i = 0; i < nodes / 2; ++i) {
            d.load(where_.nodes[i], 0, start);
        }
        const auto result = run(d, job_);
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        EXPECT_EQ(d.races()->race_count(), 0U);
        for (std::uint32_t i = 0; i < nodes / 2; ++i) {
            const node_index there = where_.nodes[nodes - 1 - i];
            const std::uint32_t copy = job_.roles[nodes - 1 - i].program->buffers[2].address;
            EXPECT_EQ(memory(d, there, copy, bytes), start) << i;
            EXPECT_EQ(memory(d, there, copy + bytes, bytes), start) << i;
        }
    }

  private:
    placement where_;
    job job_;
};

TEST(routing_on_a_die, lets_no_signal_overtake_the_pushes_before_it) {
    std::vector<std::unique_ptr<die>> dies;
    for (const routing_kind routing : policies) {
        for (const timing_kind timing : levels) {
            d1_parameters p = under(routing, timing, 5, 4);
            p.die.noc.buffer_depth = 4;
            dies.push_back(std::make_unique<die>(name_of(p).c_str(), p, all_checks));
        }
    }
    for (const auto& d : dies) {
        SCOPED_TRACE(d->name());
        overtaking(*d).run_on(*d);
    }
}

TEST(routing_on_a_die, makes_a_signal_wait_for_the_answers_where_order_is_not_promised) {
    // One push of one packet with a signal behind it, over one link: data there, its answer back, then the signal.
    std::vector<std::unique_ptr<die>> dies;
    for (const timing_kind timing : levels) {
        for (const routing_kind routing : {routing_kind::xy, routing_kind::odd_even}) {
            const d1_parameters p = under(routing, timing, 2, 1);
            dies.push_back(std::make_unique<die>(name_of(p).c_str(), p, all_checks));
        }
    }
    std::vector<timing::cycle> cycles;
    for (const auto& d : dies) {
        const auto result = run(*d, make_job(d->place({2, 1}), [](coordinate c) {
            program_builder b("one");
            const auto from = b.input_buffer("from", 64, bf16);
            const auto to = b.buffer("to", 64, bf16);
            const auto full = b.semaphores("full");
            auto t = b.thread();
            if (c.x == 0) {
                t.push({.to = {1, 0},
                        .source = from,
                        .destination = to,
                        .shape = {.rows = 1, .row_bytes = 64},
                        .notify = semaphore_update<program::affine>{full, 1}});
            } else {
                t.wait(full);
            }
            return share(b);
        }));
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        cycles.push_back(result.cycles);
    }
    // Under xy the last to arrive is the answer to the data: it leaves a cycle after the arrival, and takes as long (3
    // links and arrival_cycles). Otherwise the signal leaves a cycle after that, and has the same
    // way; and its thread wakes up.
    const std::uint64_t way = 3 + network_interface_parameters{}.arrival_cycles;
    for (std::size_t i = 0; i < cycles.size(); i += 2) {
        SCOPED_TRACE(dies[i]->name());
        EXPECT_EQ(cycles[i + 1] - cycles[i], 1 + way + core_parameters{}.wake_cycles);
    }
}

TEST(routing_on_a_die, runs_on_with_dead_links_and_the_table_of_its_paths) {
    std::vector<std::unique_ptr<die>> dies;
    for (const routing_kind routing : {routing_kind::xy, routing_kind::yx, routing_kind::o1turn}) {
        for (const timing_kind timing : levels) {
            d1_parameters p = under(routing, timing);
            p.die.harvest.dead = {{2, 1}};
            p.die.harvest.dead_links = {{{0, 0}, {1, 0}}, {{3, 2}, {3, 1}}};
            dies.push_back(std::make_unique<die>(name_of(p).c_str(), p, all_checks));
        }
    }
    for (const auto& d : dies) {
        SCOPED_TRACE(d->name());
        overtaking(*d).run_on(*d);
        EXPECT_EQ(d->at(node_index{0}).router().packets(port::east), 0U);
        EXPECT_EQ(d->at(node_index{7}).router().packets(port::south), 0U);
    }
}

// ---------------------------------------------------------------------------------------------------- corruption

TEST(corruption_on_a_die, costs_time_and_no_byte_while_packets_may_be_sent_again) {
    std::vector<std::unique_ptr<die>> dies;
    for (const timing_kind timing : levels) {
        for (const std::uint32_t rate : {0U, 20'000'000U}) {
            d1_parameters p = under(routing_kind::xy, timing);
            p.die.noc.corruption_rate = rate;
            p.die.noc.max_retries = 8;
            dies.push_back(std::make_unique<die>((name_of(p) + std::to_string(rate)).c_str(), p, all_checks));
        }
    }
    const ring work(dies.front()->place({4, 3}));
    std::vector<timing::cycle> cycles;
    for (const auto& d : dies) {
        SCOPED_TRACE(d->name());
        work.load(*d);
        const auto result = run(*d, work.work());
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        EXPECT_EQ(result.corrupted, 0U);
        work.expect_result(*d);
        cycles.push_back(result.cycles);
    }
    for (std::size_t i = 0; i < cycles.size(); i += 2) {
        EXPECT_GT(cycles[i + 1], cycles[i]) << dies[i]->name();
    }
}

TEST(corruption_on_a_die, ends_pushes_and_pulls_with_an_error_where_packets_are_refused) {
    std::vector<std::unique_ptr<die>> dies;
    for (const routing_kind routing : {routing_kind::xy, routing_kind::o1turn}) {
        for (const timing_kind timing : levels) {
            d1_parameters p = under(routing, timing);
            p.die.noc.corruption_rate = 100'000'000;
            p.die.noc.max_retries = 0;
            dies.push_back(std::make_unique<die>(name_of(p).c_str(), p, checked));
        }
    }
    const ring work(dies.front()->place({4, 3}));
    const reporting::expect_report refused(sc_core::SC_WARNING, "transfer refused", "was corrupted on a link");
    for (const auto& d : dies) {
        SCOPED_TRACE(d->name());
        work.load(*d);
        // Every thread comes to its end, and all packets are accounted for.
        const auto result = run(*d, work.work());
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        EXPECT_GT(result.corrupted, 0U);
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        std::uint64_t lost = 0;
        for (std::uint32_t i = 0; i < 12; ++i) {
            const auto& count = d->at(node_index{i}).interface().count();
            sent += count.packets_sent;
            received += count.packets_received;
            lost += count.packets_refused;
        }
        EXPECT_GT(lost, 0U);
        EXPECT_EQ(sent, received + lost);
    }
}

}  // namespace
}  // namespace d1
