#pragma once
// Parameters of a node's core: its pipeline, its threads and its units.

#include <array>
#include <cstdint>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// What says how long an instruction takes and which slots of the units.
enum class cost_source : std::uint8_t {
    pipeline,  ///< its inner kernel on the cycle-level pipeline
    rates,     ///< the published rates: the slowest of the units that it uses, and a latency behind
};
BOOST_DESCRIBE_ENUM(cost_source, pipeline, rates)

/// The core of a node. The shape of the matrix unit changes time alone: arithmetic is in the documented order of 8x8x4
/// steps, K in steps of four, whatever the unit. Those from fetch_bytes on are the pipeline's: they change nothing
/// where costs are rates, but for matrix_rows and matrix_columns. Not a parameter: the width of a line (64 bytes).
struct core_parameters {
    std::uint32_t threads = 4;
    std::uint32_t issue_cycles = 4;
    std::uint32_t launch_cycles = 100;
    std::uint32_t matrix_steps_per_cycle = 1;
    std::uint32_t matrix_latency = 8;
    std::uint32_t matrix_drain_cycles = 4;
    std::uint32_t register_block_rows = 2;
    std::uint32_t register_block_columns = 2;
    std::uint32_t simd_lanes = 16;
    std::uint32_t simd_latency = 4;
    std::uint32_t wake_cycles = 1;
    std::uint32_t gather_granules_per_cycle = 1;
    std::uint32_t gather_latency = 12;
    std::uint32_t list_entry_cycles = 1;
    cost_source costs = cost_source::pipeline;
    std::uint32_t matrix_rows = 8;
    std::uint32_t matrix_columns = 8;
    std::uint32_t fetch_bytes = 32;
    std::uint32_t instruction_cache_bytes = 16384;
    std::uint32_t instruction_cache_ways = 2;
    std::uint32_t instruction_refill_cycles = 10;
    std::uint32_t decode_width = 8;
    std::uint32_t decode_threads = 2;
    std::uint32_t queue_depth = 16;
    std::uint32_t scalar_width = 4;
    std::uint32_t scalar_units = 2;
    std::uint32_t address_units = 2;
    std::uint32_t vector_registers = 32;
    std::uint32_t matrix_accumulate_cycles = 1;
    std::uint32_t sram_banks = 0;
    friend bool operator==(const core_parameters&, const core_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(core_parameters, (),
                      (threads, issue_cycles, launch_cycles, matrix_steps_per_cycle, matrix_latency,
                       matrix_drain_cycles, register_block_rows, register_block_columns, simd_lanes, simd_latency,
                       wake_cycles, gather_granules_per_cycle, gather_latency, list_entry_cycles, costs, matrix_rows,
                       matrix_columns, fetch_bytes, instruction_cache_bytes, instruction_cache_ways,
                       instruction_refill_cycles, decode_width, decode_threads, queue_depth, scalar_width, scalar_units,
                       address_units, vector_registers, matrix_accumulate_cycles, sram_banks))

inline constexpr std::array<parameter::description, 30> core_descriptions{{
    {"threads", "threads", 1, 4, "SMT threads that a program may use", "HC34-U: 4-way SMT",
     parameter::confidence::primary},
    {"issue_cycles", "cycles", 1, 1000, "from a thread reaching an instruction to its start: decode and addresses",
     "assumption: 4 stages from fetch to decode, usual at 2 GHz; depths are unpublished",
     parameter::confidence::assumed},
    {"launch_cycles", "cycles", 0, 1000000, "software cost of starting a program on a node",
     "assumption: 100 to 1000 cycles; unpublished", parameter::confidence::assumed},
    {"matrix_steps_per_cycle", "steps/cycle", 1, 16, "matrix steps of the unit's shape started per cycle",
     "HC34-U: one 8x8x4 matrix unit; 1 step per cycle gives the published peak", parameter::confidence::primary},
    {"matrix_latency", "cycles", 1, 1000, "from the start of a matrix step to its sum",
     "assumption: 8-cycle pipeline; unpublished", parameter::confidence::assumed},
    {"matrix_drain_cycles", "cycles", 1, 1000, "to move an 8x8 block of FP32 results out of the accumulators",
     "assumption: 256 B at 64 B per cycle", parameter::confidence::assumed},
    {"register_block_rows", "blocks", 1, 8, "blocks of the unit's shape, downwards, kept in accumulators during a pass",
     "assumption: several accumulators per element (P-615); 2x2 halves the operand loads",
     parameter::confidence::assumed},
    {"register_block_columns", "blocks", 1, 8, "blocks of the unit's shape, across, kept in accumulators during a pass",
     "assumption: several accumulators per element (P-615); 2x2 halves the operand loads",
     parameter::confidence::assumed},
    {"simd_lanes", "lanes", 1, 256, "FP32 elements that the SIMD unit takes per cycle",
     "HC34-U: 64 B SIMD; 16 multiply-adds at 2 GHz give AID21's 64 GFLOPS", parameter::confidence::primary},
    {"simd_latency", "cycles", 1, 1000, "from the start of a SIMD operation to its result",
     "assumption: usual at 2 GHz; unpublished", parameter::confidence::assumed},
    {"wake_cycles", "cycles", 1, 1000, "from a signal to the issue of the thread that waited for it",
     "assumption: the least that keeps events ordered; unpublished", parameter::confidence::assumed},
    {"gather_granules_per_cycle", "granules/cycle", 1, 16, "granules of 8 or 16 bytes that gather or scatter-add moves",
     "assumption: one address unit's work; gather is published (HC34), its rate is not",
     parameter::confidence::assumed},
    {"gather_latency", "cycles", 1, 1000, "from the start of a gather to its first row: the index, then what it names",
     "assumption: two accesses of the SRAM of about 5 cycles, one behind the other, and the address between them",
     parameter::confidence::assumed},
    {"list_entry_cycles", "cycles", 1, 1000, "for the list parser to issue a push, pull or signal of a list",
     "assumption: one a cycle; that the front end parses lists is published (C&C22), its rate is not",
     parameter::confidence::assumed},
    parameter::choice("costs", "", "what sets the time of an instruction: the pipeline, or the published rates alone",
                      "modelling: rates are the ideal that nothing but the units limits",
                      parameter::confidence::modelling),
    {"matrix_rows", "rows", 4, 16, "rows of A that a matrix step takes: 4, 8 or 16", "HC34-U: 8x8x4",
     parameter::confidence::primary, 4},
    {"matrix_columns", "columns", 4, 16, "columns of B that a matrix step takes: 4, 8 or 16", "HC34-U: 8x8x4",
     parameter::confidence::primary, 4},
    {"fetch_bytes", "B/cycle", 4, 128, "code that is fetched for one thread per cycle, 4 B an operation",
     "HC34-U: a window of 32 B, 8 instructions", parameter::confidence::primary, 4},
    {"instruction_cache_bytes", "B", 1024, 1048576, "size of the instruction cache, lines of 64 B",
     "assumption: C&C22 calls it small; 16 KB holds some inner kernels", parameter::confidence::assumed, 1024},
    {"instruction_cache_ways", "ways", 1, 16, "places of a line in the instruction cache", "assumption: unpublished",
     parameter::confidence::assumed},
    {"instruction_refill_cycles", "cycles", 1, 1000, "for a line of code to come from the SRAM",
     "assumption: two accesses of the SRAM; unpublished", parameter::confidence::assumed},
    {"decode_width", "operations/cycle", 1, 32, "operations that are decoded per cycle", "HC34-U: 8 wide",
     parameter::confidence::primary},
    {"decode_threads", "threads", 1, 4, "threads whose operations are decoded in the same cycle",
     "HC34-U: from 2 threads per cycle", parameter::confidence::primary},
    {"queue_depth", "operations", 2, 32, "operations of a thread that are decoded and wait for the same unit",
     "assumption: C&C22: scalar runs very far ahead of vector; unpublished", parameter::confidence::assumed},
    {"scalar_width", "operations/cycle", 1, 16, "operations that the scalar scheduler starts per cycle",
     "HC34-U: 4 wide", parameter::confidence::primary},
    {"scalar_units", "units", 1, 16, "integer units", "HC34-U: 2 ALUs", parameter::confidence::primary},
    {"address_units", "units", 1, 16, "address units", "HC34-U: 2 AGUs", parameter::confidence::primary},
    {"vector_registers", "registers", 8, 64, "vector registers of a thread, each a line of 64 B",
     "assumption: typical; unpublished", parameter::confidence::assumed},
    {"matrix_accumulate_cycles", "cycles", 1, 1000, "from a matrix step to the next onto the same accumulator",
     "assumption: the sum is the last stage, and stands in it; unpublished", parameter::confidence::assumed},
    {"sram_banks", "banks", 0, 64, "banks of 64 B lines, each of which serves one port per cycle; 0: no conflicts",
     "assumption: unpublished; the ports' published rates need banks that hardly ever conflict",
     parameter::confidence::assumed},
}};

constexpr std::span<const parameter::description> describe_parameters(const core_parameters*) noexcept {
    return core_descriptions;
}

}  // namespace d1
