#pragma once
// What `d1sim noc` prints and writes of its result.

#include <boost/json.hpp>
#include <string>

#include "testbenches/d1sim/noc_sweep.hpp"

namespace d1 {

/// The text on the standard output: what is loaded with what, and the heads of the columns.
[[nodiscard]] std::string noc_heading(const noc_options& options, const noc_result& result);
/// A line of it.
[[nodiscard]] std::string noc_line(const noc_options& options, const noc_point& p);
/// What stands below.
[[nodiscard]] std::string noc_end(const noc_options& options, const noc_result& result);

/// d1sim-noc/1, without `host`.
[[nodiscard]] boost::json::object noc_json(const noc_options& options, const noc_result& result);
/// A line a point, with a heading.
[[nodiscard]] std::string noc_csv(const noc_options& options, const noc_result& result);

}  // namespace d1
