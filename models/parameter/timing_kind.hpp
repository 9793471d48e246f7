#pragma once
// The timing level of a simulation.

#include <boost/describe.hpp>
#include <cstdint>

namespace d1 {

/// How time is modelled; programs, bytes and modules are the same at each level.
enum class timing_kind : std::uint8_t {
    lt,  ///< loosely timed: no contention, threads run ahead by up to a quantum
    at,  ///< approximately timed: every link, port and unit that a burst crosses is reserved
    ca   ///< cycle accurate: every packet moves router by router under credits and arbitration
};
BOOST_DESCRIBE_ENUM(timing_kind, lt, at, ca)

[[nodiscard]] inline const char* to_string(timing_kind timing) noexcept {
    return boost::describe::enum_to_string(timing, "");
}

}  // namespace d1
