// The programs of a formula.

#include <algorithm>
#include <span>
#include <string>

#include "testbenches/kernels/basics.hpp"
#include "testbenches/kernels/formula.hpp"

namespace d1::kernels {

namespace {

using numerics::elementwise_operation;
using program::affine;
using value = formula::value;

constexpr std::uint32_t unit_elements = 64;    // whole lines in memory, whatever the type
constexpr std::uint32_t chunk_elements = 512;  // 32 cycles an operation: far above what it takes to issue one
constexpr std::uint32_t line_numbers = 16;     // FP32 numbers of a line
constexpr std::uint32_t number_bytes = sizeof(float);
/// Whether a step works on rows, chunk by chunk; the others work on what is reduced.
bool is_of_rows(const formula::step& s) {
    return s.does != formula::step::kind::broadcast &&
           (s.does != formula::step::kind::apply || s.d.shape == value_shape::matrix ||
            s.d.shape == value_shape::per_row);
}

bool reduces_columns(const formula::step& s) {
    return s.does == formula::step::kind::reduce_columns;
}

/// How a formula lies over the nodes of a die.
struct formula_layout {
    const formula& f;
    const die& on;
    std::string name;
    matrix_extent extent;
    std::uint32_t columns;
    bool reduces;  ///< over columns
    std::uint32_t unit;
    spread nodes;
    std::uint32_t chunk;  ///< rows
    std::uint32_t slice;  ///< columns of what is reduced that a node holds
    std::uint32_t owners;

    formula_layout(const std::string& kernel_name, const formula& of, const matrix_extent& size,
                   std::uint32_t rows_in_unit, const die& d)
        : f(of),
          on(d),
          name(kernel_name),
          extent(size),
          columns(static_cast<std::uint32_t>(size.columns)),
          reduces(std::ranges::any_of(of.steps(), reduces_columns)),
          unit(reduces ? column_block(size.rows) : rows_in_unit),
          nodes(size.rows, unit, d),
          chunk(reduces ? unit : std::max(1U, chunk_elements / columns)),
          slice(divide_up(divide_up(columns, line_numbers), nodes.nodes()) * line_numbers),
          owners(divide_up(columns, slice)) {}

    [[nodiscard]] std::uint32_t columns_owned(std::uint32_t node) const {
        return node < owners ? std::min(slice, columns - node * slice) : 0;
    }
    /// Numbers that a node holds of a value, at most.
    [[nodiscard]] std::uint64_t numbers(value_shape shape, std::uint64_t rows) const {
        switch (shape) {
            case value_shape::matrix:
                return rows * columns;
            case value_shape::per_row:
                return rows;
            case value_shape::per_column:
                return std::uint64_t{owners} * slice;
            case value_shape::reduced:
                return slice;
            case value_shape::total:
            case value_shape::constant:
                break;
        }
        return 1;
    }
    [[nodiscard]] std::vector<piece> pieces(const formula::tensor_entry& t) const {
        const std::uint32_t size = numerics::bytes(t.type.format);
        if (t.shape == value_shape::matrix) return nodes.pieces(columns, size);
        if (t.shape == value_shape::per_row) return nodes.pieces(1, size);
        std::vector<piece> all;
        const std::uint32_t holders = t.shape == value_shape::total     ? 1
                                      : t.shape == value_shape::reduced ? owners
                                                                        : nodes.nodes();
        for (std::uint32_t n = 0; n < holders; ++n) {
            piece p{.node = {static_cast<std::int32_t>(n), 0}, .columns = 1};
            if (t.shape == value_shape::per_column) p.columns = columns;
            if (t.shape == value_shape::reduced) {
                p.first = std::uint64_t{n} * slice;
                p.columns = columns_owned(n);
            }
            all.push_back(p);
        }
        return all;
    }
    [[nodiscard]] std::uint64_t elements(value_shape shape) const {
        return shape == value_shape::matrix                                        ? extent.rows * extent.columns
               : shape == value_shape::per_row                                     ? extent.rows
               : shape == value_shape::per_column || shape == value_shape::reduced ? extent.columns
                                                                                   : 1;
    }
    [[nodiscard]] std::string what() const {
        return name + " of " + std::to_string(extent.rows) + " x " + std::to_string(extent.columns) + " elements";
    }
};

/// Makes the program of one kind of share.
class formula_generator {
  public:
    formula_generator(const formula_layout& l, const node_share& share)
        : l_(l), f_(l.f), share_(share), owned_(l.columns_owned(share.node)), build_(unlimited_builder(l.name, l.on)) {
        for (const auto& t : f_.tensors()) {
            const std::uint64_t bytes = l_.numbers(t.shape, l_.nodes.largest_rows()) * numerics::bytes(t.type.format);
            tensors_.push_back(t.use == tensor_use::output ? build_.buffer(t.name, bytes, t.type)
                                                           : build_.input_buffer(t.name, bytes, t.type));
        }
        std::size_t number = 0;
        for (const formula::step& s : f_.steps()) {
            if (reduces_columns(s)) exchanges_.push_back(exchange_buffers(s, number++));
        }
        if (!exchanges_.empty()) {
            scratch_ = build_.buffer("scratch", scratch_bytes(), fp32);
        }
    }

