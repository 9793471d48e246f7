#include "models/sram/race_detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <limits>
#include <optional>
#include <random>
#include <vector>

namespace d1 {
namespace {

constexpr node_index node(std::uint32_t n) {
    return static_cast<node_index>(n);
}

/// Three nodes of two threads, and shorthand to say who does what.
class race_detector_scenario : public testing::Test {
  protected:
    static constexpr bool read = false;
    static constexpr bool write = true;

    void computes(std::uint32_t n, std::uint32_t thread, std::uint32_t instruction, std::int64_t address,
                  std::int64_t bytes, bool writes) {
        detector.thread_access(node(n), thread, instruction, address, bytes, writes);
    }
    auto pushes(std::uint32_t from, std::uint32_t thread, std::uint32_t instruction, std::int64_t source,
                std::uint32_t to, std::int64_t destination, std::int64_t bytes, bool named = false) {
        const auto id =
            detector.begin_transfer(node(from), thread, instruction, named ? std::optional(node(to)) : std::nullopt);
        detector.transfer_access(id, node(from), source, bytes, read);
        detector.transfer_access(id, node(to), destination, bytes, write);
        return id;
    }
    auto pulls(std::uint32_t to, std::uint32_t thread, std::uint32_t instruction, std::uint32_t from,
               std::int64_t source, std::int64_t destination, std::int64_t bytes) {
        const auto id = detector.begin_transfer(node(to), thread, instruction);
        detector.transfer_access(id, node(from), source, bytes, read);
        detector.transfer_access(id, node(to), destination, bytes, write);
        return id;
    }
    void signals(std::uint32_t from, std::uint32_t thread, std::uint32_t to, std::uint32_t to_thread) {
        detector.acquire(node(to), to_thread, detector.release(node(from), thread));
    }

    race_detector detector{3, 2};
};

// ---------------------------------------------------------------------------------------------------- threads

TEST_F(race_detector_scenario, two_threads_that_write_the_same_bytes_race_and_both_are_named) {
    computes(1, 0, 4, 100, 50, write);
    computes(1, 1, 7, 120, 100, write);
    ASSERT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.races()[0],
              (race{node(1), 120, 30, {node(1), 0, 4, false, true}, {node(1), 1, 7, false, true}}));
    EXPECT_EQ(to_string(detector.races()[0]),
              "race on bytes 120..149 of node number 1: node number 1, thread 0, instruction 4 writes; "
              "node number 1, thread 1, instruction 7 writes; nothing orders them");
}

TEST_F(race_detector_scenario, reading_does_not_race_with_reading) {
    computes(0, 0, 1, 0, 64, read);
    computes(0, 1, 1, 0, 64, read);
    EXPECT_EQ(detector.race_count(), 0U);
    computes(0, 0, 2, 0, 64, write);
    ASSERT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.races()[0].earlier, (race_party{node(0), 1, 1, false, false}));
}

TEST_F(race_detector_scenario, neighbouring_bytes_and_other_memories_are_not_the_same_bytes) {
    computes(0, 0, 1, 0, 64, write);
    computes(0, 1, 1, 64, 64, write);
    computes(1, 0, 1, 32, 64, write);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, a_thread_is_in_order_with_itself) {
    computes(0, 0, 1, 0, 64, write);
    computes(0, 0, 2, 0, 64, read);
    computes(0, 0, 3, 0, 64, write);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, a_signal_orders_what_came_before_it_and_not_what_follows) {
    computes(0, 0, 1, 0, 64, write);
    signals(0, 0, 0, 1);
    computes(0, 1, 1, 0, 64, read);
    EXPECT_EQ(detector.race_count(), 0U);
    computes(0, 0, 2, 0, 64, write);  // before thread 1 says that it has read
    ASSERT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.races()[0].later.instruction, 2U);
}

