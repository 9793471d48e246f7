#pragma once
// A D1 die: nodes on a mesh, and what it takes to run programs on them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "models/core/activity_log.hpp"
#include "models/core/awaited.hpp"
#include "models/core/cycle_stack.hpp"
#include "models/core/instruction_cost.hpp"
#include "models/core/placement.hpp"
#include "models/noc/mesh_routing.hpp"
#include "models/packet/burst.hpp"
#include "models/program/assignment.hpp"
#include "models/program/instruction.hpp"
#include "models/sram/race_detector.hpp"
#include "models/statistics/energy.hpp"
#include "models/statistics/group.hpp"
#include "models/timing/event_queue.hpp"
#include "platforms/block_factories.hpp"
#include "platforms/d1_parameters.hpp"
#include "platforms/node.hpp"

namespace d1 {

/// Programs for a die: which nodes take part, as a logical rectangle, and who runs what.
struct job {
    struct role {
        std::shared_ptr<const program::program> program;
        std::vector<coordinate> members;  ///< logical coordinates
    };
    placement where;
    std::vector<role> roles;
};

/// Who runs what, for program::check and program::untimed_machine. The job must outlive it.
[[nodiscard]] program::assignment assignment_of(const job& j);

enum class run_status : std::uint8_t {
    finished,     ///< every thread came to its end and nothing is under way
    deadlock,     ///< nothing can happen any more, but threads wait; at ca also: nothing has for a long time
    failed,       ///< a check failed; see message
    interrupted,  ///< somebody asked for it
};

/// Lower bounds of a run's cycles, each as if nothing else limited it.
struct run_bounds {
    std::uint64_t matrix = 0;           ///< matrix steps of the busiest node
    std::uint64_t sram_port = 0;        ///< busiest kind of SRAM port of the busiest node
    std::uint64_t link = 0;             ///< packets on the most loaded link between routers
    std::uint64_t synchronisation = 0;  ///< longest chain of request, signal and zero-load hop latencies
};

struct run_result {
    run_status status = run_status::finished;
    timing::cycle cycles = 0;  ///< from the launch to the last thread's end and the last burst's arrival
    std::string message;       ///< what failed, or who waits for what
    run_bounds bounds;
    std::uint64_t bytes_moved = 0;     ///< payload bytes written by the network interfaces
    std::uint64_t matrix_steps = 0;    ///< of all nodes
    std::uint64_t address_errors = 0;  ///< bursts answered with an address error
    std::uint64_t corrupted = 0;       ///< bursts that failed since links corrupted them beyond all retries
    statistics::energy_events events;  ///< of all nodes, that cost energy
    cycle_stack stack;                 ///< node-cycles of all live nodes by class; zero unless finished
    wait_cycles waits;                 ///< of these, those of classes data and others by what was waited for
};

/// What watches a run; no hardware, and nothing of it is there where it is off.
struct die_checks {
    bool races = false;          ///< race_detector
    bool protocol = false;       ///< protocol_checker on the base-protocol sockets, link_checker on every link
    bool uninitialised = false;  ///< uninitialised_detector; never where payloads are switched off
    bool activities = false;     ///< activity_log; no check, but what threads did

    [[nodiscard]] static constexpr die_checks all() noexcept { return {true, true, true}; }
};

/// 18 x 20 nodes, some of them dead, each with a router; one event queue. A die is built once and runs any number of
/// jobs: reset, load, launch, run, read. A run after a reset gives the same bytes, cycles and statistics as one in a
/// fresh process. Not modelled yet above the mesh: the die's edges.
class die : public sc_core::sc_module {
  public:
    /// `parameters` must have passed validate(). Throws input_error where dead routers cut off live nodes.
    /// `checks` watch the run and change nothing in it. `order`, a permutation of all places, is the order in
    /// which nodes are built; it changes no result, and exists so that this can be tested. `blocks` make what can be
    /// replaced.
    die(const sc_core::sc_module_name& name, const d1_parameters& parameters, const die_checks& checks = {},
        std::span<const node_index> order = {}, const block_factories& blocks = {});