    [[nodiscard]] program::program make() {
        const std::uint32_t most = l_.reduces ? 1 : std::min(2U, l_.on.parameters().die.node.core.threads);
        threads_ = std::clamp(divide_up(share_.rows, l_.chunk), 1U, most);
        for (thread_ = 0; thread_ < threads_; ++thread_) {
            auto t = build_.thread();
            begin(t);
            for (std::span<const formula::step> left(f_.steps()); !left.empty();) {
                const bool of_rows = is_of_rows(left.front());
                const auto end =
                    std::ranges::find_if(left, [&](const formula::step& s) { return is_of_rows(s) != of_rows; });
                const auto group = left.first(static_cast<std::size_t>(end - left.begin()));
                if (of_rows) {
                    work_on_rows(t, group);
                    exchange(t, group);
                } else {
                    work_on_reduced(t, group);
                }
                left = left.subspan(group.size());
            }
        }
        return finish(build_, l_.on, l_.what());
    }
    [[nodiscard]] const std::vector<program::buffer_handle>& tensors() const { return tensors_; }

  private:
    /// What the reductions of blocks lie in: those of a node's own blocks, and of all blocks for the columns it owns.
    struct exchange_part {
        std::uint32_t width;  ///< numbers of a block
        std::uint32_t slice;  ///< of these in a node
        program::buffer_handle own;
        program::buffer_handle all;
    };
    exchange_part exchange_buffers(const formula::step& s, std::size_t number) {
        const bool is_total = s.d.shape == value_shape::total;
        const std::uint32_t width = is_total ? 1 : l_.owners * l_.slice;
        const std::uint32_t slice = is_total ? 1 : l_.slice;
        const std::string suffix = std::to_string(number);
        return {
            width, slice,
            build_.buffer("of_blocks" + suffix, std::uint64_t{l_.nodes.largest_units()} * width * number_bytes, fp32),
            build_.buffer("of_all_blocks" + suffix, std::uint64_t{l_.nodes.units()} * slice * number_bytes, fp32)};
    }
    [[nodiscard]] std::uint64_t scratch_bytes() const {
        return std::max(std::uint64_t{l_.unit} * l_.columns, std::uint64_t{l_.nodes.units()} * l_.slice) * number_bytes;
    }

    /// The thread's own temporaries and constants.
    void begin(program::thread_builder& t) {
        std::string suffix("_");
        suffix += std::to_string(thread_);
        temporaries_.clear();
        for (std::size_t i = 0; i < f_.temporaries().size(); ++i) {
            temporaries_.push_back(build_.buffer("temporary" + std::to_string(i) + suffix,
                                                 l_.numbers(f_.temporaries()[i], l_.chunk) * number_bytes, fp32));
        }
        constants_.clear();
        for (std::size_t i = 0; i < f_.constants().size(); ++i) {
            constants_.push_back(build_.buffer("constant" + std::to_string(i) + suffix, number_bytes, fp32, 4));
            fill(t, constants_.back(), f_.constants()[i]);
        }
        if (f_.numbers()) count_columns(t, temporaries_[f_.numbers()->number], suffix);
    }
    void fill(program::thread_builder& t, const affine& where, float number) {
        t.vector_operation({.operation = elementwise_operation::fill,
                            .destination = where,
                            .scalar = number,
                            .elements = 1,
                            .destination_type = fp32});
    }
    /// 0, 1, 2, ... by doubling: what is there already, plus how much that is.
    void count_columns(program::thread_builder& t, const program::buffer_handle& numbers, const std::string& suffix) {
        const auto count = build_.buffer("count" + suffix, number_bytes, fp32, 4);
        fill(t, numbers, 0);
        for (std::uint32_t known = 1; known < l_.columns; known *= 2) {
            fill(t, count, static_cast<float>(known));
            t.vector_operation({.operation = elementwise_operation::add,
                                .destination = numbers + affine(known * number_bytes),
                                .a = numbers,
                                .b = count,
                                .elements = std::min(known, l_.columns - known),
                                .destination_type = fp32,
                                .a_type = fp32,
                                .b_type = fp32,
                                .broadcast_b = true});
        }
    }

