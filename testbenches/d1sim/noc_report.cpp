#include "testbenches/d1sim/noc_report.hpp"

#include <algorithm>
#include <array>

#include "platforms/configuration.hpp"
#include "testbenches/d1sim/format.hpp"
#include "testbenches/d1sim/words.hpp"

namespace d1 {

namespace {

using boost::describe::enum_to_string;
using boost::json::array;
using boost::json::object;
using traffic::flow;
using traffic::measurement;

unsigned long long count(std::uint64_t n) {
    return n;
}

noc_latency latency_of(const noc_options& options) {
    return noc_latency(options.parameters.die.noc);
}

grid places_of(const noc_options& options) {
    const noc_parameters& noc = options.parameters.die.noc;
    return {static_cast<std::int32_t>(noc.columns), static_cast<std::int32_t>(noc.rows)};
}

/// As --burst takes it.
std::string text_of(const traffic::burst_sizes& sizes) {
    if (sizes.parts().size() == 1) {
        return std::to_string(sizes.parts().front().packets);
    }
    std::string text;
    for (const auto& p : sizes.parts()) {
        text.append(text.empty() ? "" : ",").append(std::to_string(p.packets));
        text.append(":").append(std::to_string(p.percent));
    }
    return text;
}

/// As --on-off takes it.
std::string text_of(const traffic::on_off& phases) {
    return std::to_string(phases.on) + ":" + std::to_string(phases.off) +
           (phases.kind == traffic::on_off::lengths::fixed ? ":fixed" : "");
}

std::string class_of(message_class c) {
    return enum_to_string(c, "");
}

object json_of(const traffic::durations& d, std::uint32_t ways) {
    return {{"mean", d.mean_latency() + ways},
            {"p50", d.latency.quantile(0.5) + ways},
            {"p99", d.latency.quantile(0.99) + ways},
            {"max", d.latency.max() + ways}};
}

object json_of(const flow& f, const noc_latency& latency) {
    return {{"offered", f.offered_rate()},
            {"accepted", f.accepted_rate()},
            {"latency", json_of(f, latency.of_a_way())},
            {"zero_load_latency", latency.zero_load(f)},
            {"network_latency_mean", latency.mean(f) - f.mean_queueing()},
            {"queueing_latency_mean", f.mean_queueing()},
            {"hops_mean", f.mean_hops()},
            {"hop_histogram", array(f.hops.bins().begin(), f.hops.bins().end())},
            {"confidence", f.confidence()}};
}

object json_of(const noc_point& p, const noc_options& options) {
    const measurement& m = p.found;
    const noc_latency latency = latency_of(options);
    object all = json_of(m, latency);
    if (p.rate) {
        all["rate"] = *p.rate;
    }
    if (p.outstanding) {
        all["outstanding"] = *p.outstanding;
    }
    all["saturated"] = p.saturated;
    all["drained"] = m.drained;
    all["packets"] = {{"created", m.all_created}, {"arrived", m.all_arrived}, {"refused", m.all_refused}};
    if (options.check) {
        all["out_of_order"] = m.out_of_order;
    }
    if (options.load.replies) {
        all["replies"] = json_of(m.replies, latency);
        object round_trip = json_of(m.round_trip, 2 * latency.of_a_way());
        round_trip["confidence"] = m.round_trip.confidence();
        all["round_trip"] = std::move(round_trip);
    }
    return all;
}

/// Of the last point that is not saturated, or of the first where all are; nullptr where there is none.
const noc_point* point_of_links(const noc_result& result) {
    const noc_point* shown = result.points.empty() ? nullptr : &result.points.front();
    for (const noc_point& p : result.points) {
        shown = p.saturated ? shown : &p;
    }
    return shown;
}

object links(const noc_options& options, const noc_result& result) {
    const noc_point* const shown = point_of_links(result);
    if (shown == nullptr) {
        return {};
    }
    const grid places = places_of(options);
    const noc_parameters& noc = options.parameters.die.noc;
    const harvest_parameters& harvest = options.parameters.die.harvest;
    const auto passes = [&](coordinate c) { return !harvest.dead_router || result.live[to_number(places.index(c))]; };
    const auto is_dead = [&](coordinate a, coordinate b) {
        return std::any_of(harvest.dead_links.begin(), harvest.dead_links.end(), [&](const place_pair& link) {
            return link == place_pair{a, b} || link == place_pair{b, a};
        });
    };
    const auto has_link = [&](coordinate c, port p) {
        if (p == port::local) {
            return bool{result.live[to_number(places.index(c))]};
        }
        const coordinate there = neighbour(c, p);
        return places.contains(there) && passes(c) && passes(there) && !is_dead(c, there);
    };
    constexpr std::array<const char*, port_count> names{"west", "east", "north", "south", "local"};
    array all;
    for (std::uint32_t n = 0; n < places.size(); ++n) {
        const coordinate c = places.at(static_cast<node_index>(n));
        for (const port p : {port::west, port::east, port::north, port::south, port::local}) {
            if (!has_link(c, p)) {
                continue;
            }
            const std::uint32_t rate = p == port::local ? noc.ejection_packets_per_cycle : noc.link_packets_per_cycle;
            const std::uint64_t packets = shown->found.link_packets[n * port_count + to_number(p)];
            all.push_back(object{
                {"x", c.x},
                {"y", c.y},
                {"port", names[to_number(p)]},
                {"utilisation", static_cast<double>(packets) / static_cast<double>(result.load.measured * rate)}});
        }
    }
    object found{{"utilisation", std::move(all)}};
    if (shown->rate) {
        found["rate"] = *shown->rate;
    }
    if (shown->outstanding) {
        found["outstanding"] = *shown->outstanding;
    }
    return found;
}

/// What the nodes create, in words.
std::string words_of(const noc_options& options, const noc_result& result) {
    const traffic::load& load = result.load;
    std::string text;
    if (load.replay) {
        text = "a trace of " + count_of(load.replay->bursts(), "burst");
    } else {
        text = std::string(enum_to_string(load.pattern, "")) + " traffic";
        text += ", bursts of " + text_of(load.burst_packets);
        text += ", class " + class_of(load.channel_class);
    }
    if (load.phases) {
        text += ", on and off " + text_of(*load.phases);
    }
    if (load.replies) {
        text += ", replies of " + std::to_string(load.replies->packets) + " after " +
                count_of(load.replies->service, "cycle") + ", class " + class_of(load.replies->channel_class);
    }
    return text + (options.outstanding.empty() ? "" : ", closed loop");
}

}  // namespace

std::string noc_heading(const noc_options& options, const noc_result& result) {
    const noc_parameters& noc = options.parameters.die.noc;
    const harvest_parameters& harvest = options.parameters.die.harvest;
    std::string text = words_of(options, result) + "\n";
    text += std::to_string(noc.columns) + " x " + std::to_string(noc.rows) + " nodes, " +
            std::to_string(harvest.dead.size()) + " dead" +
            (harvest.dead.empty()  ? ""
             : harvest.dead_router ? " with their routers"
                                   : "") +
            (harvest.dead_links.empty() ? std::string()
                                        : std::string(" and ").append(count_of(harvest.dead_links.size(), "link"))) +
            ", " + std::to_string(result.senders) + " send; timing " + to_string(options.parameters.simulation.timing) +
            ", routing " + enum_to_string(noc.routing, "") + ", " + enum_to_string(noc.arbitration, "") + ", buffers " +
            std::to_string(noc.buffer_depth) + " deep, " + count_of(noc.channels_per_class, "channel") + " a class; " +
            std::to_string(result.load.warm_up) + " + " + std::to_string(result.load.measured) + " cycles, seed " +
            std::to_string(result.load.seed) + "\n";
    text += options.outstanding.empty() ? "    rate" : " outst. ";
    text += "  offered accepted     mean    +-    p50    p99     max  network  queue   hops";
    return text + (options.load.replies ? "   reply  round trip\n" : "\n");
}

std::string noc_line(const noc_options& options, const noc_point& p) {
    const measurement& m = p.found;
    const noc_latency latency = latency_of(options);
    const std::uint32_t way = latency.of_a_way();
    std::string text = p.rate ? format("%8.4f", *p.rate) : p.outstanding ? format("%7u ", *p.outstanding) : "   trace";
    text += format(" %8.4f %8.4f %8.2f %5.2f %6llu %6llu %7llu %8.2f %6.2f %6.2f", m.offered_rate(), m.accepted_rate(),
                   latency.mean(m), m.confidence(), count(m.latency.quantile(0.5) + way),
                   count(m.latency.quantile(0.99) + way), count(m.latency.max() + way),
                   latency.mean(m) - m.mean_queueing(), m.mean_queueing(), m.mean_hops());
    if (options.load.replies) {
        text += format(" %7.2f  %10.2f", latency.mean(m.replies), m.round_trip.mean_latency() + 2 * way);
    }
    if (p.saturated) {
        text += "  saturated";
    }
    if (!m.drained) {
        text += format(", %llu packets left", count(m.all_created - m.all_arrived - m.all_refused));
    }
    return text + "\n";
}

std::string noc_end(const noc_options& options, const noc_result& result) {
    const noc_latency latency = latency_of(options);
    std::string text = format(
        "Highest accepted rate %.4f packets per node and cycle. Latency in cycles from the entry into the source "
        "queue to ejection;\nof an empty mesh: (hops + 1) x %u + %u + packets - 1.\n",
        result.saturation_throughput(), latency.hop_cycles, latency.link_cycles);
    if (options.load.replies) {
        text +=
            "Rates are of requests; reply is the mean latency of replies, round trip that from a request's creation "
            "to its reply's ejection.\n";
    }
    if (options.check && !result.points.empty()) {
        std::uint64_t overtaken = 0;
        for (const noc_point& p : result.points) {
            overtaken += p.found.out_of_order;
        }
        text += count_of(overtaken, "burst") + " overtook another of the same source, destination and class.\n";
    }
    if (result.stopped) {
        text += "Stopped at the first saturated point.\n";
    }
    for (const noc_point& p : result.points) {
        if (!p.found.drained) {
            return text + "A point with packets left was ended " + count_of(result.load.drain, "cycle") +
                   " after its last creation; its latency is that of what had arrived.\n";
        }
    }
    return text;
}

object noc_json(const noc_options& options, const noc_result& result) {
    const traffic::load& load = result.load;
    const harvest_parameters& harvest = options.parameters.die.harvest;
    array dead;
    for (const coordinate c : harvest.dead) {
        dead.push_back(array{c.x, c.y});
    }
    array dead_links;
    for (const place_pair& link : harvest.dead_links) {
        dead_links.push_back(array{array{link.a.x, link.a.y}, array{link.b.x, link.b.y}});
    }
    array points;
    for (const noc_point& p : result.points) {
        points.push_back(json_of(p, options));
    }
    object all{{"schema", "d1sim-noc/1"}, {"complete", result.complete}, {"stopped_saturated", result.stopped}};
    if (load.replay) {
        all["trace"] = {{"file", options.trace}, {"bursts", load.replay->bursts()}};
    } else {
        all["pattern"] = enum_to_string(load.pattern, "");
        all["burst"] = text_of(load.burst_packets);
        all["class"] = class_of(load.channel_class);
    }
    if (load.pattern == traffic::pattern_kind::hotspot) {
        all["hotspot"] = {{"share", load.hot.share}, {"x", load.hot.place.x}, {"y", load.hot.place.y}};
    }
    if (load.phases) {
        all["on_off"] = text_of(*load.phases);
    }
    if (load.replies) {
        all["reply"] = {{"packets", load.replies->packets},
                        {"service", load.replies->service},
                        {"class", class_of(load.replies->channel_class)}};
    }
    all["timing"] = to_string(options.parameters.simulation.timing);
    all["harvest"] = {
        {"dead", std::move(dead)}, {"dead_router", harvest.dead_router}, {"dead_links", std::move(dead_links)}};
    all["senders"] = result.senders;
    all["warm_up"] = load.warm_up;
    all["cycles"] = load.measured;
    all["drain"] = load.drain;
    all["seed"] = load.seed;
    all["points"] = std::move(points);
    all["saturation_throughput"] = result.saturation_throughput();
    all["links"] = links(options, result);
    all["parameters"] = to_json(options.parameters);
    return all;
}

std::string noc_csv(const noc_options& options, const noc_result& result) {
    const noc_latency latency = latency_of(options);
    const std::uint32_t way = latency.of_a_way();
    std::string text =
        "rate,offered,accepted,latency_mean,latency_p50,latency_p99,latency_max,network_latency_mean,"
        "queueing_latency_mean,hops_mean,confidence,saturated,drained,outstanding,reply_latency_mean,round_trip_mean\n";
    for (const noc_point& p : result.points) {
        const measurement& m = p.found;
        text += p.rate ? format("%.6g", *p.rate) : "";
        text += format(",%.6g,%.6g,%.6g,%llu,%llu,%llu,%.6g,%.6g,%.6g,%.6g,%d,%d,", m.offered_rate(), m.accepted_rate(),
                       latency.mean(m), count(m.latency.quantile(0.5) + way), count(m.latency.quantile(0.99) + way),
                       count(m.latency.max() + way), latency.mean(m) - m.mean_queueing(), m.mean_queueing(),
                       m.mean_hops(), m.confidence(), p.saturated ? 1 : 0, m.drained ? 1 : 0);
        text += p.outstanding ? std::to_string(*p.outstanding) : "";
        text += options.load.replies
                    ? format(",%.6g,%.6g\n", latency.mean(m.replies), m.round_trip.mean_latency() + 2 * way)
                    : ",,\n";
    }
    return text;
}

}  // namespace d1
