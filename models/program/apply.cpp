#include "models/program/apply.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "models/numerics/elementwise.hpp"
#include "models/numerics/matrix.hpp"
#include "models/program/accesses.hpp"

namespace d1::program {

namespace {

/// The bytes of an operand that is known to lie in the memory.
[[nodiscard]] std::span<std::byte> operand(std::span<std::byte> sram, std::int64_t address, std::size_t bytes) {
    return sram.subspan(static_cast<std::size_t>(address), bytes);
}

/// The slices of A, which lie step by step, in the order that they have where they are dense.
[[nodiscard]] std::vector<std::byte> slices_by_row_block(const matrix_multiply<std::int64_t>& i,
                                                         std::span<std::byte> sram) {
    const std::size_t slice = std::size_t{numerics::slice_elements} * numerics::bytes(i.a_type.format);
    std::vector<std::byte> a(slice * i.row_blocks * i.k_steps);
    for (std::int64_t step = 0; step < i.k_steps; ++step) {
        const auto from = operand(sram, i.a + step * i.a_step_stride, slice * i.row_blocks);
        for (std::size_t block = 0; block < i.row_blocks; ++block) {
            std::memcpy(&a[(block * i.k_steps + static_cast<std::size_t>(step)) * slice], &from[block * slice], slice);
        }
    }
    return a;
}

[[nodiscard]] applied compute(const matrix_multiply<std::int64_t>& i, std::span<std::byte> sram,
                              numerics::arithmetic rules) {
    const numerics::matrix_shape shape{i.row_blocks, i.column_blocks, i.k_steps};
    const auto c = operand(sram, i.c, shape.c_bytes());
    const auto b = operand(sram, i.b, shape.b_bytes(i.b_type));
    std::vector<std::byte> collected;
    std::span<const std::byte> a;
    if (i.a_step_stride == 0) {
        a = operand(sram, i.a, shape.a_bytes(i.a_type));
    } else {
        collected = slices_by_row_block(i, sram);
        a = collected;
    }
    numerics::matrix_multiply_accumulate(c, a, i.a_type, b, i.b_type, shape, i.accumulate != 0, rules);
    return {};
}

/// Elements of four bytes or fewer, one of them as often as asked.
void repeat(std::span<const std::byte> element, std::vector<std::byte>& result) {
    for (std::size_t n = 0; n < result.size(); n += element.size()) {
        std::memcpy(&result[n], element.data(), element.size());
    }
}

[[nodiscard]] applied compute(const vector_operation<std::int64_t>& i, std::span<std::byte> sram,
                              numerics::arithmetic rules) {
    const auto sources = numerics::source_count(i.operation);
    const std::size_t active = active_elements(i);
    if (active == 0) return {};
    const auto elements = [&](std::int64_t address, numerics::element_type type, std::size_t count) {
        return operand(sram, address, count * numerics::bytes(type.format));
    };
    std::vector<std::byte> repeated(sources >= 2 && i.broadcast_b ? active * numerics::bytes(i.b_type.format) : 0);
    applied result;
    for (std::int64_t r = 0; r < i.rows; ++r) {
        const auto destination = elements(i.destination + r * i.destination_stride, i.destination_type, active);
        numerics::source_elements a{{}, i.a_type};
        numerics::source_elements b{{}, i.b_type};
        if (sources >= 1) a.bytes = elements(i.a + r * i.a_stride, i.a_type, active);
        if (sources >= 2) b.bytes = elements(i.b + r * i.b_stride, i.b_type, i.broadcast_b ? 1 : active);
        if (!repeated.empty()) {
            repeat(b.bytes, repeated);
            b.bytes = repeated;
        }
        const std::uint64_t rows_before = static_cast<std::uint64_t>(r) * static_cast<std::uint64_t>(i.index_stride);
        const numerics::rounding how{i.rounding, static_cast<std::uint64_t>(i.key),
                                     static_cast<std::uint64_t>(i.index) + rows_before};
        numerics::apply(i.operation, {destination, i.destination_type}, a, b, i.scalar, rules, how, &result.raised);
    }
    return result;
}

[[nodiscard]] applied compute(const copy<std::int64_t>& i, std::span<std::byte> sram, numerics::arithmetic) {
    for (std::int64_t row = 0; row < i.shape.rows; ++row) {
        const auto from = operand(sram, i.source + row * i.shape.source_stride, i.shape.row_bytes);
        const auto to = operand(sram, i.destination + row * i.shape.destination_stride, i.shape.row_bytes);
        std::memcpy(to.data(), from.data(), from.size());
    }
    return {};
}

/// The row of a table that an index names.
[[nodiscard]] std::span<std::byte> row(std::span<std::byte> sram, const lookup_table<std::int64_t>& table,
                                       std::int64_t index) {
    const auto bytes = static_cast<std::int64_t>(table.row_bytes());
    return operand(sram, table.address + bytes * index, table.row_bytes());
}

[[nodiscard]] applied compute(const gather<std::int64_t>& i, std::span<std::byte> sram, numerics::arithmetic) {
    if (auto result = check_indices(i, sram); !result) return result;
    const index_list indices(operand(sram, i.indices, sizeof(std::int32_t) * i.elements));
    const auto destination = operand(sram, i.destination, i.elements * i.table.row_bytes());
    for (std::size_t n = 0; n < indices.size(); ++n) {
        const auto from = row(sram, i.table, indices[n]);
        std::memcpy(&destination[n * from.size()], from.data(), from.size());
    }
    return {};
}

[[nodiscard]] applied compute(const scatter_add<std::int64_t>& i, std::span<std::byte> sram,
                              numerics::arithmetic rules) {
    if (i.elements == 0) return {};
    auto result = check_indices(i, sram);
    if (!result) return result;
    const index_list indices(operand(sram, i.indices, sizeof(std::int32_t) * i.elements));
    const auto source = operand(sram, i.source, i.elements * source_row_bytes(i));
    for (std::size_t n = 0; n < indices.size(); ++n) {
        const auto sum = row(sram, i.table, indices[n]);
        numerics::apply(numerics::elementwise_operation::add, {sum, i.table_type}, {sum, i.table_type},
                        {source.subspan(n * source_row_bytes(i), source_row_bytes(i)), i.source_type}, 0, rules, {},
                        &result.raised);
    }
    return result;
}

[[nodiscard]] applied compute(const transpose<std::int64_t>& i, std::span<std::byte> sram, numerics::arithmetic) {
    const std::size_t bytes = numerics::bytes(i.type.format);
    for (std::int64_t r = 0; r < i.rows; ++r) {
        const auto from = operand(sram, i.source + r * i.source_stride, i.columns * bytes);
        for (std::int64_t c = 0; c < i.columns; ++c) {
            const auto to = operand(sram, i.destination + c * i.destination_stride, i.rows * bytes);
            std::memcpy(&to[static_cast<std::size_t>(r) * bytes], &from[static_cast<std::size_t>(c) * bytes], bytes);
        }
    }
    return {};
}

/// Lanes of four bytes each, in FP32 or INT32, that are joined as a reduction says.
class reducer {
  public:
    reducer(const reduce<std::int64_t>& i, numerics::arithmetic rules)
        : reduction_(i.operation),
          operation_(operations.at(static_cast<std::size_t>(i.operation))),
          type_{numerics::is_integer(i.source_type.format) ? numerics::number_format::int32
                                                           : numerics::number_format::fp32},
          rules_(rules) {}

