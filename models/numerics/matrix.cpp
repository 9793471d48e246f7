#include "models/numerics/matrix.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

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

// The rounding of c' to an accumulator of 1 sign, 7 exponent (bias 63) and 13 mantissa bits, nearest even.
template <accumulator_format accumulator, class D, class V>
HWY_INLINE V narrow(D d, V value) {
    if constexpr (accumulator == accumulator_format::fp32) {
        return value;
    } else {
        const hn::RebindToUnsigned<D> du;
        const V magnitude = hn::Abs(value);
        // Half a unit less the last bit, and one more if the kept part is odd, carries exactly when it must.
        const auto pattern = hn::BitCast(du, magnitude);
        const auto odd = hn::And(hn::ShiftRight<10>(pattern), hn::Set(du, 1));
        const auto carried = hn::Add(hn::Add(pattern, hn::Set(du, 0x1FF)), odd);
        const V normal = hn::BitCast(d, hn::And(carried, hn::Set(du, 0xFFFF'FC00)));
        // The sum's unit of the last place is that of the denormals, 2^-75.
        const V rounder = hn::Set(d, 0x1p-52F);
        const V denormal = hn::Sub(hn::Add(magnitude, rounder), rounder);
        const V rounded = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0x1p-62F)), denormal, normal);
        const V largest = hn::Set(d, 0x1.FFF8p64F);
        const V kept = hn::IfThenElse(hn::Lt(magnitude, largest), rounded, largest);
        return hn::IfThenElse(hn::IsNaN(value), value, hn::CopySign(kept, value));
    }
}

// What the rules leave of a kernel: one is compiled for each.
template <bool keep_subnormals, accumulator_format accumulator_kind>
struct kernel_rules {
    static constexpr bool keep = keep_subnormals;
    static constexpr accumulator_format accumulator = accumulator_kind;
};

// One step of one row: c + ((a0 b0 + a1 b1) + (a2 b2 + a3 b3)).
template <class R, class D, class V>
HWY_INLINE V step(D d, V c, const float* HWY_RESTRICT a, V b0, V b1, V b2, V b3) {
    const V p0 = settle<R::keep>(d, hn::Mul(hn::Set(d, a[0]), b0));
    const V p1 = settle<R::keep>(d, hn::Mul(hn::Set(d, a[1]), b1));
    const V p2 = settle<R::keep>(d, hn::Mul(hn::Set(d, a[2]), b2));
    const V p3 = settle<R::keep>(d, hn::Mul(hn::Set(d, a[3]), b3));
    const V low = settle<R::keep>(d, hn::Add(p0, p1));
    const V high = settle<R::keep>(d, hn::Add(p2, p3));
    const V sum = settle<R::keep>(d, hn::Add(c, settle<R::keep>(d, hn::Add(low, high))));
    return narrow<R::accumulator>(d, sum);
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
template <class R, class D>
HWY_INLINE void multiply_columns(D d, float* HWY_RESTRICT c, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                                 std::size_t k_steps, bool accumulate) {
    using V = hn::Vec<D>;
    V c0 = hn::Zero(d), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
    if (accumulate) {
        const auto start = [d, c](std::size_t row) HWY_ATTR {
            return settle<R::keep>(d, load_columns(d, c + row * block_columns, block_elements));
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
        c0 = step<R>(d, c0, a + std::size_t{0} * step_depth, b0, b1, b2, b3);
        c1 = step<R>(d, c1, a + std::size_t{1} * step_depth, b0, b1, b2, b3);
        c2 = step<R>(d, c2, a + std::size_t{2} * step_depth, b0, b1, b2, b3);
        c3 = step<R>(d, c3, a + std::size_t{3} * step_depth, b0, b1, b2, b3);
        c4 = step<R>(d, c4, a + std::size_t{4} * step_depth, b0, b1, b2, b3);
        c5 = step<R>(d, c5, a + std::size_t{5} * step_depth, b0, b1, b2, b3);
        c6 = step<R>(d, c6, a + std::size_t{6} * step_depth, b0, b1, b2, b3);
        c7 = step<R>(d, c7, a + std::size_t{7} * step_depth, b0, b1, b2, b3);
    }
    const V nan = hn::BitCast(d, hn::Set(hn::RebindToUnsigned<D>(), canonical_nan_fp32));
    const auto finish = [d, c, nan](std::size_t row, V value) HWY_ATTR {
        store_columns(d, hn::IfThenElse(hn::IsNaN(value), nan, value), c + row * block_columns, block_elements);
    };
    finish(0, c0), finish(1, c1), finish(2, c2), finish(3, c3);
    finish(4, c4), finish(5, c5), finish(6, c6), finish(7, c7);
}

// One or two neighbouring column blocks, all row blocks. C passes through `block`, whose elements really are floats.
template <class R, std::size_t lanes>
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
            multiply_columns<R>(d, block + column, a, b + column, t.shape.k_steps, t.accumulate);
        }
        std::memcpy(c, block, sizeof block);
    }
}

template <class R>
void multiply_tile(const tile_product& t) {
    std::size_t column_block = 0;
#if !HWY_HAVE_SCALABLE && HWY_MAX_BYTES >= 64
    for (; column_block + 2 <= t.shape.column_blocks; column_block += 2) {
        multiply_column_blocks<R, 2 * block_columns>(t, column_block);
    }
#endif
    for (; column_block < t.shape.column_blocks; ++column_block) {
        multiply_column_blocks<R, block_columns>(t, column_block);
    }
}

