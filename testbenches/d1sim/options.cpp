#include "testbenches/d1sim/options.hpp"

#include <algorithm>
#include <array>
#include <boost/mp11.hpp>
#include <boost/program_options.hpp>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <type_traits>

#include "models/parameter/error.hpp"
#include "platforms/configuration.hpp"
#include "platforms/configuration_tree.hpp"
#include "testbenches/d1sim/help.hpp"
#include "testbenches/d1sim/map_text.hpp"

namespace d1 {

namespace {

namespace po = boost::program_options;

constexpr std::string_view version = "d1sim 0.1.0";

po::options_description visible_options() {
    po::options_description o("Options");
    auto add = o.add_options();
    add("config", po::value<std::vector<std::string>>()->value_name("FILE"),
        "YAML parameters over the D1 preset; may be repeated");
    add("set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE"),
        "one parameter, e.g. die.node.core.threads=2; may be repeated, comes after --config");
    add("dump-config", "print the parameters as YAML that --config takes, and stop");
    add("timing", po::value<std::string>()->value_name("lt|at|ca"), "timing level (default at)");
    add("detail", po::value<std::vector<std::string>>()->value_name("PATTERN:LEVEL"),
        "run: another timing level for the layers whose names match, e.g. 'conv3_*:ca'; may be repeated");
    add("functional", po::value<std::string>()->value_name("on|off"),
        "off: nothing is computed or copied, and no cycle changes (default on)");
    add("check",
        "look for races; with 'run', also compare every result bit for bit with a reference computed another way");
    add("batch", po::value<std::string>()->value_name("N"), "samples: multiplies M, or the images (default 1)");
    add("format", po::value<std::string>()->value_name("A[,B]"),
        "format of the operands, bf16, cfp8_143 or cfp8_152: of both, or of input and weights apart; the exponent bias "
        "of a CFloat8, 0 to 63, after a colon, e.g. cfp8_143:9,bf16 (default bf16; biases 7 and 15)");
    add("out", po::value<std::string>()->value_name("bf16|fp32"), "format of the results (default bf16)");
    add("seed", po::value<std::string>()->value_name("N"), "seed of the operands (default 1)");
    add("json", po::value<std::string>()->value_name("FILE"), "write the results, parameters and statistics as JSON");
    add("statistics", "print every kind of counter, summed over the nodes, behind the table");
    add("stats-interval", po::value<std::string>()->value_name("N|layer"),
        "with --json: how the statistics changed every N cycles, or over each layer");
    add("emit-programs", po::value<std::string>()->value_name("DIR"),
        "run: write each layer's programs and arrays into a new folder, for 'd1sim exec'");
    add("load", po::value<std::vector<std::string>>()->value_name("SYMBOL=FILE"),
        "exec: load a buffer from a .npy file; may be repeated");
    add("dump", po::value<std::vector<std::string>>()->value_name("SYMBOL=FILE"),
        "exec: write a buffer to a .npy file at the end; may be repeated");
    add("on", po::value<std::string>()->value_name("x0,y0:x1,y1"),
        "exec, check: the logical nodes that run the program, both corners within");
    add("pattern", po::value<std::string>()->value_name("NAME"),
        "noc: where packets go; uniform (default), hotspot, all_to_all, transpose, bit_complement, bit_reverse, "
        "shuffle, "
        "tornado or neighbour");
    add("rate", po::value<std::string>()->value_name("A:B:STEP"),
        "noc: packets per node and cycle, one rate, several as in 0.05,0.1, or a sweep (default 0.02:0.2:0.02)");
    add("burst", po::value<std::string>()->value_name("N"), "noc: packets of a burst, 1 to 16 (default 1)");
    add("hot-share", po::value<std::string>()->value_name("PERCENT"),
        "noc: part of the packets that go to the node in the middle under hotspot (default 10)");
    add("cycles", po::value<std::string>()->value_name("N"), "noc: measured cycles of each point (default 10000)");
    add("warm-up", po::value<std::string>()->value_name("N"), "noc: cycles before these (default 2000)");
    add("csv", po::value<std::string>()->value_name("FILE"), "noc: write the points as CSV");
    add("no-dead", "noc: the full mesh, as by --set 'die.harvest.dead=[]'");
    add("help,h", "this text, or that of a command");
    add("version", "the version");
    return o;
}

using words = std::vector<std::string>;

constexpr std::array noc_only{"pattern", "rate", "burst", "hot-share", "cycles", "warm-up", "csv", "no-dead"};

/// What may stand behind a command; help, version and dump-config end it before it begins.
bool goes_with(const std::string& command, const std::string& option) {
    const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), option) != names.end();
    };
    if (command == "noc") {
        return is_one_of({"command", "config", "set", "timing", "seed", "json"}) ||
               std::find(noc_only.begin(), noc_only.end(), option) != noc_only.end();
    }
    if (std::find(noc_only.begin(), noc_only.end(), option) != noc_only.end()) {
        return false;
    }
    if (command == "map") {
        return is_one_of({"command", "config", "set"});
    }
    if (command == "check") {
        return is_one_of({"command", "config", "set", "on"});
    }
    if (command == "exec") {
        return !is_one_of({"batch", "detail", "out", "stats-interval", "emit-programs"});
    }
    return !is_one_of({"load", "dump", "on"});
}

