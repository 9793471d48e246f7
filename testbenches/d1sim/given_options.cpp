#include "testbenches/d1sim/given_options.hpp"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <charconv>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "models/parameter/error.hpp"
#include "platforms/configuration_tree.hpp"
#include "testbenches/d1sim/help.hpp"

namespace d1 {

namespace {

namespace po = boost::program_options;
using words = std::vector<std::string>;

po::options_description general_options() {
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
        "look for races; with 'run', also compare every result bit for bit with a reference computed another way; with "
        "'noc', watch the order of packets");
    add("batch", po::value<std::string>()->value_name("N"), "samples: multiplies M, or the images (default 1)");
    add("format", po::value<std::string>()->value_name("A[,B]"),
        "format of the operands, bf16, cfp8_143 or cfp8_152: of both, or of input and weights apart; the exponent bias "
        "of a CFloat8, 0 to 63, after a colon, e.g. cfp8_143:9,bf16 (default bf16; biases 7 and 15)");
    add("out", po::value<std::string>()->value_name("bf16|fp32"), "format of the results (default bf16)");
    add("pass", po::value<std::string>()->value_name("forward|training"),
        "run: training adds input gradient, weight gradient and optimizer of each layer (default forward); explain: "
        "forward, dgrad, wgrad or optimizer");
    add("optimizer", po::value<std::string>()->value_name("sgd|adamw|none"),
        "of training: SGD with momentum (default), AdamW, or none");
    add("no-optimizer", po::value<std::vector<std::string>>()->value_name("PATTERN"),
        "run, training: layers whose names match have no optimizer step, since their B is no weights, e.g. "
        "'*_scores_*'; may be repeated");
    add("conv", po::value<std::string>()->value_name("im2col|direct"),
        "how convolutions run: as products of their im2col matrices (default), or, where a filter is more than a "
        "pixel, "
        "without");
    add("seed", po::value<std::string>()->value_name("N"), "seed of the operands (default 1)");
    add("json", po::value<std::string>()->value_name("FILE"), "write the results, parameters and statistics as JSON");
    add("statistics", "print every kind of counter, summed over the nodes, behind the table");
    add("stats-interval", po::value<std::string>()->value_name("N|layer"),
        "with --json: how the statistics changed every N cycles, or over each layer");
    add("emit-programs", po::value<std::string>()->value_name("DIR"),
        "run: write each layer's programs and arrays into a new folder, for 'd1sim exec'");
    add("layer", po::value<std::string>()->value_name("NAME"),
        "explain: the layer (default: the one with most multiply-accumulates of a table, most cycles of a result)");
    add("load", po::value<std::vector<std::string>>()->value_name("SYMBOL=FILE"),
        "exec: load a buffer from a .npy file; may be repeated");
    add("dump", po::value<std::vector<std::string>>()->value_name("SYMBOL=FILE"),
        "exec: write a buffer to a .npy file at the end; may be repeated");
    add("on", po::value<std::string>()->value_name("x0,y0:x1,y1"),
        "exec, check: the logical nodes that run the program, both corners within");
    add("routes", po::value<std::string>()->value_name("FILE"),
        "map: write the mesh's fixed paths as a route table, for die.noc.routing=table");
    add("help,h", "this text, or that of a command");
    add("version", "the version");
    return o;
}

/// Of `d1sim noc` alone.
po::options_description noc_options_description() {
    po::options_description o("Options of 'd1sim noc'");
    auto add = o.add_options();
    add("pattern", po::value<std::string>()->value_name("NAME"),
        "where packets go; uniform (default), hotspot, all_to_all, transpose, bit_complement, bit_reverse, "
        "shuffle, tornado or neighbour");
    add("rate", po::value<std::string>()->value_name("A:B:STEP"),
        "packets per node and cycle, one rate, several as in 0.05,0.1, or a sweep (default 0.02:0.2:0.02)");
    add("burst", po::value<std::string>()->value_name("N|N:P,..."),
        "packets of a burst, 1 to 16, or sizes with percents, 1:50,4:30,16:20 (default 1)");
    add("on-off", po::value<std::string>()->value_name("ON:OFF[:fixed]"),
        "nodes create in phases of ON cycles and rest OFF, in the mean, or always if fixed; the mean rate stays");
    add("class", po::value<std::string>()->value_name("NAME"),
        "message class: request_low, request_high, data or response (default data; of requests request_low)");
    add("reply", po::value<std::string>()->value_name("N"),
        "every burst is a request; its destination answers with N packets");
    add("reply-class", po::value<std::string>()->value_name("NAME"), "message class of replies (default data)");
    add("service", po::value<std::string>()->value_name("N"),
        "cycles from a request's arrival to its reply's creation (default 0)");
    add("outstanding", po::value<std::string>()->value_name("W,..."),
        "closed loop, in place of a rate: each node keeps W requests under way");
    add("trace", po::value<std::string>()->value_name("FILE"), "replay the bursts of a CSV file (docs/noc.md)");
    add("write-trace", po::value<std::string>()->value_name("FILE"), "write the bursts of one point as such a file");
    add("hot-share", po::value<std::string>()->value_name("PERCENT"),
        "part of the packets that go to the node in the middle under hotspot (default 10)");
    add("cycles", po::value<std::string>()->value_name("N"), "measured cycles of each point (default 10000)");
    add("warm-up", po::value<std::string>()->value_name("N"), "cycles before these (default 2000)");
    add("drain", po::value<std::string>()->value_name("N"),
        "cycles behind these, after which a point ends though bursts are under way (default 20000)");
    add("stop-saturated", "the first saturated point is the last");
    add("csv", po::value<std::string>()->value_name("FILE"), "write the points as CSV");
    add("compare", po::value<std::string>()->value_name("=PART")->implicit_value("all"),
        "the same traffic and programs at 'at' and 'ca', and the error of 'at': all, traffic, programs or brief "
        "(default all); with --check exit code 1 where it is beyond its bound");
    add("no-dead", "the full mesh, as by --set 'die.harvest.dead=[]' and 'die.harvest.dead_links=[]'");
    return o;
}

po::options_description visible_options() {
    po::options_description all;
    all.add(general_options()).add(noc_options_description());
    return all;
}

/// What a command says of itself, and what may stand behind it; help, version and dump-config end it before it begins.
struct command_description {
    std::string_view name;
    std::string_view help;
    std::string_view options;  ///< each between spaces
};

constexpr std::array<command_description, 6> commands{{
    {"run", run_help,
     " config set timing detail functional check batch format out pass optimizer no-optimizer conv seed json "
     "statistics "
     "stats-interval emit-programs "},
    {"explain", explain_help, " config set timing batch format out json layer pass optimizer conv "},
    {"exec", exec_help, " config set timing functional check seed json statistics load dump on "},
    {"check", check_help, " config set on "},
    {"noc", noc_help,
     " config set timing seed json check pattern rate burst on-off class reply reply-class service outstanding trace "
     "write-trace hot-share cycles warm-up drain stop-saturated csv compare no-dead "},
    {"map", map_help, " config set routes "},
}};

const command_description* find_command(std::string_view name) {
    const auto* const found =
        std::find_if(commands.begin(), commands.end(), [&](const command_description& c) { return c.name == name; });
    return found == commands.end() ? nullptr : found;
}

bool goes_with(const command_description& c, const std::string& option) {
    return c.options.find(" " + option + " ") != std::string_view::npos;
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

}  // namespace

std::vector<std::string_view> command_names() {
    std::vector<std::string_view> names;
    for (const command_description& c : commands) {
        names.push_back(c.name);
    }
    return names;
}

std::string help_of(const std::string& name) {
    const command_description* const command = find_command(name);
    std::ostringstream text;
    text << (command == nullptr ? introduction : command->help) << "\n";
    if (command == nullptr) {
        text << visible_options() << exit_codes;
        return text.str();
    }
    const po::options_description all = visible_options();
    po::options_description shown("Options");
    for (const auto& option : all.options()) {
        const std::string& word = option->long_name();
        if (word == "help" || word == "version" || word == "dump-config" || goes_with(*command, word)) {
            shown.add(option);
        }
    }
    text << shown << exit_codes;
    return text.str();
}

std::uint64_t whole_number(const std::string& option, const std::string& text, std::uint64_t least,
                           std::uint64_t most) {
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

void refuse_to_overwrite(const std::string& option, const std::string& output, const std::vector<std::string>& inputs) {
    for (const std::string& input : inputs) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(output, ignored) && std::filesystem::equivalent(output, input, ignored)) {
            throw input_error(error_class::option_conflict,
                              "--" + option + ": '" + output + "' is the input '" + input + "'; name another file");
        }
    }
}

