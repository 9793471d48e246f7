#pragma once
// A matrix product on a die: planned, programmed, loaded, read back.

#include <cstdint>
#include <span>
#include <vector>

#include "platforms/die.hpp"
#include "testbenches/kernels/gemm_plan.hpp"
#include "testbenches/kernels/gemm_program.hpp"

namespace d1::kernels {

/// How an operand is given: row by row, or as the transposed matrix is, row by row.
enum class operand_order : std::uint8_t { plain, transposed };

/// With Y = X W, all plain, the input gradient is dX = dY W^T, where B is W transposed, and the weight gradient
/// dW = X^T dY, where A is X transposed.
struct gemm_orders {
    operand_order a = operand_order::plain;
    operand_order b = operand_order::plain;
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

  private:
    gemm_plan plan_;
    job job_;
    gemm_addresses addresses_;
};

}  // namespace d1::kernels
