#include "testbenches/d1sim/level_comparison.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "models/parameter/error.hpp"
#include "platforms/configuration.hpp"
#include "platforms/die.hpp"
#include "testbenches/d1sim/format.hpp"
#include "testbenches/d1sim/interrupt.hpp"
#include "testbenches/d1sim/noc_sweep.hpp"
#include "testbenches/d1sim/progress.hpp"
#include "testbenches/kernels/collectives.hpp"
#include "testbenches/kernels/gemm.hpp"
#include "testbenches/traffic/mesh_traffic.hpp"

namespace d1 {

namespace {

struct interrupted {};

/// Bounds that docs/noc.md promises, by the part of saturation.
std::optional<double> traffic_bound(std::uint32_t burst_packets, double part) {
    if (burst_packets == 1) {
        return part <= 0.7 ? std::optional(0.03) : part <= 0.8 ? std::optional(0.06) : std::nullopt;
    }
    return part <= 0.6 ? std::optional(0.1) : std::nullopt;
}
constexpr double program_bound = 0.03;

/// What runs at both levels, with one set of dead nodes.
class machine {
  public:
    machine(const comparison_options& options, bool full_mesh)
        : options_(options), parameters_(options.parameters), full_mesh_(full_mesh) {
        if (full_mesh) {
            parameters_.die.harvest.dead.clear();
            parameters_.die.harvest.dead_links.clear();
        }
        parameters_.simulation.functional = false;  // changes no cycle
        const std::string name = full_mesh ? "full" : "harvested";
        if (options.extent != comparison_extent::programs) {
            for (const timing_kind level : levels) {
                const harvest_parameters& harvest = parameters_.die.harvest;
                meshes_.push_back(std::make_unique<traffic::mesh_traffic>(
                    (name + "_" + to_string(level)).c_str(),
                    traffic::mesh_setting{.noc = parameters_.die.noc,
                                          .timing = level,
                                          .dead = harvest.dead,
                                          .dead_routers = harvest.dead_router,
                                          .dead_links = harvest.dead_links,
                                          .seed = parameters_.simulation.seed,
                                          .watchdog = parameters_.simulation.watchdog}));
                stop_when_interrupted(meshes_.back()->events());
            }
        }
        if (options.extent != comparison_extent::traffic) {
            die_ = std::make_unique<die>((name + "_die").c_str(), parameters_);
            stop_when_interrupted(die_->events());
        }
    }

    template <typename Take>
    void compare_traffic(Take take) {
        const bool brief = options_.extent == comparison_extent::brief;
        for (const std::uint32_t packets : {1U, 16U}) {
            const std::uint64_t usual = (packets == 1 ? 10000U : 40000U) * (brief ? 4U : 10U) / 10;
            traffic::load offered{.burst_packets = packets,
                                  .measured = options_.measured.value_or(usual),
                                  .seed = parameters_.simulation.seed};
            const double saturation = saturation_of(offered);
            for (const double part : {0.3, 0.4, 0.5, 0.6, 0.7, 0.8}) {
                if (brief && (std::lround(part * 10) % 3 != 0)) {
                    continue;
                }
                offered.rate = part * saturation;
                const noc_latency latency(parameters_.die.noc);
                compared_cycles row{(packets == 1 ? "single packets" : "bursts of " + std::to_string(packets)),
                                    full_mesh_,
                                    latency.mean(run(0, offered)),
                                    latency.mean(run(1, offered)),
                                    traffic_bound(packets, part),
                                    offered.rate,
                                    part};
                take(std::move(row));
            }
        }
    }

    template <typename Take, typename Fail>
    void compare_programs(Take take, Fail fail) {
        const auto compare = [&](const std::string& what, const job& programs) {
            compared_cycles row{what, full_mesh_, 0, 0, program_bound, 0, 0};
            for (const timing_kind level : levels) {
                die_->reset();
                die_->set_timing(level);
                die_->launch(programs);
                const run_result result = die_->run();
                if (interrupt_requested()) {
                    throw interrupted{};
                }
                if (result.status != run_status::finished) {
                    fail(comparison_failure{what + " at " + to_string(level), result.message});
                    return;
                }
                (level == timing_kind::at ? row.at : row.ca) = static_cast<double>(result.cycles);
            }
            take(std::move(row));
        };
        const bool brief = options_.extent == comparison_extent::brief;
        for (const std::uint64_t size : {512U, 1024U, 2048U}) {
            if (!brief || size == 512) {
                const kernels::gemm product({size, size, size}, {}, *die_);
                compare("matrix product " + std::to_string(size) + " cubed", product.programs());
            }
        }
        const auto columns = static_cast<std::int32_t>(parameters_.die.noc.columns);
        const grid nodes{columns, std::max(1, static_cast<std::int32_t>(die_->live_nodes()) / columns)};
        for (const kernels::collective_kind kind :
             {kernels::collective_kind::all_to_all, kernels::collective_kind::reduce_to_one,
              kernels::collective_kind::broadcast}) {
            for (const std::uint32_t kilobytes : {1U, 64U}) {
                if (!brief || kilobytes == 1) {
                    const kernels::collective_programs programs(
                        {.kind = kind, .nodes = nodes, .bytes = kilobytes << 10U}, *die_);
                    compare(std::string(kernels::name(kind)) + ", " + std::to_string(kilobytes) + " KB a node",
                            programs.programs());
                }
            }
        }
    }

