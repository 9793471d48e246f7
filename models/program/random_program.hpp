#pragma once
// Random programs for property tests.

#include <cstdint>

#include "models/program/instruction.hpp"

namespace d1::program {

/// What a random program may hold.
struct random_program_options {
    bool extreme_numbers = false;  ///< coefficients of any 64-bit value, or small ones
    bool short_loops = true;       ///< counts of about -1 to 3 instead of any
};

/// A program that print() accepts, the same for a seed on every host: loops up to the greatest depth with counts that
/// depend on outer counters and coordinates, every kind of instruction, every optional operand there or not.
[[nodiscard]] program random_program(std::uint64_t seed, const random_program_options& options = {});

}  // namespace d1::program
