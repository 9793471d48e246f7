#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <limits>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/statistics/group.hpp"
#include "models/statistics/json_writer.hpp"
#include "models/statistics/text_writer.hpp"

namespace d1::statistics {
namespace {

TEST(json_writer, nests_values_by_path_and_explains_each_kind_once) {
    std::array<std::uint64_t, 3> v{11, 22, std::numeric_limits<std::uint64_t>::max()};
    group root;
    group& die = root.child("die");
    die.child("node[10,0]").child("core").counter("steps", "steps", "Matrix steps", v[0]);
    die.child("node[2,1]").child("core").counter("steps", "steps", "Matrix steps", v[1]);
    die.counter("cycles", "cycles", "Clock cycles", v[2]);
    EXPECT_EQ(boost::json::serialize(to_json(root)),
              R"({"legend":{)"
              R"("die.cycles":{"unit":"cycles","description":"Clock cycles"},)"
              R"("die.node[*].core.steps":{"unit":"steps","description":"Matrix steps"}},)"
              R"("values":{"die":{"cycles":18446744073709551615,)"
              R"("node[2,1]":{"core":{"steps":22}},"node[10,0]":{"core":{"steps":11}}}}})");
}

TEST(json_writer, writes_an_empty_tree) {
    EXPECT_EQ(boost::json::serialize(to_json(group{})), R"({"legend":{},"values":{}})");
}

TEST(json_writer, refuses_one_kind_with_two_meanings) {
    std::array<std::uint64_t, 2> v{};
    for (const auto& [unit, description] : {std::pair{"B", "Bytes read"}, std::pair{"packets", "Bytes written"}}) {
        group root;
        root.child("node[0,0]").counter("moved", "B", "Bytes written", v[0]);
        root.child("node[0,1]").counter("moved", unit, description, v[1]);
        EXPECT_THROW(static_cast<void>(to_json(root)), std::logic_error);
    }
}

/// A die of nodes with counters registered in a random order; each value is a function of its place alone.
class random_order_die {
  public:
    explicit random_order_die(unsigned seed) {
        std::vector<std::array<std::size_t, 3>> order;
        for (std::size_t x = 0; x < columns; ++x) {
            for (std::size_t y = 0; y < rows; ++y) {
                for (std::size_t p = 0; p < ports.size(); ++p) order.push_back({x, y, p});
            }
        }
        std::ranges::shuffle(order, std::mt19937(seed));
        for (const auto& [x, y, p] : order) {
            std::uint64_t& value = values_[(x * rows + y) * ports.size() + p];
            value = 10000 * x + 100 * y + p;
            root.child("die")
                .child("node[" + std::to_string(x) + "," + std::to_string(y) + "]")
                .child(ports[p])
                .counter("packets", "packets", "Packets sent", value);
        }
    }
    group root;

  private:
    static constexpr std::size_t columns = 12;
    static constexpr std::size_t rows = 11;
    static constexpr std::array ports{"west", "east", "north"};
    std::array<std::uint64_t, columns * rows * ports.size()> values_{};
};

std::string all_outputs(const group& root) {
    std::ostringstream out;
    out << boost::json::serialize(to_json(root));
    write_text(out, root);
    write_summary(out, root);
    return out.str();
}

TEST(writers, give_the_same_bytes_for_any_order_of_construction) {
    const random_order_die reference(0);
    for (unsigned seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const random_order_die permuted(seed);
        EXPECT_EQ(all_outputs(permuted.root), all_outputs(reference.root));
    }
}

TEST(text_writer, lists_every_counter_aligned) {
    std::array<std::uint64_t, 3> v{5, 1234, 7};
    group root;
    root.child("die").counter("cycles", "cycles", "Clock cycles", v[1]);
    root.child("die").child("node[0,0]").counter("steps", "steps", "Matrix steps", v[0]);
    root.child("die").child("node[0,1]").counter("nameless", "", "", v[2]);
    std::ostringstream out;
    write_text(out, root);
    EXPECT_EQ(out.str(),
              "statistic               value  unit    description\n"
              "die.cycles               1234  cycles  Clock cycles\n"
              "die.node[0,0].steps         5  steps   Matrix steps\n"
              "die.node[0,1].nameless      7\n");
}

TEST(text_writer, summarises_indexed_groups) {
    std::array<std::uint64_t, 4> v{10, 40, 3, 40};
    group root;
    group& die = root.child("die");
    die.child("node[0,0]").counter("steps", "steps", "Matrix steps", v[0]);
    die.child("node[1,0]").counter("steps", "steps", "Matrix steps", v[1]);
    die.child("node[10,0]").counter("steps", "steps", "Matrix steps", v[3]);
    die.counter("cycles", "cycles", "Clock cycles", v[2]);
    std::ostringstream out;
    write_summary(out, root);
    EXPECT_EQ(out.str(),
              "statistic          number  total  min  mean  max  max at  unit    description\n"
              "die.cycles              1      3    3   3.0    3          cycles  Clock cycles\n"
              "die.node[*].steps       3     90   10  30.0   40  [1,0]   steps   Matrix steps\n");
}

TEST(text_writer, rounds_the_mean_half_up_to_one_decimal) {
    struct example {
        std::vector<std::uint64_t> values;
        const char* mean;
    };
    const std::vector<example> examples{
        {{1, 1, 2}, " 1.3 "},                                                                    // 1.333
        {{1, 2, 2}, " 1.7 "},                                                                    // 1.667
        {{0, 0, 0, 1}, " 0.3 "},                                                                 // 0.25
        {std::vector<std::uint64_t>(25, 1), " 1.0 "},                                            // exact
        {{1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, " 2.0 "},  // 1.96
        {{0}, " 0.0 "},
    };
    for (example e : examples) {
        group root;
        for (std::size_t i = 0; i < e.values.size(); ++i) {
            root.child("n[" + std::to_string(i) + "]").counter("c", "", "", e.values[i]);
        }
        std::ostringstream out;
        write_summary(out, root);
        EXPECT_NE(out.str().find(e.mean, out.str().find('\n')), std::string::npos) << e.mean << '\n' << out.str();
    }
}

}  // namespace
}  // namespace d1::statistics
