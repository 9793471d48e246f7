#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "models/packet/burst.hpp"

namespace d1 {
namespace {

TEST(burst_pool, lends_bursts_and_counts_those_that_somebody_holds) {
    burst_pool pool;
    EXPECT_EQ(pool.in_use(), 0U);
    {
        const burst_ptr a = pool.acquire(false);
        const burst_ptr b = pool.acquire(true);
        EXPECT_NE(a, b);
        EXPECT_EQ(pool.in_use(), 2U);
    }
    EXPECT_EQ(pool.in_use(), 0U);
}

TEST(burst_pool, gets_a_burst_back_when_the_last_holder_lets_go) {
    burst_pool pool;
    burst_ptr first = pool.acquire(false);
    burst_ptr second = first;
    first.reset();
    EXPECT_EQ(pool.in_use(), 1U);
    second.reset();
    EXPECT_EQ(pool.in_use(), 0U);
}

TEST(burst_pool, never_lends_a_burst_twice_at_a_time) {
    burst_pool pool;
    std::vector<burst_ptr> held;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 100; ++i) {
            held.push_back(pool.acquire(i % 3 == 0));
        }
        std::set<burst*> distinct;
        for (const burst_ptr& b : held) {
            distinct.insert(b.get());
        }
        EXPECT_EQ(distinct.size(), held.size());
        // Every second one goes back, so that the next round mixes used and new bursts.
        for (std::size_t i = 0; i < held.size(); i += 2) {
            held[i].reset();
        }
        std::erase(held, nullptr);
        EXPECT_EQ(pool.in_use(), held.size());
    }
}

TEST(burst_pool, uses_bursts_again_instead_of_making_more) {
    burst_pool pool;
    for (int i = 0; i < 100; ++i) {
        const burst_ptr a = pool.acquire(false);
        const burst_ptr b = pool.acquire(true);
        const burst_ptr c = pool.acquire(true);
    }
    EXPECT_EQ(pool.size(), 3U);
}

TEST(burst_pool, gives_room_for_sixteen_packets_only_where_it_is_asked_for) {
    burst_pool pool;
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(pool.acquire(true)->payload().size(), 16U * 64U);
        EXPECT_TRUE(pool.acquire(false)->payload().empty());
    }
}

TEST(burst_pool, keeps_the_payloads_of_different_bursts_apart) {
    burst_pool pool;
    const burst_ptr a = pool.acquire(true);
    const burst_ptr b = pool.acquire(true);
    std::ranges::fill(a->payload(), std::byte{1});
    std::ranges::fill(b->payload(), std::byte{2});
    EXPECT_TRUE(std::ranges::all_of(a->payload(), [](std::byte x) { return x == std::byte{1}; }));
}

TEST(burst_pool, lends_a_cleared_burst_whatever_it_was_before) {
    burst_pool pool;
    int somewhere = 0;
    for (const bool with_payload : {false, true}) {
        burst* used = nullptr;
        {
            const burst_ptr b = pool.acquire(with_payload);
            used = b.get();
            b->source = node_index{1};
            b->destination = node_index{2};
            b->channel_class = message_class::response;
            b->kind = burst_kind::error_answer;
            b->status = burst_status::address_error;
            b->sequence = 3;
            b->times = packet_times::back_to_back(4, 16);
            b->piece.bytes = 5;
            b->semaphore = 6;
            b->amount = 7;
            b->transfer = &somewhere;
            b->race_transfer = 8;
            b->cause = {9, 10};
            b->hops = 11;
        }
        const burst_ptr again = pool.acquire(with_payload);
        ASSERT_EQ(again.get(), used);
        const burst fresh;
        EXPECT_EQ(again->source, fresh.source);
        EXPECT_EQ(again->destination, fresh.destination);
        EXPECT_EQ(again->channel_class, fresh.channel_class);
        EXPECT_EQ(again->kind, fresh.kind);
        EXPECT_EQ(again->status, fresh.status);
        EXPECT_EQ(again->sequence, fresh.sequence);
        EXPECT_EQ(again->times.first, fresh.times.first);
        EXPECT_EQ(again->times.count, fresh.times.count);
        EXPECT_EQ(again->times.offset, fresh.times.offset);
        EXPECT_EQ(again->piece.bytes, fresh.piece.bytes);
        EXPECT_EQ(again->semaphore, fresh.semaphore);
        EXPECT_EQ(again->amount, fresh.amount);
        EXPECT_EQ(again->transfer, fresh.transfer);
        EXPECT_EQ(again->race_transfer, fresh.race_transfer);
        EXPECT_EQ(again->cause.chain, fresh.cause.chain);
        EXPECT_EQ(again->cause.knowledge, fresh.cause.knowledge);
        EXPECT_EQ(again->hops, fresh.hops);
    }
}

}  // namespace
}  // namespace d1
