#include "models/program/cursor.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/program/affine.hpp"
#include "models/program/builder.hpp"
#include "models/program/random_program.hpp"

namespace d1::program {
namespace {

/// What a cursor says about one instruction.
struct visit {
    std::size_t position = 0;
    std::vector<std::int64_t> counters{};
    step what{};
    bool in_list = false;
    friend bool operator==(const visit&, const visit&) = default;
};

std::vector<visit> walk(const program& p, std::size_t thread, coordinate node, std::size_t most = 100000) {
    std::vector<visit> result;
    cursor c(p, thread, node);
    while (const step* s = c.next()) {
        result.push_back({c.position(), {c.counters().begin(), c.counters().end()}, *s, c.in_list()});
        if (result.size() == most) break;
    }
    return result;
}

/// A recursive interpreter that shares nothing with the cursor: it finds loops by counting braces, and adds up
/// expressions term by term.
class reference {
  public:
    reference(const program& p, std::size_t thread, coordinate node) : list_(p.threads[thread]), node_(node) {
        run(0, list_.size());
    }
    std::vector<visit> visits;

  private:
    std::size_t end_of_loop(std::size_t begin) const {
        int open = 0;
        for (std::size_t n = begin;; ++n) {
            if (std::holds_alternative<loop_begin>(list_[n])) ++open;
            if (std::holds_alternative<loop_end>(list_[n]) && --open == 0) return n;
        }
    }
    std::int64_t at(const affine& a) const {
        std::int64_t sum = a.constant;
        if (a.x != 0) sum += a.x * node_.x;
        if (a.y != 0) sum += a.y * node_.y;
        for (std::size_t d = 0; d < counters_.size(); ++d) sum += a.loop[d] * counters_[d];
        return sum;
    }
    node_reference<std::int64_t> at(const node_reference<affine>& n) const { return {at(n.x), at(n.y)}; }
    lookup_table<std::int64_t> at(const lookup_table<affine>& t) const {
        return {at(t.address), t.rows, t.granules, t.granule_bytes};
    }
    std::optional<semaphore_update<std::int64_t>> at(const std::optional<semaphore_update<affine>>& u) const {
        if (!u) return {};
        return semaphore_update<std::int64_t>{at(u->semaphore), at(u->amount)};
    }
    void run(std::size_t first, std::size_t last) {
        for (std::size_t n = first; n < last; ++n) {
            if (const auto* loop = std::get_if<loop_begin>(&list_[n])) {
                const std::size_t end = end_of_loop(n);
                const std::int64_t count = at(loop->count);
                for (std::int64_t i = 0; i < count; ++i) {
                    counters_.push_back(i);
                    run(n + 1, end);
                    counters_.pop_back();
                }
                n = end;
            } else if (std::holds_alternative<list_begin>(list_[n])) {
                visits.push_back({n, counters_, list_begin{}, false});
                in_list_ = true;
            } else if (std::holds_alternative<list_end>(list_[n])) {
                in_list_ = false;
            } else {
                visits.push_back({n, counters_, resolve(list_[n]), in_list_});
            }
        }
    }
    step resolve(const instruction& i) const {
        if (const auto* m = std::get_if<matrix_multiply<affine>>(&i)) {
            matrix_multiply<std::int64_t> r;
            r.c = at(m->c);
            r.a = at(m->a);
            r.b = at(m->b);
            r.accumulate = at(m->accumulate);
            r.row_blocks = m->row_blocks;
            r.column_blocks = m->column_blocks;
            r.k_steps = m->k_steps;
            r.a_type = m->a_type;
            r.a_step_stride = m->a_step_stride;
            r.b_type = m->b_type;
            return r;
        }
        if (const auto* v = std::get_if<vector_operation<affine>>(&i)) {
            vector_operation<std::int64_t> r;
            r.operation = v->operation;
            r.destination = at(v->destination);
            r.a = at(v->a);
            r.b = at(v->b);
            r.scalar = v->scalar;
            r.elements = v->elements;
            r.destination_type = v->destination_type;
            r.a_type = v->a_type;
            r.b_type = v->b_type;
            r.broadcast_b = v->broadcast_b;
            if (v->active) r.active = at(*v->active);
            r.rounding = v->rounding;
            if (v->rounding == numerics::rounding_mode::stochastic) {
                r.key = at(v->key);
                r.index = at(v->index);
            }
            r.rows = v->rows;
            r.a_stride = v->a_stride;
            r.b_stride = v->b_stride;
            r.destination_stride = v->destination_stride;
            r.index_stride = v->index_stride;
            return r;
        }
        if (const auto* p = std::get_if<push<affine>>(&i)) {
            push<std::int64_t> r;
            r.to = at(p->to);
            r.source = at(p->source);
            r.destination = at(p->destination);
            r.shape = p->shape;
            r.done = at(p->done);
            r.notify = at(p->notify);
            return r;
        }
        if (const auto* p = std::get_if<pull<affine>>(&i)) {
            pull<std::int64_t> r;
            r.from = at(p->from);
            r.source = at(p->source);
            r.destination = at(p->destination);
            r.shape = p->shape;
            r.done = at(p->done);
            return r;
        }
        if (const auto* s = std::get_if<signal<affine>>(&i)) {
            signal<std::int64_t> r;
            if (s->to) r.to = at(*s->to);
            r.update = {at(s->update.semaphore), at(s->update.amount)};
            return r;
        }
        if (const auto* c = std::get_if<copy<affine>>(&i)) {
            copy<std::int64_t> r;
            r.source = at(c->source);
            r.destination = at(c->destination);
            r.shape = c->shape;
            return r;
        }
        if (const auto* g = std::get_if<gather<affine>>(&i)) {
            gather<std::int64_t> r;
            r.destination = at(g->destination);
            r.table = at(g->table);
            r.indices = at(g->indices);
            r.elements = g->elements;
            return r;
        }
        if (const auto* a = std::get_if<scatter_add<affine>>(&i)) {
            scatter_add<std::int64_t> r;
            r.table = at(a->table);
            r.indices = at(a->indices);
            r.source = at(a->source);
            r.elements = a->elements;
            r.table_type = a->table_type;
            r.source_type = a->source_type;
            return r;
        }
        if (const auto* t = std::get_if<transpose<affine>>(&i)) {
            transpose<std::int64_t> r;
            r.destination = at(t->destination);
            r.source = at(t->source);
            r.rows = t->rows;
            r.columns = t->columns;
            r.source_stride = t->source_stride;
            r.destination_stride = t->destination_stride;
            r.type = t->type;
            return r;
        }
        if (const auto* f = std::get_if<reduce<affine>>(&i)) {
            reduce<std::int64_t> r;
            r.operation = f->operation;
            r.destination = at(f->destination);
            r.source = at(f->source);
            r.rows = f->rows;
            r.elements = f->elements;
            r.source_stride = f->source_stride;
            r.destination_type = f->destination_type;
            r.source_type = f->source_type;
            return r;
        }
        if (const auto* b = std::get_if<barrier<affine>>(&i)) {
            barrier<std::int64_t> r;
            r.number = at(b->number);
            r.corner = at(b->corner);
            r.columns = b->columns;
            r.rows = b->rows;
            r.threads = b->threads;
            return r;
        }
        const auto& w = std::get<wait<affine>>(i);
        return wait<std::int64_t>{at(w.semaphore), at(w.amount)};
    }

