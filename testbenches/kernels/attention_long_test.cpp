// Attention of BERT-large on a whole die, forward and backward.

#include "testbenches/kernels/attention.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include "testbenches/kernels/kernel_bench.hpp"

namespace d1::kernels {
namespace {

TEST(attention_of_bert_large, runs_forward_and_backward_on_a_whole_die_and_is_printed) {
    d1_parameters p;
    p.simulation.functional = false;
    die on("die", p);
    for (const bool causal : {false, true}) {
        const attention_shape s{.heads = 16, .length = 512, .depth = 64, .causal = causal};
        const auto print = [&](const char* name, const kernel& k, std::uint64_t products) {
            const run_result r = run_kernel(on, k, {}).run;
            const std::uint64_t macs = products * s.heads * s.length * s.length * s.depth / (causal ? 2 : 1);
            std::printf("%-16s %s %8llu cycles on %3zu nodes, %4.1f %% of the die's peak, bound by matrix %llu\n", name,
                        causal ? "causal" : "whole ", static_cast<unsigned long long>(r.cycles),
                        k.programs().where.nodes.size(),
                        100.0 * static_cast<double>(macs) / (256.0 * 354.0 * static_cast<double>(r.cycles)),
                        static_cast<unsigned long long>(r.bounds.matrix));
            EXPECT_GE(r.cycles, r.bounds.matrix);
            EXPECT_GE(r.cycles * 256 * 354, macs);
            return r.cycles;
        };
        const auto forward = print("attention", make_attention(s, {}, on), 2);
        const auto backward = print("its gradient", make_attention_gradient(s, {}, on), 5);
        EXPECT_GT(backward, forward);
    }
}

}  // namespace
}  // namespace d1::kernels
