#pragma once
// Statistics of a whole table: the counters of a die, added up over its runs.

#include <cstdint>
#include <deque>
#include <vector>

#include "models/statistics/group.hpp"

namespace d1 {

/// A tree like the die's, whose counters keep the sum of what the die's had at the end of each run.
class statistics_totals {
  public:
    explicit statistics_totals(const statistics::group& of);

    /// What the die's counters have, in the order of a visit.
    [[nodiscard]] std::vector<std::uint64_t> present() const;
    /// Adds what present() gave at the end of a run, before the die was reset.
    void add(const std::vector<std::uint64_t>& run);

    [[nodiscard]] const statistics::group& tree() const noexcept { return tree_; }

  private:
    const statistics::group& of_;
    statistics::group tree_;
    std::deque<std::uint64_t> values_;  // in the order of a visit
};

}  // namespace d1
