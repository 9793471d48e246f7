#include "testbenches/d1sim/options.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/given_options.hpp"
#include "testbenches/d1sim/map_text.hpp"

namespace d1 {

namespace {

constexpr std::string_view version = "d1sim 0.1.0";

using words = std::vector<std::string>;

/// Reads bf16, cfp8_143, cfp8_152:20.
numerics::element_type element_type(const std::string& option, const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::string format = one_of(option, text.substr(0, colon), {"bf16", "cfp8_143", "cfp8_152"});
    // Without a bias: the middle of the exponents, as in the formats of IEEE 754.
    numerics::element_type type{*numerics::number_format_from_name(format), 0};
    if (numerics::has_bias(type.format)) type.bias = type.format == numerics::number_format::cfp8_143 ? 7 : 15;
    if (colon == std::string::npos) return type;
    if (!numerics::has_bias(type.format)) {
        throw input_error(
            error_class::option_value,
            "--" + option + ": '" + text + "' is not allowed; the exponent bias of " + format + " is fixed");
    }
    type.bias = static_cast<std::uint8_t>(whole_number(option, text.substr(colon + 1), 0, numerics::largest_bias));
    return type;
}

std::vector<symbol_file> symbol_files(const given_options& given, const std::string& option) {
    std::vector<symbol_file> all;
    for (const std::string& text : given.texts(option)) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
            throw input_error(error_class::option_value,
                              "--" + option + ": '" + text + "' is not SYMBOL=FILE, as in data=" + option + ".npy");
        }
        const symbol_file f{text.substr(0, equals), text.substr(equals + 1)};
        if (std::any_of(all.begin(), all.end(), [&](const symbol_file& o) { return o.symbol == f.symbol; })) {
            throw input_error(error_class::option_conflict, "--" + option + ": '" + f.symbol + "' is given twice");
        }
        all.push_back(f);
    }
    return all;
}

std::optional<program::node_rectangle> rectangle_of(const given_options& given) {
    if (!given.has("on")) {
        return std::nullopt;
    }
    try {
        return program::parse_rectangle(given.text("on"));
    } catch (const input_error& e) {
        throw input_error(error_class::option_value, std::string("--on: ") + e.what());
    }
}

exec_options exec_of(const given_options& given) {
    const words& command = given.command();
    if (command.size() < 2 || command[1].empty()) {
        throw input_error(error_class::command_line,
                          "d1sim exec: which program? A .d1p file is wanted; see d1sim exec --help");
    }
    if (command.size() > 2) {
        throw input_error(error_class::command_line, "d1sim exec: one file at a time; '" + command[2] +
                                                         "' is one too many (a file may hold several programs)");
    }
    exec_options exec;
    exec.program = command[1];
    exec.on = rectangle_of(given);
    exec.loads = symbol_files(given, "load");
    exec.dumps = symbol_files(given, "dump");
    exec.parameters = configuration_of(given).value();
    exec.check = given.has("check");
    exec.statistics = given.has("statistics");
    words inputs{exec.program};
    for (const symbol_file& l : exec.loads) {
        inputs.push_back(l.file);
    }
    exec.json = given.output("json", inputs);
    words outputs{exec.json};
    for (const symbol_file& d : exec.dumps) {
        refuse_to_overwrite("dump", d.file, inputs);
        const auto path = std::filesystem::path(d.file).lexically_normal();
        if (std::any_of(outputs.begin(), outputs.end(),
                        [&](const std::string& o) { return std::filesystem::path(o).lexically_normal() == path; })) {
            throw input_error(error_class::option_conflict,
                              "--dump: '" + d.file + "' is written twice; name another file");
        }
        outputs.push_back(d.file);
    }
    return exec;
}

check_options check_of(const given_options& given) {
    const words& command = given.command();
    if (command.size() < 2) {
        throw input_error(error_class::command_line,
                          "d1sim check: which programs? .d1p files are wanted; see d1sim check --help");
    }
    return {{command.begin() + 1, command.end()}, rectangle_of(given), configuration_of(given).value()};
}

