#pragma once
// The bursts of a run as a text: who creates what when.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/packet/coordinate.hpp"
#include "testbenches/traffic/load.hpp"

namespace d1::traffic {

/// Bursts by the node that creates them, in the order of time. As a text they are CSV; docs/noc.md has the rules.
class burst_trace {
  public:
    /// The last cycle in which a burst of a text may be created.
    static constexpr std::uint64_t last_cycle = 1'000'000'000;

    /// What a load says besides its bursts, kept so that a replay gives the same figures.
    struct setting {
        std::uint32_t senders = 0;    ///< nodes that may create bursts
        std::uint64_t warm_up = 0;    ///< as load::warm_up
        std::uint64_t measured = 20;  ///< as load::measured
        friend bool operator==(const setting&, const setting&) = default;
    };

    explicit burst_trace(const grid& places) : places_(places), by_node_(places.size()) {}

    /// Reads a text. `name` is its file's, for messages; `live`, by node number, says who may send and receive. Throws
    /// input_error, with the line, for one that is no trace or does not fit the mesh.
    [[nodiscard]] static burst_trace parse(std::string_view text, const std::string& name, const grid& places,
                                           const std::vector<bool>& live);

    /// Adds a burst behind those of its source. Their order in time is that of parse(), or the caller's matter.
    void add(node_index source, const creation& burst) { by_node_[to_number(source)].push_back(burst); }

    [[nodiscard]] std::span<const creation> of(node_index source) const { return by_node_[to_number(source)]; }
    [[nodiscard]] std::size_t bursts() const;
    /// Nodes that create any or, where a setting has more of them, might have.
    [[nodiscard]] std::uint32_t senders() const;
    [[nodiscard]] const std::optional<setting>& given() const noexcept { return given_; }
    void set(const setting& s) { given_ = s; }
    /// The cycle behind that of the last burst; 0 where there is none.
    [[nodiscard]] std::uint64_t end() const;

    /// In the order of time, of one cycle by node.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const burst_trace& a, const burst_trace& b) {
        return a.by_node_ == b.by_node_ && a.given_ == b.given_;
    }

  private:
    grid places_;
    std::vector<std::vector<creation>> by_node_;
    std::optional<setting> given_;
};

}  // namespace d1::traffic
