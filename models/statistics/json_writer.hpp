#pragma once

#include <boost/json/object.hpp>

#include "models/statistics/group.hpp"

namespace d1::statistics {

/// The tree as JSON, integers only:
///
///     {"legend": {"die.node[*].core.steps": {"unit": "steps", "description": "..."}},
///      "values": {"die": {"node[0,0]": {"core": {"steps": 12}}}}}
///
/// `values` nests one object per group; `legend` says once for each kind of counter what it counts. Depends on names
/// and values alone. Throws std::logic_error if counters that differ in indices only have different units or
/// descriptions.
[[nodiscard]] boost::json::object to_json(const group& root);

}  // namespace d1::statistics
