#pragma once
// How many lines of the SRAM the operands of an instruction lie in.

#include <cstdint>

#include "models/numerics/matrix.hpp"
#include "models/packet/transfer_cutter.hpp"

namespace d1 {

[[nodiscard]] constexpr std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) noexcept {
    return (a + b - 1) / b;
}

/// 64-byte lines between the first and the last byte.
[[nodiscard]] constexpr std::uint64_t lines(std::int64_t address, std::uint64_t bytes) noexcept {
    return divide_up(static_cast<std::uint64_t>(address) % packet_bytes + bytes, packet_bytes);
}

/// Lines of `count` rows, each counted by itself.
[[nodiscard]] constexpr std::uint64_t lines_of_rows(std::int64_t address, std::uint64_t bytes, std::uint64_t count,
                                                    std::int64_t stride) noexcept {
    // Where a row begins in its line comes again after at most 64 rows.
    constexpr std::uint64_t period = packet_bytes;
    const auto of = [&](std::uint64_t rows) {
        std::uint64_t sum = 0;
        for (std::uint64_t r = 0; r < rows; ++r) {
            sum += lines(address + static_cast<std::int64_t>(r) * (stride % packet_bytes), bytes);
        }
        return sum;
    };
    return count < period ? of(count) : count / period * of(period) + of(count % period);
}

/// Lines that the slices of A or B along `steps` steps of K lie in: they are dense, and two of 32 bytes share a line.
[[nodiscard]] constexpr std::uint64_t lines_of_slices(numerics::element_type type, std::uint64_t steps) noexcept {
    return divide_up(steps * numerics::slice_elements * numerics::bytes(type.format), packet_bytes);
}

/// Lines that the indices of a gather or scatter_add lie in.
[[nodiscard]] constexpr std::uint64_t index_lines(const auto& lookup) noexcept {
    return lines(lookup.indices, std::uint64_t{lookup.elements} * sizeof(std::int32_t));
}

}  // namespace d1