command_request map_of(const given_options& given) {
    const words& command = given.command();
    if (command.size() > 1) {
        throw input_error(error_class::command_line,
                          "d1sim map: it takes no file; '" + command[1] + "' is one too many, or wants --config");
    }
    if (given.has("routes")) {
        return routes_options{given.output("routes", {}), configuration_of(given).value()};
    }
    return printed_text{address_map_text(configuration_of(given).value())};
}

void read_operand_formats(const std::string& text, kernels::gemm_types& types) {
    const std::size_t comma = text.find(',');
    types.a = element_type("format", text.substr(0, comma));
    types.b = comma == std::string::npos ? types.a : element_type("format", text.substr(comma + 1));
}

/// At least one file, each with a name.
void require_file(const given_options& given, const std::string& wanted) {
    const words& command = given.command();
    const std::string who = "d1sim " + command[0] + ": ";
    if (command.size() < 2) {
        throw input_error(error_class::command_line, who + "which file? " + wanted + " is wanted; see d1sim --help");
    }
    if (std::any_of(command.begin() + 1, command.end(), [](const std::string& file) { return file.empty(); })) {
        throw input_error(error_class::command_line, who + "the name of the file is empty");
    }
}

/// What is trained, and by which tables.
void read_training(const given_options& given, run_options& run) {
    const words& command = given.command();
    const bool has_gradients = command.size() == 4;
    if (command.size() == 3 || command.size() > 4) {
        throw input_error(error_class::command_line,
                          "d1sim run: " + std::to_string(command.size() - 1) +
                              " files are given; one table is wanted, or the three of a training set: forward, input "
                              "gradients, weight gradients");
    }
    if (has_gradients) {
        run.gradients.assign(command.begin() + 2, command.end());
    }
    const std::string pass = given.has("pass") ? given.one_of("pass", {"forward", "training"}) : "";
    if (has_gradients && pass == "forward") {
        throw input_error(error_class::option_conflict,
                          "--pass forward: three tables are those of training; give the first alone");
    }
    run.training = has_gradients || pass == "training";
    for (const char* option : {"optimizer", "no-optimizer"}) {
        if (given.has(option) && !run.training) {
            throw input_error(error_class::option_conflict,
                              std::string("--") + option + " needs --pass training; forward runs have no optimizer");
        }
    }
    if (given.has("optimizer")) {
        run.optimizer = *optimizer_kind_from_name(given.one_of("optimizer", {"sgd", "adamw", "none"}));
    }
    run.no_optimizer = given.texts("no-optimizer");
}

/// The options of a table's layers, for run and explain.
run_options layers_of(const given_options& given) {
    run_options run;
    run.topology = given.command()[1];
    run.parameters = configuration_of(given).value();
    if (given.has("batch")) {
        run.batch = static_cast<std::uint32_t>(given.number("batch", 1, 1U << 20U));
    }
    if (given.has("format")) {
        read_operand_formats(given.text("format"), run.types);
    }
    if (given.has("out")) {
        const std::string format = given.one_of("out", {"bf16", "fp32"});
        run.types.output.format = *numerics::number_format_from_name(format);
    }
    if (given.has("conv")) {
        run.direct_convolutions = given.one_of("conv", {"im2col", "direct"}) == "direct";
    }
    return run;
}