    const std::vector<instruction>& list_;
    coordinate node_;
    std::vector<std::int64_t> counters_;
    bool in_list_ = false;
};

/// The semaphores that a thread of waits alone waits for, in order.
std::vector<std::int64_t> semaphores(const program& p, coordinate node = {}) {
    std::vector<std::int64_t> result;
    for (const auto& v : walk(p, 0, node)) result.push_back(std::get<wait<std::int64_t>>(v.what).semaphore);
    return result;
}

program one_thread(std::vector<instruction> instructions) {
    program p;
    p.threads.push_back(std::move(instructions));
    return p;
}

TEST(cursor, agrees_with_a_recursive_interpreter_on_random_programs) {
    std::size_t visited = 0;
    std::map<std::size_t, std::size_t> by_depth;
    std::map<std::size_t, std::size_t> by_kind;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const program p = random_program(seed);
        const coordinate node{static_cast<std::int32_t>(seed % 3), static_cast<std::int32_t>(seed % 2)};
        for (std::size_t t = 0; t < p.threads.size(); ++t) {
            const auto expected = reference(p, t, node).visits;
            ASSERT_EQ(walk(p, t, node, expected.size() + 1), expected);
            visited += expected.size();
            for (const auto& v : expected) {
                ++by_depth[v.counters.size()];
                ++by_kind[v.what.index()];
            }
        }
    }
    EXPECT_GT(visited, 10000U);
    EXPECT_GT(by_depth[max_loop_depth], 0U) << "no random program went to the greatest depth";
    EXPECT_EQ(by_kind.size(), std::variant_size_v<step>) << "random programs leave instructions out";
}

TEST(cursor, says_what_the_list_parser_issues_through_loops_and_up_to_the_list_s_end) {
    const signal<affine> s;
    const program p = one_thread({s, list_begin{}, s, loop_begin{2}, s, loop_end{}, list_end{}, s});
    std::vector<bool> in_list;
    for (const auto& v : walk(p, 0, {})) in_list.push_back(v.in_list);
    EXPECT_EQ(in_list, (std::vector<bool>{false, false, true, true, true, false}));
}

TEST(cursor, gives_up_in_loops_that_go_on_and_on_without_an_instruction) {
    const auto loops = [](std::int64_t count) {
        return one_thread({wait<affine>{1}, loop_begin{count}, loop_begin{count}, loop_begin{0}, wait<affine>{2},
                           loop_end{}, loop_end{}, loop_end{}, wait<affine>{3}});
    };
    const program endless = loops(std::int64_t{1} << 40);
    cursor c(endless, 0, {});
    ASSERT_NE(c.next(), nullptr);
    EXPECT_EQ(c.next(), nullptr);
    EXPECT_TRUE(c.gave_up());
    EXPECT_EQ(c.position(), 6U) << "the inner of the two that count";
    EXPECT_EQ(c.next(), nullptr) << "for good";
    EXPECT_TRUE(c.gave_up());

    EXPECT_EQ(semaphores(loops(1000)), (std::vector<std::int64_t>{1, 3})) << "a million iterations are not many";
}

TEST(cursor, counts_idle_iterations_from_the_last_instruction_on) {
    // Three quarters of the limit without an instruction, one instruction, and again.
    const std::int64_t idle = cursor::max_idle_iterations / 4 * 3;
    const program p = one_thread({loop_begin{2}, loop_begin{idle}, loop_begin{0}, wait<affine>{1}, loop_end{},
                                  loop_end{}, wait<affine>{2}, loop_end{}});
    EXPECT_EQ(semaphores(p), (std::vector<std::int64_t>{2, 2}));
}

TEST(cursor, yields_a_loop_s_body_count_times_with_its_counter) {
    const program p = one_thread({loop_begin{3}, wait<affine>{10 + 2 * loop(0)}, loop_end{}, wait<affine>{7}});
    EXPECT_EQ(semaphores(p), (std::vector<std::int64_t>{10, 12, 14, 7}));
}

TEST(cursor, skips_a_loop_whose_count_is_zero_or_negative_with_all_that_is_nested_in_it) {
    for (const std::int64_t count : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
        const program p = one_thread({loop_begin{count}, loop_begin{2}, wait<affine>{1}, loop_end{}, wait<affine>{2},
                                      loop_end{}, wait<affine>{3}});
        EXPECT_EQ(semaphores(p), (std::vector<std::int64_t>{3})) << count;
    }
}

TEST(cursor, walks_a_nest_of_the_greatest_depth_like_an_odometer) {
    std::vector<instruction> list;
    affine binary;
    for (std::size_t d = 0; d < max_loop_depth; ++d) {
        list.emplace_back(loop_begin{2});
        binary = 2 * binary + loop(d);
    }
    list.emplace_back(wait<affine>{binary});
    for (std::size_t d = 0; d < max_loop_depth; ++d) list.emplace_back(loop_end{});
    std::vector<std::int64_t> expected(1U << max_loop_depth);
    for (std::size_t n = 0; n < expected.size(); ++n) expected[n] = static_cast<std::int64_t>(n);
    EXPECT_EQ(semaphores(one_thread(list)), expected);
}

TEST(cursor, takes_counts_from_outer_counters_and_from_the_node_s_place) {
    const program triangle = one_thread(
        {loop_begin{x()}, loop_begin{loop(0) + y()}, wait<affine>{10 * loop(0) + loop(1)}, loop_end{}, loop_end{}});
    EXPECT_EQ(semaphores(triangle, {3, 0}), (std::vector<std::int64_t>{10, 20, 21}));
    EXPECT_EQ(semaphores(triangle, {2, 1}), (std::vector<std::int64_t>{0, 10, 11}));
    EXPECT_EQ(semaphores(triangle, {0, 5}), (std::vector<std::int64_t>{}));
}

TEST(cursor, counts_a_loop_anew_at_each_entry) {
    const program p = one_thread({loop_begin{2}, loop_begin{2}, wait<affine>{loop(1)}, loop_end{}, loop_begin{1},
                                  wait<affine>{5 + loop(1)}, loop_end{}, loop_end{}});
    EXPECT_EQ(semaphores(p), (std::vector<std::int64_t>{0, 1, 5, 0, 1, 5}));
}

TEST(cursor, yields_negative_addresses_as_they_are_and_wraps_beyond_64_bits) {
    EXPECT_EQ(semaphores(one_thread({wait<affine>{-64 * x()}}), {2, 0}), (std::vector<std::int64_t>{-128}));
    affine huge = std::numeric_limits<std::int64_t>::max();
    huge.x = 1;
    EXPECT_EQ(semaphores(one_thread({wait<affine>{huge}}), {1, 0}),
              (std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min()}));
}

