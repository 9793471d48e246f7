#pragma once
// A mesh of routers alone.

#include <memory>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "models/noc/mesh.hpp"
#include "models/noc/mesh_routing.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/noc/router.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/statistics/group.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// A router on every place of a grid, wired to its neighbours, with the local sockets left open: for tests and traffic
/// testbenches, which put packets in there and take them out. Places of dead routers have none. A die has routers
/// within its nodes instead.
class router_mesh : public sc_core::sc_module {
  public:
    router_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                timing::event_queue& events, const mesh_faults& faults = {}, std::uint64_t seed = 0);
    /// With a routing of one's own.
    router_mesh(const sc_core::sc_module_name& name, const noc_parameters& parameters, timing_kind timing,
                timing::event_queue& events, const mesh_faults& faults, mesh_routing routing,
                const link_joiner& join = {});

    [[nodiscard]] grid places() const noexcept { return routing_.shape(); }
    [[nodiscard]] const mesh_routing& routing() const noexcept { return routing_; }
    [[nodiscard]] const route_table& routes() const noexcept { return routing_.table(); }
    /// The router of a place where one lives.
    [[nodiscard]] router& at(node_index n) { return *routers_.at(to_number(n)); }
    [[nodiscard]] bool has(node_index n) const { return routers_.at(to_number(n)) != nullptr; }

    /// One group a router, named by its place.
    void register_statistics(statistics::group& group);
    void reset();

    /// Packets that have left through any link since the last reset.
    [[nodiscard]] std::uint64_t packets_moved() const;
    /// Who waits for whom, a line each and not more than `most` of them: first a circle of waits, if there is one.
    [[nodiscard]] std::vector<std::string> waiting(std::size_t most) const;

  private:
    mesh_routing routing_;
    std::vector<std::unique_ptr<router>> routers_;
};

}  // namespace d1::noc
