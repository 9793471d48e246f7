#include "models/core/pipeline/machine.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "models/core/pipeline/demonstration_kernels.hpp"
#include "models/core/pipeline/steady_state.hpp"

namespace d1::pipeline {
namespace {

std::uint64_t cycles_of(kernel_writer& out, const core_parameters& core = {}, const sram_parameters& memory = {}) {
    return run_all_cycles(out.take(), core, memory).cycles();
}

/// Fetch in the first cycle, decode in the second, start in the third.
constexpr std::uint64_t front = 2;

// ---------------------------------------------------------------------------------------------------- one operation

TEST(machine, takes_an_operation_through_fetch_decode_and_its_latency) {
    kernel_writer simd("simd");
    simd.simd(vector_register(0));
    EXPECT_EQ(cycles_of(simd), front + 4);
    kernel_writer load("load");
    load.load(vector_register(0), pointer(0), 0);
    EXPECT_EQ(cycles_of(load), front + 5);
    kernel_writer matrix("matrix");
    matrix.matrix(accumulator(0), vector_register(0), vector_register(1));
    EXPECT_EQ(cycles_of(matrix), front + 8);
}

TEST(machine, waits_for_operands_along_a_chain) {
    // Pointer, load, operation, store: each when the one before has its result.
    kernel_writer out("chain");
    out.add(pointer(0), 64);
    out.load(vector_register(0), pointer(0), 0);
    out.simd(vector_register(1), vector_register(0));
    out.store(vector_register(1), pointer(1), 0);
    EXPECT_EQ(cycles_of(out), front + 1 + 5 + 4 + 1);
}

TEST(machine, executes_on_a_loaded_operand_as_if_it_had_been_loaded_before) {
    kernel_writer out("load+execute");
    out.put({.kind = op_kind::simd, .to = vector_register(0), .base = pointer(0)});
    const auto run = run_all_cycles(out.take(), {}, {});
    EXPECT_EQ(run.cycles(), front + 5 + 4);
    EXPECT_EQ(run.counts.vector_loads, 1U);
    EXPECT_EQ(run.counts.simd, 1U);
    EXPECT_EQ(run.counts.decoded, 1U);
}

TEST(machine, writes_no_register_before_it_has_been_read) {
    // The second load must wait for the first SIMD operation, which waits for a chain of three.
    kernel_writer out("write after read");
    out.simd(vector_register(0));
    out.simd(vector_register(0), vector_register(0));
    out.simd(vector_register(1), vector_register(0), vector_register(2));  // starts in cycle front + 8
    out.load(vector_register(2), pointer(0), 0);                           // and this one after it
    EXPECT_EQ(cycles_of(out), front + 8 + 1 + 5);
}

TEST(machine, drops_what_the_front_end_resolves) {
    kernel_writer out("front end");
    for (int n = 0; n < 80; ++n) {
        out.immediate();
    }
    const auto run = run_all_cycles(out.take(), {}, {});
    EXPECT_EQ(run.counts.decoded, 80U);
    EXPECT_EQ(run.counts.scalar, 0U);
    EXPECT_EQ(run.cycles(), 80U / 8 + 1) << "8 a cycle, a cycle behind fetch";
}

TEST(machine, parses_a_list_at_its_own_pace) {
    core_parameters core;
    core.list_entry_cycles = 3;
    kernel_writer out("list");
    for (int n = 0; n < 20; ++n) {
        out.list_entry();
    }
    EXPECT_EQ(cycles_of(out, core), 1 + 19 * 3 + 1U);
}

// ---------------------------------------------------------------------------------------------------- widths

/// `count` operations that need nothing from each other.
template <typename Put>
std::uint64_t independent(std::uint32_t count, const core_parameters& core, const sram_parameters& memory, Put&& put) {
    kernel_writer out("independent");
    out.loop(count / 32, [&] {
        for (std::uint32_t n = 0; n < 32; ++n) {
            put(out, n);
        }
    });
    return cycles_of(out, core, memory);
}

TEST(machine, starts_as_many_scalar_operations_a_cycle_as_units_and_scheduler_take) {
    const auto both = [](kernel_writer& out, std::uint32_t n) {
        n % 2 == 0 ? out.scalar() : out.add(pointer(n % 16), 8);
    };
    core_parameters core;
    EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, both)), 3200 / 4.0, 20);
    core.scalar_width = 2;
    EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, both)), 3200 / 2.0, 20);
    core.scalar_width = 4;
    core.address_units = 1;
    EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, both)), 1600, 20);
    const auto alone = [](kernel_writer& out, std::uint32_t) { out.scalar(); };
    core.scalar_units = 1;
    EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, alone)), 3200, 20);
}

