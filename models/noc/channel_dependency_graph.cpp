#include "models/noc/channel_dependency_graph.hpp"

#include <algorithm>
#include <stdexcept>

namespace d1::noc {

void channel_dependency_graph::add(std::uint32_t from, std::uint32_t to) {
    if (from >= channels() || to >= channels()) {
        throw std::out_of_range("channel_dependency_graph::add: no such channel");
    }
    std::vector<std::uint32_t>& edges = waits_for_[from];
    const auto place = std::lower_bound(edges.begin(), edges.end(), to);
    if (place == edges.end() || *place != to) {
        edges.insert(place, to);
        ++dependencies_;
    }
}

std::vector<std::uint32_t> channel_dependency_graph::find_cycle() const {
    enum class state : std::uint8_t { unseen, on_path, done };
    std::vector<state> states(channels(), state::unseen);
    std::vector<std::uint32_t> path;
    std::vector<std::size_t> next_edge(channels(), 0);
    for (std::uint32_t start = 0; start < channels(); ++start) {
        if (states[start] != state::unseen) {
            continue;
        }
        path.push_back(start);
        states[start] = state::on_path;
        while (!path.empty()) {
            const std::uint32_t here = path.back();
            if (next_edge[here] == waits_for_[here].size()) {
                states[here] = state::done;
                path.pop_back();
                continue;
            }
            const std::uint32_t following = waits_for_[here][next_edge[here]++];
            if (states[following] == state::on_path) {
                return {std::find(path.begin(), path.end(), following), path.end()};
            }
            if (states[following] == state::unseen) {
                states[following] = state::on_path;
                path.push_back(following);
            }
        }
    }
    return {};
}

}  // namespace d1::noc
