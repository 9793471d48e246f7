#pragma once

#include <bit>
#include <cstdint>

namespace d1::numerics {

/// How FP32 arithmetic treats subnormals. If they are not kept, a subnormal operand of an operation counts as zero of
/// the same sign, and a result that is subnormal after rounding becomes zero of the same sign.
struct arithmetic {
    bool keep_subnormals = true;

    friend constexpr bool operator==(arithmetic, arithmetic) = default;
};

/// The value, or zero of its sign if it is subnormal. A NaN keeps its payload.
[[nodiscard]] constexpr float flush_subnormal(float value) {
    const auto pattern = std::bit_cast<std::uint32_t>(value);
    return std::bit_cast<float>((pattern & 0x7F80'0000) == 0 ? pattern & 0x8000'0000 : pattern);
}

}  // namespace d1::numerics
