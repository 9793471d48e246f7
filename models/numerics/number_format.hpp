#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "models/numerics/arithmetic.hpp"
#include "models/numerics/rounding.hpp"

namespace d1::numerics {

static_assert(std::endian::native == std::endian::little, "elements are stored little-endian, as the host stores them");

/// How a number is stored. Arithmetic on floating-point formats is done in FP32; a format only says what a value loses
/// on its way to memory.
///   bf16       1 sign, 8 exponent (bias 127), 7 mantissa bits: the upper half of an FP32; subnormals, infinities, NaN
///   fp32       IEEE 754 binary32
///   cfp8_143   CFloat8_1_4_3: 1 sign, 4 exponent, 3 mantissa bits, a bias of 0..63 (CFP p. 5)
///   cfp8_152   CFloat8_1_5_2: 1 sign, 5 exponent, 2 mantissa bits, a bias of 0..63 (CFP p. 6)
///   cfp16_shp  CFloat16 signed half precision: 1 sign, 5 exponent, 10 mantissa bits, a bias of 0..63 (CFP p. 8)
///   cfp16_uhp  CFloat16 unsigned half precision: no sign, 6 exponent, 10 mantissa bits, bias 31 (CFP p. 8)
///   int8, int16, int32  integers in two's complement
/// The CFloat formats have no infinity and no NaN, the largest exponent is an ordinary one, and zero keeps its sign.
enum class number_format : std::uint8_t { bf16, fp32, cfp8_143, cfp8_152, cfp16_shp, cfp16_uhp, int8, int16, int32 };

inline constexpr number_format last_number_format = number_format::int32;
inline constexpr std::uint8_t largest_bias = 63;  ///< of the CFloat formats (CFP p. 5)

/// The type of the elements of a tile or vector: a format and, for formats that have one, the exponent bias that the
/// instruction names. The other formats ignore it.
struct element_type {
    number_format format = number_format::bf16;
    std::uint8_t bias = 0;

    friend constexpr bool operator==(element_type, element_type) = default;
};

/// Types that their format alone says.
namespace types {
inline constexpr element_type bf16{number_format::bf16};
inline constexpr element_type fp32{number_format::fp32};
inline constexpr element_type int32{number_format::int32};
}  // namespace types

/// The one NaN that is ever written: positive and quiet, all other mantissa bits zero.
inline constexpr std::uint32_t canonical_nan_fp32 = 0x7FC0'0000;
inline constexpr std::uint16_t canonical_nan_bf16 = 0x7FC0;

/// Size of one element in bits, in memory.
[[nodiscard]] constexpr std::uint32_t bits(number_format format) {
    constexpr std::array<std::uint8_t, 9> sizes{16, 32, 8, 8, 16, 16, 8, 16, 32};
    return sizes[static_cast<std::size_t>(format)];
}

/// Size of one element in bytes, in memory.
[[nodiscard]] constexpr std::uint32_t bytes(number_format format) {
    return bits(format) / 8;
}

[[nodiscard]] constexpr bool is_integer(number_format format) {
    return format == number_format::int8 || format == number_format::int16 || format == number_format::int32;
}

/// Whether an element_type's bias means something.
[[nodiscard]] constexpr bool has_bias(number_format format) {
    return format == number_format::cfp8_143 || format == number_format::cfp8_152 || format == number_format::cfp16_shp;
}

/// Whether the bias, where it means something, is one that there is.
[[nodiscard]] constexpr bool is_valid(element_type type) {
    return !has_bias(type.format) || type.bias <= largest_bias;
}

/// The name used in programs, options and reports: the enumerator's own.
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

/// Reads destination.size() elements from source. Exact, but for int32: the nearest FP32, ties to even. A NaN keeps its
/// payload. `raised`, if not null, gets the flags `denormal` and `invalid` (a NaN) added for what was read.
///
/// The spans must not overlap and need no alignment. Throws std::invalid_argument if source is not exactly as many
/// elements long, or if the type is not valid.
void decode(element_type type, std::span<const std::byte> source, std::span<float> destination, arithmetic rules = {},
            status_flags* raised = nullptr);

/// Writes source.size() elements to destination, each rounded once.
///   bf16, fp32  beyond the largest value: infinity; NaN made canonical
///   CFloat      beyond the largest value, or infinite: the largest value of that sign; NaN: +0; cfp16_uhp: 0 for what
///   is
///               below zero
///   integers    the nearest integer (or one of the two, see rounding), saturated; NaN: 0
/// `raised`, if not null, gets flags added: `invalid` for a NaN, and for what is below zero in cfp16_uhp; `overflow`
/// where a finite value became infinite, or where a value was clamped; `underflow` where the result is not exact and
/// below the smallest normal value.
///
/// The spans must not overlap and need no alignment. Throws std::invalid_argument if destination is not exactly as many
/// elements long, or if the type is not valid.
void encode(element_type type, std::span<const float> source, std::span<std::byte> destination, arithmetic rules = {},
            rounding how = {}, status_flags* raised = nullptr);

/// The same from integers, which need not fit FP32: still rounded once. Magnitudes up to 2^63 - 1.
void encode(element_type type, std::span<const std::int64_t> source, std::span<std::byte> destination,
            arithmetic rules = {}, rounding how = {}, status_flags* raised = nullptr);

/// Reads integers; exact. Throws std::invalid_argument too if the type is not an integer's.
void decode(element_type type, std::span<const std::byte> source, std::span<std::int64_t> destination);

}  // namespace d1::numerics
