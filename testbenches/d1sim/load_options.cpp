#include "testbenches/d1sim/load_options.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include "models/parameter/error.hpp"

namespace d1 {

namespace {

constexpr std::size_t most_points = 1000;

[[noreturn]] void refuse(const char* option, const std::string& text, const std::string& allowed) {
    throw input_error(error_class::option_value,
                      std::string("--") + option + ": '" + text + "' is not allowed; " + allowed);
}

[[noreturn]] void refuse_rates(const std::string& text) {
    refuse("rate", text,
           "a rate above 0 and up to 1, several as in 0.05,0.1, or FIRST:LAST:STEP as in 0.01:0.4:0.02 with at most " +
               std::to_string(most_points) + " points are");
}

std::vector<double> numbers(const std::string& text, char separator, const std::string& whole) {
    std::vector<double> all;
    for (const char* at = text.data();;) {
        double value = 0;
        const auto [end, error] = std::from_chars(at, text.data() + text.size(), value);
        if (error != std::errc() || !std::isfinite(value)) {
            refuse_rates(whole);
        }
        all.push_back(value);
        if (end == text.data() + text.size()) {
            return all;
        }
        if (*end != separator) {
            refuse_rates(whole);
        }
        at = end + 1;
    }
}

/// The pieces between separators; one, where there is none.
std::vector<std::string> pieces(const std::string& text, char separator) {
    std::vector<std::string> all(1);
    for (const char c : text) {
        if (c == separator) {
            all.emplace_back();
        } else {
            all.back() += c;
        }
    }
    return all;
}

std::optional<std::uint32_t> number(const std::string& text, std::uint32_t least, std::uint32_t most) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
    return good ? std::optional(value) : std::nullopt;
}

}  // namespace

std::vector<double> parse_rates(const std::string& text) {
    std::vector<double> rates;
    if (text.find(':') == std::string::npos) {
        rates = numbers(text, ',', text);
    } else {
        const std::vector<double> sweep = numbers(text, ':', text);
        if (sweep.size() != 3 || sweep[2] <= 0 || sweep[1] < sweep[0]) {
            refuse_rates(text);
        }
        // A last point that only rounding keeps out belongs to the sweep.
        const double steps = std::floor((sweep[1] - sweep[0]) / sweep[2] + 1e-9);
        if (steps >= most_points) {
            refuse_rates(text);
        }
        for (std::size_t i = 0; i <= static_cast<std::size_t>(steps); ++i) {
            rates.push_back(sweep[0] + static_cast<double>(i) * sweep[2]);
        }
    }
    for (const double rate : rates) {
        if (rate <= 0 || rate > 1 || rates.size() > most_points) {
            refuse_rates(text);
        }
    }
    return rates;
}

traffic::burst_sizes parse_burst_sizes(const std::string& text) {
    const auto wrong = [&] {
        refuse("burst", text,
               "packets from 1 to 16, or sizes with percents that add up to 100 as in 1:50,4:30,16:20 are");
    };
    std::vector<traffic::burst_sizes::part> parts;
    std::uint32_t sum = 0;
    const std::vector<std::string> all = pieces(text, ',');
    for (const std::string& piece : all) {
        const std::vector<std::string> pair = pieces(piece, ':');
        const auto packets = number(pair[0], 1, burst::capacity);
        const auto percent = pair.size() == 1 && all.size() == 1 ? 100 : number(pair.back(), 1, 100);
        if (pair.size() > 2 || (pair.size() == 1 && all.size() > 1) || !packets || !percent) {
            wrong();
        }
        parts.push_back({*packets, *percent});
        sum += *percent;
    }
    if (sum != 100) {
        wrong();
    }
    return traffic::burst_sizes(parts);
}

traffic::on_off parse_on_off(const std::string& text) {
    constexpr std::uint32_t most = 1'000'000;
    const std::vector<std::string> all = pieces(text, ':');
    const auto on = number(all[0], 1, most);
    const auto off = all.size() > 1 ? number(all[1], 0, most) : std::nullopt;
    if (!on || !off || all.size() > 3 || (all.size() == 3 && all[2] != "fixed" && all[2] != "random")) {
        refuse("on-off", text,
               "ON:OFF in cycles as in 50:150, up to " + std::to_string(most) +
                   ", is, and 50:150:fixed where these are no means but lengths");
    }
    const bool fixed = all.size() == 3 && all[2] == "fixed";
    return {*on, *off, fixed ? traffic::on_off::lengths::fixed : traffic::on_off::lengths::random};
}

std::vector<std::uint32_t> parse_outstanding(const std::string& text) {
    std::vector<std::uint32_t> all;
    for (const std::string& piece : pieces(text, ',')) {
        const auto requests = number(piece, 1, 1000);
        if (!requests || all.size() == most_points) {
            refuse("outstanding", text, "requests from 1 to 1000, or several such numbers as in 1,2,4,8 are");
        }
        all.push_back(*requests);
    }
    return all;
}

}  // namespace d1