std::string help(const words& command) {
    std::ostringstream text;
    const std::string name = command.empty() ? "" : command[0];
    text << (name == "run"     ? run_help
             : name == "exec"  ? exec_help
             : name == "check" ? check_help
             : name == "noc"   ? noc_help
                               : introduction)
         << "\n"
         << visible_options() << exit_codes;
    return text.str();
}

std::uint64_t number(const std::string& option, const std::string& text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
        throw input_error(error_class::option_value, "--" + option + ": '" + text +
                                                         "' is not allowed; a whole number from " +
                                                         std::to_string(least) + " to " + std::to_string(most) + " is");
    }
    return value;
}

std::string one_of(const std::string& option, const std::string& text, const std::vector<std::string>& allowed) {
    std::string names;
    for (const std::string& name : allowed) {
        if (text == name) {
            return text;
        }
        names += (names.empty() ? "" : " or ") + name;
    }
    throw input_error(error_class::option_value, "--" + option + ": '" + text + "' is not allowed; " + names + " is");
}

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
    type.bias = static_cast<std::uint8_t>(number(option, text.substr(colon + 1), 0, numerics::largest_bias));
    return type;
}

/// "; the nearest is --check", for what is nearly an option.
std::string nearest_option(const po::options_description& options, const std::string& name) {
    std::vector<parameter::entry> known;
    for (const auto& option : options.options()) {
        known.push_back({.path = option->long_name(), .about = {}});
    }
    return "; the nearest is --" + parameter::nearest_path(known, name);
}

/// `--json --check` lacks a file; it does not mean a file of that name, as `--json=--check` does.
void refuse_option_as_value(const po::option& option) {
    const std::vector<std::string>& tokens = option.original_tokens;
    if (tokens.size() == 2 && tokens[1].starts_with("--")) {
        throw input_error(error_class::command_line,
                          tokens[0] + ": its value is missing; '" + tokens[1] + "' is an option; see d1sim --help");
    }
}

/// Boost replaces %words% in its messages, for ever where an option's name holds one. No option's name does.
void refuse_percent_in_a_name(const po::options_description& options, const words& arguments) {
    for (const std::string& argument : arguments) {
        if (argument == "--") {
            return;  // what comes behind is no option
        }
        const std::string name = argument.substr(0, argument.find('='));
        if (name.starts_with('-') && name.find('%') != std::string::npos) {
            throw input_error(error_class::command_line, "unrecognised option '" + name + "'" +
                                                             nearest_option(options, name) + "; see d1sim --help");
        }
    }
}

po::variables_map parse(const std::vector<std::string>& arguments) {
    const po::options_description visible = visible_options();
    refuse_percent_in_a_name(visible, arguments);
    po::options_description all;
    all.add(visible);
    all.add_options()("command", po::value<std::vector<std::string>>());
    po::positional_options_description positional;
    positional.add("command", -1);
    po::variables_map given;
    try {
        const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        const auto parsed = po::command_line_parser(arguments).options(all).positional(positional).style(style).run();
        for (const auto& option : parsed.options) {
            refuse_option_as_value(option);
        }
        po::store(parsed, given);
        po::notify(given);
    } catch (const po::unknown_option& e) {  // what() would replace %words% in the name, which holds the value too
        const std::string name = e.get_option_name();
        throw input_error(error_class::command_line,
                          "unrecognised option '" + name + "'" + nearest_option(visible, name) + "; see d1sim --help");
    } catch (const po::error& e) {
        throw input_error(error_class::command_line, std::string(e.what()) + "; see d1sim --help");
    }
    return given;
}

