// How a logical rectangle of nodes is laid over the live ones.

#include <algorithm>

#include "models/parameter/error.hpp"
#include "platforms/die.hpp"

namespace d1 {

namespace {

/// The live nodes of each line (column or row) of a die, in order.
using lines = std::vector<std::vector<node_index>>;

/// The first `count` lines that have at least `length` live nodes; empty if there are not so many.
std::vector<const std::vector<node_index>*> long_enough(const lines& all, std::size_t count, std::size_t length) {
    std::vector<const std::vector<node_index>*> chosen;
    for (const auto& line : all) {
        if (line.size() >= length && chosen.size() < count) {
            chosen.push_back(&line);
        }
    }
    if (chosen.size() < count) {
        chosen.clear();
    }
    return chosen;
}

}  // namespace

placement die::place(grid logical) const {
    const auto columns = static_cast<std::size_t>(logical.columns);
    const auto rows = static_cast<std::size_t>(logical.rows);
    if (logical.columns < 1 || logical.rows < 1 || columns * rows > live_) {
        throw input_error(error_class::placement,
                          "a job on " + std::to_string(logical.columns) + " x " + std::to_string(logical.rows) +
                              " nodes does not fit: the die has " + std::to_string(live_) + " live nodes");
    }
    lines live_columns(static_cast<std::size_t>(places_.columns));
    lines live_rows(static_cast<std::size_t>(places_.rows));
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
        const auto n = static_cast<node_index>(i);
        if (is_alive(n)) {
            live_columns[static_cast<std::size_t>(places_.at(n).x)].push_back(n);
            live_rows[static_cast<std::size_t>(places_.at(n).y)].push_back(n);
        }
    }
    placement where{logical, std::vector<node_index>(columns * rows)};
    if (const auto chosen = long_enough(live_columns, columns, rows); !chosen.empty()) {
        for (std::size_t i = 0; i < where.nodes.size(); ++i) {
            where.nodes[i] = (*chosen[i % columns])[i / columns];
        }
    } else if (const auto whole_rows = long_enough(live_rows, rows, columns); !whole_rows.empty()) {
        for (std::size_t i = 0; i < where.nodes.size(); ++i) {
            where.nodes[i] = (*whole_rows[i / columns])[i % columns];
        }
    } else {
        auto next = where.nodes.begin();
        for (std::size_t y = 0; y < live_rows.size(); ++y) {
            auto& row = live_rows[y];
            if (y % 2 == 1) {
                std::reverse(row.begin(), row.end());
            }
            const auto wanted = std::min<std::ptrdiff_t>(where.nodes.end() - next, std::ssize(row));
            next = std::copy_n(row.begin(), wanted, next);
        }
    }
    return where;
}

}  // namespace d1
