#pragma once
// Parameters of a node's pipeline.

#include <array>
#include <cstdint>

#include "models/core/core_parameters.hpp"
#include "models/parameter/parameter.hpp"

namespace d1::pipeline {

/// Those of the core, and those that the pipeline alone has. The shape of the matrix unit changes time alone:
/// arithmetic is in the documented order of 8x8x4 steps, K in steps of four, whatever the unit.
struct pipeline_parameters : core_parameters {
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
    std::uint32_t matrix_rows = 8;
    std::uint32_t matrix_columns = 8;
    std::uint32_t matrix_accumulate_cycles = 1;
    std::uint32_t sram_banks = 0;
    friend bool operator==(const pipeline_parameters&, const pipeline_parameters&) = default;
};

/// What pipeline_parameters adds, in its order.
inline constexpr std::array<parameter::description, 15> pipeline_descriptions{{
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
    {"matrix_rows", "rows", 4, 16, "rows of A that a matrix step takes: 4, 8 or 16", "HC34-U: 8x8x4",
     parameter::confidence::primary, 4},
    {"matrix_columns", "columns", 4, 16, "columns of B that a matrix step takes: 4, 8 or 16", "HC34-U: 8x8x4",
     parameter::confidence::primary, 4},
    {"matrix_accumulate_cycles", "cycles", 1, 1000, "from a matrix step to the next onto the same accumulator",
     "assumption: the sum is the last stage, and stands in it; unpublished", parameter::confidence::assumed},
    {"sram_banks", "banks", 0, 64, "banks of 64 B lines, each of which serves one port per cycle; 0: no conflicts",
     "assumption: unpublished; the ports' published rates need banks that hardly ever conflict",
     parameter::confidence::assumed},
}};

}  // namespace d1::pipeline
