#pragma once
// What of a layer runs: its product, the products of its gradients, the step of the optimizer.

#include <cstdint>
#include <optional>
#include <string_view>

#include "testbenches/d1sim/topology.hpp"

namespace d1 {

/// A pass of training over a layer Y = X W:
///   forward    Y = X W
///   dgrad      dX = dY W^T, the input gradient
///   wgrad      dW = X^T dY, the weight gradient
///   optimizer  the new W from dW
enum class layer_pass : std::uint8_t { forward, dgrad, wgrad, optimizer };
inline constexpr std::uint8_t layer_pass_count = 4;

/// Which step an optimizer does, if there is one.
enum class optimizer_kind : std::uint8_t { none, sgd, adamw };

[[nodiscard]] std::string_view name(layer_pass pass);
[[nodiscard]] std::string_view name(optimizer_kind kind);
/// The pass, or optimizer, of that name, or nothing.
[[nodiscard]] std::optional<layer_pass> layer_pass_from_name(std::string_view wanted);
[[nodiscard]] std::optional<optimizer_kind> optimizer_kind_from_name(std::string_view wanted);

/// One pass of one layer.
struct layer_step {
    layer row{};  ///< of the table that it is of
    layer_pass pass = layer_pass::forward;
    /// Whether the row says itself what is computed, as the rows of a table for this pass do; otherwise it is the
    /// forward row, from which that follows.
    bool is_row = true;
    std::size_t number = 0;  ///< of the layer in its table, from 0

    /// The product that is computed. Of an optimizer: m weights, and n = k = 1.
    [[nodiscard]] gemm_shape product() const;
    /// Multiply-accumulates of the matrix units.
    [[nodiscard]] std::uint64_t macs() const { return pass == layer_pass::optimizer ? 0 : product().macs(); }
};

}  // namespace d1
