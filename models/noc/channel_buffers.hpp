#pragma once
// The buffers of a block at ca, and the credits for those at the other ends of its links.

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <vector>

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
    burst* carrier = nullptr;         ///< held by a reference
    std::uint32_t since = 0;          ///< first cycle in which it can leave, modulo 2^32
    std::uint8_t index = 0;           ///< in its burst
    std::uint8_t output = 0;          ///< the port it wants
    bool sent_without_fault = false;  ///< once its output is free again; see link_errors
};

/// A first-in first-out buffer for each (input port, channel), `depth` packets each. A packet has its place from the
/// time it is sent and comes to light when it arrives, at advance(); until then nothing else shows that it is there.
/// Credits keep senders from overfilling a buffer: that is asserted.
class channel_buffers {
  public:
    /// Packets arrive at most `longest_way` cycles after they were sent.
    channel_buffers(std::uint32_t channels, std::uint32_t depth, std::uint32_t ports, std::uint32_t longest_way)
        : depth_(depth),
          channels_(channels),
          stride_(std::bit_ceil(depth)),
          places_(std::size_t{ports} * channels * stride_),
          arrivals_(ports * channels * depth, longest_way) {}

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
    /// No packet is here or under way.
    [[nodiscard]] bool empty() const noexcept { return ports_ == 0 && arrivals_.empty(); }

    void set_sent_without_fault(std::uint32_t port, std::uint32_t channel) noexcept {
        const std::uint32_t number = port * channels_ + channel;
        places_[std::size_t{number} * stride_ + rings_[number].head].sent_without_fault = true;
    }
    /// The first packet wants another output.
    void redirect(std::uint32_t port, std::uint32_t channel, std::uint32_t output) noexcept {
        const std::uint32_t number = port * channels_ + channel;
        places_[std::size_t{number} * stride_ + rings_[number].head].output = static_cast<std::uint8_t>(output);
    }

    /// A packet is sent that arrives at `due`; packets of a channel arrive in the order in which they are sent.
    void put(std::uint32_t port, std::uint32_t channel, burst& carrier, std::uint8_t index, std::uint32_t output,
             timing::cycle due) noexcept {
        const std::uint32_t number = port * channels_ + channel;
        ring& r = rings_[number];
        assert(r.held < depth_);
        if (r.held == 0) {
            r.head = 0;  // short queues stay within one line of the host's cache
        }
        places_[std::size_t{number} * stride_ + ((r.head + std::uint32_t{r.held}) & (stride_ - 1))] = {
            &carrier, static_cast<std::uint32_t>(due), index, static_cast<std::uint8_t>(output), false};
        ++r.held;
        arrivals_.put(port * max_channels + channel, due);
    }
    /// What arrives in cycle `now` is there.
    void advance(timing::cycle now) noexcept {
        arrivals_.take(now, [this](std::uint32_t place) {
            const std::uint32_t port = place / max_channels;
            const std::uint32_t channel = place % max_channels;
            ++rings_[port * channels_ + channel].count;
            occupied_[port] = static_cast<std::uint16_t>(occupied_[port] | 1U << channel);
            ports_ |= 1U << port;
        });
    }
    void pop(std::uint32_t port, std::uint32_t channel) noexcept {
        ring& r = rings_[port * channels_ + channel];
        assert(r.count > 0);
        r.head = static_cast<std::uint8_t>((r.head + 1U) & (stride_ - 1));
        --r.held;
        if (--r.count == 0) {
            occupied_[port] = static_cast<std::uint16_t>(occupied_[port] & ~(1U << channel));
            ports_ &= ~(std::uint32_t{occupied_[port] == 0} << port);
        }
    }
    /// Gives back every packet that is here or under way.
    void release_all() noexcept {
        for (std::size_t number = 0; number < places_.size() / stride_; ++number) {
            for (ring& r = rings_[number]; r.held > 0; --r.held) {
                intrusive_ptr_release(places_[number * stride_ + r.head].carrier);
                r.head = static_cast<std::uint8_t>((r.head + 1U) & (stride_ - 1));
            }
            rings_[number] = {};
        }
        occupied_ = {};
        ports_ = 0;
        arrivals_.clear();
    }

  private:
    struct ring {
        std::uint8_t head = 0;
        std::uint8_t count = 0;  // packets that are there
        std::uint8_t held = 0;   // and those under way
    };
    std::uint32_t ports_ = 0;
    std::array<std::uint16_t, port_count> occupied_{};
    std::uint32_t depth_;
    std::uint32_t channels_;
    std::uint32_t stride_;
    std::vector<buffered_packet> places_;
    delay_wheel arrivals_;
    std::array<ring, max_places> rings_{};
};

/// The credits that a block holds for each (output port, channel): places that are free at the other end.
class channel_credits {
  public:
    channel_credits(std::uint32_t channels, std::uint32_t depth, std::uint32_t ports, std::uint32_t longest_way)
        : depth_(depth), channels_(channels), back_(ports * channels * depth, longest_way) {
        reset();
    }

    [[nodiscard]] std::uint32_t left(std::uint32_t port, std::uint32_t channel) const noexcept {
        return left_[port * channels_ + channel];
    }
    /// Channels of `port` with a credit left, bit c for channel c.
    [[nodiscard]] std::uint32_t available(std::uint32_t port) const noexcept { return available_[port]; }
    /// No credit is under way.
    [[nodiscard]] bool settled() const noexcept { return back_.empty(); }

    void spend(std::uint32_t port, std::uint32_t channel) noexcept {
        std::uint8_t& left = left_[port * channels_ + channel];
        assert(left > 0);
        --left;
        available_[port] = static_cast<std::uint16_t>(available_[port] & ~(std::uint32_t{left == 0} << channel));
    }
    /// A credit is sent back that is here at `due`.
    void put(std::uint32_t port, std::uint32_t channel, timing::cycle due) noexcept {
        back_.put(port * max_channels + channel, due);
    }
    /// What arrives in cycle `now` is there.
    void advance(timing::cycle now) noexcept {
        back_.take(now, [this](std::uint32_t place) {
            const std::uint32_t port = place / max_channels;
            const std::uint32_t channel = place % max_channels;
            assert(left(port, channel) < depth_);
            ++left_[port * channels_ + channel];
            available_[port] = static_cast<std::uint16_t>(available_[port] | 1U << channel);
        });
    }
    void reset() noexcept {
        left_.fill(static_cast<std::uint8_t>(depth_));
        available_.fill(static_cast<std::uint16_t>((1U << channels_) - 1));
        back_.clear();
    }

  private:
    std::array<std::uint16_t, port_count> available_{};
    std::uint32_t depth_;
    std::uint32_t channels_;
    delay_wheel back_;
    std::array<std::uint8_t, max_places> left_{};
};

}  // namespace d1::noc
