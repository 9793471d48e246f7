#include "models/numerics/number_format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "models/numerics/cfloat.hpp"

namespace d1::numerics {
namespace {

constexpr std::array<std::string_view, 9> names{"bf16",      "fp32", "cfp8_143", "cfp8_152", "cfp16_shp",
                                                "cfp16_uhp", "int8", "int16",    "int32"};

[[noreturn]] void refuse(element_type type) {
    if (is_valid(type)) throw std::invalid_argument("numerics: spans of different length");
    throw std::invalid_argument("numerics: " + std::string(name(type.format)) + " has no bias of " +
                                std::to_string(type.bias) + "; 0 to 63 are allowed");
}

void check(element_type type, std::size_t elements, std::size_t size) {
    if (elements * bytes(type.format) != size || !is_valid(type)) refuse(type);
}

// Calls use(Element()) with the unsigned or signed integer type that an element of the format is stored as.
template <class F>
void with_storage(number_format format, F use) {
    switch (format) {
        case number_format::cfp8_143:
        case number_format::cfp8_152:
            return use(std::uint8_t{});
        case number_format::bf16:
        case number_format::cfp16_shp:
        case number_format::cfp16_uhp:
            return use(std::uint16_t{});
        case number_format::fp32:
            return use(std::uint32_t{});
        case number_format::int8:
            return use(std::int8_t{});
        case number_format::int16:
            return use(std::int16_t{});
        case number_format::int32:
            return use(std::int32_t{});
    }
}

// destination[i] = convert(element i of source).
template <class Element, class To, class F>
void load_each(std::span<const std::byte> source, std::span<To> destination, F convert) {
    for (std::size_t i = 0; i < destination.size(); ++i) {
        Element element;
        std::memcpy(&element, &source[sizeof element * i], sizeof element);
        destination[i] = convert(element);
    }
}

// Element i of destination = convert(source[i], the random word of i).
template <class Element, class From, class F>
void store_each(std::span<const From> source, std::span<std::byte> destination, std::uint64_t seed, rounding how,
                F convert) {
    const auto store = [&](auto word) {
        for (std::size_t i = 0; i < source.size(); ++i) {
            const auto element = static_cast<Element>(convert(source[i], word(i)));
            std::memcpy(&destination[sizeof element * i], &element, sizeof element);
        }
    };
    if (how.mode == rounding_mode::stochastic) {
        store([seed, how](std::size_t i) { return rounding_word(seed, how, i); });
    } else {
        store([](std::size_t) { return std::uint32_t{0}; });
    }
}

constexpr bool is_nan(float value) {
    return value != value;
}
constexpr bool is_nan(std::int64_t) {
    return false;
}

template <class Value>
std::uint32_t encode_one(const cfloat& to, Value value, rounding_mode mode, std::uint32_t random,
                         status_flags& raised) {
    const bool negative = std::signbit(static_cast<float>(value));
    if (is_nan(value) || (negative && !to.is_signed)) {
        raised.invalid |= value != 0;
        return 0;
    }
    const cfloat::result r = to.encode(magnitude_of(value), mode, random);
    raised.overflow |= r.overflow;
    raised.underflow |= r.underflow;
    return negative ? r.code | (to.largest() + 1) : r.code;
}

template <class Integer>
Integer saturate(std::int64_t value, status_flags& raised) {
    const auto kept =
        std::clamp<std::int64_t>(value, std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max());
    raised.overflow |= kept != value;
    return static_cast<Integer>(kept);
}

std::int64_t round_to_integer(float value, rounding_mode mode, std::uint32_t random, status_flags& raised) {
    constexpr std::int64_t beyond = std::int64_t{1} << 32;  // every integer format
    if (is_nan(value)) {
        raised.invalid = true;
        return 0;
    }
    const magnitude m = magnitude_of(value);
    const std::int64_t rounded =
        m.top >= 32 ? beyond : static_cast<std::int64_t>(round_fixed_point(in_units(m, 0), mode, random));
    return value < 0 ? -rounded : rounded;
}

// Flags of the formats that have infinities; apart, so that conversions that nobody asks for flags stay vector code.
status_flags flags_of_bf16_or_fp32(element_type type, std::span<const float> source,
                                   std::span<const std::byte> destination) {
    status_flags raised;
    std::array<float, 1> result{};
    for (std::size_t i = 0; i < source.size(); ++i) {
        decode(type, destination.subspan(i * bytes(type.format), bytes(type.format)), result);
        raised.invalid |= is_nan(source[i]);
        raised.overflow |= std::isinf(result[0]) && std::isfinite(source[i]);
        raised.underflow |= std::fabs(result[0]) < 0x1p-126F && result[0] != source[i] && !is_nan(source[i]);
    }
    return raised;
}

std::uint16_t bf16_from_float(float value, std::uint32_t random) {
    if (is_nan(value)) return canonical_nan_bf16;
    return static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(value) + (random >> 16)) >> 16);
}

void encode_bf16(std::span<const float> source, std::span<std::byte> destination, std::uint64_t seed, rounding how) {
    using element = std::uint16_t;
    if (how.mode == rounding_mode::stochastic) {
        return store_each<element>(source, destination, seed, how,
                                   [](float value, std::uint32_t random) { return bf16_from_float(value, random); });
    }
    store_each<element>(source, destination, seed, {},
                        [](float value, std::uint32_t) { return numerics::bf16_from_float(value); });
}

