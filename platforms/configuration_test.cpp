#include "platforms/configuration.hpp"
#include "models/noc/routing_traits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

namespace {

using d1::configuration;
using d1::coordinate;
using d1::d1_parameters;
using d1::parameter::entry;
using d1::parameter::value_kind;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string preset = std::string(D1_SOURCE_DIR) + "/platforms/presets/d1.yaml";

std::string dump(const d1_parameters& parameters) {
    std::ostringstream out;
    d1::dump_parameters(parameters, out);
    return out.str();
}

d1_parameters loaded(const std::string& text) {
    configuration chosen;
    chosen.load_text(text, "text");
    return chosen.value();
}

std::string complaint(const d1_parameters& parameters) {
    try {
        d1::validate(parameters);
    } catch (const d1::input_error& error) {
        return error.what();
    }
    return "none";
}

/// A seed has no unit, and any 64 bits are one.
bool is_seed(const entry& e) {
    return e.path.ends_with("seed");
}

TEST(parameters, every_one_has_a_meaning_a_source_and_a_default_that_is_allowed) {
    d1_parameters parameters;
    std::size_t leaves = 0;
    for (const entry& e : d1::parameter::list_entries(parameters)) {
        EXPECT_FALSE(e.about.meaning.empty()) << e.path;
        if (e.is_group()) continue;
        ++leaves;
        EXPECT_FALSE(e.about.source.empty()) << e.path;
        EXPECT_TRUE(allowed(e, e.get())) << e.path;
        if (e.kind != value_kind::count) continue;
        EXPECT_LT(e.about.minimum, e.about.maximum) << e.path;
        EXPECT_TRUE(is_seed(e) || !e.about.unit.empty()) << e.path;
    }
    EXPECT_EQ(leaves, 96U);
}

TEST(parameters, assumptions_and_modelling_choices_say_that_they_are) {
    d1_parameters parameters;
    for (const entry& e : d1::parameter::list_entries(parameters)) {
        if (e.is_group()) continue;
        using d1::parameter::confidence;
        EXPECT_EQ(e.about.source.starts_with("assumption: "), e.about.confidence == confidence::assumed) << e.path;
        EXPECT_EQ(e.about.source.starts_with("modelling: "), e.about.confidence == confidence::modelling) << e.path;
    }
}

TEST(parameters, defaults_are_the_published_figures_of_the_chip) {
    const d1_parameters p;
    const auto& node = p.die.node;
    const double gigahertz = 1e3 / p.die.clock_period;
    const auto nodes = p.die.noc.columns * p.die.noc.rows - p.die.harvest.dead.size();
    EXPECT_EQ(nodes, 354U);
    const double teraflops =
        static_cast<double>(nodes) * 2 * 8 * 8 * 4 * node.core.matrix_steps_per_cycle * gigahertz / 1e3;
    EXPECT_NEAR(teraflops, 362.5, 0.05);
    EXPECT_EQ(node.core.simd_lanes * 2 * gigahertz, 64.0);
    const auto& sram = node.sram;
    EXPECT_EQ((64 * (sram.vector_load_ports + sram.mesh_read_ports) + 8 * sram.scalar_load_ports) * gigahertz, 400.0);
    EXPECT_EQ((64 * (sram.vector_store_ports + sram.mesh_write_ports) + 8 * sram.scalar_store_ports) * gigahertz,
              272.0);
    EXPECT_EQ(sram.bytes, 20480U * 64U);
}

TEST(parameters, list_of_entries_refers_to_the_object_and_names_a_group_before_its_members) {
    d1_parameters parameters;
    const auto entries = d1::parameter::list_entries(parameters);
    EXPECT_EQ(entries[0].path, "die");
    EXPECT_EQ(entries[1].path, "die.clock_period");
    EXPECT_EQ(entries[2].path, "die.noc");
    EXPECT_EQ(entries.back().path, "simulation.seed");
    find_entry(entries, "die.noc.columns")->put(std::uint64_t{7});
    find_entry(entries, "simulation.timing")->put(std::string("lt"));
    EXPECT_EQ(parameters.die.noc.columns, 7U);
    EXPECT_EQ(parameters.simulation.timing, d1::timing_kind::lt);
}

TEST(preset, file_is_the_dump_of_the_defaults) {
    std::ifstream in(preset);
    ASSERT_TRUE(in) << preset;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(text, dump({})) << "write it anew from a dump of the defaults";
}

TEST(preset, loading_it_changes_nothing) {
    configuration chosen;
    chosen.load_file(preset);
    EXPECT_EQ(chosen.value(), d1_parameters{});
}

TEST(dump, tells_meaning_range_confidence_and_source_of_every_parameter) {
    const std::string text = dump({});
    d1_parameters parameters;
    for (const entry& e : d1::parameter::list_entries(parameters)) {
        EXPECT_THAT(text, HasSubstr(std::string(e.about.meaning.substr(1)))) << e.path;
        EXPECT_THAT(text, HasSubstr(std::string(e.about.source))) << e.path;
    }
    EXPECT_THAT(text,
                HasSubstr("    # Nodes in a row of the die, dead ones included [1 to 64 nodes].\n    # R: 18 x 20 "));
    EXPECT_THAT(text, HasSubstr("[64 to 2097152 B in steps of 64].\n"));
    EXPECT_THAT(text, HasSubstr("[one of lt, at, ca].\n"));
    EXPECT_THAT(text, HasSubstr("[0 to 18446744073709551615].\n"));
    EXPECT_THAT(text, HasSubstr("    dead: [[3, 2], [14, 5], [6, 8], [11, 12], [1, 15], [16, 17]]\n"));
}

// Any value that a parameter may have; then those that must go together are made to.
d1_parameters random_parameters(std::mt19937_64& random) {
    d1_parameters parameters;
    const auto entries = d1::parameter::list_entries(parameters);
    for (const entry& e : entries) {
        if (e.kind == value_kind::flag) e.put(random() % 2 == 0);
        if (e.kind == value_kind::name) e.put(e.names[random() % e.names.size()]);
        if (e.kind != value_kind::count) continue;
        const auto step = static_cast<std::uint64_t>(e.about.step);
        const auto least = static_cast<std::uint64_t>(e.about.minimum);
        const std::uint64_t most = is_seed(e) ? ~0ULL : static_cast<std::uint64_t>(e.about.maximum);
        const std::uint64_t choice = random();
        const std::uint64_t any = least + choice / 8 % ((most - least) / step) * step;
        e.put(choice % 8 == 0 ? least : choice % 8 == 1 ? most : any);
    }
    auto& die = parameters.die;
    die.node.core.matrix_rows = 4U << random() % 3;
    die.node.core.matrix_columns = 4U << random() % 3;
    die.harvest.dead.clear();
    for (std::uint32_t n = 0; n + 1 < die.noc.columns * die.noc.rows; ++n)
        if (random() % 3 == 0)
            die.harvest.dead.push_back(
                {static_cast<std::int32_t>(n % die.noc.columns), static_cast<std::int32_t>(n / die.noc.columns)});
    if (die.noc.columns > 1 && random() % 2 == 0) die.harvest.dead_links = {{{0, 0}, {1, 0}}};
    if (random() % 2 == 0) die.noc.routing_table.path = "my \"routes\" \\ .txt";
    const bool has_faults = !faults_of(die.harvest).none();
    if (!d1::why_unfit(d1::traits_of(die.noc.routing), die.noc.channels_per_class, has_faults).empty() ||
        die.noc.routing_table.path.empty())
        die.noc.routing = d1::routing_kind::xy;
    return parameters;
}

TEST(dump, of_any_parameters_loads_as_the_same) {
    const std::uint64_t seed = 20230814;
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 100; ++i) {
        const d1_parameters parameters = random_parameters(random);
        const std::string text = dump(parameters);
        ASSERT_EQ(loaded(text), parameters) << text;
    }
}

