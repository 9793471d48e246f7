#pragma once
// `d1sim map`: the address map for people.

#include <string>

#include "platforms/d1_parameters.hpp"

namespace d1 {

/// What lies where in the global address space of a die with these parameters, a line a range, in the order of the
/// addresses; both ends belong to a range.
[[nodiscard]] std::string address_map_text(const d1_parameters& parameters);

}  // namespace d1
