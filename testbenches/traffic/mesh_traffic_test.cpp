#include "testbenches/traffic/mesh_traffic.hpp"

#include <gtest/gtest.h>

#include <array>
#include <iostream>

namespace d1::traffic {
namespace {

/// Mean distance of two places drawn at random from a line of n, the same one included: the sum over d of 2 d (n - d) /
/// n^2.
double mean_distance(double n) {
    return (n * n - 1) / (3 * n);
}

TEST(probe, latency) {
    mesh_traffic bench("bench", {}, timing_kind::at);
    for (const std::uint32_t burst : {1U, 16U}) {
        for (const double rate : {0.05, 0.08, 0.10, 0.12, 0.14, 0.15, 0.17}) {
            const measurement m = bench.run({.rate = rate, .burst_packets = burst, .warm_up = 2000, .measured = 10000});
            std::cout << burst << " " << rate << " " << m.mean_latency() << " hops " << m.mean_hops() << " offered "
                      << m.offered_rate() << " accepted " << m.accepted_rate() << " retries " << m.retries << "\n";
        }
    }
    std::cout << mean_distance(18) + mean_distance(20) << "\n";
}

}  // namespace
}  // namespace d1::traffic
