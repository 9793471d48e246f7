#pragma once
// What stands at a router's local sockets at ca: a sender with queues and credits, and a receiver that always takes.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <systemc>

#include "models/noc/arbiter.hpp"
#include "models/noc/burst_ways.hpp"
#include "models/noc/channel_buffers.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// Puts the packets of bursts into a link, burst by burst within a class and the classes in turn, as credits allow. The
/// queue of each class is unbounded. A burst's `times.first` becomes the cycle of send(), by which oldest-first
/// arbitration goes, and its `entered` the cycle in which its first packet leaves.
class cycle_sender : public sc_core::sc_module, private link_initiator, private timing::clocked_block {
  public:
    link_initiator_socket out{"out"};

    cycle_sender(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing::event_queue& events,
                 const burst_ways& ways = {});

    /// Queues a burst of `b->times.count` packets; the first may leave in this cycle. To be called by an event, not by
    /// a clocked block.
    void send(burst_ptr b);
    /// Bursts that have not left wholly.
    [[nodiscard]] std::size_t waiting() const noexcept;
    void reset();

  private:
    tlm::tlm_sync_enum nb_transport_bw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;
    void evaluate() override;
    bool commit() override;
    [[nodiscard]] std::uint32_t channel_of(const burst& b) const {
        return ways_.channel(b, parameters_.channels_per_class);
    }
    void send_packet(std::uint32_t message_class);

    noc_parameters parameters_;
    timing::event_queue& events_;
    burst_ways ways_;
    std::array<std::deque<burst_ptr>, message_class_count> queues_;
    std::array<std::uint32_t, message_class_count> next_index_{};
    std::uint32_t waiting_ = 0;  // message classes with a burst in the queue, bit c for class c
    channel_credits credits_;    // for one port
    arbiter classes_;
};

/// Takes every packet as it comes, and gives its place back at once.
class cycle_receiver : public sc_core::sc_module, private link_target {
  public:
    link_target_socket in{"in"};

    /// `take(burst, index)` is called in the cycle in which the packet is sent; it stands here link_cycles() later.
    cycle_receiver(const sc_core::sc_module_name& name, std::function<void(burst&, std::uint32_t)> take);

  private:
    void b_transport(burst& b, sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;

    std::function<void(burst&, std::uint32_t)> take_;
};

}  // namespace d1::noc
