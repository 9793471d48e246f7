#pragma once
// A node of the die: core, SRAM and network interface. Its router stands beside them in the hierarchy.

#include <memory>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "models/core/core.hpp"
#include "models/noc/mesh_routing.hpp"
#include "models/noc/network_interface.hpp"
#include "models/noc/router_base.hpp"
#include "models/sram/semaphore_file.hpp"
#include "models/sram/sram.hpp"
#include "models/transactors/protocol_checker.hpp"
#include "platforms/block_factories.hpp"
#include "platforms/d1_parameters.hpp"
#include "platforms/link_watch.hpp"

namespace d1 {

/// What all nodes of a die share.
struct die_surroundings {
    const noc::mesh_routing& routing;
    const std::vector<bool>& alive;
    timing::event_queue& events;
    burst_pool& bursts;
    race_detector* races = nullptr;
    uninitialised_detector* uninitialised = nullptr;
    activity_log* activities = nullptr;
    bool check_protocol = false;
    link_watch* links = nullptr;     ///< null: nobody watches the links
    steady_states* costs = nullptr;  ///< null: instructions cost the published rates
};

/// A place on the die: a router and, unless the node is dead, core, SRAM and network interface, wired.
///
///     core --mem--> sram <--mem-- network_interface --out/in--> router.local
///     core --dma--> network_interface
class node : public sc_core::sc_module {
  public:
    node(const sc_core::sc_module_name& name, node_index here, bool alive, const die_surroundings& die,
         const d1_parameters& parameters, const block_factories& blocks = {});

    [[nodiscard]] bool alive() const noexcept { return works_.has_value(); }
    [[nodiscard]] noc::router_base& router() noexcept { return *router_; }
    [[nodiscard]] const noc::router_base& router() const noexcept { return *router_; }

    // Of a node that is alive only.
    [[nodiscard]] d1::core& core() { return works_->core; }
    [[nodiscard]] const d1::core& core() const { return works_->core; }
    [[nodiscard]] d1::sram& memory() { return works_->sram; }
    [[nodiscard]] const noc::network_interface& interface() const { return works_->network_interface; }
    [[nodiscard]] noc::network_interface& interface() { return works_->network_interface; }
    [[nodiscard]] const semaphore_file& semaphores() const { return works_->semaphores; }

    void register_statistics(statistics::group& group);
    void reset();
    /// Between a reset and the next launch.
    void set_timing(timing_kind timing);

  private:
    /// What a dead node does not have.
    struct working_parts {
        working_parts(const std::string& node_name, node_index here, const die_surroundings& die,
                      const d1_parameters& parameters);
        semaphore_file semaphores;
        signal_scheduler signals;
        d1::sram sram;
        noc::network_interface network_interface;
        d1::core core;
        /// In line on core.mem, core.dma and network_interface.mem, where the protocol is checked.
        std::vector<std::unique_ptr<transactors::protocol_checker>> checkers;
    };

    std::unique_ptr<noc::router_base> router_;
    std::optional<working_parts> works_;
};

}  // namespace d1