TEST_F(race_detector_scenario, order_is_transitive_over_nodes) {
    computes(0, 0, 1, 0, 64, write);
    signals(0, 0, 1, 0);
    signals(1, 0, 2, 0);
    const auto pull = pulls(2, 0, 1, 0, 0, 0, 64);
    EXPECT_EQ(detector.race_count(), 0U);
    detector.end_transfer(pull);
    computes(0, 0, 2, 0, 64, write);
    EXPECT_EQ(detector.race_count(), 1U);
}

TEST_F(race_detector_scenario, a_wait_for_several_counts_learns_from_all_of_them) {
    computes(0, 0, 1, 0, 64, write);
    computes(1, 0, 1, 64, 64, write);
    const auto both = detector.join(detector.release(node(0), 0), detector.release(node(1), 0));
    detector.acquire(node(2), 0, both);
    pulls(2, 0, 1, 0, 0, 0, 64);
    pulls(2, 0, 2, 1, 64, 64, 64);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, two_counts_of_one_producer_are_waited_for_one_by_one) {
    computes(0, 0, 1, 0, 64, write);
    const auto first = detector.release(node(0), 0);
    computes(0, 0, 1, 64, 64, write);
    const auto second = detector.release(node(0), 0);
    detector.acquire(node(0), 1, first);
    computes(0, 1, 1, 0, 64, read);
    EXPECT_EQ(detector.race_count(), 0U);
    computes(0, 1, 1, 64, 64, read);
    EXPECT_EQ(detector.race_count(), 1U);
    detector.acquire(node(0), 1, second);
    computes(0, 1, 1, 64, 64, read);
    EXPECT_EQ(detector.race_count(), 1U);
}

// ---------------------------------------------------------------------------------------------------- transfers

TEST_F(race_detector_scenario, a_transfer_follows_what_its_thread_did_before) {
    computes(0, 0, 1, 0, 64, write);
    pushes(0, 0, 2, 0, 1, 0, 64);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, using_the_destination_of_a_pull_before_its_done_is_a_race) {
    const auto pull = pulls(0, 0, 1, 1, 0, 256, 64);
    computes(0, 0, 2, 256, 64, read);
    ASSERT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.races()[0],
              (race{node(0), 256, 64, {node(0), 0, 1, true, true}, {node(0), 0, 2, false, false}}));
    detector.acquire(node(0), 0, detector.all_done(pull));
    computes(0, 0, 3, 256, 64, write);
    EXPECT_EQ(detector.races().size(), 1U);
}

TEST_F(race_detector_scenario, done_of_a_push_frees_its_source_but_says_nothing_of_its_destination) {
    const auto push = pushes(0, 0, 1, 0, 1, 512, 64);
    detector.acquire(node(0), 0, detector.reads_done(push));
    computes(0, 0, 2, 0, 64, write);
    EXPECT_EQ(detector.race_count(), 0U);
    signals(0, 0, 1, 0);
    computes(1, 0, 1, 512, 64, read);
    EXPECT_EQ(detector.race_count(), 1U);
}

TEST_F(race_detector_scenario, notify_of_a_push_orders_its_writes_and_its_reads) {
    const auto push = pushes(0, 0, 1, 0, 1, 512, 64);
    detector.acquire(node(1), 0, detector.all_done(push));
    computes(1, 0, 1, 512, 64, read);
    signals(1, 0, 0, 0);
    computes(0, 0, 2, 0, 64, write);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, what_a_transfer_knows_may_be_asked_for_before_it_moves_and_used_after_it_ends) {
    const auto push = detector.begin_transfer(node(0), 0, 1);
    const auto notify = detector.all_done(push);
    detector.transfer_access(push, node(0), 0, 64, read);
    detector.transfer_access(push, node(1), 512, 64, write);
    detector.end_transfer(push);
    EXPECT_EQ(detector.begin_transfer(node(2), 0, 9), push) << "names are used again";
    detector.acquire(node(1), 0, notify);
    computes(1, 0, 1, 512, 64, read);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, transfers_of_one_thread_are_unordered_until_one_is_waited_for) {
    const auto first = pulls(0, 0, 1, 1, 0, 256, 64);
    pulls(0, 0, 1, 2, 0, 288, 64);
    ASSERT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.races()[0], (race{node(0), 288, 32, {node(0), 0, 1, true, true}, {node(0), 0, 1, true, true}}));
    detector.acquire(node(0), 0, detector.all_done(first));
    pulls(0, 0, 2, 1, 0, 256, 32);
    EXPECT_EQ(detector.races().size(), 1U);
}

