// A million packets and more; D1_TRAFFIC_SEED in the environment chooses others.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "testbenches/traffic/traffic_campaign.hpp"

namespace d1::traffic {
namespace {

TEST(traffic_campaign, loses_doubles_and_reorders_nothing_in_millions_of_packets) {
    const char* const given = std::getenv("D1_TRAFFIC_SEED");
    run_campaign({.packets = 5'000'000, .meshes = 150, .longest = 20},
                 given != nullptr ? std::stoull(std::string(given)) : 1);
}

}  // namespace
}  // namespace d1::traffic