TEST(machine, decodes_at_its_width) {
    // Decode alone bounds dropped operations where a window of 32 is fetched at once.
    for (const std::uint32_t width : {2U, 4U, 8U}) {
        core_parameters core;
        core.decode_width = width;
        core.fetch_bytes = 128;
        const auto drop = [](kernel_writer& out, std::uint32_t) { out.immediate(); };
        // The branch at the end of each 32 takes a place too.
        EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, drop)), 3300.0 / width, 0.05 * 3300 / width);
    }
}

TEST(machine, fetches_a_window_a_cycle) {
    core_parameters core;
    core.decode_width = 32;
    for (const std::uint32_t bytes : {8U, 16U, 32U}) {
        core.fetch_bytes = bytes;
        const auto drop = [](kernel_writer& out, std::uint32_t) { out.immediate(); };
        const std::uint32_t windows = 100 * ((33 * 4 + bytes - 1) / bytes);
        EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, drop)), windows, 5);
    }
}

TEST(machine, stalls_where_code_is_larger_than_the_instruction_cache) {
    core_parameters core;
    core.instruction_cache_bytes = 1024;
    const auto loop = [&](std::uint32_t operations) {
        kernel_writer out("long");
        out.loop(10, [&] {
            for (std::uint32_t n = 0; n < operations; ++n) {
                out.immediate();
            }
        });
        return run_all_cycles(out.take(), core, {});
    };
    EXPECT_EQ(loop(255).counts.refills, 0U) << "256 operations are just 1024 B";
    // Twice the cache, gone through in order: the line that is wanted is always the one just thrown out.
    const auto twice = loop(511);
    EXPECT_EQ(twice.counts.refills, 10U * 32);
    EXPECT_NEAR(static_cast<double>(twice.cycles()), 10.0 * (32 * 10 + 64), 0.05 * 10 * (32 * 10 + 64));
}

// ---------------------------------------------------------------------------------------------------- ports

TEST(machine, moves_exactly_the_published_bytes_with_all_seven_ports_busy) {
    const auto counts = demonstration::steady(demonstration::all_core_ports(10'000), 4000, true);
    EXPECT_EQ(counts.loaded_bytes(), 4000U * 200);
    EXPECT_EQ(counts.stored_bytes(), 4000U * 136);
}

TEST(machine, loads_and_stores_at_the_ports_it_has) {
    for (const std::uint32_t ports : {1U, 2U, 4U}) {
        sram_parameters memory;
        memory.vector_load_ports = ports;
        const auto load = [](kernel_writer& out, std::uint32_t n) { out.load(vector_register(n), pointer(0), n * 64); };
        EXPECT_NEAR(static_cast<double>(independent(3200, {}, memory, load)), 3200.0 / ports, 30);
        memory.vector_store_ports = ports;
        const auto store = [](kernel_writer& out, std::uint32_t n) {
            out.store(vector_register(n), pointer(0), n * 64);
        };
        EXPECT_NEAR(static_cast<double>(independent(3200, {}, memory, store)), 3200.0 / ports, 30);
    }
}

TEST(machine, serves_one_port_of_a_bank_a_cycle) {
    // Lines a stride apart: as many banks as the stride leaves, two loads a cycle at most.
    core_parameters core;
    core.sram_banks = 16;
    for (const std::uint32_t stride : {1U, 8U, 16U}) {
        const auto load = [&](kernel_writer& out, std::uint32_t n) {
            out.load(vector_register(n), pointer(0), std::int64_t{n} * stride * 64);
        };
        const double a_cycle = stride == 16 ? 1 : 2;
        EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, load)), 3200 / a_cycle, 30) << stride;
    }
    core.sram_banks = 0;
    const auto same = [](kernel_writer& out, std::uint32_t n) { out.load(vector_register(n), pointer(0), 0); };
    EXPECT_NEAR(static_cast<double>(independent(3200, core, {}, same)), 1600, 30);
}

TEST(machine, gives_the_mesh_a_bank_before_the_core) {
    core_parameters core;
    core.sram_banks = 4;
    kernel_writer out("one bank");
    out.loop(1000, [&] { out.load(vector_register(0), pointer(0), 0); });
    const kernel k = out.take();
    const auto m = std::make_unique<machine>(core, sram_parameters{});
    m->warm(k);
    m->start(0, k);
    std::uint64_t cycles = 0;
    for (; m->busy(); ++cycles) {
        if (cycles % 2 == 0) {
            EXPECT_TRUE(m->mesh_access(true, 4 * 64));
            EXPECT_FALSE(m->mesh_access(false, 0)) << "the bank is taken";
        }
        m->tick();
    }
    EXPECT_NEAR(static_cast<double>(cycles), 2000, 20);
    EXPECT_EQ(m->counts().mesh_writes, (cycles + 1) / 2);
}