TEST_F(race_detector_scenario, a_transfer_does_not_know_what_its_thread_learns_later) {
    computes(1, 0, 1, 0, 64, write);
    const auto early = detector.begin_transfer(node(0), 0, 1);
    signals(1, 0, 0, 0);
    detector.transfer_access(early, node(1), 0, 64, read);
    EXPECT_EQ(detector.race_count(), 1U);
    pulls(0, 0, 2, 1, 0, 0, 64);
    EXPECT_EQ(detector.race_count(), 1U);
}

TEST_F(race_detector_scenario, a_transfer_onto_its_own_source_races_with_itself) {
    pushes(0, 0, 1, 0, 0, 64, 64);
    EXPECT_EQ(detector.race_count(), 0U);
    pushes(0, 0, 2, 512, 0, 544, 64);
    ASSERT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.races()[0].bytes, 32U);
}

TEST_F(race_detector_scenario, a_signal_to_a_node_covers_the_threads_earlier_pushes_there) {
    pushes(0, 0, 1, 0, 1, 0, 64, true);
    pushes(0, 0, 1, 64, 1, 64, 64, true);
    pushes(0, 0, 1, 128, 2, 0, 64, true);
    detector.acquire(node(1), 0, detector.release(node(0), 0, node(1)));
    computes(1, 0, 1, 0, 128, read);
    EXPECT_EQ(detector.race_count(), 0U);
    signals(1, 0, 2, 0);  // which tells nothing of the push to node 2
    computes(2, 0, 1, 0, 64, read);
    EXPECT_EQ(detector.race_count(), 1U);
}

TEST_F(race_detector_scenario, notify_covers_the_threads_earlier_pushes_to_the_same_node) {
    pushes(0, 0, 1, 0, 1, 0, 64, true);
    const auto last = pushes(0, 0, 2, 64, 1, 64, 64, true);
    detector.acquire(node(1), 0, detector.all_done(last));
    computes(1, 0, 1, 0, 128, write);
    EXPECT_EQ(detector.race_count(), 0U);
}

/// Thread 0 fills two buffers in turn, thread 1 empties them; `handshake` says whether filling waits for emptying.
std::uint64_t races_of_double_buffering(bool handshake, std::vector<race>& found) {
    race_detector d(2, 2);
    std::array<race_detector::knowledge, 2> empty{};
    for (std::uint32_t i = 0; i < 10; ++i) {
        const std::int64_t buffer = i % 2 * 1024;
        if (handshake) {
            d.acquire(node(0), 0, empty[i % 2]);
        }
        const auto pull = d.begin_transfer(node(0), 0, 3);
        for (std::int64_t piece = 0; piece < 1024; piece += 256) {
            d.transfer_access(pull, node(1), i * 1024 + piece, 256, false);
            d.transfer_access(pull, node(0), buffer + piece, 256, true);
        }
        d.acquire(node(0), 1, d.all_done(pull));
        d.end_transfer(pull);
        d.thread_access(node(0), 1, 5, buffer, 1024, false);
        d.thread_access(node(0), 1, 5, 8192, 4096, true);
        empty[i % 2] = d.release(node(0), 1);
    }
    found = d.races();
    return d.race_count();
}

