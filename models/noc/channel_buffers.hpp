#pragma once
// The buffers of a block at ca, and the credits for those at the other ends of its links.

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <memory>

#include "models/noc/delay_wheel.hpp"
#include "models/packet/burst.hpp"
#include "models/packet/coordinate.hpp"
#include "models/timing/cycle.hpp"

namespace d1::noc {

inline constexpr std::uint32_t max_channels = 16;
/// Channels of all ports of a block.
inline constexpr std::uint32_t max_places = port_count * max_channels;

/// A packet in a buffer, or on its way into it.
struct buffered_packet {
    burst* carrier = nullptr;             ///< held by a reference
    std::uint32_t since = 0;              ///< first cycle in which it can leave, modulo 2^32
    std::uint16_t route = 0;              ///< where its owner looks up the port it wants
    std::uint8_t index = 0;               ///< in its burst
    std::uint8_t output : 7 = 0;          ///< the port it wants, or whatever its owner puts down before it knows
    bool sent_without_fault : 1 = false;  ///< once its output is free again; see link_errors
};

/// A first-in first-out buffer for each (input port, channel), `depth` packets each. A packet has its place from the
/// time it is sent, and is there from `since` on, which whoever looks at the first one must ask for: whether what is
/// sent in a cycle has been put down before or after that does not matter then.
/// Credits keep senders from overfilling a buffer: that is asserted.
/// With four channels all but the packets is in one line of the host's cache.
class alignas(64) channel_buffers {
  public:
    channel_buffers(std::uint32_t channels, std::uint32_t depth, std::uint32_t ports)
        : depth_(static_cast<std::uint8_t>(depth)),
          channel_bits_(static_cast<std::uint8_t>(std::bit_width(channels - 1))),
          place_bits_(static_cast<std::uint8_t>(std::bit_width(depth - 1))),
          queues_(static_cast<std::uint16_t>(ports << channel_bits_)),
          places_(std::make_unique<buffered_packet[]>(std::size_t{queues_} << place_bits_)) {}

    /// Ports with a packet in any channel or under way to it, bit p for port p.
    [[nodiscard]] std::uint32_t occupied_ports() const noexcept { return ports_; }
    /// Channels of `port` that hold a packet or have one under way, bit c for channel c.
    [[nodiscard]] std::uint32_t occupied(std::uint32_t port) const noexcept { return occupied_[port]; }
    /// Packets that are there or under way.
    [[nodiscard]] std::uint32_t size(std::uint32_t port, std::uint32_t channel) const noexcept {
        return rings_[queue(port, channel)].held;
    }
    /// The first packet of an occupied channel.
    [[nodiscard]] buffered_packet& front(std::uint32_t port, std::uint32_t channel) noexcept {
        return places_[place(queue(port, channel), 0)];
    }
    [[nodiscard]] const buffered_packet& front(std::uint32_t port, std::uint32_t channel) const noexcept {
        return places_[place(queue(port, channel), 0)];
    }
    /// No packet is here or under way.
    [[nodiscard]] bool empty() const noexcept { return ports_ == 0; }

    /// A packet is sent that is there from `packet.since` on; those of a channel come in the order in which they are
    /// sent.
    void put(std::uint32_t port, std::uint32_t channel, const buffered_packet& packet) noexcept {
        const std::uint32_t q = queue(port, channel);
        ring& r = rings_[q];
        assert(r.held < depth_);
        if (r.held == 0) {
            r.head = 0;  // short queues stay within one line of the host's cache
            occupied_[port] = static_cast<std::uint16_t>(occupied_[port] | 1U << channel);
            ports_ = static_cast<std::uint8_t>(ports_ | 1U << port);
        }
        places_[place(q, r.held)] = packet;
        ++r.held;
    }
    void pop(std::uint32_t port, std::uint32_t channel) noexcept {
        ring& r = rings_[queue(port, channel)];
        assert(r.held > 0);
        ++r.head;
        if (--r.held == 0) {
            occupied_[port] = static_cast<std::uint16_t>(occupied_[port] & ~(1U << channel));
            ports_ = static_cast<std::uint8_t>(ports_ & ~(std::uint32_t{occupied_[port] == 0} << port));
        }
    }
    /// Gives back every packet that is here or under way.
    void release_all() noexcept {
        for (std::uint32_t q = 0; q < queues_; ++q) {
            for (ring& r = rings_[q]; r.held > 0; --r.held, ++r.head) {
                intrusive_ptr_release(places_[place(q, 0)].carrier);
            }
            rings_[q] = {};
        }
        occupied_ = {};
        ports_ = 0;
    }

