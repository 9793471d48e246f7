// A network interface with memories that somebody else brings: ones that answer at once, and ones that take their time.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "models/noc/interface_bench.hpp"
#include "models/reporting/expect_report.hpp"
#include "models/transactors/blocking_adapter.hpp"
#include "models/transactors/third_party.hpp"

namespace d1::noc {
namespace {

using sc_core::SC_NS;
using sc_core::SC_PS;
using sc_core::sc_time;
using timing::cycle;

constexpr std::size_t memory_size = 65536;

/// Nodes in a row, each with a memory of somebody else, directly or behind a blocking adapter.
struct foreign_memories {
    enum class way { direct, adapted };

    foreign_memories(std::uint32_t columns, timing_kind timing, way w, const sc_time& waits = {},
                     const sc_time& annotates = {}) {
        s.noc.columns = columns;
        s.noc.rows = 1;
        s.timing = timing;
        s.memory_answers_later = w == way::adapted;
        s.other_memory = [this, w, waits, annotates](std::uint32_t, tlm::tlm_initiator_socket<512>& mem) {
            auto& m = *memories.emplace_back(std::make_unique<third_party::memory>("foreign", memory_size));
            m.waits = waits;
            m.annotates = annotates;
            if (w == way::direct) {
                mem.bind(m.socket);
                return;
            }
            auto& a = *adapters.emplace_back(std::make_unique<transactors::blocking_adapter>("adapter"));
            auto& c = *checkers.emplace_back(std::make_unique<transactors::protocol_checker>("behind"));
            mem.bind(a.in);
            a.out.bind(c.in);
            c.out.bind(m.socket);
        };
    }
    [[nodiscard]] std::vector<unsigned char>& bytes(std::size_t node) { return memories[node]->bytes; }

