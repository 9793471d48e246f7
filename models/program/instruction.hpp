#pragma once
// The transaction-level instructions of a node, in two states of the same structs: as a program holds them, every
// address an affine expression; and as the cursor yields them, every address a number.
//
// Operands are named by byte offset in the SRAM of the node that owns them. Remote nodes are named by logical
// coordinates in the placement that the program is launched on, so a program says nothing of dead nodes or of where it
// runs.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/numerics/elementwise.hpp"
#include "models/numerics/number_format.hpp"
#include "models/numerics/rounding.hpp"

namespace d1::program {

/// Loops may be nested this deep.
inline constexpr std::size_t max_loop_depth = 8;

/// constant + sum of loop[d] * (counter of the loop at depth d, outermost 0) + x * column + y * row, where (column,
/// row) are the node's own logical coordinates.
struct affine {
    std::int64_t constant = 0;
    std::array<std::int64_t, max_loop_depth> loop{};
    std::int64_t x = 0;
    std::int64_t y = 0;

    constexpr affine() = default;
    template <std::integral Integer>
    constexpr affine(Integer value)  // NOLINT(google-explicit-constructor): a number is an affine expression
        : constant(static_cast<std::int64_t>(value)) {}

    friend constexpr bool operator==(const affine&, const affine&) = default;
};

/// A node by logical coordinates.
template <typename Value>
struct node_reference {
    Value x{};
    Value y{};
    friend constexpr bool operator==(const node_reference&, const node_reference&) = default;
};

/// The bytes of a transfer or a copy: `rows` rows of `row_bytes`, whose starts lie a stride apart on either side.
/// A stride is free to be anything when there is one row.
struct transfer_shape {
    std::uint32_t rows = 1;
    std::uint32_t row_bytes = 0;
    std::int64_t source_stride = 0;
    std::int64_t destination_stride = 0;
    friend constexpr bool operator==(const transfer_shape&, const transfer_shape&) = default;
};

/// C += A x B on the matrix unit, or C = A x B where `accumulate` is 0. Layouts are those of
/// numerics::matrix_multiply_accumulate: A as slices of 8x4 elements [row block][k step], B as slices of 4x8
/// [column block][k step], C as FP32 blocks of 8x8 [row block][column block]; all dense, on 64-byte lines. With an
/// `a_step_stride` the slices of A lie [k step][row block] instead: those of a step dense, from any byte on, the steps
/// that many bytes apart. So planes of an image's pixels are operands of a convolution where they lie.
template <typename Value>
struct matrix_multiply {
    Value c{};
    Value a{};
    Value b{};
    Value accumulate{1};
    std::uint32_t row_blocks = 0;
    std::uint32_t column_blocks = 0;
    std::uint32_t k_steps = 0;
    numerics::element_type a_type{};
    numerics::element_type b_type{};
    std::int64_t a_step_stride = 0;
    friend bool operator==(const matrix_multiply&, const matrix_multiply&) = default;
};

/// An element-wise operation on the SIMD unit: destination[r][i] = operation(a[r][i], b[r][i], scalar), row after row,
/// for i below `elements` or, where it is given, below `active`: elements beyond are neither read nor written. Rows
/// begin a stride apart; a source whose stride is 0 gives the same row to all. Operations of fewer operands leave `b`
/// or `a` unused. Results are rounded to the destination's type as numerics::rounding{rounding, key, index} says.
template <typename Value>
struct vector_operation {
    numerics::elementwise_operation operation{};
    Value destination{};
    Value a{};
    Value b{};
    float scalar = 0;
    std::uint32_t elements = 0;  ///< of a row
    numerics::element_type destination_type{};
    numerics::element_type a_type{};
    numerics::element_type b_type{};
    bool broadcast_b = false;       ///< b is one element of each row, the same for every i
    std::optional<Value> active{};  ///< a predicated tail: 0 where negative, `elements` where greater
    numerics::rounding_mode rounding = numerics::rounding_mode::nearest;
    Value key{};    ///< for stochastic rounding: which stream of random bits
    Value index{};  ///< for stochastic rounding: the place in it of element 0
    std::uint32_t rows = 1;
    std::int64_t a_stride = 0;  ///< from row to row, in bytes, as the next two; free to be anything where there is one
    std::int64_t b_stride = 0;
    std::int64_t destination_stride = 0;
    std::int64_t index_stride = 0;  ///< for stochastic rounding: how far apart rows lie in the stream
    friend bool operator==(const vector_operation&, const vector_operation&) = default;
};

/// How many elements of each row a vector operation works on.
[[nodiscard]] constexpr std::uint32_t active_elements(const vector_operation<std::int64_t>& v) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(v.active.value_or(v.elements), 0, v.elements));
}