given_options::given_options(const std::vector<std::string>& arguments) : values_(parse(arguments)) {
    command_ = texts("command");
}

const std::string& given_options::text(const std::string& option) const {
    return values_[option].as<std::string>();
}

std::vector<std::string> given_options::texts(const std::string& option) const {
    return has(option) ? values_[option].as<words>() : words();
}

std::uint64_t given_options::number(const std::string& option, std::uint64_t least, std::uint64_t most) const {
    return whole_number(option, text(option), least, most);
}

std::string given_options::one_of(const std::string& option, const std::vector<std::string>& allowed) const {
    return d1::one_of(option, text(option), allowed);
}

std::string given_options::output(const std::string& option, const std::vector<std::string>& inputs) const {
    if (!has(option)) {
        return "";
    }
    if (text(option).empty()) {
        throw input_error(error_class::option_value, "--" + option + ": the name of the file is empty");
    }
    refuse_to_overwrite(option, text(option), inputs);
    refuse_to_overwrite(option, text(option), texts("config"));
    return text(option);
}

void given_options::refuse_strangers() const {
    const command_description* const command = find_command(command_.at(0));
    for (const auto& [option, value] : values_) {
        if (option != "command" && (command == nullptr || !goes_with(*command, option))) {
            throw input_error(error_class::option_conflict, "--" + option + " does not go with 'd1sim " + command_[0] +
                                                                "'; see d1sim " + command_[0] + " --help");
        }
    }
}

configuration configuration_of(const given_options& given) {
    configuration chosen;
    for (const std::string& file : given.texts("config")) {
        chosen.load_file(file);
    }
    for (const std::string& assignment : given.texts("set")) {
        chosen.set(assignment);
    }
    if (given.has("no-dead")) {
        chosen.set("die.harvest.dead=[]");
        chosen.set("die.harvest.dead_links=[]");
    }
    if (given.has("timing")) {
        chosen.set("simulation.timing=" + given.one_of("timing", {"lt", "at", "ca"}));
    }
    if (given.has("functional")) {
        chosen.set("simulation.functional=" + given.one_of("functional", {"on", "off"}));
    }
    if (given.has("seed")) {
        const std::uint64_t seed = given.number("seed", 0, ~std::uint64_t{0});
        chosen.set("simulation.seed=" + std::to_string(seed));
    }
    return chosen;
}

}  // namespace d1