    /// The reduction of a row: its elements in, one out.
    void operator()(numerics::source_elements row, numerics::destination_elements result) {
        using enum numerics::elementwise_operation;
        const std::size_t elements = row.bytes.size() / numerics::bytes(row.type.format);
        lanes_.resize(elements * lane);
        apply(convert, {lanes_, type_}, row, {});
        const std::span<std::byte> all(lanes_);
        if (gives_index(reduction_)) return put_index(result);
        const std::size_t width = std::min<std::size_t>(elements, reduction_lanes);
        for (std::size_t e = width; e < elements; e += width) {
            join(all.subspan(e * lane, std::min(width, elements - e) * lane));
        }
        std::size_t live = width;
        for (std::size_t half = reduction_lanes / 2; half > 0; half /= 2) {
            if (live <= half) continue;
            join(all.subspan(half * lane, (live - half) * lane));
            live = half;
        }
        apply(convert, result, {all.first(lane), type_}, {});
    }
    [[nodiscard]] numerics::status_flags raised() const { return raised_; }

  private:
    static constexpr std::size_t lane = 4;
    static constexpr std::array operations{
        numerics::elementwise_operation::add, numerics::elementwise_operation::maximum,
        numerics::elementwise_operation::minimum, numerics::elementwise_operation::maximum,
        numerics::elementwise_operation::minimum};

