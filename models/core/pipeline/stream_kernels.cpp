// The inner kernels that move lines through the vector registers, with or without SIMD operations on the way.

#include <algorithm>
#include <bit>
#include <stdexcept>
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

std::int64_t start_of(std::int64_t address, const pipeline_parameters& core) {
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

/// An operand of a vector operation, in registers of at least a line that hold whole vectors.
struct vector_operand {
    std::uint32_t element_bytes = 0;  // 0: not there
    std::uint64_t lines = 0;          // of all elements
    std::uint32_t first = 0;          // register
    register_name base = pointer(0);
    std::uint32_t vector_bytes = 0;

    [[nodiscard]] bool is_there() const { return element_bytes != 0; }
    [[nodiscard]] std::uint32_t register_bytes() const { return std::max(vector_bytes, packet_bytes); }
    [[nodiscard]] std::uint64_t lines_of(std::uint64_t elements) const {
        return divide_up(elements * element_bytes, packet_bytes);
    }
    /// The register that holds the n-th vector.
    [[nodiscard]] register_name holding(std::uint32_t n) const {
        return vector_register(first + n * vector_bytes / register_bytes());
    }
};

class vector_writer {
  public:
    vector_writer(const program::vector_operation<std::int64_t>& v, const pipeline_parameters& core)
        : v_(v),
          lanes_(core.simd_lanes),
          active_(program::active_elements(v)),
          out_(std::string("vector_operation ") + std::string(numerics::name(v.operation))) {
        const std::uint32_t sources = numerics::source_count(v.operation);
        const auto set = [&](vector_operand& o, std::uint32_t number, std::int64_t address, numerics::element_type type,
                             std::uint64_t elements) {
            o.element_bytes = numerics::bytes(type.format);
            o.lines = elements == 0 ? 0 : lines(address, elements * o.element_bytes);
            o.base = pointer(number);
            o.vector_bytes = lanes_ * o.element_bytes;
            out_.add(o.base, start_of(address, core));
        };
        if (sources > 0) {
            set(a_, 0, v.a, v.a_type, active_);
        }
        if (sources > 1) {
            set(b_, 1, v.b, v.b_type, v.broadcast_b ? std::min(active_, 1U) : active_);
        }
        set(d_, 2, v.destination, v.destination_type, active_);
        if (numerics::operation_count(v.operation) > 1) {
            between_.element_bytes = between_.vector_bytes =
                std::max(packet_bytes, lanes_ * std::uint32_t{sizeof(float)});
        }
        choose_group(core.vector_registers);
    }

    kernel write() {
        if (active_ == 0) {
            out_.simd(vector_register(0));
            return out_.take();
        }
        if (broadcasts()) {
            out_.load(b_.holding(0), b_.base, 0);
            b_.lines = 0;
        }
        const std::uint64_t rounds = active_ / elements_;
        out_.loop(rounds, [&] { group(elements_, false); });
        group(static_cast<std::uint32_t>(active_ - rounds * elements_), true);
        return out_.take();
    }

  private:
    [[nodiscard]] bool broadcasts() const { return b_.is_there() && v_.broadcast_b; }
    /// The operand, if any, that comes with the operation: a line is just a vector.
    [[nodiscard]] const vector_operand* executed_on() const {
        const vector_operand& last = b_.is_there() && !v_.broadcast_b ? b_ : a_;
        return last.is_there() && last.vector_bytes == packet_bytes ? &last : nullptr;
    }

    /// As many elements in a round as make whole lines of every operand and enough vectors, if registers suffice.
    void choose_group(std::uint32_t registers) {
        elements_ = lanes_;
        for (const vector_operand* o : {&a_, &b_, &d_}) {
            if (o->is_there()) {
                elements_ = std::max(elements_, packet_bytes / o->element_bytes);
            }
        }
        const std::uint32_t vectors =
            numerics::operation_count(v_.operation) > 1 ? streams_at_a_time : 2 * streams_at_a_time;
        while (elements_ / lanes_ < vectors && place(2 * elements_) <= registers) {
            elements_ *= 2;
        }
        static_cast<void>(place(elements_));
    }
    /// Deals out registers; how many lines of them it takes.
    std::uint64_t place(std::uint32_t elements) {
        const std::uint32_t vectors = elements / lanes_;
        std::uint32_t next = 0;
        std::uint64_t needed = 0;
        for (vector_operand* o : {&a_, &b_, &d_}) {
            if (!o->is_there()) {
                continue;
            }
            const bool repeated = o == &b_ && v_.broadcast_b;
            o->first = next;
            if (o == executed_on()) {
                continue;  // waits in a place of its own
            }
            const std::uint64_t of = repeated ? 1 : divide_up(elements * o->element_bytes, o->register_bytes());
            next += static_cast<std::uint32_t>(of);
            needed += of * (o->register_bytes() / packet_bytes);
        }
        between_.first = next;
        return needed + (between_.is_there() ? vectors * (between_.vector_bytes / packet_bytes) : 0);
    }

    void group(std::uint32_t elements, bool last) {
        const auto vectors = static_cast<std::uint32_t>(divide_up(elements, lanes_));
        const vector_operand* const executed = executed_on();
        std::uint64_t loaded_a = 0;
        std::uint64_t loaded_b = 0;
        for (std::uint32_t n = 0; n < vectors; ++n) {
            const bool ends = n + 1 == vectors;
            load(a_, loaded_a, n, elements, last, ends);
            load(b_, loaded_b, n, elements, last, ends);
            operation(n, 0, executed);
        }
        const std::uint32_t depth = numerics::operation_count(v_.operation);
        for (std::uint32_t step = 1; step < depth; ++step) {
            for (std::uint32_t n = 0; n < vectors; ++n) {
                operation(n, step, executed);
            }
        }
        if (executed != nullptr && last) {  // where it does not begin at a line there is one more
            extra_lines(*executed, elements);
        }
        const std::uint64_t held =
            std::max<std::uint64_t>(1, divide_up(vectors * d_.vector_bytes, d_.register_bytes()));
        for (std::uint64_t n = 0, all = lines_in(d_, elements, last); n < all; ++n) {
            const std::uint64_t r = std::min(n * packet_bytes / d_.register_bytes(), held - 1);
            out_.store(vector_register(d_.first + static_cast<std::uint32_t>(r)), d_.base,
                       static_cast<std::int64_t>(n * packet_bytes));
        }
        if (!last) {
            for (const vector_operand* o : {&a_, &b_, &d_}) {
                if (o->is_there() && !(o == &b_ && v_.broadcast_b)) {
                    out_.add(o->base, std::int64_t{elements} * o->element_bytes);
                }
            }
        }
    }

    /// The lines of an operand that vector `n` of a round is the first to need; all that are left with the last vector.
    void load(vector_operand& o, std::uint64_t& loaded, std::uint32_t n, std::uint32_t elements, bool last, bool ends) {
        if (!o.is_there() || &o == executed_on()) {
            return;
        }
        const std::uint64_t all = lines_in(o, elements, last);
        const std::uint64_t wanted = ends ? all : std::min(all, divide_up((n + 1ULL) * o.vector_bytes, packet_bytes));
        for (; loaded < wanted; ++loaded) {
            const std::uint64_t r =
                std::min(loaded * packet_bytes, std::uint64_t{n} * o.vector_bytes) / o.register_bytes();
            out_.load(vector_register(o.first + static_cast<std::uint32_t>(r)), o.base,
                      static_cast<std::int64_t>(loaded * packet_bytes));
        }
    }

    void operation(std::uint32_t n, std::uint32_t step, const vector_operand* executed) {
        const bool ends = step + 1 == numerics::operation_count(v_.operation);
        const register_name to = ends ? d_.holding(n) : between_.holding(n);
        if (step != 0) {
            out_.simd(to, between_.holding(n));
            return;
        }
        micro_op op{.kind = op_kind::simd, .to = to};
        if (a_.is_there() && &a_ != executed) {
            op.from[0] = a_.holding(n);
        }
        if (b_.is_there() && &b_ != executed) {
            op.from[1] = v_.broadcast_b ? b_.holding(0) : b_.holding(n);
        }
        if (executed != nullptr) {
            op.base = executed->base;
            op.value = static_cast<std::int32_t>(n * packet_bytes);
        }
        out_.put(op);
    }

    /// The lines of a round; the last one has what is left of them.
    [[nodiscard]] std::uint64_t lines_in(const vector_operand& o, std::uint64_t elements, bool last) const {
        const std::uint64_t rounds = active_ / elements_;
        return o.lines == 0 ? 0
               : last       ? o.lines - std::min(o.lines, rounds * o.lines_of(elements_))
                            : o.lines_of(elements);
    }
    void extra_lines(const vector_operand& o, std::uint32_t elements) {
        const std::uint64_t rounds = active_ / elements_;
        const std::uint64_t with_operations = rounds * (elements_ / lanes_) + divide_up(elements, lanes_);
        for (std::uint64_t n = with_operations; n < o.lines; ++n) {
            out_.load(staging_for_alignment, o.base, static_cast<std::int64_t>(n * packet_bytes));
        }
    }
    static constexpr register_name staging_for_alignment = vector_register(vector_registers_most - 1);

    const program::vector_operation<std::int64_t>& v_;
    std::uint32_t lanes_;
    std::uint32_t active_;
    std::uint32_t elements_ = 0;  // of a round
    vector_operand a_;
    vector_operand b_;
    vector_operand d_;
    vector_operand between_;  // vectors on their way through a sequence
    kernel_writer out_;
};

}  // namespace

