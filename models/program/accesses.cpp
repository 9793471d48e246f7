#include "models/program/accesses.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "models/numerics/matrix.hpp"

namespace d1::program {

namespace {

constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

/// A product of counts, or `unbounded`.
template <typename... Counts>
[[nodiscard]] std::int64_t saturating_product(Counts... counts) noexcept {
    std::int64_t result = 1;
    for (const auto count : {static_cast<std::int64_t>(counts)...}) {
        if (__builtin_mul_overflow(result, count, &result)) return unbounded;
    }
    return result;
}

class collector {
  public:
    explicit collector(access_list& list) : list_(list) {}

    void operator()(const matrix_multiply<std::int64_t>& i) const {
        const auto a_slice = numerics::slice_elements * numerics::bytes(i.a_type.format);
        const auto b_slice = numerics::slice_elements * numerics::bytes(i.b_type.format);
        const auto c_block = numerics::block_elements * numerics::bytes(numerics::number_format::fp32);
        const auto c_bytes = saturating_product(i.row_blocks, i.column_blocks, c_block);
        if (i.a_step_stride == 0) {
            dense(i.a, saturating_product(i.row_blocks, i.k_steps, a_slice), false);
        } else {
            rows(i.a, i.k_steps, saturating_product(i.row_blocks, a_slice), i.a_step_stride, false);
        }
        dense(i.b, saturating_product(i.column_blocks, i.k_steps, b_slice), false);
        if (i.accumulate != 0) dense(i.c, c_bytes, false);
        dense(i.c, c_bytes, true);
    }
    void operator()(const vector_operation<std::int64_t>& i) const {
        const auto operands = numerics::source_count(i.operation);
        const std::uint32_t active = active_elements(i);
        const std::uint32_t of_b = i.broadcast_b ? std::min(active, 1U) : active;
        const auto operand = [&](std::int64_t address, std::uint32_t elements, numerics::element_type type,
                                 std::int64_t stride, bool write) {
            const auto bytes = saturating_product(elements, numerics::bytes(type.format));
            rows(address, stride == 0 ? 1 : i.rows, bytes, stride, write);
        };
        if (operands >= 1) operand(i.a, active, i.a_type, i.a_stride, false);
        if (operands >= 2) operand(i.b, of_b, i.b_type, i.b_stride, false);
        if (numerics::reads_destination(i.operation)) {
            operand(i.destination, active, i.destination_type, i.destination_stride, false);
        }
        operand(i.destination, active, i.destination_type, i.destination_stride, true);
    }
    void operator()(const push<std::int64_t>& i) const { rows(i.source, i.shape, i.shape.source_stride, false); }
    void operator()(const pull<std::int64_t>& i) const {
        rows(i.destination, i.shape, i.shape.destination_stride, true);
    }
    void operator()(const copy<std::int64_t>& i) const {
        rows(i.source, i.shape, i.shape.source_stride, false);
        rows(i.destination, i.shape, i.shape.destination_stride, true);
    }
    void operator()(const gather<std::int64_t>& i) const {
        const auto row = saturating_product(i.table.granules, i.table.granule_bytes);
        dense(i.indices, saturating_product(i.elements, sizeof(std::int32_t)), false);
        dense(i.table.address, saturating_product(i.table.rows, row), false);
        dense(i.destination, saturating_product(i.elements, row), true);
    }
    void operator()(const scatter_add<std::int64_t>& i) const {
        const auto table = saturating_product(i.table.rows, i.table.granules, i.table.granule_bytes);
        dense(i.indices, saturating_product(i.elements, sizeof(std::int32_t)), false);
        dense(i.source, saturating_product(i.elements, source_row_bytes(i)), false);
        dense(i.table.address, table, false);
        dense(i.table.address, table, true);
    }
    void operator()(const transpose<std::int64_t>& i) const {
        const std::uint32_t bytes = numerics::bytes(i.type.format);
        rows(i.source, i.rows, saturating_product(i.columns, bytes), i.source_stride, false);
        rows(i.destination, i.columns, saturating_product(i.rows, bytes), i.destination_stride, true);
    }
    void operator()(const reduce<std::int64_t>& i) const {
        const std::uint32_t bytes = numerics::bytes(i.source_type.format);
        rows(i.source, i.rows, saturating_product(i.elements, bytes), i.source_stride, false);
        dense(i.destination, saturating_product(i.rows, numerics::bytes(i.destination_type.format)), true);
    }
    void operator()(const signal<std::int64_t>&) const {}
    void operator()(const wait<std::int64_t>&) const {}
    void operator()(const barrier<std::int64_t>&) const {}
    void operator()(const list_begin&) const {}

