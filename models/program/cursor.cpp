#include "models/program/cursor.hpp"

#include <stdexcept>

#include "models/program/affine.hpp"

namespace d1::program {

namespace {

/// Evaluates the operands of an instruction where a cursor stands, writing them into `result`.
class resolver {
  public:
    resolver(std::span<const std::int64_t> counters, coordinate node, step& result)
        : counters_(counters), node_(node), result_(result) {}

    [[nodiscard]] std::int64_t value(const affine& a) const { return evaluate(a, counters_, node_); }
    [[nodiscard]] node_reference<std::int64_t> value(const node_reference<affine>& n) const {
        return {value(n.x), value(n.y)};
    }
    [[nodiscard]] semaphore_update<std::int64_t> value(const semaphore_update<affine>& u) const {
        return {value(u.semaphore), value(u.amount)};
    }
    [[nodiscard]] lookup_table<std::int64_t> value(const lookup_table<affine>& t) const {
        return {value(t.address), t.rows, t.granules, t.granule_bytes};
    }
    template <typename Operand>
    [[nodiscard]] auto value(const std::optional<Operand>& operand) const {
        return operand ? std::optional(value(*operand)) : std::nullopt;
    }

    // What programs are full of is built where it stays: to copy what has just been written in parts, the host's
    // processor would wait for the writes.
    void operator()(const matrix_multiply<affine>& i) const {
        auto& r = result_.emplace<matrix_multiply<std::int64_t>>();
        r.c = value(i.c);
        r.a = value(i.a);
        r.b = value(i.b);
        r.accumulate = value(i.accumulate);
        r.row_blocks = i.row_blocks;
        r.column_blocks = i.column_blocks;
        r.k_steps = i.k_steps;
        r.a_type = i.a_type;
        r.b_type = i.b_type;
        r.a_step_stride = i.a_step_stride;
    }
    void operator()(const vector_operation<affine>& i) const {
        const bool is_random = i.rounding == numerics::rounding_mode::stochastic;
        result_ = vector_operation<std::int64_t>{i.operation,
                                                 value(i.destination),
                                                 value(i.a),
                                                 value(i.b),
                                                 i.scalar,
                                                 i.elements,
                                                 i.destination_type,
                                                 i.a_type,
                                                 i.b_type,
                                                 i.broadcast_b,
                                                 value(i.active),
                                                 i.rounding,
                                                 is_random ? value(i.key) : 0,
                                                 is_random ? value(i.index) : 0,
                                                 i.rows,
                                                 i.a_stride,
                                                 i.b_stride,
                                                 i.destination_stride,
                                                 i.index_stride};
    }
    void operator()(const push<affine>& i) const {
        auto& r = result_.emplace<push<std::int64_t>>();
        r.to = value(i.to);
        r.source = value(i.source);
        r.destination = value(i.destination);
        r.shape = i.shape;
        if (i.done) r.done.emplace(value(*i.done));
        if (i.notify) r.notify.emplace(value(*i.notify));
    }
    void operator()(const pull<affine>& i) const {
        auto& r = result_.emplace<pull<std::int64_t>>();
        r.from = value(i.from);
        r.source = value(i.source);
        r.destination = value(i.destination);
        r.shape = i.shape;
        if (i.done) r.done.emplace(value(*i.done));
    }
    void operator()(const signal<affine>& i) const { result_ = signal<std::int64_t>{value(i.to), value(i.update)}; }
    void operator()(const wait<affine>& i) const { result_ = wait<std::int64_t>{value(i.semaphore), value(i.amount)}; }
    void operator()(const copy<affine>& i) const {
        result_ = copy<std::int64_t>{value(i.source), value(i.destination), i.shape};
    }
    void operator()(const gather<affine>& i) const {
        result_ = gather<std::int64_t>{value(i.destination), value(i.table), value(i.indices), i.elements};
    }
    void operator()(const scatter_add<affine>& i) const {
        result_ = scatter_add<std::int64_t>{value(i.table), value(i.indices), value(i.source),
                                            i.elements,     i.table_type,     i.source_type};
    }
    void operator()(const transpose<affine>& i) const {
        result_ = transpose<std::int64_t>{value(i.destination), value(i.source),      i.rows, i.columns,
                                          i.source_stride,      i.destination_stride, i.type};
    }
    void operator()(const reduce<affine>& i) const {
        result_ = reduce<std::int64_t>{i.operation, value(i.destination), value(i.source),    i.rows,
                                       i.elements,  i.source_stride,      i.destination_type, i.source_type};
    }
    void operator()(const barrier<affine>& i) const {
        result_ = barrier<std::int64_t>{value(i.number), value(i.corner), i.columns, i.rows, i.threads};
    }
    void operator()(const list_begin& i) const { result_ = i; }

