#pragma once
// The same traffic and programs at `at` and at `ca`: how far the faster level is from the exact one.

#include <boost/describe.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platforms/d1_parameters.hpp"

namespace d1 {

/// How much is compared.
enum class comparison_extent : std::uint8_t {
    all,       ///< traffic and programs
    traffic,   ///< mean latencies at parts of saturation
    programs,  ///< total cycles of matrix products and collectives
    brief      ///< a few of both, in seconds
};
BOOST_DESCRIBE_ENUM(comparison_extent, all, traffic, programs, brief)

struct comparison_options {
    d1_parameters parameters;  ///< timing is not used
    comparison_extent extent = comparison_extent::all;
    std::optional<std::uint64_t>
        measured{};  ///< cycles of each load; else 10000, of bursts 40000, for brief 4000 and 16000
};

/// Something that took some cycles at each level.
struct compared_cycles {
    std::string what;
    bool full_mesh = false;         ///< without dead nodes, else those of the parameters
    double at = 0;                  ///< cycles; of traffic, in the mean
    double ca = 0;                  ///< cycles
    std::optional<double> bound{};  ///< of the error's size, where one is promised
    double rate = 0;                ///< of traffic: packets per node and cycle
    double part = 0;                ///< of traffic: the rate over the saturation throughput at ca

    /// Of `at`, as a part of `ca`.
    [[nodiscard]] double error() const noexcept { return ca == 0 ? 0 : at / ca - 1; }
    [[nodiscard]] bool holds() const noexcept { return !bound || (error() <= *bound && error() >= -*bound); }
};

/// A program that did not finish, and why.
struct comparison_failure {
    std::string what;
    std::string why;
};

struct level_comparison {
    std::vector<compared_cycles> rows;
    std::vector<comparison_failure> failures;
    bool complete = false;  ///< false: the user interrupted it
};

/// Compares, and calls `done` with each row. One to a process. Draws a progress bar on a terminal. Throws input_error
/// where the parameters do not go together.
[[nodiscard]] level_comparison compare_levels(const comparison_options& options,
                                              const std::function<void(const compared_cycles&)>& done);

/// "single packets, 0.5 of saturation (0.0866)   full   15.5  15.6  -0.8 %   3 %", and the heading of such lines.
[[nodiscard]] std::string comparison_line(const compared_cycles& row);
[[nodiscard]] std::string comparison_heading();

/// d1sim-noc-compare/1, without `host`.
[[nodiscard]] boost::json::object comparison_json(const comparison_options& options, const level_comparison& found);
[[nodiscard]] std::string comparison_csv(const level_comparison& found);

}  // namespace d1
