// The inner kernel of matrix_multiply.

#include <algorithm>
#include <string>

#include "models/core/line_counts.hpp"
#include "models/core/pipeline/inner_kernels.hpp"

namespace d1::pipeline {

namespace {

constexpr std::uint32_t block_lines = 4;  // of 8x8 sums in FP32
constexpr std::int64_t block_bytes = std::int64_t{block_lines} * packet_bytes;
constexpr std::uint32_t unroll_most = 8;

/// One of A and B in a pass: `blocks` block rows (or columns), taken by the matrix unit in groups.
struct side {
    std::uint32_t slice_bytes = 0;
    std::uint32_t unit = 8;  // rows or columns of a matrix step
    std::uint32_t blocks = 0;
    std::int64_t step_stride = 0;  // not 0: each step of K lies by itself, its slices one behind the other

    [[nodiscard]] std::uint32_t group() const { return std::max(1U, unit / 8); }  // blocks of a step
    [[nodiscard]] std::uint32_t parts() const { return std::max(1U, 8 / unit); }  // steps of a block
    [[nodiscard]] std::uint32_t groups() const { return static_cast<std::uint32_t>(divide_up(blocks, group())); }
    [[nodiscard]] std::uint32_t units() const { return groups() * parts(); }
    [[nodiscard]] std::uint32_t steps_of_line() const {
        return step_stride != 0 ? 1 : std::max(1U, packet_bytes / slice_bytes);
    }
    [[nodiscard]] std::uint32_t lines_of_step() const { return std::max(1U, slice_bytes / packet_bytes); }
    /// Lines in registers for `unroll` steps of K.
    [[nodiscard]] std::uint32_t lines(std::uint32_t unroll) const {
        return blocks * lines_of_step() * static_cast<std::uint32_t>(divide_up(unroll, steps_of_line()));
    }
    /// The register of a group at a step of the unrolled loop, behind `first`.
    [[nodiscard]] register_name at(std::uint32_t first, std::uint32_t step, std::uint32_t g) const {
        return vector_register(first + step / steps_of_line() * groups() + g);
    }
};

class matrix_writer {
  public:
    matrix_writer(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core)
        : m_(m), core_(core), banked_(core.sram_banks != 0), out_("matrix_multiply") {
        a_.slice_bytes = numerics::slice_elements * numerics::bytes(m.a_type.format);
        b_.slice_bytes = numerics::slice_elements * numerics::bytes(m.b_type.format);
        a_.step_stride = m.a_step_stride;
        a_.unit = core.matrix_rows;
        b_.unit = core.matrix_columns;
        a_.blocks = std::max(1U, core.register_block_rows * a_.unit / 8);
        b_.blocks = std::max(1U, core.register_block_columns * b_.unit / 8);
        unroll_least_ = std::max(a_.steps_of_line(), b_.steps_of_line());
        while (!fits(unroll_least_) && (a_.blocks > 1 || b_.blocks > 1)) {
            std::uint32_t& larger = a_.blocks >= b_.blocks ? a_.blocks : b_.blocks;
            larger = (larger + 1) / 2;
        }
        unroll_ = unroll_least_;
        while (2 * unroll_ <= unroll_most && fits(2 * unroll_)) {
            unroll_ *= 2;
        }
        row_bytes_[0] = std::int64_t{m.k_steps} * a_.slice_bytes;
        row_bytes_[1] = std::int64_t{m.k_steps} * b_.slice_bytes;
    }

    kernel write() {
        for (const auto& [p, address] : {std::pair{a_pointer, m_.a}, {b_pointer, m_.b}, {c_pointer, m_.c}}) {
            out_.add(p, banked_ ? address : 0);
        }
        const std::uint32_t rest = m_.row_blocks % a_.blocks;
        out_.loop(m_.row_blocks / a_.blocks, [&] { across(a_.blocks); });
        if (rest != 0) {
            across(rest);
        }
        return out_.take();
    }

  private:
    static constexpr register_name a_pointer = pointer(0);
    static constexpr register_name b_pointer = pointer(1);
    static constexpr register_name c_pointer = pointer(2);

    [[nodiscard]] bool fits(std::uint32_t unroll) const {
        return a_.lines(unroll) + b_.lines(unroll) <= core_.vector_registers;
    }

    /// All passes of a row of blocks.
    void across(std::uint32_t rows) {
        const std::uint32_t rest = m_.column_blocks % b_.blocks;
        out_.loop(m_.column_blocks / b_.blocks, [&] { pass(rows, b_.blocks); });
        if (rest != 0) {
            pass(rows, rest);
        }
        out_.add(a_pointer, rows * (a_.step_stride != 0 ? std::int64_t{a_.slice_bytes} : row_bytes_[0]));
        out_.add(b_pointer, -std::int64_t{m_.column_blocks} * row_bytes_[1]);
        out_.add(c_pointer, std::int64_t{rows - 1} * m_.column_blocks * block_bytes);
    }

