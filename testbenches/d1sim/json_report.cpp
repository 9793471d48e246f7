#include <boost/json/serialize.hpp>

#include "platforms/area.hpp"
#include "platforms/configuration.hpp"
#include "testbenches/d1sim/layer_result.hpp"

namespace d1 {

namespace {

using boost::json::array;
using boost::json::object;

object check_json(const check_result& c) {
    return {{"results", c.results},
            {"wrong", c.wrong},
            {"sampled", c.sampled},
            {"sampled_wrong", c.sampled_wrong},
            {"bounded", c.bounded},
            {"outside_bound", c.outside_bound},
            {"worst_bound_ratio", c.worst_bound_ratio}};
}

object layer_json(const layer_result& l, const run_options& options, std::uint32_t live_nodes) {
    const gemm_shape g = l.step.product();
    const rates r = rates_of(l.macs(), l.run.cycles, options.parameters, live_nodes);
    const run_bounds& b = l.run.bounds;
    const statistics::energy_stack energy = statistics::energy_of(l.run.events, options.parameters.energy);
    object o{{"name", l.step.row.name},
             {"m", g.m},
             {"n", g.n},
             {"k", g.k},
             {"pass", name(l.step.pass)},
             {"timing", to_string(l.timing)},
             {"cycles", l.run.cycles},
             {"seconds", r.seconds},
             {"tflops", r.tflops},
             {"utilization", r.utilization},
             {"bytes_moved", l.run.bytes_moved},
             {"bound_by", bound_by(b)},
             {"bounds", bounds_json(b)},
             {"energy_joules", statistics::joules(energy.total())},
             {"energy", energy_json(energy)},
             {"complete", l.finished()}};
    if (l.finished()) {
        o["cycle_stack"] = stack_json(l.run.stack);
        o["waits"] = waits_json(l.run.waits);
    }
    if (l.has_windows()) {
        o["im2col_bytes"] = l.step.row.convolution->expanded_bytes(2);
    }
    if (l.work.direct) {
        const convolution_shape& c = *l.work.direct;
        o["convolution"] = object{{"ifmap_height", c.ifmap_height},
                                  {"ifmap_width", c.ifmap_width},
                                  {"filter_height", c.filter_height},
                                  {"filter_width", c.filter_width},
                                  {"channels", c.channels},
                                  {"filters", c.filters},
                                  {"stride", c.stride},
                                  {"batch", c.batch}};
    }
    if (l.run.address_errors != 0) {
        o["address_errors"] = l.run.address_errors;
    }
    if (l.run.corrupted != 0) {
        o["corrupted"] = l.run.corrupted;
    }
    if (l.check) {
        o["check"] = check_json(*l.check);
        o["races"] = l.races;
        o["uninitialised_reads"] = l.uninitialised;
    }
    if (options.sample_layers) {
        o["samples"] = l.samples;
    }
    return o;
}

object totals_json(const layer_totals& t, const run_options& options, std::uint32_t live_nodes) {
    const rates r = rates_of(t.macs, t.cycles, options.parameters, live_nodes);
    const statistics::energy_stack energy = statistics::energy_of(t.events, options.parameters.energy);
    return {{"layers", t.layers},
            {"macs", t.macs},
            {"cycles", t.cycles},
            {"seconds", r.seconds},
            {"tflops", r.tflops},
            {"utilization", r.utilization},
            {"bytes_moved", t.bytes_moved},
            {"energy_joules", statistics::joules(energy.total())},
            {"energy", energy_json(energy)},
            {"watts", statistics::watts(energy.total(), t.events.time)},
            {"cycle_stack", stack_json(t.stack)}};
}

/// "bf16", "cfp8_143:7", "cfp8_143:7,bf16": as --format takes it.
std::string format_of(const kernels::gemm_types& types) {
    const auto text = [](numerics::element_type type) {
        const std::string name(numerics::name(type.format));
        return numerics::has_bias(type.format) ? name + ':' + std::to_string(type.bias) : name;
    };
    return types.a == types.b ? text(types.a) : text(types.a) + ',' + text(types.b);
}

}  // namespace

object bounds_json(const run_bounds& b) {
    return {{"matrix", b.matrix}, {"sram_port", b.sram_port}, {"link", b.link}, {"synchronisation", b.synchronisation}};
}

object energy_json(const statistics::energy_stack& energy) {
    object o;
    for (const auto& [block, femtojoules] : energy.blocks()) {
        o[block] = statistics::joules(femtojoules);
    }
    return o;
}

object stack_json(const cycle_stack& stack) {
    object o;
    for (std::size_t i = 0; i < cycle_class_count; ++i) {
        o[name_of(static_cast<cycle_class>(i))] = stack.cycles[i];
    }
    return o;
}

array waits_json(const wait_cycles& waits) {
    array all;
    for (const auto& [what, cycles] : waits) {
        all.push_back(object{{"class", name_of(what.first)}, {"for", what.second}, {"node_cycles", cycles}});
    }
    return all;
}

std::string json_report(const table_result& table, const run_options& options) {
    array layers;
    for (const layer_result& l : table.layers) {
        layers.push_back(layer_json(l, options, table.live_nodes));
    }
    object totals = totals_json(table.totals(), options, table.live_nodes);
    totals["live_nodes"] = table.live_nodes;
    if (options.training) {
        object& passes = totals["passes"].emplace_object();
        for (std::uint8_t pass = 0; pass < layer_pass_count; ++pass) {
            const auto of = static_cast<layer_pass>(pass);
            passes[name(of)] = totals_json(table.totals(of), options, table.live_nodes);
        }
    }
    object report{{"schema", "d1sim-run/1"},
                  {"complete", table.complete},
                  {"layers", std::move(layers)},
                  {"totals", std::move(totals)},
                  {"routing",
                   {{"pairs", table.routing.pairs},
                    {"xy_live", table.routing.xy_live},
                    {"xy_kept", table.routing.xy_kept},
                    {"xy_lost", table.routing.xy_lost},
                    {"detoured", table.routing.detoured},
                    {"extra_hops", table.routing.extra_hops_total},
                    {"longest_path", table.routing.longest_path}}},
                  {"relative_area", relative_area(options.parameters)},
                  {"parameters", to_json(options.parameters)},
                  {"batch", options.batch},
                  {"format", format_of(options.types)},
                  {"out", numerics::name(options.types.output.format)}};
    if (options.training) {
        report["optimizer"] = name(options.optimizer);
    }
    report["statistics"] = table.statistics;
    report["seed"] = options.parameters.simulation.seed;
    report["host"] =
        object{{"seconds", table.host.seconds},
               {"peak_memory_bytes", table.host.peak_memory_bytes},
               {"cycles_per_second",
                table.host.seconds > 0 ? static_cast<double>(table.simulated_cycles()) / table.host.seconds : 0.0}};
    return boost::json::serialize(report) + "\n";
}

}  // namespace d1
