#pragma once
// What `d1sim noc` is asked for.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platforms/d1_parameters.hpp"
#include "testbenches/d1sim/level_comparison.hpp"
#include "testbenches/traffic/load.hpp"

namespace d1 {

class given_options;

struct noc_options {
    d1_parameters parameters;   ///< of these die.noc, die.harvest, simulation.timing and simulation.seed are used
    traffic::load load;         ///< all of it but what differs from point to point, and what a trace says
    std::vector<double> rates;  ///< open loop: packets per sending node and cycle, a point each
    std::vector<std::uint32_t> outstanding;    ///< closed loop: requests of a node under way, a point each
    std::string trace;                         ///< replayed, as the only point; empty: none
    std::string write_trace;                   ///< empty: none
    std::optional<std::uint64_t> warm_up;      ///< cycles, where they are given
    std::optional<std::uint64_t> measured;     ///< cycles, where they are given
    std::optional<comparison_extent> compare;  ///< in place of points
    bool stop_saturated = false;               ///< the first saturated point is the last
    bool check = false;                        ///< the order of packets, where the routing promises one
    std::string json;                          ///< empty: none
    std::string csv;                           ///< empty: none
};

/// What goes with the command. Throws input_error for what it does not take.
[[nodiscard]] noc_options noc_of(const given_options& given);

}  // namespace d1
