#pragma once
// What a convolution that runs without im2col must give: the judge of `--conv direct --check`.

#include <cstdint>
#include <span>

#include "testbenches/d1sim/reference.hpp"

namespace d1 {

/// Checks as in reference.hpp, in the orders of direct convolutions; tensors are laid out as convolution_shape says.
/// Each is a product of reference.hpp's over operands that are given in the order in which sums are taken:
///     results          filter rows and columns, and the channels in fours
///     input gradient   filter rows and columns from the last on, and the filters in fours: the convolution of the
///     gradient,
///                      with zeros between and around, by the weights turned round
///     weight gradient  images in fours, output rows, output columns
/// with +0 where fours are incomplete.
struct direct_convolution {
    convolution_shape shape;
    numerics::element_type output;
    numerics::arithmetic rules;
    std::uint64_t seed = 0;

    [[nodiscard]] check_result check(std::span<const std::uint16_t> input, std::span<const std::uint16_t> weights,
                                     std::span<const std::uint32_t> result) const;
    [[nodiscard]] check_result check_input_gradient(std::span<const std::uint16_t> gradient,
                                                    std::span<const std::uint16_t> weights,
                                                    std::span<const std::uint32_t> result) const;
    [[nodiscard]] check_result check_weight_gradient(std::span<const std::uint16_t> input,
                                                     std::span<const std::uint16_t> gradient,
                                                     std::span<const std::uint32_t> result) const;
};

}  // namespace d1
