#pragma once
// Checks of a program that need no execution: its structure, its memory map, and what is constant in its operands.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/program/instruction.hpp"

namespace d1::program {

/// What a node offers to a program.
struct limits {
    std::uint32_t sram_bytes = 1310720;
    std::uint32_t semaphores = 64;
    std::uint32_t threads = 4;
    std::uint32_t barriers = 16;
};

/// Something that makes a program unfit to run.
struct diagnostic {
    std::optional<std::size_t> thread{};       ///< nothing where it concerns the program as a whole
    std::optional<std::size_t> instruction{};  ///< index in the thread
    std::string message;
    std::string symbol{};  ///< the buffer or semaphores that it concerns; empty where it concerns none
    friend bool operator==(const diagnostic&, const diagnostic&) = default;
};

/// "thread 1, instruction 7: ..."
[[nodiscard]] std::string to_string(const diagnostic& d);

/// All that can be said against a program without running it; empty for a valid one. Checked are
/// - names of buffers and semaphores: identifiers other than x and y, each used once, so that the text form can hold
/// them;
/// - buffers: not empty, inside the SRAM, apart from each other; semaphores: inside the node's set, apart from each
/// other;
/// - threads: 1 up to the limit; loops: balanced, not empty, nested at most max_loop_depth deep;
/// - lists: balanced, not empty, of pushes, pulls, signals and whole loops alone;
/// - operands: no reference to a counter of a loop that is not around the instruction; sizes above 0; the constant
/// parts
///   of matrix operands on 64-byte lines; semaphores, amounts and barriers in range where they are constant;
/// - tables of gather and scatter_add: whole granules of 8 or 16 bytes, whole elements; where they are constant,
/// indices
///   in a buffer that is declared to hold them;
/// - strides: with several rows, rows on the written side do not overlap.
/// Not checked: anything that depends on loop counters or on the node (addresses, remote nodes, races, deadlock).
[[nodiscard]] std::vector<diagnostic> validate(const program& p, const limits& node);

/// The checks of validate() for one instruction standing inside `depth` loops, as messages.
[[nodiscard]] std::vector<std::string> validate_instruction(const instruction& i, std::size_t depth,
                                                            const limits& node);

/// Whether a name can stand in a program: a letter or underscore, then letters, digits and underscores; not x or y.
[[nodiscard]] bool is_valid_name(std::string_view name);

}  // namespace d1::program
