#pragma once

#include <bit>
#include <cstdint>

namespace d1::numerics {

/// What a CFloat's denormal code (exponent field 0, mantissa field M of m bits) stands for. With m = 3 and the bias 0:
///   gradual  0.M x 2^(1 - bias): the values go on without a gap below the smallest normal, 2^(1 - bias); as IEEE 754
///   printed  0.M x 2^(-bias): what the CFP paper (p. 6) says to the letter; between the largest denormal, 0.875, and
///            the smallest normal, 2, lies nothing
enum class denormal_reading : std::uint8_t { gradual, printed };

/// What the matrix unit keeps C in from step to step.
///   fp32  IEEE 754 binary32
///   fp21  1 sign, 7 exponent (bias 63), 13 mantissa bits; denormals, no infinity (P-615 claims 3-4). The result of
///   each
///         step is rounded to it, nearest even, what is beyond the largest value becomes that, NaN stays NaN; what
///         happens within a step is FP32
enum class accumulator_format : std::uint8_t { fp32, fp21 };

/// How numbers are treated everywhere on a die.
struct arithmetic {
    /// If the subnormals of FP32 are not kept, a subnormal operand of an operation counts as zero of the same sign, and
    /// a result that is subnormal after rounding becomes zero of the same sign. Says nothing of the CFloat formats,
    /// whose denormals are normal numbers in FP32.
    bool keep_subnormals = true;
    /// Of CFloat8 and CFloat16 SHP; of UHP too, if it has denormals.
    denormal_reading cfloat_denormals = denormal_reading::gradual;
    /// Whether CFloat16 UHP has denormals; if not, their codes are read as zero, and results among them become zero.
    bool keep_uhp_denormals = false;
    accumulator_format accumulator = accumulator_format::fp32;
    std::uint64_t rounding_seed = 1;  ///< of stochastic rounding, see rounding.hpp

    friend constexpr bool operator==(arithmetic, arithmetic) = default;
};

/// The value, or zero of its sign if it is subnormal. A NaN keeps its payload.
[[nodiscard]] constexpr float flush_subnormal(float value) {
    const auto pattern = std::bit_cast<std::uint32_t>(value);
    return std::bit_cast<float>((pattern & 0x7F80'0000) == 0 ? pattern & 0x8000'0000 : pattern);
}

}  // namespace d1::numerics
