#pragma once
// Who makes the blocks of a die: where a testbench puts a block of its own in the place of the model's.

#include <functional>
#include <memory>

#include "models/noc/router_base.hpp"
#include "models/packet/coordinate.hpp"
#include "platforms/d1_parameters.hpp"

namespace d1 {

struct die_surroundings;

/// The model's own router.
[[nodiscard]] std::unique_ptr<noc::router_base> make_router(const char* name, node_index here,
                                                            const die_surroundings& die,
                                                            const d1_parameters& parameters);

/// A maker of each block that can be replaced; by default the model's own. It is called once for each place, within the
/// construction of the node there, and may hand back make_router(...) for the places that it does not care about.
struct block_factories {
    using router_factory = std::function<std::unique_ptr<noc::router_base>(
        const char* name, node_index here, const die_surroundings& die, const d1_parameters& parameters)>;
    router_factory router = make_router;
};

}  // namespace d1
