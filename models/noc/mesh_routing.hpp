#pragma once
// A routing policy at work on a mesh: what its routers and interfaces share.

#include <cstdint>
#include <vector>

#include "models/noc/burst_ways.hpp"
#include "models/noc/routing_policy.hpp"

namespace d1::noc {

/// Who goes where on a mesh, once a policy has planned it. Does not change afterwards.
class mesh_routing {
  public:
    /// The policy that the parameters name, on their mesh. Throws input_error where the policy does not fit the
    /// channels or the faults (why_unfit), where the faults cut nodes off, or where a table does not lead everybody
    /// everywhere.
    mesh_routing(const noc_parameters& parameters, const mesh_faults& faults, std::uint64_t seed = 0);
    /// A policy of one's own.
    mesh_routing(const routing_policy& policy, const noc_parameters& parameters, const mesh_faults& faults,
                 std::uint64_t seed = 0);
    /// Fixed paths of one's own.
    mesh_routing(route_table paths);  // NOLINT(google-explicit-constructor): a table is a routing

    [[nodiscard]] const routing_traits& traits() const noexcept { return traits_; }
    [[nodiscard]] grid shape() const noexcept { return table().shape(); }
    [[nodiscard]] bool live(node_index n) const noexcept { return table().live(n); }
    [[nodiscard]] std::uint32_t planes() const noexcept { return static_cast<std::uint32_t>(plan_.planes.size()); }
    /// The paths of a plane; where the policy is adaptive, one of the paths that packets may take.
    [[nodiscard]] const route_table& table(std::uint32_t plane = 0) const noexcept { return plan_.planes[plane]; }
    [[nodiscard]] bool adaptive() const noexcept { return !plan_.exits.empty(); }
    /// Of an adaptive policy: the ports that a packet may go on through.
    [[nodiscard]] adaptive_exits exits(node_index here, port input, node_index destination) const noexcept {
        const std::size_t nodes = shape().size();
        return plan_
            .exits[(std::size_t{to_number(here)} * port_count + to_number(input)) * nodes + to_number(destination)];
    }
    /// For whoever injects bursts.
    [[nodiscard]] burst_ways ways() const noexcept { return {seed_, planes(), shape().size(), traits_.in_order}; }

  private:
    routing_traits traits_;
    route_plan plan_;
    std::uint64_t seed_ = 0;
};

}  // namespace d1::noc
