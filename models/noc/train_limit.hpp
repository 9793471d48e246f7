#pragma once
// How long trains of packets may be.

#include <cstdint>

#include "models/packet/packet_times.hpp"
#include "models/timing/cycle.hpp"

namespace d1::noc {

/// How many packets may leave for a link in one go. A flow that has the link to itself sends all that it has; where
/// flows have met within the last `memory` cycles, packets leave one by one, and the flows take turns as at ca. So
/// nobody waits behind a train, nor gets less of the link than at ca because its own packets come one by one.
/// Not asked for bursts of one packet, which go between the packets of a train (train_router).
class train_limit {
  public:
    /// Long enough for the packets of a transfer to come by, short enough to be over soon after.
    static constexpr timing::cycle memory = 64;

    /// For the next train, which leaves in `now`. `flow` names who sends it among all who send through the link,
    /// `contended` says that another would like to now.
    [[nodiscard]] std::uint32_t next(std::uint32_t flow, bool contended, timing::cycle now) noexcept {
        if (contended || (flow != last_flow_ && now < recent_until_)) {
            shared_until_ = now + memory;
        }
        last_flow_ = flow;
        recent_until_ = now + memory;
        return now < shared_until_ ? 1 : packet_times::capacity;
    }

    void reset() noexcept { *this = {}; }

  private:
    timing::cycle recent_until_ = 0;  // since the last train
    timing::cycle shared_until_ = 0;
    std::uint32_t last_flow_ = ~0U;
};

}  // namespace d1::noc
