#include "models/noc/router_mesh.hpp"

#include <string>

#include "models/noc/mesh.hpp"

namespace d1::noc {

namespace {
std::string indexed(coordinate c) {
    return "router[" + std::to_string(c.x) + "," + std::to_string(c.y) + "]";
}
}  // namespace

router_mesh::router_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                         timing::event_queue& events)
    : sc_module(name),
      routes_({static_cast<std::int32_t>(parameters.columns), static_cast<std::int32_t>(parameters.rows)}, {}) {
    std::vector<router_base*> wired;
    for (std::uint32_t i = 0; i < places().size(); ++i) {
        const auto here = static_cast<node_index>(i);
        routers_.push_back(
            std::make_unique<router>(indexed(places().at(here)).c_str(), here, routes_, parameters, timing, events));
        wired.push_back(routers_.back().get());
    }
    connect_mesh(places(), wired);
}

void router_mesh::register_statistics(statistics::group& group) {
    for (std::uint32_t i = 0; i < places().size(); ++i) {
        routers_[i]->register_statistics(group.child(indexed(places().at(static_cast<node_index>(i)))));
    }
}

void router_mesh::reset() {
    for (const auto& r : routers_) {
        r->reset();
    }
}

}  // namespace d1::noc
