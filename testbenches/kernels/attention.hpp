#pragma once
// Attention with a streamed softmax: scores exist for one block of queries and
// one of keys at a time.

#include <cstdint>

#include "testbenches/kernels/kernel.hpp"

namespace d1::kernels {

/// Queries and keys are worked on in blocks of so many.
inline constexpr std::uint32_t attention_block = 64;

/// Self-attention of `heads` heads (of all sequences), each over `length`
/// positions of `depth` numbers.
struct attention_shape {
    std::uint32_t heads = 1;
    std::uint32_t length = 1;
    std::uint32_t depth = 1;
    bool causal = false;  ///< a query sees the keys of its own and earlier positions alone
};

/// Operands are of a floating-point type that the matrix unit takes; so are the
/// weights of a block on their way into it.
struct attention_types {
    numerics::element_type input{};
    numerics::element_type output{};
};

/// `queries`, `keys`, `values` (heads x length x depth) -> `output`: softmax(Q
/// K^T / sqrt(depth)) V, head by head.
///
/// For each block of queries, over the blocks of keys in ascending order, from
/// m = -infinity, l = +0, o = +0; a row at a time, sums and maxima over a row
/// as program::reduce, products of matrices as
/// numerics::matrix_multiply_accumulate:
///   s = (q K^T) scale        scale = 1 / sqrt(depth), rounded to FP32;
///   -infinity where the key is hidden n = maximum(m, max s), c = exp(m - n), p
///   = exp(s - n) l = (l c) + sum p,  o = (o c) + p' V,  m = n        p' is p
///   rounded to the operands' type
/// and at the end output = o (1 / l). So bits depend on the shape alone.
///
/// Heads are dealt out over the live nodes; where there are fewer, the blocks
/// of queries of a head, in turns, are dealt out to nodes in a line, and its
/// keys and values passed on along it. A node holds all keys and values of its
/// heads. Throws input_error if it does not fit.
[[nodiscard]] kernel make_attention(const attention_shape& shape, const attention_types& types, const die& on);

/// The gradients of that attention: `queries`, `keys`, `values`, `output` and `d_output` (of the operands' type, and
/// output as the forward pass rounded it to that) -> `d_queries`, `d_keys`, `d_values` (of the output's).
///
/// Scores are made again, a block at a time: first m and l of each query exactly as above, then, from +0,
///   p = exp(s - m) (1 / l),  g = ((dO V^T - D) p) scale      D = the sum of output d_output over a query's numbers,
///                                                            as program::reduce, padded with +0 to a multiple of four
///   dQ = dQ + g' K           over the blocks of keys in ascending order
///   dK = dK + g'^T Q         over the blocks of queries in ascending order
///   dV = dV + p'^T dO        likewise
/// p' and g' are p and g rounded to the operands' type; causal, blocks of which nothing is seen are left out.
///
/// Heads lie as above. A node of a line makes dQ of its blocks of queries, and dK and dV of as many blocks of keys, for
/// which the others give it m, 1 / l and D; so scores are made three times. It holds all queries, keys, values and
/// d_output of its heads, all but values in the two layouts that products take them in.
[[nodiscard]] kernel make_attention_gradient(const attention_shape& shape, const attention_types& types, const die& on);

}  // namespace d1::kernels