/// Copies rows within the node's own SRAM.
template <typename Value>
struct copy {
    Value source{};
    Value destination{};
    transfer_shape shape{};
    friend bool operator==(const copy&, const copy&) = default;
};

/// A table whose rows are looked up by number: `rows` rows, dense, of `granules` granules of 8 or 16 bytes, which are
/// what the gather engine moves at once; the first on a multiple of a granule. `rows` is what the program declares: an
/// index of less than 0 or not below it is a fault.
template <typename Value>
struct lookup_table {
    Value address{};
    std::uint32_t rows = 0;
    std::uint32_t granules = 1;
    std::uint32_t granule_bytes = 16;

    [[nodiscard]] constexpr std::uint64_t row_bytes() const noexcept { return std::uint64_t{granules} * granule_bytes; }
    friend bool operator==(const lookup_table&, const lookup_table&) = default;
};

/// Collects rows of a table: row i of the destination, dense, = row indices[i] of the table, for `elements` indices.
/// Indices are 32-bit two's complement, little-endian, in a buffer declared to hold indices.
template <typename Value>
struct gather {
    Value destination{};
    lookup_table<Value> table{};
    Value indices{};
    std::uint32_t elements = 0;
    friend bool operator==(const gather&, const gather&) = default;
};

/// Adds rows to those of a table: row indices[i] of the table += row i of the source, for i = 0, 1, ... in this order.
/// Each element is added in FP32 and rounded to the table's type; source rows are dense, and hold as many elements as
/// those of the table.
template <typename Value>
struct scatter_add {
    lookup_table<Value> table{};
    Value indices{};
    Value source{};
    std::uint32_t elements = 0;
    numerics::element_type table_type{};
    numerics::element_type source_type{};
    friend bool operator==(const scatter_add&, const scatter_add&) = default;
};

/// How many granules a gather or scatter_add moves.
[[nodiscard]] constexpr std::uint64_t granules_of(const auto& lookup) noexcept {
    return std::uint64_t{lookup.elements} * lookup.table.granules;
}

/// Elements of a row of scatter_add's table and source.
template <typename Value>
[[nodiscard]] constexpr std::uint64_t elements_of_row(const scatter_add<Value>& s) noexcept {
    return s.table.row_bytes() / numerics::bytes(s.table_type.format);
}

/// Bytes of a row of scatter_add's source.
template <typename Value>
[[nodiscard]] constexpr std::uint64_t source_row_bytes(const scatter_add<Value>& s) noexcept {
    return elements_of_row(s) * numerics::bytes(s.source_type.format);
}

/// destination[c][r] = source[r][c], for a source of `rows` rows of `columns` elements. Strides are from row to row, in
/// bytes, and free to be anything where there is one row.
template <typename Value>
struct transpose {
    Value destination{};
    Value source{};
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::int64_t source_stride = 0;
    std::int64_t destination_stride = 0;
    numerics::element_type type{};
    friend bool operator==(const transpose&, const transpose&) = default;
};

enum class reduction : std::uint8_t { sum, maximum, minimum, index_of_maximum, index_of_minimum };

/// Whether the reduction gives a place in the row rather than a value.
[[nodiscard]] constexpr bool gives_index(reduction r) noexcept {
    return r >= reduction::index_of_maximum;
}

/// destination[r] = the sum, maximum or minimum of row r of the source. Lane l of 16 takes elements l, l + 16, l + 32,
/// ... in this order; then lanes l and l + 8 are joined, l and l + 4, l and l + 2, and the last two; a lane without
/// elements has no part in it. Every step is one of numerics::elementwise_operation, in FP32, or in INT32 where the
/// source is of an integer format; the last result is rounded to the destination's type.
///
/// Or the place in the row, counted from 0, of its first element that no other exceeds, or that exceeds no other; of
/// its first NaN, if it has one.
template <typename Value>
struct reduce {
    reduction operation{};
    Value destination{};
    Value source{};
    std::uint32_t rows = 1;
    std::uint32_t elements = 0;      ///< of a row
    std::int64_t source_stride = 0;  ///< from row to row, in bytes; free to be anything where there is one
    numerics::element_type destination_type{};
    numerics::element_type source_type{};
    friend bool operator==(const reduce&, const reduce&) = default;
};
inline constexpr std::uint32_t reduction_lanes = 16;

/// A semaphore and how much is added to it.
template <typename Value>
struct semaphore_update {
    Value semaphore{};
    Value amount{1};
    friend bool operator==(const semaphore_update&, const semaphore_update&) = default;
};

