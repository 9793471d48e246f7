#pragma once
// What whoever injects bursts needs to know of the routing.

#include <cstdint>

#include "models/numerics/counter_random.hpp"
#include "models/packet/burst.hpp"

namespace d1::noc {

/// Which of the routing's planes (sets of paths, each with channels of its own) a burst takes, and which channel. A
/// value; as it stands, that of a routing with one plane.
struct burst_ways {
    std::uint64_t seed = 0;
    std::uint32_t planes = 1;
    std::uint32_t nodes = 0;  ///< places of the mesh
    bool in_order = true;     ///< bursts of one (source, destination, class) arrive in order

    /// Draws the plane of a burst by the seed and by whose burst it is (source, class, number), so the same at every
    /// level and in every order of construction. All packets of a burst take one plane.
    void choose(burst& b) const noexcept {
        if (planes > 1) {
            const std::uint64_t stream =
                std::uint64_t{to_number(b.source)} * message_class_count + static_cast<std::uint64_t>(b.channel_class);
            const std::uint64_t drawn = numerics::counter_random(seed, stream, b.sequence) >> 32U;
            b.table_offset = static_cast<std::uint16_t>(drawn % planes * nodes);
        }
    }

    /// The channel of a burst. The channels of its class are shared out among the planes in equal parts. Among those of
    /// its plane the destination's number decides where packets of a pair have to stay in order; else the burst's own
    /// too, since numbers go by columns: on an even number of them all packets in a column would share a channel.
    [[nodiscard]] std::uint32_t channel(const burst& b, std::uint32_t channels_per_class) const noexcept {
        const std::uint32_t plane = planes > 1 ? b.table_offset / nodes : 0;
        const std::uint32_t first = plane * channels_per_class / planes;
        const std::uint32_t end = (plane + 1) * channels_per_class / planes;
        return static_cast<std::uint32_t>(b.channel_class) * channels_per_class + first +
               static_cast<std::uint32_t>((to_number(b.destination) + (in_order ? 0 : b.sequence)) % (end - first));
    }
};

}  // namespace d1::noc
