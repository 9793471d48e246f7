#pragma once
// The input buffers of a router at ca.

#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

#include "models/packet/burst.hpp"
#include "models/packet/coordinate.hpp"
#include "models/timing/cycle.hpp"

namespace d1::noc {

/// A packet in a buffer.
struct buffered_packet {
    burst* carrier = nullptr;  ///< held by a reference while the packet is in a buffer
    timing::cycle since = 0;   ///< first cycle in which it could leave
    std::uint8_t index = 0;    ///< in its burst
    std::uint8_t output = 0;   ///< the port it wants
};

/// A first-in first-out buffer for each (input port, channel), `depth` packets each, in one array; and which of them
/// hold anything. Credits keep senders from overfilling one: that is asserted.
class channel_buffers {
  public:
    static constexpr std::uint32_t max_channels = 16;

    channel_buffers(std::uint32_t channels, std::uint32_t depth, std::uint32_t ports = port_count)
        : channels_(channels),
          depth_(depth),
          stride_(std::bit_ceil(depth)),
          places_(std::size_t{ports} * channels * stride_),
          rings_(std::size_t{ports} * channels) {}

    /// Ports with a packet in any channel, bit p for port p.
    [[nodiscard]] std::uint32_t occupied_ports() const noexcept { return ports_; }
    /// Channels of `port` that hold a packet, bit c for channel c.
    [[nodiscard]] std::uint32_t occupied(std::uint32_t port) const noexcept { return occupied_[port]; }
    [[nodiscard]] std::uint32_t size(std::uint32_t port, std::uint32_t channel) const noexcept {
        return rings_[port * channels_ + channel].count;
    }
    [[nodiscard]] const buffered_packet& front(std::uint32_t port, std::uint32_t channel) const noexcept {
        const std::uint32_t number = port * channels_ + channel;
        return places_[std::size_t{number} * stride_ + rings_[number].head];
    }

    void push(std::uint32_t port, std::uint32_t channel, const buffered_packet& packet) noexcept {
        const std::uint32_t number = port * channels_ + channel;
        ring& r = rings_[number];
        assert(r.count < depth_);
        places_[std::size_t{number} * stride_ + ((r.head + r.count) & (stride_ - 1))] = packet;
        ++r.count;
        occupied_[port] = static_cast<std::uint16_t>(occupied_[port] | 1U << channel);
        ports_ |= 1U << port;
    }
    void pop(std::uint32_t port, std::uint32_t channel) noexcept {
        ring& r = rings_[port * channels_ + channel];
        assert(r.count > 0);
        r.head = static_cast<std::uint8_t>((r.head + 1U) & (stride_ - 1));
        if (--r.count == 0) {
            occupied_[port] = static_cast<std::uint16_t>(occupied_[port] & ~(1U << channel));
            if (occupied_[port] == 0) {
                ports_ &= ~(1U << port);
            }
        }
    }
    [[nodiscard]] std::uint32_t depth() const noexcept { return depth_; }

  private:
    struct ring {
        std::uint8_t head = 0;
        std::uint8_t count = 0;
    };
    std::uint32_t channels_;
    std::uint32_t depth_;
    std::uint32_t stride_;
    std::uint32_t ports_ = 0;
    std::array<std::uint16_t, port_count> occupied_{};
    std::vector<buffered_packet> places_;
    std::vector<ring> rings_;
};

}  // namespace d1::noc
