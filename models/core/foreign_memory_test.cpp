// A core with a memory that somebody else brings.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "models/core/core_bench.hpp"
#include "models/reporting/expect_report.hpp"
#include "models/transactors/blocking_adapter.hpp"
#include "models/transactors/third_party.hpp"

namespace d1::test {
namespace {

using numerics::elementwise_operation;
using program::program_builder;
using sc_core::SC_NS;
using sc_core::sc_time;

constexpr std::uint32_t bytes = 1310720;

/// A core whose `mem` leads, past a protocol checker, to whatever a test binds.
class a_core_with_a_foreign_memory : public testing::Test {
  protected:
    a_core_with_a_foreign_memory() {
        cpu.mem.bind(checker.in);
        cpu.dma.bind(interface.socket);
    }
    template <typename T>
    void put(std::size_t address, const std::vector<T>& values) {
        std::memcpy(memory.bytes.data() + address, values.data(), values.size() * sizeof(T));
    }
    [[nodiscard]] std::vector<float> get(std::size_t address, std::size_t count) const {
        std::vector<float> values(count);
        std::memcpy(values.data(), memory.bytes.data() + address, count * sizeof(float));
        return values;
    }
    /// Sum and product of FP32 vectors, then a matrix product that accumulates onto it.
    void run() {
        const std::vector<float> a(64, 1.5F);
        const std::vector<float> b(64, 2.0F);
        put(0, a);
        put(256, b);
        put(65536, std::vector<std::uint16_t>(16 * 64, 0x3F80));   // 1 in BF16
        put(131072, std::vector<std::uint16_t>(16 * 64, 0x4000));  // 2
        program_builder builder("p");
        auto t = builder.thread();
        t.vector_operation(vector(elementwise_operation::add, 512, 0, 256, 64));
        t.vector_operation(vector(elementwise_operation::multiply, 1024, 512, 256, 64));
        t.vector_operation(fill(2048, 5, 256));
        t.matrix_multiply(two_by_two(2048));
        program = builder.build();
        cpu.launch(program, alone, {0, 0});
        sc_core::sc_start();
    }
    void expect_results() {
        EXPECT_EQ(events.failure().value_or("none"), "none");
        EXPECT_EQ(get(512, 64), std::vector(64, 3.5F));
        EXPECT_EQ(get(1024, 64), std::vector(64, 7.0F));
        EXPECT_EQ(get(2048, 256), std::vector(256, 5.0F + 64 * 2));
        EXPECT_EQ(get(2048 + 1024, 1), std::vector(1, 0.0F));
    }

    timing::event_queue events{"events", timing::clock(sc_time(500, sc_core::SC_PS))};
    semaphore_file semaphores{64};
    signal_scheduler signals{"node", node_index{0}, semaphores, events};
    third_party::memory memory{"memory", bytes};
    fake_interface interface { "interface", node_index{0}, events };
    transactors::protocol_checker checker{"checker", transactors::protocol_rules::inside_a_node()};
    core cpu{"core",
             {.here = node_index{0}, .events = events, .semaphores = semaphores, .signals = signals, .arithmetic = {}},
             {},
             {}};
    placement alone{{1, 1}, {node_index{0}}};
    program::program program;
};

TEST_F(a_core_with_a_foreign_memory, computes_on_it_directly) {
    checker.out.bind(memory.socket);
    memory.grants = true;
    run();
    expect_results();
    EXPECT_EQ(memory.grants_asked_for, 1);
    EXPECT_EQ(memory.accesses, 0);
}

TEST_F(a_core_with_a_foreign_memory, reaches_it_by_calls_where_it_grants_no_direct_access_in_the_same_time) {
    checker.out.bind(memory.socket);
    run();
    expect_results();
    EXPECT_EQ(memory.grants_asked_for, 1) << "not again, since no answer hints at it";
    EXPECT_GT(memory.accesses, 8);
    const auto by_calls = cpu.finish_cycle();
    events.reset();
    cpu.reset();
    memory.grants = true;
    run();
    EXPECT_EQ(cpu.finish_cycle(), by_calls);
}

TEST_F(a_core_with_a_foreign_memory, asks_again_when_an_answer_hints_at_direct_access) {
    checker.out.bind(memory.socket);
    struct granter final : timing::event_handler {
        void serve(void* subject) override { static_cast<third_party::memory*>(subject)->grants = true; }
    } grant_later;
    events.schedule(cpu.count().instructions + 130, timing::order_of(timing::phase::bytes_arrive, 0, 0, 0), grant_later,
                    &memory);
    run();
    expect_results();
    EXPECT_EQ(memory.grants_asked_for, 2);
}

TEST_F(a_core_with_a_foreign_memory, follows_it_to_another_place_when_direct_access_is_taken_back) {
    checker.out.bind(memory.socket);
    memory.grants = true;
    struct withdrawer final : timing::event_handler {
        void serve(void* subject) override { static_cast<third_party::memory*>(subject)->withdraw(); }
    } withdraw;
    for (timing::cycle at = 101; at < 400; at += 7) {
        events.schedule(at, timing::order_of(timing::phase::bytes_arrive, 0, 0, at), withdraw, &memory);
    }
    run();
    expect_results();
    EXPECT_GT(memory.grants_asked_for, 2);
}

TEST_F(a_core_with_a_foreign_memory, fails_the_run_where_the_memory_answers_with_an_error) {
    third_party::memory small("small", 700);
    checker.out.bind(small.socket);
    third_party::generator nobody("nobody", {});
    nobody.socket.bind(memory.socket);
    run();
    EXPECT_EQ(events.failure().value_or("none"),
              "core: program 'p', thread 0, instruction 0 writes bytes that its memory answers with "
              "TLM_ADDRESS_ERROR_RESPONSE");
}

TEST_F(a_core_with_a_foreign_memory, refuses_one_that_waits) {
    checker.out.bind(memory.socket);
    memory.waits = sc_time(1, SC_NS);
    const reporting::expect_report kernel(sc_core::SC_ERROR, "wait() is only allowed");
    const reporting::expect_report clear(sc_core::SC_ERROR, "core",
                                         "the memory behind core.mem waits in b_transport, but here an access "
                                         "completes at once; a memory that takes its time has its place behind the "
                                         "network interface");
    EXPECT_THROW(run(), sc_core::sc_report);
}

TEST_F(a_core_with_a_foreign_memory, refuses_one_that_annotates_a_delay) {
    checker.out.bind(memory.socket);
    memory.annotates = sc_time(1, SC_NS);
    const reporting::expect_report clear(sc_core::SC_ERROR, "core", "the memory behind core.mem annotates a delay of");
    EXPECT_THROW(run(), sc_core::sc_report);
}

TEST_F(a_core_with_a_foreign_memory, refuses_a_blocking_adapter) {
    if (std::string_view(D1_SANITIZERS).find("address") != std::string_view::npos) {
        GTEST_SKIP()
            << "SystemC's switch back from the adapter's thread tells the address sanitizer of a stack from 0, "
               "and the next exception ends in a false alarm (github.com/google/sanitizers/issues/189)";
    }
    transactors::blocking_adapter adapter("adapter");
    checker.out.bind(adapter.in);
    adapter.out.bind(memory.socket);
    const reporting::expect_report clear(sc_core::SC_ERROR, "blocking_adapter", "a core's memory must not wait");
    EXPECT_THROW(run(), sc_core::sc_report);
}

}  // namespace
}  // namespace d1::test
