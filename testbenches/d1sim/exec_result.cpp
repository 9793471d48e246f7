#include "testbenches/d1sim/exec_result.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iomanip>
#include <sstream>

#include "models/parameter/error.hpp"
#include "models/program/source_map.hpp"
#include "platforms/area.hpp"
#include "platforms/configuration.hpp"
#include "testbenches/d1sim/layer_result.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

namespace {

/// A node of a job as its programs see it; no program where it runs none.
struct member {
    coordinate logical;
    const program::program* program = nullptr;
};

member member_at(node_index n, const job& j) {
    const auto found = std::find(j.where.nodes.begin(), j.where.nodes.end(), n);
    if (found == j.where.nodes.end()) {
        return {};
    }
    member m{j.where.logical.at(static_cast<node_index>(found - j.where.nodes.begin())), nullptr};
    for (const job::role& r : j.roles) {
        if (std::find(r.members.begin(), r.members.end(), m.logical) != r.members.end()) {
            m.program = r.program.get();
        }
    }
    return m;
}

std::string shown(coordinate c) {
    return "node " + std::to_string(c.x) + "," + std::to_string(c.y);
}

std::string describe(const race_party& p, const job& j) {
    const member m = member_at(p.node, j);
    const std::string place = m.program != nullptr ? program::place_of(*m.program, p.thread, p.instruction)
                                                   : "thread " + std::to_string(p.thread);
    return shown(m.logical) + " " + place + (p.write ? " writes" : " reads") + (p.transfer ? " by its transfer" : "");
}

std::string bytes_text(const race& r, const member& m) {
    std::string text = "bytes " + std::to_string(r.address) + ".." + std::to_string(r.address + r.bytes - 1);
    if (m.program != nullptr) {
        for (const program::buffer& b : m.program->buffers) {
            if (r.address >= b.address && r.address - b.address < b.bytes) {
                text += " (" + b.name + "+" + std::to_string(r.address - b.address) + ")";
            }
        }
    }
    return text;
}

double seconds_of(const exec_result& result, const exec_options& options) {
    return static_cast<double>(result.run.cycles) * static_cast<double>(options.parameters.die.clock_period) * 1e-12;
}

}  // namespace

std::string describe(const race& r, const job& j) {
    const member m = member_at(r.memory, j);
    return "race on " + bytes_text(r, m) + " of " + shown(m.logical) + ": " + describe(r.earlier, j) + ", and " +
           describe(r.later, j) + ", and nothing puts them in order";
}

exit_code exec_result::code() const {
    switch (run.status) {
        case run_status::deadlock:
            return exit_code::deadlock;
        case run_status::interrupted:
            return exit_code::interrupted;
        case run_status::failed:
            return exit_code::failed;
        case run_status::finished:
            break;
    }
    return run.address_errors == 0 && run.corrupted == 0 && races == 0 && uninitialised == 0 ? exit_code::good
                                                                                             : exit_code::failed;
}

std::vector<std::string> complaints(const exec_result& result) {
    std::vector<std::string> all;
    const auto complain = [&](error_class kind, const std::string& what) { all.push_back(error_line(kind, what)); };
    if (!result.run.message.empty()) {
        complain(result.run.status == run_status::deadlock ? error_class::deadlock : error_class::check_failed,
                 result.run.message.substr(0, result.run.message.find_last_not_of('\n') + 1));
    }
    if (result.run.address_errors != 0) {
        complain(error_class::check_failed,
                 count_of(result.run.address_errors, "burst") + " answered with an address error");
    }
    if (result.run.corrupted != 0) {
        complain(error_class::check_failed,
                 count_of(result.run.corrupted, "burst") + " refused since links corrupted them");
    }
    for (const std::string& race : result.race_texts) {
        complain(error_class::check_failed, race);
    }
    for (const std::string& read : result.uninitialised_texts) {
        complain(error_class::check_failed, read);
    }
    if (result.races > result.race_texts.size()) {
        complain(error_class::check_failed, "races in " + std::to_string(result.races) + " accesses; the first " +
                                                std::to_string(result.race_texts.size()) + " kinds are named above");
    }
    return all;
}

