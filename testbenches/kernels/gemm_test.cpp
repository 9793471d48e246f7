// A matrix product on a die gives the documented bits, whatever its shape, its plan, the timing level and the die.

#include "testbenches/kernels/gemm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "models/numerics/counter_random.hpp"
#include "models/numerics/integer_reference.hpp"
#include "models/parameter/error.hpp"

namespace d1::kernels {
namespace {

using numerics::number_format;

d1_parameters die_of(std::uint32_t columns, std::uint32_t rows) {
    d1_parameters p;
    p.die.noc.columns = columns;
    p.die.noc.rows = rows;
    p.die.harvest.dead.clear();
    return p;
}

/// BF16 patterns of ordinary size with all mantissa bits in use.
std::vector<std::uint16_t> random_operand(std::size_t count, std::uint64_t key) {
    std::vector<std::uint16_t> v(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t r = numerics::counter_random(7, key, i);
        v[i] = static_cast<std::uint16_t>((r & 0x8000) | (120 + (r >> 16) % 8) << 7 | (r & 0x7F));
    }
    return v;
}

struct outcome {
    run_result run;
    std::vector<std::uint32_t> c;
};

outcome run(die& on, const gemm& product, std::span<const std::uint16_t> a, std::span<const std::uint16_t> b,
            const gemm_orders& orders = {}) {
    on.reset();
    const bool functional = on.parameters().simulation.functional;
    if (functional) {
        product.load(on, a, b, orders);
    }
    on.launch(product.programs());
    outcome o{on.run(), {}};
    EXPECT_EQ(o.run.status, run_status::finished) << o.run.message;
    EXPECT_EQ(o.run.address_errors, 0U);
    EXPECT_EQ(on.bursts().in_use(), 0U);
    if (functional) {
        o.c = product.read(on);
    }
    return o;
}

/// How many results differ from integer arithmetic in the documented order.
std::size_t wrong_results(const gemm_shape& s, number_format output, std::span<const std::uint16_t> a,
                          std::span<const std::uint16_t> b, std::span<const std::uint32_t> c) {
    std::size_t wrong = 0;
    const auto widen = [](std::uint16_t element) { return std::uint32_t{element} << 16U; };
    std::vector<std::uint32_t> row(s.k);
    std::vector<std::uint32_t> column(s.k);
    for (std::size_t n = 0; n < s.n; ++n) {
        for (std::size_t k = 0; k < s.k; ++k) {
            column[k] = widen(b[k * s.n + n]);
        }
        for (std::size_t m = 0; m < s.m; ++m) {
            std::ranges::transform(a.subspan(m * s.k, s.k), row.begin(), widen);
            std::uint32_t expected = numerics::integer_reference::dot(row, column, {});
            if (output == number_format::bf16) {
                expected = numerics::integer_reference::round_to_bf16(expected);
            }
            wrong += expected != c[m * s.n + n] ? 1U : 0U;
        }
    }
    return wrong;
}

void expect_exact(die& on, const gemm_shape& s, number_format output) {
    SCOPED_TRACE(testing::Message() << s.m << " x " << s.n << " x " << s.k << " to " << numerics::name(output));
    const gemm product(s, {{output}}, on);
    const auto a = random_operand(s.m * s.k, 1);
    const auto b = random_operand(s.k * s.n, 2);
    const outcome o = run(on, product, a, b);
    EXPECT_EQ(wrong_results(s, output, a, b, o.c), 0U);
    EXPECT_GE(o.run.cycles, o.run.bounds.matrix);
    EXPECT_GE(o.run.cycles, o.run.bounds.sram_port);
    EXPECT_GE(o.run.cycles, o.run.bounds.link);
    EXPECT_GE(o.run.cycles, o.run.bounds.synchronisation);
}

std::uint64_t draw(std::uint64_t seed, std::uint64_t number, std::uint64_t least, std::uint64_t most) {
    return least + numerics::counter_random(seed, 99, number) % (most - least + 1);
}

void random_shapes(die& on, std::uint64_t seed, int count, std::uint64_t most) {
    std::cout << "seed " << seed << "\n";
    for (int i = 0; i < count; ++i) {
        const auto n = 4 * static_cast<std::uint64_t>(i);
        const gemm_shape s{draw(seed, n, 1, most), draw(seed, n + 1, 1, most), draw(seed, n + 2, 1, most)};
        expect_exact(on, s, draw(seed, n + 3, 0, 1) == 0 ? number_format::bf16 : number_format::fp32);
    }
}

TEST(gemm_on_a_die, is_exact_for_the_smallest_and_thinnest_shapes) {
    die on("die", d1_parameters{}, {.protocol = true});
    for (const gemm_shape s :
         {gemm_shape{1, 1, 1}, {1, 1, 5}, {1, 9, 1}, {9, 1, 1}, {1, 1000, 33}, {700, 1, 17}, {3, 5, 401}}) {
        expect_exact(on, s, number_format::bf16);
        expect_exact(on, s, number_format::fp32);
    }
}

TEST(gemm_on_a_die, is_exact_for_random_shapes_at_at) {
    die on("die", die_of(4, 3), die_checks::all());
    random_shapes(on, 11, 40, 90);
    EXPECT_EQ(on.races()->race_count(), 0U);
    EXPECT_EQ(on.uninitialised()->count(), 0U);
}

TEST(gemm_on_a_die, is_exact_for_random_shapes_at_lt) {
    d1_parameters p = die_of(4, 3);
    p.simulation.timing = timing_kind::lt;
    p.simulation.quantum = 300;
    die on("die", p, {.protocol = true});
    random_shapes(on, 12, 40, 90);
}

TEST(gemm_on_a_die, is_exact_for_random_shapes_at_ca) {
    d1_parameters p = die_of(4, 3);
    p.simulation.timing = timing_kind::ca;
    die on("die", p, {.protocol = true});
    random_shapes(on, 15, 40, 90);
}

TEST(gemm_on_a_die, is_exact_and_free_of_races_where_memory_forces_sub_blocks_and_chunks) {
    d1_parameters p = die_of(2, 2);
    p.die.node.sram.bytes = 24576;
    die on("die", p, die_checks::all());
    const gemm_shape s{150, 131, 70};
    const gemm product(s, {{number_format::bf16}}, on);
    EXPECT_LT(product.plan().a.sub_blocks * product.plan().b.sub_blocks,
              product.plan().rows.largest() * product.plan().columns.largest())
        << "the case is meant to need sub-blocks";
    expect_exact(on, s, number_format::bf16);
    EXPECT_EQ(on.races()->race_count(), 0U);
    random_shapes(on, 13, 15, 80);
    EXPECT_EQ(on.races()->race_count(), 0U);
}

TEST(gemm_on_a_die, is_exact_on_one_node) {
    die on("die", die_of(1, 1), {.protocol = true});
    random_shapes(on, 14, 10, 60);
}

TEST(gemm_on_a_die, runs_the_same_after_a_reset) {
    die on("die", d1_parameters{}, {.protocol = true});
    const gemm_shape s{200, 120, 90};
    const gemm product(s, {{number_format::bf16}}, on);
    const auto a = random_operand(s.m * s.k, 1);
    const auto b = random_operand(s.k * s.n, 2);
    const outcome first = run(on, product, a, b);
    expect_exact(on, {50, 60, 70}, number_format::fp32);
    const outcome second = run(on, product, a, b);
    EXPECT_EQ(first.run.cycles, second.run.cycles);
    EXPECT_EQ(first.c, second.c);
}

TEST(gemm_on_a_die, takes_the_same_cycles_with_and_without_bytes) {
    d1_parameters p = die_of(5, 4);
    const gemm_shape s{300, 200, 150};
    die with("with", p, {.protocol = true});
    p.simulation.functional = false;
    die without("without", p, {.protocol = true});
    const gemm product(s, {{number_format::bf16}}, with);
    const auto a = random_operand(s.m * s.k, 1);
    const auto b = random_operand(s.k * s.n, 2);
    const outcome real = run(with, product, a, b);
    const outcome empty = run(without, product, a, b);
    EXPECT_EQ(real.run.cycles, empty.run.cycles);
    EXPECT_EQ(real.run.bytes_moved, empty.run.bytes_moved);
    EXPECT_EQ(real.run.bounds.synchronisation, empty.run.bounds.synchronisation);
}

TEST(gemm_on_a_die, takes_the_same_cycles_whatever_order_its_nodes_were_built_in) {
    const d1_parameters p;
    const std::uint32_t nodes = p.die.noc.columns * p.die.noc.rows;
    std::vector<node_index> order;
    for (std::uint32_t i = 0; i < nodes; ++i) {
        order.push_back(static_cast<node_index>((i * 77 + 13) % nodes));  // 77 and 360 have no common factor
    }
    const gemm_shape s{300, 200, 150};
    die one("one", p, {.protocol = true});
    die other("other", p, {.protocol = true}, order);
    const gemm product(s, {{number_format::bf16}}, one);
    const auto a = random_operand(s.m * s.k, 1);
    const auto b = random_operand(s.k * s.n, 2);
    const outcome straight = run(one, product, a, b);
    const outcome permuted = run(other, product, a, b);
    EXPECT_EQ(straight.run.cycles, permuted.run.cycles);
    EXPECT_EQ(straight.c, permuted.c);
}

std::vector<std::uint16_t> transposed(std::span<const std::uint16_t> matrix, std::size_t rows, std::size_t columns) {
    std::vector<std::uint16_t> t(matrix.size());
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            t[j * rows + i] = matrix[i * columns + j];
        }
    }
    return t;
}