TEST(race_detector, double_buffering_with_full_and_empty_signals_is_free_of_races) {
    std::vector<race> found;
    EXPECT_EQ(races_of_double_buffering(true, found), 0U);
    EXPECT_GT(races_of_double_buffering(false, found), 0U);
    ASSERT_FALSE(found.empty());
    for (const race& r : found) {
        EXPECT_EQ(r.later, (race_party{node(0), 0, 3, true, true}));
    }
    EXPECT_TRUE(
        std::ranges::any_of(found, [](const race& r) { return r.earlier.instruction == 5 && !r.earlier.write; }));
}

// ---------------------------------------------------------------------------------------------------- reports

TEST_F(race_detector_scenario, a_pair_is_named_once_whatever_the_node_and_counted_each_time) {
    for (std::uint32_t n = 0; n < 3; ++n) {
        computes(n, 0, 1, 0, 64, write);
        computes(n, 1, 2, 0, 64, write);
    }
    EXPECT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.race_count(), 3U);
}

TEST_F(race_detector_scenario, a_write_takes_the_place_of_what_it_raced_with) {
    computes(0, 0, 1, 0, 64, read);
    computes(0, 1, 2, 0, 64, write);
    computes(0, 1, 3, 0, 64, write);
    computes(0, 1, 4, 0, 64, read);
    EXPECT_EQ(detector.race_count(), 1U);
}

TEST_F(race_detector_scenario, at_most_a_hundred_pairs_are_named) {
    for (std::uint32_t i = 0; i < 300; ++i) {
        computes(0, i % 2, i, 0, 64, write);
    }
    EXPECT_EQ(detector.races().size(), 100U);
    EXPECT_EQ(detector.race_count(), 299U);
}

TEST_F(race_detector_scenario, reset_forgets_everything) {
    pushes(0, 0, 1, 0, 1, 0, 64);
    computes(1, 0, 1, 0, 64, write);
    ASSERT_EQ(detector.race_count(), 1U);
    detector.reset();
    EXPECT_EQ(detector.race_count(), 0U);
    EXPECT_TRUE(detector.races().empty());
    computes(1, 1, 1, 0, 64, write);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, bytes_outside_a_nodes_window_are_ignored) {
    constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t thread = 0; thread < 2; ++thread) {
        computes(0, thread, 1, -100, 100, write);
        computes(0, thread, 1, huge, huge, write);
        computes(0, thread, 1, std::numeric_limits<std::int64_t>::min(), 64, write);
        computes(0, thread, 1, 4096 * thread, 0, write);
        computes(0, thread, 1, 64, -64, write);
    }
    EXPECT_EQ(detector.race_count(), 0U);
    computes(0, 0, 1, 1000, huge, write);
    computes(0, 1, 1, (1 << 21) - 1, 100, write);
    ASSERT_EQ(detector.races().size(), 1U);
    EXPECT_EQ(detector.races()[0].bytes, 1U);
}

TEST_F(race_detector_scenario, reads_that_a_later_one_of_the_instruction_follows_are_not_kept) {
    for (int i = 0; i < 2100; ++i) {
        const auto push = detector.begin_transfer(node(0), 0, 1);
        detector.transfer_access(push, node(0), i % 2 * 64, 64, read);
        detector.acquire(node(0), 0, detector.reads_done(push));
        detector.end_transfer(push);
    }
    EXPECT_EQ(detector.forgotten_reads(), 0U);
}

TEST_F(race_detector_scenario, reads_of_successive_transfers_are_kept_as_one_whatever_their_order) {
    std::vector<race_detector::transfer_id> all(2100);
    for (auto& push : all) {
        push = detector.begin_transfer(node(0), 0, 1);
    }
    for (std::size_t i = all.size(); i-- != 0;) {
        detector.transfer_access(all[i ^ 1], node(0), 0, 64, read);
    }
    EXPECT_EQ(detector.forgotten_reads(), 0U);
    for (const auto push : all) {
        detector.acquire(node(0), 0, detector.reads_done(push));
    }
    computes(0, 0, 2, 0, 64, write);
    EXPECT_EQ(detector.race_count(), 0U);
}

