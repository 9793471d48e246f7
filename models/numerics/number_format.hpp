#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace d1::numerics {

static_assert(std::endian::native == std::endian::little, "elements are stored little-endian, as the host stores them");

/// How a number is stored. All arithmetic is done in FP32; a format only says what a value loses on its way to memory.
///   bf16  1 sign, 8 exponent (bias 127), 7 mantissa bits: the upper half of an FP32; subnormals, infinities, NaN
///   fp32  IEEE 754 binary32
enum class number_format : std::uint8_t { bf16, fp32 };

/// The type of the elements of a tile or vector: a format and, for formats that have one, the exponent bias that the
/// instruction names. bf16 and fp32 have a fixed bias and ignore it.
struct element_type {
    number_format format = number_format::bf16;
    std::uint8_t bias = 0;

    friend constexpr bool operator==(element_type, element_type) = default;
};

/// The one NaN that is ever written: positive and quiet, all other mantissa bits zero.
inline constexpr std::uint32_t canonical_nan_fp32 = 0x7FC0'0000;
inline constexpr std::uint16_t canonical_nan_bf16 = 0x7FC0;

/// Size of one element in bits, in memory.
[[nodiscard]] constexpr std::uint32_t bits(number_format format) {
    return format == number_format::bf16 ? 16 : 32;
}

/// Size of one element in bytes, in memory.
[[nodiscard]] constexpr std::uint32_t bytes(number_format format) {
    return bits(format) / 8;
}

/// The name used in programs, options and reports: "bf16", "fp32".
[[nodiscard]] std::string_view name(number_format format);

/// The format of that name, or nothing.
[[nodiscard]] std::optional<number_format> number_format_from_name(std::string_view name);

/// Widens one bf16; exact. A NaN keeps its payload.
[[nodiscard]] constexpr float float_from_bf16(std::uint16_t value) {
    return std::bit_cast<float>(std::uint32_t{value} << 16);
}

/// Rounds to the nearest bf16, ties to even. Beyond the largest bf16 plus half its unit: infinity. Subnormals are kept.
/// Any NaN becomes the canonical one.
[[nodiscard]] constexpr std::uint16_t bf16_from_float(float value) {
    const auto pattern = std::bit_cast<std::uint32_t>(value);
    // Half a unit less one, and one more if the kept part is odd, carries into the kept part exactly when it must.
    const std::uint32_t rounded = (pattern + 0x7FFF + (pattern >> 16 & 1)) >> 16;
    const bool is_nan = (pattern & 0x7FFF'FFFF) > 0x7F80'0000;
    return static_cast<std::uint16_t>(is_nan ? canonical_nan_bf16 : rounded);
}

/// Reads destination.size() elements from source; exact. A NaN keeps its payload. The spans must not overlap and need
/// no alignment. Throws std::invalid_argument if source is not exactly as many elements long.
void decode(element_type type, std::span<const std::byte> source, std::span<float> destination);

/// Writes source.size() elements to destination, each rounded as the format says (bf16: see bf16_from_float), NaN made
/// canonical. The spans must not overlap and need no alignment. Throws std::invalid_argument if destination is not
/// exactly as many elements long.
void encode(element_type type, std::span<const float> source, std::span<std::byte> destination);

}  // namespace d1::numerics