run_options run_of(const given_options& given) {
    require_file(given, "A SCALE-Sim topology CSV");
    run_options run = layers_of(given);
    read_training(given, run);
    for (const std::string& text : given.texts("detail")) {
        run.details.push_back(parse_layer_detail(text));
    }
    run.check = given.has("check");
    if (run.check && !run.parameters.simulation.functional) {
        throw input_error(error_class::option_conflict,
                          "--check needs results, and with --functional off there are none; leave one of them out");
    }
    run.json = given.output("json", {given.command().begin() + 1, given.command().end()});
    if (given.has("emit-programs")) {
        run.emit_programs = given.text("emit-programs");
        if (run.emit_programs.empty()) {
            throw input_error(error_class::option_value, "--emit-programs: the name of the folder is empty");
        }
    }
    run.statistics = given.has("statistics");
    if (given.has("stats-interval")) {
        if (run.json.empty()) {
            throw input_error(error_class::option_conflict,
                              "--stats-interval needs --json FILE: the samples stand there");
        }
        const std::string& text = given.text("stats-interval");
        run.sample_layers = true;
        if (text != "layer") {
            run.sample_interval = given.number("stats-interval", 1, ~std::uint64_t{0} / 2);
        }
    }
    return run;
}

explain_options explain_of(const given_options& given) {
    require_file(given, "A layer table, or the JSON of 'd1sim run',");
    const words& command = given.command();
    if (command.size() > 2) {
        throw input_error(error_class::command_line,
                          "d1sim explain: one file at a time; '" + command[2] + "' is one too many");
    }
    explain_options explain{layers_of(given), std::nullopt, std::nullopt};
    explain.run.json = given.output("json", {explain.run.topology});
    if (given.has("layer")) {
        explain.layer = given.text("layer");
    }
    if (given.has("pass")) {
        explain.pass = layer_pass_from_name(given.one_of("pass", {"forward", "dgrad", "wgrad", "optimizer"}));
        explain.run.training = true;
    }
    if (given.has("optimizer")) {
        explain.run.optimizer = *optimizer_kind_from_name(given.one_of("optimizer", {"sgd", "adamw"}));
    }
    for (const char* option : {"config", "set", "timing", "batch", "format", "out", "optimizer", "conv"}) {
        if (given.has(option)) {
            explain.of_tables.emplace_back(option);
        }
    }
    return explain;
}

struct command_reader {
    std::string_view name;
    command_request (*read)(const given_options& given);
};

template <auto read>
command_request read_as(const given_options& given) {
    return read(given);
}

constexpr std::array<command_reader, 6> readers{{{"run", read_as<run_of>},
                                                 {"exec", read_as<exec_of>},
                                                 {"check", read_as<check_of>},
                                                 {"explain", read_as<explain_of>},
                                                 {"noc", read_as<noc_of>},
                                                 {"map", read_as<map_of>}}};

}  // namespace

void read_formats(const std::string& operands, const std::string& results, kernels::gemm_types& types) {
    read_operand_formats(operands, types);
    types.output.format = *numerics::number_format_from_name(one_of("out", results, {"bf16", "fp32"}));
}

command_request parse_command_line(const std::vector<std::string>& arguments) {
    const given_options given(arguments);
    const words& command = given.command();
    if (given.has("help") || arguments.empty()) {
        return printed_text{help_of(command.empty() ? "" : command[0])};
    }
    if (given.has("version")) {
        return printed_text{std::string(version) + "\n"};
    }
    if (given.has("dump-config")) {
        const configuration chosen = configuration_of(given);
        static_cast<void>(chosen.value());  // a dump is a configuration that runs
        std::ostringstream text;
        chosen.dump(text);
        return printed_text{text.str()};
    }
    const auto* const found = std::find_if(readers.begin(), readers.end(), [&](const command_reader& r) {
        return !command.empty() && r.name == command[0];
    });
    if (found == readers.end()) {
        throw input_error(
            error_class::command_line,
            (command.empty() ? std::string("no command is given") : "there is no command '" + command[0] + "'") +
                "; 'd1sim run FILE' runs the layers of a table, explain says what set a layer's end, exec and check "
                "are for "
                "programs, noc measures the mesh, map prints the addresses; see d1sim --help");
    }
    given.refuse_strangers();
    return found->read(given);
}

}  // namespace d1
