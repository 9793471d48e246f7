#pragma once
// What a signal carries besides its count: how long the chain of waits behind it is, what is known to have happened,
// and what sent it.

#include <algorithm>
#include <cstdint>

namespace d1 {

/// The instruction behind a transfer; its node is the one that asked for the transfer. The instruction's number is for
/// reports, and kept up only where uninitialised reads are looked for.
struct issuer {
    std::uint32_t thread = 0;
    std::uint32_t instruction = 0;
};

/// Facts that travel with the flow of synchronisation and never change it.
struct causality {
    /// Cycles of the longest chain of request, signal and zero-load hop latencies that led here; all work,
    /// serialisation and contention taken as zero.
    std::uint64_t chain = 0;
    /// Knowledge of the race detector (a handle of its own), 0 where it is off.
    std::uint32_t knowledge = 0;
    /// What the thread that sent it had done last, in the activity log; 0 where that is off. Of several signals, the
    /// last that was needed; so below.
    std::uint32_t activity = 0;
    /// It came with the bytes of a push or pull, or with its source being free again.
    bool data = false;
};

}  // namespace d1