    void pass(std::uint32_t rows, std::uint32_t columns) {
        side a = a_;
        side b = b_;
        a.blocks = rows;
        b.blocks = columns;
        if (m_.accumulate != 0) {
            for_each_line(a, b, [&](register_name acc, std::int64_t offset) { out_.load(acc, c_pointer, offset); });
        }
        const std::uint32_t rounds = m_.k_steps / unroll_;
        const std::int64_t a_step = a.step_stride != 0 ? a.step_stride : a.slice_bytes;
        if (a.step_stride != 0) {  // of steps that lie in one line more than others
            out_.loop(strided_lines(a) % m_.k_steps, [&] { out_.load(a.at(0, 0, 0), a_pointer, 0); });
        }
        out_.loop(rounds, [&] {
            steps(a, b, unroll_);
            out_.add(a_pointer, unroll_ * a_step);
            out_.add(b_pointer, std::int64_t{unroll_} * b.slice_bytes);
        });
        // What is left of K goes into registers that are neither those read last nor those that the next pass fills
        // first.
        const std::uint32_t rest = m_.k_steps % unroll_;
        const bool in_the_middle = rounds != 0 && 2 * rest < unroll_ && unroll_ >= 2 * unroll_least_;
        steps(a, b, rest, in_the_middle ? unroll_ / 2 : 0);
        const std::int64_t done = std::int64_t{rounds} * unroll_;
        out_.add(a_pointer, -done * a_step);
        out_.add(b_pointer, columns * row_bytes_[1] - done * b.slice_bytes);
        for_each_line(a, b, [&](register_name acc, std::int64_t offset) { out_.store(acc, c_pointer, offset); });
        out_.add(c_pointer, columns * block_bytes);
        out_.rotate();
    }

    /// `count` steps of K, in the registers from those of step `first` of the unrolled loop on.
    void steps(const side& a, const side& b, std::uint32_t count, std::uint32_t first = 0) {
        const std::uint32_t first_b = static_cast<std::uint32_t>(divide_up(unroll_, a.steps_of_line())) * a.groups();
        for (std::uint32_t k = 0; k < count; ++k) {
            a.step_stride != 0 ? load_step(a, k, first) : load(a, 0, k, first, a_pointer, row_bytes_[0]);
            load(b, first_b, k, first, b_pointer, row_bytes_[1]);
            for (std::uint32_t i = 0; i < a.units(); ++i) {
                for (std::uint32_t j = 0; j < b.units(); ++j) {
                    out_.matrix(accumulator(i * b.units() + j), a.at(0, first + k, i / a.parts()),
                                b.at(first_b, first + k, j / b.parts()));
                }
            }
        }
    }

    /// The lines of a side that step `k` is the first to need.
    void load(const side& s, std::uint32_t registers, std::uint32_t k, std::uint32_t first, register_name base,
              std::int64_t row_bytes) {
        if (k % s.steps_of_line() != 0) {
            return;
        }
        for (std::uint32_t i = 0; i < s.blocks; ++i) {
            for (std::uint32_t l = 0; l < s.lines_of_step(); ++l) {
                out_.load(s.at(registers, first + k, i / s.group()), base,
                          i * row_bytes + std::int64_t{k} * s.slice_bytes + std::int64_t{l} * packet_bytes);
            }
        }
    }

    [[nodiscard]] std::uint64_t strided_lines(const side& a) const {
        return d1::lines_of_rows(m_.a, std::uint64_t{a.blocks} * a.slice_bytes, m_.k_steps, a.step_stride);
    }
    /// The lines of all slices of a step that lies by itself.
    void load_step(const side& a, std::uint32_t k, std::uint32_t first) {
        const std::uint64_t count = strided_lines(a) / m_.k_steps;
        for (std::uint64_t l = 0; l < count; ++l) {
            const auto g = static_cast<std::uint32_t>(l * a.groups() / count);
            out_.load(a.at(0, first + k, g), a_pointer,
                      k * a.step_stride + static_cast<std::int64_t>(l * packet_bytes));
        }
    }

    /// Calls `visit` with each line of a pass's results: its accumulator and its place behind the pointer.
    template <typename Visit>
    void for_each_line(const side& a, const side& b, Visit&& visit) const {
        for (std::uint32_t i = 0; i < a.blocks; ++i) {
            for (std::uint32_t j = 0; j < b.blocks; ++j) {
                for (std::uint32_t l = 0; l < block_lines; ++l) {
                    const std::uint32_t row = i / a.group() * a.parts() + (a.parts() == 2 ? l / 2 : 0);
                    const std::uint32_t column = j / b.group() * b.parts() + (b.parts() == 2 ? l % 2 : 0);
                    visit(accumulator(row * b.units() + column),
                          (std::int64_t{i} * m_.column_blocks + j) * block_bytes + std::int64_t{l} * packet_bytes);
                }
            }
        }
    }

    const program::matrix_multiply<std::int64_t>& m_;
    const core_parameters& core_;
    bool banked_;
    side a_;
    side b_;
    std::uint32_t unroll_least_ = 1;
    std::uint32_t unroll_ = 1;
    std::array<std::int64_t, 2> row_bytes_{};
    kernel_writer out_;
};

}  // namespace

kernel kernel_of(const program::matrix_multiply<std::int64_t>& m, const core_parameters& core) {
    return matrix_writer(m, core).write();
}

}  // namespace d1::pipeline
