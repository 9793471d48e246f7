#pragma once
// Kernels over the rows and columns of a matrix: softmax, cross-entropy, layer and batch norm, bias, reductions.
//
// sum and max are the 16-lane reductions of program::reduce; over columns in blocks (formula::reduce_columns). Sums,
// products and functions are FP32 operations, each rounded. Tensors are rows x columns unless said otherwise; vectors
// along the columns that are inputs lie in every node, those that are outputs in shares.

#include "testbenches/kernels/formula.hpp"

namespace d1::kernels {

/// The type of activations and their gradients; statistics, parameters and their gradients are FP32.
struct row_types {
    numerics::element_type input{};
    numerics::element_type output{};
};

/// `input` x -> `output` y: e = exp(x - max x), y = e (1 / sum e), row by row.
[[nodiscard]] kernel make_softmax(const matrix_extent& extent, const row_types& types, const die& on);

/// `output` y, `d_output` dy -> `d_input` dx: dx = y (dy - sum(y dy)), row by row.
[[nodiscard]] kernel make_softmax_gradient(const matrix_extent& extent, const row_types& types, const die& on);

/// Softmax and cross-entropy, mean over the rows. `input` x, `labels` (INT32, one a row, 0 to columns - 1) -> `d_input`
/// dx, `loss` (FP32, one a row) and `mean_loss` (one FP32):
///   t = x - max x, e = exp t, s = sum e
///   loss = log s - t[label]
///   dx = (e (1 / s) - [column = label]) (1 / rows)
///   mean_loss = (sum of loss over the rows) (1 / rows)
/// At most 2^24 columns. A label that names no column counts as none: loss = log s.
[[nodiscard]] kernel make_cross_entropy(const matrix_extent& extent, const row_types& types, const die& on);

/// `input` x, `gamma`, `beta` -> `output` y, `mean`, `rstd` (one a row):
///   mean = (sum x) (1 / columns), d = x - mean, rstd = 1 / sqrt((sum d d) (1 / columns) + epsilon)
///   y = ((d rstd) gamma) + beta
[[nodiscard]] kernel make_layer_norm(const matrix_extent& extent, const row_types& types, float epsilon, const die& on);

/// `input` x, `d_output` dy, `mean`, `rstd`, `gamma` -> `d_input` dx, `dgamma`, `dbeta`:
///   h = (x - mean) rstd, g = dy gamma
///   dx = ((g - (sum g) (1 / columns)) - h ((sum g h) (1 / columns))) rstd
///   dgamma = sum of dy h over the rows, dbeta = sum of dy
[[nodiscard]] kernel make_layer_norm_gradient(const matrix_extent& extent, const row_types& types, const die& on);

/// Training mode: rows are the pixels of all images, columns the channels. `input` x, `gamma`, `beta` -> `output` y,
/// `mean`, `rstd` (one a column), as for the layer norm but with sums over the rows.
[[nodiscard]] kernel make_batch_norm(const matrix_extent& extent, const row_types& types, float epsilon, const die& on);

/// `input` x, `d_output` dy, `mean`, `rstd`, `gamma` -> `d_input` dx, `dgamma`, `dbeta`:
///   h = (x - mean) rstd, dbeta = sum dy, dgamma = sum dy h over the rows
///   dx = (((dy - dbeta (1 / rows)) - h (dgamma (1 / rows))) gamma) rstd
[[nodiscard]] kernel make_batch_norm_gradient(const matrix_extent& extent, const row_types& types, const die& on);

/// `input` x, `b` (one a column) -> `output` y = x + b.
[[nodiscard]] kernel make_bias(const matrix_extent& extent, const row_types& types, const die& on);

/// `d_output` dy -> `db` (one a column) = sum of dy over the rows.
[[nodiscard]] kernel make_bias_gradient(const matrix_extent& extent, const row_types& types, const die& on);

/// `b` (one a column) -> `output` y, every row of which is b.
[[nodiscard]] kernel make_broadcast(const matrix_extent& extent, const row_types& types, const die& on);

/// `input` x -> `output` y: what is reduced over each row (one a row), over each column, or over all: over the rows,
/// then over these.
enum class reduction_over : std::uint8_t { rows, columns, all };
[[nodiscard]] kernel make_reduction(program::reduction operation, reduction_over over, const matrix_extent& extent,
                                    const row_types& types, const die& on);

}  // namespace d1::kernels
