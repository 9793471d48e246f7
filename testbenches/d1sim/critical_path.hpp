#pragma once
// The chain of instructions, transfers and waits that set the end of a run.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/die.hpp"

namespace d1 {

/// What a cycle of a critical path was.
enum class path_part : std::uint8_t {
    matrix,      ///< matrix steps
    simd,        ///< SIMD operations
    sram_port,   ///< vector ports, or what other threads had taken of the units
    memory,      ///< lines or granules on their way
    front_end,   ///< issue, fetch and decode, address units
    latency,     ///< results on their way out of a unit
    transfer,    ///< pushes, pulls and signals, as they would be alone on the mesh
    contention,  ///< what they took beyond that: waits for links, ports and engines
    interface,   ///< waits for room in a network interface's queue
    barrier,     ///< from the last thread that came to a barrier to its end
    launch,      ///< start of the programs
    arrival,     ///< from the end of the last thread to that of the last burst
};
inline constexpr std::size_t path_part_count = 12;

/// The part's name, and what it is in a few words.
struct path_part_description {
    std::string_view name;
    std::string_view meaning;
};
[[nodiscard]] const path_part_description& describe(path_part p);

/// One link of the chain.
struct path_step {
    timing::cycle begin = 0;
    timing::cycle end = 0;
    node_index node{};
    std::string
        what;  ///< "thread 0: matrix_multiply, instruction 5"; "pull of 8192 B from node[3,4] over 2 links; ..."
};

struct critical_path {
    std::vector<path_step> steps;                        ///< from the launch to the end, one behind the other
    std::array<std::uint64_t, path_part_count> parts{};  ///< cycles; together those of the run

    [[nodiscard]] std::uint64_t of(path_part p) const { return parts[static_cast<std::size_t>(p)]; }
};

/// Goes back from the thread that ended last: through each of its activities to the one before, and from a wait to
/// what the thread that ended it had done before it sent its signal. `on` has run `j` to its end with an activity log,
/// and `r` is what it gave.
[[nodiscard]] critical_path critical_path_of(die& on, const job& j, const run_result& r);

}  // namespace d1
