#pragma once
// Transient corruption of packets on links.

#include <cstdint>

#include "models/noc/noc_parameters.hpp"
#include "models/numerics/counter_random.hpp"
#include "models/packet/burst.hpp"

namespace d1::noc {

/// Which packets a router's links to its neighbours corrupt. The receiving end finds it by the packet's CRC, without
/// fail, and asks for the packet again; meanwhile the link carries nothing else. What comes out is drawn by the seed,
/// the burst (source, class, number), the packet, the link and the attempt, so the same at every level.
///
/// A packet that is corrupted once more than it may be sent again is refused: it goes on, marked, and with it its burst
/// is answered with an error. Only data and pull requests are refused. Signals, answers and barrier messages, whose
/// loss nobody would be told of, are sent again until they arrive.
///
/// Not modelled: CRC bits on the link, errors that a CRC misses, errors on a node's link to its own router.
class link_errors {
  public:
    link_errors(const noc_parameters& parameters, std::uint64_t seed, node_index here)
        : seed_(seed),
          threshold_(~std::uint64_t{0} / 1'000'000'000 * parameters.corruption_rate),
          here_(here),
          retry_cycles_(parameters.retry_cycles),
          max_retries_(parameters.max_retries) {}

    [[nodiscard]] bool possible() const noexcept { return threshold_ != 0; }

    struct outcome {
        std::uint32_t resent = 0;  ///< how often it is sent again
        std::uint32_t cycles = 0;  ///< that this takes
        bool refused = false;      ///< corrupted the last time too
    };
    [[nodiscard]] outcome of(const burst& b, std::uint32_t packet, port out) const noexcept {
        constexpr std::uint32_t no_limit = 64;  // of no consequence at the rates that are allowed
        const bool can_refuse = b.carries_data() || b.kind == burst_kind::pull_request;
        const std::uint32_t limit = can_refuse ? max_retries_ : no_limit;
        const std::uint64_t stream = numerics::counter_random(
            seed_,
            std::uint64_t{to_number(b.source)} * message_class_count + static_cast<std::uint64_t>(b.channel_class),
            b.sequence * burst::capacity + packet);
        const std::uint64_t link = std::uint64_t{to_number(here_)} * port_count + to_number(out);
        std::uint32_t failed = 0;
        while (failed <= limit && numerics::counter_random(stream, link, failed) < threshold_) {
            ++failed;
        }
        const bool refused = failed > limit;
        const std::uint32_t resent = refused ? limit : failed;
        return {resent, resent * retry_cycles_, refused && can_refuse};
    }

  private:
    std::uint64_t seed_;
    std::uint64_t threshold_;
    node_index here_;
    std::uint32_t retry_cycles_;
    std::uint32_t max_retries_;
};

}  // namespace d1::noc
