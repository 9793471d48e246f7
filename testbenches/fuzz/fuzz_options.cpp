// Fuzz target: the command line. A line of the input is an argument. What is accepted is either a text to print or
// something to do, within the limits of its options.

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "testbenches/d1sim/options.hpp"
#include "testbenches/fuzz/property.hpp"

namespace {

using d1::fuzz::require;

std::vector<std::string> arguments_of(std::string_view text) {
    std::vector<std::string> arguments;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        arguments.emplace_back(line.substr(0, line.find('\0')));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return arguments;
}

// What holds for each kind of command: one that has no property here does not compile.
struct properties {
    void operator()(const d1::printed_text& p) const { require(!p.text.empty(), "a text says something"); }
    void operator()(const d1::exec_options& exec) const { require(!exec.program.empty(), "a program has a file"); }
    void operator()(const d1::check_options& check) const { require(!check.programs.empty(), "a check has files"); }
    void operator()(const d1::noc_options& noc) const {
        require(!noc.rates.empty() && noc.burst_packets >= 1 && noc.burst_packets <= 16 && noc.measured >= 20,
                "a mesh is loaded at some rate, for some time");
    }
    void operator()(const d1::routes_options& routes) const { require(!routes.file.empty(), "paths have a file"); }
    void operator()(const d1::run_options& run) const {
        require(!run.topology.empty() && run.batch >= 1, "a run has a file and a batch");
        require(!run.check || run.parameters.simulation.functional, "a check has results");
        require(run.sample_interval == 0 || !run.json.empty(), "samples have a file");
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::vector<std::string> arguments = arguments_of(d1::fuzz::as_text(data, size));
    d1::command_request request;
    if (d1::fuzz::accepted([&] { request = d1::parse_command_line(arguments); })) {
        std::visit(properties(), request);
    }
    return 0;
}