  private:
    static constexpr std::array levels{timing_kind::at, timing_kind::ca};

    void stop_when_interrupted(timing::event_queue& events) {
        constexpr timing::cycle often = 2000;
        events.every(often, [&events](timing::cycle) {
            if (interrupt_requested()) {
                events.request_pause();
            }
        });
    }

    traffic::measurement run(std::size_t level, const traffic::load& offered) {
        traffic::measurement found = meshes_[level]->run(offered);
        if (!found.complete) {
            throw interrupted{};
        }
        return found;
    }

    /// The highest accepted rate of a sweep at ca, which ends with the second saturated point.
    double saturation_of(traffic::load offered) {
        const noc_latency latency(parameters_.die.noc);
        double most = 0;
        int saturated = 0;
        offered.drain = offered.measured;
        for (int hundredths = 2; hundredths <= 100 && saturated < 2; hundredths += 2) {
            offered.rate = hundredths / 100.0;
            const traffic::measurement found = run(1, offered);
            most = std::max(most, found.accepted_rate());
            saturated += latency.saturated(found) || !found.drained ? 1 : 0;
        }
        return most;
    }

    const comparison_options& options_;
    d1_parameters parameters_;
    bool full_mesh_;
    std::vector<std::unique_ptr<traffic::mesh_traffic>> meshes_;  // at, ca
    std::unique_ptr<die> die_;
};

std::string name_of(const compared_cycles& row) {
    return row.part == 0 ? row.what : format("%s, %.1f of saturation (%.4f)", row.what.c_str(), row.part, row.rate);
}

}  // namespace

level_comparison compare_levels(const comparison_options& options,
                                const std::function<void(const compared_cycles&)>& done) {
    std::vector<std::unique_ptr<machine>> machines;  // all before the first runs
    machines.push_back(std::make_unique<machine>(options, true));
    if (!options.parameters.die.harvest.dead.empty() || !options.parameters.die.harvest.dead_links.empty()) {
        machines.push_back(std::make_unique<machine>(options, false));
    }
    level_comparison found;
    progress bar;
    const auto take = [&](compared_cycles row) {
        bar.clear();
        done(row);
        found.rows.push_back(std::move(row));
        constexpr double rows = 21;  // of a machine
        bar.show(static_cast<double>(found.rows.size()) / (rows * static_cast<double>(machines.size())),
                 found.rows.back().what);
    };
    try {
        for (const auto& m : machines) {
            if (options.extent != comparison_extent::programs) {
                m->compare_traffic(take);
            }
            if (options.extent != comparison_extent::traffic) {
                m->compare_programs(take, [&](comparison_failure f) { found.failures.push_back(std::move(f)); });
            }
        }
        found.complete = true;
    } catch (const interrupted&) {
    }
    return found;
}

std::string comparison_heading() {
    return format("%-46s %-9s %10s %10s %8s %6s\n", "cycles", "mesh", "at", "ca", "error", "bound");
}

std::string comparison_line(const compared_cycles& row) {
    const int digits = row.part == 0 ? 0 : 2;
    std::string text = format("%-46s %-9s %10.*f %10.*f %+7.1f%%", name_of(row).c_str(),
                              row.full_mesh ? "full" : "harvested", digits, row.at, digits, row.ca, 100 * row.error());
    text += row.bound ? format(" %5.0f%%", 100 * *row.bound) : "      -";
    return text + (row.holds() ? "\n" : "  beyond\n");
}

boost::json::object comparison_json(const comparison_options& options, const level_comparison& found) {
    boost::json::array rows;
    for (const compared_cycles& row : found.rows) {
        boost::json::object one{{"what", row.what},     {"mesh", row.full_mesh ? "full" : "harvested"},
                                {"at", row.at},         {"ca", row.ca},
                                {"error", row.error()}, {"holds", row.holds()}};
        if (row.part != 0) {
            one["rate"] = row.rate;
            one["part_of_saturation"] = row.part;
        }
        if (row.bound) {
            one["bound"] = *row.bound;
        }
        rows.push_back(std::move(one));
    }
    boost::json::array failures;
    for (const comparison_failure& f : found.failures) {
        failures.push_back(boost::json::object{{"what", f.what}, {"why", f.why}});
    }
    return {{"schema", "d1sim-noc-compare/1"},
            {"complete", found.complete},
            {"extent", boost::describe::enum_to_string(options.extent, "")},
            {"seed", options.parameters.simulation.seed},
            {"rows", std::move(rows)},
            {"failures", std::move(failures)},
            {"parameters", to_json(options.parameters)}};
}

std::string comparison_csv(const level_comparison& found) {
    std::string text = "what,mesh,part_of_saturation,rate,at,ca,error,bound,holds\n";
    for (const compared_cycles& row : found.rows) {
        text += "\"" + row.what + "\"," + (row.full_mesh ? "full" : "harvested");
        text += row.part == 0 ? ",," : format(",%.6g,%.6g", row.part, row.rate);
        text += format(",%.6g,%.6g,%.6g,", row.at, row.ca, row.error());
        text += (row.bound ? format("%.6g", *row.bound) : "") + (row.holds() ? ",1\n" : ",0\n");
    }
    return text;
}

}  // namespace d1