TEST(gemm_on_a_die, takes_operands_as_their_transposes_lie) {
    constexpr auto plain = operand_order::plain;
    constexpr auto turned = operand_order::transposed;
    die on("die", die_of(4, 3), {.protocol = true});
    for (const gemm_shape s : {gemm_shape{1, 1, 1}, {9, 30, 21}, {70, 45, 33}, {64, 1, 130}}) {
        SCOPED_TRACE(testing::Message() << s.m << " x " << s.n << " x " << s.k);
        const gemm product(s, {{number_format::bf16}}, on);
        const auto a = random_operand(s.m * s.k, 1);
        const auto b = random_operand(s.k * s.n, 2);
        const auto a_turned = transposed(a, s.m, s.k);
        const auto b_turned = transposed(b, s.k, s.n);
        // With Y = X W: Y itself, the gradient of X as dY W^T, that of W as X^T dY, and both at once.
        for (const gemm_orders o : {gemm_orders{plain, plain}, {plain, turned}, {turned, plain}, {turned, turned}}) {
            const outcome found = run(on, product, o.a == turned ? a_turned : a, o.b == turned ? b_turned : b, o);
            EXPECT_EQ(wrong_results(s, number_format::bf16, a, b, found.c), 0U);
        }
    }
}

TEST(gemm_on_a_die, is_exact_whatever_nodes_are_dead) {
    constexpr std::uint64_t seed = 21;
    std::cout << "seed " << seed << "\n";
    std::vector<std::unique_ptr<die>> dies;  // all are there before the first one runs
    for (std::uint64_t i = 0; dies.size() < 12; ++i) {
        d1_parameters p = die_of(5, 4);
        for (std::uint64_t n = 0; n <= i % 5; ++n) {
            const auto place = static_cast<std::int32_t>(draw(seed, 10 * i + n, 0, 19));
            const coordinate dead{place % 5, place / 5};
            if (std::ranges::find(p.die.harvest.dead, dead) == p.die.harvest.dead.end()) {
                p.die.harvest.dead.push_back(dead);
            }
        }
        try {
            dies.push_back(std::make_unique<die>(("die_" + std::to_string(i)).c_str(), p, die_checks::all()));
        } catch (const input_error&) {
            // They cut off others.
        }
    }
    for (const auto& on : dies) {
        SCOPED_TRACE(on->name());
        random_shapes(*on, seed + on->live_nodes(), 4, 120);
        EXPECT_EQ(on->races()->race_count(), 0U);
    }
}

