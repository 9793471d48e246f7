#pragma once
// A router's approximately timed level.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "models/noc/adaptive_choice.hpp"
#include "models/noc/arbiter.hpp"
#include "models/noc/channel_buffers.hpp"
#include "models/noc/credit_lines.hpp"
#include "models/noc/link_counts.hpp"
#include "models/noc/link_errors.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/router_base.hpp"
#include "models/noc/slot_window.hpp"
#include "models/noc/train_limit.hpp"
#include "models/packet/link.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// The router of cycle_router, with its buffers, credits and arbitration, but moved by events instead of every cycle: a
/// train, some successive packets of a burst on one channel, leaves as a whole when its first packet does.
///
/// When the first packet of a buffer is there, has a credit, and the link that it wants is free, it leaves with those
/// behind it of the same burst, as far as there are credits whose time is known. Each leaves in the first free slot of
/// the link at or after its own arrival, its credit and the packet before it; these cycles are told to the next router
/// and, as credits, to the one before. Where bursts from several inputs or channels leave for the same link, packets
/// leave one by one and in turns (train_limit). A burst of one packet, such as a signal or an answer, does not wait for
/// the end of a train: it goes between two packets of it, every other cycle at most, as at ca; and since the train's
/// cycles have been told, the next slot that is free stays empty for it. Single packets therefore leave in the same
/// cycles as at ca, and bursts that no other crosses too.
///
/// Under an adaptive policy the next train of a buffer goes as the next packet does at ca, by the credits that are
/// known. Where links corrupt packets they leave one by one, and one that is sent again stops its link meanwhile.
///
/// Not modelled: that a burst which comes to a link while a train leaves alternates with the rest of it; that a train
/// ends a cycle later for each packet that went between its own; that an input
/// passes on one packet a cycle, where a train on one of its channels is still leaving as another channel's begins.
class train_router final : private timing::sleeper {
  public:
    using forward_interface = tlm::tlm_fw_nonblocking_transport_if<burst, link_phase>;
    using backward_interface = tlm::tlm_bw_nonblocking_transport_if<burst, link_phase>;

    /// `routes` and `exits` as for cycle_router.
    train_router(node_index here, std::span<const std::uint16_t> routes, const std::uint32_t* exits,
                 const link_errors& errors, const noc_parameters& parameters, timing::event_queue& events);
    train_router(const train_router&) = delete;
    train_router& operator=(const train_router&) = delete;
    ~train_router() override;

    /// Where packets that leave through `p` go and are counted, and where credits for packets that came in there go;
    /// null if nowhere.
    void connect(port p, forward_interface* forward, backward_interface* backward, link_counts& counts);

    /// A train that was sent at `*phase.times`, and has been held up `late` cycles on the link.
    void train_arrives(port from, burst& b, const link_phase& phase, timing::cycle late);
    void credits_arrive(port to, const link_phase& phase, timing::cycle late);

    /// The first packet of each buffer that holds any: where it stands and what it waits for.
    [[nodiscard]] std::vector<buffer_wait> waits() const;
    void reset();

  private:
    static constexpr timing::cycle never = credit_lines::never;
    static constexpr std::uint16_t none = 0xFFFF;

    /// Packets in a buffer, of one burst and successive. In a pool, since few of many buffers hold any.
    struct train {
        burst* carrier = nullptr;   ///< held by a reference
        std::uint16_t next = none;  ///< train behind it
        std::uint8_t index = 0;     ///< its first packet's number in the burst
        std::uint8_t gone = 0;      ///< packets that have left
        std::uint8_t output = 0;
        bool is_lone = false;  ///< the packet is a burst of its own
        packet_times arrivals;
    };
    struct buffer {
        timing::cycle ready = 0;  ///< its first packet is there, and the one before it has left
        std::uint16_t head = none;
        std::uint16_t tail = none;
        std::uint8_t output = 0;          ///< of its first packet
        bool is_lone = false;             ///< its first packet
        bool sent_without_fault = false;  ///< its first packet, the last time
    };
    struct side {
        explicit side(std::uint32_t rate);
        slot_window slots;
        train_limit length;           ///< of what leaves for this side's output
        std::uint16_t occupied = 0;   ///< channels of the input that hold packets
        std::uint16_t starved = 0;    ///< channels of the output that somebody needs a credit of
        arbiter inputs;               ///< for this side's output
        arbiter channels;             ///< of this side's input
        std::uint8_t step;            ///< least cycles between two departures of a burst
        timing::cycle next_lone = 0;  ///< may go between the packets of a train
        timing::cycle sending_again_until = 0;
        forward_interface* forward = nullptr;
        backward_interface* backward = nullptr;
        link_counts* counts = nullptr;
    };

    void wake() override;
    [[nodiscard]] timing::cycle allocate();
    [[nodiscard]] timing::cycle departure(std::uint32_t input, std::uint32_t channel);
    void send(std::uint32_t input, std::uint32_t channel, std::uint32_t limit);
    void plan(const train& t, side& output, std::uint32_t line, std::uint32_t limit, packet_times& times);
    /// Of what there is for each (port, channel): the ports of a channel lie together in the host's cache, since most
    /// packets are on one channel.
    [[nodiscard]] static std::uint32_t place(std::uint32_t side, std::uint32_t channel) noexcept {
        return channel * port_count + side;
    }
    [[nodiscard]] buffer& at(std::uint32_t input, std::uint32_t channel) noexcept {
        return buffers_[place(input, channel)];
    }
    void expose(buffer& queue);
    void choose_output(std::uint32_t input, std::uint32_t channel);
    [[nodiscard]] bool is_corrupted(std::uint32_t input, std::uint32_t channel);
    void append(std::uint32_t input, std::uint32_t channel, burst& b, std::uint8_t index, const packet_times& arrivals);
    void pop(std::uint32_t input, std::uint32_t channel);
    void release_all();

    const std::uint16_t* routes_;
    const std::uint32_t* exits_;
    link_errors errors_;
    timing::event_queue& events_;
    std::uint32_t hop_cycles_;
    std::uint32_t link_cycles_;
    arbitration_kind arbitration_;
    std::uint32_t rounds_;
    adaptive_choice choice_;
    std::uint32_t occupied_ports_ = 0;
    std::vector<side> sides_;
    std::vector<buffer> buffers_;
    credit_lines credits_;  // of all outputs' channels
    std::vector<train> trains_;
    std::uint16_t free_ = none;
};

}  // namespace d1::noc
