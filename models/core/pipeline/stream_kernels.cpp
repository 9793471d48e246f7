// The inner kernels that move lines through the vector registers, with or without SIMD operations on the way.

#include <algorithm>
#include <bit>
#include <string>

#include "models/core/line_counts.hpp"
#include "models/core/pipeline/inner_kernels.hpp"

namespace d1::pipeline {

namespace {

constexpr std::uint32_t streams_at_a_time = 8;  // hides the latency of loads and operations

/// An operand that a loop goes through line by line.
struct stream {
    register_name base = pointer(0);
    std::uint64_t lines = 0;
};

std::int64_t start_of(std::int64_t address, const core_parameters& core) {
    return core.sram_banks != 0 ? address : 0;
}

/// `count` lines, some at a time: calls `some` with how many.
void in_rounds(kernel_writer& out, std::uint64_t count, std::uint32_t at_a_time, const auto& some) {
    out.loop(count / at_a_time, [&] { some(at_a_time); });
    if (count % at_a_time != 0) {
        some(static_cast<std::uint32_t>(count % at_a_time));
    }
}

/// Lines one after the other, with nothing else beside: calls `one` with the number of a register.
void move_lines(kernel_writer& out, std::uint64_t count, const auto& one) {
    in_rounds(out, count, streams_at_a_time / 2, [&](std::uint32_t n) {
        for (std::uint32_t i = 0; i < n; ++i) {
            one(i);
        }
    });
}

/// Loads of `from`, `operations` SIMD operations and stores to `to`, side by side as evenly as they come.
void shuffle_lines(kernel_writer& out, const stream& from, const stream& to, std::uint64_t operations,
                   std::uint32_t registers) {
    const std::uint64_t both = std::min(from.lines, to.lines);
    const std::uint64_t each = both == 0 ? 0 : operations / both;
    in_rounds(out, both, std::min(2 * streams_at_a_time, registers / 2), [&](std::uint32_t lines) {
        const auto for_all = [&](const auto& visit) {
            for (std::uint32_t i = 0; i < lines; ++i) {
                visit(vector_register(i), std::int64_t{i} * packet_bytes);
            }
        };
        for_all([&](register_name r, std::int64_t offset) { out.load(r, from.base, offset); });
        for (std::uint64_t n = 0; n < each; ++n) {
            for_all([&](register_name r, std::int64_t) { out.simd(r, r); });
        }
        for_all([&](register_name r, std::int64_t offset) { out.store(r, to.base, offset); });
        out.add(from.base, std::int64_t{lines} * packet_bytes);
        out.add(to.base, std::int64_t{lines} * packet_bytes);
    });
    move_lines(out, from.lines - both,
               [&](std::uint32_t i) { out.load(vector_register(i), from.base, std::int64_t{i} * packet_bytes); });
    move_lines(out, operations - each * both,
               [&](std::uint32_t i) { out.simd(vector_register(i), vector_register(i)); });
    move_lines(out, to.lines - both,
               [&](std::uint32_t i) { out.store(vector_register(i), to.base, std::int64_t{i} * packet_bytes); });
}

// ---------------------------------------------------------------------------------------------------- element-wise

/// An operand of a vector operation.
struct vector_operand {
    bool is_there = false;
    register_name base = pointer(0);
    std::uint32_t vector_bytes = 0;  // of as many elements as there are lanes
    std::uint64_t lines = 0;         // of all rows, each counted by itself; where all rows are the same, of one
    bool once = false;               // stays in registers: the same for all rows
    bool by_columns = false;         // the same for all rows, but too long for that: some vectors at a time
    bool each_row = false;           // loaded at the beginning of each row: one element

    std::uint32_t first = 0;  // register
    std::uint32_t count = 0;  // of registers
    bool executed = false;    // comes with the operation, needs none

