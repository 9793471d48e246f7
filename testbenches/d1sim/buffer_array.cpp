#include "testbenches/d1sim/buffer_array.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

namespace d1 {

namespace {

[[nodiscard]] bool are_patterns(const npy_array& array, numerics::element_type type) {
    return array.item_bytes == numerics::bytes(type.format) &&
           (array.kind == 'u' || (array.kind == 'i' && numerics::is_integer(type.format)) ||
            (array.kind == 'f' && type.format == numerics::number_format::fp32));
}

/// To the odd neighbour where it is not exact, so that a second rounding, to fewer bits, rounds as if it were the only
/// one.
float rounded_to_odd(double value) {
    auto f = static_cast<float>(value);
    if (std::isnan(value) || static_cast<double>(f) == value) {
        return f;
    }
    if (std::abs(static_cast<double>(f)) > std::abs(value)) {
        f = std::nextafter(f, 0.0F);
    }
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(f) | 1U);
}

}  // namespace

std::string why_not(const npy_array& array, numerics::element_type type) {
    if (array.kind == 'f' || are_patterns(array, type)) {
        return "";
    }
    const std::string patterns = "uint" + std::to_string(numerics::bits(type.format));
    return "elements of type " + array.type_name() + "; expected float32 or float64 to be converted to " +
           std::string(numerics::name(type.format)) + ", or its bit patterns as " + patterns;
}

void store(const npy_array& from, std::uint64_t first, numerics::element_type type, std::span<std::byte> bytes) {
    const std::byte* const source = from.bytes.data() + first * from.item_bytes;
    if (are_patterns(from, type)) {
        std::memcpy(bytes.data(), source, bytes.size());
        return;
    }
    std::vector<float> values(bytes.size() / numerics::bytes(type.format));
    if (from.item_bytes == sizeof(float)) {
        std::memcpy(values.data(), source, values.size() * sizeof(float));
    } else {
        std::vector<double> wide(values.size());
        std::memcpy(wide.data(), source, wide.size() * sizeof(double));
        const bool once = type.format == numerics::number_format::fp32;
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = once ? static_cast<float>(wide[i]) : rounded_to_odd(wide[i]);
        }
    }
    numerics::encode(type, values, bytes);
}

npy_array array_for(numerics::element_type type) {
    return numerics::is_integer(type.format) ? npy_array{'i', numerics::bytes(type.format), {}, {}}
                                             : npy_array{'f', 4, {}, {}};
}

void append(npy_array& to, numerics::element_type type, std::span<const std::byte> bytes) {
    const std::size_t before = to.bytes.size();
    if (are_patterns(to, type)) {
        to.bytes.insert(to.bytes.end(), bytes.begin(), bytes.end());
        return;
    }
    std::vector<float> values(bytes.size() / numerics::bytes(type.format));
    numerics::decode(type, bytes, values);
    to.bytes.resize(before + values.size() * sizeof(float));
    std::memcpy(to.bytes.data() + before, values.data(), values.size() * sizeof(float));
}

}  // namespace d1
