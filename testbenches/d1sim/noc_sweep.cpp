#include "testbenches/d1sim/noc_sweep.hpp"

#include <algorithm>
#include <cstdlib>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/input_file.hpp"
#include "testbenches/d1sim/interrupt.hpp"
#include "testbenches/d1sim/output_file.hpp"
#include "testbenches/traffic/trace.hpp"

namespace d1 {

namespace {

/// The live node that is nearest to the middle, of equally near ones the first.
coordinate middle_of(const grid& places, const std::vector<bool>& live) {
    const auto from_middle = [&](coordinate c) {
        return std::abs(2 * c.x - places.columns) + std::abs(2 * c.y - places.rows);
    };
    std::optional<coordinate> nearest;
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        const coordinate c = places.at(static_cast<node_index>(i));
        if (live[i] && (!nearest || from_middle(c) < from_middle(*nearest))) {
            nearest = c;
        }
    }
    return nearest.value_or(coordinate{});
}

}  // namespace

double noc_result::saturation_throughput() const {
    double most = 0;
    for (const noc_point& p : points) {
        most = std::max(most, p.found.accepted_rate());
    }
    return most;
}

noc_sweep::noc_sweep(const noc_options& options)
    : options_(options),
      bench_("mesh", {.noc = options.parameters.die.noc,
                      .timing = options.parameters.simulation.timing,
                      .dead = options.parameters.die.harvest.dead,
                      .dead_routers = options.parameters.die.harvest.dead_router,
                      .dead_links = options.parameters.die.harvest.dead_links,
                      .seed = options.parameters.simulation.seed,
                      .watchdog = options.parameters.simulation.watchdog,
                      .watch_order = options.check}) {
    const grid places = bench_.mesh().places();
    result_.live = bench_.live();
    result_.load = options.load;
    result_.load.hot.place = middle_of(places, result_.live);
    if (!options.trace.empty()) {
        read_trace();
    }
    result_.load.warm_up = options.warm_up.value_or(result_.load.warm_up);
    result_.load.measured = options.measured.value_or(result_.load.measured);
    result_.senders =
        result_.load.replay
            ? result_.load.replay->senders()
            : traffic::destinations(places, result_.live, options.load.pattern, result_.load.hot).senders();
    if (result_.senders == 0) {
        throw input_error(error_class::parameters, "with this pattern no node of this mesh sends anything");
    }
    watch();
}

void noc_sweep::read_trace() {
    constexpr std::size_t most_bytes = std::size_t{256} << 20;
    const std::string text = read_input(options_.trace, "the trace", most_bytes);
    if (text.size() > most_bytes) {
        throw input_error(error_class::table, options_.trace + ": the file is larger than 256 MiB; split it");
    }
    auto replay = std::make_shared<traffic::burst_trace>(
        traffic::burst_trace::parse(text, options_.trace, bench_.mesh().places(), result_.live));
    const traffic::burst_trace::setting all{
        .senders = 0, .warm_up = 0, .measured = std::max<timing::cycle>(replay->end(), 20)};
    const traffic::burst_trace::setting given = replay->given().value_or(all);
    result_.load.warm_up = given.warm_up;
    result_.load.measured = given.measured;
    result_.load.replay = std::move(replay);
}

void noc_sweep::watch() {
    constexpr timing::cycle often = 2000;
    bench_.events().every(often, [this](timing::cycle now) {
        if (interrupt_requested()) {
            bench_.events().request_pause();
        }
        const double part = std::min(1.0, static_cast<double>(now) / static_cast<double>(result_.load.end()));
        bar_.show((static_cast<double>(current_) + part) / static_cast<double>(points()),
                  "point " + std::to_string(current_ + 1) + " of " + std::to_string(points()));
    });
}

std::size_t noc_sweep::points() const {
    return std::max<std::size_t>(1, options_.rates.size() + options_.outstanding.size());
}

noc_point noc_sweep::run_point(std::size_t number) {
    noc_point p;
    traffic::load offered = result_.load;
    if (!options_.rates.empty()) {
        p.rate = offered.rate = options_.rates[number];
    } else if (!options_.outstanding.empty()) {
        p.outstanding = offered.outstanding = options_.outstanding[number];
    }
    p.found = bench_.run(offered);
    const noc_latency latency(options_.parameters.die.noc);
    p.saturated =
        latency.saturated(p.found) || !p.found.drained || (offered.replies && latency.saturated(p.found.replies));
    return p;
}

noc_result noc_sweep::run(const std::function<void(const noc_result&)>& start,
                          const std::function<void(const noc_point&)>& done) {
    std::optional<output_file> written;
    traffic::burst_trace recorded(bench_.mesh().places());
    if (!options_.write_trace.empty()) {
        written.emplace(options_.write_trace);
        bench_.record(&recorded);
    }
    start(result_);
    for (; current_ < points() && !result_.stopped; ++current_) {
        noc_point p = run_point(current_);
        if (!p.found.complete) {
            result_.waits = p.found.waits;
            bar_.clear();
            return result_;
        }
        bar_.clear();
        done(p);
        result_.stopped = options_.stop_saturated && p.saturated && current_ + 1 < points();
        result_.conserved = result_.conserved && bench_.bursts().in_use() == 0 &&
                            (p.found.drained ? p.found.all_arrived + p.found.all_refused == p.found.all_created
                                             : p.found.all_arrived + p.found.all_refused < p.found.all_created);
        result_.points.push_back(std::move(p));
    }
    result_.complete = true;
    if (written) {
        recorded.set({result_.senders, result_.load.warm_up, result_.load.measured});
        written->write(recorded.text());
    }
    return result_;
}

}  // namespace d1
