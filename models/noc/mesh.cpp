#include "models/noc/mesh.hpp"

namespace d1::noc {

void connect_mesh(const grid& places, std::span<router_base* const> routers, const link_joiner& join) {
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        if (routers[i] == nullptr) {
            continue;
        }
        for (const port p : {port::west, port::east, port::north, port::south}) {
            const coordinate there = neighbour(places.at(static_cast<node_index>(i)), p);
            if (!places.contains(there)) {
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
