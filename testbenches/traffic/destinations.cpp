#include "testbenches/traffic/destinations.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace d1::traffic {

namespace {
bool has_partners(pattern_kind kind) {
    return kind != pattern_kind::uniform && kind != pattern_kind::hotspot && kind != pattern_kind::all_to_all;
}

std::uint32_t reversed(std::uint32_t number, std::uint32_t bits) {
    std::uint32_t result = 0;
    for (std::uint32_t i = 0; i < bits; ++i) {
        result |= (number >> i & 1U) << (bits - 1 - i);
    }
    return result;
}
}  // namespace

destinations::destinations(grid places, std::vector<bool> live, pattern_kind kind, const hotspot& hot)
    : places_(places),
      live_(std::move(live)),
      kind_(kind),
      hot_(hot),
      hot_threshold_(static_cast<std::uint64_t>(hot.share * 0x1p32)),
      rank_(places.size()),
      to_(places.size()) {
    for (std::uint32_t i = 0; i < places.size(); ++i) {
        if (live_[i]) {
            rank_[i] = static_cast<std::uint32_t>(nodes_.size());
            nodes_.push_back(static_cast<node_index>(i));
        }
    }
    if (has_partners(kind)) {
        for (const node_index from : nodes_) {
            to_[to_number(from)] = partner(from);
        }
    }
}

std::optional<node_index> destinations::partner(node_index from) const {
    const coordinate c = places_.at(from);
    const std::uint32_t number = to_number(from);
    const auto bits = static_cast<std::uint32_t>(std::bit_width(places_.size() - 1));
    coordinate to = c;
    switch (kind_) {
        case pattern_kind::transpose:
            to = {c.y, c.x};
            break;
        case pattern_kind::bit_complement:
            to = {places_.columns - 1 - c.x, places_.rows - 1 - c.y};
            break;
        case pattern_kind::tornado:
            to = {(c.x + (places_.columns + 1) / 2 - 1) % places_.columns,
                  (c.y + (places_.rows + 1) / 2 - 1) % places_.rows};
            break;
        case pattern_kind::neighbour:
            to = {(c.x + 1) % places_.columns, c.y};
            break;
        case pattern_kind::bit_reverse:
        case pattern_kind::shuffle: {
            const std::uint32_t rotated = bits == 0 ? 0 : (number << 1U | number >> (bits - 1)) & ((1U << bits) - 1);
            const std::uint32_t there = kind_ == pattern_kind::shuffle ? rotated : reversed(number, bits);
            if (there >= places_.size()) {
                return std::nullopt;
            }
            to = places_.at(static_cast<node_index>(there));
            break;
        }
        case pattern_kind::uniform:
        case pattern_kind::hotspot:
        case pattern_kind::all_to_all:
            return std::nullopt;
    }
    if (!places_.contains(to) || places_.index(to) == from || !live_[to_number(places_.index(to))]) {
        return std::nullopt;
    }
    return places_.index(to);
}

bool destinations::sends(node_index from) const {
    return live_[to_number(from)] && (has_partners(kind_) ? to_[to_number(from)].has_value() : nodes_.size() > 1);
}

std::uint32_t destinations::senders() const {
    return static_cast<std::uint32_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [this](node_index n) { return sends(n); }));
}

node_index destinations::another(node_index from, std::uint64_t which) const {
    const std::uint64_t behind = rank_[to_number(from)] + 1 + which % (nodes_.size() - 1);
    return nodes_[behind % nodes_.size()];
}

node_index destinations::draw(node_index from, std::uint64_t random, std::uint64_t number) const {
    if (has_partners(kind_)) {
        return *to_[to_number(from)];
    }
    if (kind_ == pattern_kind::all_to_all) {
        return another(from, number);
    }
    if (kind_ == pattern_kind::hotspot && places_.index(hot_.place) != from && (random >> 32U) < hot_threshold_) {
        return places_.index(hot_.place);
    }
    return another(from, random & 0xFFFF'FFFF);
}

}  // namespace d1::traffic
