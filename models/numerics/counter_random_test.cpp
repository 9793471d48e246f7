#include "models/numerics/counter_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

namespace d1::numerics {
namespace {

using arguments = std::array<std::uint64_t, 3>;  // seed, key, index

std::uint64_t draw(const arguments& from) {
    return counter_random(from[0], from[1], from[2]);
}

TEST(counter_random, is_a_pure_function_with_values_that_never_change) {
    static_assert(counter_random(0, 0, 0) == counter_random(0, 0, 0));
    // Stored results, and operands of every checked run, hang on these.
    EXPECT_EQ(counter_random(0, 0, 0), 0x2382'75BC'38FC'BE91);
    EXPECT_EQ(counter_random(1, 2, 3), 0x8568'F7C4'E53B'5A35);
}

TEST(counter_random, every_input_bit_flips_every_output_bit_half_of_the_time) {
    constexpr int samples = 4096;
    for (std::size_t argument = 0; argument < 3; ++argument) {
        for (int bit = 0; bit < 64; ++bit) {
            std::array<int, 64> flips{};
            for (std::uint64_t i = 0; i < samples; ++i) {
                arguments from{i * 3, i * 5 + 1, i};
                const std::uint64_t before = draw(from);
                from[argument] ^= std::uint64_t{1} << bit;
                std::uint64_t changed = before ^ draw(from);
                for (; changed != 0; changed &= changed - 1)
                    ++flips[static_cast<std::size_t>(std::countr_zero(changed))];
            }
            // A fair coin: standard deviation 32 of 4096; 12 288 counters stay within six of them.
            const auto [least, most] = std::minmax_element(flips.begin(), flips.end());
            ASSERT_GT(*least, samples / 2 - 192) << "argument " << argument << " bit " << bit;
            ASSERT_LT(*most, samples / 2 + 192) << "argument " << argument << " bit " << bit;
        }
    }
}

// Chi-square with 255 degrees of freedom: mean 255, standard deviation 22.6.
double chi_square_of_bytes(const std::vector<std::uint64_t>& words, int byte) {
    std::array<double, 256> counts{};
    for (const std::uint64_t word : words) ++counts[word >> (8 * byte) & 255];
    const double expected = static_cast<double>(words.size()) / 256;
    double sum = 0;
    for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
    return sum;
}

TEST(counter_random, every_byte_is_uniform_along_each_argument) {
    for (std::size_t argument = 0; argument < 3; ++argument) {
        std::vector<std::uint64_t> words;
        for (std::uint64_t i = 0; i < 65536; ++i) {
            arguments from{7, 7, 7};
            from[argument] = i;
            words.push_back(draw(from));
        }
        for (int byte = 0; byte < 8; ++byte) {
            const double chi_square = chi_square_of_bytes(words, byte);
            EXPECT_GT(chi_square, 255 - 5 * 22.6) << "argument " << argument << " byte " << byte;
            EXPECT_LT(chi_square, 255 + 5 * 22.6) << "argument " << argument << " byte " << byte;
        }
    }
}

TEST(counter_random, neighbours_along_a_stream_are_uncorrelated) {
    constexpr std::uint64_t samples = 100'000;
    const auto unit = [](std::uint64_t word) { return static_cast<double>(word >> 11) * 0x1p-53 - 0.5; };
    for (const std::uint64_t distance : {1U, 2U, 4U, 64U, 4096U}) {
        double sum = 0;
        for (std::uint64_t i = 0; i < samples; ++i) {
            sum += unit(counter_random(1, 1, i)) * unit(counter_random(1, 1, i + distance));
        }
        // The mean of products of two independent uniforms has the deviation (1/12) / sqrt(samples).
        EXPECT_LT(std::fabs(sum / samples), 5.0 / 12.0 / std::sqrt(static_cast<double>(samples))) << distance;
    }
}

TEST(counter_random, small_arguments_do_not_collide_nor_commute) {
    std::vector<std::uint64_t> words;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
        for (std::uint64_t key = 0; key < 64; ++key) {
            for (std::uint64_t index = 0; index < 64; ++index) words.push_back(counter_random(seed, key, index));
        }
    }
    std::sort(words.begin(), words.end());
    EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end());
}

}  // namespace
}  // namespace d1::numerics