  private:
    std::span<const std::int64_t> counters_;
    coordinate node_;
    step& result_;
};

/// Calls the resolver with the alternative of an instruction. A chain of comparisons becomes a jump; std::visit of so
/// many alternatives would be a call through a pointer, and twice the time of the cursor.
template <std::size_t... Index>
void resolve(const instruction& i, const resolver& operation, std::index_sequence<Index...>) {
    const auto is = [&]<std::size_t N>() {
        if (i.index() != N) return false;
        if constexpr (std::is_invocable_v<const resolver&, std::variant_alternative_t<N, instruction>>) {
            operation(*std::get_if<N>(&i));
        }
        return true;
    };
    (void)(is.template operator()<Index>() || ...);
}

}  // namespace

cursor::cursor(const program& source, std::size_t thread, coordinate logical)
    : instructions_(source.threads.at(thread)), logical_(logical) {}

const step* cursor::next() {
    while (following_ < instructions_.size()) {
        const instruction& current = instructions_[following_];
        position_ = following_++;
        if (const auto* begin = std::get_if<loop_begin>(&current)) {
            enter(*begin);
        } else if (std::holds_alternative<loop_end>(current)) {
            iterate();
            if (gave_up()) {
                following_ = instructions_.size();
                return nullptr;
            }
        } else if (std::holds_alternative<list_end>(current)) {
            in_list_ = false;
        } else {
            idle_iterations_ = 0;
            resolve(current, resolver(counters(), logical_, step_),
                    std::make_index_sequence<std::variant_size_v<instruction>>());
            in_list_ = in_list_ || std::holds_alternative<list_begin>(step_);
            return &step_;
        }
    }
    position_ = following_;
    return nullptr;
}

void cursor::enter(const loop_begin& loop) {
    if (depth_ == max_loop_depth) throw std::logic_error("cursor: loops nested too deep; the program is not valid");
    const std::int64_t count = evaluate(loop.count, counters(), logical_);
    if (count <= 0) {
        skip_body();
        return;
    }
    loops_[depth_] = {following_, count};
    counters_[depth_] = 0;
    ++depth_;
}

void cursor::iterate() {
    ++idle_iterations_;
    if (depth_ == 0) throw std::logic_error("cursor: a loop's end without its begin; the program is not valid");
    if (++counters_[depth_ - 1] < loops_[depth_ - 1].count) {
        following_ = loops_[depth_ - 1].body;
    } else {
        --depth_;
    }
}

// Walking over the body, rather than looking its end up in a table, keeps a cursor free to make: a skipped loop is rare
// and a body is tens of instructions.
void cursor::skip_body() {
    for (std::size_t nested = 1; nested > 0; ++following_) {
        if (following_ == instructions_.size()) {
            throw std::logic_error("cursor: a loop without its end; the program is not valid");
        }
        if (std::holds_alternative<loop_begin>(instructions_[following_])) ++nested;
        if (std::holds_alternative<loop_end>(instructions_[following_])) --nested;
    }
}

}  // namespace d1::program
