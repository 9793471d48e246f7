#pragma once
// A matrix product on a die: planned, programmed, loaded, read back.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "platforms/die.hpp"
#include "testbenches/kernels/gemm_plan.hpp"
#include "testbenches/kernels/gemm_program.hpp"
#include "testbenches/kernels/kernel.hpp"

namespace d1::kernels {

/// How an operand is given: row by row, or as the transposed matrix is, row by row.
enum class operand_order : std::uint8_t { plain, transposed };

/// With Y = X W, all plain, the input gradient is dX = dY W^T, where B is W transposed, and the weight gradient
/// dW = X^T dY, where A is X transposed.
struct gemm_orders {
    operand_order a = operand_order::plain;
    operand_order b = operand_order::plain;
};

/// Lines of a matrix as they lie in a tensor: line i from element first(i) on, its elements `stride` apart; or nowhere,
/// if there is no first element: a line of zeros.
struct lines_of_tensor {
    std::function<std::optional<std::uint64_t>(std::uint64_t line)> first;
    std::uint64_t stride = 1;
};

/// C[m x n] = A[m x k] * B[k x n], BF16 or a narrower floating-point format in (each operand its own), FP32
/// accumulation, BF16 or FP32 out, on all live nodes that help.
///
/// Each element of C is taken through K in ascending order, four at a time, as numerics::matrix_multiply_accumulate
/// says; so the result depends on neither the plan nor the number of nodes. Operands start and results end in the
/// SRAMs, each element once.
class gemm {
  public:
    /// Throws input_error if the product does not fit on the die.
    gemm(const gemm_shape& shape, const gemm_types& types, const die& on);

    [[nodiscard]] const gemm_plan& plan() const noexcept { return plan_; }
    [[nodiscard]] const job& programs() const noexcept { return job_; }

    /// Puts the operands, codes of their types (in the low half if of 8 bits) in the order given, where the programs
    /// expect them: in the slices that the matrix unit takes, whatever the order, and in no time.
    void load(die& on, std::span<const std::uint16_t> a, std::span<const std::uint16_t> b,
              const gemm_orders& orders = {}) const;

    /// C, row-major, as FP32 patterns or BF16 patterns in the low half, by the plan's output type.
    [[nodiscard]] std::vector<std::uint32_t> read(die& on) const;

    /// The product as a kernel whose tensors are given by name, type, use and number of elements. Rows of A and columns
    /// of B lie in theirs as told; C is its tensor, row-major. Other elements of a and b are no part of the product.
    [[nodiscard]] kernel as_kernel(tensor a, const lines_of_tensor& a_rows, tensor b, const lines_of_tensor& b_columns,
                                   tensor c) const;

  private:
    /// Calls visit(its first row, its first column, its number in the node's buffer) for each 8x8 block of C.
    template <typename Visit>
    void for_each_block_of_c(coordinate node, const Visit& visit) const;

    gemm_plan plan_;
    job job_;
    gemm_addresses addresses_;
};

}  // namespace d1::kernels