    /// Registers for `vectors` of it: each holds a line or, where that is longer, a vector.
    [[nodiscard]] std::uint32_t registers(std::uint32_t vectors) const {
        return vector_bytes >= packet_bytes
                   ? vectors
                   : static_cast<std::uint32_t>(divide_up(std::uint64_t{vectors} * vector_bytes, packet_bytes));
    }
    [[nodiscard]] std::uint32_t lines_of_register() const { return std::max(1U, vector_bytes / packet_bytes); }
    [[nodiscard]] std::uint64_t lines_of(std::uint64_t vectors) const {
        return divide_up(std::uint64_t{vectors} * vector_bytes, packet_bytes);
    }
};

/// Rounds of some vectors at a time: of one row, or of several short ones.
class vector_writer {
  public:
    vector_writer(const program::vector_operation<std::int64_t>& v, const core_parameters& core)
        : v_(v),
          core_(core),
          active_(program::active_elements(v)),
          row_vectors_(static_cast<std::uint32_t>(divide_up(active_, core.simd_lanes))),
          depth_(numerics::operation_count(v.operation)),
          out_(std::string("vector_operation ") + std::string(numerics::name(v.operation))) {
        const std::uint32_t sources = numerics::source_count(v.operation);
        if (sources > 0) {
            set(a_, 0, v.a, v.a_type, active_, v.a_stride);
        }
        if (sources > 1) {
            set(b_, 1, v.b, v.b_type, v.broadcast_b ? std::min(active_, 1U) : active_, v.b_stride);
            b_.each_row = v.broadcast_b;
        }
        set(d_, 2, v.destination, v.destination_type, active_, v.destination_stride);
        const std::uint64_t vectors = std::uint64_t{row_vectors_} * v.rows;
        vector_operand& last = b_.is_there && !b_.each_row ? b_ : a_;
        last.executed =
            last.is_there && !last.once && !updates() && last.vector_bytes == packet_bytes && last.lines == vectors;
        if (active_ != 0) {
            choose_round();
        }
    }

    kernel write() {
        if (active_ == 0) {
            out_.simd(vector_register(0));
            return out_.take();
        }
        load_once();
        if (a_.by_columns || b_.by_columns) {
            columns();
        } else if (row_vectors_ <= round_ && v_.rows > 1) {
            const std::uint32_t rows = std::min(v_.rows, std::max(1U, round_ / row_vectors_));
            in_rounds(out_, v_.rows, rows, [&](std::uint32_t n) { short_rows(n); });
        } else {
            out_.loop(v_.rows, [&] { long_row(); });
        }
        for (const vector_operand* o : {&a_, &b_}) {  // of rows that lie in one line more than others
            const std::uint64_t left = o->once || !o->is_there ? 0 : o->lines - o->lines / v_.rows * v_.rows;
            move_lines(out_, left, [&](std::uint32_t i) {
                out_.load(vector_register(i), o->base, std::int64_t{i} * packet_bytes);
            });
        }
        move_lines(out_, d_.lines - d_.lines / v_.rows * v_.rows, [&](std::uint32_t i) {
            if (updates()) {
                out_.load(vector_register(i), d_.base, std::int64_t{i} * packet_bytes);
            }
            out_.store(vector_register(i), d_.base, std::int64_t{i} * packet_bytes);
        });
        return out_.take();
    }

  private:
    [[nodiscard]] bool updates() const { return numerics::reads_destination(v_.operation); }

    void set(vector_operand& o, std::uint32_t number, std::int64_t address, numerics::element_type type,
             std::uint64_t elements, std::int64_t stride) {
        const std::uint64_t bytes = numerics::bytes(type.format);
        o.is_there = true;
        o.base = pointer(number);
        o.vector_bytes = static_cast<std::uint32_t>(core_.simd_lanes * bytes);
        const bool same = v_.rows == 1 || stride == 0;
        o.lines = elements == 0 ? 0 : lines_of_rows(address, elements * bytes, same ? 1 : v_.rows, stride);
        o.once = same && v_.rows > 1 && &o != &d_;
        o.by_columns = o.once && o.lines > core_.vector_registers / 4;
        if (same && !o.once) {
            o.lines *= v_.rows;
        }
        out_.add(o.base, start_of(address, core_));
    }

