#pragma once
// Layer tables: the topology CSV files of SCALE-Sim, as docs/topologies.md describes them.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "testbenches/kernels/shape.hpp"

namespace d1 {

/// Largest value of a cell of a table, and of m, n and k of a layer.
inline constexpr std::uint64_t max_dimension = (std::uint64_t{1} << 31) - 1;
/// Most elements of each of a layer's matrices A, B and C, and of the input of a convolution.
inline constexpr std::uint64_t max_matrix_elements = std::uint64_t{1} << 40;
/// Most multiply-accumulates of a whole table, so that sums over its layers stay within 64 bits.
inline constexpr std::uint64_t max_topology_macs = std::uint64_t{1} << 62;
/// Largest file, in bytes.
inline constexpr std::size_t max_topology_bytes = std::size_t{16} << 20;

/// One row of a table.
struct layer {
    std::string name;                              ///< as given; not necessarily unique
    gemm_shape gemm;                               ///< what is computed, the batch included
    std::optional<convolution_shape> convolution;  ///< of a convolution row; gemm is then its as_gemm()
    std::size_t line;                              ///< where the row stands in its file, from 1
};

/// The layers of a file in their order, at least one, and what a user should know of how the file was read: one line
/// each, beginning with `file:line: `.
struct topology {
    std::vector<layer> layers;
    std::vector<std::string> warnings;
};

/// Reads the text of a table; `file_name` is for messages only.
///
/// Tables are written for one sample. `batch` multiplies m of a GEMM row and the images of a convolution row: the
/// samples' rows of A stand below each other and share B. That is what a batch does to a layer with weights; a GEMM row
/// whose B is itself an activation (attention) gets the right number of operations, but one sample's bytes of B.
///
/// Throws input_error, saying file, line, column, value and what is allowed, when the text is not such a table.
[[nodiscard]] topology parse_topology(std::string_view text, std::string_view file_name, std::uint32_t batch);

/// parse_topology() of a file's content. Throws input_error also when the file cannot be read.
[[nodiscard]] topology read_topology(const std::filesystem::path& path, std::uint32_t batch);

}  // namespace d1
