// Where the SRAM has banks, kernels and mesh ports hold each other up at ca. Closed forms for one bank, which serves
// one line a cycle, whoever wants it.

#include <gtest/gtest.h>

#include "platforms/die_test_jobs.hpp"

namespace d1 {
namespace {

using namespace die_test;  // NOLINT(google-build-using-namespace): the jobs of these tests
using program::program_builder;

constexpr std::uint32_t pushed_lines = 1500;
constexpr std::uint32_t copied_lines = 2500;

class a_die_with_banks : public testing::TestWithParam<std::uint32_t> {
  protected:
    a_die_with_banks() : parameters(grid_of(2, 1, timing_kind::ca)) {
        parameters.die.node.core.sram_banks = GetParam();
    }

    /// Cycles of a run in which nodes copy lines within their SRAM, push lines to the other node, or both.
    [[nodiscard]] static std::uint64_t cycles_of(die& d, std::array<bool, 2> copies, std::array<bool, 2> pushes) {
        const placement where = d.place({2, 1});
        d.reset();
        const auto result = run(
            d, make_job(where, [&](coordinate c) {
                program_builder b("p");
                const auto from = b.buffer("from", pushed_lines * 64, bf16);
                const auto to = b.buffer("to", pushed_lines * 64, bf16);
                const auto source = b.buffer("source", copied_lines * 64, bf16);
                const auto copy = b.buffer("copy", copied_lines * 64, bf16);
                auto pusher = b.thread();
                if (pushes.at(static_cast<std::size_t>(c.x))) {
                    pusher.push({.to = {1 - c.x, 0},
                                 .source = from,
                                 .destination = to,
                                 .shape = {.rows = 1, .row_bytes = pushed_lines * 64}});
                }
                auto copier = b.thread();
                if (copies.at(static_cast<std::size_t>(c.x))) {
                    copier.copy(
                        {.source = source, .destination = copy, .shape = {.rows = 1, .row_bytes = copied_lines * 64}});
                }
                return share(b);
            }));
        EXPECT_EQ(result.status, run_status::finished) << result.message;
        EXPECT_EQ(result.stack.total(), result.cycles * 2);
        EXPECT_EQ(result.events.sram_lines,
                  2 * copied_lines * (copies[0] + copies[1]) + 2 * pushed_lines * (pushes[0] + pushes[1]));
        return result.cycles;
    }

    d1_parameters parameters;
};

class a_die_with_one_bank : public a_die_with_banks {};
INSTANTIATE_TEST_SUITE_P(one, a_die_with_one_bank, testing::Values(1U));

TEST_P(a_die_with_one_bank, adds_the_lines_of_the_mesh_to_those_of_the_core) {
    die d("die", parameters, checked);
    const std::uint64_t copy = cycles_of(d, {false, true}, {});
    EXPECT_NEAR(static_cast<double>(copy), 2.0 * copied_lines + 100, 30) << "a load and a store for each";
    const std::uint64_t written = cycles_of(d, {false, true}, {true, false});
    EXPECT_NEAR(static_cast<double>(written), static_cast<double>(copy + pushed_lines), 3);
    const std::uint64_t read = cycles_of(d, {false, true}, {false, true});
    EXPECT_NEAR(static_cast<double>(read), static_cast<double>(copy + pushed_lines), 3);
    const std::uint64_t both = cycles_of(d, {true, true}, {true, true});
    EXPECT_NEAR(static_cast<double>(both), static_cast<double>(copy + 2 * pushed_lines), 6);
}

TEST_P(a_die_with_one_bank, reads_and_writes_in_turns_what_nodes_push_to_each_other) {
    die d("die", parameters, checked);
    const std::uint64_t one_way = cycles_of(d, {}, {true, false});
    const std::uint64_t both_ways = cycles_of(d, {}, {true, true});
    EXPECT_NEAR(static_cast<double>(both_ways), static_cast<double>(one_way + pushed_lines), 30);
}

class a_die_with_ports_alone : public a_die_with_banks {};
INSTANTIATE_TEST_SUITE_P(none, a_die_with_ports_alone, testing::Values(0U));

TEST_P(a_die_with_ports_alone, holds_nobody_up) {
    die d("die", parameters, checked);
    EXPECT_EQ(cycles_of(d, {true, true}, {true, true}), cycles_of(d, {true, true}, {}));
    // The answers to 94 bursts share the links with what is pushed the other way.
    const std::uint64_t answers = pushed_lines / 16 + 1;
    EXPECT_NEAR(static_cast<double>(cycles_of(d, {}, {true, true})),
                static_cast<double>(cycles_of(d, {}, {true, false})), static_cast<double>(answers));
    EXPECT_EQ(d.at(node_index{0}).core().pipeline()->ticks(), 0U)
        << "a kernel alone, and nothing that could disturb it";
}

class a_die_with_many_banks : public a_die_with_banks {};
INSTANTIATE_TEST_SUITE_P(several, a_die_with_many_banks, testing::Values(2U, 4U, 16U));

TEST_P(a_die_with_many_banks, holds_up_less_than_one_bank_does) {
    die d("die", parameters, checked);
    const std::uint64_t copy = cycles_of(d, {true, true}, {});
    const std::uint64_t both = cycles_of(d, {true, true}, {true, true});
    EXPECT_GE(both, copy);
    EXPECT_LT(both, copy + 2 * pushed_lines);
    EXPECT_EQ(cycles_of(d, {true, true}, {true, true}), both) << "again";
}

}  // namespace
}  // namespace d1
