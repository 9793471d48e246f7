#pragma once
// The cycle-accurate mesh once more, as flat arrays without SystemC: what the model's speed is held against.

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <deque>
#include <vector>

#include "models/packet/burst.hpp"
#include "models/packet/coordinate.hpp"
#include "models/timing/cycle.hpp"

namespace d1::benchmarks {

/// The routers of noc::cycle_router with its defaults: input buffers of `depth` packets for each message class,
/// credits, xy routing, round robin among the channels of an input and among the inputs of an output, one cycle a hop,
/// links, injection and ejection of one packet a cycle; with noc::cycle_sender's unbounded queues in front and sinks
/// that take every packet behind. Packets are single; what is counted of links is counted too.
///
/// Written for speed: packets by value, no calls between routers, lists of what arrives at the end of the cycle, and a
/// bitmap of the routers and sources that hold anything. Nothing else can be set, replaced or looked at on a link.
class flat_mesh {
  public:
    struct packet {
        std::uint32_t number = 0;  ///< the sender's own
        std::uint32_t since = 0;   ///< first cycle in which it could leave where it stands
        std::uint16_t source = 0;
        std::uint8_t x = 0;  ///< of the destination
        std::uint8_t y = 0;
        std::uint8_t output = 0;
        std::uint8_t hops = 0;
    };

    explicit flat_mesh(grid places)
        : places_(places),
          routers_(places.size()),
          sources_(places.size()),
          slots_(std::size_t{places.size()} * port_count * channels * depth),
          counts_(std::size_t{places.size()} * port_count),
          active_routers_((places.size() + 63) / 64),
          active_sources_((places.size() + 63) / 64) {
        for (std::uint32_t i = 0; i < places.size(); ++i) {
            const coordinate c = places.at(static_cast<node_index>(i));
            routers_[i].x = static_cast<std::uint8_t>(c.x);
            routers_[i].y = static_cast<std::uint8_t>(c.y);
            for (std::uint32_t p = 0; p < port_count; ++p) {
                routers_[i].available[p] = all_channels;
                routers_[i].credits[p].fill(depth);
            }
            sources_[i].credits.fill(depth);
        }
        neighbour_ = {-1, 1, -places.columns, places.columns, 0};
    }

    [[nodiscard]] timing::cycle now() const noexcept { return now_; }
    [[nodiscard]] bool empty() const noexcept { return under_way_ == 0 && credits_back_.empty(); }

    /// Queues a packet in the present cycle.
    void send(std::uint32_t number, node_index here, node_index destination, message_class c) {
        const coordinate to = places_.at(destination);
        const std::uint32_t from = to_number(here);
        const auto channel = static_cast<std::uint32_t>(c);
        sources_[from].queues[channel].push_back({number, 0, static_cast<std::uint16_t>(from),
                                                  static_cast<std::uint8_t>(to.x), static_cast<std::uint8_t>(to.y), 0,
                                                  0});
        sources_[from].waiting |= static_cast<std::uint8_t>(1U << channel);
        mark(active_sources_, from);
        ++under_way_;
    }

    /// One cycle. Calls deliver(packet) for each packet that leaves the mesh in it; it stands in its node in the next.
    template <typename Deliver>
    void step(Deliver&& deliver) {
        for_each(active_sources_, [&](std::uint32_t node) { return inject(node); });
        for_each(active_routers_, [&](std::uint32_t node) { return route(node, deliver); });
        ++now_;
        for (const std::uint32_t place : arrived_) {
            const std::uint32_t node = place / (port_count * channels);
            const std::uint32_t port = place / channels % port_count;
            router& r = routers_[node];
            ++r.rings[place % (port_count * channels)].count;
            r.occupied[port] |= static_cast<std::uint8_t>(1U << place % channels);
            r.ports |= static_cast<std::uint8_t>(1U << port);
            mark(active_routers_, node);
        }
        arrived_.clear();
        for (const std::uint32_t place : credits_back_) {
            const std::uint32_t node = place / (port_count * channels);
            const std::uint32_t port = place / channels % port_count;
            const std::uint32_t channel = place % channels;
            // What goes back from a local input goes to the node's source; a local output has its credit from the sink.
            ++routers_[node].credits[port][channel];
            routers_[node].available[port] |= static_cast<std::uint8_t>(1U << channel);
        }
        credits_back_.clear();
        for (const std::uint32_t place : source_credits_back_) {
            ++sources_[place / channels].credits[place % channels];
        }
        source_credits_back_.clear();
    }

