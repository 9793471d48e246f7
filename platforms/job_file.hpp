#pragma once
// Jobs as files: the programs of a job and the logical nodes that run them, without the places on a die.

#include "models/program/program_file.hpp"
#include "platforms/die.hpp"

namespace d1 {

/// What a file would hold that says the same as the job. A role without members is left out.
[[nodiscard]] program::program_file file_of(const job& j);

/// The file's programs, laid over the live nodes of a die as die::place() does. Throws input_error where they do not
/// fit. The file must say where its programs run.
[[nodiscard]] job job_of(program::program_file file, const die& on);

}  // namespace d1
