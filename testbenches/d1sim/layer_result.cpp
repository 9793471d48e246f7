#include "testbenches/d1sim/layer_result.hpp"

#include <algorithm>
#include <array>

#include "models/numerics/matrix.hpp"
#include "models/parameter/error.hpp"

namespace d1 {

std::size_t table_result::finished_layers() const {
    return static_cast<std::size_t>(
        std::count_if(layers.begin(), layers.end(), [](const layer_result& l) { return l.finished(); }));
}

std::uint64_t table_result::simulated_cycles() const {
    std::uint64_t sum = 0;
    for (const layer_result& l : layers) {
        sum += l.is_as_before ? 0 : l.run.cycles;
    }
    return sum;
}

void layer_totals::add(const layer_result& l) {
    ++layers;
    cycles += l.run.cycles;
    macs += l.macs();
    bytes_moved += l.run.bytes_moved;
    events += l.run.events;
    stack += l.run.stack;
}

layer_totals table_result::totals() const {
    layer_totals sum;
    for (const layer_result& l : layers) {
        sum.add(l);
    }
    return sum;
}

layer_totals table_result::totals(layer_pass of) const {
    layer_totals sum;
    for (const layer_result& l : layers) {
        if (l.step.pass == of) {
            sum.add(l);
        }
    }
    return sum;
}

rates rates_of(std::uint64_t macs, std::uint64_t cycles, const d1_parameters& parameters, std::uint32_t live_nodes) {
    const core_parameters& core = parameters.die.node.core;
    const std::uint64_t macs_per_cycle = std::uint64_t{core.matrix_rows} * core.matrix_columns * numerics::step_depth *
                                         core.matrix_steps_per_cycle * live_nodes;
    rates r;
    if (cycles == 0) {
        return r;
    }
    r.seconds = static_cast<double>(cycles) * static_cast<double>(parameters.die.clock_period) * 1e-12;
    r.tflops = 2.0 * static_cast<double>(macs) / r.seconds * 1e-12;
    r.utilization = static_cast<double>(macs) / (static_cast<double>(macs_per_cycle) * static_cast<double>(cycles));
    return r;
}

std::string_view bound_by(const run_bounds& b) {
    const std::array<std::uint64_t, 4> values{b.matrix, b.sram_port, b.link, b.synchronisation};
    constexpr std::array<std::string_view, 4> names{"matrix", "sram_port", "link", "synchronisation"};
    return names[static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin())];
}

std::vector<std::string> complaints(const layer_result& l) {
    std::vector<std::string> all;
    const auto complain = [&](error_class kind, const std::string& what) {
        const std::string pass = l.step.pass == layer_pass::forward ? "" : ", " + std::string(name(l.step.pass));
        all.push_back(error_line(kind, "layer '" + l.step.row.name + "'" + pass + ": " + what));
    };
    if (!l.run.message.empty()) {
        complain(l.run.status == run_status::deadlock ? error_class::deadlock : error_class::check_failed,
                 l.run.message.substr(0, l.run.message.find_last_not_of('\n') + 1));
    }
    if (l.run.address_errors != 0) {
        complain(error_class::check_failed,
                 std::to_string(l.run.address_errors) + " bursts were answered with an address error");
    }
    if (l.run.corrupted != 0) {
        complain(error_class::check_failed,
                 std::to_string(l.run.corrupted) + " bursts were refused since links corrupted them");
    }
    if (l.check && !l.check->good()) {
        const check_result& c = *l.check;
        complain(error_class::check_failed, std::to_string(c.wrong) + " of " + std::to_string(c.results) +
                                                " results differ, " + std::to_string(c.sampled_wrong) + " of " +
                                                std::to_string(c.sampled) + " from the integer reference, " +
                                                std::to_string(c.outside_bound) + " lie outside the error bound; " +
                                                c.first_difference);
    }
    if (l.races != 0) {
        complain(error_class::check_failed, std::to_string(l.races) + " races; the first: " + l.first_race);
    }
    if (l.uninitialised != 0) {
        complain(
            error_class::check_failed,
            std::to_string(l.uninitialised) + " reads of what nobody has written; the first: " + l.first_uninitialised);
    }
    return all;
}

}  // namespace d1
