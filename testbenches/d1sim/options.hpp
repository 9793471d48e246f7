#pragma once
// The command line of d1sim.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/numerics/number_format.hpp"
#include "platforms/d1_parameters.hpp"

namespace d1 {

/// `d1sim run FILE`, with everything that goes with it.
struct run_options {
    std::string topology;
    d1_parameters parameters;
    std::uint32_t batch = 1;
    numerics::element_type output{};
    bool check = false;
    std::string json;         ///< empty: none
    bool statistics = false;  ///< print a summary of all counters
    bool sample_layers = false;
    std::uint64_t sample_interval = 0;  ///< cycles; 0: none
};

/// What a command line asks for: a run, or a text to print and nothing else.
struct command_line {
    std::optional<run_options> run;
    std::string text;
};

/// Reads the arguments, program name excluded. Throws input_error for anything it does not understand, with the nearest
/// known option where there is one.
[[nodiscard]] command_line parse_command_line(const std::vector<std::string>& arguments);

}  // namespace d1
