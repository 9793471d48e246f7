#pragma once
// What is measured of a load on a mesh.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/timing/cycle.hpp"
#include "testbenches/traffic/load.hpp"

namespace d1::traffic {

/// How often each whole number came.
class histogram {
  public:
    void add(std::uint64_t value);
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }
    /// 0 where nothing came.
    [[nodiscard]] double mean() const noexcept;
    [[nodiscard]] std::uint64_t max() const noexcept { return bins_.empty() ? 0 : bins_.size() - 1; }
    /// The least value that at least `part` (0 to 1) of all are no greater than; 0 where nothing came.
    [[nodiscard]] std::uint64_t quantile(double part) const;
    /// By value, from 0 to max().
    [[nodiscard]] const std::vector<std::uint64_t>& bins() const noexcept { return bins_; }
    friend bool operator==(const histogram&, const histogram&) = default;

  private:
    std::vector<std::uint64_t> bins_;
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
};

/// How long something took, over the measured cycles.
struct durations {
    histogram latency;  ///< cycles

    /// Of what began in each twentieth of the measured cycles, for the confidence.
    static constexpr std::size_t batches = 20;
    struct batch {
        std::uint64_t bursts = 0;
        std::uint64_t latency = 0;
        friend bool operator==(const batch&, const batch&) = default;
    };
    std::array<batch, batches> by_time{};

    /// Adds what took `cycles` and began in cycle `since` of `offered`, which it measures.
    void add(std::uint64_t cycles, timing::cycle since, const load& offered);
    [[nodiscard]] double mean_latency() const noexcept { return latency.mean(); }
    /// Half the width of the 95 % confidence interval of the mean, by the means of the batches, which are taken for
    /// independent; 0 where a batch has nothing.
    [[nodiscard]] double confidence() const;
    friend bool operator==(const durations&, const durations&) = default;
};

/// What became of bursts of one kind. Latency, hops and waiting are of the bursts created in the measured cycles, until
/// they all have arrived; of replies, those to such bursts.
///
/// The latency is that from a burst's creation, which is its entry into its node's unbounded queue, to its last
/// packet's ejection, less hop_cycles() + link_cycles(): the way into the first router and out of the last. So a packet
/// that meets nobody has the latency hops * hop_cycles().
struct flow : durations {
    histogram hops;                     ///< links between routers
    std::uint64_t queueing = 0;         ///< of the latency, the sum of cycles before the first packet left its node
    std::uint64_t followers = 0;        ///< packets behind the first of a burst
    std::uint64_t packets_created = 0;  ///< in the measured cycles
    std::uint64_t packets_arrived = 0;  ///< in the measured cycles, whenever created
    std::uint64_t node_cycles = 0;      ///< nodes that send, times measured cycles

    [[nodiscard]] double mean_hops() const noexcept { return hops.mean(); }
    /// Cycles before the first packet left its node.
    [[nodiscard]] double mean_queueing() const noexcept;
    /// Packets per sending node and cycle.
    [[nodiscard]] double offered_rate() const noexcept;
    [[nodiscard]] double accepted_rate() const noexcept;
    /// The mean latency of the same bursts if none met another.
    [[nodiscard]] double zero_load_latency(std::uint32_t hop_cycles) const noexcept;
    friend bool operator==(const flow&, const flow&) = default;
};

/// What came of a load. The flow is that of the bursts which the load itself creates.
struct measurement : flow {
    flow replies;          ///< their rates are per node that sends requests
    durations round_trip;  ///< from a request's creation to its reply's ejection, less the four ways at ends, service
                           ///< included
    std::uint64_t all_created = 0;  ///< packets, in all cycles, replies included
    std::uint64_t all_arrived = 0;  ///< packets, in all cycles: with all_refused the same, if the run came to its end
    std::uint64_t all_refused = 0;  ///< packets of bursts that links corrupted beyond all retries, in all cycles
    std::uint64_t out_of_order =
        0;                 ///< bursts that arrived before an earlier one of their source, destination and class
    bool drained = true;   ///< false: load::drain was over before all had arrived
    bool complete = true;  ///< false: it was interrupted, or nothing moved any more
    std::vector<std::string> waits{};  ///< who waited for whom when nothing moved; else empty

    /// Packets over each link in the measured cycles: [node * 5 + port out], port::local being the ejection.
    std::vector<std::uint64_t> link_packets;
    friend bool operator==(const measurement&, const measurement&) = default;
};

}  // namespace d1::traffic