    /// Rows that are worked on together, those of `first` on.
    struct chunk {
        affine first;
        affine number;
        std::uint32_t rows = 0;
    };

    void work_on_rows(program::thread_builder& t, std::span<const formula::step> steps) {
        const std::uint32_t whole = share_.rows / l_.chunk;
        const std::uint32_t rest = share_.rows % l_.chunk;
        const std::uint32_t own = (whole + threads_ - 1 - thread_) / threads_;
        const auto emit = [&](const affine& number, std::uint32_t rows) {
            for (const formula::step& s : steps) emit_on_rows(t, s, {number * l_.chunk, number, rows});
        };
        if (own != 0) {
            const auto round = t.loop(own);
            emit(affine(round) * threads_ + affine(thread_), l_.chunk);
        }
        if (rest != 0 && whole % threads_ == thread_) emit(whole, rest);
    }

    void emit_on_rows(program::thread_builder& t, const formula::step& s, const chunk& c) {
        switch (s.does) {
            case formula::step::kind::apply:
                return apply(t, s, c);
            case formula::step::kind::reduce_rows:
                return t.reduce({.operation = s.reduction,
                                 .destination = address(s.d, c),
                                 .source = address(s.a, c),
                                 .rows = c.rows,
                                 .elements = l_.columns,
                                 .source_stride = row_bytes(s.a),
                                 .destination_type = type(s.d),
                                 .source_type = type(s.a)});
            case formula::step::kind::reduce_columns: {
                const exchange_part& e = exchanges_[exchange_of(s)];
                const std::uint32_t columns = s.a.shape == value_shape::matrix ? l_.columns : 1;
                return reduce_columns(t, s.reduction, e.own + c.number * (e.width * number_bytes), fp32,
                                      address(s.a, c), type(s.a), c.rows, columns,
                                      std::int64_t{columns} * numerics::bytes(type(s.a).format));
            }
            case formula::step::kind::broadcast:
                break;
        }
    }

    /// destination[c] = the reduction of column c of a matrix.
    void reduce_columns(program::thread_builder& t, program::reduction operation, const affine& destination,
                        numerics::element_type destination_type, const affine& source,
                        numerics::element_type source_type, std::uint32_t rows, std::uint32_t columns,
                        std::int64_t source_stride) {
        const std::int64_t size = numerics::bytes(source_type.format);
        // A matrix of one column is its own transpose.
        const bool is_row = columns == 1 && source_stride == size;
        if (!is_row) {
            t.transpose({.destination = *scratch_,
                         .source = source,
                         .rows = rows,
                         .columns = columns,
                         .source_stride = source_stride,
                         .destination_stride = rows * size,
                         .type = source_type});
        }
        t.reduce({.operation = operation,
                  .destination = destination,
                  .source = is_row ? source : affine(*scratch_),
                  .rows = columns,
                  .elements = rows,
                  .source_stride = rows * size,
                  .destination_type = destination_type,
                  .source_type = source_type});
    }

