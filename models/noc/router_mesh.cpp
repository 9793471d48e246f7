#include "models/noc/router_mesh.hpp"

#include <string>
#include <utility>

#include "models/noc/wait_for.hpp"

namespace d1::noc {

router_mesh::router_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                         timing::event_queue& events, const mesh_faults& faults, std::uint64_t seed)
    : router_mesh(name, parameters, timing, events, faults, mesh_routing(parameters, faults, seed)) {}

router_mesh::router_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                         timing::event_queue& events, const mesh_faults& faults, mesh_routing routing,
                         const link_joiner& join)
    : sc_module(name), routing_(std::move(routing)), routers_(routing_.shape().size()) {
    std::vector<router_base*> wired(places().size());
    for (std::uint32_t i = 0; i < places().size(); ++i) {
        const auto here = static_cast<node_index>(i);
        if (routing_.live(here)) {
            routers_[i] = std::make_unique<router>(indexed("router", places().at(here)).c_str(), here, routing_,
                                                   parameters, timing, events);
            wired[i] = routers_[i].get();
        }
    }
    connect_mesh(places(), wired, faults.links, join);
}

void router_mesh::register_statistics(statistics::group& group) {
    for (std::uint32_t i = 0; i < places().size(); ++i) {
        if (routers_[i]) {
            routers_[i]->register_statistics(group.child(indexed("router", places().at(static_cast<node_index>(i)))));
        }
    }
}

std::uint64_t router_mesh::packets_moved() const {
    std::uint64_t all = 0;
    for (const auto& r : routers_) {
        for (std::uint32_t p = 0; r && p < port_count; ++p) {
            all += r->packets(static_cast<port>(p));
        }
    }
    return all;
}

std::vector<std::string> router_mesh::waiting(std::size_t most) const {
    std::vector<const router_base*> all;
    for (const auto& r : routers_) {
        all.push_back(r.get());
    }
    return waits_of_mesh(places(), all, most);
}

void router_mesh::reset() {
    for (const auto& r : routers_) {
        if (r) {
            r->reset();
        }
    }
}

}  // namespace d1::noc
