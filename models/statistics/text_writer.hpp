#pragma once

#include <iosfwd>

#include "models/statistics/group.hpp"

namespace d1::statistics {

/// Writes an aligned table with one line per kind of counter, paths with [*] for every index: how many there are, their
/// total, least, mean (to one decimal, rounded half up) and greatest value, the indices of the first that has the
/// greatest, unit and description.
void write_summary(std::ostream& out, const group& root);

/// Writes an aligned table with one line per counter: path, value, unit, description.
void write_text(std::ostream& out, const group& root);

}  // namespace d1::statistics