    void apply(program::thread_builder& t, const formula::step& s, const chunk& c) {
        const std::uint32_t sources = numerics::source_count(s.operation);
        const auto dense = [&](const value& v) {
            return v.shape == s.d.shape || v.shape == value_shape::constant ||
                   (s.d.shape == value_shape::reduced && v.shape == value_shape::per_column);
        };
        const bool is_dense = (sources < 1 || dense(s.a)) && (sources < 2 || dense(s.b));
        program::vector_operation<affine> v{.operation = s.operation,
                                            .destination = address(s.d, c),
                                            .scalar = s.scalar,
                                            .elements = l_.columns,
                                            .destination_type = type(s.d)};
        if (is_dense) {
            v.elements =
                s.d.shape == value_shape::reduced ? owned_ : static_cast<std::uint32_t>(l_.numbers(s.d.shape, c.rows));
        } else {
            v.rows = c.rows;
            v.destination_stride = row_bytes(s.d);
        }
        if (sources >= 1) {
            v.a = address(s.a, c);
            v.a_type = type(s.a);
            v.a_stride = is_dense ? 0 : row_bytes(s.a);
        }
        if (sources >= 2) {
            v.b = address(s.b, c);
            v.b_type = type(s.b);
            v.b_stride = is_dense ? 0 : row_bytes(s.b);
            v.broadcast_b = s.b.shape == value_shape::constant || (s.b.shape == value_shape::per_row && !is_dense);
        }
        if (s.d.is_tensor && f_.tensors()[s.d.number].key) {
            v.rounding = numerics::rounding_mode::stochastic;
            v.key = affine(*f_.tensors()[s.d.number].key);
            v.index = (share_.first_unit * l_.unit + c.first) * l_.columns;
            v.index_stride = is_dense ? 0 : l_.columns;
        }
        t.vector_operation(v);
    }

    /// Gives the reductions of the own blocks to the owners of the columns, and joins those of the own columns.
    void exchange(program::thread_builder& t, std::span<const formula::step> steps) {
        if (std::ranges::none_of(steps, reduces_columns)) return;
        // One for each exchange: a node may be at the next one before others have come to this one.
        const auto gathered = next_semaphore("gathered");
        std::uint32_t expected = 0;
        for (const formula::step& s : steps) {
            if (!reduces_columns(s)) continue;
            push_blocks(t, exchanges_[exchange_of(s)], gathered);
            if (holds(s.d)) expected += l_.nodes.nodes();
        }
        if (expected == 0) return;
        t.wait(gathered, expected);
        for (const formula::step& s : steps) {
            if (!reduces_columns(s) || !holds(s.d)) continue;
            const exchange_part& e = exchanges_[exchange_of(s)];
            const std::uint32_t columns = s.d.shape == value_shape::total ? 1 : owned_;
            reduce_columns(t, s.reduction, address(s.d, {}), type(s.d), e.all, fp32, l_.nodes.units(), columns,
                           std::int64_t{e.slice} * number_bytes);
        }
    }
    [[nodiscard]] program::semaphore_handle next_semaphore(const std::string& what) {
        return build_.semaphores(what + std::to_string(semaphores_++));
    }
    /// Whether the node holds some of a reduced value.
    [[nodiscard]] bool holds(const value& v) const {
        return v.shape == value_shape::total ? share_.node == 0 : owned_ != 0;
    }

    void push_blocks(program::thread_builder& t, const exchange_part& e, const program::semaphore_handle& gathered) {
        const std::int64_t slice_bytes = std::int64_t{e.slice} * number_bytes;
        const auto push = [&](const affine& owner, std::uint32_t columns) {
            t.push({.to = {owner, 0},
                    .source = e.own + owner * slice_bytes,
                    .destination = e.all + share_.first_unit * slice_bytes,
                    .shape = {.rows = share_.units,
                              .row_bytes = columns * number_bytes,
                              .source_stride = std::int64_t{e.width} * number_bytes,
                              .destination_stride = slice_bytes},
                    .notify = program::semaphore_update<affine>{gathered, 1}});
        };
        const std::uint32_t last = e.width / e.slice - 1;
        if (last != 0) {
            const auto owner = t.loop(last);
            push(owner, e.slice);
        }
        push(last, e.width == 1 ? 1 : l_.columns_owned(last));
    }

    void work_on_reduced(program::thread_builder& t, std::span<const formula::step> steps) {
        const auto broadcasts = std::ranges::count(steps, formula::step::kind::broadcast, &formula::step::does);
        std::optional<program::semaphore_handle> spread;
        if (broadcasts != 0) spread = next_semaphore("spread");
        for (const formula::step& s : steps) {
            if (s.does == formula::step::kind::broadcast) {
                if (owned_ == 0) continue;
                const auto n = t.loop(l_.nodes.nodes());
                t.push({.to = {n, 0},
                        .source = address(s.a, {}),
                        .destination = address(s.d, {}),
                        .shape = {.rows = 1, .row_bytes = owned_ * number_bytes},
                        .notify = program::semaphore_update<affine>{*spread, 1}});
            } else if (holds(s.d)) {
                apply(t, s, {});
            }
        }
        if (spread) t.wait(*spread, broadcasts * std::int64_t{l_.owners});
    }