    interface_bench::settings s;
    std::vector<std::unique_ptr<third_party::memory>> memories;
    std::vector<std::unique_ptr<transactors::blocking_adapter>> adapters;
    std::vector<std::unique_ptr<transactors::protocol_checker>> checkers;
};

constexpr auto direct = foreign_memories::way::direct;
constexpr auto adapted = foreign_memories::way::adapted;

const semaphore_signal one{0, 1};
const semaphore_signal other{1, 1};

class a_foreign_memory : public testing::TestWithParam<timing_kind> {};
INSTANTIATE_TEST_SUITE_P(at_each_level, a_foreign_memory,
                         testing::Values(timing_kind::lt, timing_kind::at, timing_kind::ca), timing_name);

/// When the signals of a push and of a pull of 256 B were granted.
struct grants {
    cycle push_read;
    cycle push_written;
    cycle pull_written;
    friend bool operator==(const grants&, const grants&) = default;
};
grants run_both(interface_bench& b) {
    auto& read = b.await({0, 0}, 0, 1);
    auto& written = b.await({1, 0}, 0, 1);
    auto& pulled = b.await({0, 0}, 1, 1);
    b.push(10, {0, 0}, {1, 0}, row(0, 1024, 256), {.done = one, .notify = one});
    b.pull(2000, {0, 0}, {1, 0}, row(1024, 4096, 256), {.done = other, .notify = {}});
    sc_core::sc_start();
    b.expect_idle();
    return {read.granted.value_or(0), written.granted.value_or(0), pulled.granted.value_or(0)};
}

TEST_P(a_foreign_memory, that_answers_at_once_costs_what_the_sram_costs) {
    foreign_memories foreign(2, GetParam(), direct);
    interface_bench own("own", {.noc = foreign.s.noc,
                                .network_interface = {},
                                .sram = {},
                                .timing = GetParam(),
                                .functional = true,
                                .other_memory = {},
                                .memory_answers_later = false,
                                .races = nullptr,
                                .uninitialised = nullptr});
    interface_bench b("b", foreign.s);
    const grants of_own = run_both(own);
    b.reset();
    EXPECT_EQ(run_both(b), of_own);
}

TEST_P(a_foreign_memory, brings_its_bytes_where_they_belong) {
    foreign_memories foreign(2, GetParam(), adapted, sc_time(7, SC_NS));
    interface_bench b("b", foreign.s);
    for (std::size_t i = 0; i < 256; ++i) {
        foreign.bytes(0)[i] = static_cast<unsigned char>(i);
    }
    run_both(b);
    for (std::size_t i = 0; i < 256; ++i) {
        EXPECT_EQ(foreign.bytes(1)[1024 + i], i);
        EXPECT_EQ(foreign.bytes(0)[4096 + i], i);
    }
    EXPECT_EQ(foreign.bytes(1)[1023], 0);
    EXPECT_EQ(foreign.bytes(1)[1280], 0);
}

TEST_P(a_foreign_memory, that_waits_delays_what_follows_from_each_access_and_nothing_else) {
    // One access of the adapter's memory takes 50 ns, 100 cycles; what follows happens in the cycle after.
    constexpr cycle access = 100 + 1;
    constexpr cycle injection = 1;  // of bytes that were fetched: not in the cycle that brings them
    foreign_memories fast(2, GetParam(), direct);
    foreign_memories waiting(2, GetParam(), adapted, sc_time(50, SC_NS));
    foreign_memories annotating(2, GetParam(), adapted, {}, sc_time(50, SC_NS));
    interface_bench quick("quick", fast.s);
    interface_bench slow("slow", waiting.s);
    interface_bench annotated("annotated", annotating.s);
    const grants at_once = run_both(quick);
    for (interface_bench* b : {&slow, &annotated}) {
        b->reset();
        const grants late = run_both(*b);
        EXPECT_EQ(late.push_read, at_once.push_read + access + injection);
        // The bytes are read, then written; their signal, a cycle behind them on the way, waits for that.
        EXPECT_EQ(late.push_written, at_once.push_written - 1 + 2 * access + injection);
        EXPECT_EQ(late.pull_written, at_once.pull_written + 2 * access);
    }
}

TEST_P(a_foreign_memory, may_wait_for_no_whole_number_of_cycles) {
    foreign_memories fast(2, GetParam(), direct);
    foreign_memories waiting(2, GetParam(), adapted, sc_time(50'250, SC_PS));
    interface_bench quick("quick", fast.s);
    interface_bench slow("slow", waiting.s);
    const cycle at_once = run_both(quick).pull_written;
    slow.reset();
    EXPECT_EQ(run_both(slow).pull_written, at_once + 2 * 101) << "what follows happens in a whole cycle";
}

TEST_P(a_foreign_memory, serves_accesses_one_after_the_other) {
    foreign_memories foreign(3, GetParam(), adapted, sc_time(50, SC_NS));
    interface_bench b("b", foreign.s);
    // Node 1 gets three bursts from one side and one from the other, all at about the same time.
    std::vector<interface_bench::watch*> all;
    for (std::uint32_t i = 0; i < 4; ++i) {
        all.push_back(&b.await({1, 0}, i, 1));
    }
    for (std::int64_t i = 0; i < 4; ++i) {
        b.push(0, {i == 3 ? 2 : 0, 0}, {1, 0}, row(0, i * 64, 64), {.done = {}, .notify = semaphore_signal{i, 1}});
    }
    sc_core::sc_start();
    b.expect_idle();
    for (const auto* w : all) {
        EXPECT_TRUE(w->granted);
    }
    EXPECT_EQ(foreign.memories[1]->most_at_once, 1);
    EXPECT_EQ(foreign.memories[1]->accesses, 4);
}

TEST_P(a_foreign_memory, never_shows_a_signal_before_the_bytes_that_it_tells_of) {
    foreign_memories foreign(4, GetParam(), adapted, sc_time(23, SC_NS));
    interface_bench b("b", foreign.s);
    constexpr std::uint32_t seed = 3;
    std::mt19937 random(seed);
    std::uint32_t seen = 0;
    for (std::int64_t i = 0; i < 48; ++i) {
        const auto from = static_cast<std::int32_t>(random() % 4);
        const auto to = static_cast<std::int32_t>(random() % 4);
        const auto length = static_cast<std::uint32_t>(1 + random() % 900);
        const std::int64_t where = 1024 * i;
        const bool pulls = i % 3 == 2;
        const std::int32_t writes = pulls ? from : to;
        const std::int32_t reads = pulls ? to : from;
        auto& source = foreign.bytes(static_cast<std::size_t>(reads));
        std::vector<unsigned char> expected(length);
        for (auto& byte : expected) {
            byte = static_cast<unsigned char>(1 + random() % 255);
        }
        std::copy(expected.begin(), expected.end(), source.begin() + where);
        const semaphore_signal signal{i, 1};
        const auto check = [&foreign, &seen, writes, where, expected] {
            const auto& bytes = foreign.bytes(static_cast<std::size_t>(writes));
            EXPECT_TRUE(std::equal(expected.begin(), expected.end(), bytes.begin() + where));
            ++seen;
        };
        b.await({writes, 0}, static_cast<std::uint32_t>(i), 1, check);
        if (pulls) {
            b.pull(random() % 500, {from, 0}, {to, 0}, row(where, where, length), {.done = signal, .notify = {}});
        } else {
            b.push(random() % 500, {from, 0}, {to, 0}, row(where, where, length), {.done = {}, .notify = signal});
        }
    }
    sc_core::sc_start();
    b.expect_idle();
    EXPECT_EQ(seen, 48U) << "seed " << seed;
}

TEST_P(a_foreign_memory, answers_for_addresses_that_it_does_not_have) {
    foreign_memories foreign(2, GetParam(), adapted, sc_time(5, SC_NS));
    interface_bench b("b", foreign.s);
    const reporting::expect_report far(sc_core::SC_WARNING, "address error", "push to node number 1 leaves its SRAM");
    const reporting::expect_report near(sc_core::SC_WARNING, "address error", "pull from node number 0 leaves its");
    b.push(0, {0, 0}, {1, 0}, row(0, memory_size - 32, 64));
    b.pull(500, {1, 0}, {0, 0}, row(memory_size, 0, 64));
    sc_core::sc_start();
    b.expect_idle();
    EXPECT_EQ(b.interface({0, 0}).count().address_errors, 1U);
    EXPECT_EQ(b.interface({1, 0}).count().address_errors, 1U);
    EXPECT_EQ(foreign.bytes(1)[memory_size - 32], 0);
}

TEST_P(a_foreign_memory, moves_nothing_where_payloads_are_switched_off_and_takes_the_same_time) {
    foreign_memories with(2, GetParam(), adapted, sc_time(31, SC_NS));
    foreign_memories without(2, GetParam(), adapted, sc_time(31, SC_NS));
    without.s.functional = false;
    interface_bench on("on", with.s);
    interface_bench off("off", without.s);
    without.bytes(0)[0] = 9;
    const grants expected = run_both(on);
    off.reset();
    EXPECT_EQ(run_both(off), expected);
    EXPECT_EQ(without.bytes(1)[1024], 0);
}

TEST_P(a_foreign_memory, that_waits_without_an_adapter_is_refused) {
    foreign_memories foreign(1, GetParam(), direct, sc_time(5, SC_NS));
    interface_bench b("b", foreign.s);
    b.broken_off = true;
    b.push(0, {0, 0}, {0, 0}, row(0, 64, 64));
    const reporting::expect_report kernel(sc_core::SC_ERROR, "wait() is only allowed");
    const reporting::expect_report clear(sc_core::SC_ERROR, "network interface",
                                         "waits in b_transport, but here an access completes at once; put a "
                                         "blocking_adapter before it");
    EXPECT_THROW(sc_core::sc_start(), sc_core::sc_report);
}

TEST_P(a_foreign_memory, that_annotates_a_delay_without_an_adapter_is_refused) {
    foreign_memories foreign(1, GetParam(), direct, {}, sc_time(5, SC_NS));
    interface_bench b("b", foreign.s);
    b.broken_off = true;
    b.push(0, {0, 0}, {0, 0}, row(0, 64, 64));
    const reporting::expect_report clear(sc_core::SC_ERROR, "network interface", "annotates a delay of 5 ns");
    EXPECT_THROW(sc_core::sc_start(), sc_core::sc_report);
}

TEST_P(a_foreign_memory, may_be_left_in_the_middle_of_an_access_by_a_reset) {
    foreign_memories foreign(2, GetParam(), adapted, sc_time(50, SC_NS));
    interface_bench b("b", foreign.s);
    const grants expected = run_both(b);
    b.reset();
    b.push(10, {0, 0}, {1, 0}, row(0, 8192, 1024));
    sc_core::sc_start(sc_time(20, SC_NS));  // the source is being read
    ASSERT_EQ(foreign.adapters[0]->pending(), 1U);
    b.reset();
    b.reset();
    sc_core::sc_start(sc_time(1, SC_NS));
    sc_core::sc_start();  // the old access ends, and nothing comes of it
    EXPECT_EQ(foreign.bytes(1)[8192], 0);
    b.reset();
    EXPECT_EQ(run_both(b), expected);
}

TEST_P(a_foreign_memory, that_never_answers_is_named_where_somebody_waits_for_it) {
    foreign_memories foreign(2, GetParam(), adapted, sc_core::sc_max_time() / 4);
    interface_bench b("b", foreign.s);
    b.broken_off = true;
    b.push(0, {0, 0}, {1, 0}, row(0, 0, 64));
    sc_core::sc_start(sc_time(1, sc_core::SC_MS));
    const auto left = b.interface({0, 0}).unfinished();
    ASSERT_FALSE(left.empty());
    EXPECT_EQ(left.back(), "1 accesses to its memory, which has not answered");
    b.reset();
}

TEST_P(a_foreign_memory, may_have_four_phases_of_its_own_behind_an_adapter) {
    interface_bench::settings s;
    s.noc.columns = 2;
    s.noc.rows = 1;
    s.timing = GetParam();
    s.memory_answers_later = true;
    std::vector<std::unique_ptr<third_party::phased_memory>> memories;
    std::vector<std::unique_ptr<transactors::blocking_adapter>> adapters;
    s.other_memory = [&](std::uint32_t, tlm::tlm_initiator_socket<512>& mem) {
        memories.push_back(std::make_unique<third_party::phased_memory>("phased", memory_size));
        adapters.push_back(std::make_unique<transactors::blocking_adapter>("adapter"));
        mem.bind(adapters.back()->in);
        adapters.back()->out.bind(memories.back()->socket);
    };
    interface_bench b("b", s);
    memories[0]->bytes[255] = 77;
    run_both(b);
    EXPECT_EQ(memories[1]->bytes[1024 + 255], 77);
    EXPECT_EQ(memories[0]->bytes[4096 + 255], 77);
}

}  // namespace
}  // namespace d1::noc
