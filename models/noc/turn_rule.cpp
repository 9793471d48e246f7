#include "models/noc/turn_rule.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace d1::noc {
namespace {

/// A turn round a corner of a fault may cost XY pairs their path if it saves this many hops for each of them.
constexpr std::int64_t hops_worth_a_pair = 50;

std::vector<turn> all_turns(const live_mesh& mesh) {
    std::vector<turn> turns;
    for (std::uint32_t v = 0; v < mesh.size(); ++v) {
        for (std::uint32_t in = 0; in < direction_count; ++in) {
            for (std::uint32_t out = 0; out < direction_count; ++out) {
                const turn t{node_index{v}, static_cast<port>(in), static_cast<port>(out)};
                if (mesh.has(t)) {
                    turns.push_back(t);
                }
            }
        }
    }
    return turns;
}

/// The links of a spanning tree, marked by channel number: the live pieces of the rows, hung together by as much of one
/// column as lives and, where a piece does not touch it, by the columns nearest to that.
class spanning_tree {
  public:
    explicit spanning_tree(const live_mesh& mesh) : mesh_(mesh), group_(mesh.size()), in_tree_(mesh.channels(), 0) {
        std::iota(group_.begin(), group_.end(), 0U);
        for (std::uint32_t v = 0; v < mesh.size(); ++v) {
            join(channel_from(node_index{v}, port::east));
        }
        std::vector<std::int32_t> columns(static_cast<std::size_t>(mesh.shape().columns));
        std::iota(columns.begin(), columns.end(), 0);
        const std::int32_t trunk = best_column();
        std::stable_sort(columns.begin(), columns.end(),
                         [trunk](std::int32_t a, std::int32_t b) { return std::abs(a - trunk) < std::abs(b - trunk); });
        for (const std::int32_t x : columns) {
            for (std::int32_t y = 0; y < mesh.shape().rows; ++y) {
                join(channel_from(mesh.shape().index({x, y}), port::south));
            }
        }
    }

    [[nodiscard]] bool has(const turn& t) const {
        return in_tree_[to_number(channel_from(t.at, t.in))] != 0 && in_tree_[to_number(live_mesh::after(t))] != 0;
    }

  private:
    // The column with the fewest blocked routers; of equals the one nearest to the middle.
    [[nodiscard]] std::int32_t best_column() const {
        const std::int32_t columns = mesh_.shape().columns;
        std::vector<std::int32_t> blocked(static_cast<std::size_t>(columns), 0);
        for (const coordinate c : mesh_.blocked()) {
            ++blocked[static_cast<std::size_t>(c.x)];
        }
        const auto cost = [&](std::int32_t x) {
            return blocked[static_cast<std::size_t>(x)] * 2 * columns + std::abs(2 * x - columns + 1);
        };
        std::int32_t best = 0;
        for (std::int32_t x = 1; x < columns; ++x) {
            best = cost(x) < cost(best) ? x : best;
        }
        return best;
    }

    void join(channel c) {
        if (!mesh_.has(c)) {
            return;
        }
        const std::uint32_t a = group_of(to_number(tail(c)));
        const std::uint32_t b = group_of(to_number(mesh_.head(c)));
        if (a != b) {
            group_[a] = b;
            in_tree_[to_number(c)] = 1;
            in_tree_[to_number(channel_from(mesh_.head(c), in_port(c)))] = 1;
        }
    }

    std::uint32_t group_of(std::uint32_t router) {
        while (group_[router] != router) {
            router = group_[router] = group_[group_[router]];
        }
        return router;
    }

    const live_mesh& mesh_;
    std::vector<std::uint32_t> group_;
    std::vector<std::uint8_t> in_tree_;
};

class turn_chooser {
  public:
    explicit turn_chooser(const live_mesh& mesh) : mesh_(mesh), turns_(mesh) {
        for (const turn& t : all_turns(mesh)) {
            (t.in_xy() ? xy_ : others_).push_back(t);
        }
        // Straight on first, then the turns that most pairs make: what is refused later is cheap.
        std::stable_sort(xy_.begin(), xy_.end(), [this](const turn& a, const turn& b) {
            return a.straight() != b.straight() ? a.straight() : pairs(a) > pairs(b);
        });
        std::stable_sort(others_.begin(), others_.end(), [this](const turn& a, const turn& b) {
            return distance_to_fault(a.at) < distance_to_fault(b.at);
        });
    }

