// Fuzz target: the command line. A line of the input is an argument. What is accepted is either a text to print or
// something to do, within the limits of its options.

#include <algorithm>
#include <string>
#include <vector>

#include "testbenches/d1sim/options.hpp"
#include "testbenches/fuzz/property.hpp"

namespace {

std::vector<std::string> arguments_of(std::string_view text) {
    std::vector<std::string> arguments;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        arguments.emplace_back(line.substr(0, line.find('\0')));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return arguments;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using d1::fuzz::require;
    const std::vector<std::string> arguments = arguments_of(d1::fuzz::as_text(data, size));
    d1::command_line line;
    if (d1::fuzz::accepted([&] { line = d1::parse_command_line(arguments); })) {
        require(int{line.run.has_value()} + int{line.exec.has_value()} + int{line.check.has_value()} +
                        int{line.noc.has_value()} + int{!line.text.empty()} ==
                    1,
                "a command line asks for one command or for a text");
        if (line.exec) {
            require(!line.exec->program.empty(), "a program has a file");
        }
        if (line.check) {
            require(!line.check->programs.empty(), "a check has files");
        }
        if (line.noc) {
            require(!line.noc->rates.empty() &&
                        std::ranges::all_of(line.noc->rates, [](double rate) { return rate > 0 && rate <= 1; }),
                    "traffic has rates within their limits");
            require(line.noc->burst_packets >= 1 && line.noc->burst_packets <= 16, "a burst has 1 to 16 packets");
            require(line.noc->hot_share >= 0 && line.noc->hot_share <= 1, "a share is a part of the whole");
        }
        if (line.run) {
            require(!line.run->topology.empty() && line.run->batch >= 1, "a run has a file and a batch");
            require(!line.run->check || line.run->parameters.simulation.functional, "a check has results");
            require(line.run->sample_interval == 0 || !line.run->json.empty(), "samples have a file");
        }
    }
    return 0;
}
