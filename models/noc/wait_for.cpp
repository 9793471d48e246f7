#include "models/noc/wait_for.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include "models/noc/channel_dependency_graph.hpp"
#include "models/packet/burst.hpp"

namespace d1::noc {
namespace {

constexpr std::array<const char*, port_count> port_names{"west", "east", "north", "south", "local"};
constexpr std::array<const char*, message_class_count> class_names{"request low", "request high", "data", "response"};

std::string name(const grid& places, node_index n) {
    return indexed("node", places.at(n));
}

constexpr std::uint32_t most_channels = 16;
std::uint32_t number_of(node_index router, port input, std::uint32_t channel) {
    return (to_number(router) * port_count + to_number(input)) * most_channels + channel;
}

}  // namespace

std::string to_string(const grid& places, node_index router, const buffer_wait& wait) {
    return name(places, router) + " router: " + port_names[to_number(wait.input)] + " buffer of channel " +
           std::to_string(wait.channel) + " (" + class_names[static_cast<std::size_t>(wait.channel_class)] +
           ") holds " + std::to_string(wait.packets) + " packets, the first from " + name(places, wait.source) +
           " to " + name(places, wait.destination) + ", for " + port_names[to_number(wait.output)] +
           (wait.no_credit ? ", where no credit is left" : ", which serves others");
}

std::vector<std::string> circle_of_waits(const grid& places, std::span<const router_base* const> routers) {
    struct place {
        node_index router;
        buffer_wait wait;
    };
    std::map<std::uint32_t, place> buffers;
    channel_dependency_graph graph(places.size() * port_count * most_channels);
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        if (routers[i] == nullptr) {
            continue;
        }
        for (const buffer_wait& wait : routers[i]->waits()) {
            const std::uint32_t from = number_of(node_index{i}, wait.input, wait.channel);
            buffers.insert({from, {node_index{i}, wait}});
            const coordinate there = neighbour(places.at(node_index{i}), wait.output);
            if (wait.no_credit && wait.output != port::local && places.contains(there)) {
                graph.add(from, number_of(places.index(there), opposite(wait.output), wait.channel));
            }
        }
    }
    std::vector<std::string> circle;
    for (const std::uint32_t number : graph.find_cycle()) {
        const place& p = buffers.at(number);
        circle.push_back(to_string(places, p.router, p.wait));
    }
    return circle;
}

std::vector<std::string> waits_of_mesh(const grid& places, std::span<const router_base* const> routers,
                                       std::size_t most) {
    std::vector<std::string> all;
    if (std::vector<std::string> circle = circle_of_waits(places, routers); !circle.empty()) {
        all.emplace_back("each of these waits for a credit of the next, and the last for one of the first:");
        std::move(circle.begin(), circle.end(), std::back_inserter(all));
        all.emplace_back("besides:");
    }
    std::size_t more = 0;
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        for (const buffer_wait& wait : routers[i] != nullptr ? routers[i]->waits() : std::vector<buffer_wait>()) {
            std::string text = to_string(places, node_index{i}, wait);
            if (std::find(all.begin(), all.end(), text) != all.end()) {
                continue;
            }
            if (all.size() < most) {
                all.push_back(std::move(text));
            } else {
                ++more;
            }
        }
    }
    if (more > 0) {
        all.push_back("and " + std::to_string(more) + " more buffers");
    }
    return all;
}

}  // namespace d1::noc