    /// As many vectors in a round as registers suffice for, and hide the latency of loads and operations.
    void choose_round() {
        const std::uint32_t least = std::max(
            1U, packet_bytes / std::min({a_.is_there ? a_.vector_bytes : packet_bytes,
                                         b_.is_there ? b_.vector_bytes : packet_bytes, d_.vector_bytes, packet_bytes}));
        const std::uint32_t most = depth_ > 1 ? streams_at_a_time : 2 * streams_at_a_time;
        round_ = least;
        while (round_ < most && place(2 * round_) <= core_.vector_registers) {
            round_ *= 2;
        }
        static_cast<void>(place(round_));
    }
    /// Deals out registers; how many lines of them it takes.
    std::uint32_t place(std::uint32_t vectors) {
        std::uint32_t next = 0;
        std::uint32_t needed = 0;
        for (vector_operand* o : {&a_, &b_, &d_}) {
            const bool one = o->each_row && row_vectors_ > vectors;
            o->first = next;
            o->count = !o->is_there || o->executed ? 0
                       : o->by_columns             ? o->registers(vectors)
                       : o->once                   ? static_cast<std::uint32_t>(o->lines)
                       : one                       ? 1
                       : o->each_row               ? std::max(1U, vectors / row_vectors_)
                                                   : o->registers(vectors);
            // Each short row begins in a register of its own.
            if (o->is_there && !o->executed && !o->once && !o->each_row && v_.rows > 1 && row_vectors_ <= vectors) {
                o->count = std::max(o->count, vectors / row_vectors_ * o->registers(row_vectors_));
            }
            next += o->count;
            needed += o->count * ((o->once && !o->by_columns) || o->each_row ? 1 : o->lines_of_register());
        }
        between_ = next;
        return needed + (depth_ > 1 ? vectors * std::max(1U, core_.simd_lanes * 4 / packet_bytes) : 0);
    }

    void load_once() {
        for (const vector_operand* o : {&a_, &b_}) {
            for (std::uint64_t n = 0; o->is_there && o->once && !o->by_columns && n < o->lines; ++n) {
                out_.load(vector_register(o->first + static_cast<std::uint32_t>(n)), o->base,
                          static_cast<std::int64_t>(n * packet_bytes));
            }
        }
    }

    /// All rows of some vectors, then of the next.
    void columns() {
        const auto column = [&](std::uint32_t vectors, const auto& lines_of) {
            for (const vector_operand* o : {&a_, &b_}) {
                if (!o->by_columns || lines_of(*o) == 0) {
                    continue;
                }
                for (std::uint64_t l = 0; l < lines_of(*o); ++l) {
                    const auto n = static_cast<std::uint32_t>(l * std::max(1U, vectors) / lines_of(*o));
                    out_.load(holding(*o, n, vectors), o->base, static_cast<std::int64_t>(l * packet_bytes));
                }
                out_.add(o->base, static_cast<std::int64_t>(lines_of(*o) * packet_bytes));
            }
            out_.loop(v_.rows, [&] { round(vectors, lines_of(a_), lines_of(b_), lines_of(d_)); });
        };
        const std::uint64_t rounds = row_vectors_ / round_;
        out_.loop(rounds, [&] { column(round_, [&](const vector_operand& o) { return o.lines_of(round_); }); });
        column(static_cast<std::uint32_t>(row_vectors_ - rounds * round_), [&](const vector_operand& o) {
            const std::uint64_t all = o.by_columns ? o.lines : o.lines / v_.rows;
            return all - std::min(all, rounds * o.lines_of(round_));
        });
    }

    void short_rows(std::uint32_t rows) {
        const auto of = [&](const vector_operand& o) { return o.lines / v_.rows * rows; };
        round(rows * row_vectors_, of(a_), of(b_), of(d_));
    }

