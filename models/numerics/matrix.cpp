#include "models/numerics/matrix.hpp"

#include <cstring>
#include <new>
#include <stdexcept>

// Highway compiles what stands between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE once for each instruction set, by
// including this file again.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/numerics/matrix.cpp"
#include <hwy/foreach_target.h>
//
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace d1::numerics {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Operands widened to FP32 and C as bytes, in the layouts of the header.
struct tile_product {
    std::byte* c = nullptr;
    const float* a = nullptr;
    const float* b = nullptr;
    matrix_shape shape;
    bool accumulate = false;
};

// The rounding of an operation's result, after the hardware's own. Subnormals are cleared by a mask, not by the
// processor's flush modes, whose rules differ between instruction sets. Never hn::MulAdd: a fused product is not
// rounded.
template <bool keep_subnormals, class D, class V>
HWY_INLINE V settle(D d, V value) {
    if constexpr (keep_subnormals) {
        return value;
    } else {
        const V tiny = hn::Set(d, 0x1p-126F);
        return hn::IfThenElse(hn::Lt(hn::Abs(value), tiny), hn::And(value, hn::SignBit(d)), value);
    }
}

// One step of one row: c + ((a0 b0 + a1 b1) + (a2 b2 + a3 b3)).
template <bool keep, class D, class V>
HWY_INLINE V step(D d, V c, const float* HWY_RESTRICT a, V b0, V b1, V b2, V b3) {
    const V p0 = settle<keep>(d, hn::Mul(hn::Set(d, a[0]), b0));
    const V p1 = settle<keep>(d, hn::Mul(hn::Set(d, a[1]), b1));
    const V p2 = settle<keep>(d, hn::Mul(hn::Set(d, a[2]), b2));
    const V p3 = settle<keep>(d, hn::Mul(hn::Set(d, a[3]), b3));
    const V low = settle<keep>(d, hn::Add(p0, p1));
    const V high = settle<keep>(d, hn::Add(p2, p3));
    return settle<keep>(d, hn::Add(c, settle<keep>(d, hn::Add(low, high))));
}

// As many columns as a vector has lanes: a part of a block, a block, or, in 512-bit vectors, two neighbouring blocks.
// `next` is the distance, in floats, from a block to the next.
template <class D>
HWY_INLINE hn::Vec<D> load_columns(D d, const float* HWY_RESTRICT from, std::size_t /*next*/) {
    return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE void store_columns(D d, hn::Vec<D> columns, float* HWY_RESTRICT to, std::size_t /*next*/) {
    hn::StoreU(columns, d, to);
}

#if !HWY_HAVE_SCALABLE && HWY_MAX_BYTES >= 64
using two_blocks = hn::FixedTag<float, 2 * block_columns>;

HWY_INLINE hn::Vec<two_blocks> load_columns(two_blocks d, const float* HWY_RESTRICT from, std::size_t next) {
    const hn::Half<two_blocks> half;
    return hn::Combine(d, hn::LoadU(half, from + next), hn::LoadU(half, from));
}

HWY_INLINE void store_columns(two_blocks, hn::Vec<two_blocks> columns, float* HWY_RESTRICT to, std::size_t next) {
    const hn::Half<two_blocks> half;
    hn::StoreU(hn::LowerHalf(half, columns), half, to);
    hn::StoreU(hn::UpperHalf(half, columns), half, to + next);
}
#endif

// The eight rows of one vector of columns over the whole of K, with c in registers. `c` and `b` point at the first
// column; b's block has k_steps slices.
template <bool keep, class D>
HWY_INLINE void multiply_columns(D d, float* HWY_RESTRICT c, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                                 std::size_t k_steps, bool accumulate) {
    using V = hn::Vec<D>;
    V c0 = hn::Zero(d), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
    if (accumulate) {
        const auto start = [d, c](std::size_t row) HWY_ATTR {
            return settle<keep>(d, load_columns(d, c + row * block_columns, block_elements));
        };
        c0 = start(0), c1 = start(1), c2 = start(2), c3 = start(3);
        c4 = start(4), c5 = start(5), c6 = start(6), c7 = start(7);
    }
    const std::size_t next = k_steps * slice_elements;
    for (std::size_t k = 0; k < k_steps; ++k, a += slice_elements, b += slice_elements) {
        const V b0 = load_columns(d, b, next);
        const V b1 = load_columns(d, b + std::size_t{1} * block_columns, next);
        const V b2 = load_columns(d, b + std::size_t{2} * block_columns, next);
        const V b3 = load_columns(d, b + std::size_t{3} * block_columns, next);
        c0 = step<keep>(d, c0, a + std::size_t{0} * step_depth, b0, b1, b2, b3);
        c1 = step<keep>(d, c1, a + std::size_t{1} * step_depth, b0, b1, b2, b3);
        c2 = step<keep>(d, c2, a + std::size_t{2} * step_depth, b0, b1, b2, b3);
        c3 = step<keep>(d, c3, a + std::size_t{3} * step_depth, b0, b1, b2, b3);
        c4 = step<keep>(d, c4, a + std::size_t{4} * step_depth, b0, b1, b2, b3);
        c5 = step<keep>(d, c5, a + std::size_t{5} * step_depth, b0, b1, b2, b3);
        c6 = step<keep>(d, c6, a + std::size_t{6} * step_depth, b0, b1, b2, b3);
        c7 = step<keep>(d, c7, a + std::size_t{7} * step_depth, b0, b1, b2, b3);
    }
    const V nan = hn::BitCast(d, hn::Set(hn::RebindToUnsigned<D>(), canonical_nan_fp32));
    const auto finish = [d, c, nan](std::size_t row, V value) HWY_ATTR {
        store_columns(d, hn::IfThenElse(hn::IsNaN(value), nan, value), c + row * block_columns, block_elements);
    };
    finish(0, c0), finish(1, c1), finish(2, c2), finish(3, c3);
    finish(4, c4), finish(5, c5), finish(6, c6), finish(7, c7);
}

// One or two neighbouring column blocks, all row blocks. C passes through `block`, whose elements really are floats.
template <bool keep, std::size_t lanes>
void multiply_column_blocks(const tile_product& t, std::size_t column_block) {
    const hn::CappedTag<float, lanes> d;
    constexpr std::size_t blocks = lanes > block_columns ? lanes / block_columns : 1;
    alignas(64) float block[blocks * block_elements];  // no library types here: they would be compiled for this target
    const float* b = t.b + column_block * t.shape.k_steps * slice_elements;
    for (std::size_t row_block = 0; row_block < t.shape.row_blocks; ++row_block) {
        const float* a = t.a + row_block * t.shape.k_steps * slice_elements;
        std::byte* c = t.c + (row_block * t.shape.column_blocks + column_block) * sizeof block / blocks;
        if (t.accumulate) std::memcpy(block, c, sizeof block);
        for (std::size_t column = 0; column < block_columns; column += hn::Lanes(d)) {
            multiply_columns<keep>(d, block + column, a, b + column, t.shape.k_steps, t.accumulate);
        }
        std::memcpy(c, block, sizeof block);
    }
}

template <bool keep>
void multiply_tile(const tile_product& t) {
    std::size_t column_block = 0;
#if !HWY_HAVE_SCALABLE && HWY_MAX_BYTES >= 64
    for (; column_block + 2 <= t.shape.column_blocks; column_block += 2) {
        multiply_column_blocks<keep, 2 * block_columns>(t, column_block);
    }
#endif
    for (; column_block < t.shape.column_blocks; ++column_block) {
        multiply_column_blocks<keep, block_columns>(t, column_block);
    }
}

void multiply(std::byte* c, const float* a, const float* b, matrix_shape shape, bool accumulate, arithmetic rules) {
    const tile_product t{c, a, b, shape, accumulate};
    rules.keep_subnormals ? multiply_tile<true>(t) : multiply_tile<false>(t);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace d1::numerics
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace d1::numerics {
namespace {

HWY_EXPORT(multiply);

// Operands are widened once and then read row_blocks or column_blocks times. The widened copies live in a buffer that
// each thread keeps, as large as its largest tile yet: no allocation per call, and nothing a caller must carry along.
class scratch {
  public:
    std::span<float> take(std::size_t elements) {
        if (elements > size_) {
            buffer_ = hwy::AllocateAligned<float>(elements);
            if (!buffer_) throw std::bad_alloc();
            size_ = elements;
        }
        return {buffer_.get(), elements};
    }

  private:
    hwy::AlignedFreeUniquePtr<float[]> buffer_;
    std::size_t size_ = 0;
};

void widen(std::span<float> to, std::span<const std::byte> from, element_type type, arithmetic rules) {
    decode(type, from, to);
    if (rules.keep_subnormals) return;
    for (float& value : to) value = flush_subnormal(value);
}

// size == rows * columns * unit, also where that product is beyond 64 bits.
bool is_made_of(std::size_t size, std::uint32_t rows, std::uint32_t columns, std::uint32_t unit) {
    return size % unit == 0 && size / unit == std::uint64_t{rows} * columns;
}

}  // namespace

void matrix_multiply_accumulate(std::span<std::byte> c, std::span<const std::byte> a, element_type a_type,
                                std::span<const std::byte> b, element_type b_type, matrix_shape shape, bool accumulate,
                                arithmetic rules) {
    const auto slice_bytes = [](element_type type) { return slice_elements * bytes(type.format); };
    if (!is_made_of(a.size(), shape.row_blocks, shape.k_steps, slice_bytes(a_type)) ||
        !is_made_of(b.size(), shape.column_blocks, shape.k_steps, slice_bytes(b_type)) ||
        !is_made_of(c.size(), shape.row_blocks, shape.column_blocks, block_elements * bytes(number_format::fp32))) {
        throw std::invalid_argument("numerics: an operand of a matrix product is not as long as its shape says");
    }
    if (accumulate && shape.k_steps == 0) return;  // no operation, so nothing is flushed or made canonical either
    thread_local scratch buffer;
    const std::size_t a_elements = a.size() / bytes(a_type.format);
    const std::span<float> wide = buffer.take(a_elements + b.size() / bytes(b_type.format));
    widen(wide.first(a_elements), a, a_type, rules);
    widen(wide.subspan(a_elements), b, b_type, rules);
    HWY_DYNAMIC_DISPATCH(multiply)
    (c.data(), wide.data(), wide.data() + a_elements, shape, accumulate, rules);
}

}  // namespace d1::numerics
#endif  // HWY_ONCE
