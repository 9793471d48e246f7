#pragma once
// The command line of d1sim.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/numerics/number_format.hpp"
#include "models/program/program_file.hpp"
#include "platforms/d1_parameters.hpp"
#include "testbenches/d1sim/layer_detail.hpp"
#include "testbenches/d1sim/layer_step.hpp"
#include "testbenches/d1sim/noc_options.hpp"
#include "testbenches/kernels/gemm_plan.hpp"

namespace d1 {

/// `d1sim run FILE`, with everything that goes with it.
struct run_options {
    std::string topology;
    std::vector<std::string>
        gradients{};  ///< tables of input and weight gradients; none: they follow from the topology
    d1_parameters parameters;
    std::uint32_t batch = 1;
    bool training = false;  ///< gradients and optimizer too
    optimizer_kind optimizer = optimizer_kind::sgd;
    bool direct_convolutions = false;         ///< without im2col
    std::vector<std::string> no_optimizer{};  ///< patterns of the layers whose B is no weights
    kernels::gemm_types types;                ///< of the operands and of the results
    std::vector<layer_detail> details;        ///< layers that run at a level of their own
    bool check = false;
    std::string json;         ///< empty: none
    bool statistics = false;  ///< print a summary of all counters
    bool sample_layers = false;
    std::uint64_t sample_interval = 0;  ///< cycles; 0: none
    std::string emit_programs;          ///< a folder for programs and operands; empty: none
};

/// A buffer and the .npy file that it is loaded from or dumped to.
struct symbol_file {
    std::string symbol;
    std::string file;
};

/// `d1sim explain RESULT|FILE`, with everything that goes with it.
struct explain_options {
    run_options run;                       ///< its file may also be the JSON of a run
    std::optional<std::string> layer;      ///< its name
    std::optional<layer_pass> pass;        ///< which pass of it
    std::vector<std::string> of_tables{};  ///< options that were given and mean nothing to a result
};

/// `d1sim exec PROGRAM`, with everything that goes with it.
struct exec_options {
    std::string program;
    std::optional<program::node_rectangle> on{};
    std::vector<symbol_file> loads{};
    std::vector<symbol_file> dumps{};
    d1_parameters parameters{};
    bool check = false;  ///< look for races
    std::string json{};  ///< empty: none
    bool statistics = false;
};

/// `d1sim check PROGRAM...`.
struct check_options {
    std::vector<std::string> programs;
    std::optional<program::node_rectangle> on{};
    d1_parameters parameters{};
};

/// `d1sim map --routes FILE`.
struct routes_options {
    std::string file;
    d1_parameters parameters{};
};

/// A text to print, and nothing else to do.
struct printed_text {
    std::string text;
};

/// What a command line asks for.
using command_request =
    std::variant<printed_text, run_options, exec_options, check_options, noc_options, routes_options, explain_options>;

/// Reads the arguments, program name excluded. Throws input_error for anything it does not understand, with the nearest
/// known option where there is one.
[[nodiscard]] command_request parse_command_line(const std::vector<std::string>& arguments);

/// Reads formats as --format and --out take them, and as a result tells them: of both operands or of each, and of the
/// results. Throws input_error.
void read_formats(const std::string& operands, const std::string& results, kernels::gemm_types& types);

}  // namespace d1
