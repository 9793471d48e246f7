#include "testbenches/d1sim/noc_command.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>

#include "models/parameter/error.hpp"
#include "platforms/configuration.hpp"
#include "testbenches/d1sim/host_figures.hpp"
#include "testbenches/d1sim/interrupt.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/traffic/mesh_traffic.hpp"

namespace d1 {

namespace {

using boost::json::array;
using boost::json::object;
using traffic::measurement;

/// A rate, run.
struct point {
    double rate = 0;
    measurement found;
};

class sweep {
  public:
    explicit sweep(const noc_options& options)
        : options_(options),
          noc_(options.parameters.die.noc),
          bench_("mesh", {.noc = noc_,
                          .timing = options.parameters.simulation.timing,
                          .dead = options.parameters.die.harvest.dead,
                          .dead_routers = options.parameters.die.harvest.dead_router,
                          .dead_links = options.parameters.die.harvest.dead_links,
                          .seed = options.parameters.simulation.seed,
                          .watchdog = options.parameters.simulation.watchdog}) {
        constexpr timing::cycle often = 2000;
        bench_.events().every(often, [this](timing::cycle) {
            if (interrupt_requested()) {
                bench_.events().request_pause();
            }
        });
        const traffic::destinations to(places(), bench_.live(), options.pattern, hot());
        senders_ = to.senders();
        if (senders_ == 0) {
            throw input_error(error_class::parameters, "with this pattern no node of this mesh sends anything");
        }
    }

    /// Runs the points in order, and prints each.
    void run() {
        print_heading();
        for (const double rate : options_.rates) {
            points_.push_back({rate, bench_.run({.rate = rate,
                                                 .burst_packets = options_.burst_packets,
                                                 .warm_up = options_.warm_up,
                                                 .measured = options_.measured,
                                                 .seed = options_.parameters.simulation.seed,
                                                 .pattern = options_.pattern,
                                                 .hot = hot()})});
            stuck_ = points_.back().found.waits;
            if (interrupt_requested() || !stuck_.empty()) {
                points_.pop_back();
                return;
            }
            print(points_.back());
        }
        complete_ = true;
        print_end();
    }

    [[nodiscard]] bool complete() const noexcept { return complete_; }
    /// Who waits for whom in a mesh that does not move any more; empty if it does.
    [[nodiscard]] const std::vector<std::string>& stuck() const noexcept { return stuck_; }

    /// Everything that was created has arrived, in every point.
    [[nodiscard]] bool conserves() const {
        return bench_.bursts().in_use() == 0 && std::all_of(points_.begin(), points_.end(), [](const point& p) {
                   return p.found.all_created == p.found.all_arrived + p.found.all_refused;
               });
    }

    [[nodiscard]] object json() const {
        const harvest_parameters& harvest = options_.parameters.die.harvest;
        array dead;
        for (const coordinate c : harvest.dead) {
            dead.push_back(array{c.x, c.y});
        }
        array all;
        for (const point& p : points_) {
            all.push_back(json_of(p));
        }
        return {{"schema", "d1sim-noc/1"},
                {"complete", complete_},
                {"pattern", boost::describe::enum_to_string(options_.pattern, "")},
                {"burst_packets", options_.burst_packets},
                {"timing", to_string(options_.parameters.simulation.timing)},
                {"harvest", {{"dead", std::move(dead)}, {"dead_router", harvest.dead_router}}},
                {"senders", senders_},
                {"warm_up", options_.warm_up},
                {"cycles", options_.measured},
                {"seed", options_.parameters.simulation.seed},
                {"points", std::move(all)},
                {"saturation_throughput", saturation_throughput()},
                {"links", links()},
                {"parameters", to_json(options_.parameters)}};
    }

    [[nodiscard]] std::string csv() const {
        std::string text =
            "rate,offered,accepted,latency_mean,latency_p50,latency_p99,latency_max,network_latency_mean,"
            "queueing_latency_mean,hops_mean,confidence,saturated\n";
        for (const point& p : points_) {
            const measurement& m = p.found;
            text +=
                format("%.6g,%.6g,%.6g,%.6g,%llu,%llu,%llu,%.6g,%.6g,%.6g,%.6g,%d\n", p.rate, m.offered_rate(),
                       m.accepted_rate(), m.mean_latency() + constant(), count(m.latency.quantile(0.5) + constant()),
                       count(m.latency.quantile(0.99) + constant()), count(m.latency.max() + constant()),
                       network_latency(m), queueing(m), m.mean_hops(), m.confidence(), saturated(m) ? 1 : 0);
        }
        return text;
    }