    /// The first lanes with as many others.
    void join(std::span<const std::byte> others) {
        const auto first = std::span(lanes_).first(others.size());
        apply(operation_, {first, type_}, {first, type_}, {others, type_});
    }
    void apply(numerics::elementwise_operation operation, numerics::destination_elements d, numerics::source_elements a,
               numerics::source_elements b) {
        numerics::apply(operation, d, a, b, 0, rules_, {}, &raised_);
    }

    /// The place of the greatest or the least lane.
    void put_index(numerics::destination_elements result) {
        const std::int64_t place =
            numerics::is_integer(type_.format) ? place_among<std::int32_t>() : place_among<float>();
        numerics::encode(result.type, std::span(&place, 1), result.bytes, rules_, {}, &raised_);
    }
    template <class Number>
    [[nodiscard]] std::int64_t place_among() const {
        const bool greatest = reduction_ == reduction::index_of_maximum;
        const auto at = [&](std::size_t n) {
            Number value{};
            std::memcpy(&value, &lanes_[n * lane], lane);
            return value;
        };
        std::size_t best = 0;
        const auto is_nan = [](Number value) { return value != value; };  // NOLINT(misc-redundant-expression)
        for (std::size_t n = 1; n * lane < lanes_.size() && !is_nan(at(best)); ++n) {
            const bool exceeds = greatest ? at(n) > at(best) : at(n) < at(best);
            if (exceeds || is_nan(at(n))) best = n;
        }
        return static_cast<std::int64_t>(best);
    }

    reduction reduction_;
    numerics::elementwise_operation operation_;
    numerics::element_type type_;
    numerics::arithmetic rules_;
    numerics::status_flags raised_;
    std::vector<std::byte> lanes_;
};

[[nodiscard]] applied compute(const reduce<std::int64_t>& i, std::span<std::byte> sram, numerics::arithmetic rules) {
    const std::size_t row_bytes = std::size_t{i.elements} * numerics::bytes(i.source_type.format);
    const std::size_t result_bytes = numerics::bytes(i.destination_type.format);
    reducer reduce_row(i, rules);
    for (std::int64_t r = 0; r < i.rows; ++r) {
        reduce_row({operand(sram, i.source + r * i.source_stride, row_bytes), i.source_type},
                   {operand(sram, i.destination + r * static_cast<std::int64_t>(result_bytes), result_bytes),
                    i.destination_type});
    }
    return {{}, reduce_row.raised()};
}

template <typename Other>
[[nodiscard]] applied compute(const Other&, std::span<std::byte>, numerics::arithmetic) {
    return {};
}

/// The table that a step looks indices up in; null for most.
[[nodiscard]] const lookup_table<std::int64_t>* table_of(const step& s) {
    if (const auto* g = std::get_if<gather<std::int64_t>>(&s)) return &g->table;
    if (const auto* a = std::get_if<scatter_add<std::int64_t>>(&s)) return &a->table;
    return nullptr;
}

}  // namespace

applied apply(const step& s, std::span<std::byte> sram, numerics::arithmetic rules) {
    const auto touched = accesses(s);
    const bool inside =
        std::all_of(touched.begin(), touched.end(), [&](const access& a) { return lies_in(a, sram.size()); });
    if (!inside) return {"has an operand outside the SRAM", {}};
    if (overwrites_operand(s, touched)) return {"writes a result over an operand that it still reads", {}};
    return std::visit([&](const auto& i) { return compute(i, sram, rules); }, s);
}

applied check_indices(const step& s, std::span<const std::byte> sram) {
    const auto* const table = table_of(s);
    if (table == nullptr) return {};
    const access where = *index_access(s);
    const index_list indices(
        sram.subspan(static_cast<std::size_t>(where.address), static_cast<std::size_t>(where.row_bytes)));
    for (std::size_t n = 0; n < indices.size(); ++n) {
        if (indices[n] < 0 || static_cast<std::uint32_t>(indices[n]) >= table->rows) {
            return {"takes index " + std::to_string(indices[n]) + " (number " + std::to_string(n) +
                        " of its indices) of a table of " + std::to_string(table->rows) + " rows",
                    {}};
        }
    }
    return {};
}

}  // namespace d1::program
