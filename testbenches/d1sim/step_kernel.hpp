#pragma once
// What computes a step of a layer, what goes in, and whether what comes out is right.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "platforms/die.hpp"
#include "testbenches/d1sim/layer_step.hpp"
#include "testbenches/d1sim/optimizer_reference.hpp"
#include "testbenches/d1sim/reference.hpp"
#include "testbenches/kernels/gemm.hpp"
#include "testbenches/kernels/kernel.hpp"

namespace d1 {

/// What a step computes. Equal work has the same programs and takes the same cycles.
struct step_work {
    gemm_shape product{};  ///< as layer_step::product() says
    kernels::gemm_types types{};
    optimizer_kind optimizer = optimizer_kind::none;  ///< none: a product
    std::optional<convolution_shape> direct{};        ///< a convolution without im2col, and which pass of it
    layer_pass pass = layer_pass::forward;

    friend constexpr bool operator==(const step_work&, const step_work&) = default;
};

/// The work of a pass. A weight gradient is the product of activations and their gradients, which have both the format
/// of a; the gradient that an optimizer takes has that of the results. `direct` is a convolution that is to run without
/// im2col; one by single pixels is a product in any case.
[[nodiscard]] step_work work_of(layer_pass pass, const gemm_shape& product, const kernels::gemm_types& types,
                                optimizer_kind optimizer, const std::optional<convolution_shape>& direct = {});

/// A random tensor: codes of its type, and their values as BF16.
class random_tensor {
  public:
    random_tensor(numerics::element_type type, std::size_t size, std::uint64_t seed, std::uint64_t key);

    [[nodiscard]] const std::vector<std::uint16_t>& codes() const noexcept { return codes_; }
    [[nodiscard]] std::vector<std::uint16_t> bf16(numerics::arithmetic rules) const;

  private:
    numerics::element_type type_;
    std::vector<std::uint16_t> codes_;
};

/// The operands of a step. Those of a product are, of the forward pass, the input (of a convolution, or A itself) and
/// the weights; of the input gradient the gradient and the weights; of the weight gradient the input and the gradient.
/// A layer's tensors are the same in all of its passes, except where tables of gradients give it other shapes.
struct step_operands {
    std::vector<random_tensor> factors;  ///< two, of a product
    optimizer_state state;               ///< of an optimizer

    step_operands(const layer_step& step, const step_work& work, std::uint64_t seed);
};

class step_kernel {
  public:
    /// Throws input_error if the work does not fit on the die.
    step_kernel(const step_work& work, const die& on);

    [[nodiscard]] const step_work& work() const noexcept { return work_; }
    [[nodiscard]] const job& programs() const;
    /// 0 where nothing is known.
    [[nodiscard]] std::uint64_t estimated_cycles() const;
    /// Names of the buffers that are loaded, and of those that hold results.
    [[nodiscard]] std::vector<std::string> inputs() const;
    [[nodiscard]] std::vector<std::string> outputs() const;

    void load(die& on, const layer_step& step, const step_operands& data) const;
    /// Compares what the die has with the references.
    [[nodiscard]] check_result check(die& on, const layer_step& step, const step_operands& data) const;

  private:
    [[nodiscard]] const kernels::kernel* other() const { return std::get_if<kernels::kernel>(&kernel_); }
    [[nodiscard]] check_result check_product(const std::vector<std::uint32_t>& result, const layer_step& step,
                                             const step_operands& data, const d1_parameters& parameters) const;

    step_work work_;
    std::variant<kernels::gemm, kernels::kernel> kernel_;
};

}  // namespace d1