    turn_set choose() {
        if (mesh_.whole()) {
            permit_where_acyclic(turns_, xy_);
            return turns_;
        }
        permit_tree();
        restore_xy();
        permit_where_acyclic(turns_, others_);
        shorten_detours();
        permit_where_acyclic(turns_, xy_);
        permit_where_acyclic(turns_, others_);
        return turns_;
    }

  private:
    // Pairs of nodes whose XY path makes the (row to column) turn.
    [[nodiscard]] std::int64_t pairs(const turn& t) const {
        return std::int64_t{mesh_.run(t.at, t.in)} * std::int64_t{mesh_.run(t.at, t.out)};
    }

    // In steps of a chess king.
    [[nodiscard]] std::int32_t distance_to_fault(node_index router) const {
        const coordinate here = mesh_.shape().at(router);
        std::int32_t nearest = std::numeric_limits<std::int32_t>::max();
        const auto consider = [&](coordinate there) {
            nearest = std::min(nearest, std::max(std::abs(here.x - there.x), std::abs(here.y - there.y)));
        };
        for (const coordinate there : mesh_.blocked()) {
            consider(there);
        }
        for (const place_pair& link : mesh_.dead_links()) {
            consider(link.a);
            consider(link.b);
        }
        return nearest;
    }

    static void permit_where_acyclic(turn_set& turns, const std::vector<turn>& wanted) {
        for (const turn& t : wanted) {
            if (!turns.permits(t) && !turns.closes_cycle(t)) {
                turns.permit(t);
            }
        }
    }

    void permit_tree() {
        const spanning_tree tree(mesh_);
        for (const std::vector<turn>* turns : {&xy_, &others_}) {
            for (const turn& t : *turns) {
                if (tree.has(t)) {
                    turns_.permit(t);
                }
            }
        }
    }

    // The bends out of the straight line of channels that begins with `first`, to channels that are marked.
    [[nodiscard]] static std::vector<turn> bends_out(const live_mesh& mesh, const turn_set& turns, channel first,
                                                     const std::vector<std::uint8_t>& marked) {
        std::vector<turn> bends;
        for (channel c = first;; c = channel_from(mesh.head(c), out_port(c))) {
            for (std::uint32_t p = 0; p < direction_count; ++p) {
                const turn t{mesh.head(c), in_port(c), static_cast<port>(p)};
                if (!t.straight() && turns.permits(t) && marked[to_number(live_mesh::after(t))] != 0) {
                    bends.push_back(t);
                }
            }
            if (!turns.permits({mesh.head(c), in_port(c), out_port(c)})) {
                return bends;
            }
        }
    }

    // The bends into the straight line of channels that ends with `last`, from channels that are marked.
    [[nodiscard]] static std::vector<turn> bends_in(const live_mesh& mesh, const turn_set& turns, channel last,
                                                    const std::vector<std::uint8_t>& marked) {
        std::vector<turn> bends;
        for (channel c = last;; c = mesh.before({tail(c), in_port(c), out_port(c)})) {
            for (std::uint32_t p = 0; p < direction_count; ++p) {
                const turn t{tail(c), static_cast<port>(p), out_port(c)};
                if (!t.straight() && turns.permits(t) && marked[to_number(mesh.before(t))] != 0) {
                    bends.push_back(t);
                }
            }
            if (!turns.permits({tail(c), in_port(c), out_port(c)})) {
                return bends;
            }
        }
    }

    // Permits as much of XY as finds room, for whose sake other turns are given up where all stay connected without.
    // Giving up turns makes room for others that were refused, hence the repetition.
    void restore_xy() {
        std::vector<turn> missing = xy_;
        for (std::size_t before = missing.size() + 1; missing.size() < before;) {
            before = missing.size();
            std::erase_if(missing, [this](const turn& t) { return turns_.permits(t) || restore(t); });
        }
    }

