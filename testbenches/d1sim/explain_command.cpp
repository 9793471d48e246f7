#include "testbenches/d1sim/explain_command.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "models/parameter/error.hpp"
#include "platforms/configuration_tree.hpp"
#include "testbenches/d1sim/critical_path.hpp"
#include "testbenches/d1sim/explained_layer.hpp"
#include "testbenches/d1sim/format.hpp"
#include "testbenches/d1sim/in_child.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

namespace {

namespace json = boost::json;

/// A parameter that can be doubled, or halved, and the part of a path that this may shorten. The launch is no lever: it
/// is what software spends before a program begins, and no part of the machine.
struct lever {
    path_part part;
    bool up;
    const char* path;
};

constexpr std::array levers{
    lever{path_part::matrix, true, "die.node.core.matrix_steps_per_cycle"},
    lever{path_part::simd, true, "die.node.core.simd_lanes"},
    lever{path_part::sram_port, true, "die.node.sram.vector_load_ports"},
    lever{path_part::sram_port, true, "die.node.sram.vector_store_ports"},
    lever{path_part::sram_port, true, "die.node.core.register_block_rows"},
    lever{path_part::sram_port, true, "die.node.core.register_block_columns"},
    lever{path_part::sram_port, true, "die.node.core.matrix_steps_per_cycle"},
    lever{path_part::memory, true, "die.node.core.gather_granules_per_cycle"},
    lever{path_part::front_end, false, "die.node.core.issue_cycles"},
    lever{path_part::front_end, false, "die.node.core.list_entry_cycles"},
    lever{path_part::latency, false, "die.node.core.matrix_latency"},
    lever{path_part::latency, false, "die.node.core.matrix_drain_cycles"},
    lever{path_part::latency, false, "die.node.core.simd_latency"},
    lever{path_part::transfer, false, "die.noc.pipeline_stages"},
    lever{path_part::transfer, false, "die.noc.link_latency"},
    lever{path_part::transfer, true, "die.noc.injection_packets_per_cycle"},
    lever{path_part::transfer, false, "die.node.network_interface.request_cycles"},
    lever{path_part::transfer, false, "die.node.network_interface.reply_cycles"},
    lever{path_part::transfer, false, "die.node.network_interface.signal_cycles"},
    lever{path_part::transfer, false, "die.node.network_interface.arrival_cycles"},
    lever{path_part::transfer, false, "die.node.core.wake_cycles"},
    lever{path_part::contention, true, "die.noc.link_packets_per_cycle"},
    lever{path_part::contention, true, "die.noc.injection_packets_per_cycle"},
    lever{path_part::contention, true, "die.noc.ejection_packets_per_cycle"},
    lever{path_part::contention, true, "die.node.sram.mesh_read_ports"},
    lever{path_part::contention, true, "die.node.sram.mesh_write_ports"},
    lever{path_part::contention, true, "die.node.network_interface.engines"},
    lever{path_part::contention, true, "die.node.network_interface.max_outstanding"},
    lever{path_part::contention, true, "die.noc.buffer_depth"},
    lever{path_part::interface, true, "die.node.network_interface.queue_depth"},
    lever{path_part::interface, true, "die.node.network_interface.engines"},
    lever{path_part::interface, true, "die.noc.link_packets_per_cycle"},
    lever{path_part::barrier, false, "die.node.network_interface.barrier_cycles"},
    lever{path_part::arrival, false, "die.noc.pipeline_stages"},
    lever{path_part::arrival, false, "die.noc.link_latency"},
};

/// A run of the layer with one parameter changed.
struct trial {
    std::string parameter;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    timing::cycle cycles = 0;
};

step_kernel kernel_of(const explained_layer& l, const die& on) {
    try {
        return {l.work, on};
    } catch (const input_error& e) {
        throw input_error(e.kind(), "layer '" + l.name + "': " + e.what());
    } catch (const std::invalid_argument& e) {  // the program asks for more than a node has
        throw input_error(error_class::layer, "layer '" + l.name + "': " + e.what());
    }
}

/// The layer on a die of its own; to be called in a process of its own. What a run gives that does not finish is an
/// error of its class.
template <typename Use>
std::string run_layer(const explained_layer& l, const die_checks& watch, const Use& use) {
    die on("die", l.parameters, watch);
    const step_kernel kernel = kernel_of(l, on);
    on.launch(kernel.programs());
    const run_result r = on.run();
    if (r.status != run_status::finished) {
        throw input_error(r.status == run_status::deadlock ? error_class::deadlock : error_class::check_failed,
                          "layer '" + l.name + "': " + r.message);
    }
    return use(on, kernel.programs(), r);
}

/// The path as JSON, for the parent.
std::string path_of(const explained_layer& l) {
    return run_layer(l, {.activities = true}, [](die& on, const job& j, const run_result& r) {
        const critical_path path = critical_path_of(on, j, r);
        json::object parts;
        for (std::size_t i = 0; i < path_part_count; ++i) {
            parts[describe(static_cast<path_part>(i)).name] = path.parts[i];
        }
        json::array steps;
        for (const path_step& s : path.steps) {
            const coordinate c = on.places().at(s.node);
            steps.push_back(
                json::object{{"begin", s.begin}, {"end", s.end}, {"node", indexed("node", c)}, {"what", s.what}});
        }
        return json::serialize(json::object{{"cycles", r.cycles}, {"parts", parts}, {"steps", steps}});
    });
}

/// Runs the layer with the lever moved; nothing where it is at its end already, or the machine would be none.
std::optional<trial> try_lever(const explained_layer& l, const lever& how) {
    explained_layer changed = l;
    trial t{how.path};
    const std::vector<parameter::entry> entries = parameter::list_entries(changed.parameters);
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const parameter::entry& e) { return e.path == how.path; });
    if (found == entries.end()) {
        throw std::logic_error(std::string("explain: there is no parameter ") + how.path);
    }
    t.from = std::get<std::uint64_t>(found->get());
    t.to = how.up ? 2 * t.from : t.from / 2;
    if (t.to == t.from || !parameter::allowed(*found, t.to)) {
        return std::nullopt;
    }
    found->put(t.to);
    try {
        validate(changed.parameters);
        t.cycles = std::stoull(in_child([&] {
            return run_layer(changed, {},
                             [](die&, const job&, const run_result& r) { return std::to_string(r.cycles); });
        }));
    } catch (const input_error&) {
        return std::nullopt;  // this machine cannot run the layer
    }
    return t;
}

