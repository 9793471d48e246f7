#pragma once
// The text form of a program; docs/program_text.md has its grammar. program_file.hpp: of several, and where they run.
//
//     d1p 1
//     program "relu"
//     buffer in address=0 bytes=4096 type=fp32
//     semaphores ready first=0 count=1
//     thread {
//         loop i = 16 {
//             wait semaphore=ready
//             vector_operation operation=relu destination=in + 256*i ...
//         }
//     }

#include <cstddef>
#include <iosfwd>
#include <string_view>

#include "models/program/instruction.hpp"

namespace d1::program {

/// The version of the text form that is written and read.
inline constexpr int text_version = 1;

/// Longer texts are refused.
inline constexpr std::size_t max_text_bytes = 16U << 20U;

/// Writes a program in the text form, exactly: parse() gives an equal one back (a NaN scalar comes back as the
/// canonical NaN). Throws std::invalid_argument for what the form cannot say: names that are not valid or not unique,
/// loops that do not balance or are too deep, references to counters of loops that are not there.
void print(std::ostream& out, const program& p);

/// Reads the text form of one program; where it runs, if the text says that, is not kept. `file_name` is for messages
/// only. Throws text_error, "file:line:column: ...", saying what was found and expected, and the nearest known word.
/// Whether the program is fit to run is for validate() to say.
[[nodiscard]] program parse(std::string_view text, std::string_view file_name);

/// The word that an instruction begins with: "matrix_multiply"; "" for the begin and end of a loop or list.
[[nodiscard]] std::string_view mnemonic_of(const instruction& i);

}  // namespace d1::program
