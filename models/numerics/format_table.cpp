#include "models/numerics/format_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "models/numerics/number_format.hpp"

namespace d1::numerics {
namespace {

using enum number_format;

constexpr arithmetic gradual{.keep_uhp_denormals = true};
constexpr arithmetic printed{.cfloat_denormals = denormal_reading::printed, .keep_uhp_denormals = true};

float value_of(element_type type, std::uint32_t code, arithmetic rules) {
    std::array<float, 1> value{};
    decode(type, std::as_bytes(std::span(&code, 1)).first(bytes(type.format)), value, rules);
    return value[0];
}

float rounded(element_type type, float value) {
    std::array<std::byte, 4> memory{};
    const auto element = std::span(memory).first(bytes(type.format));
    encode(type, std::span(&value, 1), element);
    std::array<float, 1> result{};
    decode(type, element, result);
    return result[0];
}

// The codes of the finite positive values are 1 to `largest`.
struct codes {
    std::uint32_t smallest_normal;
    std::uint32_t largest;
};

codes codes_of(number_format format) {
    switch (format) {
        case fp32:
            return {0x0080'0000, 0x7F7F'FFFF};
        case bf16:
            return {0x0080, 0x7F7F};
        case cfp8_143:
            return {0x08, 0x7F};
        case cfp8_152:
            return {0x04, 0x7F};
        case cfp16_shp:
            return {0x0400, 0x7FFF};
        default:
            return {0x0400, 0xFFFF};
    }
}

// The worst relative errors of the two roundings: at the midpoint of two neighbours, and next to the lower one if the
// random word takes the value to the upper one.
struct worst_errors {
    double nearest = 0;
    double stochastic = 0;
};

worst_errors measure(element_type type) {
    worst_errors worst;
    if (type.format == fp32) return worst;
    const auto [smallest_normal, largest] = codes_of(type.format);
    for (std::uint32_t code = smallest_normal; code < largest; ++code) {
        const float below = value_of(type, code, gradual);
        const float above = value_of(type, code + 1, gradual);
        const float middle = below + (above - below) / 2;
        const float next = std::nextafter(below, above);
        worst.nearest =
            std::max(worst.nearest, std::fabs(static_cast<double>(rounded(type, middle)) - middle) / middle);
        worst.stochastic = std::max(worst.stochastic, (static_cast<double>(above) - next) / next);
    }
    return worst;
}

std::string text(const char* pattern, auto... values) {
    std::array<char, 256> line{};
    std::snprintf(line.data(), line.size(), pattern, values...);
    return line.data();
}

std::string scientific(float value) {
    const int exponent = std::ilogb(value);
    const std::string power = "2^" + std::to_string(exponent);
    const double factor = std::ldexp(static_cast<double>(value), -exponent);
    return factor == 1 ? power : text("%.9g x ", factor) + power;
}

std::string error(double relative) {
    return relative == 0 ? "0" : text("%.3g %%", 100 * relative);
}

std::string float_row(element_type type) {
    const auto [smallest_normal, largest] = codes_of(type.format);
    const worst_errors worst = measure(type);
    const bool is_cfloat = type.format != bf16 && type.format != fp32;
    const std::string bias = has_bias(type.format) ? std::to_string(type.bias) : is_cfloat ? "31" : "127";
    return "| " + std::string(name(type.format)) + " | " + std::to_string(bits(type.format)) + " | " + bias + " | " +
           scientific(value_of(type, largest, gradual)) + " | " + scientific(value_of(type, smallest_normal, gradual)) +
           " | " + scientific(value_of(type, 1, gradual)) + " | " +
           (is_cfloat ? scientific(value_of(type, 1, printed)) : "-") + " | " + error(worst.nearest) + " | " +
           error(worst.stochastic) + " |\n";
}

std::string integer_row(number_format format) {
    const float most = rounded({format}, std::numeric_limits<float>::infinity());
    const float least = rounded({format}, -std::numeric_limits<float>::infinity());
    const std::uint64_t largest = (std::uint64_t{1} << (bits(format) - 1)) - 1;
    // What a conversion saturates at, seen through FP32, in which 2^31 - 1 is 2^31.
    const bool right = most == static_cast<float>(largest) && least == -static_cast<float>(largest + 1);
    return "| " + std::string(name(format)) + " | " + std::to_string(bits(format)) + " | - | " +
           (right ? std::to_string(largest) : "?") + " | 1 | - | - | " +
           text("%.3g absolute", std::fabs(rounded({format}, 0.5F) - 0.5)) + " | below 1 absolute |\n";
}

}  // namespace

std::string format_table() {
    std::string table =
        "| format | bits | bias | largest | smallest normal | smallest, gradual | smallest, printed | worst error, "
        "nearest | stochastic |\n"
        "|---|---|---|---|---|---|---|---|---|\n";
    for (const element_type type : {element_type{fp32},
                                    {bf16},
                                    {cfp8_143, 0},
                                    {cfp8_143, 7},
                                    {cfp8_143, 63},
                                    {cfp8_152, 0},
                                    {cfp8_152, 15},
                                    {cfp8_152, 63},
                                    {cfp16_shp, 0},
                                    {cfp16_shp, 15},
                                    {cfp16_shp, 63},
                                    {cfp16_uhp}}) {
        table += float_row(type);
    }
    for (const number_format format : {int8, int16, int32}) table += integer_row(format);
    return table;
}

}  // namespace d1::numerics
