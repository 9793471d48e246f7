#pragma once
// Kernels as formulas: operations on tensors of `rows` x `columns` elements, on vectors along either side, and on what
// is reduced over either. A formula says the order of arithmetic and nothing of nodes; make_kernel() deals it out.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "models/numerics/elementwise.hpp"
#include "models/program/instruction.hpp"
#include "testbenches/kernels/kernel.hpp"

namespace d1::kernels {

/// What a value of a formula is, and who holds it:
///   matrix      rows x columns; a node has some rows
///   per_row     a number for each row; a node has those of its rows
///   per_column  a number for each column; every node has all
///   reduced     a number for each column; a node has some, in multiples of 16, or none
///   total       one number; the first node has it
///   constant    one FP32 number; every node has it
enum class value_shape : std::uint8_t { matrix, per_row, per_column, reduced, total, constant };

class formula {
  public:
    struct value {
        value_shape shape;
        bool is_tensor;
        std::size_t number;
    };
    /// How results are rounded into a tensor: stochastically by the stream of that key, or to nearest. The random word
    /// is that of the tensor's element.
    using rounding_key = std::optional<std::uint64_t>;

    value input(std::string name, numerics::element_type type, value_shape shape = value_shape::matrix);
    value output(std::string name, numerics::element_type type, value_shape shape = value_shape::matrix,
                 rounding_key key = {});
    value update(std::string name, numerics::element_type type, rounding_key key = {});
    /// FP32, like everything that is not a tensor.
    value temporary(value_shape shape = value_shape::matrix);
    value constant(float number);
    /// 0, 1, 2, ... per column.
    value column_numbers();

    /// d = operation(a, b, scalar), element by element as vector_operation says. A matrix combines with everything but
    /// reduced values and totals, constants only as b, per_row only as b; values of one shape with each other and with
    /// constants.
    void apply(numerics::elementwise_operation operation, value d, value a, value b = {}, float scalar = 0);
    /// d (per_row) = the reduction of each row of a (matrix), in the order of program::reduce.
    void reduce_rows(program::reduction operation, value d, value a);
    /// d (reduced, or total if a is per_row) = the reduction of each column of a: first within blocks of
    /// column_block(rows) rows, then over the blocks, both in the order of program::reduce. So it depends on the number
    /// of rows alone. Throws std::invalid_argument for a reduction that gives an index.
    void reduce_columns(program::reduction operation, value d, value a);
    /// d (per_column) = a (reduced): every node gets all of it.
    void broadcast(value d, value a);

    struct tensor_entry {
        std::string name;
        numerics::element_type type;
        tensor_use use;
        value_shape shape;
        rounding_key key;
    };
    struct step {
        enum class kind : std::uint8_t { apply, reduce_rows, reduce_columns, broadcast };
        kind does;
        numerics::elementwise_operation operation;
        program::reduction reduction;
        value d, a, b;
        float scalar;
    };
    [[nodiscard]] const std::vector<tensor_entry>& tensors() const noexcept { return tensors_; }
    [[nodiscard]] const std::vector<value_shape>& temporaries() const noexcept { return temporaries_; }
    [[nodiscard]] const std::vector<float>& constants() const noexcept { return constants_; }
    [[nodiscard]] const std::optional<value>& numbers() const noexcept { return numbers_; }
    [[nodiscard]] const std::vector<step>& steps() const noexcept { return steps_; }

  private:
    value add(tensor_entry entry);

    std::vector<tensor_entry> tensors_;
    std::vector<value_shape> temporaries_;
    std::vector<float> constants_;
    std::optional<value> numbers_;
    std::vector<step> steps_;
};

/// Rows of a block of a reduction over columns: the smallest power of two of which 1024 blocks hold all rows.
[[nodiscard]] std::uint32_t column_block(std::uint64_t rows);

/// The extent of a formula's tensors, at least 1 x 1.
struct matrix_extent {
    std::uint64_t rows = 1;
    std::uint64_t columns = 1;
};

/// The formula on a die. Rows are dealt out over the live nodes, whole: a row must fit in a node. A node works through
/// its rows in chunks, in up to two threads where nothing is reduced over columns. Throws input_error if the tensors do
/// not fit.
[[nodiscard]] kernel make_kernel(const std::string& name, const formula& f, const matrix_extent& extent, const die& on);

/// The same where nothing depends on rows and columns: tensors of `elements` in any shape.
[[nodiscard]] kernel make_kernel(const std::string& name, const formula& f, std::uint64_t elements, const die& on);

}  // namespace d1::kernels