/// A product of the types given, of any codes; checked against integer arithmetic on the values of the codes.
outcome expect_exact(die& on, const gemm_shape& s, const gemm_types& types) {
    const numerics::arithmetic rules = on.parameters().arithmetic;
    const auto tensor = [&](numerics::element_type type, std::size_t size, std::uint64_t key) {
        std::vector<std::uint16_t> codes(size);
        std::vector<std::uint32_t> values(size);
        for (std::size_t i = 0; i < size; ++i) {
            const std::uint64_t random = numerics::counter_random(1, key, i);
            const bool narrow = numerics::bytes(type.format) == 1;
            codes[i] = static_cast<std::uint16_t>(narrow ? random & 0xFFU : (random & 0x83FFU) | 0x3C00U);
            float value = 0;
            numerics::decode(type, std::as_bytes(std::span(&codes[i], 1)).first(numerics::bytes(type.format)),
                             std::span(&value, 1), rules);
            values[i] = std::bit_cast<std::uint32_t>(value);
        }
        return std::pair(codes, values);
    };
    const auto [a, a_values] = tensor(types.a, s.m * s.k, 1);
    const auto [b, b_values] = tensor(types.b, s.k * s.n, 2);
    outcome o = run(on, gemm(s, types, on), a, b);
    std::size_t wrong = 0;
    std::vector<std::uint32_t> column(s.k);
    for (std::size_t n = 0; n < s.n; ++n) {
        for (std::size_t k = 0; k < s.k; ++k) {
            column[k] = b_values[k * s.n + n];
        }
        for (std::size_t m = 0; m < s.m; ++m) {
            const auto row = std::span(a_values).subspan(m * s.k, s.k);
            const std::uint32_t sum = numerics::integer_reference::dot(row, column, rules);
            wrong += numerics::integer_reference::round_to_bf16(sum) != o.c[m * s.n + n] ? 1U : 0U;
        }
    }
    EXPECT_EQ(wrong, 0U);
    return o;
}

