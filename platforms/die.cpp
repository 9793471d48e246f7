#include "platforms/die.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "models/noc/mesh.hpp"
#include "models/noc/wait_for.hpp"
#include "models/numerics/matrix.hpp"
#include "models/parameter/error.hpp"
#include "models/program/validate.hpp"

namespace d1 {

program::assignment assignment_of(const job& j) {
    program::assignment a{j.where.logical, {}};
    a.programs.resize(a.nodes.size());
    for (const job::role& r : j.roles) {
        for (const coordinate c : r.members) a.programs.at(to_number(a.nodes.index(c))) = r.program.get();
    }
    return a;
}

die::die(const sc_core::sc_module_name& name, const d1_parameters& parameters, const die_checks& checks,
         std::span<const node_index> order, const block_factories& blocks)
    : sc_module(name),
      parameters_(parameters),
      places_{static_cast<std::int32_t>(parameters.die.noc.columns),
              static_cast<std::int32_t>(parameters.die.noc.rows)},
      routing_(parameters.die.noc, faults_of(parameters.die.harvest), parameters.simulation.seed),
      alive_(places_.size(), true),
      events_("events", timing::clock(sc_core::sc_time(parameters.die.clock_period, sc_core::SC_PS))),
      races_(checks.races ? std::make_unique<race_detector>(places_.size(), parameters.die.node.core.threads)
                          : nullptr),
      uninitialised_(checks.uninitialised && parameters.simulation.functional
                         ? std::make_unique<uninitialised_detector>(places_.size(), parameters.die.node.sram.bytes)
                         : nullptr),
      activities_(checks.activities ? std::make_unique<activity_log>() : nullptr),
      costs_(parameters.die.node.core.costs == cost_source::pipeline
                 ? std::make_unique<steady_states>(parameters.die.node.core, parameters.die.node.sram)
                 : nullptr),
      check_protocol_(checks.protocol) {
    make_nodes(order, blocks);
    events_.every(parameters.simulation.watchdog, [this](timing::cycle) { watch_progress(); });
}

void die::make_nodes(std::span<const node_index> order, const block_factories& blocks) {
    const harvest_parameters& harvest = parameters_.die.harvest;
    for (const coordinate c : harvest.dead) {
        alive_[to_number(places_.index(c))] = false;
    }
    links_ = std::make_unique<link_watch>(check_protocol_, parameters_.die.noc, events_.clock().period(), alive_);
    const die_surroundings surroundings{
        routing_,          alive_,          events_,      bursts_,     races_.get(), uninitialised_.get(),
        activities_.get(), check_protocol_, links_.get(), costs_.get()};
    auto& group = statistics_.child("die");
    std::vector<noc::router_base*> routers(places_.size());
    nodes_.resize(places_.size());
    for (std::uint32_t nth = 0; nth < places_.size(); ++nth) {
        const auto here = order.empty() ? static_cast<node_index>(nth) : order[nth];
        const std::uint32_t i = to_number(here);
        const coordinate c = places_.at(here);
        if (!alive_[i] && harvest.dead_router) {
            continue;
        }
        nodes_[i] =
            std::make_unique<node>(indexed("node", c).c_str(), here, alive_[i], surroundings, parameters_, blocks);
        nodes_[i]->register_statistics(group.child(indexed("node", c)));
        routers[i] = &nodes_[i]->router();
        live_ += alive_[i] ? 1U : 0U;
    }
    noc::connect_mesh(places_, routers, harvest.dead_links, [this](auto& from, auto& to) {
        links_->join(from, to, parameters_.die.noc.link_packets_per_cycle);
    });
}

void die::load(node_index n, std::uint32_t offset, std::span<const std::byte> bytes) {
    tlm::tlm_generic_payload p;
    p.set_command(tlm::TLM_WRITE_COMMAND);
    p.set_address(offset);
    p.set_data_ptr(reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data())));
    p.set_data_length(static_cast<unsigned int>(bytes.size()));
    if (at(n).interface().mem->transport_dbg(p) != bytes.size()) {
        throw std::out_of_range("die::load: the bytes do not fit in the node's SRAM");
    }
    if (uninitialised_) {
        uninitialised_->written(n, offset, static_cast<std::int64_t>(bytes.size()));
    }
}

