#include "models/noc/mesh.hpp"

#include <algorithm>

namespace d1::noc {

void connect_mesh(const grid& places, std::span<router_base* const> routers, std::span<const place_pair> dead_links,
                  const link_joiner& join) {
    const auto is_dead = [&](coordinate a, coordinate b) {
        return std::any_of(dead_links.begin(), dead_links.end(), [&](const place_pair& link) {
            return link == place_pair{a, b} || link == place_pair{b, a};
        });
    };
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        if (routers[i] == nullptr) {
            continue;
        }
        for (const port p : {port::west, port::east, port::north, port::south}) {
            const coordinate here = places.at(static_cast<node_index>(i));
            const coordinate there = neighbour(here, p);
            if (!places.contains(there) || is_dead(here, there)) {
                continue;
            }
            router_base* const other = routers[to_number(places.index(there))];
            if (other == nullptr) {
                continue;
            }
            if (join) {
                join(routers[i]->out(p), other->in(opposite(p)));
            } else {
                routers[i]->out(p).bind(other->in(opposite(p)));
            }
        }
    }
}

}  // namespace d1::noc
