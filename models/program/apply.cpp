#include "models/program/apply.hpp"

#include <algorithm>

#include "models/numerics/elementwise.hpp"
#include "models/numerics/matrix.hpp"
#include "models/program/accesses.hpp"

namespace d1::program {

namespace {

/// The bytes of an operand that is known to lie in the memory.
[[nodiscard]] std::span<std::byte> operand(std::span<std::byte> sram, std::int64_t address, std::size_t bytes) {
    return sram.subspan(static_cast<std::size_t>(address), bytes);
}

[[nodiscard]] bool overlap(std::span<const std::byte> a, std::span<const std::byte> b) {
    return a.data() < b.data() + b.size() && b.data() < a.data() + a.size();
}

[[nodiscard]] bool compute(const matrix_multiply<std::int64_t>& i, std::span<std::byte> sram,
                           numerics::arithmetic rules) {
    const numerics::matrix_shape shape{i.row_blocks, i.column_blocks, i.k_steps};
    const auto c = operand(sram, i.c, shape.c_bytes());
    const auto a = operand(sram, i.a, shape.a_bytes(i.a_type));
    const auto b = operand(sram, i.b, shape.b_bytes(i.b_type));
    if (overlap(c, a) || overlap(c, b)) return false;
    numerics::matrix_multiply_accumulate(c, a, i.a_type, b, i.b_type, shape, i.accumulate != 0, rules);
    return true;
}

[[nodiscard]] bool compute(const vector_operation<std::int64_t>& i, std::span<std::byte> sram,
                           numerics::arithmetic rules) {
    const auto sources = numerics::source_count(i.operation);
    const auto elements = [&](std::int64_t address, numerics::element_type type) {
        return operand(sram, address, std::size_t{i.elements} * numerics::bytes(type.format));
    };
    const numerics::destination_elements d{elements(i.destination, i.destination_type), i.destination_type};
    numerics::source_elements a{{}, i.a_type};
    numerics::source_elements b{{}, i.b_type};
    if (sources >= 1) a.bytes = elements(i.a, i.a_type);
    if (sources >= 2) b.bytes = elements(i.b, i.b_type);
    const auto harmless = [&](const numerics::source_elements& source) {
        const bool in_place = source.bytes.data() == d.bytes.data() && d.bytes.size() <= source.bytes.size();
        return in_place || !overlap(d.bytes, source.bytes);
    };
    if (!harmless(a) || !harmless(b)) return false;
    numerics::apply(i.operation, d, a, b, i.scalar, rules);
    return true;
}

template <typename Other>
[[nodiscard]] bool compute(const Other&, std::span<std::byte>, numerics::arithmetic) {
    return true;
}

}  // namespace

bool apply(const step& s, std::span<std::byte> sram, numerics::arithmetic rules) {
    const auto touched = accesses(s);
    const bool inside =
        std::all_of(touched.begin(), touched.end(), [&](const access& a) { return lies_in(a, sram.size()); });
    return inside && std::visit([&](const auto& i) { return compute(i, sram, rules); }, s);
}

}  // namespace d1::program
