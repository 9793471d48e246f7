#include "models/program/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <utility>

namespace d1::program::detail {

namespace {

constexpr std::size_t longest_word = 64;

using distances = std::array<std::size_t, longest_word + 1>;

/// Letters inserted, removed, changed, or exchanged with the next. Both words are at most longest_word long.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Row i holds the distances from the first i letters of a to the first j of b; three rows are looked at.
    distances two_before{};
    distances before{};
    distances row{};
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        two_before = std::exchange(before, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({changed, before[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], two_before[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
    std::string_view best;
    std::size_t least = std::min(word.size(), std::max<std::size_t>(1, word.size() / 3) + 1);
    if (word.size() > longest_word) return best;
    for (const auto candidate : known) {
        if (candidate.size() > longest_word) continue;
        const auto distance = edit_distance(word, candidate);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
    const auto near = nearest(word, known);
    if (!near.empty()) return "; did you mean '" + std::string(near) + "'?";
    constexpr std::size_t most_listed = 16;
    std::string list;
    for (const auto k : known.first(std::min(known.size(), most_listed))) {
        list += (list.empty() ? "" : ", ") + std::string(k);
    }
    if (list.empty()) return {};
    return "; expected one of " + list + (known.size() > most_listed ? ", ..." : "");
}

}  // namespace d1::program::detail
