#pragma once
// A set of bytes of a memory, as ranges. Private to the checker.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <vector>

#include "models/program/accesses.hpp"

namespace d1::program::detail {

/// Disjoint ranges in ascending order.
class byte_ranges {
  public:
    /// Adds [first, end), which lies behind all that is there.
    void append(std::int64_t first, std::int64_t end) { ranges_.push_back({first, end}); }

    /// What the set has in common with [first, end), up to the first gap.
    [[nodiscard]] std::optional<extent> first_in(std::int64_t first, std::int64_t end) const {
        const auto r = reaching(first);
        if (r == ranges_.end() || r->first >= end) return std::nullopt;
        return extent{std::max(first, r->first), std::min(end, r->end)};
    }

    void remove(std::int64_t first, std::int64_t end) {
        const auto begin = ranges_.begin() + (reaching(first) - ranges_.begin());
        const auto last =
            std::lower_bound(begin, ranges_.end(), end, [](const extent& r, std::int64_t at) { return r.first < at; });
        if (begin == last) return;
        const extent before{begin->first, first};
        const extent after{end, std::prev(last)->end};
        auto at = ranges_.erase(begin, last);
        if (after.first < after.end) at = ranges_.insert(at, after);
        if (before.first < before.end) ranges_.insert(at, before);
    }

    [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }

  private:
    /// The first range that ends behind `first`.
    [[nodiscard]] std::vector<extent>::const_iterator reaching(std::int64_t first) const {
        return std::upper_bound(ranges_.begin(), ranges_.end(), first,
                                [](std::int64_t at, const extent& r) { return at < r.end; });
    }

    std::vector<extent> ranges_;
};

}  // namespace d1::program::detail
