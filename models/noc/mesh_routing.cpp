#include "models/noc/mesh_routing.hpp"

#include <string>
#include <utility>

#include "models/parameter/error.hpp"

namespace d1::noc {
namespace {

route_plan planned(const routing_policy& policy, const noc_parameters& parameters, const mesh_faults& faults) {
    const std::string unfit = why_unfit(policy.traits(), parameters.channels_per_class, !faults.none());
    if (!unfit.empty()) {
        throw input_error(error_class::parameters,
                          "die.noc.routing = " + std::string(policy.traits().name) + ": " + unfit);
    }
    return policy.plan({static_cast<std::int32_t>(parameters.columns), static_cast<std::int32_t>(parameters.rows)},
                       faults);
}

}  // namespace

mesh_routing::mesh_routing(const noc_parameters& parameters, const mesh_faults& faults, std::uint64_t seed)
    : mesh_routing(*make_policy(parameters), parameters, faults, seed) {}

mesh_routing::mesh_routing(const routing_policy& policy, const noc_parameters& parameters, const mesh_faults& faults,
                           std::uint64_t seed)
    : traits_(policy.traits()), plan_(planned(policy, parameters, faults)), seed_(seed) {}

mesh_routing::mesh_routing(route_table paths) : traits_{"own"}, plan_{{}, {}} {
    plan_.planes.push_back(std::move(paths));
}

}  // namespace d1::noc