void die::read(node_index n, std::uint32_t offset, std::span<std::byte> bytes) {
    tlm::tlm_generic_payload p;
    p.set_command(tlm::TLM_READ_COMMAND);
    p.set_address(offset);
    p.set_data_ptr(reinterpret_cast<unsigned char*>(bytes.data()));
    p.set_data_length(static_cast<unsigned int>(bytes.size()));
    if (at(n).interface().mem->transport_dbg(p) != bytes.size()) {
        throw std::out_of_range("die::read: the bytes do not lie in the node's SRAM");
    }
}

void die::launch(const job& j) {
    const program::limits limits{parameters_.die.node.sram.bytes, parameters_.die.node.sram.semaphores,
                                 parameters_.die.node.core.threads, parameters_.die.node.network_interface.barriers};
    for (const job::role& r : j.roles) {
        const auto faults = program::validate(*r.program, limits);
        if (!faults.empty()) {
            throw input_error(error_class::program_unfit,
                              "program '" + r.program->name + "': " + to_string(faults.front()));
        }
    }
    if (events_.now() == 0 && events_.empty()) {
        events_.reset();  // cycles count from the present time, however long others have run in this process
    }
    for (const job::role& r : j.roles) {
        for (const coordinate c : r.members) {
            at(j.where.at(c)).core().launch(*r.program, j.where, c);
        }
    }
}

run_result die::run() {
    sc_core::sc_start();
    if (events_.failure()) {
        return result(run_status::failed);
    }
    if (stuck_) {
        return result(run_status::deadlock);
    }
    if (!events_.empty()) {
        return result(run_status::interrupted);
    }
    const bool finished = std::all_of(nodes_.begin(), nodes_.end(), [](const auto& n) {
        return !n || !n->alive() || (n->core().finished() && n->interface().unfinished().empty());
    });
    if (finished && !lost_packets().empty()) {
        events_.fail(lost_packets());
        return result(run_status::failed);
    }
    return result(finished ? run_status::finished : run_status::deadlock);
}

std::string die::lost_packets() const {
    std::uint64_t injected = 0;
    std::uint64_t delivered = 0;
    std::uint64_t refused = 0;
    for (const auto& n : nodes_) {
        if (n && n->alive()) {
            injected += n->interface().count().packets_sent;
            delivered += n->interface().count().packets_received;
            refused += n->interface().count().packets_refused;
        }
    }
    return injected == delivered + refused
               ? std::string()
               : "packets were lost or doubled on the mesh: " + std::to_string(injected) + " injected, " +
                     std::to_string(delivered) + " delivered, " + std::to_string(refused) + " refused";
}

run_result die::result(run_status status) {
    run_result r;
    r.status = status;
    r.message = status == run_status::failed ? *events_.failure() : status == run_status::deadlock ? who_waits() : "";
    for (const auto& n : nodes_) {
        if (n && n->alive()) {
            r.cycles = std::max({r.cycles, n->core().finish_cycle(), n->interface().last_arrival()});
            r.bytes_moved += n->interface().count().bytes_received;
            r.matrix_steps += n->core().count().matrix_steps;
            r.address_errors += n->interface().count().address_errors;
            r.corrupted += n->interface().count().corrupted;
        }
    }
    if (status == run_status::interrupted || status == run_status::failed || stuck_) {
        r.cycles = events_.now();
    }
    r.bounds = bounds();
    r.events = energy_events(r.cycles);
    for (const auto& n : nodes_) {
        if (status == run_status::finished && n && n->alive()) {
            r.stack += n->core().where_cycles_went(r.cycles);
            n->core().add_waits(r.waits);
        }
    }
    return r;
}

statistics::energy_events die::energy_events(timing::cycle cycles) const {
    constexpr std::uint64_t macs_per_step =
        std::uint64_t{numerics::block_rows} * numerics::block_columns * numerics::step_depth;
    statistics::energy_events all;
    all.time = cycles * parameters_.die.clock_period;
    all.node_time = all.time * live_;
    for (const auto& n : nodes_) {
        for (std::uint32_t p = 0; n && p < port_count; ++p) {
            all.packet_hops += n->router().packets(static_cast<port>(p));
        }
        if (!n || !n->alive()) {
            continue;
        }
        const auto& core = n->core().count();
        const auto& interface = n->interface().count();
        all.macs_8_bit += core.matrix_steps_8_bit * macs_per_step;
        all.macs_16_bit += (core.matrix_steps - core.matrix_steps_8_bit) * macs_per_step;
        all.simd_operations += core.simd_operations;
        all.register_bytes += core.register_bytes;
        all.sram_lines +=
            core.vector_load_lines + core.vector_store_lines + interface.mesh_read_lines + interface.mesh_write_lines;
    }
    return all;
}

