#pragma once
// Parameters of a node's core: its threads and its matrix and SIMD units.

#include <array>
#include <cstdint>

#include "models/parameter/parameter.hpp"

namespace d1 {

/// The core of a node. Not parameters: the shape of a matrix step (8x8x4) and the width of a vector (64 bytes).
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
    friend bool operator==(const core_parameters&, const core_parameters&) = default;
};
BOOST_DESCRIBE_STRUCT(core_parameters, (),
                      (threads, issue_cycles, launch_cycles, matrix_steps_per_cycle, matrix_latency,
                       matrix_drain_cycles, register_block_rows, register_block_columns, simd_lanes, simd_latency,
                       wake_cycles, gather_granules_per_cycle, gather_latency, list_entry_cycles))

inline constexpr std::array<parameter::description, 14> core_descriptions{{
    {"threads", "threads", 1, 4, "SMT threads that a program may use", "HC34-U: 4-way SMT",
     parameter::confidence::primary},
    {"issue_cycles", "cycles", 1, 1000, "from a thread reaching an instruction to its start: decode and addresses",
     "assumption: 4 stages from fetch to decode, usual at 2 GHz; depths are unpublished",
     parameter::confidence::assumed},
    {"launch_cycles", "cycles", 0, 1000000, "software cost of starting a program on a node",
     "assumption: 100 to 1000 cycles; unpublished", parameter::confidence::assumed},
    {"matrix_steps_per_cycle", "steps/cycle", 1, 16, "8x8x4 matrix steps (256 multiply-accumulates) started per cycle",
     "HC34-U: one 8x8x4 matrix unit; 1 step per cycle gives the published peak", parameter::confidence::primary},
    {"matrix_latency", "cycles", 1, 1000, "from the start of a matrix step to its sum",
     "assumption: 8-cycle pipeline; unpublished", parameter::confidence::assumed},
    {"matrix_drain_cycles", "cycles", 1, 1000, "to move an 8x8 block of FP32 results out of the accumulators",
     "assumption: 256 B at 64 B per cycle", parameter::confidence::assumed},
    {"register_block_rows", "blocks", 1, 8, "8x8 blocks of results, downwards, kept in accumulators during a pass",
     "assumption: several accumulators per element (P-615); 2x2 halves the operand loads",
     parameter::confidence::assumed},
    {"register_block_columns", "blocks", 1, 8, "8x8 blocks of results, across, kept in accumulators during a pass",
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
}};

constexpr std::span<const parameter::description> describe_parameters(const core_parameters*) noexcept {
    return core_descriptions;
}

}  // namespace d1
