// Embeddings and transpositions move the right elements, whatever the die.

#include "testbenches/kernels/embedding.hpp"

#include <gtest/gtest.h>

#include "models/program/checker.hpp"
#include "testbenches/kernels/kernel_bench.hpp"
#include "testbenches/kernels/transposition.hpp"

namespace d1::kernels {
namespace {

const std::vector<embedding_shape> tables{{1, 1, 1}, {5, 3, 40}, {100, 64, 7}, {37, 101, 200}};

codes random_indices(const embedding_shape& s, std::uint32_t seed) {
    std::mt19937 engine(seed);
    codes indices(s.indices);
    for (std::uint32_t& i : indices) i = static_cast<std::uint32_t>(engine() % s.rows);
    return indices;
}

TEST(embedding, looks_rows_up) {
    dies on;
    for (const embedding_shape& s : tables) {
        for (const auto type : {bf16, fp32}) {
            const codes table = random_tensor(s.rows * s.columns, type, 1);
            const codes indices = random_indices(s, 2);
            const auto found = on.run([&](const die& d) { return make_embedding(s, type, d); },
                                      {{"table", table}, {"indices", indices}});
            codes expected;
            for (const std::uint32_t i : indices) {
                for (std::size_t c = 0; c < s.columns; ++c) expected.push_back(table[i * s.columns + c]);
            }
            ASSERT_EQ(differing(expected, found.at("output")), 0U);
        }
    }
}

TEST(embedding_gradient, adds_rows_in_the_order_of_the_indices) {
    dies on;
    for (const embedding_shape& s : tables) {
        const codes dy = random_tensor(s.indices * s.columns, bf16, 3);
        const codes indices = random_indices(s, 4);
        const auto found = on.run([&](const die& d) { return make_embedding_gradient(s, bf16, d); },
                                  {{"d_output", dy}, {"indices", indices}});
        const numbers rows = decoded(dy, bf16);
        numbers expected(s.rows * s.columns);
        std::vector<double> exact(s.rows * s.columns);
        for (std::size_t i = 0; i < s.indices; ++i) {
            for (std::size_t c = 0; c < s.columns; ++c) {
                expected[indices[i] * s.columns + c] += rows[i * s.columns + c];
                exact[indices[i] * s.columns + c] += rows[i * s.columns + c];
            }
        }
        ASSERT_EQ(differing(encoded(expected, fp32), found.at("d_table")), 0U);
        expect_near(exact, decoded(found.at("d_table"), fp32), 0x1p-20, 1e-5);
    }
}

TEST(embedding, fails_a_run_whose_index_lies_outside_the_table) {
    die on("die", small_die(2, 1));
    const kernel k = make_embedding({5, 8, 3}, bf16, on);
    k.load(on, "table", codes(40));
    k.load(on, "indices", codes{0, 5, 1});
    on.launch(k.programs());
    const run_result result = on.run();
    EXPECT_EQ(result.status, run_status::failed);
    EXPECT_THAT(result.message, testing::HasSubstr("index 5"));
}

TEST(embedding, that_does_not_fit_is_refused_with_figures) {
    const die on("die", small_die(2, 1));
    try {
        (void)make_embedding({300000, 4, 10}, bf16, on);
        FAIL() << "not refused";
    } catch (const input_error& e) {
        EXPECT_THAT(e.what(), testing::ContainsRegex("a node needs [0-9]+ B of SRAM and has 1310720 B"));
    }
}

TEST(transposition, turns_rows_into_columns) {
    dies on;
    for (const matrix_extent e : {matrix_extent{1, 1}, {1, 100}, {100, 1}, {7, 5}, {33, 130}, {128, 64}}) {
        for (const auto type : {bf16, fp32}) {
            const codes x = random_tensor(e.rows * e.columns, type, 5);
            const auto found = on.run([&](const die& d) { return make_transposition(e, type, d); }, {{"input", x}});
            codes expected;
            for (std::size_t c = 0; c < e.columns; ++c) {
                for (std::size_t r = 0; r < e.rows; ++r) expected.push_back(x[r * e.columns + c]);
            }
            ASSERT_EQ(differing(expected, found.at("output")), 0U) << e.rows << " x " << e.columns;
        }
    }
}

TEST(movement_programs, pass_the_checker) {
    const die on("die", small_die(5, 4, {{1, 1}}));
    for (const kernel& k : {make_transposition({33, 130}, bf16, on), make_transposition({3, 130}, bf16, on),
                            make_transposition({130, 3}, bf16, on), make_embedding({37, 101, 20}, bf16, on),
                            make_embedding_gradient({37, 101, 20}, bf16, on)}) {
        const auto found = program::check(assignment_of(k.programs()), {.depth = program::check_depth::full});
        EXPECT_TRUE(found.empty()) << to_string(found.front());
    }
}

}  // namespace
}  // namespace d1::kernels
