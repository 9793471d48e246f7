#include "models/program/validate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "models/program/affine.hpp"

namespace d1::program {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using numerics::types::bf16;

program valid() {
    program p;
    p.name = "p";
    p.buffers = {{"a", 0, 128, bf16, buffer_content::data}, {"b", 128, 64, bf16, buffer_content::index}};
    p.semaphores = {{"s", 0, 2}, {"t", 2, 1}};
    p.threads = {{loop_begin{4}, wait<affine>{loop(0), 1}, loop_end{}}};
    return p;
}

/// The diagnostics of a program, as text.
std::vector<std::string> complaints(const program& p, const limits& node = {}) {
    std::vector<std::string> result;
    for (const auto& d : validate(p, node)) result.push_back(to_string(d));
    return result;
}

/// The diagnostics of a valid program to whose loop an instruction is added.
std::vector<std::string> complaints(const instruction& i) {
    auto p = valid();
    p.threads[0].insert(p.threads[0].begin() + 1, i);
    return complaints(p);
}

matrix_multiply<affine> good_multiply() {
    return {0, 64, 128, 1, 1, 1, 1, bf16, bf16};
}
push<affine> good_push() {
    push<affine> p;
    p.shape = {.rows = 2, .row_bytes = 64, .source_stride = 0, .destination_stride = 64};
    return p;
}

TEST(validate, has_nothing_against_a_valid_program) {
    EXPECT_THAT(complaints(valid()), IsEmpty());
    EXPECT_THAT(complaints(good_multiply()), IsEmpty());
    EXPECT_THAT(complaints(good_push()), IsEmpty());
}

TEST(validate, finds_loops_that_do_not_balance_or_hold_nothing) {
    auto p = valid();
    p.threads = {{loop_begin{1}, wait<affine>{}}, {wait<affine>{}, loop_end{}}, {loop_begin{1}, loop_end{}}};
    EXPECT_THAT(complaints(p), ElementsAre("thread 0, instruction 0: the loop is not ended",
                                           "thread 1, instruction 1: ends a loop that was not begun",
                                           "thread 2, instruction 0: the loop is empty"));
}

TEST(validate, finds_the_ninth_loop) {
    auto p = valid();
    p.threads[0].assign(max_loop_depth, loop_begin{1});
    p.threads[0].emplace_back(wait<affine>{});
    p.threads[0].insert(p.threads[0].end(), max_loop_depth, loop_end{});
    EXPECT_THAT(complaints(p), IsEmpty());
    p.threads[0].insert(p.threads[0].begin(), loop_begin{1});
    p.threads[0].emplace_back(loop_end{});
    EXPECT_THAT(complaints(p), ElementsAre("thread 0, instruction 8: loops are nested more than 8 deep"));
}

TEST(validate, finds_references_to_counters_of_loops_that_are_not_around_the_instruction) {
    const auto inner = loop(1);
    const std::string where = "thread 0, instruction 1: ";
    const std::string what = " refers to the counter of a loop at depth 1, but only 1 loops are around the instruction";
    EXPECT_THAT(complaints(wait<affine>{0, inner}), ElementsAre(where + "amount" + what));
    auto multiply = good_multiply();
    multiply.c = multiply.a = multiply.b = multiply.accumulate = inner;
    EXPECT_THAT(complaints(multiply),
                ElementsAre(where + "c" + what, where + "a" + what, where + "b" + what, where + "accumulate" + what));
    auto p = good_push();
    p.to.x = p.to.y = p.source = p.destination = inner;
    p.done = semaphore_update<affine>{inner, inner};
    p.notify = semaphore_update<affine>{inner, 1};
    EXPECT_THAT(complaints(p), ElementsAre(where + "to.x" + what, where + "to.y" + what, where + "source" + what,
                                           where + "destination" + what, where + "done" + what,
                                           where + "done amount" + what, where + "notify" + what));
    auto q = valid();
    q.threads[0].insert(q.threads[0].begin(), loop_begin{loop(0)});
    q.threads[0].emplace_back(loop_end{});
    EXPECT_THAT(complaints(q), ElementsAre(HasSubstr("instruction 0: count refers to the counter")));
}

TEST(validate, finds_sizes_of_zero) {
    auto multiply = good_multiply();
    multiply.row_blocks = multiply.column_blocks = multiply.k_steps = 0;
    EXPECT_THAT(complaints(multiply),
                ElementsAre(HasSubstr("row_blocks must be above 0"), HasSubstr("column_blocks"), HasSubstr("k_steps")));
    EXPECT_THAT(complaints(vector_operation<affine>{}), ElementsAre(HasSubstr("elements must be above 0")));
    pull<affine> in;
    in.shape = {.rows = 0, .row_bytes = 0};
    EXPECT_THAT(complaints(in), ElementsAre(HasSubstr("rows must"), HasSubstr("row_bytes must")));
}

TEST(validate, finds_matrix_operands_off_their_lines) {
    auto multiply = good_multiply();
    multiply.c = 32;
    multiply.a = 64 + 4 * loop(0);
    multiply.b = -1;
    EXPECT_THAT(complaints(multiply),
                ElementsAre(HasSubstr("c must lie on a 64-byte line: the constant part, 32"), HasSubstr("b must lie")));
}

TEST(validate, finds_rows_that_overlap_where_they_are_written) {
    auto p = good_push();
    for (const std::int64_t stride : {63, 0, -63}) {
        p.shape.destination_stride = stride;
        EXPECT_THAT(complaints(p), ElementsAre(HasSubstr("overlap where they are written"))) << stride;
    }
    p.shape.destination_stride = -64;
    EXPECT_THAT(complaints(p), IsEmpty());
    p.shape = {.rows = 1, .row_bytes = 64, .source_stride = 0, .destination_stride = 0};
    EXPECT_THAT(complaints(p), IsEmpty());
}

TEST(validate, finds_what_is_wrong_with_rows_of_a_vector_operation) {
    vector_operation<affine> v;
    v.elements = 8;
    v.destination_type = v.a_type = bf16;
    v.rows = 0;
    EXPECT_THAT(complaints(v), ElementsAre(HasSubstr("rows must be above 0")));
    v.rows = 2;
    v.destination_stride = 15;
    EXPECT_THAT(complaints(v), ElementsAre(HasSubstr("rows of 16 bytes overlap where they are written")));
    v.destination_stride = -16;
    EXPECT_THAT(complaints(v), IsEmpty());
    v.index_stride = 8;
    EXPECT_THAT(complaints(v), ElementsAre(HasSubstr("key and index are for stochastic rounding")));
    v.rounding = numerics::rounding_mode::stochastic;
    EXPECT_THAT(complaints(v), IsEmpty());
    v.index_stride = 0;
    EXPECT_THAT(complaints(v), ElementsAre(HasSubstr("index_stride must not be 0")));
}

TEST(validate, finds_constant_semaphores_and_amounts_out_of_range) {
    EXPECT_THAT(complaints(wait<affine>{63, 0xFFFFFFFFLL}), IsEmpty());
    EXPECT_THAT(complaints(wait<affine>{64, 1}), ElementsAre(HasSubstr("semaphore names semaphore 64; a node has 64")));
    EXPECT_THAT(complaints(signal<affine>{std::nullopt, {-1, 0x100000000LL}}),
                ElementsAre(HasSubstr("names semaphore -1"), HasSubstr("amount is 4294967296")));
    auto p = good_push();
    p.notify = semaphore_update<affine>{99, -1};
    EXPECT_THAT(complaints(p), ElementsAre(HasSubstr("notify names semaphore 99"), HasSubstr("notify amount is -1")));
}

TEST(validate, finds_buffers_outside_the_memory_or_over_each_other) {
    auto p = valid();
    p.buffers[1].address = 127;
    EXPECT_THAT(complaints(p), ElementsAre("program: buffers 'a' and 'b' overlap"));
    p.buffers = {{"late", 1000, 25, bf16, {}}, {"none", 0, 0, bf16, {}}};
    EXPECT_THAT(complaints(p, {.sram_bytes = 1024}),
                ElementsAre("program: buffer 'late' ends at 1025; a node has 1024 bytes of SRAM",
                            "program: buffer 'none' is empty"));
    p.buffers = {{"huge", 0xFFFFFFFFU, 0xFFFFFFFFU, bf16, {}}};
    EXPECT_THAT(complaints(p), ElementsAre(HasSubstr("ends at 8589934590")));
}

TEST(validate, finds_semaphores_outside_the_node_s_or_over_each_other) {
    auto p = valid();
    p.semaphores[1].first = 1;
    EXPECT_THAT(complaints(p), ElementsAre("program: semaphores 's' and 't' overlap"));
    p.semaphores[1] = {"t", 63, 2};
    EXPECT_THAT(complaints(p), ElementsAre("program: semaphore 't' ends at 65; a node has 64 semaphores"));
}

TEST(validate, finds_names_that_the_text_form_cannot_hold) {
    auto p = valid();
    p.buffers[0].name = "x";
    p.buffers[1].name = "s";
    p.semaphores[1].name = "a b";
    EXPECT_THAT(complaints(p), ElementsAre(HasSubstr("'x' cannot name"), HasSubstr("'s' is used twice"),
                                           HasSubstr("'a b' cannot name")));
    for (const char* name : {"", "1a", "a-b", "\xc3\xa4", "y"}) EXPECT_FALSE(is_valid_name(name)) << name;
    for (const char* name : {"a", "_", "X", "a1_", "loop"}) EXPECT_TRUE(is_valid_name(name)) << name;
}

TEST(validate, finds_too_many_threads_or_none) {
    auto p = valid();
    p.threads.assign(5, {wait<affine>{}});
    EXPECT_THAT(complaints(p), ElementsAre("program: has 5 threads; a node runs 4"));
    p.threads.clear();
    EXPECT_THAT(complaints(p), ElementsAre("program: has no thread"));
}

}  // namespace
}  // namespace d1::program
