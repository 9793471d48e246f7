#include "testbenches/d1sim/noc_options.hpp"

#include <boost/mp11.hpp>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/given_options.hpp"

namespace d1 {

namespace {

constexpr std::size_t most_points = 1000;

[[noreturn]] void refuse(const std::string& text) {
    throw input_error(error_class::option_value,
                      "--rate: '" + text +
                          "' is not allowed; a rate above 0 and up to 1, several as in 0.05,0.1, or FIRST:LAST:STEP as "
                          "in 0.01:0.4:0.02 with at most " +
                          std::to_string(most_points) + " points are");
}

std::vector<double> numbers(const std::string& text, char separator, const std::string& whole) {
    std::vector<double> all;
    for (const char* at = text.data();;) {
        double value = 0;
        const auto [end, error] = std::from_chars(at, text.data() + text.size(), value);
        if (error != std::errc() || !std::isfinite(value)) {
            refuse(whole);
        }
        all.push_back(value);
        if (end == text.data() + text.size()) {
            return all;
        }
        if (*end != separator) {
            refuse(whole);
        }
        at = end + 1;
    }
}

}  // namespace

std::vector<double> parse_rates(const std::string& text) {
    std::vector<double> rates;
    if (text.find(':') == std::string::npos) {
        rates = numbers(text, ',', text);
    } else {
        const std::vector<double> sweep = numbers(text, ':', text);
        if (sweep.size() != 3 || sweep[2] <= 0 || sweep[1] < sweep[0]) {
            refuse(text);
        }
        // A last point that only rounding keeps out belongs to the sweep.
        const double steps = std::floor((sweep[1] - sweep[0]) / sweep[2] + 1e-9);
        if (steps >= most_points) {
            refuse(text);
        }
        for (std::size_t i = 0; i <= static_cast<std::size_t>(steps); ++i) {
            rates.push_back(sweep[0] + static_cast<double>(i) * sweep[2]);
        }
    }
    for (const double rate : rates) {
        if (rate <= 0 || rate > 1 || rates.size() > most_points) {
            refuse(text);
        }
    }
    return rates;
}

noc_options noc_of(const given_options& given) {
    const std::vector<std::string>& command = given.command();
    if (command.size() > 1) {
        throw input_error(error_class::command_line, "d1sim noc: it takes no file; '" + command[1] +
                                                         "' is one too many, or wants an option's name before it");
    }
    const auto set = [&](const char* option, std::uint64_t least, std::uint64_t most, auto& value) {
        if (given.has(option)) {
            value = static_cast<std::remove_reference_t<decltype(value)>>(given.number(option, least, most));
        }
    };
    noc_options noc;
    noc.parameters = configuration_of(given).value();
    if (given.has("pattern")) {
        std::vector<std::string> names;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<traffic::pattern_kind>>(
            [&](auto e) { names.emplace_back(e.name); });
        boost::describe::enum_from_string(given.one_of("pattern", names).c_str(), noc.pattern);
    }
    noc.rates = parse_rates(given.has("rate") ? given.text("rate") : "0.02:0.2:0.02");
    std::uint64_t hot_percent = 10;
    set("burst", 1, 16, noc.burst_packets);
    set("hot-share", 0, 100, hot_percent);
    noc.hot_share = static_cast<double>(hot_percent) / 100;
    set("cycles", 20, 1'000'000'000, noc.measured);
    set("warm-up", 0, 1'000'000'000, noc.warm_up);
    noc.json = given.output("json", {});
    noc.csv = given.output("csv", {});
    if (!noc.csv.empty() && noc.csv == noc.json) {
        throw input_error(error_class::option_conflict, "--csv: '" + noc.csv + "' is written twice; name another file");
    }
    return noc;
}

}  // namespace d1
