#pragma once
// Embeddings: rows of a table looked up by number, and the gradient of the
// table.

#include <cstdint>

#include "testbenches/kernels/kernel.hpp"

namespace d1::kernels {

/// A table of `rows` x `columns`, and how many indices are looked up in it.
struct embedding_shape {
    std::uint64_t rows = 1;
    std::uint64_t columns = 1;
    std::uint64_t indices = 1;
};

/// `table`, `indices` (INT32, 0 to rows - 1) -> `output` (indices x columns, of
/// the table's type).
///
/// Columns are dealt out over the live nodes in granules of 8 bytes, so that
/// every look-up is a node's own; the indices lie in all nodes. Nothing moves.
/// An index outside the table fails the run. Throws input_error if it does not
/// fit.
[[nodiscard]] kernel make_embedding(const embedding_shape& shape, numerics::element_type type, const die& on);

/// `d_output` (indices x columns), `indices` -> `d_table` (rows x columns,
/// FP32): from +0, row indices[i] gets row i of d_output added, for i = 0, 1,
/// ... in this order, each sum rounded to FP32. Laid out as above.
[[nodiscard]] kernel make_embedding_gradient(const embedding_shape& shape, numerics::element_type type, const die& on);

}  // namespace d1::kernels
