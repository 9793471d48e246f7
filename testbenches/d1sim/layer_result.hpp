#pragma once
// What a run of a table has to say.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/die.hpp"
#include "testbenches/d1sim/host_figures.hpp"
#include "testbenches/d1sim/options.hpp"
#include "testbenches/d1sim/reference.hpp"
#include "testbenches/d1sim/step_kernel.hpp"

namespace d1 {

/// A pass of a layer, run.
struct layer_result {
    layer_step step{};
    step_work work{};
    timing_kind timing = timing_kind::at;
    run_result run;
    std::optional<check_result> check;
    std::uint64_t races = 0;
    std::string first_race;
    std::uint64_t uninitialised = 0;  ///< reads of what nobody had written
    std::string first_uninitialised{};
    boost::json::array samples;  ///< of the statistics, where asked for
    bool is_as_before = false;   ///< it did not run itself: figures of an earlier layer of equal work

    [[nodiscard]] bool finished() const { return run.status == run_status::finished; }
    /// Whether a matrix of windows stands for the convolution that the row is.
    [[nodiscard]] bool has_windows() const {
        return step.row.convolution && step.pass != layer_pass::optimizer && !work.direct;
    }
    /// Multiply-accumulates that were done; of an unfinished layer none count.
    [[nodiscard]] std::uint64_t macs() const { return finished() ? step.macs() : 0; }
    [[nodiscard]] bool good() const {
        return finished() && run.address_errors == 0 && run.corrupted == 0 && races == 0 && uninitialised == 0 &&
               (!check || check->good());
    }
};

/// Sums over layers.
struct layer_totals {
    std::size_t layers = 0;
    std::uint64_t cycles = 0;
    std::uint64_t macs = 0;
    std::uint64_t bytes_moved = 0;
    statistics::energy_events events{};
    cycle_stack stack{};  ///< of the layers that finished

    void add(const layer_result& l);
};

/// All layers that were run, and what they ran on.
struct table_result {
    std::vector<layer_result> layers;
    bool complete = false;     ///< every layer of the table finished
    bool interrupted = false;  ///< by a signal, before all had
    std::uint32_t live_nodes = 0;
    noc::route_table::report routing;  ///< how the mesh's paths came out round its dead routers
    std::string summary;               ///< of the statistics, for people; empty unless asked for
    boost::json::object statistics;    ///< totals over all layers
    host_figures host;

    [[nodiscard]] std::size_t finished_layers() const;
    /// Cycles of the layers that ran themselves.
    [[nodiscard]] std::uint64_t simulated_cycles() const;
    [[nodiscard]] layer_totals totals() const;
    [[nodiscard]] layer_totals totals(layer_pass of) const;
};

/// Figures of a layer, or of a whole table, that follow from cycles and operations.
struct rates {
    double seconds = 0;
    double tflops = 0;
    double utilization = 0;  ///< of the live nodes' peak, 0 to 1
};
[[nodiscard]] rates rates_of(std::uint64_t macs, std::uint64_t cycles, const d1_parameters& parameters,
                             std::uint32_t live_nodes);

/// The largest bound's name; of equal ones the first in the order matrix, sram_port, link, synchronisation.
[[nodiscard]] std::string_view bound_by(const run_bounds& bounds);

/// The bounds by their names.
[[nodiscard]] boost::json::object bounds_json(const run_bounds& bounds);

/// Energy by the block in which it went, in J.
[[nodiscard]] boost::json::object energy_json(const statistics::energy_stack& energy);

/// Node-cycles by class.
[[nodiscard]] boost::json::object stack_json(const cycle_stack& stack);

/// Node-cycles of classes data and others by what was waited for.
[[nodiscard]] boost::json::array waits_json(const wait_cycles& waits);

/// What went wrong in a layer, a message each with its code; a deadlock's has a line for each that waits.
[[nodiscard]] std::vector<std::string> complaints(const layer_result& l);

/// The table for people.
[[nodiscard]] std::string text_report(const table_result& table, const run_options& options);

/// The same for programs; docs/results.md describes it.
[[nodiscard]] std::string json_report(const table_result& table, const run_options& options);

}  // namespace d1
