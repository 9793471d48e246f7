#pragma once
// A mesh of routers alone.

#include <memory>
#include <span>
#include <systemc>
#include <vector>

#include "models/noc/mesh.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/route_table.hpp"
#include "models/noc/router.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/statistics/group.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// A router on every place of a grid, wired to its neighbours, with the local sockets left open: for tests and traffic
/// testbenches, which put packets in there and take them out. Blocked places have none. A die has routers within its
/// nodes instead.
class router_mesh : public sc_core::sc_module {
  public:
    router_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                timing::event_queue& events, std::span<const coordinate> blocked = {}, const link_joiner& join = {});

    [[nodiscard]] grid places() const noexcept { return routes_.shape(); }
    [[nodiscard]] const route_table& routes() const noexcept { return routes_; }
    /// The router of a place that is not blocked.
    [[nodiscard]] router& at(node_index n) { return *routers_.at(to_number(n)); }
    [[nodiscard]] bool has(node_index n) const { return routers_.at(to_number(n)) != nullptr; }

    /// One group a router, named by its place.
    void register_statistics(statistics::group& group);
    void reset();

  private:
    route_table routes_;
    std::vector<std::unique_ptr<router>> routers_;
};

}  // namespace d1::noc
