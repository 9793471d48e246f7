// The flat simulator that speed is held against does the same as the model: packet for packet, cycle for cycle.

#include "testbenches/benchmarks/flat_mesh.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "testbenches/benchmarks/cycle_mesh.hpp"

namespace d1::benchmarks {
namespace {

/// Packet number, cycle and hops, in the order of arrival; of one cycle in the order of numbers.
using deliveries = std::vector<std::tuple<timing::cycle, std::uint64_t, std::uint32_t>>;

std::vector<std::vector<injection>> random_traffic(grid places, std::uint64_t seed, double rate, timing::cycle cycles) {
    std::mt19937_64 random(seed);
    std::bernoulli_distribution sends(rate);
    std::vector<std::vector<injection>> all(cycles);
    for (auto& cycle : all) {
        for (std::uint32_t n = 0; n < places.size(); ++n) {
            if (sends(random)) {
                cycle.push_back({node_index{n}, node_index{static_cast<std::uint32_t>(random() % places.size())},
                                 static_cast<message_class>(random() % message_class_count)});
            }
        }
    }
    return all;
}

TEST(flat_mesh, delivers_every_packet_of_the_model_in_the_same_cycle) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    struct trial {
        grid places;
        double rate;
    };
    // From an idle mesh to one far beyond saturation; SystemC elaborates once, so all stand before the first runs.
    const std::vector<trial> trials{{{18, 20}, 0.02}, {{18, 20}, 0.15}, {{18, 20}, 0.3}, {{1, 1}, 0.7},
                                    {{1, 7}, 0.4},    {{6, 5}, 0.9},    {{9, 4}, 0.4}};
    std::vector<deliveries> modelled(trials.size());
    std::vector<std::unique_ptr<cycle_mesh>> meshes;
    for (std::size_t i = 0; i < trials.size(); ++i) {
        noc_parameters p;
        p.columns = static_cast<std::uint32_t>(trials[i].places.columns);
        p.rows = static_cast<std::uint32_t>(trials[i].places.rows);
        meshes.push_back(std::make_unique<cycle_mesh>(
            ("mesh" + std::to_string(i)).c_str(), p,
            [&all = modelled[i]](burst& b, timing::cycle at) { all.emplace_back(at, b.sequence, b.hops); }));
    }
    for (std::size_t i = 0; i < trials.size(); ++i) {
        const auto offered = random_traffic(trials[i].places, seed + i, trials[i].rate, 500);
        // The model's first cycle is 1.
        meshes[i]->run(offered);
        flat_mesh flat(trials[i].places);
        deliveries expected;
        const auto deliver = [&](const flat_mesh::packet& p) {
            expected.emplace_back(flat.now() + 1, p.number, std::uint32_t{p.hops});
        };
        std::uint32_t number = 0;
        for (const auto& cycle : offered) {
            for (const injection& n : cycle) {
                flat.send(number++, n.source, n.destination, n.channel_class);
            }
            flat.step(deliver);
        }
        while (!flat.empty()) {
            flat.step(deliver);
        }
        std::sort(expected.begin(), expected.end());
        std::sort(modelled[i].begin(), modelled[i].end());
        ASSERT_EQ(expected.size(), number);
        ASSERT_EQ(modelled[i], expected) << "trial " << i;
        for (std::uint32_t n = 0; n < trials[i].places.size(); ++n) {
            for (const port p : {port::west, port::east, port::north, port::south, port::local}) {
                const noc::router& r = meshes[i]->mesh().at(node_index{n});
                ASSERT_EQ(r.packets(p), flat.packets(node_index{n}, p)) << n;
                ASSERT_EQ(r.waited(p), flat.waited(node_index{n}, p)) << n;
            }
        }
    }
}

}  // namespace
}  // namespace d1::benchmarks
