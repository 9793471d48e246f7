#pragma once
// A router's approximately timed level.

#include <array>
#include <cstdint>
#include <vector>

#include "models/noc/arbiter.hpp"
#include "models/noc/channel_buffers.hpp"
#include "models/noc/credit_line.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"
#include "models/timing/slot_calendar.hpp"

namespace d1::noc {

/// The router of cycle_router, with its buffers, credits and arbitration, but moved by events instead of every cycle: a
/// train, some successive packets of a burst on one channel, leaves as a whole when its first packet does.
///
/// When the first packet of a buffer is there, has a credit, and the link that it wants is free, it leaves with those
/// behind it of the same burst, as far as there are credits whose time is known. Each leaves in the first free slot of
/// the link at or after its own arrival, its credit and the packet before it; these cycles are told to the next router
/// and, as credits, to the one before. If several inputs or channels want to leave for the same link, a train is at
/// most `contended_train` packets long, and they take turns. Single packets therefore leave in the same cycles as at
/// ca, and bursts that no other crosses too.
///
/// Not modelled: packets of two bursts that alternate one by one on a link (trains do); that an input passes on one
/// packet a cycle, where a train on one of its channels is still leaving as another channel's begins.
class train_router final : private timing::event_handler {
  public:
    using forward_interface = tlm::tlm_fw_nonblocking_transport_if<burst, link_phase>;
    using backward_interface = tlm::tlm_bw_nonblocking_transport_if<burst, link_phase>;

    /// Packets that leave one after the other though others want the link too. 1 would be as ca does it, at its price.
    static constexpr std::uint32_t contended_train = 4;

    /// `routes`: by destination, three bits an input.
    train_router(node_index here, const std::uint16_t* routes, const noc_parameters& parameters,
                 timing::event_queue& events);
    train_router(const train_router&) = delete;
    train_router& operator=(const train_router&) = delete;
    ~train_router();

    /// What is counted of a link that packets leave through.
    struct link_counts {
        std::uint64_t* packets = nullptr;
        std::uint64_t* waited = nullptr;  ///< packet-cycles that packets for it stood in buffers beyond the first
    };
    /// Where packets that leave through `p` go, and where credits for packets that came in there go; null if nowhere.
    void connect(port p, forward_interface* forward, backward_interface* backward, const link_counts& counts);

    /// A train that was sent at `*phase.times`, and has been held up `late` cycles on the link.
    void train_arrives(port from, burst& b, const link_phase& phase, timing::cycle late);
    void credits_arrive(port to, const link_phase& phase, timing::cycle late);

    void reset();

  private:
    static constexpr timing::cycle never = ~timing::cycle{0};
    static constexpr std::uint16_t none = 0xFFFF;

    /// Packets in a buffer, of one burst and successive. In a pool, since few of many buffers hold any.
    struct train {
        burst* carrier = nullptr;  ///< held by a reference
        packet_times arrivals;
        std::uint16_t next = none;  ///< train behind it
        std::uint8_t index = 0;     ///< its first packet's number in the burst
        std::uint8_t gone = 0;      ///< packets that have left
        std::uint8_t output = 0;
    };
    struct buffer {
        timing::cycle earliest = 0;  ///< for the next departure
        std::uint16_t head = none;
        std::uint16_t tail = none;
    };
    struct side {
        explicit side(std::uint32_t rate);
        forward_interface* forward = nullptr;
        backward_interface* backward = nullptr;
        link_counts counts;
        arbiter inputs;              ///< for this side's output
        arbiter channels;            ///< of this side's input
        std::uint16_t occupied = 0;  ///< channels of the input that hold packets
        std::uint16_t starved = 0;   ///< channels of the output that somebody needs a credit of
        std::uint8_t step;           ///< least cycles between two departures of a burst
        timing::slot_calendar slots;
    };

    void serve(void* subject) override;
    void arm(timing::cycle at);
    [[nodiscard]] bool allocate();
    [[nodiscard]] timing::cycle departure(std::uint32_t input, std::uint32_t channel);
    void send(std::uint32_t input, std::uint32_t channel, std::uint32_t limit);
    [[nodiscard]] packet_times plan(const train& t, side& output, const credit_line& credits, std::uint32_t limit);
    [[nodiscard]] buffer& at(std::uint32_t input, std::uint32_t channel) noexcept {
        return buffers_[input * channels_ + channel];
    }
    [[nodiscard]] credit_line& credits(std::uint32_t output, std::uint32_t channel) noexcept {
        return credits_[output * channels_ + channel];
    }
    void append(std::uint32_t input, std::uint32_t channel, burst& b, std::uint8_t index, const packet_times& arrivals);
    void pop(std::uint32_t input, std::uint32_t channel);
    void release_all();

    const std::uint16_t* routes_;
    timing::event_queue& events_;
    std::uint64_t order_;
    std::uint32_t hop_cycles_;
    arbitration_kind arbitration_;
    std::uint32_t channels_;
    std::uint32_t per_class_;
    std::uint32_t rounds_;
    std::uint32_t occupied_ports_ = 0;
    timing::cycle armed_ = never;
    std::vector<side> sides_;
    std::vector<buffer> buffers_;
    std::vector<credit_line> credits_;
    std::vector<train> trains_;
    std::uint16_t free_ = none;
};

}  // namespace d1::noc