configuration configure(const po::variables_map& given) {
    configuration chosen;
    const auto each = [&](const char* option, auto&& take) {
        if (given.count(option) != 0) {
            for (const std::string& value : given[option].as<std::vector<std::string>>()) {
                take(value);
            }
        }
    };
    each("config", [&](const std::string& file) { chosen.load_file(file); });
    each("set", [&](const std::string& assignment) { chosen.set(assignment); });
    if (given.count("no-dead") != 0) {
        chosen.set("die.harvest.dead=[]");
    }
    if (given.count("timing") != 0) {
        chosen.set("simulation.timing=" + one_of("timing", given["timing"].as<std::string>(), {"lt", "at", "ca"}));
    }
    if (given.count("functional") != 0) {
        chosen.set("simulation.functional=" +
                   one_of("functional", given["functional"].as<std::string>(), {"on", "off"}));
    }
    if (given.count("seed") != 0) {
        const std::uint64_t seed = number("seed", given["seed"].as<std::string>(), 0, ~std::uint64_t{0});
        chosen.set("simulation.seed=" + std::to_string(seed));
    }
    return chosen;
}

void refuse_to_overwrite(const std::string& option, const std::string& output, const words& inputs) {
    for (const std::string& input : inputs) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(output, ignored) && std::filesystem::equivalent(output, input, ignored)) {
            throw input_error(error_class::option_conflict,
                              "--" + option + ": '" + output + "' is the input '" + input + "'; name another file");
        }
    }
}

std::string json_of(const po::variables_map& given, words inputs) {
    if (given.count("json") == 0) {
        return "";
    }
    const auto json = given["json"].as<std::string>();
    if (json.empty()) {
        throw input_error(error_class::option_value, "--json: the name of the file is empty");
    }
    if (given.count("config") != 0) {
        const auto& files = given["config"].as<words>();
        inputs.insert(inputs.end(), files.begin(), files.end());
    }
    refuse_to_overwrite("json", json, inputs);
    return json;
}

