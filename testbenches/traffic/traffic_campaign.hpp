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
/// - that as many packets arrive as were created, that every request is answered, and that no burst is left;
/// - that no burst overtakes one of its source, destination and class;
/// - that no burst is faster than on an empty mesh;
/// - that no link carries more than it can.
void run_campaign(const campaign_size& size, std::uint64_t seed);

}  // namespace d1::traffic