TEST(configuration, begins_with_the_defaults) {
    const configuration chosen;
    EXPECT_EQ(chosen.value(), d1_parameters{});
    EXPECT_EQ(chosen.origin("die.noc.columns"), "default");
}

TEST(configuration, later_settings_win_and_what_is_not_set_stays) {
    configuration chosen;
    chosen.load_text("die:\n  noc:\n    columns: 30\n    rows: 40\n    link_latency: 2\n", "a.yaml");
    chosen.load_text("die:\n  noc:\n    columns: 31\n    rows: 41\n", "b.yaml");
    chosen.set("die.noc.columns=32");
    const auto noc = chosen.value().die.noc;
    EXPECT_EQ(noc.columns, 32U);
    EXPECT_EQ(noc.rows, 41U);
    EXPECT_EQ(noc.link_latency, 2U);
    EXPECT_EQ(noc.buffer_depth, d1_parameters{}.die.noc.buffer_depth);
    EXPECT_EQ(chosen.origin("die.noc.columns"), "--set");
    EXPECT_EQ(chosen.origin("die.noc.rows"), "b.yaml:4");
    EXPECT_EQ(chosen.origin("die.noc.link_latency"), "a.yaml:5");
}

TEST(configuration, single_settings_take_every_kind_of_value) {
    configuration chosen;
    chosen.set("simulation.seed=18446744073709551615");
    chosen.set("simulation.timing=lt");
    chosen.set(" simulation.functional = off ");
    chosen.set("arithmetic.keep_subnormals=false");
    chosen.set("arithmetic.cfloat_denormals=printed");
    chosen.set("arithmetic.accumulator=fp21");
    chosen.set("die.harvest.dead=[[0, 1], [2,3]]");
    const d1_parameters p = chosen.value();
    EXPECT_EQ(p.simulation.seed, 18446744073709551615ULL);
    EXPECT_EQ(p.simulation.timing, d1::timing_kind::lt);
    EXPECT_FALSE(p.simulation.functional);
    EXPECT_EQ(p.arithmetic, (d1::numerics::arithmetic{.keep_subnormals = false,
                                                      .cfloat_denormals = d1::numerics::denormal_reading::printed,
                                                      .accumulator = d1::numerics::accumulator_format::fp21}));
    EXPECT_THAT(p.die.harvest.dead, ElementsAre(coordinate{0, 1}, coordinate{2, 3}));
    chosen.set("die.harvest.dead=[]");
    EXPECT_TRUE(chosen.value().die.harvest.dead.empty());
}