/// Copies from the node's own SRAM to `to`. Complete for the thread at issue.
template <typename Value>
struct push {
    node_reference<Value> to{};
    Value source{};       ///< offset in the own SRAM
    Value destination{};  ///< offset in the SRAM of `to`
    transfer_shape shape{};
    std::optional<semaphore_update<Value>> done{};    ///< own semaphore, once the last source byte has been read
    std::optional<semaphore_update<Value>> notify{};  ///< semaphore of `to`; the signal rides behind the data
    friend bool operator==(const push&, const push&) = default;
};

/// Copies from `from` to the node's own SRAM. Complete for the thread at issue.
template <typename Value>
struct pull {
    node_reference<Value> from{};
    Value source{};       ///< offset in the SRAM of `from`
    Value destination{};  ///< offset in the own SRAM
    transfer_shape shape{};
    std::optional<semaphore_update<Value>> done{};  ///< own semaphore, once the last byte is written
    friend bool operator==(const pull&, const pull&) = default;
};

/// Adds to a semaphore of `to`, or of the node itself.
template <typename Value>
struct signal {
    std::optional<node_reference<Value>> to{};
    semaphore_update<Value> update{};
    friend bool operator==(const signal&, const signal&) = default;
};

/// Blocks the thread until the semaphore is at least `amount`, and takes that much from it.
template <typename Value>
struct wait {
    Value semaphore{};
    Value amount{1};
    friend bool operator==(const wait&, const wait&) = default;
};

/// Holds the thread until `threads` threads of each node of a rectangle of logical nodes have come to a barrier of the
/// same number over the same rectangle. A thread has come when its earlier pushes are answered and its pulls written.
template <typename Value>
struct barrier {
    Value number{};
    node_reference<Value> corner{};  ///< the node of least column and row
    std::uint32_t columns = 1;
    std::uint32_t rows = 1;
    std::uint32_t threads = 1;  ///< of each node
    friend bool operator==(const barrier&, const barrier&) = default;
};

/// What stands up to the matching list_end is packed in a list in SRAM, which the list parser issues in the thread's
/// order: pushes, pulls, signals and loops over them.
struct list_begin {
    friend bool operator==(const list_begin&, const list_begin&) = default;
};
struct list_end {
    friend bool operator==(const list_end&, const list_end&) = default;
};

/// Repeats what stands up to the matching loop_end; a count of 0 or less skips it.
struct loop_begin {
    affine count{};
    friend bool operator==(const loop_begin&, const loop_begin&) = default;
};
struct loop_end {
    friend bool operator==(const loop_end&, const loop_end&) = default;
};

/// An instruction as a program holds it.
using instruction =
    std::variant<matrix_multiply<affine>, vector_operation<affine>, push<affine>, pull<affine>, signal<affine>,
                 wait<affine>, loop_begin, loop_end, copy<affine>, gather<affine>, scatter_add<affine>,
                 transpose<affine>, reduce<affine>, barrier<affine>, list_begin, list_end>;

/// An instruction as a thread meets it: loops resolved, every address a number. A list_begin is the issue of the list;
/// what stands in it follows.
using step = std::variant<matrix_multiply<std::int64_t>, vector_operation<std::int64_t>, push<std::int64_t>,
                          pull<std::int64_t>, signal<std::int64_t>, wait<std::int64_t>, copy<std::int64_t>,
                          gather<std::int64_t>, scatter_add<std::int64_t>, transpose<std::int64_t>,
                          reduce<std::int64_t>, barrier<std::int64_t>, list_begin>;

/// What a buffer holds. Buffers of indices stay real when arithmetic and payloads are switched off.
enum class buffer_content : std::uint8_t { data, index };

/// A named range of a node's SRAM.
struct buffer {
    std::string name;
    std::uint32_t address = 0;  ///< first byte
    std::uint32_t bytes = 0;
    numerics::element_type type{};
    buffer_content content = buffer_content::data;
    bool input = false;  ///< the host loads it before the launch
    friend bool operator==(const buffer&, const buffer&) = default;
};

/// A named semaphore, or a run of them.
struct semaphore_range {
    std::string name;
    std::uint32_t first = 0;
    std::uint32_t count = 1;
    std::uint32_t left = 0;  ///< what each holds when all programs have ended: credits that nobody takes back
    friend bool operator==(const semaphore_range&, const semaphore_range&) = default;
};

struct source_map;

/// What a node runs: a list of instructions for each thread. Shared, read-only, by all the nodes that run it.
struct program {
    std::string name;
    std::vector<buffer> buffers;
    std::vector<semaphore_range> semaphores;
    std::vector<std::vector<instruction>> threads;
    std::shared_ptr<const source_map> source{};  ///< for messages; null unless read from a text; no part of the value

    /// Not inline, since it takes long to compile.
    friend bool operator==(const program& a, const program& b);
};

}  // namespace d1::program
