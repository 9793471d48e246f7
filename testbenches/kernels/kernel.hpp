#pragma once
// What every kernel of the library is: programs for a die, and tensors of which each element lies in the SRAM of a
// node.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/numerics/number_format.hpp"
#include "models/program/builder.hpp"
#include "platforms/die.hpp"
#include "testbenches/kernels/gemm_plan.hpp"

namespace d1::kernels {

/// A rectangle of elements of a tensor in the memory of a node. Element (r, c) of it is element
/// first + r * stride + c * column_stride of the tensor, row-major, and lies offset + r * pitch + c * size of an
/// element bytes into the tensor's buffer.
struct piece {
    coordinate node;           ///< logical
    std::uint64_t offset = 0;  ///< bytes
    std::uint64_t first = 0;   ///< element of the tensor
    std::uint32_t rows = 1;
    std::uint32_t columns = 0;
    std::uint64_t stride = 0;         ///< elements of the tensor from row to row
    std::uint32_t pitch = 0;          ///< bytes of memory from row to row
    std::uint64_t column_stride = 1;  ///< elements of the tensor from column to column
};

enum class tensor_use : std::uint8_t { input, output, update };

/// A tensor of a kernel, laid out over the nodes: a buffer at the same place in each, and what of it lies where. An
/// element may lie in several nodes, and is then the same in all.
struct tensor {
    std::string name;
    numerics::element_type type{};
    tensor_use use = tensor_use::input;
    std::uint64_t elements = 0;
    std::uint32_t address = 0;  ///< of the buffer
    std::uint32_t bytes = 0;    ///< of the buffer
    std::vector<piece> pieces{};
    /// What an input's buffer holds, in nodes with a piece, where no element lies: padding. A code of the type.
    std::uint32_t background = 0;
};

/// A computation on a die, ready to run: load the inputs, launch programs(), read the outputs.
class kernel {
  public:
    kernel(job programs, std::vector<tensor> tensors) : job_(std::move(programs)), tensors_(std::move(tensors)) {}

    [[nodiscard]] const job& programs() const noexcept { return job_; }
    [[nodiscard]] std::span<const tensor> tensors() const noexcept { return tensors_; }
    /// Throws std::out_of_range if there is none of that name.
    [[nodiscard]] const tensor& at(std::string_view name) const;

    /// Puts a tensor where the programs expect it: its elements row-major, a code of its type in the low bits of each.
    /// Throws std::invalid_argument if there are not as many as the tensor has.
    void load(die& on, std::string_view name, std::span<const std::uint32_t> codes) const;

    /// A tensor as it lies in the memories, each element from the first piece that holds it.
    [[nodiscard]] std::vector<std::uint32_t> read(die& on, std::string_view name) const;

  private:
    job job_;
    std::vector<tensor> tensors_;
};

/// What one node has of rows that are dealt out in order, a unit of several at a time, to the nodes of a logical row.
struct node_share {
    std::uint32_t node = 0;  ///< the first of those that run the same program
    std::uint32_t units = 0;
    std::uint32_t rows = 0;
    program::affine first_unit;  ///< number of its first unit, from the node's own column
};

/// Rows dealt out to nodes in order, a whole unit of them at a time, as evenly as it goes: programs for the nodes and
/// pieces of tensors. The last unit has fewer rows where it does not come out even.
class spread {
  public:
    /// Over as many live nodes as there are units.
    spread(std::uint64_t rows, std::uint32_t rows_in_unit, const die& on);

    [[nodiscard]] std::uint32_t nodes() const noexcept { return split_.parts; }
    [[nodiscard]] std::uint32_t units() const noexcept { return split_.total; }
    [[nodiscard]] std::uint32_t largest_units() const { return split_.largest(); }
    [[nodiscard]] std::uint32_t largest_rows() const;
    [[nodiscard]] std::uint32_t units_of(std::uint32_t node) const { return split_.size(node); }
    [[nodiscard]] std::uint32_t rows_of(std::uint32_t node) const;
    [[nodiscard]] std::uint64_t first_row_of(std::uint32_t node) const {
        return std::uint64_t{split_.first(node)} * rows_in_unit_;
    }

    /// Number of a node's first unit, from its own column: the same expression for all nodes with as many units.
    [[nodiscard]] program::affine first_unit_of(std::uint32_t node) const;

    /// Pieces of a tensor with rows of `columns` elements, dense.
    [[nodiscard]] std::vector<piece> pieces(std::uint32_t columns, std::uint32_t element_bytes) const;

    /// A program for each kind of share, on all nodes. Nodes of a different class get a program of their own.
    [[nodiscard]] job programs(const die& on, const std::function<program::program(const node_share&)>& program_of,
                               const std::function<std::uint32_t(std::uint32_t)>& class_of) const;

  private:
    std::uint64_t rows_;
    std::uint32_t rows_in_unit_;
    block_split split_;
};

/// Throws input_error if `rows` x `columns` elements of `element_bytes` each are more than the live nodes' memories
/// hold together, so that what is laid out behind fits 32 bits.
void require_room(std::uint64_t rows, std::uint64_t columns, std::uint64_t element_bytes, const die& on,
                  std::string_view kernel_name);

/// A builder without a limit of memory, so that a program that does not fit can be said to need so many bytes.
[[nodiscard]] program::program_builder unlimited_builder(std::string name, const die& on);

/// The program, if it fits in a node. Throws input_error with the bytes needed and available otherwise.
/// \param what for the message: "softmax of 8 x 9 elements"
[[nodiscard]] program::program finish(const program::program_builder& build, const die& on, std::string_view what);

}  // namespace d1::kernels
