#pragma once
// The tree of statistics. Blocks own their counters and name them here once, while the model is built.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/statistics/path.hpp"

namespace d1::statistics {

/// One registered counter. Refers to the block's own integer, which must be alive when it is read.
class counter_entry {
  public:
    counter_entry(std::string_view name, std::string_view unit, std::string_view description,
                  std::uint64_t& value) noexcept
        : name_(name), unit_(unit), description_(description), value_(&value) {}

    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::string_view unit() const noexcept { return unit_; }
    [[nodiscard]] std::string_view description() const noexcept { return description_; }
    [[nodiscard]] std::uint64_t value() const noexcept { return *value_; }

  private:
    friend class group;

    std::string_view name_;
    std::string_view unit_;
    std::string_view description_;
    std::uint64_t* value_;
};

/// A level of the tree: counters and named groups below it.
///
/// A block keeps plain std::uint64_t members and counts with a bare increment; it is handed its group when it is built
/// and registers each member there. Reading, writing and sampling the tree happen outside the hot path, while the
/// blocks are alive. Every walk goes in natural order of the names, the counters of a group before the groups below it,
/// so nothing that is written depends on the order in which a model was built.
///
/// Counters only: no ratios, no floating point, no histograms of its own (a histogram is one counter a bin).
class group {
  public:
    /// The top of a tree; it has no name.
    group() = default;
    group(const group&) = delete;
    group& operator=(const group&) = delete;

    /// The group `name` directly below this one; made at the first call. The reference lasts as long as the tree.
    /// Throws std::logic_error if the name is malformed (see is_valid_name) or that of a counter of this group.
    group& child(std::string_view name);

    /// Registers `value` under `name`. The three texts are kept as views: pass literals. `unit` may be empty for a pure
    /// number; `description` is one line. All counters whose paths differ in indices only share unit and description.
    /// Throws std::logic_error if the name is malformed or already taken in this group.
    void counter(std::string_view name, std::string_view unit, std::string_view description, std::uint64_t& value);

    /// Sets every counter at and below this group to zero.
    void reset() noexcept;

    using child_map = std::map<std::string, std::unique_ptr<group>, natural_order>;
    [[nodiscard]] const child_map& children() const noexcept { return children_; }
    [[nodiscard]] const std::vector<counter_entry>& counters() const noexcept { return counters_; }

    /// Called with a counter's path from the group where the walk began, and the counter.
    using visitor = std::function<void(const std::string& path, const counter_entry& counter)>;
    /// Visits every counter at and below this group.
    void visit(const visitor& visit_counter) const;

  private:
    void visit_below(std::string& path, const visitor& visit_counter) const;

    child_map children_;
    std::vector<counter_entry> counters_;  // sorted by name
};

}  // namespace d1::statistics