    void long_row() {
        if (b_.is_there && b_.each_row && !b_.once && row_vectors_ > round_) {
            out_.load(vector_register(b_.first), b_.base, 0);
        }
        const std::uint64_t rounds = row_vectors_ / round_;
        const auto rest = [&](const vector_operand& o) {
            const std::uint64_t all = o.lines / v_.rows;
            return all - std::min(all, rounds * o.lines_of(round_));
        };
        out_.loop(rounds, [&] { round(round_, a_.lines_of(round_), b_.lines_of(round_), d_.lines_of(round_)); });
        round(static_cast<std::uint32_t>(row_vectors_ - rounds * round_), rest(a_), rest(b_), rest(d_));
    }

    /// The register that holds vector `n` of `vectors`.
    [[nodiscard]] static register_name holding(const vector_operand& o, std::uint32_t n, std::uint32_t vectors) {
        const std::uint32_t used =
            o.each_row || o.once ? o.count : std::min(o.count, std::max(1U, o.registers(vectors)));
        return vector_register(o.first + n * std::max(1U, used) / std::max(1U, vectors));
    }

    void round(std::uint32_t vectors, std::uint64_t a_lines, std::uint64_t b_lines, std::uint64_t d_lines) {
        const bool b_stays = b_.once || (b_.each_row && row_vectors_ > round_);
        const std::uint32_t turns = std::max(1U, vectors);  // one more line may follow the last vector
        // A line is loaded before the first vector that lies in it.
        const auto load = [&](const vector_operand& o, std::uint64_t all, std::uint64_t n) {
            if (!o.is_there || o.executed || o.once) {
                return;
            }
            for (std::uint64_t l = divide_up(n * all, turns); l < divide_up((n + 1) * all, turns); ++l) {
                out_.load(holding(o, static_cast<std::uint32_t>(n), vectors), o.base,
                          static_cast<std::int64_t>(l * packet_bytes));
            }
        };
        for (std::uint32_t n = 0; n < turns; ++n) {
            load(a_, a_lines, n);
            if (!b_stays) {
                load(b_, b_lines, n);
            }
            if (updates()) {
                load(d_, d_lines, n);
            }
            if (vectors != 0) {
                operation(n, 0, vectors);
            }
        }
        for (std::uint32_t step = 1; step < depth_; ++step) {
            for (std::uint32_t n = 0; n < vectors; ++n) {
                operation(n, step, vectors);
            }
        }
        for (std::uint64_t l = 0; l < d_lines; ++l) {
            const auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(l * turns / d_lines, turns - 1));
            out_.store(holding(d_, n, vectors), d_.base, static_cast<std::int64_t>(l * packet_bytes));
        }
        for (const auto& [o, all] : {std::pair{&a_, a_lines}, {&b_, b_lines}, {&d_, d_lines}}) {
            if (o->is_there && !o->once && all != 0) {
                out_.add(o->base, static_cast<std::int64_t>(all * packet_bytes));
            }
        }
    }

    void operation(std::uint32_t n, std::uint32_t step, std::uint32_t vectors) {
        const bool ends = step + 1 == depth_;
        const register_name to = ends ? holding(d_, n, vectors) : vector_register(between_ + n);
        micro_op op{.kind = op_kind::simd, .to = to, .updates = ends && updates()};
        if (step != 0) {
            op.from[0] = vector_register(between_ + n);
            out_.put(op);
            return;
        }
        std::size_t next = 0;
        for (const vector_operand* o : {&a_, &b_}) {
            if (o->executed) {
                op.base = o->base;
                op.value = static_cast<std::int32_t>(n * packet_bytes);
            } else if (o->is_there) {
                op.from[next++] = holding(*o, n, vectors);
            }
        }
        out_.put(op);
    }

    const program::vector_operation<std::int64_t>& v_;
    const core_parameters& core_;
    std::uint32_t active_;
    std::uint32_t row_vectors_;
    std::uint32_t depth_;
    std::uint32_t round_ = 1;  // vectors
    vector_operand a_;
    vector_operand b_;
    vector_operand d_;
    std::uint32_t between_ = 0;  // registers for vectors on their way through a sequence
    kernel_writer out_;
};

}  // namespace

