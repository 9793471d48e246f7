// What the text form refuses, and what it says.

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>

#include "models/parameter/error.hpp"
#include "models/program/random_program.hpp"
#include "models/program/text.hpp"
#include "models/reporting/sanitized.hpp"

namespace d1::program {
namespace {

std::string refusal(const std::string& text) {
    try {
        (void)parse(text, "f.d1p");
    } catch (const input_error& e) {
        return e.what();
    }
    return "nothing was refused";
}

const std::string head = "d1p 1\nprogram \"p\"\n";

/// The refusal of a declaration on line 3.
std::string of_declaration(const std::string& line) {
    return refusal(head + line + "\nthread {\n}\n");
}

/// The refusal of an instruction on line 6, where buffer a and semaphores full are known.
std::string of_instruction(const std::string& line) {
    return refusal(head + "buffer a address=0 bytes=4096 type=bf16\nsemaphores full first=2\nthread {\n" + line +
                   "\n}\n");
}
/// The refusal of an expression, which begins at line 6, column 16.
std::string of_expression(const std::string& text) {
    return of_instruction("wait semaphore=" + text);
}

TEST(parse_error, of_the_header) {
    EXPECT_EQ(refusal(""), "f.d1p:1:1: expected a program's first line, 'd1p 1', found the end of the text");
    EXPECT_EQ(refusal("program"), "f.d1p:1:1: expected a program's first line, 'd1p 1', found 'program'");
    EXPECT_EQ(refusal("d1p\n"), "f.d1p:1:4: expected an expression, found the end of the line");
    EXPECT_EQ(refusal("d1p 2\n"), "f.d1p:1:5: version 2 of the text form is not known: expected 1");
    EXPECT_EQ(refusal("d1p 1 program"), "f.d1p:1:7: expected the end of the line after the version, found 'program'");
    EXPECT_EQ(refusal("d1p 1\n"), "f.d1p:2:1: expected 'program' and its name, found the end of the text");
    EXPECT_EQ(refusal("d1p 1\nprogram gemm"), "f.d1p:2:9: expected a string in double quotes, found 'gemm'");
    EXPECT_EQ(refusal("d1p 1\nprogram \"gemm"), "f.d1p:2:9: the string is not closed on its line: expected '\"'");
    EXPECT_EQ(refusal("d1p 1\nprogram \"a\\q\""),
              "f.d1p:2:9: unknown escape in a string: expected \\\\, \\\" or \\x and two hexadecimal digits");
}

TEST(parse_error, of_declarations) {
    EXPECT_EQ(of_declaration("bufer a"), "f.d1p:3:1: unknown declaration 'bufer'; did you mean 'buffer'?");
    EXPECT_EQ(of_declaration("zzzzzzzz"),
              "f.d1p:3:1: unknown declaration 'zzzzzzzz'; expected one of on, buffer, semaphores, thread, program");
    EXPECT_EQ(of_declaration("7"), "f.d1p:3:1: expected on, buffer, semaphores, thread or program, found '7'");
    EXPECT_EQ(of_declaration("buffer"), "f.d1p:3:7: expected the buffer's name, found the end of the line");
    EXPECT_EQ(of_declaration("buffer a address=0 bytes=1"), "f.d1p:3:1: buffer needs the key 'type'");
    EXPECT_EQ(of_declaration("buffer a address=-1 bytes=1 type=bf16"),
              "f.d1p:3:18: -1 is out of range: expected 0 to 4294967295");
    EXPECT_EQ(of_declaration("buffer a address=x bytes=1 type=bf16"),
              "f.d1p:3:18: expected a constant, found an expression of loop counters or coordinates");
    EXPECT_EQ(of_declaration("buffer a address=0 bytes=1 type=bf61"),
              "f.d1p:3:33: unknown element type 'bf61'; did you mean 'bf16'?")
        << "two letters changed places";
    EXPECT_EQ(of_declaration("buffer a address=0 bytes=1 type=bf16:256"),
              "f.d1p:3:38: 256 is out of range: expected 0 to 255");
    EXPECT_EQ(of_declaration("buffer a address=0 bytes=1 type=bf16 content=indx"),
              "f.d1p:3:46: unknown content 'indx'; did you mean 'index'?");
    EXPECT_EQ(of_declaration("buffer x address=0 bytes=1 type=bf16"),
              "f.d1p:3:8: 'x' cannot be a name: it means the node's coordinate");
    EXPECT_EQ(of_declaration("semaphores s first=0\nsemaphores s first=1"),
              "f.d1p:4:12: the name 's' is already taken");
}

TEST(parse_error, of_blocks) {
    EXPECT_EQ(refusal(head + "thread\n"), "f.d1p:3:7: expected '{' after 'thread', found the end of the line");
    EXPECT_EQ(refusal(head + "thread {\n"), "f.d1p:4:1: expected '}' for the '{' of line 3, found the end of the text");
    EXPECT_EQ(refusal(head + "thread { wait"), "f.d1p:3:10: expected the end of the line after '{', found 'wait'");
    EXPECT_EQ(refusal(head + "thread {\n} x"), "f.d1p:4:3: expected the end of the line after '}', found 'x'");
    EXPECT_EQ(refusal(head + "thread {\n}\n}\n"),
              "f.d1p:5:1: expected on, buffer, semaphores, thread or program, found '}'");
}

TEST(parse_error, of_loops) {
    EXPECT_EQ(of_instruction("loop 4 {"), "f.d1p:6:6: expected the name of the loop's counter, found '4'");
    EXPECT_EQ(of_instruction("loop i 4 {"), "f.d1p:6:8: expected '=' after the name of the loop's counter, found '4'");
    EXPECT_EQ(of_instruction("loop i = 4"),
              "f.d1p:6:11: expected '{' after the loop's count, found the end of the line");
    EXPECT_EQ(of_instruction("loop a = 4 {\n}"), "f.d1p:6:6: the name 'a' is already taken");
    EXPECT_EQ(of_instruction("loop i = i {\n}"), "f.d1p:6:10: unknown name 'i'; expected one of a, full, x, y");
    EXPECT_EQ(of_instruction("loop y = 4 {\n}"), "f.d1p:6:6: 'y' cannot be a name: it means the node's coordinate");
    EXPECT_EQ(of_instruction("loop i = 2 {\n}\nwait semaphore=i"),
              "f.d1p:8:16: unknown name 'i'; expected one of a, full, x, y");
    std::string nest;
    for (int d = 0; d < 9; ++d) nest += "loop i" + std::to_string(d) + " = 1 {\n";
    EXPECT_EQ(of_instruction(nest), "f.d1p:14:6: loops are nested more than 8 deep");
}

TEST(parse_error, of_instructions_and_their_keys) {
    EXPECT_EQ(of_instruction("puhs"), "f.d1p:6:1: unknown instruction 'puhs'; did you mean 'push'?");
    EXPECT_EQ(of_instruction("branch"),
              "f.d1p:6:1: unknown instruction 'branch'; expected one of loop, list, matrix_multiply, vector_operation, "
              "push, pull, signal, wait, copy, gather, scatter_add, transpose, reduce, barrier");
    EXPECT_EQ(of_instruction("list {\nlist {"), "f.d1p:7:1: a list cannot stand in a list");
    EXPECT_EQ(of_instruction("reduce operation=summ"), "f.d1p:6:18: unknown reduction 'summ'; did you mean 'sum'?");
    EXPECT_EQ(of_instruction("matrix_multply c=a"),
              "f.d1p:6:1: unknown instruction 'matrix_multply'; did you mean 'matrix_multiply'?");
    EXPECT_EQ(of_instruction("="), "f.d1p:6:1: expected an instruction or '}', found '='");
    EXPECT_EQ(of_instruction("wait"), "f.d1p:6:1: wait needs the key 'semaphore'");
    EXPECT_EQ(of_instruction("wait semaphor=1"),
              "f.d1p:6:6: unknown key of wait 'semaphor'; did you mean 'semaphore'?");
    EXPECT_EQ(of_instruction("wait semaphore 1"), "f.d1p:6:16: expected '=' after 'semaphore', found '1'");
    EXPECT_EQ(of_instruction("wait semaphore=1 semaphore=2"), "f.d1p:6:18: the key 'semaphore' is given twice");
    EXPECT_EQ(of_instruction("wait semaphore=1 2"),
              "f.d1p:6:18: expected the end of the line or another key=value, found '2'");
    EXPECT_EQ(of_instruction("signal to=1 semaphore=1"),
              "f.d1p:6:11: expected '(' before the column of a node, as in (x + 1, y), found '1'");
    EXPECT_EQ(of_instruction("signal to=(1) semaphore=1"),
              "f.d1p:6:13: expected ',' between the column and the row of a node, found ')'");
    EXPECT_EQ(of_instruction("signal to=(1, 2 semaphore=1"),
              "f.d1p:6:17: expected ')' after the row of a node, found 'semaphore'");
    EXPECT_EQ(of_instruction("push row_bytes=4294967296"),
              "f.d1p:6:16: 4294967296 is out of range: expected 0 to 4294967295");
    EXPECT_EQ(of_instruction("vector_operation operation=ad"),
              "f.d1p:6:28: unknown element-wise operation 'ad'; did you mean 'add'?");
    EXPECT_EQ(of_instruction("vector_operation scalar=full"),
              "f.d1p:6:25: expected a number, inf or nan, found 'full'");
    EXPECT_EQ(of_instruction("vector_operation scalar=1.2.3"), "f.d1p:6:25: '1.2.3' is not a number");
    EXPECT_EQ(of_instruction("vector_operation scalar=1e99"), "f.d1p:6:25: '1e99' is out of the range of FP32");
}

TEST(parse_error, of_expressions) {
    EXPECT_EQ(of_expression(""), "f.d1p:6:16: expected an expression, found the end of the line");
    EXPECT_EQ(of_expression("1 +"), "f.d1p:6:19: expected an expression, found the end of the line");
    EXPECT_EQ(of_expression("- - 1"), "f.d1p:6:18: expected a number, a name or '(', found '-'");
    EXPECT_EQ(of_expression("ful"), "f.d1p:6:16: unknown name 'ful'; did you mean 'full'?");
    EXPECT_EQ(of_expression("12ab"), "f.d1p:6:16: '12ab' is not an integer");
    EXPECT_EQ(of_expression("1.5"), "f.d1p:6:16: '1.5' is not an integer");
    EXPECT_EQ(of_expression("0x"), "f.d1p:6:16: '0x' is not an integer");
    EXPECT_EQ(of_expression("x*y"),
              "f.d1p:6:17: the product of two expressions is not affine: one of them must be constant");
    EXPECT_EQ(of_expression("(1"), "f.d1p:6:18: expected ')' at the end of the parenthesis, found the end of the line");
    EXPECT_EQ(of_expression("1 $"), "f.d1p:6:18: unexpected character '$'");
    EXPECT_EQ(of_expression("\x01"), "f.d1p:6:16: unexpected character '\\x01'");
}

TEST(parse_error, of_numbers_that_do_not_fit) {
    EXPECT_EQ(of_expression("9223372036854775808"), "f.d1p:6:16: '9223372036854775808' does not fit in 64 bits");
    EXPECT_EQ(of_expression("-9223372036854775809"), "f.d1p:6:17: '9223372036854775809' does not fit in 64 bits");
    EXPECT_EQ(of_expression("99999999999999999999999999"),
              "f.d1p:6:16: '99999999999999999999999999' does not fit in 64 bits");
    EXPECT_EQ(of_expression("9223372036854775807 + 1"), "f.d1p:6:36: the expression does not fit in 64 bits");
    EXPECT_EQ(of_expression("4294967296*4294967296"), "f.d1p:6:26: the expression does not fit in 64 bits");
    EXPECT_EQ(of_expression("-(-9223372036854775808)"), "f.d1p:6:17: the expression does not fit in 64 bits");
}

TEST(parse_error, of_nesting_beyond_measure) {
    EXPECT_EQ(of_expression(std::string(1000000, '(')), "f.d1p:6:48: parentheses nested more than 32 deep");
    EXPECT_EQ(of_expression(std::string(32, '(') + "1" + std::string(32, ')')), "nothing was refused");
}

TEST(parse_error, of_a_text_too_long) {
    EXPECT_EQ(refusal(std::string(max_text_bytes + 1, ' ')), "f.d1p: the program is longer than 16777216 bytes");
}

TEST(parse_error, shows_long_and_unprintable_words_shortened_and_escaped) {
    EXPECT_EQ(of_declaration(std::string(1000, 'b')),
              "f.d1p:3:1: unknown declaration '" + std::string(40, 'b') +
                  "...'; expected one of on, buffer, semaphores, thread, program");
    EXPECT_EQ(of_declaration("\xff"), "f.d1p:3:1: unexpected character '\\xff'");
    EXPECT_EQ(of_declaration(std::string(1, '\0')), "f.d1p:3:1: unexpected character '\\x00'");
}

/// Whatever the text, parse() gives a program or an input_error.
void expect_no_other_end(const std::string& text) {
    try {
        (void)parse(text, "f");
    } catch (const input_error& e) {
        EXPECT_NE(std::string(e.what()).find("f:"), std::string::npos);
    }
}

TEST(parse_error, is_the_only_end_of_texts_cut_short_or_changed_at_random) {
    for (std::uint64_t seed = 0; seed < (is_sanitized ? 15 : 60); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::ostringstream out;
        print(out, random_program(seed, {.extreme_numbers = true}));
        const std::string text = out.str().substr(0, 2000);
        for (std::size_t n = 0; n < text.size(); n += 7) expect_no_other_end(text.substr(0, n));
        std::mt19937_64 engine(seed);
        for (int trial = 0; trial < 200; ++trial) {
            std::string changed = text;
            for (std::uint64_t k = 1 + engine() % 4; k > 0; --k) {
                auto& victim = changed[engine() % changed.size()];
                victim = engine() % 2 == 0 ? static_cast<char>(engine()) : changed[engine() % changed.size()];
            }
            expect_no_other_end(changed);
        }
    }
}

}  // namespace
}  // namespace d1::program