    bool restore(const turn& t) {
        if (!turns_.closes_cycle(t)) {
            turns_.permit(t);
            return true;
        }
        // All cycles through t leave the column that it leads into, or enter the row that it comes from, by turns that
        // XY does not make. It is enough to give up one or the other.
        std::vector<std::vector<turn>> cuts;
        if (!horizontal(t.out)) {
            cuts.push_back(bends_out(mesh_, turns_, live_mesh::after(t), turns_.behind(mesh_.before(t))));
        }
        if (horizontal(t.in)) {
            cuts.push_back(bends_in(mesh_, turns_, mesh_.before(t), turns_.ahead_of(live_mesh::after(t))));
        }
        std::stable_sort(cuts.begin(), cuts.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
        for (const std::vector<turn>& cut : cuts) {
            turn_set trial = without(turns_, cut);
            trial.permit(t);
            if (trial.connects_all()) {
                turns_ = std::move(trial);
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] static turn_set without(turn_set turns, const std::vector<turn>& unwanted) {
        for (const turn& t : unwanted) {
            turns.forbid(t);
        }
        return turns;
    }

    // Brings the turns of detours close to the faults that they are for.
    void shorten_detours() {
        std::uint64_t hops = path_lengths(mesh_, turns_).total(mesh_);
        for (const turn& t : corners()) {
            if (turns_.permits(t)) {
                continue;
            }
            auto [trial, lost] = with_corner(t);
            const std::uint64_t shorter = path_lengths(mesh_, trial).total(mesh_);
            // Where a pair has no path left, the total is the greatest number, which no signed one holds.
            if (shorter >= hops) {
                continue;
            }
            const auto saved = static_cast<std::int64_t>(hops - shorter);
            if (saved > lost * hops_worth_a_pair) {
                turns_ = std::move(trial);
                hops = shorter;
            }
        }
    }

    // The turns from a column into a row by which detours round faults end or begin.
    [[nodiscard]] std::vector<turn> corners() const {
        std::vector<turn> turns;
        const auto add = [&](coordinate at, port in, port out) {
            if (mesh_.shape().contains(at) && mesh_.has(turn{mesh_.shape().index(at), in, out})) {
                turns.push_back({mesh_.shape().index(at), in, out});
            }
        };
        for (const coordinate b : mesh_.blocked()) {  // on the far side of it, seen from the column
            add({b.x + 1, b.y - 1}, port::south, port::west);
            add({b.x - 1, b.y - 1}, port::south, port::east);
            add({b.x - 1, b.y + 1}, port::north, port::east);
            add({b.x + 1, b.y + 1}, port::north, port::west);
        }
        for (const auto& [a, b] : mesh_.dead_links()) {
            if (a.y == b.y) {  // in a row: by the row above or below
                add({b.x, a.y - 1}, port::south, port::west);
                add({a.x, a.y - 1}, port::south, port::east);
                add({a.x, a.y + 1}, port::north, port::east);
                add({b.x, a.y + 1}, port::north, port::west);
            } else {  // in a column: by the column to the right or left, back into it beyond the link
                add({a.x + 1, a.y}, port::south, port::west);
                add({a.x - 1, a.y}, port::south, port::east);
                add({a.x - 1, b.y}, port::north, port::east);
                add({a.x + 1, b.y}, port::north, port::west);
            }
        }
        return turns;
    }

    struct change {
        turn_set turns;
        std::int64_t lost = 0;  ///< pairs that lose their XY path
    };

    // The turns with a turn from column to row added, and what is in its way taken out: turns that XY does not make and
    // that are away from the faults, and, if that is not enough, turns of XY.
    [[nodiscard]] change with_corner(const turn& t) const {
        const auto ahead = turns_.ahead_of(live_mesh::after(t));
        const auto behind = turns_.behind(mesh_.before(t));
        std::vector<turn> distant;
        std::copy_if(others_.begin(), others_.end(), std::back_inserter(distant), [&](const turn& u) {
            return turns_.permits(u) && distance_to_fault(u.at) > 1 && ahead[to_number(mesh_.before(u))] != 0 &&
                   behind[to_number(live_mesh::after(u))] != 0;
        });
        change result{without(turns_, distant)};
        if (result.turns.closes_cycle(t)) {
            const auto cost = [this](const std::vector<turn>& cut) {
                return std::transform_reduce(cut.begin(), cut.end(), std::int64_t{0}, std::plus{},
                                             [this](const turn& u) { return pairs(u); });
            };
            const auto row = bends_out(mesh_, result.turns, live_mesh::after(t), result.turns.behind(mesh_.before(t)));
            const auto column =
                bends_in(mesh_, result.turns, mesh_.before(t), result.turns.ahead_of(live_mesh::after(t)));
            result.lost = std::min(cost(row), cost(column));
            result.turns = without(result.turns, cost(row) <= cost(column) ? row : column);
        }
        result.turns.permit(t);
        permit_where_acyclic(result.turns, distant);
        return result;
    }

    const live_mesh& mesh_;
    turn_set turns_;
    std::vector<turn> xy_;      ///< turns that XY makes
    std::vector<turn> others_;  ///< from a column into a row, those at faults first
};

}  // namespace

turn_set choose_turns(const live_mesh& mesh) {
    return turn_chooser(mesh).choose();
}

}  // namespace d1::noc