void encode_fp32(std::span<const float> source, std::span<std::byte> destination) {
    store_each<std::uint32_t>(source, destination, 0, {}, [](float value, std::uint32_t) {
        const auto pattern = std::bit_cast<std::uint32_t>(value);
        return (pattern & 0x7FFF'FFFF) > 0x7F80'0000 ? canonical_nan_fp32 : pattern;
    });
}

// The formats but bf16 and fp32; apart, so that a call for those is cheap.
void decode_narrow(element_type type, std::span<const std::byte> source, std::span<float> destination, arithmetic rules,
                   status_flags* raised) {
    if (is_integer(type.format)) {
        return with_storage(type.format, [&](auto element) {
            load_each<decltype(element)>(source, destination, [](auto value) { return static_cast<float>(value); });
        });
    }
    bool denormal = false;
    const auto convert = [&denormal, from = cfloat_of(type, rules)](std::uint32_t code) {
        denormal |= from.is_denormal(code);
        return from.decode(code);
    };
    bits(type.format) == 8 ? load_each<std::uint8_t>(source, destination, convert)
                           : load_each<std::uint16_t>(source, destination, convert);
    if (raised != nullptr) raised->denormal |= denormal;
}

status_flags flags_of_operands(std::span<const float> values) {
    status_flags raised;
    for (const float value : values) {
        raised.invalid |= is_nan(value);
        raised.denormal |= value != 0 && flush_subnormal(value) == 0;
    }
    return raised;
}

}  // namespace

cfloat cfloat_of(element_type type, arithmetic rules) {
    const auto fields = [&](int exponent_bits, int mantissa_bits, int bias) {
        const int denormal_exponent = rules.cfloat_denormals == denormal_reading::printed ? -bias : 1 - bias;
        return cfloat{.exponent_bits = exponent_bits,
                      .mantissa_bits = mantissa_bits,
                      .bias = bias,
                      .denormal_exponent = denormal_exponent};
    };
    switch (type.format) {
        case number_format::cfp8_143:
            return fields(4, 3, type.bias);
        case number_format::cfp8_152:
            return fields(5, 2, type.bias);
        case number_format::cfp16_shp:
            return fields(5, 10, type.bias);
        case number_format::cfp16_uhp: {
            cfloat unsigned_fields = fields(6, 10, 31);
            unsigned_fields.is_signed = false;
            unsigned_fields.has_denormals = rules.keep_uhp_denormals;
            return unsigned_fields;
        }
        case number_format::bf16:
            return fields(8, 7, 127);
        case number_format::fp32:
            return fields(8, 23, 127);
        case number_format::int8:
        case number_format::int16:
        case number_format::int32:
            break;
    }
    throw std::logic_error("numerics: an integer has no exponent");
}

std::string_view name(number_format format) {
    return names.at(static_cast<std::size_t>(format));
}

std::optional<number_format> number_format_from_name(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<number_format>(i);
    }
    return std::nullopt;
}

void decode(element_type type, std::span<const std::byte> source, std::span<float> destination, arithmetic rules,
            status_flags* raised) {
    check(type, destination.size(), source.size());
    if (type.format == number_format::bf16) {
        load_each<std::uint16_t>(source, destination, float_from_bf16);
    } else if (type.format == number_format::fp32) {
        if (!source.empty()) std::memcpy(destination.data(), source.data(), source.size());
    } else {
        return decode_narrow(type, source, destination, rules, raised);
    }
    if (raised != nullptr) *raised |= flags_of_operands(destination);
}

void decode(element_type type, std::span<const std::byte> source, std::span<std::int64_t> destination) {
    check(type, destination.size(), source.size());
    if (!is_integer(type.format)) throw std::invalid_argument("numerics: not a format of integers");
    with_storage(type.format, [&](auto element) {
        load_each<decltype(element)>(source, destination, [](auto value) { return static_cast<std::int64_t>(value); });
    });
}

void encode(element_type type, std::span<const float> source, std::span<std::byte> destination, arithmetic rules,
            rounding how, status_flags* raised) {
    check(type, source.size(), destination.size());
    status_flags found;
    if (type.format == number_format::bf16 || type.format == number_format::fp32) {
        type.format == number_format::bf16 ? encode_bf16(source, destination, rules.rounding_seed, how)
                                           : encode_fp32(source, destination);
        if (raised != nullptr) found = flags_of_bf16_or_fp32(type, source, destination);
    } else {
        with_storage(type.format, [&](auto element) {
            using storage = decltype(element);
            if constexpr (std::is_signed_v<storage>) {
                store_each<storage>(source, destination, rules.rounding_seed, how, [&](float value, auto random) {
                    return saturate<storage>(round_to_integer(value, how.mode, random, found), found);
                });
            } else {
                store_each<storage>(
                    source, destination, rules.rounding_seed, how,
                    [&, to = cfloat_of(type, rules), mode = how.mode](float value, std::uint32_t random) {
                        return encode_one(to, value, mode, random, found);
                    });
            }
        });
    }
    if (raised != nullptr) *raised |= found;
}

void encode(element_type type, std::span<const std::int64_t> source, std::span<std::byte> destination, arithmetic rules,
            rounding how, status_flags* raised) {
    check(type, source.size(), destination.size());
    status_flags found;
    with_storage(type.format, [&](auto element) {
        using storage = decltype(element);
        if constexpr (std::is_signed_v<storage>) {
            store_each<storage>(source, destination, 0, {},
                                [&](std::int64_t value, std::uint32_t) { return saturate<storage>(value, found); });
        } else {
            store_each<storage>(source, destination, rules.rounding_seed, how,
                                [&, to = cfloat_of(type, rules), mode = how.mode](std::int64_t value, auto random) {
                                    return encode_one(to, value, mode, random, found);
                                });
        }
    });
    if (raised != nullptr) *raised |= found;
}

}  // namespace d1::numerics
