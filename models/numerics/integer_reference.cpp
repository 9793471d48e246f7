#include "models/numerics/integer_reference.hpp"

#include <algorithm>
#include <bit>

namespace d1::numerics::integer_reference {
namespace {
using std::uint32_t, std::uint64_t;
constexpr uint32_t sign_bit = 0x8000'0000, infinity = 0x7F80'0000, nan = 0x7FC0'0000;
constexpr auto magnitude = [](uint32_t value) { return value & ~sign_bit; };
constexpr auto has_exponent = [](uint32_t value) { return (value & infinity) != 0; };
constexpr auto flush = [](uint32_t value, bool keep) { return keep || has_exponent(value) ? value : value & sign_bit; };
// A finite value is significand(value) * 2^exponent(value).
constexpr auto significand = [](uint32_t value) {
    return uint64_t{value % 0x80'0000 + (has_exponent(value) ? 0x80'0000 : 0)};
};
constexpr auto exponent = [](uint32_t value) { return std::max(static_cast<int>(magnitude(value) >> 23), 1) - 150; };

uint64_t shift_right_to_nearest_even(uint64_t value, int count) {
    const uint64_t kept = value >> count, dropped = value - (kept << count), half = (uint64_t{1} << count) / 2;
    return kept + (dropped > half || (dropped == half && count > 0 && kept % 2 == 1) ? 1 : 0);
}

// The FP32 of the given sign nearest to value * 2^scale; value < 2^62, so that a drop of 63 leaves nothing.
uint32_t round(uint32_t sign, uint64_t value, int scale, bool keep) {
    if (value == 0) return sign;
    const int drop = std::max(static_cast<int>(std::bit_width(value)) - 24, -149 - scale);
    const uint64_t kept = drop < 0 ? value << -drop : shift_right_to_nearest_even(value, std::min(drop, 63));
    // The significand's leading one adds 1 to the exponent field; so does a carry out of it.
    const uint64_t packed = (static_cast<uint64_t>(scale + drop + 149) << 23) + kept;
    return flush(sign | static_cast<uint32_t>(std::min<uint64_t>(packed, infinity)), keep);
}
}  // namespace

uint32_t multiply(uint32_t a, uint32_t b, bool keep) {
    a = flush(a, keep), b = flush(b, keep);
    const uint32_t sign = (a ^ b) & sign_bit;
    const auto [smaller, larger] = std::minmax({magnitude(a), magnitude(b)});
    if (larger > infinity || (larger == infinity && smaller == 0)) return nan;
    if (larger == infinity) return sign | infinity;
    return round(sign, significand(a) * significand(b), exponent(a) + exponent(b), keep);
}

uint32_t add(uint32_t a, uint32_t b, bool keep) {
    a = flush(a, keep), b = flush(b, keep);
    if (magnitude(a) < magnitude(b)) std::swap(a, b);
    const bool opposite = ((a ^ b) & sign_bit) != 0;
    if (magnitude(a) > infinity || (magnitude(b) == infinity && opposite)) return nan;
    if (magnitude(a) == infinity) return a;
    if (magnitude(a) == magnitude(b) && opposite) return 0;
    // With 32 spare bits the smaller loses bits only where all of it is below a quarter of the larger's unit.
    const int shift = std::min(exponent(a) - exponent(b), 63);
    const uint64_t wide_a = significand(a) << 32, wide_b = significand(b) << 32 >> shift;
    return round(a & sign_bit, opposite ? wide_a - wide_b : wide_a + wide_b, exponent(a) - 32, keep);
}

std::uint16_t round_to_bf16(uint32_t value) {
    return static_cast<std::uint16_t>(magnitude(value) > infinity ? 0x7FC0 : shift_right_to_nearest_even(value, 16));
}

uint32_t round_to_fp21(uint32_t value) {
    constexpr uint32_t largest = 0x5FFF'FC00;
    if (magnitude(value) > infinity) return nan;
    // The unit of the last place: 13 bits below the leading one, or below the smallest normal, 2^-62.
    const int unit = std::max(exponent(value) + 10, -75), drop = std::min(unit - exponent(value), 63);
    const uint32_t kept = round(0, shift_right_to_nearest_even(significand(value), drop), unit, true);
    return (value & sign_bit) | std::min(kept, largest);
}

uint32_t matrix_step(uint32_t c, const four& a, const four& b, arithmetic rules) {
    const bool keep = rules.keep_subnormals;
    const auto p = [&](std::size_t k) { return multiply(a[k], b[k], keep); };
    const uint32_t next = add(c, add(add(p(0), p(1), keep), add(p(2), p(3), keep), keep), keep);
    return rules.accumulator == accumulator_format::fp21 ? round_to_fp21(next) : next;
}

uint32_t dot(std::span<const uint32_t> a, std::span<const uint32_t> b, arithmetic rules) {
    uint32_t c = 0;
    for (std::size_t k = 0; k < a.size(); k += 4) {
        four x{}, y{};
        for (auto i = k; i < std::min(k + 4, a.size()); ++i) x[i - k] = a[i], y[i - k] = b[i];
        c = matrix_step(c, x, y, rules);
    }
    return c;
}
}  // namespace d1::numerics::integer_reference
