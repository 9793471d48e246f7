#include "models/statistics/sampler.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace d1::statistics {
namespace {

class two_counters : public testing::Test {
  protected:
    two_counters() {
        root.child("node[0,0]").counter("steps", "steps", "Matrix steps", a);
        root.child("node[0,1]").counter("steps", "steps", "Matrix steps", b);
    }
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    group root;
};

TEST_F(two_counters, are_sampled_as_increments_of_those_that_changed) {
    sampler samples(root);
    a = 5;
    samples.sample(100);
    a = 7;
    b = 1;
    samples.sample(200);
    samples.sample(300);
    EXPECT_EQ(boost::json::serialize(samples.to_json()),
              R"([{"cycle":100,"delta":{"node[0,0].steps":5}},)"
              R"({"cycle":200,"delta":{"node[0,0].steps":2,"node[0,1].steps":1}},)"
              R"({"cycle":300,"delta":{}}])");
}

TEST_F(two_counters, are_sampled_per_layer_under_its_name) {
    sampler samples(root);
    b = 9;
    samples.sample("conv1");
    EXPECT_EQ(boost::json::serialize(samples.to_json()), R"([{"layer":"conv1","delta":{"node[0,1].steps":9}}])");
}

TEST_F(two_counters, count_from_zero_in_the_first_sample) {
    a = 40;
    sampler samples(root);
    a = 42;
    samples.sample(1);
    EXPECT_EQ(samples.value_at(0, "node[0,0].steps"), 42U);
}

TEST_F(two_counters, can_be_lowered_by_their_block) {
    sampler samples(root);
    a = 5;
    samples.sample(1);
    a = 2;
    samples.sample(2);
    EXPECT_EQ(samples.value_at(1, "node[0,0].steps"), 2U);
    EXPECT_EQ(boost::json::serialize(samples.to_json()),
              R"([{"cycle":1,"delta":{"node[0,0].steps":5}},{"cycle":2,"delta":{"node[0,0].steps":-3}}])");
}

TEST_F(two_counters, give_the_same_samples_after_a_reset) {
    sampler samples(root);
    const auto run = [&] {
        a += 3;
        samples.sample(10);
        b += 4;
        samples.sample(20);
        return boost::json::serialize(samples.to_json());
    };
    const std::string first = run();
    root.reset();
    samples.reset();
    EXPECT_EQ(samples.size(), 0U);
    EXPECT_EQ(run(), first);
}

TEST_F(two_counters, have_no_value_at_an_unknown_sample_or_path) {
    sampler samples(root);
    samples.sample(1);
    EXPECT_EQ(samples.value_at(0, "node[0,0].steps"), 0U);
    EXPECT_THROW(static_cast<void>(samples.value_at(1, "node[0,0].steps")), std::out_of_range);
    EXPECT_THROW(static_cast<void>(samples.value_at(0, "node[0,0]")), std::out_of_range);
}

TEST(sampler, rebuilds_every_value_of_every_sample_and_its_increments_add_up) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        std::array<std::uint64_t, 20> values{};
        std::vector<std::string> paths;
        group root;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::string node = "node[" + std::to_string(random() % 30) + "," + std::to_string(i) + "]";
            root.child(node).counter("bytes", "B", "Bytes moved", values[i]);
            paths.push_back(node + ".bytes");
        }
        sampler samples(root);
        std::vector<std::array<std::uint64_t, 20>> snapshots;
        for (std::uint64_t cycle = 0; cycle < 50; ++cycle) {
            for (std::uint64_t& value : values) value += random() % 3 == 0 ? random() >> (random() % 64) : 0;
            samples.sample(cycle);
            snapshots.push_back(values);
        }
        ASSERT_EQ(samples.size(), snapshots.size());
        for (std::size_t s = 0; s < snapshots.size(); ++s) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                ASSERT_EQ(samples.value_at(s, paths[i]), snapshots[s][i]) << "sample " << s << " of " << paths[i];
            }
        }
        const boost::json::array written = samples.to_json();
        for (std::size_t i = 0; i < values.size(); ++i) {
            std::uint64_t sum = 0;
            for (const boost::json::value& entry : written) {
                const auto* delta = entry.at("delta").as_object().if_contains(paths[i]);
                if (delta != nullptr) sum += static_cast<std::uint64_t>(delta->as_int64());
            }
            EXPECT_EQ(sum, values[i]) << paths[i];
        }
    }
}

}  // namespace
}  // namespace d1::statistics
