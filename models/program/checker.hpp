#pragma once
// What is wrong with the programs of a job, found by executing them without time.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/program/assignment.hpp"
#include "models/program/untimed.hpp"
#include "models/program/validate.hpp"

namespace d1::program {

/// Something wrong with a job, where it shows first.
struct finding {
    fault_kind kind{};
    std::string program;                       ///< its name
    std::optional<coordinate> node{};          ///< logical; nothing where it concerns a program wherever it runs
    std::optional<std::uint32_t> thread{};     ///< nothing where it concerns the node or the program as a whole
    std::optional<std::size_t> instruction{};  ///< index in the thread
    std::string message;
    std::uint32_t nodes = 1;  ///< how many nodes show it at this instruction
    friend bool operator==(const finding&, const finding&) = default;
};

/// "program 'ring', node (0, 3), thread 1, instruction 7: race: ... (and 3 other nodes)", in one line.
[[nodiscard]] std::string to_string(const finding& f);
/// "range", "dead wait", ...
[[nodiscard]] std::string_view name_of(fault_kind k);

/// How closely a job is looked at.
enum class check_depth : std::uint8_t {
    /// Ranges, buffers, owners, semaphores and dead waits of all nodes; initialisation and races of one of each kind of
    /// groups of nodes that have nothing to do with each other, and of a group of more than 16 nodes at the memory of
    /// one node for each program.
    quick,
    /// All of all nodes, in several orders of execution.
    full,
};

struct check_options {
    limits node{};
    check_depth depth = check_depth::full;
    /// Names of buffers that the host loads, in all programs, besides those that programs declare as `input`.
    std::vector<std::string> loaded{};
    /// Orders in which a full check executes the job.
    std::uint32_t orders = 4;
};

/// All that can be said against a job; nothing for a good one. Programs that do not pass validate() are not executed.
///
/// **Exact** in both depths, for all nodes and every step that they execute: accesses, local and remote, to the memory
/// and the buffers that the owner's program declares, remote nodes, semaphore numbers and amounts, left-over counts
/// (`left` of the declaration is what is allowed) and dead waits. The execution ends at the first fault after which a
/// machine could not go on. Where one thread waits at a semaphore, whether waits are granted and what is left over does
/// not depend on the order of execution.
///
/// **Initialisation.** A byte may be read once it was written. The host's buffers count as written; they are those that
/// the caller names and those that programs declare as `input`; where there are neither, they are the buffers that
/// nothing writes to, node by node.
///
/// **Races** are those of race_detector, with its relation and its limits, in the order of this execution: a job whose
/// threads and transfers all go as far as they can, in turn. A full check repeats it in random orders with fixed seeds.
///
/// A quick check looks for races and uninitialised reads in a part of the nodes: nodes are connected where one pushes
/// or signals to the other, or pulls from it what is written during the run; of the connected groups that run the same
/// programs one is looked at. Of a group of more than 16 nodes it looks at the memory of the first node of each
/// program, and at what those know of each other who exchange anything with that node; if that leaves a doubt, at the
/// whole group.
///
/// **Dead waits** are named as a chain: each thread with the semaphore at which it waits, then the one that would
/// signal it next, up to where the chain closes or to a semaphore that nobody is left to signal.
[[nodiscard]] std::vector<finding> check(const assignment& job, const check_options& options = {});

}  // namespace d1::program
