#include "models/program/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

#include "models/parameter/error.hpp"
#include "models/program/affine.hpp"
#include "models/program/random_program.hpp"

namespace d1::program {
namespace {

std::string printed(const program& p) {
    std::ostringstream out;
    print(out, p);
    return out.str();
}

/// The thread of a program that declares a, b (buffers at 0 and 4096) and full (semaphores 2 and 3).
std::vector<instruction> parse_thread(const std::string& body) {
    return parse(
               "d1p 1\nprogram \"p\"\n"
               "buffer a address=0 bytes=4096 type=bf16\nbuffer b address=4096 bytes=64 type=fp32\n"
               "semaphores full first=2 count=2\nthread {\n" +
                   body + "\n}\n",
               "test")
        .threads.at(0);
}

/// An expression, read as the semaphore of a wait inside loops i and j.
affine parse_expression(const std::string& text) {
    const auto thread = parse_thread("loop i = 2 {\nloop j = 2 {\nwait semaphore=" + text + "\n}\n}");
    return std::get<wait<affine>>(thread.at(2)).semaphore;
}

TEST(text, reads_as_documented) {
    program p;
    p.name = "demo";
    p.buffers = {{"a", 0, 4096, {numerics::number_format::bf16}, buffer_content::data},
                 {"c", 4096, 256, {numerics::number_format::fp32, 3}, buffer_content::index}};
    p.semaphores = {{"full", 0, 2}, {"done", 2, 1}};
    matrix_multiply<affine> multiply{4096, 128 + 64 * loop(0), 0, loop(0), 1, 2, 3, {}, {}};
    push<affine> out;
    out.to = {x() + 1, -y()};
    out.source = 4096;
    out.destination = 4096 - 64 * x();
    out.shape = {.rows = 4, .row_bytes = 64, .source_stride = -64, .destination_stride = 128};
    out.done = semaphore_update<affine>{2, 1};
    out.notify = semaphore_update<affine>{loop(0), 2};
    p.threads = {{loop_begin{16 - x()}, wait<affine>{1, 1}, multiply, out, loop_end{}},
                 {vector_operation<affine>{numerics::elementwise_operation::fill, 0, 0, 0, -0.5F, 9, {}, {}, {}},
                  signal<affine>{node_reference<affine>{0, 1}, {2, 1}}, signal<affine>{std::nullopt, {9, 4}}}};
    EXPECT_EQ(printed(p),
              "d1p 1\n"
              "program \"demo\"\n"
              "buffer a address=0 bytes=4096 type=bf16\n"
              "buffer c address=4096 bytes=256 type=fp32:3 content=index\n"
              "semaphores full first=0 count=2\n"
              "semaphores done first=2\n"
              "thread {\n"
              "    loop i = -x + 16 {\n"
              "        wait semaphore=full + 1\n"
              "        matrix_multiply c=c a=a + 64*i + 128 b=a row_blocks=1 column_blocks=2 k_steps=3 a_type=bf16 "
              "b_type=bf16 accumulate=i\n"
              "        push to=(x + 1, -y) source=c destination=c - 64*x row_bytes=64 rows=4 source_stride=-64 "
              "destination_stride=128 done=done notify=full + i : 2\n"
              "    }\n"
              "}\n"
              "thread {\n"
              "    vector_operation operation=fill destination=a destination_type=bf16 elements=9 scalar=-0.5\n"
              "    signal to=(0, 1) semaphore=done\n"
              "    signal semaphore=9 amount=4\n"
              "}\n");
}

TEST(text, comes_back_as_the_same_program_and_the_same_text) {
    for (std::uint64_t seed = 0; seed < 1500; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_program(seed, {.extreme_numbers = seed % 2 == 1, .short_loops = seed % 3 == 0});
        const auto text = printed(p);
        const auto again = parse(text, "random");
        ASSERT_EQ(again, p) << text;
        ASSERT_EQ(printed(again), text);
    }
}

TEST(text, keeps_every_float_exactly) {
    using limit = std::numeric_limits<float>;
    for (const float f : {0.1F, 1.0F / 3, limit::min(), limit::denorm_min(), limit::max(), -0.0F, limit::infinity(),
                          -limit::infinity(), 1e10F, 1e-10F}) {
        program p;
        p.threads = {{vector_operation<affine>{{}, 0, 0, 0, f, 1, {}, {}, {}}}};
        const auto back = std::get<vector_operation<affine>>(parse(printed(p), "f").threads[0][0]).scalar;
        EXPECT_EQ(std::signbit(back), std::signbit(f));
        EXPECT_EQ(back, f);
    }
    program p;
    p.threads = {{vector_operation<affine>{{}, 0, 0, 0, std::nanf(""), 1, {}, {}, {}}}};
    EXPECT_TRUE(std::isnan(std::get<vector_operation<affine>>(parse(printed(p), "f").threads[0][0]).scalar));
}

TEST(text, reads_floats_of_every_notation) {
    const auto scalar = [](const std::string& text) {
        const auto thread = parse_thread(
            "vector_operation operation=fill destination=a destination_type=fp32 elements=1 scalar=" + text);
        return std::get<vector_operation<affine>>(thread[0]).scalar;
    };
    EXPECT_EQ(scalar("0x1.8p+3"), 12.0F);
    EXPECT_EQ(scalar("-0x1p-149"), -std::numeric_limits<float>::denorm_min());
    EXPECT_EQ(scalar("1e+2"), 100.0F);
    EXPECT_EQ(scalar("25e-1"), 2.5F);
    EXPECT_EQ(scalar("-7"), -7.0F);
    EXPECT_EQ(scalar("-inf"), -std::numeric_limits<float>::infinity());
}

TEST(text, reads_expressions_over_symbols_counters_and_coordinates) {
    const affine i = loop(0);
    const affine j = loop(1);
    EXPECT_EQ(parse_expression("b"), affine(4096));
    EXPECT_EQ(parse_expression("full + 1"), affine(3));
    EXPECT_EQ(parse_expression("b + 4096*i+64 * j"), 4096 + 4096 * i + 64 * j);
    EXPECT_EQ(parse_expression("x*2 - y - 3"), 2 * x() - y() - 3);
    EXPECT_EQ(parse_expression("-(i - 2*(j + 4)) * 3"), -3 * i + 6 * j + 24);
    EXPECT_EQ(parse_expression("2*3*i*4"), 24 * i);
    EXPECT_EQ(parse_expression("0x1e+3"), affine(33)) << "not a float with an exponent";
    EXPECT_EQ(parse_expression("1 - -2"), affine(3));
    EXPECT_EQ(parse_expression("-9223372036854775808"), affine(std::numeric_limits<std::int64_t>::min()));
    EXPECT_EQ(parse_expression("i - i"), affine(0));
}

TEST(text, does_not_mind_the_order_of_keys_comments_blank_lines_and_line_ends) {
    const auto plain = parse_thread("wait semaphore=1 amount=2");
    EXPECT_EQ(parse_thread("\n\n  # a comment\r\n\twait amount=2   semaphore=1 # { \" \r\n\n"), plain);
    EXPECT_EQ(parse("d1p 1\r\nprogram \"p\"\r\nthread {\r\n}\r\n", "f").threads.size(), 1U);
    EXPECT_EQ(parse("# first\n\nd1p 1\nprogram \"p\"\nthread {\n}", "f").threads.size(), 1U) << "no last line end";
}

TEST(text, takes_any_valid_name_for_a_symbol_even_a_keyword) {
    const auto p = parse(
        "d1p 1\nprogram \"\"\nbuffer loop address=64 bytes=1 type=bf16\nbuffer i address=65 bytes=1 type=bf16\n"
        "thread {\nloop wait = 2 {\nwait semaphore=loop + wait + i\n}\n}\n",
        "f");
    EXPECT_EQ(std::get<wait<affine>>(p.threads[0][1]).semaphore, 129 + loop(0));
    EXPECT_NE(printed(p).find("loop i_ = 2 {"), std::string::npos) << "the counter does not take a symbol's name";
}

TEST(text, lets_loops_that_are_not_nested_share_a_counter_s_name) {
    const auto thread = parse_thread("loop i = 1 {\nwait semaphore=i\n}\nloop i = 2 {\nwait semaphore=2*i\n}");
    EXPECT_EQ(std::get<wait<affine>>(thread[4]).semaphore, 2 * loop(0));
}

TEST(text, is_refused_by_print_where_it_could_not_be_read_back) {
    const auto with_thread = [](std::vector<instruction> list) {
        program p;
        p.threads = {std::move(list)};
        return p;
    };
    EXPECT_THROW((void)printed(with_thread({loop_end{}})), std::invalid_argument);
    EXPECT_THROW((void)printed(with_thread({loop_begin{1}})), std::invalid_argument);
    EXPECT_THROW((void)printed(with_thread(std::vector<instruction>(9, loop_begin{1}))), std::invalid_argument);
    EXPECT_THROW((void)printed(with_thread({wait<affine>{loop(0), 1}})), std::invalid_argument);
    program p;
    p.buffers = {{"x", 0, 1, {}, {}}};
    EXPECT_THROW((void)printed(p), std::invalid_argument);
    p.buffers = {{"a", 0, 1, {}, {}}, {"a", 1, 1, {}, {}}};
    EXPECT_THROW((void)printed(p), std::invalid_argument);
}

}  // namespace
}  // namespace d1::program