std::vector<symbol_file> symbol_files(const po::variables_map& given, const std::string& option) {
    std::vector<symbol_file> all;
    if (given.count(option) != 0) {
        for (const std::string& text : given[option].as<words>()) {
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
    }
    return all;
}

std::optional<program::node_rectangle> rectangle_of(const po::variables_map& given) {
    if (given.count("on") == 0) {
        return std::nullopt;
    }
    try {
        return program::parse_rectangle(given["on"].as<std::string>());
    } catch (const input_error& e) {
        throw input_error(error_class::option_value, std::string("--on: ") + e.what());
    }
}

exec_options exec_of(const po::variables_map& given, const words& command) {
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
    exec.parameters = configure(given).value();
    exec.check = given.count("check") != 0;
    exec.statistics = given.count("statistics") != 0;
    words inputs{exec.program};
    for (const symbol_file& l : exec.loads) {
        inputs.push_back(l.file);
    }
    exec.json = json_of(given, inputs);
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

check_options check_of(const po::variables_map& given, const words& command) {
    if (command.size() < 2) {
        throw input_error(error_class::command_line,
                          "d1sim check: which programs? .d1p files are wanted; see d1sim check --help");
    }
    return {{command.begin() + 1, command.end()}, rectangle_of(given), configure(given).value()};
}

noc_options noc_of(const po::variables_map& given, const words& command) {
    if (command.size() > 1) {
        throw input_error(error_class::command_line, "d1sim noc: it takes no file; '" + command[1] +
                                                         "' is one too many, or wants an option's name before it");
    }
    const auto text = [&](const char* option) { return given[option].as<std::string>(); };
    const auto set = [&](const char* option, std::uint64_t least, std::uint64_t most, auto& value) {
        if (given.count(option) != 0) {
            value = static_cast<std::remove_reference_t<decltype(value)>>(number(option, text(option), least, most));
        }
    };
    noc_options noc;
    noc.parameters = configure(given).value();
    if (given.count("pattern") != 0) {
        words names;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<traffic::pattern_kind>>(
            [&](auto e) { names.emplace_back(e.name); });
        boost::describe::enum_from_string(one_of("pattern", text("pattern"), names).c_str(), noc.pattern);
    }
    noc.rates = parse_rates(given.count("rate") != 0 ? text("rate") : "0.02:0.2:0.02");
    std::uint64_t hot_percent = 10;
    set("burst", 1, 16, noc.burst_packets);
    set("hot-share", 0, 100, hot_percent);
    noc.hot_share = static_cast<double>(hot_percent) / 100;
    set("cycles", 20, 1'000'000'000, noc.measured);
    set("warm-up", 0, 1'000'000'000, noc.warm_up);
    noc.json = json_of(given, {});
    if (given.count("csv") != 0) {
        noc.csv = text("csv");
        if (noc.csv.empty()) {
            throw input_error(error_class::option_value, "--csv: the name of the file is empty");
        }
        if (noc.csv == noc.json) {
            throw input_error(error_class::option_conflict,
                              "--csv: '" + noc.csv + "' is written twice; name another file");
        }
    }
    return noc;
}

std::string map_of(const po::variables_map& given, const words& command) {
    if (command.size() > 1) {
        throw input_error(error_class::command_line,
                          "d1sim map: it takes no file; '" + command[1] + "' is one too many, or wants --config");
    }
    return address_map_text(configure(given).value());
}

run_options run_of(const po::variables_map& given, const std::vector<std::string>& command) {
    run_options run;
    if (command.size() < 2) {
        throw input_error(error_class::command_line,
                          "d1sim run: which file? A SCALE-Sim topology CSV is wanted; see d1sim --help");
    }
    if (command.size() > 2) {
        throw input_error(error_class::command_line,
                          "d1sim run: one file at a time; '" + command[2] + "' is one too many");
    }
    run.topology = command[1];
    if (run.topology.empty()) {
        throw input_error(error_class::command_line, "d1sim run: the name of the file is empty");
    }
    run.parameters = configure(given).value();
    if (given.count("batch") != 0) {
        run.batch = static_cast<std::uint32_t>(number("batch", given["batch"].as<std::string>(), 1, 1U << 20U));
    }
    if (given.count("format") != 0) {
        const auto text = given["format"].as<std::string>();
        const std::size_t comma = text.find(',');
        run.types.a = element_type("format", text.substr(0, comma));
        run.types.b = comma == std::string::npos ? run.types.a : element_type("format", text.substr(comma + 1));
    }
    if (given.count("out") != 0) {
        const std::string format = one_of("out", given["out"].as<std::string>(), {"bf16", "fp32"});
        run.types.output.format = *numerics::number_format_from_name(format);
    }
    if (given.count("detail") != 0) {
        for (const std::string& text : given["detail"].as<words>()) {
            run.details.push_back(parse_layer_detail(text));
        }
    }
    run.check = given.count("check") != 0;
    if (run.check && !run.parameters.simulation.functional) {
        throw input_error(error_class::option_conflict,
                          "--check needs results, and with --functional off there are none; leave one of them out");
    }
    run.json = json_of(given, {run.topology});
    if (given.count("emit-programs") != 0) {
        run.emit_programs = given["emit-programs"].as<std::string>();
        if (run.emit_programs.empty()) {
            throw input_error(error_class::option_value, "--emit-programs: the name of the folder is empty");
        }
    }
    run.statistics = given.count("statistics") != 0;
    if (given.count("stats-interval") != 0) {
        if (run.json.empty()) {
            throw input_error(error_class::option_conflict,
                              "--stats-interval needs --json FILE: the samples stand there");
        }
        const auto text = given["stats-interval"].as<std::string>();
        run.sample_layers = true;
        if (text != "layer") {
            run.sample_interval = number("stats-interval", text, 1, ~std::uint64_t{0} / 2);
        }
    }
    return run;
}

}  // namespace

command_line parse_command_line(const std::vector<std::string>& arguments) {
    const po::variables_map given = parse(arguments);
    const words command = given.count("command") != 0 ? given["command"].as<words>() : words();
    command_line line;
    if (given.count("help") != 0 || arguments.empty()) {
        line.text = help(command);
    } else if (given.count("version") != 0) {
        line.text = std::string(version) + "\n";
    } else if (given.count("dump-config") != 0) {
        const configuration chosen = configure(given);
        static_cast<void>(chosen.value());  // a dump is a configuration that runs
        std::ostringstream text;
        chosen.dump(text);
        line.text = text.str();
    } else if (command.empty() || (command[0] != "run" && command[0] != "exec" && command[0] != "check" &&
                                   command[0] != "map" && command[0] != "noc")) {
        throw input_error(
            error_class::command_line,
            (command.empty() ? std::string("no command is given") : "there is no command '" + command[0] + "'") +
                "; 'd1sim run FILE' runs the layers of a table, exec and check are for programs, noc "
                "measures the mesh, map prints the addresses; see d1sim --help");
    } else {
        for (const auto& [option, value] : given) {
            if (!goes_with(command[0], option)) {
                throw input_error(error_class::option_conflict, "--" + option + " does not go with 'd1sim " +
                                                                    command[0] + "'; see d1sim " + command[0] +
                                                                    " --help");
            }
        }
        if (command[0] == "run") {
            line.run = run_of(given, command);
        } else if (command[0] == "exec") {
            line.exec = exec_of(given, command);
        } else if (command[0] == "noc") {
            line.noc = noc_of(given, command);
        } else if (command[0] == "map") {
            line.text = map_of(given, command);
        } else {
            line.check = check_of(given, command);
        }
    }
    return line;
}

}  // namespace d1