/// One run for each lever whose part is at least 1 % of the path, the shortest first.
std::vector<trial> trials_of(const explained_layer& l, const json::object& path) {
    std::vector<trial> all;
    const std::uint64_t cycles = path.at("cycles").to_number<std::uint64_t>();
    for (const lever& how : levers) {
        const std::uint64_t part = path.at("parts").at(describe(how.part).name).to_number<std::uint64_t>();
        const bool done = std::any_of(all.begin(), all.end(), [&](const trial& t) { return t.parameter == how.path; });
        if (!done && part * 100 >= cycles) {
            if (auto t = try_lever(l, how)) {
                all.push_back(std::move(*t));
            }
        }
    }
    std::stable_sort(all.begin(), all.end(), [](const trial& a, const trial& b) { return a.cycles < b.cycles; });
    return all;
}

double percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// The longest steps in the order of time; those between them together.
std::string chain_text(const json::array& steps) {
    constexpr std::size_t most = 30;
    const auto length = [](const json::value& s) {
        return s.at("end").to_number<std::uint64_t>() - s.at("begin").to_number<std::uint64_t>();
    };
    std::vector<std::uint64_t> lengths;
    for (const json::value& s : steps) {
        lengths.push_back(length(s));
    }
    std::sort(lengths.begin(), lengths.end(), std::greater<>());
    const std::uint64_t least = lengths.size() > most ? lengths[most - 1] : 0;
    std::ostringstream out;
    std::size_t shown = 0;
    std::uint64_t hidden = 0;
    std::uint64_t hidden_cycles = 0;
    const auto tell_hidden = [&] {
        if (hidden != 0) {
            out << format("%10s %8llu  ", "", static_cast<unsigned long long>(hidden_cycles))
                << count_of(hidden, "shorter step") << "\n";
        }
        hidden = hidden_cycles = 0;
    };
    for (const json::value& s : steps) {
        if (length(s) < least || shown == most) {
            ++hidden;
            hidden_cycles += length(s);
            continue;
        }
        tell_hidden();
        ++shown;
        out << format("%10llu %8llu  ", static_cast<unsigned long long>(s.at("begin").to_number<std::uint64_t>()),
                      static_cast<unsigned long long>(length(s)))
            << s.at("node").as_string().c_str() << " " << s.at("what").as_string().c_str() << "\n";
    }
    tell_hidden();
    return out.str();
}

