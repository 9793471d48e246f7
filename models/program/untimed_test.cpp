// The untimed machine against sums done by hand, and against itself in other orders.

#include "models/program/untimed.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "models/program/text.hpp"

namespace d1::program {
namespace {

constexpr std::uint32_t floats = 16;

float get(std::span<const std::byte> memory, std::size_t address) {
    float f = 0;
    std::memcpy(&f, memory.subspan(address, sizeof f).data(), sizeof f);
    return f;
}
void put(std::span<std::byte> memory, std::size_t address, float f) {
    std::memcpy(memory.subspan(address, sizeof f).data(), &f, sizeof f);
}

/// Every node adds the vectors of all others to its own: each round it pushes what it got last to the next column.
constexpr const char* all_reduce = R"(d1p 1
program "all_reduce"
buffer sum address=0 bytes=64 type=fp32 input=1
buffer carry address=64 bytes=256 type=fp32 input=1
semaphores full first=0
semaphores done first=1
thread {
    loop round = 3 {
        push to=(1 - y, x) source=carry + 64*round destination=carry + 64*round + 64 row_bytes=64 notify=full
        wait semaphore=full
        vector_operation operation=add destination=sum destination_type=fp32 a=sum a_type=fp32 b=carry + 64*round + 64 b_type=fp32 elements=16
    }
}
)";

TEST(untimed_machine, sums_round_a_ring_in_every_order) {
    const program p = parse(all_reduce, "all_reduce.d1p");
    const assignment job{{2, 2}, std::vector<const program*>(4, &p)};
    for (std::uint64_t order = 0; order < 200; ++order) {
        SCOPED_TRACE("schedule " + std::to_string(order));
        untimed_machine machine(job, {.node = {.sram_bytes = 1024}, .schedule = order});
        for (std::uint32_t n = 0; n < 4; ++n) {
            for (std::uint32_t i = 0; i < floats; ++i) {
                const auto f = static_cast<float>(100 * n + i);
                put(machine.memory(static_cast<node_index>(n)), 4 * i, f);
                put(machine.memory(static_cast<node_index>(n)), 64 + 4 * i, f);
            }
        }
        ASSERT_EQ(machine.run(), untimed_status::finished);
        EXPECT_EQ(machine.steps(), 4U * 3 * 3);
        for (std::uint32_t n = 0; n < 4; ++n) {
            for (std::uint32_t i = 0; i < floats; ++i) {
                EXPECT_EQ(get(machine.memory(static_cast<node_index>(n)), 4 * i), static_cast<float>(600 + 4 * i));
            }
        }
    }
}

program program_of(const std::string& body) {
    return parse("d1p 1\nprogram \"p\"\n" + body, "p.d1p");
}

TEST(untimed_machine, serves_waiters_in_the_order_in_which_they_came) {
    const program p = program_of(R"(
thread {
    wait semaphore=0 amount=3
    signal semaphore=1
}
thread {
    wait semaphore=0
    signal semaphore=2
}
thread {
    signal semaphore=0 amount=2
}
)");
    const assignment job{{1, 1}, {&p}};
    untimed_machine machine(job, {.functional = false});
    EXPECT_EQ(machine.run(), untimed_status::deadlock);
    const auto waiting = machine.waiting();
    ASSERT_EQ(waiting.size(), 2U);
    EXPECT_EQ(waiting[0].where, (place{node_index{0}, 0, 0}));
    EXPECT_EQ(waiting[0].amount, 3U);
    EXPECT_EQ(waiting[0].value, 2U);
    EXPECT_FALSE(waiting[0].behind);
    EXPECT_EQ(waiting[1].behind, waiting[0].where);
}

TEST(untimed_machine, delivers_a_signal_behind_the_pushes_before_it_in_every_order) {
    const program p = program_of(R"(
buffer a address=0 bytes=64 type=fp32
buffer b address=64 bytes=64 type=fp32
thread {
    loop i = 1 - x {
        push to=(1, 0) source=a destination=b row_bytes=32
        push to=(1, 0) source=a + 32 destination=b + 32 row_bytes=32
        signal to=(1, 0) semaphore=0
    }
    loop i = x {
        wait semaphore=0
        vector_operation operation=add destination=a destination_type=fp32 a=b a_type=fp32 b=b b_type=fp32 elements=16
    }
}
)");
    const assignment job{{2, 1}, {&p, &p}};
    for (std::uint64_t order = 0; order < 100; ++order) {
        untimed_machine machine(job, {.node = {.sram_bytes = 128}, .schedule = order});
        for (std::uint32_t i = 0; i < floats; ++i) put(machine.memory(node_index{0}), 4 * i, 1.0F);
        ASSERT_EQ(machine.run(), untimed_status::finished);
        for (std::uint32_t i = 0; i < floats; ++i) EXPECT_EQ(get(machine.memory(node_index{1}), 4 * i), 2.0F);
    }
}

TEST(untimed_machine, lets_nobody_leave_a_barrier_before_all_have_come_and_their_pushes_are_there) {
    const program p = program_of(R"(
buffer a address=0 bytes=64 type=fp32
buffer b address=64 bytes=64 type=fp32
thread {
    push to=(1 - x, 0) source=a destination=b row_bytes=64
    barrier number=3 corner=(0, 0) columns=2 threads=2
    vector_operation operation=add destination=a destination_type=fp32 a=b a_type=fp32 b=b b_type=fp32 elements=16
}
thread {
    barrier number=3 corner=(0, 0) columns=2 threads=2
}
)");
    const assignment job{{2, 1}, {&p, &p}};
    for (std::uint64_t order = 0; order < 100; ++order) {
        untimed_machine machine(job, {.node = {.sram_bytes = 128}, .schedule = order});
        for (std::uint32_t i = 0; i < floats; ++i) {
            put(machine.memory(node_index{0}), 4 * i, 1.0F);
            put(machine.memory(node_index{1}), 4 * i, 3.0F);
        }
        ASSERT_EQ(machine.run(), untimed_status::finished);
        for (std::uint32_t i = 0; i < floats; ++i) {
            EXPECT_EQ(get(machine.memory(node_index{0}), 4 * i), 6.0F);
            EXPECT_EQ(get(machine.memory(node_index{1}), 4 * i), 2.0F);
        }
    }
}

TEST(untimed_machine, stops_where_a_machine_could_not_go_on) {
    const program p = program_of(R"(
thread {
    loop i = 3 {
        signal semaphore=0 amount=0x7FFFFFFF
    }
}
)");
    const assignment job{{1, 1}, {&p}};
    untimed_machine machine(job, {.functional = false});
    EXPECT_EQ(machine.run(), untimed_status::failed);
    ASSERT_TRUE(machine.failure());
    EXPECT_EQ(machine.failure()->kind, fault_kind::semaphore);
    EXPECT_EQ(machine.failure()->where, (place{node_index{0}, 0, 1}));
    EXPECT_EQ(machine.semaphore(node_index{0}, 0).last_signal, (place{node_index{0}, 0, 1}));
}

}  // namespace
}  // namespace d1::program
