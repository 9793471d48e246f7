// Collectives leave the documented bits in every node, at every level, on any rectangle, without a race.

#include "testbenches/kernels/collectives.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

#include "models/numerics/counter_random.hpp"
#include "models/program/checker.hpp"
#include "models/reporting/sanitized.hpp"

namespace d1::kernels {
namespace {

using enum collective_kind;

using numerics::types::bf16;
using numerics::types::fp32;

using memory = std::vector<std::byte>;

d1_parameters die_of(timing_kind timing, std::uint32_t columns, std::uint32_t rows) {
    d1_parameters p;
    p.die.noc.columns = columns;
    p.die.noc.rows = rows;
    p.die.harvest.dead.clear();
    p.simulation.timing = timing;
    return p;
}

/// Ordinary numbers of the type, whose sums round.
memory random_data(numerics::element_type type, std::uint32_t bytes, std::uint64_t node) {
    memory data(bytes);
    const std::uint32_t size = numerics::bytes(type.format);
    for (std::uint32_t i = 0; i < bytes; ++i) {
        const std::uint64_t random = numerics::counter_random(3, node, i);
        const bool is_high = i % size == size - 1;  // sign and most of the exponent
        data[i] = static_cast<std::byte>(is_high ? (random & 0x80U) | 0x3FU : random);
    }
    return data;
}

float value_at(const memory& data, numerics::element_type type, std::size_t element) {
    std::uint32_t bits = 0;
    const std::size_t size = numerics::bytes(type.format);
    std::memcpy(&bits, data.data() + element * size, size);
    return std::bit_cast<float>(size == 2 ? bits << 16U : bits);
}

/// In plain floats, BF16 by adding half a unit in the last place, ties to even.
void put_at(memory& data, numerics::element_type type, std::size_t element, float value) {
    auto bits = std::bit_cast<std::uint32_t>(value);
    const std::size_t size = numerics::bytes(type.format);
    if (size == 2) {
        bits = (bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U;
    }
    std::memcpy(data.data() + element * size, &bits, size);
}

void add(memory& to, const memory& from, numerics::element_type type) {
    for (std::size_t i = 0; i < to.size() / numerics::bytes(type.format); ++i) {
        put_at(to, type, i, value_at(to, type, i) + value_at(from, type, i));
    }
}

/// The documented order: columns from their ends inwards, then the root's row from its ends inwards; west before east
/// before north before south.
memory expected_sum(const collective& what, const std::vector<memory>& data) {
    const auto at = [&](std::int32_t x, std::int32_t y) -> const memory& {
        return data[to_number(what.nodes.index({x, y}))];
    };
    const auto branch = [&](std::int32_t x, std::int32_t end, std::int32_t step) {
        memory sum = at(x, end);
        for (std::int32_t y = end + step; y != what.root.y; y += step) {
            memory next = at(x, y);
            add(next, sum, what.type);
            sum = next;
        }
        return sum;
    };
    const auto with_branches = [&](memory sum, std::int32_t x) {
        if (what.root.y > 0) add(sum, branch(x, 0, 1), what.type);
        if (what.root.y < what.nodes.rows - 1) add(sum, branch(x, what.nodes.rows - 1, -1), what.type);
        return sum;
    };
    const auto side = [&](std::int32_t end, std::int32_t step) {
        memory sum = with_branches(at(end, what.root.y), end);
        for (std::int32_t x = end + step; x != what.root.x; x += step) {
            memory next = at(x, what.root.y);
            add(next, sum, what.type);
            sum = with_branches(next, x);
        }
        return sum;
    };
    memory sum = at(what.root.x, what.root.y);
    if (what.root.x > 0) add(sum, side(0, 1), what.type);
    if (what.root.x < what.nodes.columns - 1) add(sum, side(what.nodes.columns - 1, -1), what.type);
    return with_branches(sum, what.root.x);
}

timing::cycle expect_exact(die& on, const collective& what) {
    SCOPED_TRACE(testing::Message() << name(what.kind) << " on " << what.nodes.columns << " x " << what.nodes.rows
                                    << ", " << what.bytes << " B of " << numerics::name(what.type.format) << ", root ("
                                    << what.root.x << ", " << what.root.y << ")");
    const collective_programs made(what, on);
    const placement& where = made.programs().where;
    on.reset();
    const std::uint32_t nodes = what.nodes.size();
    std::vector<memory> data(nodes);
    for (std::uint32_t i = 0; i < nodes; ++i) {
        data[i] = random_data(what.type, made.bytes(), i);
        on.load(where.nodes[i], made.data(), data[i]);
    }
    on.launch(made.programs());
    const run_result run = on.run();
    EXPECT_EQ(run.status, run_status::finished) << run.message;
    EXPECT_EQ(on.bursts().in_use(), 0U);
    EXPECT_TRUE(on.races() == nullptr || on.races()->race_count() == 0U);

    const std::uint32_t root = to_number(what.nodes.index(what.root));
    const bool sums = what.kind == reduce_to_one || what.kind == all_reduce;
    const memory sum = sums ? expected_sum(what, data) : memory{};
    std::size_t wrong = 0;
    for (std::uint32_t i = 0; i < nodes; ++i) {
        memory result(made.bytes());
        on.read(where.nodes[i], made.result(), result);
        memory expected = result;
        if (what.kind == broadcast) {
            expected = data[root];
        } else if (what.kind == all_reduce || (what.kind == reduce_to_one && i == root)) {
            expected = sum;
        } else if (what.kind == all_to_all) {
            const std::uint32_t block = made.piece_bytes();
            for (std::uint32_t from = 0; from < nodes; ++from) {
                std::memcpy(expected.data() + std::size_t{from} * block, data[from].data() + std::size_t{i} * block,
                            block);
            }
        } else if (what.kind == barrier) {
            expected = data[i];
        }
        wrong += result != expected ? 1U : 0U;
    }
    EXPECT_EQ(wrong, 0U) << "nodes with wrong bytes";
    return run.cycles;
}

constexpr std::array kinds{broadcast, reduce_to_one, all_reduce, all_to_all, barrier};

class collectives_at : public testing::TestWithParam<timing_kind> {};

TEST_P(collectives_at, leave_the_documented_bits_on_rectangles_of_all_kinds) {
    die on("die", die_of(GetParam(), 5, 6), die_checks::all());
    for (const collective_kind kind : kinds) {
        for (const grid nodes : {grid{1, 1}, {2, 1}, {1, 2}, {5, 1}, {1, 6}, {4, 3}, {5, 6}}) {
            const coordinate middle{nodes.columns / 2, nodes.rows / 2};
            const coordinate far{nodes.columns - 1, nodes.rows - 1};
            expect_exact(on, {kind, nodes, 4, fp32, {0, 0}});
            expect_exact(on, {kind, nodes, 66, bf16, far});
            expect_exact(on, {kind, nodes, 1000, fp32, middle});
            expect_exact(on, {kind, nodes, 5002, bf16, middle});
        }
    }
}

TEST_P(collectives_at, leave_the_documented_bits_for_bytes_that_are_no_whole_elements) {
    die on("die", die_of(GetParam(), 3, 3), die_checks::all());
    expect_exact(on, {broadcast, {3, 3}, 1, fp32, {1, 1}});
    expect_exact(on, {broadcast, {3, 3}, 4099, fp32, {1, 1}});
    expect_exact(on, {all_to_all, {3, 3}, 1, fp32});
    expect_exact(on, {all_to_all, {3, 3}, 4099, fp32});
}

TEST_P(collectives_at, leave_the_documented_bits_on_a_die_with_dead_nodes) {
    d1_parameters p;
    p.simulation.timing = GetParam();
    die on("die", p, {.protocol = true});
    // Everybody to everybody on so many nodes takes minutes under sanitizers.
    const grid most = is_sanitized ? grid{9, 11} : grid{17, 20};
    const coordinate root{most.columns / 2, most.rows / 2};
    for (const collective_kind kind : kinds) {
        expect_exact(on, {kind, most, 1024, bf16, root});
    }
    expect_exact(on, {reduce_to_one, most, 65536, fp32, root});
    expect_exact(on, {broadcast, {354, 1}, 1024, fp32, {3, 0}});
}

INSTANTIATE_TEST_SUITE_P(every_level, collectives_at,
                         testing::Values(timing_kind::lt, timing_kind::at, timing_kind::ca),
                         [](const auto& level) { return to_string(level.param); });

TEST(collectives, take_the_cycles_of_a_pipeline) {
    // Down a line of n nodes the last chunk leaves the root behind all others, and then takes n - 1 hops. Every chunk
    // has a signal behind it, and its answer comes back.
    die on("die", die_of(timing_kind::at, 10, 1), {.protocol = true});
    const collective what{broadcast, {10, 1}, 65536, fp32};
    const std::uint64_t chunk = collective_programs(what, on).piece_bytes() / 64;
    EXPECT_EQ(chunk, 8U);                                      // half a burst
    constexpr std::uint64_t hop_overhead = 1 + 4 + 6 + 1 + 2;  // wake, issue, request, arrival, routers
    const timing::cycle cycles = expect_exact(on, what);
    EXPECT_GE(cycles, 100 + 1024 + 9 * (chunk + hop_overhead));
    // At the root four transfers take turns; a signal has to wait for those of the three others.
    EXPECT_LE(cycles, 100 + 1024 / chunk * (chunk + 2) + 9 * (4 * (chunk + 1) + hop_overhead));
}

TEST(collectives, have_nothing_that_the_checker_could_find) {
    d1_parameters p = die_of(timing_kind::at, 5, 4);
    p.die.harvest.dead = {{1, 1}};
    const die on("die", p, {.protocol = true});
    for (const collective_kind kind : kinds) {
        for (const grid nodes : {grid{1, 1}, {4, 4}, {19, 1}}) {
            const collective_programs made({kind, nodes, 3000, bf16, {nodes.columns / 2, nodes.rows / 2}}, on);
            const auto found = program::check(assignment_of(made.programs()));
            EXPECT_TRUE(found.empty()) << name(kind) << ": " << to_string(found.front());
        }
    }
}

TEST(collectives, refuse_what_makes_no_sense_or_does_not_fit) {
    const die on("die", die_of(timing_kind::at, 2, 2), {.protocol = true});
    const auto make = [&](const collective& what) { return collective_programs(what, on); };
    EXPECT_THROW(make({broadcast, {2, 2}, 64, fp32, {2, 0}}), std::invalid_argument);
    EXPECT_THROW(make({broadcast, {2, 2}, 0, fp32}), std::invalid_argument);
    EXPECT_THROW(make({reduce_to_one, {2, 2}, 6, fp32}), std::invalid_argument);
    EXPECT_THROW(make({reduce_to_one, {2, 2}, 1U << 20U, fp32}), std::invalid_argument);
    EXPECT_NO_THROW(make({reduce_to_one, {2, 2}, 6, bf16}));
}

TEST(place_in_tree, joins_every_node_to_the_root_by_neighbours) {
    for (const grid nodes : {grid{1, 1}, {4, 3}, {1, 5}, {5, 1}}) {
        for (std::uint32_t r = 0; r < nodes.size(); ++r) {
            const coordinate root = nodes.at(static_cast<node_index>(r));
            std::size_t links = 0;
            for (std::uint32_t i = 0; i < nodes.size(); ++i) {
                coordinate here = nodes.at(static_cast<node_index>(i));
                for (std::uint32_t hops = 0; here != root; ++hops) {
                    ASSERT_LT(hops, nodes.size());
                    const tree_place place = place_in_tree(nodes, root, here);
                    ASSERT_FALSE(place.is_root());
                    const coordinate next = neighbour(here, place.above);
                    ASSERT_TRUE(nodes.contains(next));
                    EXPECT_TRUE(place_in_tree(nodes, root, next).is_below[to_number(opposite(place.above))]);
                    here = next;
                }
            }
            for (std::uint32_t i = 0; i < nodes.size(); ++i) {
                const tree_place place = place_in_tree(nodes, root, nodes.at(static_cast<node_index>(i)));
                for (const bool below : place.is_below) links += below ? 1U : 0U;
            }
            EXPECT_EQ(links, nodes.size() - 1);  // a tree
        }
    }
}

}  // namespace
}  // namespace d1::kernels
