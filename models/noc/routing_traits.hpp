#pragma once
// What the routing policies promise and need, by name.

#include <cstdint>
#include <string>
#include <string_view>

#include "models/noc/noc_parameters.hpp"

namespace d1 {

/// What a routing policy says about itself.
struct routing_traits {
    std::string_view name;
    std::uint32_t channels_per_class = 1;  ///< of each message class, that it needs to be free of deadlock
    bool in_order = true;                  ///< packets of one (source, destination, class) arrive in order
    bool avoids_faults = true;             ///< finds ways round dead routers and links
};

[[nodiscard]] constexpr routing_traits traits_of(routing_kind kind) noexcept {
    switch (kind) {
        case routing_kind::xy:
            return {"xy", 1, true, true};
        case routing_kind::yx:
            return {"yx", 1, true, true};
        case routing_kind::o1turn:
            return {"o1turn", 2, false, true};
        case routing_kind::odd_even:
            return {"odd_even", 1, false, false};
        case routing_kind::table:
            return {"table", 1, true, true};
    }
    return {};
}

/// Why a policy cannot serve a mesh with so many channels of each class, and with faults or without; empty if it can.
[[nodiscard]] inline std::string why_unfit(const routing_traits& policy, std::uint32_t channels_per_class,
                                           bool has_faults) {
    if (channels_per_class < policy.channels_per_class) {
        return std::string(policy.name) + " needs " + std::to_string(policy.channels_per_class) +
               " channels of each message class, and there " + (channels_per_class == 1 ? "is " : "are ") +
               std::to_string(channels_per_class) + "; set die.noc.channels_per_class or another policy";
    }
    if (has_faults && !policy.avoids_faults) {
        return std::string(policy.name) +
               " cannot avoid dead routers and links: its turns leave some pairs without a way round them; set "
               "die.harvest.dead=[] and die.harvest.dead_links=[], or routing=xy, yx, o1turn or table";
    }
    return {};
}

}  // namespace d1
