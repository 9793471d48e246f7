#pragma once
// The barriers of a job, without time. Private to the untimed machine.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "models/program/assignment.hpp"
#include "models/program/untimed.hpp"

namespace d1::program::detail {

/// Who has come to which barrier. A node has come when as many of its threads have as the barrier says; those of a node
/// are counted in the order in which they came, and all that is left waits for the next barrier of the number.
class untimed_barriers {
  public:
    using meaning = barrier<std::int64_t>;
    struct comer {
        std::uint32_t thread = 0;  // of the job
        meaning what;
        order_watcher::knowledge known = 0;
    };

    explicit untimed_barriers(const grid& nodes) : nodes_(nodes) {}

    /// Whether the rectangle lies in the job and holds the node.
    [[nodiscard]] bool fits(const meaning& b, node_index n) const {
        const auto inside = [](std::int64_t first, std::int64_t count, std::int64_t all) {
            return first >= 0 && first < all && count <= all - first;
        };
        const coordinate c = nodes_.at(n);
        return inside(b.corner.x, b.columns, nodes_.columns) && inside(b.corner.y, b.rows, nodes_.rows) &&
               c.x >= b.corner.x && c.x - b.corner.x < b.columns && c.y >= b.corner.y && c.y - b.corner.y < b.rows;
    }

    /// A thread comes to a barrier that fits; gives all that are let go by it, if any.
    [[nodiscard]] std::vector<comer> come(node_index n, comer who) {
        const meaning b = who.what;
        comers_[{n, b.number}].push_back(who);
        std::vector<comer> leaving;
        if (absent(b)) return leaving;
        for_each_node(b, [&](node_index there) {
            auto& here = comers_[{there, b.number}];
            for (std::uint32_t i = 0; i < b.threads; ++i) {
                leaving.push_back(here.front());
                here.pop_front();
            }
            return true;
        });
        return leaving;
    }

    /// The first node of a barrier that has not come to it.
    [[nodiscard]] std::optional<node_index> absent(const meaning& b) const {
        std::optional<node_index> missing;
        for_each_node(b, [&](node_index there) {
            const auto here = comers_.find({there, b.number});
            bool came = here != comers_.end() && here->second.size() >= b.threads;
            for (std::uint32_t i = 0; came && i < b.threads; ++i) came = here->second[i].what == b;
            if (!came) missing = there;
            return came;
        });
        return missing;
    }

  private:
    /// Visits the nodes of the rectangle until one visit gives false.
    template <typename Visit>
    void for_each_node(const meaning& b, Visit&& visit) const {
        for (std::int64_t y = b.corner.y; y < b.corner.y + b.rows; ++y) {
            for (std::int64_t x = b.corner.x; x < b.corner.x + b.columns; ++x) {
                if (!visit(nodes_.index({static_cast<std::int32_t>(x), static_cast<std::int32_t>(y)}))) return;
            }
        }
    }

    grid nodes_;
    std::map<std::pair<node_index, std::int64_t>, std::deque<comer>> comers_;
};

}  // namespace d1::program::detail
