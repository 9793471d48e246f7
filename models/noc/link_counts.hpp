#pragma once
// What is counted of a link.

#include <cstdint>

namespace d1::noc {

/// Of a router's sending link.
struct link_counts {
    std::uint64_t packets = 0;
    std::uint64_t waited = 0;  ///< packet-cycles that packets for it stood in buffers beyond the first
    std::uint64_t resent = 0;  ///< packets sent again
};

}  // namespace d1::noc
