#pragma once
// How an adaptive policy chooses between outputs that are as good as each other.

#include <cstdint>

#include "models/numerics/counter_random.hpp"
#include "models/packet/burst.hpp"

namespace d1::noc {

/// Whether a burst, of two outputs of the router `here`, takes the one later in the order of the ports. Drawn by whose
/// burst it is and where, half of them either way, so the same at every level and in every order of construction.
[[nodiscard]] inline bool takes_later_output(const burst& b, node_index here) noexcept {
    return numerics::counter_random(to_number(b.source), to_number(here), b.sequence) >> 63U != 0;
}

}  // namespace d1::noc
