// Plans of matrix products fit, and say so when they cannot.

#include "testbenches/kernels/gemm_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/numerics/counter_random.hpp"
#include "models/parameter/error.hpp"
#include "testbenches/kernels/gemm_program.hpp"

namespace d1::kernels {
namespace {

using numerics::number_format;

TEST(block_split, deals_out_every_block_once_and_evenly) {
    for (std::uint32_t total = 1; total < 60; ++total) {
        for (std::uint32_t parts = 1; parts <= total; ++parts) {
            const block_split split{total, parts};
            std::uint32_t next = 0;
            for (std::uint32_t i = 0; i < parts; ++i) {
                EXPECT_EQ(split.first(i), next);
                EXPECT_GE(split.size(i), total / parts);
                EXPECT_LE(split.size(i), split.largest());
                next += split.size(i);
            }
            EXPECT_EQ(next, total);
        }
    }
}

TEST(panel_layout, holds_each_slice_of_a_panel_in_one_share_and_no_more_than_the_padding_besides) {
    for (const number_format format : {number_format::bf16, number_format::cfp8_143}) {
        const std::uint32_t line = format == number_format::bf16 ? 1 : 2;  // slices of a line
        for (const auto& [owners, blocks] : {std::pair(1U, 1U), {1U, 5U}, {3U, 1U}, {3U, 12U}, {18U, 5U}, {18U, 12U}}) {
            const panel_layout panel{4, owners, {format}, {37, 8}};
            EXPECT_EQ(panel.slice_bytes(), 64 / line);
            EXPECT_EQ(panel.sub_block_bytes(blocks) % 64, 0U);
            std::uint64_t slices = 0;
            std::uint64_t units = 0;
            for (std::uint32_t sub = 0; sub < blocks; sub += 4) {
                for (std::uint32_t step = 0; step < 37; step += 8) {
                    slices += std::uint64_t{std::min(4U, blocks - sub)} * std::min(8U, 37 - step);
                    ++units;
                }
            }
            const std::uint64_t stored = owners * panel.panel_bytes(blocks) / panel.slice_bytes();
            EXPECT_GE(stored, slices);
            EXPECT_LE(stored, slices + units * (owners * line - 1));
        }
    }
}

TEST(plan_gemm, fits_every_node_s_memory_and_covers_the_product) {
    constexpr std::uint64_t seed = 5;
    std::cout << "seed " << seed << "\n";
    const d1_parameters p;
    for (std::uint64_t i = 0; i < 60; ++i) {
        const auto side = [&](std::uint64_t which) {
            return 1 + numerics::counter_random(seed, which, i) % (std::uint64_t{1} << (1 + i % 12));
        };
        const gemm_shape s{side(1), side(2), side(3)};
        SCOPED_TRACE(testing::Message() << s.m << " x " << s.n << " x " << s.k);
        const gemm_plan plan = plan_gemm(s, {number_format::bf16}, p, 354);
        EXPECT_LE(plan.bytes(), p.die.node.sram.bytes);
        EXPECT_LE(plan.nodes.size(), 354U);
        EXPECT_EQ(plan.rows.total, (s.m + 7) / 8);
        EXPECT_EQ(plan.columns.total, (s.n + 7) / 8);
        EXPECT_EQ(plan.a.k.steps, (s.k + 3) / 4);
        EXPECT_EQ(plan.b.k.chunk, plan.a.k.chunk);
        // The program of the largest part passes every structural check, or build() would throw.
        EXPECT_NO_THROW(static_cast<void>(make_gemm_program(plan, plan.rows.largest(), plan.columns.largest(), p)));
    }
}

TEST(plan_gemm, refuses_what_does_not_fit_with_the_bytes_needed_and_available) {
    const d1_parameters p;
    try {
        static_cast<void>(plan_gemm({20000, 20000, 20000}, {number_format::bf16}, p, 354));
        FAIL() << "2.4 GB do not fit on 464 MB";
    } catch (const input_error& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("20000 x 20000 x 20000"));
        EXPECT_THAT(e.what(), testing::ContainsRegex("needs at least [0-9]+ B"));
        EXPECT_THAT(e.what(), testing::HasSubstr("has 1310720 B (354 live nodes, 463994880 B together)"));
    }
}

TEST(plan_gemm, fits_8192_cubed_whose_operands_and_results_take_403_of_464_million_bytes) {
    const gemm_plan plan = plan_gemm({8192, 8192, 8192}, {number_format::bf16}, d1_parameters{}, 354);
    EXPECT_LE(plan.bytes(), 1310720U);
}

}  // namespace
}  // namespace d1::kernels
