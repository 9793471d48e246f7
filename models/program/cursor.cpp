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
    template <typename Operand>
    [[nodiscard]] auto value(const std::optional<Operand>& operand) const {
        return operand ? std::optional(value(*operand)) : std::nullopt;
    }

    void operator()(const matrix_multiply<affine>& i) const {
        result_ = matrix_multiply<std::int64_t>{value(i.c),          value(i.a),   value(i.b),
                                                value(i.accumulate), i.row_blocks, i.column_blocks,
                                                i.k_steps,           i.a_type,     i.b_type};
    }
    void operator()(const vector_operation<affine>& i) const {
        result_ = vector_operation<std::int64_t>{i.operation, value(i.destination), value(i.a), value(i.b), i.scalar,
                                                 i.elements,  i.destination_type,   i.a_type,   i.b_type};
    }
    void operator()(const push<affine>& i) const {
        result_ = push<std::int64_t>{value(i.to), value(i.source), value(i.destination),
                                     i.shape,     value(i.done),   value(i.notify)};
    }
    void operator()(const pull<affine>& i) const {
        result_ = pull<std::int64_t>{value(i.from), value(i.source), value(i.destination), i.shape, value(i.done)};
    }
    void operator()(const signal<affine>& i) const { result_ = signal<std::int64_t>{value(i.to), value(i.update)}; }
    void operator()(const wait<affine>& i) const { result_ = wait<std::int64_t>{value(i.semaphore), value(i.amount)}; }

  private:
    std::span<const std::int64_t> counters_;
    coordinate node_;
    step& result_;
};

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
        } else {
            const resolver resolve(counters(), logical_, step_);
            std::visit(
                [&](const auto& i) {
                    if constexpr (std::is_invocable_v<const resolver&, decltype(i)>) resolve(i);
                },
                current);
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
