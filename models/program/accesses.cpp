#include "models/program/accesses.hpp"

#include <algorithm>
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
        dense(i.a, saturating_product(i.row_blocks, i.k_steps, a_slice), false);
        dense(i.b, saturating_product(i.column_blocks, i.k_steps, b_slice), false);
        if (i.accumulate != 0) dense(i.c, c_bytes, false);
        dense(i.c, c_bytes, true);
    }
    void operator()(const vector_operation<std::int64_t>& i) const {
        const auto operands = numerics::source_count(i.operation);
        if (operands >= 1) dense(i.a, saturating_product(i.elements, numerics::bytes(i.a_type.format)), false);
        if (operands >= 2) dense(i.b, saturating_product(i.elements, numerics::bytes(i.b_type.format)), false);
        dense(i.destination, saturating_product(i.elements, numerics::bytes(i.destination_type.format)), true);
    }
    void operator()(const push<std::int64_t>& i) const { rows(i.source, i.shape, i.shape.source_stride, false); }
    void operator()(const pull<std::int64_t>& i) const {
        rows(i.destination, i.shape, i.shape.destination_stride, true);
    }
    void operator()(const signal<std::int64_t>&) const {}
    void operator()(const wait<std::int64_t>&) const {}

  private:
    void dense(std::int64_t address, std::int64_t bytes, bool write) const {
        if (bytes > 0) list_.push_back({.address = address, .row_bytes = bytes, .write = write});
    }
    void rows(std::int64_t address, const transfer_shape& shape, std::int64_t stride, bool write) const {
        if (shape.rows <= 1 || stride == shape.row_bytes) {
            dense(address, saturating_product(shape.rows, shape.row_bytes), write);
        } else if (shape.row_bytes > 0) {
            list_.push_back({address, shape.row_bytes, shape.rows, stride, write});
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

std::optional<extent> extent_of(const access& a) noexcept {
    std::int64_t last_row = 0;
    extent result;
    if (__builtin_mul_overflow(a.stride, a.rows - 1, &last_row)) return std::nullopt;
    if (__builtin_add_overflow(a.address, last_row, &last_row)) return std::nullopt;
    result.first = std::min(a.address, last_row);
    if (__builtin_add_overflow(std::max(a.address, last_row), a.row_bytes, &result.end)) return std::nullopt;
    return result;
}

bool lies_in(const access& a, std::uint64_t memory_bytes) noexcept {
    const auto range = extent_of(a);
    return range && range->first >= 0 && static_cast<std::uint64_t>(range->end) <= memory_bytes;
}

}  // namespace d1::program
