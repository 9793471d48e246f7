#pragma once
// The integer reference against the host's floating-point unit, for tests.

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>

#include "models/numerics/integer_reference.hpp"
#include "models/numerics/test_patterns.hpp"

namespace d1::numerics::test {

inline std::uint32_t flushed(std::uint32_t pattern) {
    return (pattern & 0x7F80'0000) == 0 ? pattern & 0x8000'0000 : pattern;
}

template <class Operation>
std::uint32_t on_host(Operation operation, std::uint32_t a, std::uint32_t b, bool keep_subnormals) {
    const auto settle = [&](std::uint32_t pattern) { return keep_subnormals ? pattern : flushed(pattern); };
    const float result = operation(std::bit_cast<float>(settle(a)), std::bit_cast<float>(settle(b)));
    return result != result ? 0x7FC0'0000 : settle(std::bit_cast<std::uint32_t>(result));
}

inline void expect_as_host(std::uint32_t a, std::uint32_t b) {
    for (const bool keep : {true, false}) {
        const std::uint32_t product = on_host([](float x, float y) { return x * y; }, a, b, keep);
        const std::uint32_t sum = on_host([](float x, float y) { return x + y; }, a, b, keep);
        ASSERT_EQ(integer_reference::multiply(a, b, keep), product) << std::hex << a << " * " << b << " keep " << keep;
        ASSERT_EQ(integer_reference::add(a, b, keep), sum) << std::hex << a << " + " << b << " keep " << keep;
    }
}

inline void compare_with_host(std::uint64_t seed, std::uint64_t pairs_per_class) {
    for (const pattern_class kind : all_classes) {
        SCOPED_TRACE(testing::Message() << "seed " << seed << " class " << static_cast<int>(kind));
        for (std::uint64_t i = 0; i < pairs_per_class; ++i) {
            const auto random = [&](std::uint64_t which) {
                return counter_random(seed, static_cast<std::uint64_t>(kind), 2 * i + which);
            };
            expect_as_host(pattern(kind, random(0)), pattern(kind, random(1)));
            if (testing::Test::HasFatalFailure()) return;
        }
    }
}

}  // namespace d1::numerics::test
