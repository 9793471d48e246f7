#pragma once
// Rounding to bf16 by the definition, for tests: scale so that the unit of the last place is one, round to an integer
// in double precision, scale back. All of it is exact except the rounding asked for.

#include <bit>
#include <cmath>
#include <cstdint>

namespace d1::numerics::test {

inline std::uint16_t nearest_bf16(std::uint32_t fp32_pattern) {
    const double value = std::bit_cast<float>(fp32_pattern);
    if (std::isnan(value)) return 0x7FC0;
    if (std::isinf(value) || value == 0) return static_cast<std::uint16_t>(fp32_pattern >> 16);
    int exponent = 0;
    std::frexp(value, &exponent);
    const int unit = exponent - 8 > -133 ? exponent - 8 : -133;
    const double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
    if (std::fabs(rounded) >= 0x1p128) return value < 0 ? 0xFF80 : 0x7F80;
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(rounded)) >> 16);
}

}  // namespace d1::numerics::test
