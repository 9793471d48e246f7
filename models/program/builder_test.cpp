#include "models/program/builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

namespace d1::program {
namespace {

using numerics::elementwise_operation;
using testing::HasSubstr;

using numerics::types::bf16;
using numerics::types::fp32;

template <typename Action>
std::string refusal_of(Action action) {
    try {
        action();
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "nothing was refused";
}

TEST(builder, lays_buffers_and_semaphores_out_in_order) {
    program_builder b("layout");
    const auto first = b.buffer("first", 100, bf16);
    const auto second = b.buffer("second", 64, fp32);
    const auto third = b.buffer("third", 1, fp32, 4096, buffer_content::index);
    const auto fourth = b.buffer("fourth", 2, fp32, 1);
    EXPECT_EQ(first.address(), 0U);
    EXPECT_EQ(second.address(), 128U);
    EXPECT_EQ(third.address(), 4096U);
    EXPECT_EQ(fourth.address(), 4097U);
    EXPECT_EQ(fourth.bytes(), 2U);
    EXPECT_EQ(b.bytes_used(), 4099U);
    const auto full = b.semaphores("full", 3);
    const auto empty = b.semaphores("empty");
    EXPECT_EQ(full.first(), 0U);
    EXPECT_EQ(empty.first(), 3U);
    EXPECT_EQ(full[2], affine(2));
    EXPECT_EQ(full[x()], x());
    b.thread().wait(empty);
    const auto p = b.build();
    EXPECT_EQ(p.name, "layout");
    EXPECT_EQ(p.buffers[2], (buffer{"third", 4096, 1, fp32, buffer_content::index}));
    EXPECT_EQ(p.semaphores[0], (semaphore_range{"full", 0, 3}));
}

TEST(builder, emits_what_is_said_between_the_begin_and_the_end_of_its_loops) {
    program_builder b("nest");
    const auto a = b.buffer("a", 4096, bf16);
    const auto c = b.buffer("c", 8192, fp32);
    const auto full = b.semaphores("full", 2);
    auto t = b.thread();
    {
        const auto i = t.loop(4);
        t.wait(full[i], 2);
        {
            const auto j = t.loop(8 - i);
            t.matrix_multiply({.c = c + 256 * i,
                               .a = a + 64 * j,
                               .b = a,
                               .accumulate = j,
                               .row_blocks = 1,
                               .column_blocks = 1,
                               .k_steps = 4,
                               .a_type = bf16,
                               .b_type = bf16});
        }
        t.push({.to = {x() + 1, y()},
                .source = c,
                .destination = c + i,
                .shape = {.rows = 1, .row_bytes = 64},
                .done = semaphore_update<affine>{full}});
    }
    t.signal({0, 0}, full, 3);
    t.signal(full);
    t.pull({.from = {0, y()}, .source = a, .destination = a, .shape = {.rows = 1, .row_bytes = 64}});
    t.vector_operation({.operation = elementwise_operation::fill, .destination = a, .elements = 4});

    const auto i = loop(0);
    const auto j = loop(1);
    const std::vector<instruction> expected{
        loop_begin{4},
        wait<affine>{i, 2},
        loop_begin{8 - i},
        matrix_multiply<affine>{4096 + 256 * i, 64 * j, 0, j, 1, 1, 4, bf16, bf16},
        loop_end{},
        push<affine>{{x() + 1, y()}, 4096, 4096 + i, {1, 64, 0, 0}, semaphore_update<affine>{0, 1}, std::nullopt},
        loop_end{},
        signal<affine>{node_reference<affine>{0, 0}, {0, 3}},
        signal<affine>{std::nullopt, {0, 1}},
        pull<affine>{{0, y()}, 0, 0, {1, 64, 0, 0}, std::nullopt},
        vector_operation<affine>{elementwise_operation::fill, 0, 0, 0, 0, 4, {}, {}, {}},
    };
    const auto p = b.build();
    ASSERT_EQ(p.threads.size(), 1U);
    EXPECT_EQ(p.threads[0], expected);
}

TEST(builder, builds_threads_side_by_side) {
    program_builder b("threads");
    const auto s = b.semaphores("s", 2);
    auto first = b.thread();
    auto second = b.thread();
    {
        const auto i = first.loop(2);
        const auto j = second.loop(3);
        first.wait(s[i]);
        second.wait(s[0], j);
    }
    const auto p = b.build();
    EXPECT_EQ(p.threads[0], (std::vector<instruction>{loop_begin{2}, wait<affine>{loop(0), 1}, loop_end{}}));
    EXPECT_EQ(p.threads[1], (std::vector<instruction>{loop_begin{3}, wait<affine>{0, loop(0)}, loop_end{}}));
}

TEST(builder, can_go_on_after_a_build) {
    program_builder b("twice");
    const auto s = b.semaphores("s");
    auto t = b.thread();
    t.wait(s);
    EXPECT_EQ(b.build().threads[0].size(), 1U);
    t.wait(s);
    EXPECT_EQ(b.build().threads[0].size(), 2U);
}

TEST(builder, refuses_what_does_not_fit_into_the_node) {
    program_builder b("large", {.sram_bytes = 1024, .semaphores = 2, .threads = 1});
    (void)b.buffer("a", 1000, bf16);
    EXPECT_THAT(refusal_of([&] { b.buffer("b", 1, bf16); }),
                HasSubstr("program 'large': buffer 'b' of 1 bytes does not fit: 1024 of 1024 bytes of SRAM are taken"));
    EXPECT_THAT(refusal_of([&] { b.buffer("b", std::numeric_limits<std::uint64_t>::max(), bf16, 1); }),
                HasSubstr("does not fit"));
    EXPECT_EQ(b.buffer("b", 24, bf16, 1).address(), 1000U) << "exactly full is not too full";
    EXPECT_THAT(refusal_of([&] { b.semaphores("s", 3); }), HasSubstr("semaphores 's' do not fit"));
    (void)b.thread();
    EXPECT_THAT(refusal_of([&] { (void)b.thread(); }), HasSubstr("more than 1 threads"));
}

TEST(builder, refuses_a_fifth_thread_by_default) {
    program_builder b("p");
    for (int t = 0; t < 4; ++t) (void)b.thread();
    EXPECT_THAT(refusal_of([&] { (void)b.thread(); }), HasSubstr("more than 4 threads"));
}

TEST(builder, refuses_empty_and_misnamed_declarations) {
    program_builder b("p");
    EXPECT_THAT(refusal_of([&] { b.buffer("a", 0, bf16); }), HasSubstr("buffer 'a' is empty"));
    EXPECT_THAT(refusal_of([&] { b.buffer("a", 1, bf16, 48); }), HasSubstr("not a power of two"));
    EXPECT_THAT(refusal_of([&] { b.buffer("a", 1, bf16, 0); }), HasSubstr("not a power of two"));
    EXPECT_THAT(refusal_of([&] { b.buffer("x", 1, bf16); }), HasSubstr("'x' cannot name"));
    EXPECT_THAT(refusal_of([&] { b.buffer("2a", 1, bf16); }), HasSubstr("'2a' cannot name"));
    EXPECT_THAT(refusal_of([&] { b.semaphores("s", 0); }), HasSubstr("empty"));
    (void)b.semaphores("s");
    EXPECT_THAT(refusal_of([&] { b.buffer("s", 1, bf16); }), HasSubstr("'s' is used twice"));
}

TEST(builder, refuses_instructions_that_cannot_run_where_they_are_emitted) {
    program_builder b("p");
    auto t = b.thread();
    EXPECT_THAT(
        refusal_of([&] { t.wait(loop(0)); }),
        HasSubstr("program 'p': thread 0, instruction 0: semaphore refers to the counter of a loop at depth 0"));
    EXPECT_THAT(refusal_of([&] { t.push({}); }), HasSubstr("row_bytes must be above 0"));
    EXPECT_THAT(refusal_of([&] { t.emit(loop_begin{1}); }), HasSubstr("opened with loop()"));
    EXPECT_THAT(refusal_of([&] { t.emit(loop_end{}); }), HasSubstr("opened with loop()"));
    affine counter;
    {
        const auto i = t.loop(2);
        counter = i;
        t.wait(counter);
    }
    EXPECT_THAT(refusal_of([&] { t.wait(counter); }), HasSubstr("counter of a loop")) << "the loop has ended";
}

TEST(builder, refuses_a_ninth_loop_inside_eight) {
    program_builder b("deep");
    auto t = b.thread();
    const auto nest = [&](auto& self, int depth) -> void {
        const auto i = t.loop(1);
        t.wait(0);
        if (depth > 1) self(self, depth - 1);
    };
    EXPECT_THAT(refusal_of([&] { nest(nest, 9); }), HasSubstr("more than 8 deep"));
    EXPECT_EQ(refusal_of([&] { nest(nest, 8); }), "nothing was refused");
    EXPECT_NO_THROW((void)b.build()) << "the loops around the refused one were ended as the exception passed";
}

TEST(builder, refuses_to_build_with_open_or_crossed_or_empty_loops) {
    program_builder b("p");
    auto t = b.thread();
    {
        const auto i = t.loop(1);
        t.wait(0);
        EXPECT_THAT(refusal_of([&] { (void)b.build(); }), HasSubstr("a loop of thread 0 is still open"));
    }
    EXPECT_NO_THROW((void)b.build());

    program_builder crossed("crossed");
    auto u = crossed.thread();
    auto outer = u.loop(1);
    auto inner = u.loop(1);
    u.wait(0);
    outer.end();
    inner.end();
    EXPECT_THAT(refusal_of([&] { (void)crossed.build(); }), HasSubstr("ended before the loops inside it"));

    program_builder empty("empty");
    auto v = empty.thread();
    { const auto i = v.loop(1); }
    EXPECT_THAT(refusal_of([&] { (void)empty.build(); }), HasSubstr("thread 0, instruction 0: the loop is empty"));
}

TEST(builder, refuses_to_build_without_a_thread) {
    EXPECT_THAT(refusal_of([] { (void)program_builder("p").build(); }), HasSubstr("has no thread"));
}

}  // namespace
}  // namespace d1::program
