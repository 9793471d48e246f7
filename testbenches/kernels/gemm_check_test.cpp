// The checker has nothing against the programs of matrix products.

#include <gtest/gtest.h>

#include <random>

#include "models/parameter/error.hpp"
#include "models/program/checker.hpp"
#include "testbenches/kernels/gemm.hpp"

namespace d1::kernels {
namespace {

TEST(gemm_check, finds_nothing_in_products_of_random_shapes) {
    d1_parameters p;
    p.die.noc.columns = 5;
    p.die.noc.rows = 4;
    p.die.harvest.dead = {{1, 1}};
    const die d("die", p, {.protocol = true});
    constexpr std::uint32_t seed = 7;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 engine(seed);
    std::size_t checked = 0;
    for (int i = 0; i < 60; ++i) {
        const gemm_shape shape{1 + engine() % 700, 1 + engine() % 700, 1 + engine() % 1500};
        SCOPED_TRACE(std::to_string(shape.m) + " x " + std::to_string(shape.n) + " x " + std::to_string(shape.k));
        const auto output = i % 2 == 0 ? numerics::number_format::fp32 : numerics::number_format::bf16;
        const gemm product(shape, {{output}}, d);
        for (const auto depth : {program::check_depth::quick, program::check_depth::full}) {
            const auto found = program::check(assignment_of(product.programs()), {.depth = depth});
            EXPECT_TRUE(found.empty()) << to_string(found.front());
        }
        ++checked;
    }
    EXPECT_EQ(checked, 60U);
}

}  // namespace
}  // namespace d1::kernels
