#pragma once
// What `d1sim noc` is asked for.

#include <cstdint>
#include <string>
#include <vector>

#include "platforms/d1_parameters.hpp"
#include "testbenches/traffic/destinations.hpp"

namespace d1 {

class given_options;

struct noc_options {
    d1_parameters parameters;  ///< of these die.noc, die.harvest, simulation.timing and simulation.seed are used
    traffic::pattern_kind pattern = traffic::pattern_kind::uniform;
    std::vector<double> rates;        ///< packets per sending node and cycle, above 0 and up to 1, in order
    std::uint32_t burst_packets = 1;  ///< 1 to 16
    double hot_share = 0.1;           ///< of hotspot's packets, 0 to 1
    std::uint64_t warm_up = 2000;     ///< cycles
    std::uint64_t measured = 10000;   ///< cycles
    std::string json;                 ///< empty: none
    std::string csv;                  ///< empty: none
};

/// Reads "0.05", "0.05,0.1,0.15" or "FIRST:LAST:STEP". Throws input_error for anything else, naming the option.
[[nodiscard]] std::vector<double> parse_rates(const std::string& text);

/// What goes with the command. Throws input_error for what it does not take.
[[nodiscard]] noc_options noc_of(const given_options& given);

}  // namespace d1
