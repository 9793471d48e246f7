#pragma once
// Who waits for whom in a mesh that does not move.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "models/noc/router_base.hpp"

namespace d1::noc {

/// "node[1,0] router: west buffer of channel 2 (data) holds 8 packets, ...".
[[nodiscard]] std::string to_string(const grid& places, node_index router, const buffer_wait& wait);

/// The buffers of one circle, in words, each waiting for a credit of the next, and the last for one of the first; empty
/// where there is none. `routers` as for connect_mesh().
[[nodiscard]] std::vector<std::string> circle_of_waits(const grid& places, std::span<const router_base* const> routers);

/// Who waits for whom, a line each and not more than `most` of them: first the circle of waits, if there is one, with a
/// line before and behind it.
[[nodiscard]] std::vector<std::string> waits_of_mesh(const grid& places, std::span<const router_base* const> routers,
                                                     std::size_t most);

}  // namespace d1::noc
