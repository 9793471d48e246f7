#pragma once

#include "testbenches/kernels/formula.hpp"

namespace d1::kernels {

/// `input` (rows x columns) -> `output` (columns x rows): its transpose, bit
/// for bit. Rows of both are dealt out over the live nodes; a node transposes
/// its rows and pushes to every node the columns that are that node's rows.
/// Throws input_error if it does not fit.
[[nodiscard]] kernel make_transposition(const matrix_extent& extent, numerics::element_type type, const die& on);

}  // namespace d1::kernels