    [[nodiscard]] const d1_parameters& parameters() const noexcept { return parameters_; }
    [[nodiscard]] grid places() const noexcept { return places_; }
    [[nodiscard]] bool is_alive(node_index n) const { return alive_.at(to_number(n)); }
    [[nodiscard]] std::uint32_t live_nodes() const noexcept { return live_; }
    [[nodiscard]] const noc::mesh_routing& routing() const noexcept { return routing_; }
    /// The fixed paths, or of several sets of them the first.
    [[nodiscard]] const noc::route_table& routes() const noexcept { return routing_.table(); }
    [[nodiscard]] node& at(node_index n) { return *nodes_.at(to_number(n)); }
    [[nodiscard]] timing::event_queue& events() noexcept { return events_; }
    [[nodiscard]] burst_pool& bursts() noexcept { return bursts_; }
    [[nodiscard]] const race_detector* races() const noexcept { return races_.get(); }
    [[nodiscard]] const uninitialised_detector* uninitialised() const noexcept { return uninitialised_.get(); }
    [[nodiscard]] const activity_log* activities() const noexcept { return activities_.get(); }
    [[nodiscard]] statistics::group& statistics() noexcept { return statistics_; }

    /// What an instruction takes of a node's units alone: what a run takes it to cost (die.node.core.costs), for those
    /// who plan one. Depends on instruction and parameters alone.
    template <typename Instruction>
    [[nodiscard]] unit_demand cost_of(const Instruction& i) const {
        return costs_ ? costs_->of(i).demand : d1::cost_of(i, parameters_.die.node.core, parameters_.die.node.sram);
    }

    /// Host access to a node's SRAM, in no time. Throws std::out_of_range past its end.
    void load(node_index n, std::uint32_t offset, std::span<const std::byte> bytes);
    void read(node_index n, std::uint32_t offset, std::span<std::byte> bytes);

    /// Lays `logical` over live nodes: by whole columns or rows where these have live nodes enough, so that logical
    /// neighbours are neighbours; else row by row, every other row backwards. Throws input_error if there are too few.
    [[nodiscard]] placement place(grid logical) const;

    /// Checks the programs' structure and starts them. The job must outlive the run. Throws input_error for a program
    /// that does not pass program::validate or does not fit the die.
    void launch(const job& j);

    /// Simulates until nothing is left to do, a check fails or somebody asks the event queue to pause.
    ///
    /// A run that finishes has delivered or refused every packet that was injected; otherwise it has failed.
    run_result run();

    /// Everything as after construction, statistics included; the level stays.
    void reset();

    /// The level of the runs that follow; the first is that of the parameters. Between a reset and the next launch,
    /// when nothing is under way, so that the switch changes nothing else.
    void set_timing(timing_kind timing);
    [[nodiscard]] timing_kind timing() const noexcept { return parameters_.simulation.timing; }

  private:
    void make_nodes(std::span<const node_index> order, const block_factories& blocks);
    [[nodiscard]] run_result result(run_status status);
    [[nodiscard]] run_bounds bounds() const;
    [[nodiscard]] std::string lost_packets() const;
    [[nodiscard]] statistics::energy_events energy_events(timing::cycle cycles) const;
    void watch_progress();
    [[nodiscard]] std::string who_waits() const;

    d1_parameters parameters_;
    grid places_;
    noc::mesh_routing routing_;
    std::vector<bool> alive_;
    timing::event_queue events_;
    burst_pool bursts_;
    std::unique_ptr<race_detector> races_;
    std::unique_ptr<uninitialised_detector> uninitialised_;
    std::unique_ptr<activity_log> activities_;
    std::unique_ptr<steady_states> costs_;
    bool check_protocol_;
    std::unique_ptr<link_watch> links_;
    std::vector<std::unique_ptr<node>> nodes_;
    std::uint32_t live_ = 0;
    statistics::group statistics_;
    bool running_ = false;
    bool stuck_ = false;               // the watchdog has found no progress
    std::uint64_t last_progress_ = 0;  // what the watchdog saw last
    timing::cycle last_look_ = 0;      // and when
};

}  // namespace d1