    [[nodiscard]] affine address(const value& v, const chunk& c) const {
        if (v.shape == value_shape::constant) return constants_[v.number];
        const std::uint32_t size = numerics::bytes(type(v).format);
        const affine base = v.is_tensor ? tensors_[v.number] : temporaries_[v.number];
        // Of a tensor the rows of the chunk; of a temporary there is one chunk.
        if (v.is_tensor && v.shape == value_shape::matrix) return base + c.first * (std::uint64_t{l_.columns} * size);
        if (v.is_tensor && v.shape == value_shape::per_row) return base + c.first * size;
        // What is reduced combines with the own columns.
        if (v.shape == value_shape::per_column && c.rows == 0) return base + program::x() * (l_.slice * size);
        return base;
    }
    [[nodiscard]] numerics::element_type type(const value& v) const {
        return v.is_tensor ? f_.tensors()[v.number].type : fp32;
    }
    /// From row to row; 0 for what is the same in all.
    [[nodiscard]] std::int64_t row_bytes(const value& v) const {
        const std::int64_t size = numerics::bytes(type(v).format);
        return v.shape == value_shape::matrix ? l_.columns * size : v.shape == value_shape::per_row ? size : 0;
    }
    [[nodiscard]] std::size_t exchange_of(const formula::step& wanted) const {
        return static_cast<std::size_t>(
            std::count_if(f_.steps().data(), &wanted, [](const formula::step& s) { return reduces_columns(s); }));
    }

    const formula_layout& l_;
    const formula& f_;
    node_share share_;
    std::uint32_t owned_;  ///< columns of what is reduced
    program::program_builder build_;
    std::vector<program::buffer_handle> tensors_;
    std::vector<program::buffer_handle> temporaries_;
    std::vector<program::buffer_handle> constants_;
    std::vector<exchange_part> exchanges_;
    std::optional<program::buffer_handle> scratch_;
    std::uint32_t semaphores_ = 0;
    std::uint32_t threads_ = 1;
    std::uint32_t thread_ = 0;
};

kernel make(const formula_layout& l) {
    std::vector<tensor> tensors;
    const auto program_of = [&](const node_share& share) {
        formula_generator g(l, share);
        program::program made = g.make();
        tensors.clear();
        for (std::size_t i = 0; i < l.f.tensors().size(); ++i) {
            const auto& t = l.f.tensors()[i];
            const auto& buffer = g.tensors()[i];
            tensors.push_back(
                {t.name, t.type, t.use, l.elements(t.shape), buffer.address(), buffer.bytes(), l.pieces(t)});
        }
        return made;
    };
    const auto class_of = [&](std::uint32_t node) {
        return l.reduces ? l.columns_owned(node) * 2 + (node == 0 ? 1 : 0) : 0;
    };
    job programs = l.nodes.programs(l.on, program_of, class_of);
    return {std::move(programs), std::move(tensors)};
}

/// Refuses what is far too much, so that what is laid out fits 32 bits.
void require_room_for(const std::string& name, const formula& f, const matrix_extent& extent, const die& on) {
    std::uint64_t element_bytes = 0;
    for (const auto& t : f.tensors()) {
        if (t.shape == value_shape::matrix) element_bytes += numerics::bytes(t.type.format);
    }
    require_room(extent.rows, extent.columns, element_bytes, on, name);
}

}  // namespace

kernel make_kernel(const std::string& name, const formula& f, const matrix_extent& extent, const die& on) {
    require_room_for(name, f, extent, on);
    return make({name, f, extent, 1, on});
}

kernel make_kernel(const std::string& name, const formula& f, std::uint64_t elements, const die& on) {
    const matrix_extent extent{elements, 1};
    require_room_for(name, f, extent, on);
    return make({name, f, extent, unit_elements, on});
}

}  // namespace d1::kernels
