#pragma once
// Random jobs that are good by construction: for comparing executions.

#include <cstdint>
#include <vector>

#include "models/packet/coordinate.hpp"
#include "models/program/instruction.hpp"
#include "models/program/validate.hpp"

namespace d1::campaigns {

/// The programs of a job: `programs[role_of[n]]` runs on logical node n.
struct random_job {
    grid nodes;
    std::vector<program::program> programs;
    std::vector<std::size_t> role_of;
};

/// Memory is cut into regions, and a region belongs to one thread of the job at a time, wherever that runs. The
/// generator writes all threads at once, one action after the other, and lets a thread touch only what it owns: it
/// computes, copies by pushes and pulls of rows with any stride, hands regions over with a signal or behind a push,
/// sends a stream of data under credits. Before a region changes hands or is written again the thread waits for its
/// transfers. So there is no race; and since every wait stands, in the order of writing, behind the signals that it
/// takes, and no other signals go to its semaphore, there is no deadlock either. Or, in one of three jobs, all nodes
/// run one program and exchange data with their mirror image. The same for a seed on every host.
[[nodiscard]] random_job make_random_job(std::uint64_t seed, const grid& nodes, const program::limits& node);

}  // namespace d1::campaigns
