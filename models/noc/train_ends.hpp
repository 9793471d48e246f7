#pragma once
// What stands at a router's local sockets at `at`: a sender with queues and credits, and a receiver that always takes.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <systemc>
#include <vector>

#include "models/noc/arbiter.hpp"
#include "models/noc/burst_ways.hpp"
#include "models/noc/credit_lines.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/sleeper_ranks.hpp"
#include "models/noc/train_limit.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// cycle_sender as seen by events: puts bursts into a link, train by train as credits allow. The queue of each class is
/// unbounded. A burst's `times.first` becomes the cycle of send(), and its `entered` that in which its first packet
/// leaves.
class train_sender : public sc_core::sc_module, private link_initiator, private timing::sleeper {
  public:
    link_initiator_socket out{"out"};

    /// `rank`: its own among the sleepers of `events`, see sleeper_ranks.hpp.
    train_sender(const sc_core::sc_module_name& name, std::uint32_t rank, const noc_parameters& parameters,
                 timing::event_queue& events, const burst_ways& ways = {});

    /// Queues a burst of `b->times.count` packets; the first may leave in this cycle, behind all events of it, so that
    /// classes take turns whoever came first within the cycle. To be called by an event.
    void send(burst_ptr b);
    /// Bursts that have not left wholly.
    [[nodiscard]] std::size_t waiting() const noexcept;
    void reset();

  private:
    static constexpr timing::cycle never = ~timing::cycle{0};

    tlm::tlm_sync_enum nb_transport_bw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;
    void wake() override;
    [[nodiscard]] std::uint32_t channel_of(const burst& b) const {
        return ways_.channel(b, parameters_.channels_per_class);
    }
    [[nodiscard]] timing::cycle departure(std::uint32_t message_class) const;
    void send_train(std::uint32_t message_class, std::uint32_t limit);

    noc_parameters parameters_;
    timing::event_queue& events_;
    burst_ways ways_;
    std::array<std::deque<burst_ptr>, message_class_count> queues_;
    std::array<std::uint32_t, message_class_count> next_index_{};
    credit_lines credits_;
    std::uint64_t next_slot_ = 0;  // of the link, injection_packets_per_cycle a cycle
    arbiter classes_;
    train_limit length_;
};

/// Takes every train as it comes, and gives its places back at once.
class train_receiver : public sc_core::sc_module, private link_target {
  public:
    link_target_socket in{"in"};

    /// `take(burst, times)` is called when the first packet of a train is sent; the packets stand here at `times`.
    train_receiver(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing::event_queue& events,
                   std::function<void(burst&, const packet_times&)> take);

  private:
    void b_transport(burst& b, sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;

    std::uint32_t link_cycles_;
    timing::event_queue& events_;
    std::function<void(burst&, const packet_times&)> take_;
};

}  // namespace d1::noc
