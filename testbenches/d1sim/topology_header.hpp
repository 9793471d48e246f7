#pragma once
// The header row of a topology table: which form the table has, and which cell of a row means what.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "testbenches/d1sim/topology_csv.hpp"

namespace d1 {

/// What a column of a table can mean.
enum class column : std::size_t {
    layer_name,
    m,
    n,
    k,
    ifmap_height,
    ifmap_width,
    filter_height,
    filter_width,
    channels,
    filters,
    stride,
    stride_height,
    stride_width,
};

/// The headers that a table may have, for messages.
inline constexpr std::string_view expected_header =
    "expected comma- or tab-separated columns 'Layer, M, N, K' or 'Layer name, IFMAP Height, IFMAP Width, Filter "
    "Height, "
    "Filter Width, Channels, Num Filter, Strides'";

/// Columns are found by their titles, in any order, without regard to case, spaces and punctuation.
class topology_header {
  public:
    /// Throws input_error when the cells are the header of neither form, name a column twice, or have both one column
    /// of strides and two.
    topology_header(std::vector<std::string> cells, char separator, csv::position where);

    [[nodiscard]] char separator() const { return separator_; }
    [[nodiscard]] bool is_convolution() const { return is_convolution_; }
    [[nodiscard]] bool has(column c) const { return slot(c).has_value(); }
    /// Index of the column's cell in a row. The header has the column.
    [[nodiscard]] std::size_t index(column c) const { return slot(c).value(); }
    /// The column's title as the file has it. The header has the column.
    [[nodiscard]] const std::string& title(column c) const { return cells_[index(c)]; }
    [[nodiscard]] bool has_title(std::size_t cell) const { return cell < cells_.size() && !cells_[cell].empty(); }
    /// The titles, quoted, of the columns that no layer is made of.
    [[nodiscard]] std::vector<std::string> unused() const;

  private:
    static constexpr std::size_t column_count = static_cast<std::size_t>(column::stride_width) + 1;

    [[nodiscard]] const std::optional<std::size_t>& slot(column c) const { return index_[static_cast<std::size_t>(c)]; }
    [[nodiscard]] std::vector<std::string> missing(std::span<const column> wanted) const;
    [[nodiscard]] bool uses(column c) const;
    void find_columns(csv::position where);
    void choose_form(csv::position where);
    [[noreturn]] void refuse_incomplete(std::vector<std::string> lacking, csv::position where) const;

    std::vector<std::string> cells_;
    char separator_;
    bool is_convolution_ = false;
    std::array<std::optional<std::size_t>, column_count> index_{};
};

}  // namespace d1