    [[nodiscard]] std::uint64_t packets(node_index n, port p) const {
        return count(to_number(n), to_number(p)).packets;
    }
    [[nodiscard]] std::uint64_t waited(node_index n, port p) const { return count(to_number(n), to_number(p)).waited; }

  private:
    static constexpr std::uint32_t channels = message_class_count;
    static constexpr std::uint32_t depth = 8;
    static constexpr std::uint8_t all_channels = (1U << channels) - 1;
    static constexpr std::uint32_t local = to_number(port::local);

    struct ring {
        std::uint8_t head = 0;
        std::uint8_t count = 0;
        std::uint8_t held = 0;
    };
    struct alignas(64) router {
        std::uint8_t x = 0;
        std::uint8_t y = 0;
        std::uint8_t ports = 0;                            // inputs with a packet
        std::array<std::uint8_t, port_count> occupied{};   // channels of an input with a packet
        std::array<std::uint8_t, port_count> available{};  // channels of an output with a credit
        std::array<std::uint8_t, port_count> next_channel{};
        std::array<std::uint8_t, port_count> next_input{};
        std::array<std::array<std::uint8_t, channels>, port_count> credits{};
        std::array<ring, std::size_t{port_count} * channels> rings{};
    };
    struct source {
        std::uint8_t waiting = 0;
        std::uint8_t next = 0;
        std::array<std::uint8_t, channels> credits{};
        std::array<std::deque<packet>, channels> queues;
    };
    struct link_count {
        std::uint64_t packets = 0;
        std::uint64_t waited = 0;
    };

    [[nodiscard]] const link_count& count(std::uint32_t node, std::uint32_t p) const {
        return counts_[node * port_count + p];
    }
    static void mark(std::vector<std::uint64_t>& bits, std::uint32_t n) { bits[n / 64] |= 1ULL << n % 64; }

    /// Calls visit(n), which returns whether n stays, for every bit set.
    template <typename Visit>
    static void for_each(std::vector<std::uint64_t>& bits, Visit&& visit) {
        for (std::size_t w = 0; w < bits.size(); ++w) {
            for (std::uint64_t left = bits[w]; left != 0; left &= left - 1) {
                const auto bit = static_cast<std::uint32_t>(std::countr_zero(left));
                if (!visit(static_cast<std::uint32_t>(64 * w) + bit)) {
                    bits[w] &= ~(1ULL << bit);
                }
            }
        }
    }

    [[nodiscard]] static std::uint32_t pick(std::uint32_t requests, std::uint32_t next) {
        const std::uint32_t behind = requests & (~0U << next);
        return static_cast<std::uint32_t>(std::countr_zero(behind != 0 ? behind : requests));
    }

    [[nodiscard]] packet* slot(std::uint32_t node, std::uint32_t number, std::uint32_t at) {
        return &slots_[(std::size_t{node} * port_count * channels + number) * depth + at % depth];
    }

    /// Writes a packet into the place it will stand in from the next cycle on.
    void put(std::uint32_t node, std::uint32_t port, std::uint32_t channel, packet p) {
        router& r = routers_[node];
        p.since = static_cast<std::uint32_t>(now_) + 1;
        const std::uint32_t row = p.y < r.y ? to_number(port::north) : p.y > r.y ? to_number(port::south) : local;
        p.output = static_cast<std::uint8_t>(p.x < r.x   ? to_number(port::west)
                                             : p.x > r.x ? to_number(port::east)
                                                         : row);
        const std::uint32_t number = port * channels + channel;
        ring& q = r.rings[number];
        assert(q.held < depth);
        if (q.held == 0) {
            q.head = 0;
        }
        *slot(node, number, std::uint32_t{q.head} + q.held) = p;
        ++q.held;
        arrived_.push_back(node * port_count * channels + number);
    }