kernel kernel_of(const program::vector_operation<std::int64_t>& v, const core_parameters& core) {
    return vector_writer(v, core).write();
}

// ---------------------------------------------------------------------------------------------------- lines

kernel kernel_of(const program::copy<std::int64_t>& c, const core_parameters& core) {
    const auto& shape = c.shape;
    kernel_writer out("copy");
    const stream from{pointer(0), lines_of_rows(c.source, shape.row_bytes, shape.rows, shape.source_stride)};
    const stream to{pointer(1), lines_of_rows(c.destination, shape.row_bytes, shape.rows, shape.destination_stride)};
    out.add(from.base, start_of(c.source, core));
    out.add(to.base, start_of(c.destination, core));
    shuffle_lines(out, from, to, 0, core.vector_registers);
    return out.take();
}

kernel kernel_of(const program::transpose<std::int64_t>& t, const core_parameters& core) {
    const std::uint64_t bytes = numerics::bytes(t.type.format);
    kernel_writer out("transpose");
    const stream from{pointer(0), lines_of_rows(t.source, t.columns * bytes, t.rows, t.source_stride)};
    const stream to{pointer(1), lines_of_rows(t.destination, t.rows * bytes, t.columns, t.destination_stride)};
    out.add(from.base, start_of(t.source, core));
    out.add(to.base, start_of(t.destination, core));
    shuffle_lines(out, from, to, divide_up(std::uint64_t{t.rows} * t.columns, core.simd_lanes), core.vector_registers);
    return out.take();
}

// ---------------------------------------------------------------------------------------------------- reduce

namespace {

class reduce_writer {
  public:
    reduce_writer(const program::reduce<std::int64_t>& r, const core_parameters& core)
        : r_(r),
          out_("reduce"),
          // A vector of more lanes than a row's takes some rows, one of fewer takes some operations for them.
          rows_of_vector_(std::max(1U, core.simd_lanes / program::reduction_lanes)),
          parts_(std::max(1U, program::reduction_lanes / core.simd_lanes)),
          side_by_side_(std::min(streams_at_a_time, core.vector_registers / 2)) {
        bytes_ = numerics::bytes(r.source_type.format);
        lines_ = lines_of_rows(r.source, std::uint64_t{r.elements} * bytes_, r.rows, r.source_stride);
        out_.add(source, start_of(r.source, core));
        out_.add(destination, start_of(r.destination, core));
    }

    kernel write() {
        const std::uint64_t vectors = divide_up(r_.rows, rows_of_vector_);
        const std::uint64_t lines_of_vector = lines_ / vectors;
        const std::uint64_t stores =
            lines(r_.destination, std::uint64_t{r_.rows} * numerics::bytes(r_.destination_type.format));
        const std::uint64_t rounds = vectors / side_by_side_;
        const std::uint64_t stored_each = rounds == 0 ? 0 : (stores - 1) / rounds;
        out_.loop(rounds, [&] { batch(side_by_side_, lines_of_vector, stored_each); });
        batch(static_cast<std::uint32_t>(vectors % side_by_side_), lines_of_vector, 0);
        move_lines(out_, lines_ - lines_of_vector * vectors, [&](std::uint32_t i) { load(i, 0); });
        move_lines(out_, stores - stored_each * rounds,
                   [&](std::uint32_t i) { out_.store(sum(i), destination, std::int64_t{i} * packet_bytes); });
        return out_.take();
    }

  private:
    [[nodiscard]] static register_name line(std::uint32_t n) { return vector_register(n); }
    [[nodiscard]] register_name sum(std::uint32_t v) const { return vector_register(side_by_side_ + v); }
    void load(std::uint32_t v, std::int64_t offset) { out_.load(line(v), source, offset); }