constexpr numerics::element_type bf16_type{number_format::bf16};
constexpr numerics::element_type cfp8_143{number_format::cfp8_143, 7};
constexpr numerics::element_type cfp8_152{number_format::cfp8_152, 20};

TEST(gemm, of_cfloat8_by_cfloat8_and_by_bf16_gives_the_documented_bits) {
    die on("die", die_of(3, 2), {.protocol = true});
    expect_exact(on, {50, 60, 70}, {bf16_type, cfp8_143, cfp8_152});
    expect_exact(on, {49, 33, 201}, {bf16_type, cfp8_143, bf16_type});
    expect_exact(on, {51, 8, 37}, {bf16_type, bf16_type, cfp8_152});
    expect_exact(on, {1, 1, 5}, {bf16_type, cfp8_152, cfp8_143});
}

TEST(gemm, follows_the_reading_of_denormals_and_the_accumulator_that_the_parameters_ask_for) {
    d1_parameters p = die_of(2, 2);
    p.arithmetic.cfloat_denormals = numerics::denormal_reading::printed;
    p.arithmetic.accumulator = numerics::accumulator_format::fp21;
    die on("die", p, {.protocol = true});
    expect_exact(on, {40, 41, 100}, {bf16_type, cfp8_143, cfp8_143});
}

TEST(gemm, of_cfloat8_moves_half_the_bytes_in_the_same_matrix_steps) {
    die on("die", die_of(4, 4), {.protocol = true});
    const gemm_shape s{256, 256, 512};
    const gemm wide(s, {bf16_type, bf16_type, bf16_type}, on);
    const gemm narrow(s, {bf16_type, cfp8_143, cfp8_143}, on);
    ASSERT_EQ(wide.plan().nodes(), narrow.plan().nodes());
    const outcome of_wide = expect_exact(on, s, {bf16_type, bf16_type, bf16_type});
    const outcome of_narrow = expect_exact(on, s, {bf16_type, cfp8_143, cfp8_143});
    EXPECT_EQ(2 * of_narrow.run.bytes_moved, of_wide.run.bytes_moved);
    EXPECT_EQ(of_narrow.run.bounds.matrix, of_wide.run.bounds.matrix);
    EXPECT_LE(of_narrow.run.cycles, of_wide.run.cycles);
}

}  // namespace
}  // namespace d1::kernels
