#include "testbenches/d1sim/program_source.hpp"

#include <algorithm>
#include <string_view>

#include "models/program/assignment.hpp"
#include "models/program/checker.hpp"
#include "models/program/text.hpp"
#include "models/program/validate.hpp"
#include "testbenches/d1sim/input_file.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

namespace {

/// Throws input_error for what is no text at all, so that nobody is told of an unexpected character in an image.
void require_text(const program_source& source) {
    if (source.text.find('\0') != std::string::npos) {
        throw input_error(error_class::program_text,
                          source.file + ": holds NUL bytes, so it is no text; a program in the form that " +
                              "docs/program_text.md describes is wanted");
    }
}

void place(program_source& source, const std::optional<program::node_rectangle>& on) {
    program::program_file& programs = source.programs;
    if (on && programs.roles.size() > 1) {
        throw input_error(error_class::option_conflict, "--on: '" + source.file + "' holds " +
                                                            std::to_string(programs.roles.size()) +
                                                            " programs and says who runs each; leave --on out");
    }
    if (on || programs.nodes.size() == 0) {
        const program::node_rectangle where = on.value_or(program::node_rectangle{});
        programs.nodes = {where.last.x + 1, where.last.y + 1};
        programs.roles[0].on = {where};
    }
}

program::limits limits_of(const d1_parameters& parameters) {
    const node_parameters& node = parameters.die.node;
    return {node.sram.bytes, node.sram.semaphores, node.core.threads};
}

/// All that can be said without execution against programs that could be read. `check` and `exec` both ask here.
void find_faults(program_source& source, const d1_parameters& parameters) {
    const program::limits limits = limits_of(parameters);
    for (const program::role& r : source.programs.roles) {
        for (const program::diagnostic& d : program::validate(r.body, limits)) {
            source.faults.push_back(
                {error_class::program_unfit, program::position_of(r.body, *r.body.source, d), d.message});
        }
    }
}

std::string_view line_of(std::string_view text, std::uint32_t line) {
    for (; line > 1; --line) {
        text.remove_prefix(std::min(text.size(), text.find('\n') + 1));
    }
    return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

std::string program_source::complaints() const {
    constexpr std::size_t longest_line = 160;
    std::string all;
    for (const fault& f : faults) {
        all += program::to_string(one_line(file), f.where) + ": " + error_line(f.kind, f.message) + "\n";
        std::string line(line_of(text, f.where.line));
        if (line.empty() || line.size() > longest_line || f.where.column > line.size() + 1) {
            continue;
        }
        std::replace(line.begin(), line.end(), '\t', ' ');
        all += "    " + one_line(line) + "\n    " + std::string(f.where.column - 1, ' ') + "^\n";
    }
    return all;
}

void find_faults_of_job(program_source& source, const d1_parameters& parameters) {
    const program::assignment job = program::assignment_of(source.programs);
    for (const program::finding& f : program::check(job, {.node = limits_of(parameters)})) {
        const program::program& p = f.node ? *job.at(job.nodes.index(*f.node)) : source.programs.roles[0].body;
        const program::diagnostic where{f.thread, f.instruction, {}};
        source.faults.push_back({error_class::program_unfit, program::position_of(p, *p.source, where), to_string(f)});
    }
}

program_source read_programs(const std::string& file, const std::optional<program::node_rectangle>& on,
                             const d1_parameters& parameters) {
    program_source source{file, read_input(file, "the program file", program::max_text_bytes), {}, {}};
    require_text(source);
    try {
        source.programs = program::parse_file(source.text, file);
    } catch (const program::text_error& e) {
        source.faults.push_back({e.kind(), e.where(), e.message()});
        return source;
    }
    place(source, on);
    find_faults(source, parameters);
    return source;
}

}  // namespace d1
