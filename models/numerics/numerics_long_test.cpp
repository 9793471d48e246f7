#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>

#include "models/numerics/dispatch.hpp"
#include "models/numerics/host_comparison.hpp"
#include "models/numerics/integer_reference.hpp"
#include "models/numerics/matrix_comparison.hpp"
#include "models/numerics/number_format.hpp"
#include "models/numerics/rounding_reference.hpp"

namespace d1::numerics {
namespace {

TEST(bf16, rounds_every_fp32_pattern_by_the_definition) {
    for (std::uint64_t i = 0; i < 0x1'0000'0000; ++i) {
        const auto pattern = static_cast<std::uint32_t>(i);
        const std::uint16_t expected = test::nearest_bf16(pattern);
        if (bf16_from_float(std::bit_cast<float>(pattern)) != expected ||
            integer_reference::round_to_bf16(pattern) != expected) {
            FAIL() << std::hex << "pattern " << pattern << " expected " << expected;
        }
    }
}

TEST(integer_reference, multiplies_and_adds_a_hundred_million_pairs_as_the_host_does) {
    test::compare_with_host(2, 15'000'000);
}

TEST(matrix, every_dispatch_target_equals_the_integer_reference_on_random_shapes) {
    test::met seen;
    for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
        const auto choose = [seed](std::uint64_t key, std::uint64_t below) {
            return static_cast<std::uint32_t>(counter_random(seed, key, 0) % below);
        };
        const auto type = [&](std::uint64_t key) { return element_type{static_cast<number_format>(choose(key, 2))}; };
        const test::matrix_case test{.shape = {choose(10, 5), choose(11, 6), choose(12, 20)},
                                     .a_type = type(13),
                                     .b_type = type(14),
                                     .kind = test::all_classes[choose(15, test::all_classes.size())],
                                     .accumulate = choose(16, 2) == 1,
                                     .rules = {.keep_subnormals = choose(17, 2) == 1,
                                               .accumulator = static_cast<accumulator_format>(choose(18, 2))}};
        for (const std::string& target : dispatch_targets()) {
            SCOPED_TRACE(target);
            const forced_dispatch_target forced(target);
            test::compare_with_reference(test, seed, seen);
            if (HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace d1::numerics