    /// `vectors` rows, or groups of rows, side by side.
    void batch(std::uint32_t vectors, std::uint64_t lines_each, std::uint64_t stored) {
        if (vectors == 0) {
            return;
        }
        // A place in the row is compared, and chosen together with its value.
        const std::uint32_t each_time = program::gives_index(r_.operation) ? 3 : 1;
        const std::uint64_t operations = divide_up(r_.elements, program::reduction_lanes) * parts_ * each_time;
        const std::uint64_t both = std::min(lines_each, operations);
        const std::uint64_t of_line = both == 0 ? 0 : operations / both;
        const auto each = [&](const auto& visit) {
            for (std::uint32_t v = 0; v < vectors; ++v) {
                visit(v);
            }
        };
        in_rounds(out_, both, std::max(1U, side_by_side_ / vectors), [&](std::uint32_t count) {
            for (std::uint32_t i = 0; i < count; ++i) {
                each([&](std::uint32_t v) {
                    load(i * vectors + v, v * r_.source_stride + std::int64_t{i} * packet_bytes);
                });
                for (std::uint64_t n = 0; n < of_line; ++n) {
                    each([&](std::uint32_t v) { out_.simd(sum(v), line(i * vectors + v), sum(v)); });
                }
            }
            out_.add(source, std::int64_t{count} * packet_bytes);
        });
        out_.loop(lines_each - both, [&] { each([&](std::uint32_t v) { load(v, 0); }); });
        out_.loop(operations - of_line * both, [&] { each([&](std::uint32_t v) { out_.simd(sum(v), sum(v)); }); });
        const std::uint32_t joins =
            each_time * static_cast<std::uint32_t>(std::bit_width(std::min(r_.elements, program::reduction_lanes) - 1));
        for (std::uint32_t n = 0; n < joins; ++n) {
            each([&](std::uint32_t v) { out_.simd(sum(v), sum(v)); });
        }
        for (std::uint64_t n = 0; n < stored; ++n) {
            out_.store(sum(vectors - 1), destination, static_cast<std::int64_t>(n * packet_bytes));
        }
        out_.add(destination, static_cast<std::int64_t>(stored * packet_bytes));
        out_.add(source, std::int64_t{vectors} * r_.source_stride - static_cast<std::int64_t>(both * packet_bytes));
    }

    static constexpr register_name source = pointer(0);
    static constexpr register_name destination = pointer(1);

    const program::reduce<std::int64_t>& r_;
    kernel_writer out_;
    std::uint32_t rows_of_vector_;
    std::uint32_t parts_;
    std::uint32_t side_by_side_;
    std::uint64_t bytes_ = 0;
    std::uint64_t lines_ = 0;
};

}  // namespace

kernel kernel_of(const program::reduce<std::int64_t>& r, const core_parameters& core) {
    return reduce_writer(r, core).write();
}

// ---------------------------------------------------------------------------------------------------- look-up

namespace {

constexpr register_name table = pointer(0);
constexpr register_name indices = pointer(1);
constexpr register_name dense = pointer(2);

/// Lines of indices, each followed by its share of `granules` granules, `in_line` of them to a line; what of granules
/// is left follows with the last. Two registers of indices take turns. visit(indices, n, count): the n-th of some
/// lines.
void look_up(kernel_writer& out, std::uint64_t index_lines, std::uint64_t granules, std::uint32_t in_line,
             std::uint32_t registers, const auto& visit) {
    const std::uint64_t whole = granules / in_line;
    const std::uint64_t each = index_lines == 0 ? 0 : whole / index_lines;
    const std::uint32_t lines_most = std::min(streams_at_a_time, registers / 2 - 2);
    const auto line = [&](register_name held) {
        out.load(held, indices, 0);
        out.add(indices, packet_bytes);
        in_rounds(out, each, lines_most, [&](std::uint32_t count) {
            for (std::uint32_t n = 0; n < count; ++n) {
                visit(held, n, in_line);
            }
        });
    };
    out.loop(index_lines / 2, [&] {
        line(vector_register(0));
        line(vector_register(1));
    });
    if (index_lines % 2 != 0) {
        line(vector_register(0));
    }
    out.loop(whole - each * index_lines, [&] { visit(vector_register(0), 0, in_line); });
    if (granules % in_line != 0) {
        visit(vector_register(0), 0, static_cast<std::uint32_t>(granules % in_line));
    }
}

}  // namespace

