#include "testbenches/traffic/measurement.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "models/numerics/counter_random.hpp"

namespace d1::traffic {
namespace {

TEST(histogram, has_the_quantiles_of_the_sorted_values) {
    for (const std::size_t size : {1U, 2U, 3U, 10U, 99U, 100U, 101U, 1000U}) {
        histogram h;
        std::vector<std::uint64_t> values;
        for (std::size_t i = 0; i < size; ++i) {
            values.push_back(numerics::counter_random(5, size, i) % 300);
            h.add(values.back());
        }
        std::sort(values.begin(), values.end());
        EXPECT_EQ(h.quantile(0.5), values[(size + 1) / 2 - 1]);
        EXPECT_EQ(h.quantile(0.99), values[(99 * size + 99) / 100 - 1]);
        EXPECT_EQ(h.quantile(1), values.back());
        EXPECT_EQ(h.max(), values.back());
        EXPECT_EQ(h.count(), size);
    }
}

TEST(histogram, of_nothing_is_zero) {
    const histogram h;
    EXPECT_EQ(h.mean(), 0);
    EXPECT_EQ(h.quantile(0.5), 0U);
    EXPECT_EQ(h.max(), 0U);
}

TEST(measurement, has_the_confidence_of_the_means_of_its_batches) {
    measurement m;
    // Means 1 .. 20: variance 35, so the half width is 2.093 sqrt(35 / 20).
    for (std::size_t i = 0; i < measurement::batches; ++i) {
        m.by_time[i] = {10, 10 * (i + 1)};
    }
    EXPECT_NEAR(m.confidence(), 2.7688, 1e-3);
    m.by_time[3].bursts = 0;
    EXPECT_EQ(m.confidence(), 0);
}

}  // namespace
}  // namespace d1::traffic