TEST(cursor, tells_position_and_counters_of_the_instruction_it_yielded) {
    const program p = one_thread({wait<affine>{1}, loop_begin{2}, wait<affine>{2}, loop_end{}});
    cursor c(p, 0, {});
    EXPECT_EQ(c.position(), 0U);
    ASSERT_NE(c.next(), nullptr);
    EXPECT_EQ(c.position(), 0U);
    EXPECT_TRUE(c.counters().empty());
    for (std::int64_t i = 0; i < 2; ++i) {
        ASSERT_NE(c.next(), nullptr);
        EXPECT_EQ(c.position(), 2U);
        ASSERT_EQ(c.counters().size(), 1U);
        EXPECT_EQ(c.counters()[0], i);
    }
    EXPECT_EQ(c.next(), nullptr);
    EXPECT_EQ(c.position(), 4U);
    EXPECT_EQ(c.next(), nullptr) << "the end is for good";
}

TEST(cursor, can_be_copied_in_the_middle_of_a_walk) {
    const program p = one_thread({loop_begin{3}, wait<affine>{loop(0)}, loop_end{}});
    cursor a(p, 0, {});
    ASSERT_NE(a.next(), nullptr);
    cursor b = a;
    ASSERT_NE(a.next(), nullptr);
    ASSERT_NE(a.next(), nullptr);
    EXPECT_EQ(*b.next(), step(wait<std::int64_t>{1}));
}

