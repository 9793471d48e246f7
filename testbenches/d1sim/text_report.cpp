#include <algorithm>
#include <array>
#include <sstream>

#include "platforms/area.hpp"
#include "testbenches/d1sim/format.hpp"
#include "testbenches/d1sim/layer_result.hpp"

namespace d1 {

namespace {

/// At most `width` characters of UTF-8, filled up with blanks.
std::string column(std::string_view text, std::size_t width) {
    std::string cell;
    std::size_t characters = 0;
    for (const char c : text) {
        const bool begins = (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
        if (begins && characters == width) {
            break;
        }
        characters += begins ? 1 : 0;
        cell += c;
    }
    return cell.append(width - characters, ' ');
}

std::string bytes(std::uint64_t n) {
    constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
    auto value = static_cast<double>(n);
    std::size_t unit = 0;
    while (value >= 1000 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return format(unit == 0 ? "%.0f %s" : "%.2f %s", value, units[unit]);
}

std::string status_of(const layer_result& l) {
    switch (l.run.status) {
        case run_status::deadlock:
            return "DEADLOCK";
        case run_status::failed:
            return "FAILED";
        case run_status::interrupted:
            return "interrupted";
        case run_status::finished:
            break;
    }
    if (l.run.address_errors != 0) {
        return "ADDRESS ERRORS";
    }
    if (l.run.corrupted != 0) {
        return "CORRUPTED";
    }
    if (l.races != 0) {
        return "RACES";
    }
    if (l.uninitialised != 0) {
        return "UNINITIALISED";
    }
    if (!l.check) {
        return "";
    }
    return l.check->good() ? "exact" : "WRONG";
}

/// The wait that took most node-cycles, the first of equal ones.
std::string longest_wait(const wait_cycles& waits) {
    const auto most =
        std::max_element(waits.begin(), waits.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == waits.end() ? "-" : most->first.second;
}

/// What a row is named by: the layer, and under training its pass.
class row_names {
  public:
    row_names(const table_result& table, bool training) : training_(training) {
        constexpr std::size_t widest_name = 32;
        for (const layer_result& l : table.layers) {
            wide_ = std::max(wide_, std::min(l.step.row.name.size(), widest_name));
        }
    }
    [[nodiscard]] std::string operator()(std::string_view layer, std::string_view pass) const {
        constexpr std::size_t widest_pass = 9;
        return column(layer, wide_) + (training_ ? "  " + column(pass, widest_pass) : "");
    }
    [[nodiscard]] std::string operator()(const layer_result& l) const {
        return (*this)(l.step.row.name, name(l.step.pass));
    }

  private:
    bool training_;
    std::size_t wide_ = 5;
};

/// How the cycles of each layer's nodes divide, on average; classes that nothing falls into are left out.
std::string stack_table(const table_result& table, const row_names& name_of_row) {
    std::ostringstream out;
    const cycle_stack all = table.totals().stack;
    out << "\nCycles of a node, on average, by what it did\n" << name_of_row("layer", "pass");
    for (std::size_t i = 0; i < cycle_class_count; ++i) {
        if (all.cycles[i] != 0) {
            out << format(" %10s", std::string(name_of(static_cast<cycle_class>(i))).c_str());
        }
    }
    out << "  longest wait\n";
    const auto row = [&](const std::string& name, const cycle_stack& stack) {
        out << name;
        for (std::size_t i = 0; i < cycle_class_count; ++i) {
            if (all.cycles[i] != 0) {
                out << format(" %10.1f", static_cast<double>(stack.cycles[i]) / table.live_nodes);
            }
        }
    };
    for (const layer_result& l : table.layers) {
        if (l.finished()) {
            row(name_of_row(l), l.run.stack);
            out << "  " << longest_wait(l.run.waits) << "\n";
        }
    }
    row(name_of_row("total", ""), all);
    out << "\n";
    return out.str();
}

}  // namespace

std::string text_report(const table_result& table, const run_options& options) {
    const row_names name_of_row(table, options.training);
    const bool convolutions =
        std::ranges::any_of(table.layers, [](const layer_result& l) { return l.step.row.convolution.has_value(); });
    const bool any_direct =
        std::ranges::any_of(table.layers, [](const layer_result& l) { return l.work.direct.has_value(); });
    std::ostringstream out;
    out << name_of_row("layer", "pass")
        << format(" %9s %7s %7s %12s %10s %8s %6s %6s %10s %10s  %-15s", "M", "N", "K", "cycles", "us", "TFLOPS",
                  "% peak", "W", "moved", "im2col A", "bound_by")
        << (options.check ? "  check" : "") << "\n";
    for (const layer_result& l : table.layers) {
        const gemm_shape g = l.step.product();
        const bool is_product = l.step.pass != layer_pass::optimizer;
        const rates r = rates_of(l.macs(), l.run.cycles, options.parameters, table.live_nodes);
        out << name_of_row(l)
            << format(" %9llu %7s %7s %12llu %10.2f %8.2f %6.2f %6.1f %10s %10s  %-15s",
                      static_cast<unsigned long long>(g.m), is_product ? std::to_string(g.n).c_str() : "-",
                      is_product ? std::to_string(g.k).c_str() : "-", static_cast<unsigned long long>(l.run.cycles),
                      r.seconds * 1e6, r.tflops, r.utilization * 100,
                      statistics::watts(statistics::energy_of(l.run.events, options.parameters.energy).total(),
                                        l.run.events.time),
                      bytes(l.run.bytes_moved).c_str(),
                      l.has_windows() ? bytes(l.step.row.convolution->expanded_bytes(2)).c_str() : "-",
                      std::string(bound_by(l.run.bounds)).c_str())
            << (status_of(l).empty() ? "" : "  ") << status_of(l) << "\n";
    }
    const auto add_totals = [&](std::string_view what, std::string_view pass, const layer_totals& t) {
        const rates r = rates_of(t.macs, t.cycles, options.parameters, table.live_nodes);
        out << name_of_row(what, pass)
            << format(
                   " %9s %7s %7s %12llu %10.2f %8.2f %6.2f %6.1f %10s\n", "", "", "",
                   static_cast<unsigned long long>(t.cycles), r.seconds * 1e6, r.tflops, r.utilization * 100,
                   statistics::watts(statistics::energy_of(t.events, options.parameters.energy).total(), t.events.time),
                   bytes(t.bytes_moved).c_str());
    };
    const layer_totals totals = table.totals();
    const statistics::energy_events& events = totals.events;
    const statistics::energy_stack energy = statistics::energy_of(events, options.parameters.energy);
    if (options.training) {
        for (std::uint8_t pass = 0; pass < layer_pass_count; ++pass) {
            const auto of = static_cast<layer_pass>(pass);
            if (const layer_totals t = table.totals(of); t.layers != 0) {
                add_totals("total", name(of), t);
            }
        }
    }
    add_totals("total", "", totals);
    out << stack_table(table, name_of_row);
    const simulation_parameters& s = options.parameters.simulation;
    out << "\n" << table.live_nodes << " live nodes, timing " << to_string(s.timing);
    for (const timing_kind other : {timing_kind::lt, timing_kind::at, timing_kind::ca}) {
        const auto layers = std::count_if(table.layers.begin(), table.layers.end(),
                                          [other](const layer_result& l) { return l.timing == other; });
        if (other != s.timing && layers != 0) {
            out << " (" << layers << (layers == 1 ? " layer at " : " layers at ") << to_string(other) << ")";
        }
    }
    if (s.timing == timing_kind::lt) {
        out << " with a quantum of " << s.quantum << " cycles and no contention";
    }
    out << ", functional " << (s.functional ? "on" : "off") << ", batch " << options.batch << ", seed " << s.seed
        << (options.training ? ", optimizer " + std::string(name(options.optimizer)) : "") << ".\n";
    out << format("Energy: %.3g mJ, %.1f W on average, by block:", statistics::joules(energy.total()) * 1e3,
                  statistics::watts(energy.total(), events.time));
    const char* separator = " ";
    for (const auto& [block, femtojoules] : energy.blocks()) {
        out << separator << block << format(" %.1f W", statistics::watts(femtojoules, events.time));
        separator = ", ";
    }
    out << format(". Node area: %.3f of a D1's.\n", relative_area(options.parameters));
    if (table.routing.detoured != 0) {
        out << "Dead routers: " << table.routing.detoured << " of " << table.routing.pairs
            << " pairs of nodes take a detour, " << table.routing.xy_lost
            << " of them although their XY path is free.\n";
    }
    if (any_direct) {
        out << "Convolutions run without im2col; those by single pixels are matrix products.\n";
    } else if (convolutions) {
        out << "Convolutions run as matrix products of their im2col matrix A, whose expanded bytes stand in the "
               "table.\n";
        if (options.training && options.gradients.empty()) {
            out << "Their weight gradients are those of A transposed; their input gradients are those of A, whose sum "
                   "over windows is not run.\n";
        }
    }
    if (options.check && !table.layers.empty()) {
        std::uint64_t results = 0;
        std::uint64_t sampled = 0;
        double worst = 0;
        for (const layer_result& l : table.layers) {
            if (l.check) {
                results += l.check->results;
                sampled += l.check->sampled;
                worst = std::max(worst, l.check->worst_bound_ratio);
            }
        }
        out << "Checked: " << results << " results bit for bit, " << sampled
            << " of them also in integer arithmetic; largest error " << format("%.2f", worst)
            << " of the bound against double precision; races watched.\n";
    }
    out << format("Host: %.2f s, %.2f M simulated cycles/s, peak memory %s.\n", table.host.seconds,
                  static_cast<double>(table.simulated_cycles()) / std::max(table.host.seconds, 1e-9) * 1e-6,
                  bytes(table.host.peak_memory_bytes).c_str());
    if (const auto as_before = std::ranges::count_if(table.layers, &layer_result::is_as_before); as_before != 0) {
        out << as_before << (as_before == 1 ? " row has" : " rows have")
            << " the figures of an earlier one of equal work, which need not run again without payloads.\n";
    }
    if (!table.summary.empty()) {
        out << "\n" << table.summary;
    }
    return out.str();
}

}  // namespace d1
