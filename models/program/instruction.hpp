#pragma once
// The transaction-level instructions of a node, in two states of the same structs: as a program holds them, every
// address an affine expression; and as the cursor yields them, every address a number.
//
// Operands are named by byte offset in the SRAM of the node that owns them. Remote nodes are named by logical
// coordinates in the placement that the program is launched on, so a program says nothing of dead nodes or of where it
// runs.

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

/// The bytes of a transfer: `rows` rows of `row_bytes`, whose starts lie a stride apart on either side.
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
/// [column block][k step], C as FP32 blocks of 8x8 [row block][column block]; all dense, on 64-byte lines.
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
    friend bool operator==(const matrix_multiply&, const matrix_multiply&) = default;
};

/// An element-wise operation on the SIMD unit: destination[i] = operation(a[i], b[i], scalar).
/// Operations of fewer operands leave `b` or `a` unused.
template <typename Value>
struct vector_operation {
    numerics::elementwise_operation operation{};
    Value destination{};
    Value a{};
    Value b{};
    float scalar = 0;
    std::uint32_t elements = 0;
    numerics::element_type destination_type{};
    numerics::element_type a_type{};
    numerics::element_type b_type{};
    friend bool operator==(const vector_operation&, const vector_operation&) = default;
};

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

/// Repeats what stands up to the matching loop_end; a count of 0 or less skips it.
struct loop_begin {
    affine count{};
    friend bool operator==(const loop_begin&, const loop_begin&) = default;
};
struct loop_end {
    friend bool operator==(const loop_end&, const loop_end&) = default;
};

/// An instruction as a program holds it.
using instruction = std::variant<matrix_multiply<affine>, vector_operation<affine>, push<affine>, pull<affine>,
                                 signal<affine>, wait<affine>, loop_begin, loop_end>;

/// An instruction as a thread meets it: loops resolved, every address a number.
using step = std::variant<matrix_multiply<std::int64_t>, vector_operation<std::int64_t>, push<std::int64_t>,
                          pull<std::int64_t>, signal<std::int64_t>, wait<std::int64_t>>;

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

    friend bool operator==(const program& a, const program& b) {
        return a.name == b.name && a.buffers == b.buffers && a.semaphores == b.semaphores && a.threads == b.threads;
    }
};

}  // namespace d1::program
