#pragma once
// For tests: follows every path of a route table hop by hop and judges it with arithmetic of its own.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "models/noc/route_table.hpp"

namespace d1::noc::test {

/// A small map of places.
struct place_map {
    grid shape;
    std::vector<coordinate> blocked;
    std::vector<place_pair> links{};  ///< dead ones

    [[nodiscard]] mesh_faults faults() const { return {blocked, links}; }
    [[nodiscard]] bool passes(coordinate a, coordinate b) const {
        for (const place_pair& l : links) {
            if ((l.a == a && l.b == b) || (l.a == b && l.b == a)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool live(coordinate c) const {
        for (const coordinate b : blocked) {
            if (b == c) {
                return false;
            }
        }
        return shape.contains(c);
    }
};

/// From a picture, one string a row, '#' for a blocked router.
inline place_map draw(const std::vector<std::string>& rows) {
    place_map map{{static_cast<std::int32_t>(rows.front().size()), static_cast<std::int32_t>(rows.size())}, {}};
    for (std::size_t y = 0; y < rows.size(); ++y) {
        for (std::size_t x = 0; x < rows[y].size(); ++x) {
            if (rows[y][x] == '#') {
                map.blocked.push_back({static_cast<std::int32_t>(x), static_cast<std::int32_t>(y)});
            }
        }
    }
    return map;
}

inline std::string to_string(const place_map& map) {
    std::string picture;
    for (std::int32_t y = 0; y < map.shape.rows; ++y) {
        for (std::int32_t x = 0; x < map.shape.columns; ++x) {
            picture += map.live({x, y}) ? '.' : '#';
        }
        picture += '\n';
    }
    return picture;
}

/// Different random places. Only the generator's own output is used, so that a seed means the same set everywhere.
inline place_map random_map(grid shape, std::uint32_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    place_map map{shape, {}};
    while (map.blocked.size() < count) {
        const coordinate c = shape.at(node_index{static_cast<std::uint32_t>(random() % shape.size())});
        if (map.live(c)) {
            map.blocked.push_back(c);
        }
    }
    return map;
}

/// The number of live places that a walker who starts at the first one cannot come to.
inline std::size_t cut_off_from_first(const place_map& map) {
    const auto width = static_cast<std::size_t>(map.shape.columns);
    std::vector<bool> open(map.shape.size(), true);
    for (const coordinate b : map.blocked) {
        open[static_cast<std::size_t>(b.y) * width + static_cast<std::size_t>(b.x)] = false;
    }
    std::vector<coordinate> walkers;
    std::size_t left = 0;
    for (std::int32_t y = 0; y < map.shape.rows; ++y) {
        for (std::int32_t x = 0; x < map.shape.columns; ++x) {
            if (open[static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)]) {
                ++left;
                if (walkers.empty()) {
                    walkers.push_back({x, y});
                }
            }
        }
    }
    while (!walkers.empty()) {
        const coordinate c = walkers.back();
        walkers.pop_back();
        if (!map.shape.contains(c) || !open[static_cast<std::size_t>(c.y) * width + static_cast<std::size_t>(c.x)]) {
            continue;
        }
        open[static_cast<std::size_t>(c.y) * width + static_cast<std::size_t>(c.x)] = false;
        --left;
        for (const coordinate step : {coordinate{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
            const coordinate there{c.x + step.x, c.y + step.y};
            if (map.passes(c, there)) {
                walkers.push_back(there);
            }
        }
    }
    return left;
}

/// What an audit found; `fault` is empty when every promise holds.
struct audit {
    std::string fault;
    route_table::report counted;
};

/// Walks all pairs of live nodes by next() and checks: every packet arrives, never meets a blocked router, never turns
/// back, hops() agrees, the statistics count the pairs rightly, and the dependencies that the walks make can be sorted
/// so that each points forward (A. B. Kahn's algorithm).
class auditor {
  public:
    auditor(const route_table& table, const place_map& map)
        : table_(table), map_(map), open_(map.shape.size(), 1), used_(map.shape.size() * 4) {
        for (const coordinate b : map.blocked) {
            open_[number(b)] = 0;
        }
    }

    audit run() {
        for (std::uint32_t s = 0; s < open_.size() && result_.fault.empty(); ++s) {
            for (std::uint32_t d = 0; d < open_.size() && result_.fault.empty(); ++d) {
                if (open_[s] != 0 && open_[d] != 0) {
                    walk(s, d);
                } else if (table_.reachable(node_index{s}, node_index{d})) {
                    fail(s, d, "is reachable although an end is blocked");
                }
            }
        }
        result_.counted.xy_lost = result_.counted.xy_live - result_.counted.xy_kept;
        result_.counted.detoured = result_.counted.pairs - result_.counted.xy_kept;
        if (result_.fault.empty() && !sorts()) {
            result_.fault = "the dependencies of the paths have a cycle";
        }
        if (result_.fault.empty() && result_.counted != table_.statistics()) {
            result_.fault = "the table's statistics are not what the paths show";
        }
        return result_;
    }

  private:
    static constexpr std::array<coordinate, 4> steps{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};  // in the order of the ports

    [[nodiscard]] std::size_t number(coordinate c) const {
        return static_cast<std::size_t>(c.y) * static_cast<std::size_t>(map_.shape.columns) +
               static_cast<std::size_t>(c.x);
    }
    [[nodiscard]] coordinate place(std::uint32_t number) const {
        const auto n = static_cast<std::int32_t>(number);
        return {n % map_.shape.columns, n / map_.shape.columns};
    }

    void fail(std::uint32_t s, std::uint32_t d, const std::string& what) {
        std::ostringstream text;
        text << "(" << place(s).x << "," << place(s).y << ") -> (" << place(d).x << "," << place(d).y << ") " << what;
        result_.fault = text.str();
    }

    // The way over the full mesh: along the row, then along the column; 4 at the end.
    [[nodiscard]] static std::size_t xy_step(coordinate here, coordinate to) {
        if (here.x != to.x) {
            return here.x < to.x ? 1 : 0;
        }
        return here.y == to.y ? 4 : here.y < to.y ? 3 : 2;
    }

    [[nodiscard]] bool xy_is_free(coordinate here, coordinate to) const {
        bool free = true;
        while (here != to) {
            const coordinate step = steps[xy_step(here, to)];
            const coordinate there{here.x + step.x, here.y + step.y};
            free = free && open_[number(there)] != 0 && map_.passes(here, there);
            here = there;
        }
        return free;
    }

    void walk(std::uint32_t s, std::uint32_t d) {
        const coordinate from = place(s);
        const coordinate to = place(d);
        coordinate here = from;
        std::size_t router = s;
        std::size_t input = 4;
        std::size_t link = 0;
        std::uint32_t hops = 0;
        bool xy = true;
        while (true) {
            const port out =
                table_.next(node_index{static_cast<std::uint32_t>(router)}, static_cast<port>(input), node_index{d});
            if (out == port::local) {
                break;
            }
            const auto direction = static_cast<std::size_t>(out);
            if (direction > 4) {
                return fail(s, d, "has no next hop");
            }
            if (direction == input) {
                return fail(s, d, "turns back");
            }
            xy = xy && direction == xy_step(here, to);
            const coordinate there{here.x + steps[direction].x, here.y + steps[direction].y};
            if (!map_.shape.contains(there) || open_[number(there)] == 0 || !map_.passes(here, there)) {
                return fail(s, d, "leaves the live routers and links");
            }
            here = there;
            if (input != 4) {
                used_[link][direction] = true;
            }
            link = router * 4 + direction;
            router = number(here);
            input = direction ^ 1U;
            if (++hops > used_.size()) {
                return fail(s, d, "never ends");
            }
        }
        if (here != to) {
            return fail(s, d, "ends elsewhere");
        }
        if (table_.hops(node_index{s}, node_index{d}) != hops) {
            return fail(s, d, "has another length than hops() says");
        }
        if (s != d) {
            route_table::report& counted = result_.counted;
            ++counted.pairs;
            counted.xy_live += xy_is_free(from, to) ? 1U : 0U;
            counted.xy_kept += xy ? 1U : 0U;
            counted.extra_hops_total +=
                hops - static_cast<std::uint32_t>(std::abs(from.x - to.x) + std::abs(from.y - to.y));
            counted.longest_path = std::max(counted.longest_path, hops);
        }
    }

    // Takes away links that nothing is left to wait for, until none is left at all.
    [[nodiscard]] bool sorts() const {
        std::vector<std::uint32_t> waiting(used_.size(), 0);
        const auto target = [&](std::size_t link, std::size_t direction) {
            const coordinate from = place(static_cast<std::uint32_t>(link / 4));
            return number({from.x + steps[link % 4].x, from.y + steps[link % 4].y}) * 4 + direction;
        };
        for (std::size_t link = 0; link < used_.size(); ++link) {
            for (std::size_t direction = 0; direction < 4; ++direction) {
                if (used_[link][direction]) {
                    ++waiting[target(link, direction)];
                }
            }
        }
        std::vector<std::size_t> ready;
        for (std::size_t link = 0; link < used_.size(); ++link) {
            if (waiting[link] == 0) {
                ready.push_back(link);
            }
        }
        std::size_t removed = 0;
        for (; !ready.empty(); ++removed) {
            const std::size_t link = ready.back();
            ready.pop_back();
            for (std::size_t direction = 0; direction < 4; ++direction) {
                if (used_[link][direction] && --waiting[target(link, direction)] == 0) {
                    ready.push_back(target(link, direction));
                }
            }
        }
        return removed == used_.size();
    }

    const route_table& table_;
    const place_map& map_;
    std::vector<std::uint8_t> open_;
    std::vector<std::array<bool, 4>> used_;  // by link: the directions that packets on it go on in
    audit result_;
};

}  // namespace d1::noc::test
