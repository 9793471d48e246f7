#pragma once
// Programs from files, and what is wrong with them.

#include <optional>
#include <string>
#include <vector>

#include "models/parameter/error.hpp"
#include "models/program/program_file.hpp"
#include "models/program/source_map.hpp"
#include "platforms/d1_parameters.hpp"

namespace d1 {

/// Something wrong with a program, at a place of its file.
struct fault {
    error_class kind;
    program::text_position where;
    std::string message;
};

/// A .d1p file. One whose text cannot be read as programs has one fault, and no programs.
struct program_source {
    std::string file;
    std::string text;
    program::program_file programs;
    std::vector<fault> faults;

    /// Every fault as compilers tell theirs: "file:line:column: error CODE: message", the line, and a mark below the
    /// place.
    [[nodiscard]] std::string complaints() const;
};

/// Reads a file and looks for everything that can be said against its programs without running them on a die of these
/// parameters. `on` puts a single program onto this rectangle of nodes, whatever the file says; without it, one that
/// does not say where it runs is put on node 0,0. Throws input_error for a file that is not there or is too long, and
/// for `on` with several programs.
[[nodiscard]] program_source read_programs(const std::string& file, const std::optional<program::node_rectangle>& on,
                                           const d1_parameters& parameters);

/// Executes programs that can be run without time, and adds what program::check has against them.
void find_faults_of_job(program_source& source, const d1_parameters& parameters);

}  // namespace d1