run_bounds die::bounds() const {
    const auto divide_up = [](std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; };
    const sram_parameters& ports = parameters_.die.node.sram;
    const core_parameters& unit = parameters_.die.node.core;
    const std::uint64_t results_a_cycle =
        std::uint64_t{unit.matrix_steps_per_cycle} * unit.matrix_rows * unit.matrix_columns;
    run_bounds most;
    for (const auto& n : nodes_) {
        if (!n) {
            continue;
        }
        for (const port p : {port::west, port::east, port::north, port::south}) {
            most.link =
                std::max(most.link, divide_up(n->router().packets(p), parameters_.die.noc.link_packets_per_cycle));
        }
        if (!n->alive()) {
            continue;
        }
        const auto& core = n->core().count();
        const auto& interface = n->interface().count();
        most.matrix = std::max(most.matrix, divide_up(core.matrix_steps * numerics::block_elements, results_a_cycle));
        most.sram_port = std::max({most.sram_port, divide_up(core.vector_load_lines, ports.vector_load_ports),
                                   divide_up(core.vector_store_lines, ports.vector_store_ports),
                                   divide_up(interface.mesh_read_lines, ports.mesh_read_ports),
                                   divide_up(interface.mesh_write_lines, ports.mesh_write_ports)});
        most.synchronisation =
            std::max({most.synchronisation, n->core().longest_chain(), n->interface().longest_chain()});
    }
    return most;
}

void die::watch_progress() {
    // A long time in which nothing was due asks several times at its end.
    if (parameters_.simulation.timing != timing_kind::ca || events_.now() == last_look_) {
        return;
    }
    std::uint64_t progress = events_.served();
    for (const auto& n : nodes_) {
        for (std::uint32_t p = 0; n && p < port_count; ++p) {
            progress += n->router().packets(static_cast<port>(p));
        }
        if (n && n->alive()) {
            progress += n->interface().count().packets_sent;
            progress += n->core().pipeline() != nullptr ? n->core().pipeline()->progress() : 0;
        }
    }
    if (progress == last_progress_) {
        stuck_ = true;
        events_.request_pause();
    }
    last_progress_ = progress;
    last_look_ = events_.now();
}

std::string die::who_waits() const {
    constexpr std::size_t shown = 10;
    std::ostringstream text;
    std::size_t waiting = 0;
    std::vector<const noc::router_base*> routers;
    for (const auto& n : nodes_) {
        routers.push_back(n ? &n->router() : nullptr);
    }
    for (const std::string& line : noc::waits_of_mesh(places_, routers, shown)) {
        text << "  " << (line.starts_with("node[") ? std::string(name()) + "." : "") << line << "\n";
    }
    for (const auto& n : nodes_) {
        if (!n || !n->alive()) {
            continue;
        }
        for (const blocked_thread& b : n->core().blocked()) {
            if (waiting++ < shown) {
                text << "  " << n->name() << " " << b.place << ": " << b.why << "\n";
            }
        }
        for (const std::string& transfer : n->interface().unfinished()) {
            if (waiting++ < shown) {
                text << "  " << n->name() << " network interface: " << transfer << "\n";
            }
        }
    }
    if (waiting > shown) {
        text << "  and " << waiting - shown << " more\n";
    }
    return (stuck_ ? "no packet has moved for " + std::to_string(parameters_.simulation.watchdog) +
                         " cycles (simulation.watchdog), while these wait:\n"
                   : std::string("nothing can happen any more, but these wait:\n")) +
           text.str();
}

void die::set_timing(timing_kind timing) {
    parameters_.simulation.timing = timing;
    for (const auto& n : nodes_) {
        if (n) {
            n->set_timing(timing);
        }
    }
}

void die::reset() {
    stuck_ = false;
    last_progress_ = 0;
    last_look_ = 0;
    events_.reset();
    links_->reset();
    for (const auto& n : nodes_) {
        if (n) {
            n->reset();
        }
    }
    if (races_) {
        races_->reset();
    }
    if (uninitialised_) {
        uninitialised_->reset();
    }
    if (activities_) {
        activities_->reset();
    }
}

}  // namespace d1
