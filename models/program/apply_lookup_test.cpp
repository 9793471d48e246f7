// gather, scatter_add, copy, transpose and reduce against plain loops over elements.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "models/program/accesses.hpp"
#include "models/program/apply.hpp"

namespace d1::program {
namespace {

using numerics::element_type;
using numerics::number_format;

using numerics::types::bf16;
using numerics::types::fp32;
constexpr std::size_t memory_bytes = 1 << 16;

/// A node's memory, whose elements are read and written one at a time; at first random bytes.
struct random_memory {
    std::vector<std::byte> bytes;

    explicit random_memory(std::mt19937_64& engine) : bytes(memory_bytes) {
        for (auto& b : bytes) b = static_cast<std::byte>(engine());
    }
    template <typename T>
    [[nodiscard]] T get(std::size_t address) const {
        T value;
        std::memcpy(&value, &bytes.at(address), sizeof value);
        return value;
    }
    template <typename T>
    void set(std::size_t address, T value) {
        std::memcpy(&bytes.at(address), &value, sizeof value);
    }
    [[nodiscard]] float element(element_type type, std::size_t address) const {
        return type == fp32 ? get<float>(address) : widened(get<std::uint16_t>(address));
    }
    void set_element(element_type type, std::size_t address, float value) {
        type == fp32 ? set(address, value) : set(address, narrowed(value));
    }

    static float widened(std::uint16_t half) {
        const auto pattern = std::uint32_t{half} << 16;
        float value = 0;
        std::memcpy(&value, &pattern, 4);
        return value;
    }
    /// The nearer of the two neighbours in BF16, by trying: they are the cut value and the one above.
    static std::uint16_t narrowed(float value) {
        std::uint32_t pattern = 0;
        std::memcpy(&pattern, &value, 4);
        const auto below = static_cast<std::uint16_t>(pattern >> 16);
        const auto above = static_cast<std::uint16_t>(below + 1);
        const double to_below = std::abs(double{value} - double{widened(below)});
        const double to_above = std::abs(double{value} - double{widened(above)});
        if (to_below != to_above) return to_below < to_above ? below : above;
        return below % 2 == 0 ? below : above;
    }
};

class at_random : public testing::Test {
  protected:
    static constexpr int rounds = 200;

    std::uint64_t below(std::uint64_t n) { return engine_() % n; }
    std::uint32_t from_to(std::uint32_t least, std::uint32_t most) {
        return static_cast<std::uint32_t>(least + below(most - least + 1));
    }
    element_type type() { return below(2) == 0 ? bf16 : fp32; }
    /// Of either sign, and of so different sizes that sums depend on their order.
    float number() {
        const auto mantissa = static_cast<float>(below(1 << 20)) - (1 << 19);
        return std::ldexp(mantissa, static_cast<int>(below(24)) - 20);
    }
    void fill(random_memory& m, element_type t, std::size_t address, std::size_t elements) {
        for (std::size_t i = 0; i < elements; ++i) {
            m.set_element(t, address + i * numerics::bytes(t.format), number());
        }
    }
    void run(const std::function<void()>& round) {
        for (std::uint64_t seed = 0; seed < rounds; ++seed) {
            SCOPED_TRACE("seed " + std::to_string(seed));
            engine_.seed(seed);
            round();
            if (HasFailure()) return;
        }
    }

