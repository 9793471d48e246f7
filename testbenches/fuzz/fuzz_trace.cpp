// Fuzz target: traces of traffic. Every burst that is read fits the mesh, each node's are in the order of time, and a
// trace that is written reads as the same.

#include <algorithm>
#include <vector>

#include "testbenches/fuzz/property.hpp"
#include "testbenches/traffic/trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using d1::fuzz::require;
    using d1::traffic::burst_trace;
    using d1::traffic::creation;
    const d1::grid places{4, 3};
    std::vector<bool> live(places.size(), true);
    live[5] = false;
    burst_trace first(places);
    if (!d1::fuzz::accepted(
            [&] { first = burst_trace::parse(d1::fuzz::as_text(data, size), "input.csv", places, live); })) {
        return 0;
    }
    require(first.bursts() > 0 && first.senders() <= places.size(), "a trace has bursts, and nodes that send them");
    for (std::uint32_t n = 0; n < places.size(); ++n) {
        const auto of_node = first.of(static_cast<d1::node_index>(n));
        require(live[n] || of_node.empty(), "a dead node creates nothing");
        require(std::is_sorted(of_node.begin(), of_node.end(),
                               [](const creation& a, const creation& b) { return a.at < b.at; }),
                "the bursts of a node are in the order of time");
        for (const creation& c : of_node) {
            const std::uint32_t to = d1::to_number(c.destination);
            require(to < places.size() && to != n && live[to], "a burst goes to another live node");
            require(c.packets >= 1 && c.packets <= d1::burst::capacity, "a burst has 1 to 16 packets");
            require(c.at <= burst_trace::last_cycle && c.at < first.end(), "it is created before the trace's end");
        }
    }
    require(burst_trace::parse(first.text(), "written.csv", places, live) == first,
            "a trace that is written reads as the same");
    return 0;
}