kernel kernel_of(const program::gather<std::int64_t>& g, const core_parameters& core) {
    kernel_writer out("gather");
    out.add(table, start_of(g.table.address, core));
    out.add(indices, start_of(g.indices, core));
    out.add(dense, start_of(g.destination, core));
    const std::uint32_t in_line = packet_bytes / g.table.granule_bytes;
    const std::uint64_t granules = program::granules_of(g);
    look_up(out, index_lines(g), granules, in_line, core.vector_registers,
            [&](register_name held, std::uint32_t n, std::uint32_t count) {
                const register_name row = vector_register(2 + n);
                for (std::uint32_t piece = 0; piece < count; ++piece) {
                    out.put({.kind = op_kind::gather, .to = row, .from = {held, no_register}, .base = table});
                }
                out.store(row, dense, std::int64_t{n} * packet_bytes);
            });
    const std::uint64_t stored = divide_up(granules, in_line);
    move_lines(out, lines(g.destination, g.elements * g.table.row_bytes()) - stored,
               [&](std::uint32_t) { out.store(vector_register(1), dense, 0); });
    return out.take();
}

kernel kernel_of(const program::scatter_add<std::int64_t>& s, const core_parameters& core) {
    kernel_writer out("scatter_add");
    out.add(table, start_of(s.table.address, core));
    out.add(indices, start_of(s.indices, core));
    out.add(dense, start_of(s.source, core));
    const std::uint32_t in_line = packet_bytes / s.table.granule_bytes;
    const std::uint64_t granules = program::granules_of(s);
    const std::uint64_t table_lines = divide_up(granules, in_line);
    const std::uint64_t source_lines = lines(s.source, s.elements * source_row_bytes(s));
    const std::uint64_t operations = divide_up(s.elements * elements_of_row(s), core.simd_lanes);
    const std::uint64_t loads_each = table_lines == 0 ? 0 : source_lines / table_lines;
    const std::uint64_t operations_each = table_lines == 0 ? 0 : operations / table_lines;
    look_up(out, index_lines(s), granules, in_line, core.vector_registers,
            [&](register_name held, std::uint32_t n, std::uint32_t count) {
                const register_name row = vector_register(2 + n);
                const register_name added = vector_register(n + core.vector_registers / 2 + 1);
                for (std::uint64_t l = 0; l < loads_each; ++l) {
                    out.load(added, dense, static_cast<std::int64_t>(l * packet_bytes));
                }
                for (std::uint32_t piece = 0; piece < count; ++piece) {
                    out.put({.kind = op_kind::gather, .to = row, .from = {held, no_register}, .base = table});
                }
                for (std::uint64_t o = 0; o < operations_each; ++o) {
                    out.simd(row, row, added);
                }
                for (std::uint32_t piece = 0; piece < count; ++piece) {
                    out.put({.kind = op_kind::scatter, .from = {held, row}, .base = table});
                }
            });
    move_lines(out, source_lines - loads_each * table_lines,
               [&](std::uint32_t i) { out.load(vector_register(i + 1), dense, std::int64_t{i} * packet_bytes); });
    move_lines(out, operations - operations_each * table_lines,
               [&](std::uint32_t i) { out.simd(vector_register(i + 1), vector_register(i + 1)); });
    return out.take();
}

kernel kernel_of_transfer(bool in_list) {
    kernel_writer out(in_list ? "transfer in a list" : "transfer");
    if (in_list) {
        out.list_entry();
        return out.take();
    }
    out.add(pointer(0), 0);  // source and destination
    out.add(pointer(1), 0);
    out.scalar();  // the remote node
    out.scalar();  // to the network interface
    return out.take();
}

kernel kernel_of_semaphore() {
    kernel_writer out("semaphore");
    out.semaphore();
    return out.take();
}

}  // namespace d1::pipeline