    bool inject(std::uint32_t node) {
        source& s = sources_[node];
        std::uint32_t ready = 0;
        for (std::uint32_t left = s.waiting; left != 0; left &= left - 1) {
            const auto c = static_cast<std::uint32_t>(std::countr_zero(left));
            ready |= std::uint32_t{s.credits[c] > 0} << c;
        }
        if (ready != 0) {
            const std::uint32_t c = pick(ready, s.next);
            s.next = static_cast<std::uint8_t>(c + 1);
            --s.credits[c];
            put(node, local, c, s.queues[c].front());
            s.queues[c].pop_front();
            if (s.queues[c].empty()) {
                s.waiting &= static_cast<std::uint8_t>(~(1U << c));
            }
        }
        return s.waiting != 0;
    }

    template <typename Deliver>
    bool route(std::uint32_t node, Deliver&& deliver) {
        router& r = routers_[node];
        std::array<std::uint8_t, port_count> named;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        std::array<std::uint8_t, 8> requests{};
        std::uint32_t wanted = 0;
        for (std::uint32_t inputs = r.ports; inputs != 0; inputs &= inputs - 1) {
            const auto input = static_cast<std::uint32_t>(std::countr_zero(inputs));
            std::uint32_t ready = 0;
            for (std::uint32_t left = r.occupied[input]; left != 0; left &= left - 1) {
                const auto c = static_cast<std::uint32_t>(std::countr_zero(left));
                const std::uint32_t number = input * channels + c;
                ready |= r.available[slot(node, number, r.rings[number].head)->output] & 1U << c;
            }
            if (ready == 0) {
                continue;
            }
            const std::uint32_t c = pick(ready, r.next_channel[input]);
            const std::uint32_t number = input * channels + c;
            const std::uint32_t output = slot(node, number, r.rings[number].head)->output;
            named[input] = static_cast<std::uint8_t>(c);
            requests[output] |= static_cast<std::uint8_t>(1U << input);
            wanted |= 1U << output;
        }
        for (; wanted != 0; wanted &= wanted - 1) {
            const auto output = static_cast<std::uint32_t>(std::countr_zero(wanted));
            const std::uint32_t input = pick(requests[output], r.next_input[output]);
            r.next_input[output] = static_cast<std::uint8_t>(input + 1);
            r.next_channel[input] = static_cast<std::uint8_t>(named[input] + 1);
            pass(node, r, input, named[input], output, deliver);
        }
        return r.ports != 0;
    }

    template <typename Deliver>
    void pass(std::uint32_t node, router& r, std::uint32_t input, std::uint32_t channel, std::uint32_t output,
              Deliver&& deliver) {
        const std::uint32_t number = input * channels + channel;
        ring& q = r.rings[number];
        packet p = *slot(node, number, q.head);
        q.head = static_cast<std::uint8_t>((q.head + 1U) % depth);
        --q.held;
        if (--q.count == 0) {
            r.occupied[input] &= static_cast<std::uint8_t>(~(1U << channel));
            r.ports &= static_cast<std::uint8_t>(~(std::uint32_t{r.occupied[input] == 0} << input));
        }
        assert(r.credits[output][channel] > 0);
        r.available[output] &=
            static_cast<std::uint8_t>(~(std::uint32_t{--r.credits[output][channel] == 0} << channel));
        link_count& link = counts_[node * port_count + output];
        ++link.packets;
        link.waited += static_cast<std::uint32_t>(now_) - p.since;
        if (output == local) {
            credits_back_.push_back((node * port_count + local) * channels + channel);
            --under_way_;
            deliver(p);
        } else {
            ++p.hops;
            put(beside(node, output), output ^ 1U, channel, p);
        }
        if (input == local) {
            source_credits_back_.push_back(node * channels + channel);
        } else {
            credits_back_.push_back((beside(node, input) * port_count + (input ^ 1U)) * channels + channel);
        }
    }
    [[nodiscard]] std::uint32_t beside(std::uint32_t node, std::uint32_t p) const {
        return static_cast<std::uint32_t>(static_cast<std::int32_t>(node) + neighbour_[p]);
    }

    grid places_;
    timing::cycle now_ = 0;
    std::uint64_t under_way_ = 0;
    std::array<std::int32_t, port_count> neighbour_{};
    std::vector<router> routers_;
    std::vector<source> sources_;
    std::vector<packet> slots_;
    std::vector<link_count> counts_;
    std::vector<std::uint64_t> active_routers_;
    std::vector<std::uint64_t> active_sources_;
    std::vector<std::uint32_t> arrived_;
    std::vector<std::uint32_t> credits_back_;
    std::vector<std::uint32_t> source_credits_back_;
};

}  // namespace d1::benchmarks
