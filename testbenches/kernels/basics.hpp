#pragma once
// What all makers of programs use.

#include <cstdint>

#include "models/numerics/number_format.hpp"
#include "models/packet/transfer_cutter.hpp"

namespace d1::kernels {

using numerics::types::fp32;

/// a / b, rounded up.
template <typename Result = std::uint32_t>
[[nodiscard]] constexpr Result divide_up(std::uint64_t a, std::uint64_t b) {
    return static_cast<Result>((a + b - 1) / b);
}

/// The bytes of whole packets that hold so many.
[[nodiscard]] constexpr std::uint64_t line_up(std::uint64_t bytes) {
    return divide_up<std::uint64_t>(bytes, packet_bytes) * packet_bytes;
}

}  // namespace d1::kernels
