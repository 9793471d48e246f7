#pragma once
// A network interface's approximately timed level; an inner part of the interface.

#include <algorithm>
#include <array>
#include <boost/container/devector.hpp>
#include <cstdint>
#include <vector>

#include "models/noc/arbiter.hpp"
#include "models/noc/credit_lines.hpp"
#include "models/noc/network_interface_parts.hpp"
#include "models/timing/slot_calendar.hpp"

namespace d1::noc {

/// The interface of cycle_level, moved by events: of each class one burst at a time is under way, and leaves in trains
/// of packets whose lines have been read and whose credits are known. Data alone come in trains: bursts of the other
/// classes are single packets, and go between those of a train (train_router). Trains
/// that come in are taken at once, data as fast as the mesh write port allows, unless there is no room for the reply to
/// a pull request or for the answer to a push: then they wait, and their places in the buffer with them.
class network_interface::train_level final {
  public:
    explicit train_level(network_interface& owner);

    void train_arrives(burst& b, const link_phase& phase, timing::cycle late);
    void credits_arrive(const link_phase& phase, timing::cycle late);
    /// Injects what is ready in the present cycle. For events alone.
    void go_on();
    /// The first cycle in which anything could be injected, or bursts could be cut for it; no_cycle if none is known.
    [[nodiscard]] timing::cycle next_departure() const;
    /// When the injection link takes the next packet, if that is a burst of its own.
    [[nodiscard]] timing::cycle link_free() const { return std::min(owner_.port_free_, next_lone_); }
    /// A pull request turned out to be answered with an error.
    void reply_becomes_answer();
    void reset();

  private:
    struct leaving_burst {
        burst_ptr carrier;        // null: none, or none that has packets left
        timing::cycle gone = 0;   // the one before has left
        std::uint32_t next = 0;   // packet
        timing::cycle ready = 0;  // its line has been read
        std::uint32_t channel = 0;
    };
    struct held_train {
        burst_ptr carrier;
        packet_times times;
        std::uint8_t index = 0;
    };

    [[nodiscard]] timing::cycle departure(const leaving_burst& d) const;
    void begin(message_class c);
    void read_line(leaving_burst& d, timing::cycle at);
    void send(message_class c);
    [[nodiscard]] bool may_take(const burst& b, std::uint32_t packets) const;
    void take(burst& b, std::uint32_t channel, std::uint8_t index, const packet_times& arrivals);
    void take_held();
    [[nodiscard]] std::uint32_t& owed(message_class c) noexcept { return owed_[static_cast<std::size_t>(c)]; }
    [[nodiscard]] std::uint32_t owed(message_class c) const noexcept { return owed_[static_cast<std::size_t>(c)]; }

    network_interface& owner_;
    timing::event_queue& events_;
    std::array<leaving_burst, message_class_count> departures_;
    credit_lines credits_;  // by channel
    arbiter classes_;
    timing::cycle next_lone_ = 0;  // a packet that is a burst of its own may go between those of a train
    std::array<std::uint32_t, message_class_count> owed_{};     // replies and answers that have a place of reply_depth
    std::vector<boost::container::devector<held_train>> held_;  // by channel
    timing::slot_calendar write_port_;
};

}  // namespace d1::noc
