#include "models/numerics/number_format.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

namespace d1::numerics {
namespace {

constexpr std::array<std::string_view, 2> names{"bf16", "fp32"};

void check_size(element_type type, std::size_t elements, std::size_t size) {
    if (elements * bytes(type.format) != size) throw std::invalid_argument("numerics: spans of different length");
}

}  // namespace

std::string_view name(number_format format) {
    return names.at(static_cast<std::size_t>(format));
}

std::optional<number_format> number_format_from_name(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<number_format>(i);
    }
    return std::nullopt;
}

void decode(element_type type, std::span<const std::byte> source, std::span<float> destination) {
    check_size(type, destination.size(), source.size());
    switch (type.format) {
        case number_format::bf16:
            for (std::size_t i = 0; i < destination.size(); ++i) {
                std::uint16_t element;
                std::memcpy(&element, &source[2 * i], sizeof element);
                destination[i] = float_from_bf16(element);
            }
            return;
        case number_format::fp32:
            if (!source.empty()) std::memcpy(destination.data(), source.data(), source.size());
            return;
    }
}

void encode(element_type type, std::span<const float> source, std::span<std::byte> destination) {
    check_size(type, source.size(), destination.size());
    switch (type.format) {
        case number_format::bf16:
            for (std::size_t i = 0; i < source.size(); ++i) {
                const std::uint16_t element = bf16_from_float(source[i]);
                std::memcpy(&destination[2 * i], &element, sizeof element);
            }
            return;
        case number_format::fp32:
            for (std::size_t i = 0; i < source.size(); ++i) {
                const auto pattern = std::bit_cast<std::uint32_t>(source[i]);
                const std::uint32_t element = (pattern & 0x7FFF'FFFF) > 0x7F80'0000 ? canonical_nan_fp32 : pattern;
                std::memcpy(&destination[4 * i], &element, sizeof element);
            }
            return;
    }
}

}  // namespace d1::numerics
