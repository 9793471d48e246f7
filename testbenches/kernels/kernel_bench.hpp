#pragma once
// What the tests of kernels share: small dies, random tensors, a run, and results as numbers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "models/numerics/functions.hpp"
#include "models/numerics/number_format.hpp"
#include "models/parameter/error.hpp"
#include "testbenches/kernels/kernel.hpp"

namespace d1::kernels {

using numerics::types::bf16;
using numerics::types::fp32;
using numerics::types::int32;

using codes = std::vector<std::uint32_t>;
using numbers = std::vector<float>;

/// A die of a few nodes, that many dead.
inline d1_parameters small_die(std::uint32_t columns, std::uint32_t rows, std::vector<coordinate> dead = {},
                               timing_kind timing = timing_kind::at) {
    d1_parameters p;
    p.die.noc.columns = columns;
    p.die.noc.rows = rows;
    p.die.harvest.dead = std::move(dead);
    p.simulation.timing = timing;
    p.simulation.quantum = 300;
    return p;
}

/// The FP32 numbers of codes.
inline numbers decoded(const codes& c, numerics::element_type type) {
    const std::uint32_t size = numerics::bytes(type.format);
    std::vector<std::byte> memory(c.size() * size);
    for (std::size_t i = 0; i < c.size(); ++i) std::memcpy(&memory[i * size], &c[i], size);
    numbers values(c.size());
    numerics::decode(type, memory, values);
    return values;
}
inline codes encoded(const numbers& values, numerics::element_type type) {
    const std::uint32_t size = numerics::bytes(type.format);
    std::vector<std::byte> memory(values.size() * size);
    numerics::encode(type, values, memory);
    codes c(values.size());
    for (std::size_t i = 0; i < c.size(); ++i) std::memcpy(&c[i], &memory[i * size], size);
    return c;
}

/// Numbers from a normal distribution times `scale`, as the type holds them.
inline codes random_tensor(std::size_t count, numerics::element_type type, std::uint32_t seed, float scale = 1) {
    std::mt19937 engine(seed);
    numbers values(count);
    for (float& v : values) {  // the sum of twelve uniform numbers: the same on every host
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += static_cast<double>(engine()) * 0x1p-32;
        v = static_cast<float>(sum) * scale;
    }
    return encoded(values, type);
}

/// Rounds a number to a type, as it is written and read back.
inline float rounded(float value, numerics::element_type type) {
    return decoded(encoded({value}, type), type)[0];
}

struct kernel_outcome {
    run_result run;
    std::map<std::string, codes> tensors;  ///< outputs and updated ones
};

/// Loads, runs and reads a kernel; everything that watches the run must be content.
inline kernel_outcome run_kernel(die& on, const kernel& k, const std::map<std::string, codes>& inputs) {
    on.reset();
    const bool functional = on.parameters().simulation.functional;
    for (const tensor& t : k.tensors()) {
        if (t.use != tensor_use::output && functional) k.load(on, t.name, inputs.at(t.name));
    }
    on.launch(k.programs());
    kernel_outcome o{on.run(), {}};
    EXPECT_EQ(o.run.status, run_status::finished) << o.run.message;
    EXPECT_EQ(o.run.address_errors, 0U);
    EXPECT_EQ(on.bursts().in_use(), 0U);
    EXPECT_EQ(on.races() == nullptr ? 0U : on.races()->race_count(), 0U);
    for (const tensor& t : k.tensors()) {
        if (t.use != tensor_use::input && functional) o.tensors[t.name] = k.read(on, t.name);
    }
    return o;
}

/// How many codes differ; the first difference is printed.
inline std::size_t differing(const codes& expected, const codes& found) {
    EXPECT_EQ(expected.size(), found.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < std::min(expected.size(), found.size()); ++i) {
        if (expected[i] != found[i] && wrong++ == 0) {
            ADD_FAILURE() << "element " << i << ": expected 0x" << std::hex << expected[i] << ", found 0x" << found[i];
        }
    }
    return wrong;
}

/// Dies that must give the same bits: every level, several sizes, dead nodes, and everything watched where it can be.
class dies {
  public:
    dies()
        : at_("at", small_die(4, 3, {{1, 1}}), die_checks::all()),
          lt_("lt", small_die(3, 2, {}, timing_kind::lt), die_checks::all()),
          ca_("ca", small_die(2, 2, {}, timing_kind::ca), die_checks::all()),
          one_("one", small_die(1, 1), die_checks::all()) {}

    /// The outputs, found equal on all dies; `make` makes the kernel for a die.
    std::map<std::string, codes> run(const std::function<kernel(const die&)>& make,
                                     const std::map<std::string, codes>& inputs) {
        std::map<std::string, codes> first;
        for (die* on : {&at_, &lt_, &ca_, &one_}) {
            const kernel_outcome o = run_kernel(*on, make(*on), inputs);
            if (on == &at_) first = o.tensors;
            for (const auto& [name, values] : o.tensors) {
                SCOPED_TRACE(std::string(on->name()) + ", tensor " + name);
                EXPECT_EQ(differing(first.at(name), values), 0U);
            }
        }
        return first;
    }
    [[nodiscard]] die& at() { return at_; }

  private:
    die at_, lt_, ca_, one_;
};

/// Every result is within `relative` of the reference's size, plus `absolute`.
inline void expect_near(const std::vector<double>& reference, const numbers& found, double relative, double absolute) {
    ASSERT_EQ(reference.size(), found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_NEAR(reference[i], static_cast<double>(found[i]), relative * std::abs(reference[i]) + absolute)
            << "element " << i;
    }
}

}  // namespace d1::kernels
