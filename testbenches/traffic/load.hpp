#pragma once
// What traffic is offered to a mesh.

#include <boost/describe.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "models/packet/burst.hpp"
#include "models/packet/coordinate.hpp"
#include "testbenches/traffic/destinations.hpp"

namespace d1 {
BOOST_DESCRIBE_ENUM(message_class, request_low, request_high, data, response)
}

namespace d1::traffic {

class burst_trace;

/// Packets of a burst: one number, or several, each for a part of the bursts.
class burst_sizes {
  public:
    struct part {
        std::uint32_t packets = 1;    ///< from 1 to burst::capacity
        std::uint32_t percent = 100;  ///< of the bursts
        friend bool operator==(const part&, const part&) = default;
    };

    burst_sizes(std::uint32_t packets) : parts_{{packets, 100}} {}  // NOLINT(google-explicit-constructor): one size
    /// Percents above 0 that add up to 100.
    explicit burst_sizes(std::vector<part> parts);

    [[nodiscard]] std::span<const part> parts() const noexcept { return parts_; }
    [[nodiscard]] double mean() const;
    /// The size that 64 random bits choose.
    [[nodiscard]] std::uint32_t draw(std::uint64_t random) const;

  private:
    std::vector<part> parts_;
};

/// A source that creates in some phases and rests in others; each node has phases of its own.
struct on_off {
    enum class lengths : std::uint8_t {
        random,  ///< geometrically distributed (a two-state Markov process), as stationary at the beginning
        fixed    ///< all alike, beginning anywhere
    };
    std::uint32_t on = 50;   ///< mean cycles in which it creates, from 1
    std::uint32_t off = 50;  ///< mean cycles in which it does not
    lengths kind = lengths::random;

    /// By which the rate is higher while it creates, so that the mean rate is the load's.
    [[nodiscard]] double boost() const noexcept { return (double{1} * on + off) / on; }
};

/// How the destination of a burst answers it.
struct reply_rule {
    std::uint32_t packets = 1;  ///< of a reply, from 1 to burst::capacity
    std::uint64_t service = 0;  ///< cycles from the arrival of a request's last packet to the creation of its reply
    message_class channel_class = message_class::data;
};

/// What the nodes create. Open loop: in every cycle every node that sends creates a burst with a fixed probability, or
/// what a trace says. Closed loop: every node that sends has `outstanding` requests under way; it creates them in cycle
/// 0, and a new one in the cycle in which a reply has arrived.
struct load {
    double rate = 0.1;               ///< open loop: packets that a node creates per cycle in the mean, from 0 to 1
    burst_sizes burst_packets = 1;   ///< packets of a burst
    std::uint64_t warm_up = 2000;    ///< cycles before the first burst that is measured
    std::uint64_t measured = 10000;  ///< cycles in which measured bursts are created; none is afterwards
    std::uint64_t seed = 1;
    pattern_kind pattern = pattern_kind::uniform;
    hotspot hot{};
    message_class channel_class = message_class::data;
    std::optional<on_off> phases{};       ///< open loop
    std::optional<reply_rule> replies{};  ///< every burst is a request that is answered
    std::uint32_t outstanding = 0;        ///< closed loop: requests of a node; needs `replies`. 0: open loop
    std::shared_ptr<const burst_trace>
        replay{};                 ///< open loop: takes the place of rate, bursts, pattern, class and phases
    std::uint64_t drain = 20000;  ///< cycles behind the last creation after which a run ends, arrived or not

    [[nodiscard]] std::uint64_t end() const noexcept { return warm_up + measured; }
    [[nodiscard]] bool measures(std::uint64_t at) const noexcept { return at >= warm_up && at < end(); }
};

/// A burst that a node creates.
struct creation {
    std::uint64_t at = 0;
    node_index destination{};
    std::uint32_t packets = 1;
    message_class channel_class = message_class::data;
    friend bool operator==(const creation&, const creation&) = default;
};

/// The bursts that one node creates under a load, in the order of time. What is drawn for a cycle of an open loop
/// depends on the seed, the node and the cycle alone; in a closed loop, on the seed, the node and the burst's number.
class creation_process {
  public:
    creation_process() = default;
    /// `to` must outlive it.
    creation_process(const load& offered, node_index here, const destinations& to);

    /// Open loop: the next burst; its `at` is load::end() or later when there is none left.
    [[nodiscard]] creation next();
    /// Closed loop: the next burst of a node that sends, created at `at`.
    [[nodiscard]] creation create(std::uint64_t at);

  private:
    [[nodiscard]] creation drawn(std::uint64_t at, std::uint64_t index);
    [[nodiscard]] bool creates(std::uint64_t at);
    void advance_phase(std::uint64_t at);

    load load_;
    node_index here_{};
    const destinations* to_ = nullptr;
    std::span<const creation> replay_;
    std::uint64_t number_ = 0;
    std::uint64_t cycle_ = 0;
    std::uint64_t threshold_ = 0;  // of 63 random bits
    bool on_ = true;
};

}  // namespace d1::traffic
