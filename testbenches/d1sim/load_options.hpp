#pragma once
// The values of options that describe a load on the mesh.

#include <cstdint>
#include <string>
#include <vector>

#include "testbenches/traffic/load.hpp"

namespace d1 {

/// Reads "0.05", "0.05,0.1,0.15" or "FIRST:LAST:STEP": rates above 0 and up to 1. These functions throw input_error for
/// anything else, naming the option.
[[nodiscard]] std::vector<double> parse_rates(const std::string& text);

/// Reads "4", or "1:50,4:30,16:20": sizes of bursts, each with its percent of the bursts.
[[nodiscard]] traffic::burst_sizes parse_burst_sizes(const std::string& text);

/// Reads "50:150", or "50:150:fixed": cycles of the phases.
[[nodiscard]] traffic::on_off parse_on_off(const std::string& text);

/// Reads "4" or "1,2,4,8": requests of a node that are under way, 1 to 1000.
[[nodiscard]] std::vector<std::uint32_t> parse_outstanding(const std::string& text);

}  // namespace d1