std::string text_report(const exec_result& result, const exec_options& options) {
    std::ostringstream out;
    const auto line = [&](const char* what) -> std::ostringstream& {
        out << std::left << std::setw(14) << what;
        return out;
    };
    std::string names;
    for (const std::string& name : result.names) {
        names += (names.empty() ? "" : ", ") + name;
    }
    line("programs") << one_line(names) << "\n";
    line("nodes") << result.members << " of " << result.nodes.columns << " x " << result.nodes.rows << "\n";
    line("cycles") << result.run.cycles << (result.finished() ? "" : ", not finished") << "\n";
    line("us") << std::fixed << std::setprecision(3) << seconds_of(result, options) * 1e6 << "\n";
    line("bytes moved") << result.run.bytes_moved << "\n";
    line("matrix steps") << result.run.matrix_steps << "\n";
    line("bound by") << bound_by(result.run.bounds) << "\n";
    const std::uint64_t energy = statistics::energy_of(result.run.events, options.parameters.energy).total();
    line("uJ") << statistics::joules(energy) * 1e6 << "\n";
    line("W") << statistics::watts(energy, result.run.events.time) << "\n";
    if (options.check) {
        line("races") << (result.races == 0 ? "none" : std::to_string(result.races)) << "\n";
        line("uninitialised") << (result.uninitialised == 0 ? "no reads" : std::to_string(result.uninitialised))
                              << "\n";
    }
    const simulation_parameters& s = options.parameters.simulation;
    out << "\nTiming " << to_string(s.timing);
    if (s.timing == timing_kind::lt) {
        out << " with a quantum of " << s.quantum << " cycles and no contention";
    }
    out << ", functional " << (s.functional ? "on" : "off") << ", seed " << s.seed << ".\n";
    for (const std::string& dump : result.dumps) {
        out << "Dumped " << one_line(dump) << "\n";
    }
    out << "Host: " << std::setprecision(2) << result.host.seconds << " s.\n";
    if (!result.summary.empty()) {
        out << "\n" << result.summary;
    }
    return out.str();
}

std::string json_report(const exec_result& result, const exec_options& options) {
    boost::json::array programs;
    for (const std::string& name : result.names) {
        programs.emplace_back(name);
    }
    const statistics::energy_stack energy = statistics::energy_of(result.run.events, options.parameters.energy);
    boost::json::object report{{"schema", "d1sim-exec/1"},
                               {"complete", result.finished()},
                               {"programs", std::move(programs)},
                               {"columns", result.nodes.columns},
                               {"rows", result.nodes.rows},
                               {"nodes", result.members},
                               {"cycles", result.run.cycles},
                               {"seconds", seconds_of(result, options)},
                               {"bytes_moved", result.run.bytes_moved},
                               {"matrix_steps", result.run.matrix_steps},
                               {"bound_by", bound_by(result.run.bounds)},
                               {"bounds", bounds_json(result.run.bounds)},
                               {"energy_joules", statistics::joules(energy.total())},
                               {"energy", energy_json(energy)}};
    if (result.finished()) {
        report["cycle_stack"] = stack_json(result.run.stack);
        report["waits"] = waits_json(result.run.waits);
    }
    if (result.run.address_errors != 0) {
        report["address_errors"] = result.run.address_errors;
    }
    if (result.run.corrupted != 0) {
        report["corrupted"] = result.run.corrupted;
    }
    if (options.check) {
        report["races"] = result.races;
        report["uninitialised_reads"] = result.uninitialised;
    }
    if (!result.run.message.empty()) {
        report["message"] = result.run.message;
    }
    report["live_nodes"] = result.live_nodes;
    report["relative_area"] = relative_area(options.parameters);
    report["parameters"] = to_json(options.parameters);
    report["statistics"] = result.statistics;
    report["seed"] = options.parameters.simulation.seed;
    report["host"] = {{"seconds", result.host.seconds},
                      {"peak_memory_bytes", result.host.peak_memory_bytes},
                      {"cycles_per_second",
                       result.host.seconds > 0 ? static_cast<double>(result.run.cycles) / result.host.seconds : 0.0}};
    return boost::json::serialize(report) + "\n";
}

}  // namespace d1
