#pragma once
// The named buffers of a job, loaded from arrays and read into them.

#include <string>
#include <string_view>
#include <vector>

#include "models/program/program_file.hpp"
#include "platforms/die.hpp"
#include "testbenches/d1sim/npy.hpp"

namespace d1 {

/// A buffer by its name, in all programs of a job that declare it. Its element count and type are the same in all; its
/// address need not be.
class symbol {
  public:
    /// Throws input_error, with the nearest name, if no program has a buffer of this name, or if they disagree about
    /// it.
    symbol(const program::program_file& file, std::string_view name);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Of one node's buffer.
    [[nodiscard]] std::uint64_t elements() const { return bytes_ / numerics::bytes(type_.format); }
    [[nodiscard]] bool is_index() const noexcept { return content_ == program::buffer_content::index; }

    /// Writes an array to the nodes: one whose first axes are the rows and columns of the logical grid node by node,
    /// one of a single buffer's elements to all. What stands in it for nodes without the buffer is not looked at.
    /// Throws input_error, naming `file`, if it is neither, or if its elements cannot become the buffer's.
    void load(die& on, const placement& where, const npy_array& array, const std::string& file) const;

    /// All nodes' elements: [rows][columns][elements], 0 for nodes without the buffer.
    [[nodiscard]] npy_array read(die& from, const placement& where) const;

  private:
    struct holder {
        std::uint32_t address;
        std::vector<coordinate> nodes;
    };

    std::string name_;
    std::uint32_t bytes_ = 0;
    numerics::element_type type_;
    program::buffer_content content_ = program::buffer_content::data;
    std::vector<holder> holders_;
};

}  // namespace d1