  private:
    template <typename... Values>
    static std::string format(const char* pattern, Values... values) {
        std::array<char, 256> text{};
        std::snprintf(text.data(), text.size(), pattern, values...);
        return text.data();
    }
    static unsigned long long count(std::uint64_t n) { return n; }

    [[nodiscard]] grid places() const {
        return {static_cast<std::int32_t>(noc_.columns), static_cast<std::int32_t>(noc_.rows)};
    }
    /// The live node that is nearest to the middle, of equally near ones the first.
    [[nodiscard]] traffic::hotspot hot() const {
        const grid g = places();
        std::optional<coordinate> nearest;
        const auto from_middle = [&](coordinate c) {
            return std::abs(2 * c.x - g.columns) + std::abs(2 * c.y - g.rows);
        };
        for (std::uint32_t i = 0; i < g.size(); ++i) {
            const coordinate c = g.at(static_cast<node_index>(i));
            if (bench_.live()[i] && (!nearest || from_middle(c) < from_middle(*nearest))) {
                nearest = c;
            }
        }
        return {options_.hot_share, nearest.value_or(coordinate{})};
    }

    /// Of every packet's way from its node into the first router and out of the last.
    [[nodiscard]] std::uint32_t constant() const { return noc_.hop_cycles() + noc_.link_cycles(); }
    [[nodiscard]] double zero_load(const measurement& m) const {
        return m.zero_load_latency(noc_.hop_cycles(), options_.burst_packets) + constant();
    }
    [[nodiscard]] bool saturated(const measurement& m) const {
        return m.mean_latency() + constant() > 3 * zero_load(m) || m.accepted_rate() < 0.98 * m.offered_rate();
    }
    [[nodiscard]] static double queueing(const measurement& m) {
        return m.latency.count() == 0 ? 0 : static_cast<double>(m.queueing) / static_cast<double>(m.latency.count());
    }
    [[nodiscard]] double network_latency(const measurement& m) const {
        return m.mean_latency() + constant() - queueing(m);
    }
    [[nodiscard]] double saturation_throughput() const {
        double most = 0;
        for (const point& p : points_) {
            most = std::max(most, p.found.accepted_rate());
        }
        return most;
    }

    [[nodiscard]] object json_of(const point& p) const {
        const measurement& m = p.found;
        return {{"rate", p.rate},
                {"offered", m.offered_rate()},
                {"accepted", m.accepted_rate()},
                {"latency",
                 {{"mean", m.mean_latency() + constant()},
                  {"p50", m.latency.quantile(0.5) + constant()},
                  {"p99", m.latency.quantile(0.99) + constant()},
                  {"max", m.latency.max() + constant()}}},
                {"zero_load_latency", zero_load(m)},
                {"network_latency_mean", network_latency(m)},
                {"queueing_latency_mean", queueing(m)},
                {"hops_mean", m.mean_hops()},
                {"hop_histogram", array(m.hops.bins().begin(), m.hops.bins().end())},
                {"confidence", m.confidence()},
                {"saturated", saturated(m)},
                {"packets", {{"created", m.all_created}, {"arrived", m.all_arrived}, {"refused", m.all_refused}}}};
    }

    /// Of the last point that is not saturated, or of the first where all are.
    [[nodiscard]] object links() const {
        if (points_.empty()) {
            return {};
        }
        const point* shown = &points_.front();
        for (const point& p : points_) {
            shown = saturated(p.found) ? shown : &p;
        }
        constexpr std::array<const char*, port_count> names{"west", "east", "north", "south", "local"};
        array all;
        for (std::uint32_t n = 0; n < places().size(); ++n) {
            const coordinate c = places().at(static_cast<node_index>(n));
            for (const port p : {port::west, port::east, port::north, port::south, port::local}) {
                if (!has_link(c, p)) {
                    continue;
                }
                const std::uint32_t rate =
                    p == port::local ? noc_.ejection_packets_per_cycle : noc_.link_packets_per_cycle;
                const std::uint64_t packets = shown->found.link_packets[n * port_count + to_number(p)];
                all.push_back(object{
                    {"x", c.x},
                    {"y", c.y},
                    {"port", names[to_number(p)]},
                    {"utilisation", static_cast<double>(packets) / static_cast<double>(options_.measured * rate)}});
            }
        }
        return {{"rate", shown->rate}, {"utilisation", std::move(all)}};
    }
    [[nodiscard]] bool has_link(coordinate c, port p) const {
        const auto passes = [this](coordinate place) {
            return !options_.parameters.die.harvest.dead_router || bench_.live()[to_number(places().index(place))];
        };
        if (p == port::local) {
            return bench_.live()[to_number(places().index(c))];
        }
        const coordinate there = neighbour(c, p);
        return places().contains(there) && passes(c) && passes(there);
    }