TEST_F(race_detector_scenario, readers_beyond_the_limit_of_a_byte_are_counted_as_forgotten) {
    // Never waited for, and each other one reads elsewhere, so that no two can be kept as one run.
    for (int i = 0; i < 2100; ++i) {
        const auto push = detector.begin_transfer(node(0), 0, 1);
        detector.transfer_access(push, node(0), i % 2 * 64, 64, read);
        detector.end_transfer(push);
    }
    EXPECT_EQ(detector.forgotten_reads(), 2U * (1050 - 1024));
    EXPECT_LT(detector.footprint(), std::size_t{64} << 20);
}

// ---------------------------------------------------------------------------------------------------- a whole die

/// 342 nodes compute with two buffers; each chunk is pulled in pieces of 1 KiB from the 18 nodes of the row and of the
/// 19 of the column by turns of all nodes, so that operands are read by many at a time.
TEST(race_detector, keeps_little_of_a_matrix_product_on_a_whole_die) {
    constexpr std::uint32_t columns = 18;
    constexpr std::uint32_t rows = 19;
    constexpr std::uint32_t chunks = 64;
    constexpr std::int64_t piece = 1024;
    constexpr std::int64_t buffers = 512 * 1024;
    race_detector d(columns * rows, 4);
    std::vector<std::array<race_detector::knowledge, 2>> empty(columns * rows);
    std::mt19937_64 random(1);
    std::cout << "seed 1\n";
    struct transfer {
        std::uint32_t puller;
        std::uint32_t owner;
        race_detector::transfer_id id;
    };
    std::vector<transfer> transfers;
    std::size_t accesses = 0;
    for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) {
        const std::uint32_t half = chunk % 2;
        transfers.clear();
        for (std::uint32_t n = 0; n < columns * rows; ++n) {
            d.acquire(node(n), 0, empty[n][half]);
            for (std::uint32_t i = 0; i < columns; ++i) {
                const std::uint32_t owner = chunk % 4 == 0 ? i * columns + n % columns : n / columns * columns + i;
                transfers.push_back({n, owner, d.begin_transfer(node(n), 0, 2 + chunk % 4)});
            }
        }
        std::ranges::shuffle(transfers, random);
        std::vector<race_detector::knowledge> full(columns * rows);
        for (const transfer& x : transfers) {
            const std::int64_t place = buffers + (half * columns + x.owner % columns) * piece;
            const std::int64_t target = chunk % 4 == 0 ? buffers + (half * columns + x.owner / columns) * piece : place;
            d.transfer_access(x.id, node(x.owner), chunk * piece, piece, false);
            d.transfer_access(x.id, node(x.puller), target, piece, true);
            accesses += 2;
            full[x.puller] = d.join(full[x.puller], d.all_done(x.id));
            d.end_transfer(x.id);
        }
        for (std::uint32_t n = 0; n < columns * rows; ++n) {
            d.acquire(node(n), 1, full[n]);
            d.thread_access(node(n), 1, 7, buffers + half * columns * piece, columns * piece, false);
            d.thread_access(node(n), 1, 7, 2 * buffers, 64 * 1024, true);
            empty[n][half] = d.release(node(n), 1);
        }
    }
    EXPECT_EQ(d.race_count(), 0U) << (d.races().empty() ? "" : to_string(d.races()[0]));
    EXPECT_EQ(d.forgotten_reads(), 0U);
    EXPECT_EQ(accesses, 2U * chunks * columns * rows * columns);
    EXPECT_LT(d.footprint(), std::size_t{120} << 20);
    std::cout << accesses << " accesses, " << (d.footprint() >> 20) << " MiB\n";
    // And it still looks: an operand overwritten while others may read it.
    d.thread_access(node(5), 3, 9, 0, 64, true);
    EXPECT_EQ(d.races().size(), 1U);
}

}  // namespace
}  // namespace d1