TEST(cursor, ends_at_once_in_an_empty_thread_and_refuses_one_that_is_not_there) {
    const program p = one_thread({});
    EXPECT_EQ(cursor(p, 0, {}).next(), nullptr);
    EXPECT_THROW(cursor(p, 1, {}), std::out_of_range);
}

TEST(cursor, throws_rather_than_run_loops_that_do_not_balance) {
    const auto run = [](const program& p) { (void)walk(p, 0, {}); };
    EXPECT_THROW(run(one_thread({loop_end{}})), std::logic_error);
    EXPECT_THROW(run(one_thread({loop_begin{0}, wait<affine>{1}})), std::logic_error);
    EXPECT_THROW(run(one_thread(std::vector<instruction>(max_loop_depth + 1, loop_begin{1}))), std::logic_error);
}

TEST(affine, is_built_by_arithmetic) {
    const affine a = 64 * loop(0) + x() * 4 - y() + 128;
    EXPECT_EQ(a.loop[0], 64);
    EXPECT_EQ(a.x, 4);
    EXPECT_EQ(a.y, -1);
    EXPECT_EQ(a.constant, 128);
    EXPECT_EQ(evaluate(a, std::vector<std::int64_t>{3}, {5, 7}), 64 * 3 + 4 * 5 - 7 + 128);
}

TEST(affine, knows_the_depth_of_loops_it_needs_and_whether_it_is_constant) {
    EXPECT_EQ(required_depth(x() + 5), 0U);
    EXPECT_EQ(required_depth(loop(0)), 1U);
    EXPECT_EQ(required_depth(loop(7) + loop(2)), 8U);
    EXPECT_TRUE(is_constant(loop(3) - loop(3) + 4));
    EXPECT_FALSE(is_constant(y()));
    EXPECT_THROW((void)loop(8), std::out_of_range);
}

TEST(affine, refuses_coefficients_beyond_64_bits) {
    const affine largest = std::numeric_limits<std::int64_t>::max();
    EXPECT_THROW((void)(largest + 1), std::overflow_error);
    EXPECT_THROW((void)(largest * 2), std::overflow_error);
    EXPECT_THROW((void)(x() * std::numeric_limits<std::uint64_t>::max()), std::overflow_error);
    EXPECT_THROW((void)(-affine(std::numeric_limits<std::int64_t>::min())), std::overflow_error);
}

}  // namespace
}  // namespace d1::program
