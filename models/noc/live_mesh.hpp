#pragma once
// The mesh that is left when some routers or links are dead, and how a packet may go through its routers.

#include <cstdint>
#include <span>
#include <vector>

#include "models/noc/mesh_faults.hpp"
#include "models/packet/coordinate.hpp"

namespace d1::noc {

inline constexpr std::uint32_t direction_count = 4;

/// A directed link between two neighbouring routers, named by the router and the port it leaves through: router * 4 +
/// port. With one buffer per link and message class it is the channel of the theory of deadlocks.
enum class channel : std::uint32_t {};

[[nodiscard]] constexpr std::uint32_t to_number(channel c) noexcept {
    return static_cast<std::uint32_t>(c);
}
[[nodiscard]] constexpr channel channel_from(node_index router, port out) noexcept {
    return static_cast<channel>(to_number(router) * direction_count + to_number(out));
}
[[nodiscard]] constexpr node_index tail(channel c) noexcept {
    return static_cast<node_index>(to_number(c) / direction_count);
}
[[nodiscard]] constexpr port out_port(channel c) noexcept {
    return static_cast<port>(to_number(c) % direction_count);
}
[[nodiscard]] constexpr port in_port(channel c) noexcept {
    return opposite(out_port(c));
}
[[nodiscard]] constexpr bool horizontal(port p) noexcept {
    return p == port::west || p == port::east;
}

/// The way of a packet through a router from one neighbour to another: a dependency between two channels. Going
/// straight counts as a turn here; turning back does not exist.
struct turn {
    node_index at{};
    port in = port::west;
    port out = port::east;

    [[nodiscard]] constexpr bool straight() const noexcept { return out == opposite(in); }
    /// XY routing makes it: straight, or from a row into a column.
    [[nodiscard]] constexpr bool in_xy() const noexcept { return straight() || horizontal(in); }
};

/// The routers that pass traffic and the links between them.
class live_mesh {
  public:
    /// Throws input_error when the grid is empty or too large, a blocked place is outside of it or named twice, or a
    /// dead link does not join neighbours on it or is named twice, in whatever direction.
    live_mesh(grid shape, const mesh_faults& faults);

    [[nodiscard]] grid shape() const noexcept { return shape_; }
    [[nodiscard]] std::uint32_t size() const noexcept { return shape_.size(); }
    [[nodiscard]] std::uint32_t channels() const noexcept { return size() * direction_count; }
    [[nodiscard]] std::uint32_t live_count() const noexcept { return live_count_; }
    [[nodiscard]] std::span<const coordinate> blocked() const noexcept { return blocked_; }
    /// The lesser end first; in order.
    [[nodiscard]] std::span<const place_pair> dead_links() const noexcept { return dead_links_; }
    [[nodiscard]] bool whole() const noexcept { return blocked_.empty() && dead_links_.empty(); }
    [[nodiscard]] bool live(node_index router) const noexcept { return live_[to_number(router)] != 0; }
    /// The link is not dead, and both its ends are live routers on the grid.
    [[nodiscard]] bool has(channel c) const noexcept { return head_[to_number(c)] != none; }
    [[nodiscard]] bool has(const turn& t) const noexcept {
        return t.in != t.out && has(channel_from(t.at, t.in)) && has(channel_from(t.at, t.out));
    }
    /// The router that an existing link leads to.
    [[nodiscard]] node_index head(channel c) const noexcept { return static_cast<node_index>(head_[to_number(c)]); }
    /// How many live routers stand in an unbroken straight line beyond the router's port.
    [[nodiscard]] std::uint32_t run(node_index router, port out) const noexcept {
        return run_[to_number(channel_from(router, out))];
    }
    /// The channel by which a packet comes to an existing turn, and the one by which it leaves.
    [[nodiscard]] channel before(const turn& t) const noexcept {
        return channel_from(head(channel_from(t.at, t.in)), opposite(t.in));
    }
    [[nodiscard]] static constexpr channel after(const turn& t) noexcept { return channel_from(t.at, t.out); }

    /// Live routers outside the largest connected part, in the order of their numbers. Of equally large parts the one
    /// with the lowest number counts as the largest.
    [[nodiscard]] std::vector<node_index> cut_off() const;

  private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    void block_routers();
    void cut_links();

    grid shape_;
    std::vector<coordinate> blocked_;
    std::vector<place_pair> dead_links_;
    std::vector<std::uint8_t> live_;
    std::vector<std::uint32_t> head_;
    std::vector<std::uint32_t> run_;
    std::uint32_t live_count_ = 0;
};

}  // namespace d1::noc
