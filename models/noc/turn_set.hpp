#pragma once
// Sets of permitted turns on a mesh and the paths that they allow.

#include <cstdint>
#include <span>
#include <vector>

#include "models/noc/live_mesh.hpp"

namespace d1::noc {

/// Which turns packets may make at each router. A path is legal when all its turns are permitted. A set without a cycle
/// of turns (`closes_cycle` was false for each when it was permitted) is free of deadlock for all its legal paths.
///
/// Values are cheap to copy (two bytes a router); the mesh must outlive them.
class turn_set {
  public:
    explicit turn_set(const live_mesh& mesh) : mesh_(&mesh), permitted_(mesh.size(), 0) {}

    [[nodiscard]] bool permits(const turn& t) const noexcept { return (permitted_[to_number(t.at)] & bit(t)) != 0; }
    void permit(const turn& t) noexcept { permitted_[to_number(t.at)] |= bit(t); }
    void forbid(const turn& t) noexcept { permitted_[to_number(t.at)] &= static_cast<std::uint16_t>(~bit(t)); }

    /// The ports through which a packet that came by the channel may go on: bit p for port p.
    [[nodiscard]] std::uint32_t exits(channel came_by) const noexcept {
        return (std::uint32_t{permitted_[to_number(mesh_->head(came_by))]} >>
                (to_number(in_port(came_by)) * direction_count)) &
               15U;
    }

    /// A legal path leads back from the turn's end to its beginning, so permitting it would close a cycle.
    [[nodiscard]] bool closes_cycle(const turn& t) const;
    /// Marks by channel number: those that packets on `from` can come to (`from` included).
    [[nodiscard]] std::vector<std::uint8_t> ahead_of(channel from) const;
    /// Marks by channel number: those from which packets can come to `to` (`to` included).
    [[nodiscard]] std::vector<std::uint8_t> behind(channel to) const;

    /// Every live router has a legal path to every other. Needs a set without cycles.
    [[nodiscard]] bool connects_all() const;

  private:
    [[nodiscard]] static constexpr std::uint16_t bit(const turn& t) noexcept {
        return static_cast<std::uint16_t>(1U << (to_number(t.in) * direction_count + to_number(t.out)));
    }

    const live_mesh* mesh_;
    std::vector<std::uint16_t> permitted_;
};

/// Lengths of shortest legal paths under a set of turns without cycles.
class path_lengths {
  public:
    /// More hops than any path has: no legal path.
    static constexpr std::uint16_t unreachable = 0x7fff;

    path_lengths(const live_mesh& mesh, const turn_set& turns);

    /// Hops to each node, by its number, for a packet that goes out by the channel (that hop included).
    [[nodiscard]] std::span<const std::uint16_t> through(channel c) const noexcept {
        return std::span(hops_).subspan(std::size_t{to_number(c)} * nodes_, nodes_);
    }
    /// Hops over all pairs of live nodes; all ones when a pair has no legal path.
    [[nodiscard]] std::uint64_t total(const live_mesh& mesh) const;

  private:
    std::size_t nodes_;
    std::vector<std::uint16_t> hops_;
};

}  // namespace d1::noc
