#pragma once
// What a run of programs from outside has to say.

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "platforms/die.hpp"
#include "testbenches/d1sim/host_figures.hpp"
#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/run_command.hpp"

namespace d1 {

/// Programs, run.
struct exec_result {
    run_result run;
    grid nodes;                      ///< logical
    std::vector<std::string> names;  ///< of the programs
    std::size_t members = 0;         ///< nodes that ran one
    std::uint32_t live_nodes = 0;    ///< of the die
    std::uint64_t races = 0;
    std::uint64_t forgotten_reads = 0;             ///< that the race detector had no room for
    std::vector<std::string> race_texts;           ///< of the first races
    std::uint64_t uninitialised = 0;               ///< reads of what nobody had written
    std::vector<std::string> uninitialised_texts;  ///< of the first of each instruction
    std::vector<std::string> dumps;                ///< "data to out.npy: float32 (1, 8, 512)"
    std::string summary;                           ///< of the statistics, for people; empty unless asked for
    boost::json::object statistics;
    host_figures host;

    [[nodiscard]] bool finished() const { return run.status == run_status::finished; }
    [[nodiscard]] exit_code code() const;
};

/// A race with its programs' places and names for the memory: "node 3,0, bytes 64..127 (data+64): ...".
[[nodiscard]] std::string describe(const race& r, const job& j);

/// What went wrong, a message each; a deadlock's has a line for each that waits.
[[nodiscard]] std::vector<std::string> complaints(const exec_result& result);

/// The result for people.
[[nodiscard]] std::string text_report(const exec_result& result, const exec_options& options);

/// The same for programs; docs/results.md describes it.
[[nodiscard]] std::string json_report(const exec_result& result, const exec_options& options);

}  // namespace d1
