#include "testbenches/traffic/traffic_campaign.hpp"

#include <gtest/gtest.h>

namespace d1::traffic {
namespace {

TEST(traffic_campaign, loses_doubles_and_reorders_nothing) {
    run_campaign({.packets = 200'000, .meshes = 40, .longest = 7}, 20260401);
}

}  // namespace
}  // namespace d1::traffic
