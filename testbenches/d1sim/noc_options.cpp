#include "testbenches/d1sim/noc_options.hpp"

#include <charconv>
#include <cmath>

#include "models/parameter/error.hpp"

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

}  // namespace d1
