#pragma once
// Random loads on random meshes: everything that is sent arrives, once, and in the order that is promised.

#include <cstdint>

namespace d1::traffic {

struct campaign_size {
    std::uint64_t packets = 0;  ///< to be sent before it ends
    std::uint32_t meshes = 0;   ///< that are built, in one simulation
    std::uint32_t longest = 8;  ///< most columns and rows
};

/// Runs loads on the meshes in turn, and expects (GoogleTest) of every one
/// - that as many packets arrive or are refused as were created, that every request is answered unless links corrupt
///   packets, and that no burst is left;
/// - that no burst overtakes one of its source, destination and class, where the policy promises that;
/// - that no burst is faster than on an empty mesh;
/// - that no link carries more than it can, and that no checker on a link complains: each packet passes once, and so
/// on.
///
/// The meshes are of every policy in turn, with random buffers, channels, stages, arbitration, dead nodes and links,
/// corruption and nodes that stall what comes to them.
void run_campaign(const campaign_size& size, std::uint64_t seed);

}  // namespace d1::traffic