void multiply(std::byte* c, const float* a, const float* b, matrix_shape shape, bool accumulate, arithmetic rules) {
    const tile_product t{c, a, b, shape, accumulate};
    using enum accumulator_format;
    if (rules.accumulator == fp32) {
        rules.keep_subnormals ? multiply_tile<kernel_rules<true, fp32>>(t)
                              : multiply_tile<kernel_rules<false, fp32>>(t);
    } else {
        rules.keep_subnormals ? multiply_tile<kernel_rules<true, fp21>>(t)
                              : multiply_tile<kernel_rules<false, fp21>>(t);
    }
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
    decode(type, from, to, rules);
    if (rules.keep_subnormals) return;
    for (float& value : to) value = flush_subnormal(value);
}

// size == rows * columns * unit, also where that product is beyond 64 bits.
bool is_made_of(std::size_t size, std::uint32_t rows, std::uint32_t columns, std::uint32_t unit) {
    std::uint64_t product = 0;
    return !__builtin_mul_overflow(std::uint64_t{rows} * columns, std::uint64_t{unit}, &product) && size == product;
}

// Products and sums of a step are exact; only c' is saturated.
void multiply_integers(std::span<std::byte> c, std::span<const std::int64_t> a, std::span<const std::int64_t> b,
                       matrix_shape shape, bool accumulate) {
    constexpr element_type int32{number_format::int32};
    std::array<std::int64_t, block_elements> block{};
    for (std::size_t i = 0; i < std::size_t{shape.row_blocks} * shape.column_blocks; ++i) {
        const std::int64_t* a_slice = &a[i / shape.column_blocks * shape.k_steps * slice_elements];
        const std::int64_t* b_slice = &b[i % shape.column_blocks * shape.k_steps * slice_elements];
        const auto bytes = c.subspan(i * sizeof(std::int32_t) * block_elements, sizeof(std::int32_t) * block_elements);
        block.fill(0);
        if (accumulate) decode(int32, bytes, block);
        for (std::size_t k = 0; k < shape.k_steps; ++k, a_slice += slice_elements, b_slice += slice_elements) {
            for (std::size_t e = 0; e < block_elements; ++e) {
                const std::int64_t* row = a_slice + e / block_columns * step_depth;
                const std::int64_t* column = b_slice + e % block_columns;
                std::int64_t sum = block[e];
                for (std::size_t j = 0; j < step_depth; ++j) sum += row[j] * column[j * block_columns];
                block[e] = std::clamp<std::int64_t>(sum, std::numeric_limits<std::int32_t>::min(),
                                                    std::numeric_limits<std::int32_t>::max());
            }
        }
        encode(int32, block, bytes);
    }
}

}  // namespace

bool can_multiply(number_format a, number_format b) {
    return is_integer(a) == is_integer(b) && a != number_format::int32 && b != number_format::int32;
}

void matrix_multiply_accumulate(std::span<std::byte> c, std::span<const std::byte> a, element_type a_type,
                                std::span<const std::byte> b, element_type b_type, matrix_shape shape, bool accumulate,
                                arithmetic rules) {
    const auto slice_bytes = [](element_type type) { return slice_elements * bytes(type.format); };
    if (!is_made_of(a.size(), shape.row_blocks, shape.k_steps, slice_bytes(a_type)) ||
        !is_made_of(b.size(), shape.column_blocks, shape.k_steps, slice_bytes(b_type)) ||
        !is_made_of(c.size(), shape.row_blocks, shape.column_blocks, block_elements * bytes(number_format::fp32))) {
        throw std::invalid_argument("numerics: an operand of a matrix product is not as long as its shape says");
    }
    if (!can_multiply(a_type.format, b_type.format)) {
        throw std::invalid_argument("numerics: the matrix unit does not multiply " + std::string(name(a_type.format)) +
                                    " by " + std::string(name(b_type.format)));
    }
    if (accumulate && shape.k_steps == 0) return;  // no operation, so nothing is flushed or made canonical either
    const std::size_t a_elements = std::size_t{shape.row_blocks} * shape.k_steps * slice_elements;
    const std::size_t b_elements = std::size_t{shape.column_blocks} * shape.k_steps * slice_elements;
    if (is_integer(a_type.format)) {
        std::vector<std::int64_t> values(a_elements + b_elements);
        const std::span<std::int64_t> all(values);
        decode(a_type, a, all.first(a_elements));
        decode(b_type, b, all.subspan(a_elements));
        return multiply_integers(c, all.first(a_elements), all.subspan(a_elements), shape, accumulate);
    }
    thread_local scratch buffer;
    const std::span<float> wide = buffer.take(a_elements + b_elements);
    widen(wide.first(a_elements), a, a_type, rules);
    widen(wide.subspan(a_elements), b, b_type, rules);
    HWY_DYNAMIC_DISPATCH(multiply)
    (c.data(), wide.data(), wide.data() + a_elements, shape, accumulate, rules);
}

}  // namespace d1::numerics
#endif  // HWY_ONCE
