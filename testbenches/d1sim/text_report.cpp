#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

#include "platforms/area.hpp"
#include "testbenches/d1sim/layer_result.hpp"

namespace d1 {

namespace {

std::string format(const char* pattern, auto... values) {
    std::array<char, 256> text{};
    std::snprintf(text.data(), text.size(), pattern, values...);
    return text.data();
}

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

/// How the cycles of each layer's nodes divide, on average; classes that nothing falls into are left out.
std::string stack_table(const table_result& table, std::size_t wide) {
    std::ostringstream out;
    const cycle_stack all = table.stack();
    out << "\nCycles of a node, on average, by what it did\n" << column("layer", wide);
    for (std::size_t i = 0; i < cycle_class_count; ++i) {
        if (all.cycles[i] != 0) {
            out << format(" %10s", std::string(name_of(static_cast<cycle_class>(i))).c_str());
        }
    }
    out << "  longest wait\n";
    const auto row = [&](const std::string& name, const cycle_stack& stack) {
        out << column(name, wide);
        for (std::size_t i = 0; i < cycle_class_count; ++i) {
            if (all.cycles[i] != 0) {
                out << format(" %10.1f", static_cast<double>(stack.cycles[i]) / table.live_nodes);
            }
        }
    };
    for (const layer_result& l : table.layers) {
        if (l.finished()) {
            row(l.layer.name, l.run.stack);
            out << "  " << longest_wait(l.run.waits) << "\n";
        }
    }
    row("total", all);
    out << "\n";
    return out.str();
}

}  // namespace

std::string text_report(const table_result& table, const run_options& options) {
    constexpr std::size_t widest_name = 32;
    std::size_t wide = 5;
    bool convolutions = false;
    for (const layer_result& l : table.layers) {
        wide = std::max(wide, std::min(l.layer.name.size(), widest_name));
        convolutions = convolutions || l.layer.convolution;
    }
    std::ostringstream out;
    out << column("layer", wide)
        << format(" %9s %7s %7s %12s %10s %8s %6s %6s %10s %10s  %-15s", "M", "N", "K", "cycles", "us", "TFLOPS",
                  "% peak", "W", "moved", "im2col A", "bound_by")
        << (options.check ? "  check" : "") << "\n";
    for (const layer_result& l : table.layers) {
        const gemm_shape& g = l.layer.gemm;
        const rates r = rates_of(l.macs(), l.run.cycles, options.parameters, table.live_nodes);
        out << column(l.layer.name, wide)
            << format(" %9llu %7llu %7llu %12llu %10.2f %8.2f %6.2f %6.1f %10s %10s  %-15s",
                      static_cast<unsigned long long>(g.m), static_cast<unsigned long long>(g.n),
                      static_cast<unsigned long long>(g.k), static_cast<unsigned long long>(l.run.cycles),
                      r.seconds * 1e6, r.tflops, r.utilization * 100,
                      statistics::watts(statistics::energy_of(l.run.events, options.parameters.energy).total(),
                                        l.run.events.time),
                      bytes(l.run.bytes_moved).c_str(),
                      l.layer.convolution ? bytes(l.layer.convolution->expanded_bytes(2)).c_str() : "-",
                      std::string(bound_by(l.run.bounds)).c_str())
            << (status_of(l).empty() ? "" : "  ") << status_of(l) << "\n";
    }
    const rates r = rates_of(table.macs(), table.cycles(), options.parameters, table.live_nodes);
    const statistics::energy_events events = table.events();
    const statistics::energy_stack energy = statistics::energy_of(events, options.parameters.energy);
    out << column("total", wide)
        << format(" %9s %7s %7s %12llu %10.2f %8.2f %6.2f %6.1f %10s\n", "", "", "",
                  static_cast<unsigned long long>(table.cycles()), r.seconds * 1e6, r.tflops, r.utilization * 100,
                  statistics::watts(energy.total(), events.time), bytes(table.bytes_moved()).c_str())
        << stack_table(table, wide);
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
        << ".\n";
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
    if (convolutions) {
        out << "Convolutions run as matrix products of their im2col matrix A, whose expanded bytes stand in the "
               "table.\n";
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
                  static_cast<double>(table.cycles()) / std::max(table.host.seconds, 1e-9) * 1e-6,
                  bytes(table.host.peak_memory_bytes).c_str());
    if (!table.summary.empty()) {
        out << "\n" << table.summary;
    }
    return out.str();
}

}  // namespace d1
