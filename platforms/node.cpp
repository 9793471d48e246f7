#include "platforms/node.hpp"

#include "models/noc/router.hpp"

namespace d1 {

std::unique_ptr<noc::router_base> make_router(const char* name, node_index here, const die_surroundings& die,
                                              const d1_parameters& parameters) {
    return std::make_unique<noc::router>(name, here, die.routing, parameters.die.noc, parameters.simulation.timing,
                                         die.events);
}

node::working_parts::working_parts(const std::string& node_name, node_index here, const die_surroundings& die,
                                   const d1_parameters& parameters)
    : semaphores(parameters.die.node.sram.semaphores),
      signals(node_name, here, semaphores, die.events),
      sram("sram", parameters.die.node.sram),
      network_interface("network_interface",
                        {here, die.alive, die.events, die.bursts, signals, parameters.simulation.timing,
                         parameters.simulation.functional, die.races, die.uninitialised, false, die.routing.ways()},
                        parameters.die.node.network_interface, parameters.die.noc, parameters.die.node.sram),
      core("core",
           {here, die.events, semaphores, signals, parameters.simulation.timing, parameters.simulation.quantum,
            parameters.simulation.functional, parameters.arithmetic, die.races, die.uninitialised, die.activities,
            die.costs},
           parameters.die.node.core, parameters.die.node.sram) {
    network_interface.share_banks(core.banks());
    if (die.races != nullptr) {
        semaphores.connect_knowledge([](void* races, std::uint32_t a,
                                        std::uint32_t b) { return static_cast<race_detector*>(races)->join(a, b); },
                                     die.races);
    }
    const auto join = [&](const char* name, auto& initiator, auto& target) {
        if (!die.check_protocol) {
            initiator.bind(target);
            return;
        }
        auto& checker = *checkers.emplace_back(
            std::make_unique<transactors::protocol_checker>(name, transactors::protocol_rules::inside_a_node()));
        initiator.bind(checker.in);
        checker.out.bind(target);
    };
    join("core_mem_checker", core.mem, sram.core);
    join("core_dma_checker", core.dma, network_interface.dma);
    join("interface_mem_checker", network_interface.mem, sram.mesh);
}

node::node(const sc_core::sc_module_name& module_name, node_index here, bool alive, const die_surroundings& die,
           const d1_parameters& parameters, const block_factories& blocks)
    : sc_module(module_name), router_(blocks.router("router", here, die, parameters)) {
    if (alive) {
        works_.emplace(name(), here, die, parameters);
        const auto join = [&](link_initiator_socket& from, link_target_socket& to, std::uint32_t packets_per_cycle) {
            if (die.links != nullptr) {
                die.links->join(from, to, packets_per_cycle);
            } else {
                from.bind(to);
            }
        };
        const noc_parameters& noc = parameters.die.noc;
        join(works_->network_interface.out, router_->in(port::local), noc.injection_packets_per_cycle);
        join(router_->out(port::local), works_->network_interface.in, noc.ejection_packets_per_cycle);
    }
}

void node::register_statistics(statistics::group& group) {
    router_->register_statistics(group.child("router"));
    if (works_) {
        works_->core.register_statistics(group.child("core"));
        works_->network_interface.register_statistics(group.child("network_interface"));
    }
}

void node::set_timing(timing_kind timing) {
    router_->set_timing(timing);
    if (works_) {
        works_->network_interface.set_timing(timing);
        works_->core.set_timing(timing);
    }
}

void node::reset() {
    router_->reset();
    if (works_) {
        works_->semaphores.reset();
        works_->signals.reset();
        works_->sram.reset();
        works_->network_interface.reset();
        works_->core.reset();
        for (const auto& checker : works_->checkers) {
            checker->reset();
        }
    }
}

}  // namespace d1
