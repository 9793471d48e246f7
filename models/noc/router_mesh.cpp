#include "models/noc/router_mesh.hpp"

#include <string>

namespace d1::noc {

namespace {
std::string indexed(coordinate c) {
    return "router[" + std::to_string(c.x) + "," + std::to_string(c.y) + "]";
}
}  // namespace

router_mesh::router_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                         timing::event_queue& events, std::span<const coordinate> blocked, const link_joiner& join)
    : sc_module(name),
      routes_({static_cast<std::int32_t>(parameters.columns), static_cast<std::int32_t>(parameters.rows)}, blocked),
      routers_(routes_.shape().size()) {
    std::vector<router_base*> wired(places().size());
    for (std::uint32_t i = 0; i < places().size(); ++i) {
        const auto here = static_cast<node_index>(i);
        if (routes_.live(here)) {
            routers_[i] =
                std::make_unique<router>(indexed(places().at(here)).c_str(), here, routes_, parameters, timing, events);
            wired[i] = routers_[i].get();
        }
    }
    connect_mesh(places(), wired, join);
}

void router_mesh::register_statistics(statistics::group& group) {
    for (std::uint32_t i = 0; i < places().size(); ++i) {
        if (routers_[i]) {
            routers_[i]->register_statistics(group.child(indexed(places().at(static_cast<node_index>(i)))));
        }
    }
}

void router_mesh::reset() {
    for (const auto& r : routers_) {
        if (r) {
            r->reset();
        }
    }
}

}  // namespace d1::noc