TEST(configuration, path_may_be_written_dotted_or_as_nested_maps) {
    const d1_parameters nested = loaded("die: {node: {sram: {bytes: 640}}}");
    EXPECT_EQ(nested.die.node.sram.bytes, 640U);
    EXPECT_EQ(loaded("die.node.sram.bytes: 640"), nested);
    EXPECT_EQ(loaded("die.node:\n  sram.bytes: 640\n"), nested);
    configuration chosen;
    chosen.set("die.node={sram: {bytes: 640}}");
    EXPECT_EQ(chosen.value(), nested);
}

TEST(configuration, file_may_have_a_byte_order_mark_and_carriage_returns) {
    EXPECT_EQ(loaded("\xef\xbb\xbf"
                     "die:\r\n  noc:\r\n    rows: 21\r\n")
                  .die.noc.rows,
              21U);
}

TEST(configuration, failed_load_changes_nothing) {
    configuration chosen;
    EXPECT_THROW(chosen.load_text("die: {noc: {rows: 30, columns: 0}}", "text"), d1::input_error);
    EXPECT_THROW(chosen.set("die.noc={rows: 30, columns: 0}"), d1::input_error);
    EXPECT_EQ(chosen.value(), d1_parameters{});
    EXPECT_EQ(chosen.origin("die.noc.rows"), "default");
}