kernel kernel_of(const program::vector_operation<std::int64_t>& v, const pipeline_parameters& core) {
    if (v.rows != 1 || numerics::reads_destination(v.operation)) {
        throw std::invalid_argument("no inner kernel for vector operations on several rows or onto their destination");
    }
    return vector_writer(v, core).write();
}

// ---------------------------------------------------------------------------------------------------- lines

kernel kernel_of(const program::copy<std::int64_t>& c, const pipeline_parameters& core) {
    const auto& shape = c.shape;
    kernel_writer out("copy");
    const stream from{pointer(0), lines_of_rows(c.source, shape.row_bytes, shape.rows, shape.source_stride)};
    const stream to{pointer(1), lines_of_rows(c.destination, shape.row_bytes, shape.rows, shape.destination_stride)};
    out.add(from.base, start_of(c.source, core));
    out.add(to.base, start_of(c.destination, core));
    shuffle_lines(out, from, to, 0, core.vector_registers);
    return out.take();
}

kernel kernel_of(const program::transpose<std::int64_t>& t, const pipeline_parameters& core) {
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
    reduce_writer(const program::reduce<std::int64_t>& r, const pipeline_parameters& core)
        : r_(r),
          out_("reduce"),
          // A vector of more lanes than a row's takes some rows, one of fewer takes some operations for them.
          rows_of_vector_(std::max(1U, core.simd_lanes / program::reduction_lanes)),
          parts_(std::max(1U, program::reduction_lanes / core.simd_lanes)),
          side_by_side_(std::min(streams_at_a_time, core.vector_registers / 2)) {
        bytes_ = numerics::bytes(r.source_type.format);
        lines_ = lines_of_rows(r.source, std::uint64_t{r.elements} * bytes_, r.rows, r.source_stride);
        out_.add(source_, start_of(r.source, core));
        out_.add(destination_, start_of(r.destination, core));
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
                   [&](std::uint32_t i) { out_.store(sum(i), destination_, std::int64_t{i} * packet_bytes); });
        return out_.take();
    }

  private:
    [[nodiscard]] static register_name line(std::uint32_t n) { return vector_register(n); }
    [[nodiscard]] register_name sum(std::uint32_t v) const { return vector_register(side_by_side_ + v); }
    void load(std::uint32_t v, std::int64_t offset) { out_.load(line(v), source_, offset); }

    /// `vectors` rows, or groups of rows, side by side.
    void batch(std::uint32_t vectors, std::uint64_t lines_each, std::uint64_t stored) {
        if (vectors == 0) {
            return;
        }
        const std::uint64_t operations = divide_up(r_.elements, program::reduction_lanes) * parts_;
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
            out_.add(source_, std::int64_t{count} * packet_bytes);
        });
        out_.loop(lines_each - both, [&] { each([&](std::uint32_t v) { load(v, 0); }); });
        out_.loop(operations - of_line * both, [&] { each([&](std::uint32_t v) { out_.simd(sum(v), sum(v)); }); });
        const auto joins =
            static_cast<std::uint32_t>(std::bit_width(std::min(r_.elements, program::reduction_lanes) - 1));
        for (std::uint32_t n = 0; n < joins; ++n) {
            each([&](std::uint32_t v) { out_.simd(sum(v), sum(v)); });
        }
        for (std::uint64_t n = 0; n < stored; ++n) {
            out_.store(sum(vectors - 1), destination_, static_cast<std::int64_t>(n * packet_bytes));
        }
        out_.add(destination_, static_cast<std::int64_t>(stored * packet_bytes));
        out_.add(source_, std::int64_t{vectors} * r_.source_stride - static_cast<std::int64_t>(both * packet_bytes));
    }

    static constexpr register_name source_ = pointer(0);
    static constexpr register_name destination_ = pointer(1);

    const program::reduce<std::int64_t>& r_;
    kernel_writer out_;
    std::uint32_t rows_of_vector_;
    std::uint32_t parts_;
    std::uint32_t side_by_side_;
    std::uint64_t bytes_ = 0;
    std::uint64_t lines_ = 0;
};

}  // namespace

kernel kernel_of(const program::reduce<std::int64_t>& r, const pipeline_parameters& core) {
    if (program::gives_index(r.operation)) {
        throw std::invalid_argument("no inner kernel for reductions to a place in the row");
    }
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

kernel kernel_of(const program::gather<std::int64_t>& g, const pipeline_parameters& core) {
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

kernel kernel_of(const program::scatter_add<std::int64_t>& s, const pipeline_parameters& core) {
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