    std::mt19937_64 engine_;
};

TEST_F(at_random, copy_moves_the_bytes_of_its_rows_and_no_others) {
    run([&] {
        random_memory m(engine_);
        copy<std::int64_t> c;
        c.shape.rows = from_to(1, 20);
        c.shape.row_bytes = from_to(1, 300);
        c.shape.source_stride = static_cast<std::int64_t>(below(700)) - 350;
        c.shape.destination_stride =
            (below(2) == 0 ? 1 : -1) * static_cast<std::int64_t>(c.shape.row_bytes + below(99));
        c.source = 16384;
        c.destination = 40960;
        auto expected = m;
        for (std::int64_t row = 0; row < c.shape.rows; ++row) {
            for (std::int64_t b = 0; b < c.shape.row_bytes; ++b) {
                const auto to = static_cast<std::size_t>(c.destination + row * c.shape.destination_stride + b);
                expected.bytes.at(to) =
                    m.bytes.at(static_cast<std::size_t>(c.source + row * c.shape.source_stride + b));
            }
        }
        ASSERT_TRUE(apply(c, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
    });
}

/// A table in the memory, and indices of it, some of them the same.
struct lookup {
    lookup_table<std::int64_t> table;
    std::uint32_t elements;
    std::vector<std::int32_t> indices;
};
constexpr std::int64_t indices_at = 4;
constexpr std::int64_t table_at = 4096;
constexpr std::int64_t dense_at = 32768 + 4;

TEST_F(at_random, gather_collects_the_rows_that_its_indices_name) {
    run([&] {
        random_memory m(engine_);
        gather<std::int64_t> g;
        g.table = {table_at, from_to(1, 60), from_to(1, 8), below(2) == 0 ? 8U : 16U};
        g.elements = from_to(1, 100);
        g.indices = indices_at;
        g.destination = dense_at;
        const std::size_t row = g.table.row_bytes();
        for (std::size_t i = 0; i < g.elements; ++i) {
            m.set(indices_at + 4 * i, static_cast<std::int32_t>(below(g.table.rows)));
        }
        auto expected = m;
        for (std::size_t i = 0; i < g.elements; ++i) {
            const auto index = static_cast<std::size_t>(m.get<std::int32_t>(indices_at + 4 * i));
            for (std::size_t b = 0; b < row; ++b) {
                expected.bytes[dense_at + i * row + b] = m.bytes[table_at + index * row + b];
            }
        }
        ASSERT_TRUE(apply(g, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
    });
}

TEST_F(at_random, scatter_add_adds_row_after_row_each_sum_rounded_to_the_table_s_type) {
    run([&] {
        random_memory m(engine_);
        scatter_add<std::int64_t> s;
        s.table = {table_at, from_to(1, 12), from_to(1, 4), below(2) == 0 ? 8U : 16U};
        s.elements = from_to(1, 60);
        s.indices = indices_at;
        s.source = dense_at;
        s.table_type = type();
        s.source_type = type();
        const std::size_t table_bytes = numerics::bytes(s.table_type.format);
        const std::size_t source_bytes = numerics::bytes(s.source_type.format);
        const std::size_t columns = s.table.row_bytes() / table_bytes;
        fill(m, s.table_type, table_at, s.table.rows * columns);
        fill(m, s.source_type, dense_at, s.elements * columns);
        for (std::size_t i = 0; i < s.elements; ++i) {
            m.set(indices_at + 4 * i, static_cast<std::int32_t>(below(s.table.rows)));
        }
        auto expected = m;
        for (std::size_t i = 0; i < s.elements; ++i) {
            const auto index = static_cast<std::size_t>(m.get<std::int32_t>(indices_at + 4 * i));
            for (std::size_t c = 0; c < columns; ++c) {
                const std::size_t to = table_at + (index * columns + c) * table_bytes;
                const float sum = expected.element(s.table_type, to) +
                                  m.element(s.source_type, dense_at + (i * columns + c) * source_bytes);
                expected.set_element(s.table_type, to, sum);
            }
        }
        ASSERT_TRUE(apply(s, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
    });
}

TEST_F(at_random, transpose_exchanges_rows_and_columns_bit_by_bit) {
    run([&] {
        random_memory m(engine_);
        transpose<std::int64_t> t;
        t.type = type();
        const std::size_t bytes = numerics::bytes(t.type.format);
        t.rows = from_to(1, 40);
        t.columns = from_to(1, 40);
        t.source = 1024;
        t.destination = 32768;
        t.source_stride = static_cast<std::int64_t>(t.columns * bytes + below(50));
        t.destination_stride = static_cast<std::int64_t>(t.rows * bytes + below(50));
        auto expected = m;
        for (std::int64_t r = 0; r < t.rows; ++r) {
            for (std::int64_t c = 0; c < t.columns; ++c) {
                for (std::size_t b = 0; b < bytes; ++b) {
                    const auto from = static_cast<std::size_t>(t.source + r * t.source_stride) +
                                      static_cast<std::size_t>(c) * bytes + b;
                    const auto to = static_cast<std::size_t>(t.destination + c * t.destination_stride) +
                                    static_cast<std::size_t>(r) * bytes + b;
                    expected.bytes.at(to) = m.bytes.at(from);
                }
            }
        }
        ASSERT_TRUE(apply(t, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
    });
}

/// As the instruction defines it: lane l has elements l, l + 16, ...; then lanes are joined in pairs that are 8, 4, 2
/// and 1 apart.
float reduced(reduction operation, const std::vector<float>& row) {
    const auto join = [operation](float a, float b) {
        return operation == reduction::sum ? a + b : operation == reduction::maximum ? std::max(a, b) : std::min(a, b);
    };
    std::vector<std::vector<float>> lanes(16);
    for (std::size_t i = 0; i < row.size(); ++i) lanes[i % 16].push_back(row[i]);
    for (auto& lane : lanes) {
        for (; lane.size() > 1; lane.erase(lane.begin() + 1)) lane[0] = join(lane[0], lane[1]);
    }
    for (const std::size_t apart : {8U, 4U, 2U, 1U}) {
        for (std::size_t l = 0; l < apart; ++l) {
            if (!lanes[l + apart].empty()) lanes[l][0] = join(lanes[l][0], lanes[l + apart][0]);
        }
    }
    return lanes[0][0];
}

TEST_F(at_random, reduce_joins_a_row_in_the_documented_order) {
    run([&] {
        random_memory m(engine_);
        reduce<std::int64_t> r;
        r.operation = static_cast<reduction>(below(3));
        r.source_type = type();
        r.destination_type = type();
        const std::size_t from_bytes = numerics::bytes(r.source_type.format);
        const std::size_t to_bytes = numerics::bytes(r.destination_type.format);
        r.rows = from_to(1, 12);
        r.elements = below(2) == 0 ? from_to(1, 20) : from_to(1, 300);
        r.source = 2;
        r.destination = 60001;
        r.source_stride = static_cast<std::int64_t>(r.elements * from_bytes + below(70));
        for (std::int64_t row = 0; row < r.rows; ++row) {
            fill(m, r.source_type, static_cast<std::size_t>(r.source + row * r.source_stride), r.elements);
        }
        auto expected = m;
        for (std::size_t row = 0; row < r.rows; ++row) {
            std::vector<float> values;
            for (std::size_t e = 0; e < r.elements; ++e) {
                const auto start =
                    static_cast<std::size_t>(r.source + static_cast<std::int64_t>(row) * r.source_stride);
                values.push_back(m.element(r.source_type, start + e * from_bytes));
            }
            expected.set_element(r.destination_type, 60001 + row * to_bytes, reduced(r.operation, values));
        }
        ASSERT_TRUE(apply(r, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
    });
}

/// The first place that no other exceeds, by looking at all pairs.
std::size_t place_of_extreme(const std::vector<float>& row, bool largest) {
    for (std::size_t n = 0; n < row.size(); ++n) {
        if (std::isnan(row[n])) return n;
    }
    for (std::size_t n = 0;; ++n) {
        const bool is_extreme = std::none_of(row.begin(), row.end(),
                                             [&](float other) { return largest ? other > row[n] : other < row[n]; });
        if (is_extreme) return n;
    }
}

TEST_F(at_random, reduce_finds_the_first_extreme_of_a_row) {
    run([&] {
        random_memory m(engine_);
        reduce<std::int64_t> r;
        const bool largest = below(2) == 0;
        r.operation = largest ? reduction::index_of_maximum : reduction::index_of_minimum;
        r.source_type = type();
        r.destination_type = {number_format::int32};
        r.rows = from_to(1, 9);
        r.elements = from_to(1, 40);
        r.destination = 40000;
        const auto row_bytes = r.elements * numerics::bytes(r.source_type.format);
        r.source_stride = static_cast<std::int64_t>(row_bytes);
        auto expected = m;
        for (std::size_t row = 0; row < r.rows; ++row) {
            std::vector<float> values(r.elements);
            for (std::size_t e = 0; e < r.elements; ++e) {
                // Few different values, so that there are ties; now and then a NaN.
                values[e] = below(60) == 0 ? std::nanf("") : static_cast<float>(below(7)) - 3;
                const auto at = row * row_bytes + e * numerics::bytes(r.source_type.format);
                m.set_element(r.source_type, at, values[e]);
                expected.set_element(r.source_type, at, values[e]);
            }
            expected.set(40000 + 4 * row, static_cast<std::int32_t>(place_of_extreme(values, largest)));
        }
        ASSERT_TRUE(apply(r, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
    });
}

TEST(apply_lookup, reduce_finds_the_extreme_among_integers_that_fp32_does_not_tell_apart) {
    std::mt19937_64 engine(1);
    random_memory m(engine);
    for (std::int32_t n = 0; n < 20; ++n) m.set(4 * static_cast<std::size_t>(n), n == 13 ? 16'777'217 : 16'777'216);
    const element_type int32{number_format::int32};
    ASSERT_TRUE(apply(reduce<std::int64_t>{reduction::index_of_maximum, 1024, 0, 1, 20, 0, int32, int32}, m.bytes, {}));
    EXPECT_EQ(m.get<std::int32_t>(1024), 13);
    ASSERT_TRUE(apply(reduce<std::int64_t>{reduction::index_of_minimum, 1024, 52, 1, 7, 0, int32, int32}, m.bytes, {}));
    EXPECT_EQ(m.get<std::int32_t>(1024), 1);
}

TEST_F(at_random, overlap_of_accesses_is_that_of_their_bytes) {
    int overlapping = 0;
    run([&] {
        const auto one = [&] {
            access a;
            a.rows = from_to(1, 6);
            a.row_bytes = from_to(1, 9);
            a.address = 200 + static_cast<std::int64_t>(below(40));
            a.stride = a.rows == 1 ? 0 : static_cast<std::int64_t>(below(61)) - 30;
            return a;
        };
        const auto marked = [](const access& a) {
            std::vector<bool> bytes(500);
            for (std::int64_t r = 0; r < a.rows; ++r) {
                for (std::int64_t b = 0; b < a.row_bytes; ++b) {
                    bytes.at(static_cast<std::size_t>(a.address + r * a.stride + b)) = true;
                }
            }
            return bytes;
        };
        const access a = one();
        const access b = one();
        bool expected = false;
        for (std::size_t i = 0; i < 500; ++i) expected = expected || (marked(a)[i] && marked(b)[i]);
        EXPECT_EQ(overlap(a, b), expected);
        overlapping += expected ? 1 : 0;
    });
    EXPECT_GT(overlapping, rounds / 10);
    EXPECT_LT(overlapping, rounds * 9 / 10);
}

// ---------------------------------------------------------------------------------------------------- faults

TEST(apply_lookup, names_the_index_that_leaves_its_table_and_touches_nothing) {
    std::mt19937_64 engine(1);
    for (const std::int32_t wrong : {-1, 10, 0x7FFFFFFF}) {
        random_memory m(engine);
        for (std::size_t i = 0; i < 5; ++i) m.set<std::int32_t>(indices_at + 4 * i, 9);
        m.set<std::int32_t>(indices_at + 4 * 3, wrong);
        const auto before = m.bytes;
        const std::string expected =
            "takes index " + std::to_string(wrong) + " (number 3 of its indices) of a table of 10 rows";
        const gather<std::int64_t> g{dense_at, {table_at, 10, 2, 8}, indices_at, 5};
        EXPECT_EQ(apply(g, m.bytes, {}).fault, expected);
        EXPECT_EQ(check_indices(g, m.bytes).fault, expected);
        const scatter_add<std::int64_t> s{{table_at, 10, 2, 8}, indices_at, dense_at, 5, bf16, bf16};
        EXPECT_EQ(apply(s, m.bytes, {}).fault, expected);
        EXPECT_EQ(m.bytes, before);
    }
}

TEST(apply_lookup, refuses_results_over_operands) {
    std::mt19937_64 engine(1);
    random_memory m(engine);
    m.set<std::int32_t>(0, 0);
    const auto before = m.bytes;
    const std::vector<step> steps{
        copy<std::int64_t>{100, 163, {1, 64, 0, 0}},
        copy<std::int64_t>{0, 64, {3, 64, 128, 64}},
        gather<std::int64_t>{2, {table_at, 4, 1, 16}, 0, 1},
        gather<std::int64_t>{table_at + 48, {table_at, 4, 1, 16}, 0, 1},
        scatter_add<std::int64_t>{{0, 4, 1, 16}, 0, 100, 1, bf16, bf16},
        scatter_add<std::int64_t>{{table_at, 4, 1, 16}, 0, table_at + 60, 1, bf16, bf16},
        transpose<std::int64_t>{0, 0, 4, 4, 16, 16, fp32},
        reduce<std::int64_t>{reduction::sum, 60, 0, 1, 16, 0, fp32, fp32},
    };
    for (const step& s : steps) {
        EXPECT_EQ(apply(s, m.bytes, {}).fault, "writes a result over an operand that it still reads") << s.index();
    }
    EXPECT_EQ(m.bytes, before);
    EXPECT_TRUE(apply(copy<std::int64_t>{0, 64, {3, 64, 128, 128}}, m.bytes, {})) << "rows between rows";
}

TEST(apply_lookup, refuses_what_leaves_the_memory) {
    std::mt19937_64 engine(1);
    random_memory m(engine);
    const std::int64_t end = memory_bytes;
    const std::vector<step> steps{
        copy<std::int64_t>{0, end - 64, {2, 64, 64, 64}},
        gather<std::int64_t>{0, {table_at, 0xFFFFFFFF, 0xFFFFFFFF, 16}, 64, 1},
        gather<std::int64_t>{0, {table_at, 4, 1, 16}, end - 3, 1},
        scatter_add<std::int64_t>{{end - 63, 4, 1, 16}, 0, 100, 1, bf16, bf16},
        transpose<std::int64_t>{0, 4096, 2, 2, -5000, 8, fp32},
        reduce<std::int64_t>{reduction::sum, end - 3, 0, 1, 16, 0, fp32, fp32},
    };
    for (const step& s : steps) EXPECT_EQ(apply(s, m.bytes, {}).fault, "has an operand outside the SRAM") << s.index();
}

// ---------------------------------------------------------------------------------------------------- vector tails

TEST(apply_vector, works_on_the_active_elements_alone) {
    for (const std::int64_t active : {-5, 0, 1, 7, 16, 99}) {
        SCOPED_TRACE(active);
        std::mt19937_64 engine(3);
        random_memory m(engine);
        for (std::size_t i = 0; i < 16; ++i) {
            m.set(4 * i, static_cast<float>(i));
            m.set(256 + 4 * i, 100.0F);
        }
        auto expected = m;
        for (std::int64_t i = 0; i < std::clamp<std::int64_t>(active, 0, 16); ++i) {
            expected.set(512 + 4 * static_cast<std::size_t>(i), static_cast<float>(i) + 100);
        }
        vector_operation<std::int64_t> v{
            numerics::elementwise_operation::add, 512, 0, 256, 0, 16, fp32, fp32, fp32, false, active};
        ASSERT_TRUE(apply(v, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
        v.destination = static_cast<std::int64_t>(memory_bytes) - 28;
        EXPECT_EQ(static_cast<bool>(apply(v, m.bytes, {})), active <= 7) << "what is not active need not be there";
    }
}

TEST(apply_vector, repeats_a_b_of_one_element) {
    for (const auto type : {bf16, fp32}) {
        std::mt19937_64 engine(3);
        random_memory m(engine);
        for (std::size_t i = 0; i < 100; ++i) m.set(4 * i, static_cast<float>(i));
        m.set_element(type, 1024, 3.0F);
        auto expected = m;
        for (std::size_t i = 0; i < 100; ++i) expected.set(2048 + 4 * i, 3 * static_cast<float>(i));
        vector_operation<std::int64_t> v{
            numerics::elementwise_operation::multiply, 2048, 0, 1024, 0, 100, fp32, fp32, type, true};
        ASSERT_TRUE(apply(v, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
        v.destination = 1024 - 40;
        EXPECT_FALSE(apply(v, m.bytes, {})) << "b would be overwritten before it has been read for all";
    }
}

float expected_value(numerics::elementwise_operation operation, float a, float b, float d) {
    using enum numerics::elementwise_operation;
    switch (operation) {
        case add:
            return a + b;
        case select:
            return a > 0 ? b : d;
        case equal:
            return a == b ? 1 : 0;
        default: {
            const float product = a * b;
            return d + product;
        }
    }
}

TEST_F(at_random, vector_operations_go_row_by_row) {
    run([&] {
        using operation = numerics::elementwise_operation;
        constexpr std::array operations{operation::add, operation::select, operation::equal,
                                        operation::multiply_accumulate};
        random_memory m(engine_);
        vector_operation<std::int64_t> v;
        v.operation = operations.at(below(operations.size()));
        v.a_type = type();
        v.b_type = type();
        v.destination_type = type();
        v.elements = from_to(1, 40);
        v.rows = from_to(1, 9);
        v.broadcast_b = below(2) == 0;
        if (below(3) == 0) v.active = static_cast<std::int64_t>(below(45)) - 2;
        v.a = 8192 + static_cast<std::int64_t>(below(9));
        v.b = 24576 + static_cast<std::int64_t>(below(9));
        v.destination = 49152 + static_cast<std::int64_t>(below(9));
        const bool in_place = below(4) == 0 && v.a_type == v.destination_type;
        const auto row = [&](element_type t) { return v.elements * numerics::bytes(t.format); };
        v.destination_stride =
            (below(2) == 0 ? 1 : -1) * static_cast<std::int64_t>(row(v.destination_type) + below(50));
        // Rows that lie over each other do so by whole elements.
        v.a_stride = in_place ? v.destination_stride : 4 * (static_cast<std::int64_t>(below(100)) - 50);
        v.b_stride = below(2) == 0 ? 0 : 4 * (static_cast<std::int64_t>(below(100)) - 50);
        if (in_place) v.destination = v.a;
        const auto at = [](std::int64_t first, std::int64_t stride, std::size_t r, std::size_t e, element_type t) {
            return static_cast<std::size_t>(first + static_cast<std::int64_t>(r) * stride) +
                   e * numerics::bytes(t.format);
        };
        for (std::size_t r = 0; r < v.rows; ++r) {
            fill(m, v.a_type, at(v.a, v.a_stride, r, 0, v.a_type), v.elements);
            fill(m, v.b_type, at(v.b, v.b_stride, r, 0, v.b_type), v.elements);
            fill(m, v.destination_type, at(v.destination, v.destination_stride, r, 0, v.destination_type), v.elements);
        }
        auto expected = m;
        for (std::size_t r = 0; r < v.rows; ++r) {
            for (std::size_t e = 0; e < active_elements(v); ++e) {
                const auto d = at(v.destination, v.destination_stride, r, e, v.destination_type);
                const float a = m.element(v.a_type, at(v.a, v.a_stride, r, e, v.a_type));
                const float b = m.element(v.b_type, at(v.b, v.b_stride, r, v.broadcast_b ? 0 : e, v.b_type));
                const float before = m.element(v.destination_type, d);
                expected.set_element(v.destination_type, d, expected_value(v.operation, a, b, before));
            }
        }
        ASSERT_TRUE(apply(v, m.bytes, {}));
        EXPECT_EQ(m.bytes, expected.bytes);
    });
}

TEST(apply_vector, draws_random_bits_by_an_element_s_place_in_the_tensor_not_in_the_instruction) {
    std::mt19937_64 engine(3);
    random_memory whole(engine);
    for (std::size_t i = 0; i < 600; ++i) whole.set(4 * i, std::ldexp(static_cast<float>(i + 1), -9));
    random_memory parts = whole;
    vector_operation<std::int64_t> v{
        numerics::elementwise_operation::convert, 8192, 0, 0, 0, 600, {number_format::cfp8_152, 15}, fp32, fp32};
    v.rounding = numerics::rounding_mode::stochastic;
    v.key = 77;
    ASSERT_TRUE(apply(v, whole.bytes, {}));
    for (const std::int64_t column : {0, 10}) {  // a tensor of 20 x 30, in two halves of its columns
        vector_operation<std::int64_t> part = v;
        part.elements = column == 0 ? 10 : 20;
        part.rows = 20;
        part.a = 4 * column;
        part.destination = v.destination + column;
        part.a_stride = 120;
        part.destination_stride = 30;
        part.index = column;
        part.index_stride = 30;
        ASSERT_TRUE(apply(part, parts.bytes, {}));
    }
    EXPECT_EQ(parts.bytes, whole.bytes);
}

}  // namespace
}  // namespace d1::program