TEST(configuration, names_all_parameters_that_do_not_go_together_and_where_they_were_set) {
    configuration chosen;
    chosen.load_text("# a small die\ndie.noc.columns: 4\n", "small.yaml");
    chosen.set("die.noc.rows=5");
    try {
        (void)chosen.value();
        FAIL();
    } catch (const d1::input_error& error) {
        EXPECT_THAT(error.what(),
                    AllOf(HasSubstr("die.harvest.dead = [[3, 2], [14, 5]"), HasSubstr("(default)"),
                          HasSubstr("die.noc.columns = 4 (small.yaml:2)"), HasSubstr("die.noc.rows = 5 (--set)"),
                          HasSubstr("[14, 5] is not a place of the grid")));
    }
    chosen.set("die.harvest.dead=[]");
    EXPECT_EQ(chosen.value().die.noc.columns, 4U);
}

TEST(validation, accepts_the_defaults) {
    EXPECT_EQ(complaint({}), "none");
}

TEST(validation, wants_every_value_in_its_range) {
    d1_parameters p;
    p.die.node.core.threads = 5;
    EXPECT_EQ(complaint(p), "die.node.core.threads = 5: must be a whole number from 1 to 4 threads");
    p = {};
    p.die.node.sram.bytes = 100;
    EXPECT_THAT(complaint(p), HasSubstr("from 64 to 2097152 B in steps of 64"));
    p = {};
    p.die.harvest.dead = {{-1, 0}};
    EXPECT_THAT(complaint(p), HasSubstr("[-1, 0] is not a place of the grid"));
}

TEST(validation, wants_dead_nodes_inside_the_grid_and_each_once) {
    d1_parameters p;
    p.die.harvest.dead = {{17, 19}, {0, 0}};
    EXPECT_EQ(complaint(p), "none");
    p.die.harvest.dead = {{18, 0}};
    EXPECT_THAT(complaint(p), HasSubstr("[18, 0] is not a place of the grid"));
    p.die.harvest.dead = {{0, 20}};
    EXPECT_THAT(complaint(p), HasSubstr("[0, 20] is not a place of the grid"));
    p.die.harvest.dead = {{5, 6}, {7, 8}, {5, 6}};
    EXPECT_THAT(complaint(p), HasSubstr("[5, 6] is in the list twice"));
}

TEST(validation, wants_a_live_node) {
    d1_parameters p;
    p.die.noc.columns = 2;
    p.die.noc.rows = 1;
    p.die.harvest.dead = {{1, 0}};
    EXPECT_EQ(complaint(p), "none");
    p.die.harvest.dead = {{1, 0}, {0, 0}};
    EXPECT_THAT(complaint(p), HasSubstr("no node is left alive"));
}

TEST(validation, wants_a_matrix_unit_of_four_eight_or_sixteen_rows_and_columns) {
    d1_parameters p;
    p.die.node.core.matrix_rows = 16;
    p.die.node.core.matrix_columns = 4;
    EXPECT_EQ(complaint(p), "none");
    p.die.node.core.matrix_columns = 12;
    EXPECT_EQ(complaint(p), "die.node.core.matrix_columns = 12: must be 4, 8 or 16");
}

TEST(validation, wants_a_routing_that_suits_the_channels_and_the_faults) {
    d1_parameters p;
    p.die.noc.routing = d1::routing_kind::o1turn;
    EXPECT_THAT(complaint(p), AllOf(HasSubstr("die.noc.routing = o1turn"), HasSubstr("die.noc.channels_per_class = 1"),
                                    HasSubstr("needs 2 channels of each message class")));
    p.die.noc.channels_per_class = 2;
    EXPECT_EQ(complaint(p), "none");
    p.die.noc.routing = d1::routing_kind::odd_even;
    EXPECT_THAT(complaint(p), AllOf(HasSubstr("die.noc.routing = odd_even"), HasSubstr("die.harvest.dead = [[3, 2]"),
                                    HasSubstr("cannot avoid dead routers and links")));
    p.die.harvest.dead_router = false;
    EXPECT_EQ(complaint(p), "none");
    p.die.harvest.dead_links = {{{4, 4}, {4, 5}}};
    EXPECT_THAT(complaint(p), HasSubstr("die.harvest.dead_links = [[[4, 4], [4, 5]]]"));
    p.die.noc.routing = d1::routing_kind::table;
    EXPECT_THAT(complaint(p), HasSubstr("die.noc.routing_table = \"\""));
    p.die.noc.routing_table.path = "routes.txt";
    EXPECT_EQ(complaint(p), "none");
}

