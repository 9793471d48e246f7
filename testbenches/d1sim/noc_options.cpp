#include "testbenches/d1sim/noc_options.hpp"

#include <algorithm>
#include <array>
#include <boost/mp11.hpp>
#include <filesystem>
#include <type_traits>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/given_options.hpp"
#include "testbenches/d1sim/load_options.hpp"

namespace d1 {

namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw input_error(error_class::option_conflict, why);
}

template <typename Enum>
void read_choice(const given_options& given, const char* option, Enum& value) {
    if (given.has(option)) {
        std::vector<std::string> names;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
            [&](auto e) { names.emplace_back(e.name); });
        boost::describe::enum_from_string(given.one_of(option, names).c_str(), value);
    }
}

void refuse_contradictions(const given_options& given) {
    const auto excludes = [&](const char* one, std::initializer_list<const char*> others, const char* why) {
        for (const char* other : others) {
            if (given.has(one) && given.has(other)) {
                refuse(std::string("--") + other + " does not go with --" + one + ", " + why);
            }
        }
    };
    excludes("trace", {"rate", "pattern", "burst", "hot-share", "class", "on-off", "outstanding", "write-trace"},
             "which says who sends what when");
    excludes("compare",
             {"rate", "pattern", "burst", "hot-share", "class", "on-off", "outstanding", "trace", "write-trace",
              "reply", "timing", "warm-up", "drain", "stop-saturated"},
             "which has loads of its own");
    excludes("outstanding", {"rate", "on-off"}, "under which a reply brings the next request about");
    for (const char* option : {"reply-class", "service"}) {
        if (given.has(option) && !given.has("reply") && !given.has("outstanding")) {
            refuse(std::string("--") + option + " is of replies: it needs --reply or --outstanding");
        }
    }
}

void read_replies(const given_options& given, traffic::load& load) {
    if (!given.has("reply") && !given.has("outstanding")) {
        return;
    }
    traffic::reply_rule& rule = load.replies.emplace();
    // A request is not of the class of its reply, unless that is asked for.
    load.channel_class = message_class::request_low;
    rule.packets = given.has("reply") ? static_cast<std::uint32_t>(given.number("reply", 1, burst::capacity)) : 1;
    rule.service = given.has("service") ? given.number("service", 0, 10000) : 0;
    read_choice(given, "reply-class", rule.channel_class);
}

void read_points(const given_options& given, noc_options& noc) {
    if (given.has("outstanding")) {
        noc.outstanding = parse_outstanding(given.text("outstanding"));
    } else if (!given.has("trace")) {
        noc.rates = parse_rates(given.has("rate") ? given.text("rate") : "0.02:0.2:0.02");
    }
    if (noc.load.phases) {
        const double most = 1 / noc.load.phases->boost();
        if (*std::max_element(noc.rates.begin(), noc.rates.end()) > most) {
            refuse("--on-off: a node that rests so long reaches a mean rate of " + std::to_string(most) +
                   ", not all of --rate; let it rest less, or lower the rate");
        }
    }
    if (given.has("write-trace") && noc.rates.size() + noc.outstanding.size() != 1) {
        refuse("--write-trace writes one point; give one --rate or one --outstanding");
    }
}

void read_files(const given_options& given, noc_options& noc) {
    std::vector<std::string> inputs;
    if (given.has("trace")) {
        noc.trace = given.text("trace");
        if (noc.trace.empty()) {
            throw input_error(error_class::option_value, "--trace: the name of the file is empty");
        }
        inputs.push_back(noc.trace);
    }
    noc.json = given.output("json", inputs);
    noc.csv = given.output("csv", inputs);
    noc.write_trace = given.output("write-trace", inputs);
    const auto same = [](const std::string& a, const std::string& b) {
        return !a.empty() && std::filesystem::path(a).lexically_normal() == std::filesystem::path(b).lexically_normal();
    };
    if (same(noc.csv, noc.json)) {
        refuse("--csv: '" + noc.csv + "' is written twice; name another file");
    }
    if (same(noc.write_trace, noc.json) || same(noc.write_trace, noc.csv)) {
        refuse("--write-trace: '" + noc.write_trace + "' is written twice; name another file");
    }
}

}  // namespace

noc_options noc_of(const given_options& given) {
    const std::vector<std::string>& command = given.command();
    if (command.size() > 1) {
        throw input_error(error_class::command_line, "d1sim noc: it takes no file; '" + command[1] +
                                                         "' is one too many, or wants an option's name before it");
    }
    refuse_contradictions(given);
    constexpr std::uint64_t most_cycles = 1'000'000'000;
    noc_options noc;
    noc.parameters = configuration_of(given).value();
    noc.load.seed = noc.parameters.simulation.seed;
    read_choice(given, "pattern", noc.load.pattern);
    read_replies(given, noc.load);
    read_choice(given, "class", noc.load.channel_class);
    if (given.has("burst")) {
        noc.load.burst_packets = parse_burst_sizes(given.text("burst"));
    }
    if (given.has("on-off")) {
        noc.load.phases = parse_on_off(given.text("on-off"));
    }
    if (given.has("hot-share")) {
        noc.load.hot.share = static_cast<double>(given.number("hot-share", 0, 100)) / 100;
    }
    if (given.has("drain")) {
        noc.load.drain = given.number("drain", 2, most_cycles);
    }
    if (given.has("cycles")) {
        noc.measured = given.number("cycles", 20, most_cycles);
    }
    if (given.has("warm-up")) {
        noc.warm_up = given.number("warm-up", 0, most_cycles);
    }
    if (given.has("compare")) {
        read_choice(given, "compare", noc.compare.emplace());
    } else {
        read_points(given, noc);
    }
    read_files(given, noc);
    noc.stop_saturated = given.has("stop-saturated");
    noc.check = given.has("check");
    return noc;
}

}  // namespace d1
