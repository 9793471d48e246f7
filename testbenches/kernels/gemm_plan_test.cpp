// Plans of matrix products fit, and say so when they cannot.

#include "testbenches/kernels/gemm_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "models/numerics/counter_random.hpp"
#include "models/parameter/error.hpp"
#include "platforms/die.hpp"
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

TEST(panel_layout, deals_out_every_chunk_to_one_owner_and_pads_to_lines_only) {
    for (const number_format format : {number_format::bf16, number_format::cfp8_143}) {
        for (const std::uint32_t chain : {1U, 3U, 18U}) {
            for (const std::uint32_t chunk : {1U, 5U, 8U, 37U, 40U}) {
                panel_layout panel{.sub_blocks = 4, .passes = 3, .chain = chain, .type = {format}, .k = {37, chunk}};
                panel.per_owner = (panel.k.count() + chain - 1) / chain;
                ASSERT_LE(panel.owners(), chain);
                const std::uint32_t dealt = (panel.owners() - 1) * panel.per_owner + panel.last_whole();
                EXPECT_EQ(dealt * chunk + panel.k.tail(), 37U);
                EXPECT_GE(panel.last_whole() + panel.k.tail(), 1U);
                std::uint64_t slices = 0;
                std::uint64_t chunks = 0;
                for (const std::uint64_t blocks : {4U, 4U, 3U}) {
                    slices += blocks * 37;
                    chunks += panel.k.count();
                }
                const std::uint64_t line = 64 / panel.slice_bytes();
                EXPECT_EQ(panel.buffer_bytes(11) % 64, 0U);
                EXPECT_GE(panel.buffer_bytes(11), slices * panel.slice_bytes());
                EXPECT_LE(panel.buffer_bytes(11), (slices + chunks * (line - 1)) * panel.slice_bytes());
            }
        }
    }
}

TEST(gemm_plan, gives_each_part_of_the_result_to_one_node) {
    gemm_plan plan;
    plan.a.chain = 3;
    plan.a.fans = 2;
    plan.b.chain = 4;
    plan.b.fans = 5;
    std::set<std::pair<std::uint32_t, std::uint32_t>> parts;
    ASSERT_EQ(plan.nodes(), (grid{15, 8}));
    for (std::uint32_t i = 0; i < plan.nodes().size(); ++i) {
        const coordinate here = plan.nodes().at(static_cast<node_index>(i));
        EXPECT_LT(plan.row_part(here), 4U * 5U);
        EXPECT_LT(plan.column_part(here), 3U * 2U);
        parts.insert({plan.row_part(here), plan.column_part(here)});
        // Along a chain of A and in the same place of the next one A's part is the same; so for B.
        if (here.x % 3 != 2) {
            EXPECT_EQ(plan.row_part(here), plan.row_part({here.x + 1, here.y}));
        }
        if (here.y < 4) {
            EXPECT_EQ(plan.row_part(here), plan.row_part({here.x, here.y + 4}));
        }
        if (here.y % 4 != 3) {
            EXPECT_EQ(plan.column_part(here), plan.column_part({here.x, here.y + 1}));
        }
        if (here.x < 12) {
            EXPECT_EQ(plan.column_part(here), plan.column_part({here.x + 3, here.y}));
        }
    }
    EXPECT_EQ(parts.size(), plan.nodes().size());
}

TEST(plan_gemm, fits_every_node_s_memory_and_covers_the_product) {
    constexpr std::uint64_t seed = 5;
    std::cout << "seed " << seed << "\n";
    const d1_parameters p;
    const die on("die", p);
    for (std::uint64_t i = 0; i < 60; ++i) {
        const auto side = [&](std::uint64_t which) {
            return 1 + numerics::counter_random(seed, which, i) % (std::uint64_t{1} << (1 + i % 12));
        };
        const gemm_shape s{side(1), side(2), side(3)};
        SCOPED_TRACE(testing::Message() << s.m << " x " << s.n << " x " << s.k);
        const gemm_plan plan = plan_gemm(s, {{number_format::bf16}}, on);
        EXPECT_LE(plan.bytes(), p.die.node.sram.bytes);
        EXPECT_LE(plan.nodes().size(), 354U);
        EXPECT_EQ(plan.rows.total, (s.m + 7) / 8);
        EXPECT_EQ(plan.columns.total, (s.n + 7) / 8);
        EXPECT_EQ(plan.a.k.steps, (s.k + 3) / 4);
        EXPECT_EQ(plan.b.k.chunk, plan.a.k.chunk);
        EXPECT_LE(plan.a.owners(), plan.a.chain);
        EXPECT_LE(plan.b.owners(), plan.b.chain);
        // A program passes every structural check, or build() would throw.
        for (const coordinate node : {coordinate{0, 0}, {plan.nodes().columns - 1, plan.nodes().rows - 1}}) {
            EXPECT_NO_THROW(static_cast<void>(make_gemm_program(plan, role_of(plan, node), p)));
        }
    }
}

TEST(plan_gemm, refuses_what_does_not_fit_with_the_bytes_needed_and_available) {
    const die on("die", d1_parameters{});
    try {
        static_cast<void>(plan_gemm({20000, 20000, 20000}, {{number_format::bf16}}, on));
        FAIL() << "2.4 GB do not fit on 464 MB";
    } catch (const input_error& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("20000 x 20000 x 20000"));
        EXPECT_THAT(e.what(), testing::ContainsRegex("needs at least [0-9]+ B"));
        EXPECT_THAT(e.what(), testing::HasSubstr("has 1310720 B (354 live nodes, 463994880 B together)"));
    }
}

TEST(plan_gemm, fits_8192_cubed_whose_operands_and_results_take_403_of_464_million_bytes) {
    const die on("die", d1_parameters{});
    const gemm_plan plan = plan_gemm({8192, 8192, 8192}, {{number_format::bf16}}, on);
    EXPECT_LE(plan.bytes(), 1310720U);
}

}  // namespace
}  // namespace d1::kernels