// ---------------------------------------------------------------------------------------------------- threads

TEST(machine, overlaps_chains_of_as_many_threads_as_it_has) {
    // A chain of SIMD operations takes simd_latency for each; four of them fill the unit.
    kernel_writer out("chain");
    out.loop(1000, [&] { out.simd(vector_register(0), vector_register(0)); });
    const kernel k = out.take();
    for (const std::uint32_t threads : {1U, 2U, 4U}) {
        for (const std::uint32_t latency : {2U, 4U, 8U}) {
            core_parameters core;
            core.simd_latency = latency;
            const auto m = std::make_unique<machine>(core, sram_parameters{});
            m->warm(k);
            for (std::uint32_t t = 0; t < threads; ++t) {
                m->start(t, k);
            }
            std::uint64_t cycles = 0;
            for (; m->busy(); ++cycles) {
                m->tick();
            }
            const double expected = 1000.0 * std::max(latency, threads);
            EXPECT_NEAR(static_cast<double>(cycles), expected, 0.05 * expected) << threads << " " << latency;
        }
    }
}

TEST(machine, serves_the_thread_first_that_began_first) {
    const auto product = kernel_of(demonstration::product(8, 8, 64), {});
    const std::uint64_t alone = run_all_cycles(product, {}, {}).cycles();
    const auto m = std::make_unique<machine>(core_parameters{}, sram_parameters{});
    m->warm(product);
    m->start(2, product);
    m->start(1, product);
    std::uint64_t cycle = 0;
    std::array<std::uint64_t, 4> ends{};
    for (; m->busy(); ++cycle) {
        const std::uint32_t finished = m->tick();
        for (std::uint32_t t = 0; t < 4; ++t) {
            ends[t] = (finished >> t & 1U) != 0 ? cycle + 1 : ends[t];
        }
    }
    EXPECT_EQ(ends[2], alone) << "as if it were alone";
    EXPECT_NEAR(static_cast<double>(ends[1]), 2.0 * static_cast<double>(alone), 0.02 * static_cast<double>(alone));
}

TEST(machine, gives_every_cycle_one_class) {
    const auto classes = [](const kernel& k, const core_parameters& core = {}) {
        return run_all_cycles(k, core, {}).counts;
    };
    const auto product = classes(kernel_of(demonstration::product(8, 8, 64), {}));
    EXPECT_EQ(product.of(cycle_class::matrix), 8U * 8 * 64);
    EXPECT_EQ(product.total_cycles(), run_all_cycles(kernel_of(demonstration::product(8, 8, 64), {}), {}, {}).cycles());

    kernel_writer chain("chain");  // an operation every fourth cycle, the others wait for it
    chain.loop(100, [&] { chain.simd(vector_register(0), vector_register(0)); });
    const auto waits = classes(chain.take());
    EXPECT_EQ(waits.of(cycle_class::simd), 100U);
    EXPECT_EQ(waits.of(cycle_class::waiting), 300U);
    EXPECT_EQ(waits.of(cycle_class::front_end), front);

    kernel_writer loads("loads");  // 32 loads for two ports, more wanted all the time
    for (std::uint32_t n = 0; n < 32; ++n) {
        loads.load(vector_register(n), pointer(0), 0);
    }
    const auto conflicts = classes(loads.take());
    EXPECT_EQ(conflicts.of(cycle_class::port_conflict), 15U);
    EXPECT_EQ(conflicts.of(cycle_class::memory), 1U) << "the last two";
    EXPECT_EQ(conflicts.of(cycle_class::waiting), 4U);

    kernel_writer scalars("scalars");
    scalars.scalar();
    EXPECT_EQ(classes(scalars.take()).of(cycle_class::scalar), 1U);

    machine idle({}, {});
    idle.tick();
    EXPECT_EQ(idle.counts().of(cycle_class::idle), 1U);
}

TEST(machine, is_as_new_after_a_reset) {
    const auto k = kernel_of(demonstration::product(3, 5, 7, true), {});
    const auto m = std::make_unique<machine>(core_parameters{}, sram_parameters{});
    const auto run = [&] {
        m->start(0, k);
        while (m->busy()) {
            m->tick();
        }
        return m->counts();
    };
    const auto first = run();
    m->reset();
    EXPECT_EQ(run(), first);
}

}  // namespace
}  // namespace d1::pipeline