  private:
    void dense(std::int64_t address, std::int64_t bytes, bool write) const {
        if (bytes > 0) list_.push_back({.address = address, .row_bytes = bytes, .write = write});
    }
    void rows(std::int64_t address, const transfer_shape& shape, std::int64_t stride, bool write) const {
        rows(address, shape.rows, shape.row_bytes, stride, write);
    }
    void rows(std::int64_t address, std::uint32_t count, std::int64_t bytes, std::int64_t stride, bool write) const {
        if (count <= 1 || stride == bytes) {
            dense(address, saturating_product(count, bytes), write);
        } else if (bytes > 0) {
            list_.push_back({address, bytes, count, stride, write});
        }
    }

    access_list& list_;
};

}  // namespace

access_list accesses(const step& s) {
    access_list result;
    std::visit(collector(result), s);
    return result;
}

std::optional<access> index_access(const step& s) {
    const auto of = [](const auto& i) {
        return access{.address = i.indices, .row_bytes = saturating_product(i.elements, sizeof(std::int32_t))};
    };
    if (const auto* g = std::get_if<gather<std::int64_t>>(&s)) return of(*g);
    if (const auto* a = std::get_if<scatter_add<std::int64_t>>(&s)) return of(*a);
    return std::nullopt;
}

namespace {

/// Whether an operand lies where the result does, element by element, and none of its elements behind one that has
/// been written.
[[nodiscard]] bool is_in_place(const vector_operation<std::int64_t>& v, std::int64_t address,
                               numerics::element_type type, std::int64_t stride, bool is_repeated) noexcept {
    const std::int64_t active = active_elements(v);
    const std::int64_t width = numerics::bytes(type.format);
    const bool same_rows = v.rows <= 1 || (stride == v.destination_stride && std::abs(stride) >= active * width);
    return address == v.destination && same_rows && numerics::bytes(v.destination_type.format) <= width &&
           (!is_repeated || active <= 1);
}

/// Whether operand n of what a step touches is read before the result is written over it.
[[nodiscard]] bool is_read_first(const step& s, std::size_t n, std::size_t touched) noexcept {
    const bool is_last_read = n + 2 == touched;
    if (const auto* m = std::get_if<matrix_multiply<std::int64_t>>(&s)) return m->accumulate != 0 && is_last_read;
    if (std::holds_alternative<scatter_add<std::int64_t>>(s)) return is_last_read;  // the table
    const auto* v = std::get_if<vector_operation<std::int64_t>>(&s);
    if (v == nullptr) return false;
    if (numerics::reads_destination(v->operation) && is_last_read) return true;
    return n == 0 ? is_in_place(*v, v->a, v->a_type, v->a_stride, false)
                  : is_in_place(*v, v->b, v->b_type, v->b_stride, v->broadcast_b);
}

}  // namespace

bool overwrites_operand(const step& s, const access_list& touched) noexcept {
    if (touched.empty() || !touched.back().write) return false;
    for (std::size_t n = 0; n + 1 < touched.size(); ++n) {
        if (overlap(touched.back(), touched[n]) && !is_read_first(s, n, touched.size())) return true;
    }
    return false;
}

std::optional<extent> extent_of(const access& a) noexcept {
    std::int64_t last_row = 0;
    extent result;
    if (__builtin_mul_overflow(a.stride, a.rows - 1, &last_row)) return std::nullopt;
    if (__builtin_add_overflow(a.address, last_row, &last_row)) return std::nullopt;
    result.first = std::min(a.address, last_row);
    if (__builtin_add_overflow(std::max(a.address, last_row), a.row_bytes, &result.end)) return std::nullopt;
    return result;
}

bool overlap(const access& a, const access& b) noexcept {
    // With the rows of b in ascending order.
    const std::int64_t stride = b.stride < 0 ? -b.stride : b.stride;
    const std::int64_t first = b.stride < 0 ? b.address + b.stride * (b.rows - 1) : b.address;
    for (std::int64_t r = 0; r < a.rows; ++r) {
        const std::int64_t begin = a.address + r * a.stride;
        if (begin + a.row_bytes <= first) continue;
        // The last row of b that begins before the end of this one reaches furthest.
        const std::int64_t last = begin + a.row_bytes - 1 - first;
        const std::int64_t row = stride == 0 ? 0 : std::min(last / stride, b.rows - 1);
        if (first + row * stride + b.row_bytes > begin) return true;
    }
    return false;
}

bool lies_in(const access& a, std::uint64_t memory_bytes) noexcept {
    const auto range = extent_of(a);
    return range && range->first >= 0 && static_cast<std::uint64_t>(range->end) <= memory_bytes;
}

}  // namespace d1::program
