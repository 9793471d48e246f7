// What a command line means, and what is refused.

#include "testbenches/d1sim/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <variant>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/given_options.hpp"

namespace d1 {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using words = std::vector<std::string>;

run_options run_of(words more) {
    more.insert(more.begin(), {"run", "net.csv"});
    return std::get<run_options>(parse_command_line(more));
}

std::string text_of(const words& arguments) {
    return std::get<printed_text>(parse_command_line(arguments)).text;
}

std::string refusal(const words& arguments) {
    try {
        static_cast<void>(parse_command_line(arguments));
    } catch (const input_error& e) {
        return e.what();
    }
    return "(accepted)";
}

std::string refusal_of_run(words more) {
    more.insert(more.begin(), {"run", "net.csv"});
    return refusal(more);
}

std::string quoted(std::string_view word) {
    return std::string("'").append(word).append("'");
}

/// A file of its own for a test.
class text_file {
  public:
    explicit text_file(const std::string& content)
        : path_(testing::TempDir() + "options_test_" + std::to_string(::getpid()) + "_" + std::to_string(made++)) {
        std::ofstream(path_) << content;
    }
    text_file(const text_file&) = delete;
    text_file& operator=(const text_file&) = delete;
    ~text_file() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::string& name() const { return path_; }

  private:
    static inline int made = 0;
    std::string path_;
};

// ---- commands

TEST(command_line, without_anything_or_with_help_is_a_text_that_teaches) {
    for (const words& arguments : {words{}, words{"--help"}, words{"-h"}, words{"run", "net.csv", "--help"}}) {
        const std::string text = text_of(arguments);
        EXPECT_THAT(text, AllOf(HasSubstr("d1sim run FILE"), HasSubstr("Exit codes")));
        for (const char* option :
             {"--config", "--set", "--dump-config", "--timing lt|at|ca", "--functional on|off", "--check", "--batch",
              "--out bf16|fp32", "--seed", "--json", "--statistics", "--stats-interval", "--version"}) {
            EXPECT_THAT(text, HasSubstr(option));
        }
    }
}

TEST(command_line, help_of_run_tells_what_a_table_looks_like) {
    EXPECT_THAT(text_of({"run", "--help"}), HasSubstr("Layer, M, N, K"));
}

TEST(command_line, version_is_a_line) {
    EXPECT_THAT(text_of({"--version"}), testing::MatchesRegex("d1sim [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(command_line, help_lists_every_command_and_each_has_an_input_that_fuzzing_starts_from) {
    std::set<std::string> seeds;
    for (const auto& file : std::filesystem::directory_iterator(D1_OPTION_SEEDS)) {
        std::ifstream lines(file.path());
        words arguments;
        for (std::string line; std::getline(lines, line);) arguments.push_back(line);
        // The command may stand anywhere; what is refused reaches none.
        if (refusal(arguments) == "(accepted)") seeds.insert(arguments.begin(), arguments.end());
    }
    for (const std::string_view command : command_names()) {
        EXPECT_THAT(text_of({"--help"}), HasSubstr("\n  d1sim " + std::string(command) + " "));
        EXPECT_THAT(text_of({std::string(command), "--help"}), HasSubstr("d1sim " + std::string(command)));
        EXPECT_THAT(seeds, testing::Contains(command)) << "testbenches/fuzz/corpus/options has no such command line";
        EXPECT_THAT(refusal({std::string(command), "--pattern"}), Not(HasSubstr("there is no command")));
    }
    std::istringstream help(text_of({"--help"}));
    std::size_t listed = 0;
    for (std::string line; std::getline(help, line) && line != "Examples";) {
        const bool is_command = line.starts_with("  d1sim ") && !line.starts_with("  d1sim -");
        listed += is_command ? 1 : 0;
    }
    EXPECT_EQ(listed, command_names().size()) << "help lists a command that there is not";
}

TEST(command_line, options_of_the_help_are_words_that_fuzzing_tries) {
    std::ifstream file(D1_OPTION_DICTIONARY);
    const std::string dictionary{std::istreambuf_iterator<char>(file), {}};
    std::istringstream help(text_of({"--help"}));
    std::size_t options = 0;
    for (std::string line; std::getline(help, line);) {
        const std::size_t name = line.find("--");
        if (name == std::string::npos || name > 8 || !line.starts_with("  ") || line.starts_with("  d1sim")) continue;
        ++options;
        const std::string option = line.substr(name, line.find(' ', name) - name);
        EXPECT_THAT(dictionary, HasSubstr("\"" + option + "\""));
    }
    EXPECT_GT(options, 20U);
}

TEST(command_line, help_of_a_command_has_the_options_that_go_with_it) {
    EXPECT_THAT(text_of({"map", "--help"}), AllOf(HasSubstr("--set"), Not(HasSubstr("--timing")), HasSubstr("DIP")));
    EXPECT_THAT(text_of({"noc", "--help"}), AllOf(HasSubstr("--rate"), Not(HasSubstr("--batch"))));
    EXPECT_THAT(text_of({"exec", "--help"}), AllOf(HasSubstr("--load"), Not(HasSubstr("--format"))));
    EXPECT_THAT(text_of({"run", "--help"}), AllOf(HasSubstr("--format"), Not(HasSubstr("--load"))));
}

TEST(command_line, exec_takes_no_option_that_it_would_ignore) {
    for (const char* option : {"--format", "--out", "--batch", "--detail", "--stats-interval", "--emit-programs"}) {
        EXPECT_THAT(refusal({"exec", "p.d1p", option, "bf16"}), HasSubstr("does not go with 'd1sim exec'")) << option;
    }
}

TEST(command_line, run_needs_one_file_or_the_three_of_a_training_set) {
    EXPECT_EQ(std::get<run_options>(parse_command_line({"run", "a.csv"})).topology, "a.csv");
    EXPECT_EQ(std::get<run_options>(parse_command_line({"--check", "run", "--", "-a.csv"})).topology, "-a.csv");
    EXPECT_EQ(refusal({"run", ""}), "d1sim run: the name of the file is empty");
    EXPECT_THAT(refusal({"run"}), AllOf(StartsWith("d1sim run: which file?"), HasSubstr("--help")));
    EXPECT_THAT(refusal({"run", "a.csv", "b.csv"}),
                StartsWith("d1sim run: 2 files are given; one table is wanted, or the three of a training set"));
    EXPECT_THAT(refusal({"run", "a.csv", "b.csv", "c.csv", "d.csv"}), StartsWith("d1sim run: 4 files are given"));
    const auto set = std::get<run_options>(parse_command_line({"run", "a.csv", "b.csv", "c.csv"}));
    EXPECT_EQ(set.topology, "a.csv");
    EXPECT_EQ(set.gradients, (words{"b.csv", "c.csv"}));
    EXPECT_TRUE(set.training);
}

TEST(command_line, training_has_an_optimizer_and_forward_runs_have_none) {
    const auto options = [](const words& more) {
        words arguments{"run", "a.csv"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return std::get<run_options>(parse_command_line(arguments));
    };
    EXPECT_FALSE(options({}).training);
    EXPECT_FALSE(options({"--pass", "forward"}).training);
    EXPECT_TRUE(options({"--pass", "training"}).training);
    EXPECT_EQ(options({"--pass", "training"}).optimizer, optimizer_kind::sgd);
    EXPECT_EQ(options({"--pass", "training", "--optimizer", "adamw"}).optimizer, optimizer_kind::adamw);
    EXPECT_EQ(options({"--pass", "training", "--no-optimizer", "a*", "--no-optimizer", "b"}).no_optimizer,
              (words{"a*", "b"}));
    EXPECT_THAT(refusal({"run", "a.csv", "--pass", "dgrad"}), HasSubstr("forward or training is"));
    EXPECT_THAT(refusal({"run", "a.csv", "--optimizer", "adam"}), HasSubstr("needs --pass training"));
    EXPECT_THAT(refusal({"run", "a.csv", "--pass", "training", "--optimizer", "adam"}),
                HasSubstr("sgd or adamw or none is"));
    EXPECT_THAT(refusal({"run", "a.csv", "--no-optimizer", "x"}), HasSubstr("needs --pass training"));
    EXPECT_THAT(refusal({"run", "a", "b", "c", "--pass", "forward"}), HasSubstr("three tables are those of training"));
    EXPECT_THAT(refusal({"explain", "a.csv", "--pass", "training"}),
                HasSubstr("forward or dgrad or wgrad or optimizer is"));
}

TEST(command_line, unknown_commands_are_refused_with_what_there_is) {
    EXPECT_THAT(refusal({"walk", "a.csv"}),
                AllOf(StartsWith("there is no command 'walk'"), HasSubstr("d1sim run FILE")));
    EXPECT_THAT(refusal({"a.csv"}), StartsWith("there is no command 'a.csv'"));
    EXPECT_THAT(refusal({"Run", "a.csv"}), StartsWith("there is no command 'Run'"));
    EXPECT_THAT(refusal({""}), StartsWith("there is no command ''"));
    EXPECT_THAT(refusal({"--check"}), AllOf(StartsWith("no command is given"), HasSubstr("d1sim run FILE")));
}

TEST(command_line, unknown_options_are_refused_with_the_nearest) {
    EXPECT_THAT(refusal_of_run({"--chek"}), AllOf(HasSubstr("'--chek'"), HasSubstr("the nearest is --check")));
    EXPECT_THAT(refusal_of_run({"--jsn=x"}), HasSubstr("the nearest is --json"));
    EXPECT_THAT(refusal_of_run({"--stats_interval", "5"}), HasSubstr("the nearest is --stats-interval"));
    EXPECT_THAT(refusal_of_run({"--Timing", "at"}), HasSubstr("the nearest is --timing"));
    EXPECT_THAT(refusal_of_run({"-x"}), HasSubstr("'-x'"));
    EXPECT_THAT(refusal({"--help", "--nonsense"}), HasSubstr("'--nonsense'"));
}

TEST(command_line, abbreviations_are_not_guessed) {
    for (const char* word : {"--che", "--stats", "--func", "--vers", "--he", "--conf"}) {
        EXPECT_THAT(refusal_of_run({word}), HasSubstr(quoted(word))) << word;
    }
}

TEST(command_line, single_options_are_not_repeated) {
    for (const words& twice :
         {words{"--timing", "at", "--timing", "at"}, words{"--functional", "on", "--functional", "off"},
          words{"--check", "--check"}, words{"--statistics", "--statistics"}, words{"--batch", "1", "--batch", "1"},
          words{"--out", "bf16", "--out", "fp32"}, words{"--seed", "1", "--seed", "2"},
          words{"--json", "a", "--json", "b"},
          words{"--json", "a", "--stats-interval", "1", "--stats-interval", "2"}}) {
        EXPECT_THAT(refusal_of_run(twice), HasSubstr("cannot be specified more than once")) << twice[0];
    }
}

TEST(command_line, options_that_take_a_value_need_one) {
    for (const char* option : {"--config", "--set", "--timing", "--functional", "--batch", "--out", "--seed", "--json",
                               "--stats-interval"}) {
        EXPECT_THAT(refusal_of_run({option}), AllOf(HasSubstr(option), HasSubstr("missing"))) << option;
        EXPECT_THAT(refusal_of_run({option, "--check"}),
                    StartsWith(std::string(option) + ": its value is missing; '--check' is an option"));
        EXPECT_THAT(refusal_of_run({std::string(option) + "="}), HasSubstr(option)) << option;
    }
    EXPECT_THAT(refusal_of_run({"--json", ""}), StartsWith("--json: the name of the file is empty"));
    EXPECT_EQ(run_of({"--json=--check"}).json, "--check");
}

TEST(command_line, options_without_a_value_take_none) {
    for (const char* option : {"--check=1", "--statistics=1", "--help=1", "--version=1", "--dump-config=x"}) {
        EXPECT_THAT(refusal_of_run({option}), HasSubstr("does not take any arguments")) << option;
    }
}

// ---- values

TEST(run_option, defaults) {
    const run_options run = run_of({});
    EXPECT_EQ(run.parameters, d1_parameters{});
    EXPECT_EQ(run.batch, 1U);
    EXPECT_EQ(run.types.output.format, numerics::number_format::bf16);
    EXPECT_FALSE(run.check);
    EXPECT_EQ(run.json, "");
    EXPECT_FALSE(run.statistics);
    EXPECT_FALSE(run.sample_layers);
    EXPECT_EQ(run.sample_interval, 0U);
}

TEST(run_option, check_and_statistics_are_switches) {
    EXPECT_TRUE(run_of({"--check"}).check);
    EXPECT_TRUE(run_of({"--statistics"}).statistics);
}

TEST(run_option, timing_is_lt_at_or_ca) {
    EXPECT_EQ(run_of({"--timing", "lt"}).parameters.simulation.timing, timing_kind::lt);
    EXPECT_EQ(run_of({"--timing=at"}).parameters.simulation.timing, timing_kind::at);
    EXPECT_EQ(run_of({"--timing", "ca"}).parameters.simulation.timing, timing_kind::ca);
    for (const char* value : {"cycle", "LT", "1", "lt "}) {
        EXPECT_THAT(refusal_of_run({"--timing", value}), HasSubstr("--timing: " + quoted(value) + " is not allowed"));
    }
}

TEST(run_option, functional_is_on_or_off) {
    EXPECT_TRUE(run_of({"--functional", "on"}).parameters.simulation.functional);
    EXPECT_FALSE(run_of({"--functional", "off"}).parameters.simulation.functional);
    EXPECT_EQ(refusal_of_run({"--functional", "true"}), "--functional: 'true' is not allowed; on or off is");
}

TEST(options, a_format_is_of_both_operands_or_of_each_with_a_bias_of_its_own) {
    using numerics::number_format;
    const auto types_of = [](const std::string& text) { return run_of({"--format", text}).types; };
    EXPECT_EQ(types_of("bf16"), kernels::gemm_types{});
    EXPECT_EQ(types_of("cfp8_143").a, (numerics::element_type{number_format::cfp8_143, 7}));
    EXPECT_EQ(types_of("cfp8_143").b, types_of("cfp8_143").a);
    EXPECT_EQ(types_of("cfp8_152:63,bf16").a, (numerics::element_type{number_format::cfp8_152, 63}));
    EXPECT_EQ(types_of("cfp8_152:63,bf16").b, numerics::element_type{});
    EXPECT_EQ(types_of("cfp8_152,cfp8_143:0").b, (numerics::element_type{number_format::cfp8_143, 0}));
    for (const std::string text :
         {"fp32", "cfp8", "cfp8_143:64", "cfp8_143:", "cfp8_143:x", "bf16:1", "bf16,", ",bf16", "bf16,bf16,bf16", ""}) {
        EXPECT_THROW(static_cast<void>(types_of(text)), input_error) << text;
    }
}

TEST(run_option, out_is_bf16_or_fp32) {
    EXPECT_EQ(run_of({"--out", "fp32"}).types.output.format, numerics::number_format::fp32);
    EXPECT_EQ(run_of({"--out", "bf16"}).types.output.format, numerics::number_format::bf16);
    for (const char* value : {"cfp8", "FP32", "fp16", ""}) {
        EXPECT_EQ(refusal_of_run({"--out", value}), "--out: " + quoted(value) + " is not allowed; bf16 or fp32 is");
    }
}

TEST(run_option, batch_is_a_whole_number_up_to_two_to_the_twenty) {
    EXPECT_EQ(run_of({"--batch", "1"}).batch, 1U);
    EXPECT_EQ(run_of({"--batch", "1048576"}).batch, 1048576U);
    for (const char* value : {"-1", "0", "1e3", "1.0", "+1", " 1", "1 ", "0x10", "nan", "inf", "", "1048577",
                              "99999999999", "18446744073709551617", "4294967297"}) {
        EXPECT_EQ(refusal_of_run({"--batch", value}),
                  "--batch: " + quoted(value) + " is not allowed; a whole number from 1 to 1048576 is");
    }
}

TEST(run_option, seed_is_any_64_bit_number) {
    EXPECT_EQ(run_of({"--seed", "0"}).parameters.simulation.seed, 0U);
    EXPECT_EQ(run_of({"--seed", "18446744073709551615"}).parameters.simulation.seed, ~std::uint64_t{0});
    for (const char* value : {"-1", "18446744073709551616", "1e3", "one", "nan"}) {
        EXPECT_EQ(refusal_of_run({"--seed", value}),
                  "--seed: " + quoted(value) + " is not allowed; a whole number from 0 to 18446744073709551615 is");
    }
}

TEST(run_option, stats_interval_is_a_number_of_cycles_or_layer) {
    const run_options cycles = run_of({"--json", "a", "--stats-interval", "500"});
    EXPECT_TRUE(cycles.sample_layers);
    EXPECT_EQ(cycles.sample_interval, 500U);
    const run_options layer = run_of({"--json", "a", "--stats-interval", "layer"});
    EXPECT_TRUE(layer.sample_layers);
    EXPECT_EQ(layer.sample_interval, 0U);
    for (const char* value : {"0", "-5", "layers", "1e3", "9223372036854775808"}) {
        EXPECT_THAT(refusal_of_run({"--json", "a", "--stats-interval", value}),
                    StartsWith("--stats-interval: " + quoted(value) + " is not allowed"));
    }
}

// ---- contradictions

TEST(run_option, check_contradicts_functional_off_wherever_that_is_said) {
    const text_file config("simulation:\n  functional: false\n");
    for (const words& off : {words{"--functional", "off"}, words{"--set", "simulation.functional=false"},
                             words{"--config", config.name()}}) {
        words both = off;
        both.emplace_back("--check");
        EXPECT_THAT(refusal_of_run(both), AllOf(HasSubstr("--check"), HasSubstr("--functional off"))) << off[0];
    }
    EXPECT_TRUE(run_of({"--config", config.name(), "--functional", "on", "--check"}).check);
}

TEST(run_option, stats_interval_needs_json) {
    EXPECT_THAT(refusal_of_run({"--stats-interval", "5"}), StartsWith("--stats-interval needs --json FILE"));
}

TEST(run_option, json_does_not_overwrite_an_input) {
    const text_file table("Layer,M,N,K\n");
    const text_file config("simulation.seed: 2\n");
    EXPECT_THAT(refusal({"run", table.name(), "--json", table.name()}), HasSubstr("is the input"));
    const std::string other_name = testing::TempDir() + "./" + std::filesystem::path(config.name()).filename().string();
    EXPECT_THAT(refusal({"run", table.name(), "--config", config.name(), "--json", other_name}),
                AllOf(HasSubstr(other_name), HasSubstr("is the input '" + config.name() + "'")));
}

// ---- precedence

TEST(precedence, later_files_and_later_settings_win) {
    const text_file first("simulation: {seed: 2, quantum: 20}\ndie.noc.rows: 5\ndie.harvest.dead: []\n");
    const text_file second("simulation.quantum: 30\n");
    const d1_parameters p = run_of({"--config", first.name(), "--config", second.name()}).parameters;
    EXPECT_EQ(p.simulation.seed, 2U);
    EXPECT_EQ(p.simulation.quantum, 30U);
    EXPECT_EQ(run_of({"--set", "simulation.quantum=4", "--set", "simulation.quantum=5"}).parameters.simulation.quantum,
              5U);
}

TEST(precedence, settings_win_over_files_and_options_over_both_in_any_order) {
    const text_file config("simulation: {seed: 2, quantum: 20, timing: lt, functional: false}\n");
    const words settings{"--set", "simulation.seed=3",           "--set",    "simulation.timing=lt",
                         "--set", "simulation.functional=false", "--config", config.name()};
    EXPECT_EQ(run_of(settings).parameters.simulation.seed, 3U);
    EXPECT_EQ(run_of(settings).parameters.simulation.quantum, 20U);

    words options{"--seed", "4", "--timing", "at", "--functional", "on"};
    for (const bool first : {true, false}) {
        words all = settings;
        all.insert(first ? all.begin() : all.end(), options.begin(), options.end());
        const simulation_parameters s = run_of(all).parameters.simulation;
        EXPECT_EQ(s.seed, 4U);
        EXPECT_EQ(s.timing, timing_kind::at);
        EXPECT_TRUE(s.functional);
        EXPECT_EQ(s.quantum, 20U);
    }
}

TEST(precedence, only_the_outcome_must_go_together) {
    const text_file small("die: {noc: {columns: 2, rows: 2}}\n");  // the preset's dead nodes lie outside
    EXPECT_THAT(refusal_of_run({"--config", small.name()}), HasSubstr("die.harvest.dead"));
    EXPECT_EQ(run_of({"--config", small.name(), "--set", "die.harvest.dead=[]"}).parameters.die.noc.columns, 2U);
}

// ---- parameters

TEST(parameter_option, errors_name_where_the_value_was_given) {
    const text_file config("die:\n  noc:\n    rows: many\n");
    EXPECT_THAT(refusal_of_run({"--config", config.name()}), StartsWith(config.name() + ":3: die.noc.rows = many"));
    EXPECT_THAT(refusal_of_run({"--set", "die.noc.colums=4"}),
                AllOf(StartsWith("--set: "), HasSubstr("die.noc.colums"), HasSubstr("the nearest is die.noc.columns")));
    EXPECT_THAT(refusal_of_run({"--config", "/nowhere/x.yaml"}), StartsWith("/nowhere/x.yaml: cannot be read"));
    for (const char* assignment : {"", "=", "die", "die.noc.rows", "die.noc.rows=", "die.noc.rows=nan", "=4"}) {
        EXPECT_THAT(refusal_of_run({"--set", assignment}), Not(HasSubstr("(accepted)"))) << assignment;
    }
}

TEST(parameter_option, dump_shows_the_outcome_and_gives_the_same_when_loaded) {
    const words changes{"--set", "die.noc.link_latency=1", "--timing", "lt", "--seed", "77", "--functional", "off"};
    words dump = changes;
    dump.emplace_back("--dump-config");
    const text_file config(text_of(dump));
    EXPECT_EQ(run_of({"--config", config.name()}).parameters, run_of(changes).parameters);
}

TEST(options, a_name_that_boost_would_replace_for_ever_is_refused) {
    for (const std::string name : {"--%canonical_option%x", "--%canonical_option%", "-%value%", "--a%prefix%"}) {
        EXPECT_THAT(refusal({"run", "a.csv", name + "=1"}), StartsWith("unrecognised option '" + name + "'"));
        EXPECT_THAT(refusal({name}), HasSubstr("; the nearest is --"));
    }
    for (const std::string option : {"--sei=a%canonical_option%b", "-q=%canonical_option%"}) {
        EXPECT_THAT(refusal({option}), StartsWith("unrecognised option '"));
    }
    EXPECT_THAT(refusal({"--check=%canonical_option%"}), HasSubstr("'--check'"));
    EXPECT_THAT(refusal({"--json=", "%canonical_option%"}), HasSubstr("--json"));
    EXPECT_EQ(std::get<run_options>(parse_command_line({"run", "--", "-%value%.csv"})).topology, "-%value%.csv");
    EXPECT_EQ(run_of({"--json", "a%value%.json"}).json, "a%value%.json");
}

TEST(parameter_option, a_dump_is_of_parameters_that_go_together) {
    EXPECT_THAT(refusal({"--dump-config", "--set", "die.noc.columns=4"}), HasSubstr("die.harvest.dead"));
}

}  // namespace
}  // namespace d1
