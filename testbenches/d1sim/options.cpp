#include "testbenches/d1sim/options.hpp"

#include <boost/program_options.hpp>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "models/parameter/error.hpp"
#include "platforms/configuration.hpp"
#include "platforms/configuration_tree.hpp"

namespace d1 {

namespace {

namespace po = boost::program_options;

constexpr std::string_view version = "d1sim 0.1.0";

constexpr std::string_view introduction =
    R"(d1sim - a model of Tesla's D1 die: bit-true, timed, on every node

  d1sim run FILE [options]      run the layers of a SCALE-Sim topology table
  d1sim --dump-config           print every parameter with its meaning and source
  d1sim --help | --version

FILE is a CSV of layers, either 'Layer, M, N, K,' or 'Layer name, IFMAP Height, IFMAP Width, Filter Height,
Filter Width, Channels, Num Filter, Strides,'. ResNet-50 and BERT-large come with the project, in
testbenches/d1sim/topologies.

Examples
  d1sim run resnet50.csv --check                      every result compared with an independent reference
  d1sim run bert_large.csv --functional off           the same cycles without computing anything
  d1sim run resnet50.csv --set die.noc.link_packets_per_cycle=4 --json wide.json
  d1sim --dump-config > my.yaml; d1sim run resnet50.csv --config my.yaml

Columns of the table: cycles and us from the launch to the last byte; TFLOPS and % of the live nodes' peak; bytes
that the mesh delivered; bound_by, the largest lower bound among matrix steps, SRAM ports, the most loaded link
and the longest chain of synchronisation.
)";

constexpr std::string_view exit_codes = R"(
Exit codes: 0 good; 1 a check failed or a program could not finish; 2 bad usage or input; 3 deadlock, with who
waits for what; 130 interrupted, what was done is reported with "complete": false.
)";

po::options_description visible_options() {
    po::options_description o("Options");
    auto add = o.add_options();
    add("config", po::value<std::vector<std::string>>()->value_name("FILE"),
        "YAML parameters over the D1 preset; may be repeated");
    add("set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE"),
        "one parameter, e.g. die.node.core.threads=2; may be repeated, comes after --config");
    add("dump-config", "print the parameters as YAML that --config takes, and stop");
    add("timing", po::value<std::string>()->value_name("lt|at"), "timing level (default at)");
    add("functional", po::value<std::string>()->value_name("on|off"),
        "off: nothing is computed or copied, and no cycle changes (default on)");
    add("check", "compare every result bit for bit with a reference computed another way, and look for races");
    add("batch", po::value<std::string>()->value_name("N"), "samples: multiplies M, or the images (default 1)");
    add("out", po::value<std::string>()->value_name("bf16|fp32"), "format of the results (default bf16)");
    add("seed", po::value<std::string>()->value_name("N"), "seed of the operands (default 1)");
    add("json", po::value<std::string>()->value_name("FILE"), "write the results, parameters and statistics as JSON");
    add("statistics", "print every kind of counter, summed over the nodes, behind the table");
    add("stats-interval", po::value<std::string>()->value_name("N|layer"),
        "with --json: how the statistics changed every N cycles, or over each layer");
    add("help,h", "this text");
    add("version", "the version");
    return o;
}

std::string help() {
    std::ostringstream text;
    text << introduction << "\n" << visible_options() << exit_codes;
    return text.str();
}

std::uint64_t number(const std::string& option, const std::string& text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
        throw input_error("--" + option + ": '" + text + "' is not allowed; a whole number from " +
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
    throw input_error("--" + option + ": '" + text + "' is not allowed; " + names + " is");
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
        throw input_error(tokens[0] + ": its value is missing; '" + tokens[1] + "' is an option; see d1sim --help");
    }
}

po::variables_map parse(const std::vector<std::string>& arguments) {
    const po::options_description visible = visible_options();
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
    } catch (const po::unknown_option& e) {
        throw input_error(std::string(e.what()) + nearest_option(visible, e.get_option_name()) + "; see d1sim --help");
    } catch (const po::error& e) {
        throw input_error(std::string(e.what()) + "; see d1sim --help");
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
    if (given.count("timing") != 0) {
        chosen.set("simulation.timing=" + one_of("timing", given["timing"].as<std::string>(), {"lt", "at"}));
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

void refuse_to_overwrite(const std::string& json, const std::vector<std::string>& inputs) {
    for (const std::string& input : inputs) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(json, ignored) && std::filesystem::equivalent(json, input, ignored)) {
            throw input_error("--json: '" + json + "' is the input '" + input + "'; name another file");
        }
    }
}

run_options run_of(const po::variables_map& given, const std::vector<std::string>& command) {
    run_options run;
    if (command.size() < 2) {
        throw input_error("d1sim run: which file? A SCALE-Sim topology CSV is wanted; see d1sim --help");
    }
    if (command.size() > 2) {
        throw input_error("d1sim run: one file at a time; '" + command[2] + "' is one too many");
    }
    run.topology = command[1];
    if (run.topology.empty()) {
        throw input_error("d1sim run: the name of the file is empty");
    }
    run.parameters = configure(given).value();
    if (given.count("batch") != 0) {
        run.batch = static_cast<std::uint32_t>(number("batch", given["batch"].as<std::string>(), 1, 1U << 20U));
    }
    if (given.count("out") != 0) {
        const std::string format = one_of("out", given["out"].as<std::string>(), {"bf16", "fp32"});
        run.output.format = *numerics::number_format_from_name(format);
    }
    run.check = given.count("check") != 0;
    if (run.check && !run.parameters.simulation.functional) {
        throw input_error("--check needs results, and with --functional off there are none; leave one of them out");
    }
    if (given.count("json") != 0) {
        run.json = given["json"].as<std::string>();
        if (run.json.empty()) {
            throw input_error("--json: the name of the file is empty");
        }
        refuse_to_overwrite(run.json, {run.topology});
        if (given.count("config") != 0) {
            refuse_to_overwrite(run.json, given["config"].as<std::vector<std::string>>());
        }
    }
    run.statistics = given.count("statistics") != 0;
    if (given.count("stats-interval") != 0) {
        if (run.json.empty()) {
            throw input_error("--stats-interval needs --json FILE: the samples stand there");
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
    command_line line;
    if (given.count("help") != 0 || arguments.empty()) {
        line.text = help();
    } else if (given.count("version") != 0) {
        line.text = std::string(version) + "\n";
    } else if (given.count("dump-config") != 0) {
        const configuration chosen = configure(given);
        static_cast<void>(chosen.value());  // a dump is a configuration that runs
        std::ostringstream text;
        chosen.dump(text);
        line.text = text.str();
    } else {
        const auto command =
            given.count("command") != 0 ? given["command"].as<std::vector<std::string>>() : std::vector<std::string>();
        if (command.empty() || command[0] != "run") {
            throw input_error(
                (command.empty() ? std::string("no command is given") : "there is no command '" + command[0] + "'") +
                "; 'd1sim run FILE' runs the layers of a table; see d1sim --help");
        }
        line.run = run_of(given, command);
    }
    return line;
}

}  // namespace d1
