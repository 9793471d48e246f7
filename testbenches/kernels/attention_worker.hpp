#pragma once
// What nodes do with a block of queries and one of keys. Private to attention and its gradient.

#include <string>

#include "models/program/builder.hpp"
#include "testbenches/kernels/attention_layout.hpp"

namespace d1::kernels::attention_parts {

/// A program with the buffers that a block of scores takes, and its arithmetic.
class attention_worker {
  protected:
    attention_worker(const char* name, const attention_layout& l, const die& on);

    using thread_builder = program::thread_builder;
    using affine = program::affine;

    // A number for each row of a block of queries.
    enum row_number : std::uint32_t { largest_so_far, new_largest, correction, total_so_far, of_block };
    [[nodiscard]] affine row(row_number n) const { return rows_ + affine(n * block * number_bytes); }
    /// 1 / sqrt(depth) and -infinity.
    [[nodiscard]] affine scale() const { return constants_; }
    [[nodiscard]] affine hidden() const { return constants_ + affine(number_bytes); }

    /// Makes the constants and numbers = 0, 1, ...
    void prepare(thread_builder& t);
    /// d = operation(a, b) on `elements` numbers, b being the same for all where it is a constant.
    void apply(thread_builder& t, numerics::elementwise_operation operation, const affine& d, const affine& a,
               std::uint32_t elements, const affine& b = 0, bool is_constant = false);
    /// The same on rows of scores, `columns` each of `pitch` bytes, with a number for each row.
    void apply_by_row(thread_builder& t, numerics::elementwise_operation operation, const affine& d, const affine& a,
                      const affine& b, std::uint32_t columns, std::int64_t pitch);
    void set(thread_builder& t, const affine& where, float value, std::uint32_t elements, std::uint32_t rows = 1,
             std::int64_t stride = 0);
    /// d = the blocks of products, row by row.
    void to_rows(thread_builder& t, const affine& d, std::uint32_t eights);
    /// scores = -infinity where the key's number is above the query's.
    void hide(thread_builder& t, std::uint32_t keys, std::int64_t pitch);
    /// Takes a block of scores into the largest and the total so far; scores = exp(scores - largest), correction = what
    /// the sums so far are to be multiplied with.
    void take_maximum_and_sum(thread_builder& t, std::uint32_t keys, std::int64_t pitch);
    /// weights = the numbers of `from`, rounded, as slices of A.
    void to_slices(thread_builder& t, const affine& from, std::uint32_t keys, std::int64_t pitch);

    const attention_layout& l_;
    program::program_builder build_;
    program::buffer_handle products_, scores_, mask_, weights_, numbers_, rows_, constants_;
};

}  // namespace d1::kernels::attention_parts