std::string text_of(const explained_layer& l, const json::object& path, const std::vector<trial>& trials) {
    const std::uint64_t cycles = path.at("cycles").to_number<std::uint64_t>();
    std::ostringstream out;
    const gemm_shape& shape = l.work.product;
    out << "Layer " << one_line(l.name) << (l.pass == layer_pass::forward ? "" : ", " + std::string(name(l.pass)))
        << ": ";
    if (l.pass == layer_pass::optimizer) {
        out << shape.m << " weights by " << name(l.work.optimizer);
    } else {
        out << shape.m << " x " << shape.n << " x " << shape.k << " (M x N x K)";
    }
    out << ", timing " << to_string(l.parameters.simulation.timing) << ", " << cycles << " cycles\n\n"
        << "What the cycles of its critical path were\n";
    for (std::size_t i = 0; i < path_part_count; ++i) {
        const path_part_description& about = describe(static_cast<path_part>(i));
        const std::uint64_t part = path.at("parts").at(about.name).to_number<std::uint64_t>();
        if (part != 0) {
            out << format("%10llu %7.2f %%  ", static_cast<unsigned long long>(part), percent(part, cycles))
                << about.meaning << "\n";
        }
    }
    const json::array& steps = path.at("steps").as_array();
    out << "\nThe chain, " << count_of(steps.size(), "step") << " from the launch to the end\n"
        << format("%10s %8s\n", "from", "cycles") << chain_text(steps)
        << "\nOne parameter changed, a run each, the quickest first\n";
    for (const trial& t : trials) {
        out << "  " << t.parameter
            << format("%*s", static_cast<int>(std::max<std::size_t>(1, 50 - t.parameter.size())), "")
            << format("%5llu -> %-5llu %10llu cycles %+7.2f %%\n", static_cast<unsigned long long>(t.from),
                      static_cast<unsigned long long>(t.to), static_cast<unsigned long long>(t.cycles),
                      percent(t.cycles, cycles) - 100);
    }
    if (trials.empty() || trials.front().cycles >= cycles) {
        out << "None of them shortens it.\n";
    } else {
        const trial& best = trials.front();
        out << "Most is gained by --set " << best.parameter << "=" << best.to << ": " << cycles - best.cycles
            << " cycles, " << format("%.2f %%.\n", percent(cycles - best.cycles, cycles));
    }
    return out.str();
}

std::string json_of(const explained_layer& l, const json::object& path, const std::vector<trial>& trials) {
    json::array changes;
    for (const trial& t : trials) {
        changes.push_back(
            json::object{{"parameter", t.parameter}, {"from", t.from}, {"to", t.to}, {"cycles", t.cycles}});
    }
    json::object report{{"schema", "d1sim-explain/1"},
                        {"layer", l.name},
                        {"pass", name(l.pass)},
                        {"m", l.work.product.m},
                        {"n", l.work.product.n},
                        {"k", l.work.product.k},
                        {"timing", to_string(l.parameters.simulation.timing)}};
    for (const auto& member : path) {
        report.insert(member);
    }
    report["changes"] = std::move(changes);
    return json::serialize(report) + "\n";
}

}  // namespace

exit_code explain_layer(const explain_options& options) {
    std::optional<output_file> file;
    const explained_layer l = find_layer(options);
    if (!options.run.json.empty()) {
        file.emplace(options.run.json);
    }
    const json::object path = json::parse(in_child([&] { return path_of(l); })).as_object();
    const std::vector<trial> trials = trials_of(l, path);
    std::cout << text_of(l, path, trials) << std::flush;
    if (file) {
        file->write(json_of(l, path, trials));
    }
    if (!std::cout) {
        throw input_error(error_class::file_unwritable, "cannot write the report to the standard output");
    }
    return exit_code::good;
}

}  // namespace d1