    void print_heading() const {
        const d1_parameters& all = options_.parameters;
        std::cout << boost::describe::enum_to_string(options_.pattern, "") << " traffic on " << noc_.columns << " x "
                  << noc_.rows << " nodes, " << all.die.harvest.dead.size() << " dead"
                  << (all.die.harvest.dead.empty()  ? ""
                      : all.die.harvest.dead_router ? " with their routers"
                                                    : "")
                  << ", " << senders_ << " send; bursts of " << options_.burst_packets << ", timing "
                  << to_string(all.simulation.timing) << ", buffers " << noc_.buffer_depth << " deep, "
                  << noc_.channels_per_class << " channels a class, seed " << all.simulation.seed << "\n"
                  << "    rate  offered accepted     mean    +-    p50    p99     max  network  queue   hops\n";
    }
    void print(const point& p) const {
        const measurement& m = p.found;
        std::cout << format("%8.4f %8.4f %8.4f %8.2f %5.2f %6llu %6llu %7llu %8.2f %6.2f %6.2f%s\n", p.rate,
                            m.offered_rate(), m.accepted_rate(), m.mean_latency() + constant(), m.confidence(),
                            count(m.latency.quantile(0.5) + constant()), count(m.latency.quantile(0.99) + constant()),
                            count(m.latency.max() + constant()), network_latency(m), queueing(m), m.mean_hops(),
                            saturated(m) ? "  saturated" : "")
                  << std::flush;
    }
    void print_end() const {
        std::cout << format("Highest accepted rate %.4f packets per node and cycle.", saturation_throughput())
                  << " Latency in cycles from the entry into the source queue to ejection; zero load is "
                  << noc_.hop_cycles() << " x (hops + 1) + " << noc_.link_cycles()
                  << (options_.burst_packets > 1 ? " + packets - 1" : "") << ".\n";
    }

    const noc_options& options_;
    noc_parameters noc_;
    traffic::mesh_traffic bench_;
    std::uint32_t senders_ = 0;
    std::vector<point> points_;
    std::vector<std::string> stuck_;
    bool complete_ = false;
};

}  // namespace

exit_code run_noc(const noc_options& options) {
    const auto started = std::chrono::steady_clock::now();
    std::optional<output_file> json;
    std::optional<output_file> csv;
    if (!options.json.empty()) {
        json.emplace(options.json);
    }
    if (!options.csv.empty()) {
        csv.emplace(options.csv);
    }
    sweep all(options);
    watch_for_interrupts();
    all.run();
    if (json) {
        object report = all.json();
        const host_figures host = host_figures_since(started);
        report["host"] = {{"seconds", host.seconds}, {"peak_memory_bytes", host.peak_memory_bytes}};
        json->write(boost::json::serialize(report) + "\n");
    }
    if (csv) {
        csv->write(all.csv());
    }
    if (!std::cout) {
        throw input_error(error_class::file_unwritable,
                          "cannot write the report to the standard output; is its disk full or its reader gone?");
    }
    if (!all.stuck().empty()) {
        std::cerr << error_line(error_class::deadlock, "no packet has moved for " +
                                                           std::to_string(options.parameters.simulation.watchdog) +
                                                           " cycles (simulation.watchdog), while these wait:")
                  << "\n";
        for (const std::string& line : all.stuck()) {
            std::cerr << "  " << line << "\n";
        }
        return exit_code::deadlock;
    }
    if (!all.complete()) {
        std::cerr << error_line(error_class::interrupted, "interrupted: the points so far are reported") << "\n";
        return exit_code::interrupted;
    }
    if (!all.conserves()) {
        std::cerr << error_line(error_class::internal, "packets were lost: not as many arrived as were created")
                  << "\n";
        return exit_code::failed;
    }
    return exit_code::good;
}

}  // namespace d1
