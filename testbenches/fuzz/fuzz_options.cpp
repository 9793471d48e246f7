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

void check_noc(const d1::noc_options& noc) {
    const auto in_range = [](double rate) { return rate > 0 && rate <= 1; };
    require(std::all_of(noc.rates.begin(), noc.rates.end(), in_range), "rates are above 0 and up to 1");
    if (noc.compare) {
        require(noc.rates.empty() && noc.outstanding.empty() && noc.trace.empty(), "a comparison has loads of its own");
        return;
    }
    require(int{!noc.rates.empty()} + int{!noc.outstanding.empty()} + int{!noc.trace.empty()} == 1,
            "a mesh is loaded at rates, in a closed loop or by a trace");
    require(noc.outstanding.empty() || noc.load.replies, "a closed loop has replies");
    std::uint32_t percents = 0;
    for (const auto& part : noc.load.burst_packets.parts()) {
        require(part.packets >= 1 && part.packets <= d1::burst::capacity, "a burst has 1 to 16 packets");
        percents += part.percent;
    }
    require(percents == 100, "the sizes are of all bursts");
    for (const double rate : noc.rates) {
        require(!noc.load.phases || rate * noc.load.phases->boost() <= 1 + 1e-12, "phases can keep the rate");
    }
    require(noc.load.hot.share >= 0 && noc.load.hot.share <= 1, "a share is a part of the whole");
    require(noc.measured.value_or(20) >= 20 && noc.load.drain >= 2, "a point takes its time");
    require(noc.write_trace.empty() || noc.rates.size() + noc.outstanding.size() == 1, "a trace is of one point");
}

// What holds for each kind of command: one that has no property here does not compile.
struct properties {
    void operator()(const d1::printed_text& p) const { require(!p.text.empty(), "a text says something"); }
    void operator()(const d1::exec_options& exec) const { require(!exec.program.empty(), "a program has a file"); }
    void operator()(const d1::check_options& check) const { require(!check.programs.empty(), "a check has files"); }
    void operator()(const d1::noc_options& noc) const { check_noc(noc); }
    void operator()(const d1::routes_options& routes) const { require(!routes.file.empty(), "paths have a file"); }
    void operator()(const d1::explain_options& explain) const {
        require(!explain.run.topology.empty() && explain.run.batch >= 1, "what is explained has a file and a batch");
        require(!explain.run.check && explain.run.emit_programs.empty(), "options of other commands are refused");
    }
    void operator()(const d1::run_options& run) const {
        require(!run.topology.empty() && run.batch >= 1, "a run has a file and a batch");
        require(!run.check || run.parameters.simulation.functional, "a check has results");
        require(run.gradients.empty() || (run.gradients.size() == 2 && run.training), "gradients are of training");
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
