#pragma once
// A network interface's cycle-accurate level; an inner part of the interface.

#include <array>
#include <cstdint>

#include "models/noc/arbiter.hpp"
#include "models/noc/channel_buffers.hpp"
#include "models/noc/network_interface_parts.hpp"

namespace d1::noc {

/// Packets leave one by one: of each class one burst at a time is under way, the classes take turns packet by packet,
/// and a packet of a class goes when its line has been read, its channel has a credit and the injection link is free.
/// Packets come into a buffer for each channel and are taken from it in order: data as fast as the mesh write port
/// allows, push data as there is room for the answer, pull requests as there is room for the reply (`reply_depth`
/// each), all else at once. So requests wait for data, and data for responses, which always leave: no circle.
///
/// The mesh read port reads the next packet's line in the cycle in which the last packet leaves, at the earliest. Where
/// the SRAM has banks, a line is read, and a packet taken, when its bank is free; reads and writes that want the same
/// one take turns. A burst arrives as one, arrival_cycles after its last packet has been taken, whatever the order of
/// its packets.
/// Not modelled: a place for each line of a burst while it waits for its other packets.
class network_interface::cycle_level final : public timing::clocked_block {
  public:
    explicit cycle_level(network_interface& owner);
    ~cycle_level() override;

    void packet_arrives(burst& b, const link_phase& phase);
    void credit_arrives(const link_phase& phase);
    /// Something is ready to be injected in the present cycle. For events alone.
    void wake() { events_.activate(*this); }
    /// A place of the window is free from the next cycle on.
    void burst_answered();
    /// A pull request turned out to be answered with an error.
    void reply_becomes_answer() noexcept;
    void reset();

  private:
    struct departure {
        burst_ptr carrier;        // null: none under way
        std::uint32_t next = 0;   // packet
        std::uint32_t lines = 0;  // of it, still to be read
        std::uint32_t channel = 0;
    };

    void evaluate() override;
    bool commit() override;
    [[nodiscard]] std::uint32_t ready_classes(timing::cycle now);
    void begin(message_class c, timing::cycle now);
    void inject();
    void want_lines(departure& d);
    void read_lines(departure& d);
    [[nodiscard]] bool takes_bank(const burst& b, std::uint32_t packet);
    void take_packets();
    void send(message_class c, timing::cycle now);
    [[nodiscard]] bool may_take(const burst& b, std::uint32_t lines_left) const;
    void take(std::uint32_t channel);
    void arrived(burst& b);
    [[nodiscard]] bool has_departures() const noexcept;
    [[nodiscard]] std::uint32_t& owed(message_class c) noexcept { return owed_[static_cast<std::size_t>(c)]; }
    [[nodiscard]] std::uint32_t owed(message_class c) const noexcept { return owed_[static_cast<std::size_t>(c)]; }

    network_interface& owner_;
    timing::event_queue& events_;
    std::array<departure, message_class_count> departures_;
    arbiter classes_;
    arbiter taken_;                                          // whose turn among the channels
    std::array<std::uint32_t, message_class_count> owed_{};  // replies and answers that have a place of reply_depth
    std::uint32_t answered_ = 0;                             // places of the window that the next cycle finds free
    std::uint32_t reads_left_ = 0;                           // at the mesh read port, of this cycle
    bool writes_first_ = false;                              // a read has been before a write that wanted its bank
    channel_buffers buffers_;                                // of one port
    channel_credits credits_;                                // for one port
};

}  // namespace d1::noc