  private:
    struct ring {
        std::uint8_t head = 0;  // modulo the places of a queue
        std::uint8_t held = 0;
    };
    [[nodiscard]] std::uint32_t queue(std::uint32_t port, std::uint32_t channel) const noexcept {
        return (port << channel_bits_) + channel;
    }
    /// Of the i-th packet of queue q.
    [[nodiscard]] std::size_t place(std::uint32_t q, std::uint32_t i) const noexcept {
        return (std::size_t{q} << place_bits_) + ((rings_[q].head + i) & ((1U << place_bits_) - 1));
    }

    std::array<std::uint16_t, port_count> occupied_{};
    std::uint8_t ports_ = 0;
    [[maybe_unused]] std::uint8_t depth_;  // for what is asserted
    std::uint8_t channel_bits_;
    std::uint8_t place_bits_;
    std::uint16_t queues_;
    std::unique_ptr<buffered_packet[]> places_;  // of each queue a power of two
    std::array<ring, max_places> rings_{};
};

/// Whether a packet is in its buffer in cycle `now`, and not under way to it.
[[nodiscard]] inline bool is_there(const buffered_packet& packet, timing::cycle now) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(now) - packet.since) >= 0;
}

/// The credits that a block holds for each (output port, channel): places that are free at the other end.
/// With four channels all but what is under way is in one line of the host's cache.
class alignas(64) channel_credits {
  public:
    /// `way`: cycles that a credit takes back.
    channel_credits(std::uint32_t channels, std::uint32_t depth, std::uint32_t ports, std::uint32_t way)
        : depth_(static_cast<std::uint8_t>(depth)),
          channel_bits_(static_cast<std::uint8_t>(std::bit_width(channels - 1))),
          all_(static_cast<std::uint16_t>((1U << channels) - 1)),
          way_(way),
          back_(ports * channels * depth, way) {
        reset();
    }

    [[nodiscard]] std::uint32_t left(std::uint32_t port, std::uint32_t channel) const noexcept {
        return left_[line(port, channel)];
    }
    /// Channels of `port` with a credit left, bit c for channel c.
    [[nodiscard]] std::uint32_t available(std::uint32_t port) const noexcept { return available_[port]; }
    void spend(std::uint32_t port, std::uint32_t channel) noexcept {
        std::uint8_t& left = left_[line(port, channel)];
        assert(left > 0);
        --left;
        available_[port] = static_cast<std::uint16_t>(available_[port] & ~(std::uint32_t{left == 0} << channel));
    }
    /// A credit is sent back in cycle `now`.
    void put(std::uint32_t port, std::uint32_t channel, timing::cycle now) noexcept {
        if (back_.taken() != now) {
            advance(now);
        }
        back_.put(line(port, channel), now + way_);
    }
    /// What has come back by cycle `now` is there. To be called before the credits of that cycle are asked for; nobody
    /// needs to be awake for their sake.
    void advance(timing::cycle now) noexcept {
        back_.take(now, [this](std::uint32_t number) {
            const std::uint32_t port = number >> channel_bits_;
            const std::uint32_t channel = number & ((1U << channel_bits_) - 1);
            assert(left_[number] < depth_);
            ++left_[number];
            available_[port] = static_cast<std::uint16_t>(available_[port] | 1U << channel);
        });
    }
    void reset() noexcept {
        left_.fill(static_cast<std::uint8_t>(depth_));
        available_.fill(all_);
        back_.clear();
    }

  private:
    [[nodiscard]] std::uint32_t line(std::uint32_t port, std::uint32_t channel) const noexcept {
        return (port << channel_bits_) + channel;
    }

    std::array<std::uint16_t, port_count> available_{};
    std::uint8_t depth_;
    std::uint8_t channel_bits_;
    std::uint16_t all_;
    std::uint32_t way_;
    delay_wheel back_;
    std::array<std::uint8_t, max_places> left_{};
};

}  // namespace d1::noc