TEST(validation, wants_dead_links_between_neighbours_each_once) {
    d1_parameters p;
    p.die.harvest.dead_links = {{{4, 4}, {5, 5}}};
    EXPECT_THAT(complaint(p), HasSubstr("[[4, 4], [5, 5]] does not exist"));
    p.die.harvest.dead_links = {{{17, 4}, {18, 4}}};
    EXPECT_THAT(complaint(p), HasSubstr("[[17, 4], [18, 4]] is not on the die"));
    p.die.harvest.dead_links = {{{4, 4}, {4, 5}}, {{4, 5}, {4, 4}}};
    EXPECT_THAT(complaint(p), HasSubstr("[[4, 4], [4, 5]] is in the list twice"));
}

TEST(json, has_every_parameter_in_its_object_in_the_order_of_the_structs) {
    d1_parameters p;
    p.simulation.seed = 18446744073709551615ULL;
    const boost::json::object json = d1::to_json(p);
    const boost::json::value again = boost::json::parse(boost::json::serialize(json));
    EXPECT_EQ(again.at("die").at("noc").at("rows").as_int64(), 20);
    EXPECT_EQ(again.at("die").at("noc").at("routing").as_string(), "xy");
    EXPECT_EQ(again.at("simulation").at("seed").as_uint64(), 18446744073709551615ULL);
    EXPECT_TRUE(again.at("arithmetic").at("keep_subnormals").as_bool());
    EXPECT_EQ(boost::json::serialize(again.at("die").at("harvest").at("dead")),
              "[[3,2],[14,5],[6,8],[11,12],[1,15],[16,17]]");
    std::vector<std::string> names;
    for (const auto& member : again.at("die").as_object()) names.emplace_back(member.key());
    EXPECT_THAT(names, ElementsAre("clock_period", "noc", "harvest", "node"));
}

TEST(json, loads_as_a_configuration_with_the_same_parameters) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 10; ++i) {
        const d1_parameters parameters = random_parameters(random);
        EXPECT_EQ(loaded(boost::json::serialize(d1::to_json(parameters))), parameters);
    }
}

struct real_parameters {
    double efficiency = 0.95;
};
BOOST_DESCRIBE_STRUCT(real_parameters, (), (efficiency))
constexpr std::array<d1::parameter::description, 1> real_descriptions{
    {{"efficiency", "", 0.5, 1, "payload of a link", "test", d1::parameter::confidence::assumed}}};
constexpr std::span<const d1::parameter::description> describe_parameters(const real_parameters*) noexcept {
    return real_descriptions;
}

TEST(entries, of_any_described_struct_can_be_set_real_numbers_included) {
    real_parameters link;
    const auto entries = d1::parameter::list_entries(link);
    d1::parameter::origins set_by;
    apply_assignment(entries, "efficiency=0.75", set_by);
    EXPECT_EQ(link.efficiency, 0.75);
    EXPECT_EQ(d1::parameter::format(entries[0].get()), "0.75");
    for (const char* bad : {"efficiency=nan", "efficiency=inf", "efficiency=0.4", "efficiency=1e400", "efficiency=x"})
        EXPECT_THROW(apply_assignment(entries, bad, set_by), d1::input_error) << bad;
    EXPECT_EQ(link.efficiency, 0.75);
    EXPECT_EQ(allowed_text(entries[0]), "a number from 0.5 to 1");
}

}  // namespace
