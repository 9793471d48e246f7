// Millions of packets; D1_TRAFFIC_SEED in the environment chooses others, D1_TRAFFIC_PACKETS how many at least.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "testbenches/traffic/traffic_campaign.hpp"

namespace d1::traffic {
namespace {

std::uint64_t chosen(const char* name, std::uint64_t otherwise) {
    const char* const given = std::getenv(name);
    return given != nullptr ? std::stoull(std::string(given)) : otherwise;
}

TEST(traffic_campaign, loses_doubles_and_reorders_nothing_in_millions_of_packets) {
    run_campaign({.packets = chosen("D1_TRAFFIC_PACKETS", 5'000'000), .meshes = 150, .longest = 20},
                 chosen("D1_TRAFFIC_SEED", 1));
}

}  // namespace
}  // namespace d1::traffic
