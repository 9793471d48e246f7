// What the JSON report says: see docs/results.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using words = std::vector<std::string>;

const words several = {"square, 64, 64, 64", "tail, 7, 65, 13", "one, 1, 1, 1", "deep, 9, 17, 1000", "wide, 200, 3, 5"};

std::uint64_t whole(const json::value& v) {
    return v.to_number<std::uint64_t>();
}
double real(const json::value& v) {
    return v.to_number<double>();
}

class report : public testing::Test {
  protected:
    report() {
        folder.write("net.csv", table_of(several));
        folder.write(
            "conv.csv",
            "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
            "c1, 9, 9, 3, 3, 4, 8, 2,\nc2, 5, 6, 1, 2, 3, 9, 1,\n");
    }

    std::string text(const words& arguments) const {
        words all = arguments;
        all.insert(all.end(), {"--json", "out.json"});
        const outcome o = folder.run(all);
        EXPECT_EQ(o.code, 0) << o.err;
        return folder.read("out.json");
    }
    json::object of(const words& arguments) const { return json::parse(text(arguments)).as_object(); }

    program_folder folder;
};

/// All but `host`, which is last.
std::string reproducible(const std::string& text) {
    const auto host = text.find(",\"host\":");
    EXPECT_NE(host, std::string::npos);
    EXPECT_EQ(text.find('}', host) + 3, text.size()) << "host is the last member";
    return text.substr(0, host);
}

words keys(const json::value& v) {
    words all;
    for (const auto& member : v.as_object()) all.emplace_back(member.key());
    return all;
}

words column(const json::object& r, const char* key) {
    words all;
    for (const auto& l : r.at("layers").as_array()) all.push_back(json::serialize(l.at(key)));
    return all;
}

using counters = std::map<std::string, std::uint64_t>;

/// The counters below `values` by path.
void flatten(const json::object& group, const std::string& path, counters& into) {
    for (const auto& member : group) {
        std::string name = path;
        name.append(path.empty() ? "" : ".").append(member.key());
        if (member.value().is_object()) {
            flatten(member.value().as_object(), name, into);
        } else {
            into[name] = whole(member.value());
        }
    }
}

counters statistics_of(const json::object& r) {
    counters all;
    flatten(r.at("statistics").at("values").as_object(), "", all);
    return all;
}

// ---- schema

TEST_F(report, has_the_documented_members_in_order) {
    const json::object r = of(small_run("net.csv", {"--check"}));
    EXPECT_THAT(keys(r), ElementsAre("schema", "complete", "layers", "totals", "routing", "relative_area", "parameters",
                                     "batch", "format", "out", "statistics", "seed", "host"));
    EXPECT_EQ(r.at("schema"), "d1sim-run/1");
    EXPECT_EQ(r.at("complete"), true);
    EXPECT_EQ(r.at("batch"), 1);
    EXPECT_EQ(r.at("out"), "bf16");
    EXPECT_EQ(r.at("seed"), 1);
    EXPECT_THAT(keys(r.at("totals")),
                ElementsAre("layers", "macs", "cycles", "seconds", "tflops", "utilization", "bytes_moved",
                            "energy_joules", "energy", "watts", "cycle_stack", "live_nodes"));
    EXPECT_THAT(keys(r.at("routing")),
                ElementsAre("pairs", "xy_live", "xy_kept", "xy_lost", "detoured", "extra_hops", "longest_path"));
    EXPECT_THAT(keys(r.at("parameters")), ElementsAre("die", "arithmetic", "energy", "area", "simulation"));
    EXPECT_EQ(r.at("parameters").at("die").at("noc").at("columns"), 4);
    EXPECT_THAT(keys(r.at("statistics")), ElementsAre("legend", "values"));
    EXPECT_THAT(keys(r.at("host")), ElementsAre("seconds", "peak_memory_bytes", "cycles_per_second"));
    EXPECT_GT(real(r.at("host").at("seconds")), 0);
    EXPECT_GT(whole(r.at("host").at("peak_memory_bytes")), 1000000U);
    EXPECT_NEAR(real(r.at("host").at("cycles_per_second")) * real(r.at("host").at("seconds")) /
                    real(r.at("totals").at("cycles")),
                1, 1e-9);
}

TEST_F(report, a_layer_at_a_level_of_its_own_takes_the_cycles_of_that_level_and_the_others_theirs) {
    folder.write("two.csv", "Layer,M,N,K,\none,64,64,64,\ntwo,96,80,200,\n");
    const json::object at = of(small_run("two.csv", {"--check"}));
    const json::object ca = of(small_run("two.csv", {"--check", "--timing", "ca"}));
    const json::object mixed = of(small_run("two.csv", {"--check", "--detail", "tw*:ca"}));
    EXPECT_THAT(column(mixed, "timing"), ElementsAre("\"at\"", "\"ca\""));
    EXPECT_THAT(column(mixed, "cycles"), ElementsAre(column(at, "cycles")[0], column(ca, "cycles")[1]));
    EXPECT_NE(column(at, "cycles")[1], column(ca, "cycles")[1]) << "the levels cannot be told apart";
}

TEST_F(report, each_layer_has_the_documented_members_and_types) {
    const json::object r = of(small_run("net.csv", {"--check"}));
    ASSERT_EQ(r.at("layers").as_array().size(), several.size());
    for (const auto& l : r.at("layers").as_array()) {
        EXPECT_THAT(keys(l), ElementsAre("name", "m", "n", "k", "pass", "timing", "cycles", "seconds", "tflops",
                                         "utilization", "bytes_moved", "bound_by", "bounds", "energy_joules", "energy",
                                         "complete", "cycle_stack", "waits", "check", "races", "uninitialised_reads"));
        EXPECT_TRUE(l.at("name").is_string());
        EXPECT_EQ(l.at("pass"), "forward");
        EXPECT_EQ(l.at("complete"), true);
        for (const char* key : {"m", "n", "k", "cycles", "bytes_moved", "races", "uninitialised_reads"}) {
            EXPECT_TRUE(l.at(key).is_int64() || l.at(key).is_uint64()) << key;
        }
        for (const char* key : {"seconds", "tflops", "utilization"}) EXPECT_TRUE(l.at(key).is_double()) << key;
        EXPECT_THAT(keys(l.at("bounds")), ElementsAre("matrix", "sram_port", "link", "synchronisation"));
        EXPECT_THAT(keys(l.at("check")), ElementsAre("results", "wrong", "sampled", "sampled_wrong", "bounded",
                                                     "outside_bound", "worst_bound_ratio"));
        EXPECT_EQ(whole(l.at("check").at("results")), whole(l.at("m")) * whole(l.at("n")));
        EXPECT_EQ(whole(l.at("check").at("bounded")), whole(l.at("m")) * whole(l.at("n")));
        EXPECT_EQ(l.at("check").at("wrong"), 0);
        EXPECT_LE(real(l.at("check").at("worst_bound_ratio")), 1);
        EXPECT_EQ(l.at("races"), 0);
    }
    EXPECT_THAT(column(r, "name"), ElementsAre("\"square\"", "\"tail\"", "\"one\"", "\"deep\"", "\"wide\""));
    EXPECT_THAT(column(r, "n"), ElementsAre("64", "65", "1", "17", "3"));
}

TEST_F(report, check_and_samples_are_there_only_if_asked_for) {
    const json::object r = of(small_run("net.csv"));
    for (const auto& l : r.at("layers").as_array()) {
        EXPECT_FALSE(l.as_object().contains("check"));
        EXPECT_FALSE(l.as_object().contains("races"));
        EXPECT_FALSE(l.as_object().contains("samples"));
    }
}

TEST_F(report, convolutions_say_how_large_their_expanded_input_is) {
    const json::object r = of(small_run("conv.csv", {"--batch", "3", "--check"}));
    const json::value& l = r.at("layers").at(0);
    EXPECT_EQ(whole(l.at("m")), 3U * 4 * 4);
    EXPECT_EQ(whole(l.at("n")), 8U);
    EXPECT_EQ(whole(l.at("k")), 3U * 3 * 4);
    EXPECT_EQ(whole(l.at("im2col_bytes")), 48U * 36 * 2);
    EXPECT_EQ(whole(r.at("batch")), 3U);
}

TEST_F(report, names_of_any_characters_survive) {
    folder.write("odd.csv", table_of({"\"a \"\"quoted\"\", \\ name 层\", 1, 2, 3"}));
    EXPECT_EQ(of(small_run("odd.csv")).at("layers").at(0).at("name"), "a \"quoted\", \\ name 层");
}

// ---- figures

TEST_F(report, rates_follow_from_cycles_and_operations) {
    const json::object r =
        of(small_run("net.csv", {"--set", "die.clock_period=400", "--set", "die.node.core.matrix_steps_per_cycle=2"}));
    const auto expect_rates = [](const json::value& of, double macs) {
        const double cycles = real(of.at("cycles"));
        EXPECT_NEAR(real(of.at("seconds")) / (cycles * 400e-12), 1, 1e-12);
        EXPECT_NEAR(real(of.at("tflops")) / (2 * macs / (cycles * 400e-12) / 1e12), 1, 1e-12);
        EXPECT_NEAR(real(of.at("utilization")) / (macs / (16 * 2 * 256 * cycles)), 1, 1e-12);
    };
    double macs = 0;
    for (const auto& l : r.at("layers").as_array()) {
        const double of_layer = real(l.at("m")) * real(l.at("n")) * real(l.at("k"));
        expect_rates(l, of_layer);
        macs += of_layer;
    }
    EXPECT_EQ(real(r.at("totals").at("macs")), macs);
    expect_rates(r.at("totals"), macs);
}

TEST_F(report, totals_are_the_sums_of_the_layers) {
    const json::object r = of(small_run("net.csv"));
    std::map<std::string, std::uint64_t> sums;
    for (const auto& l : r.at("layers").as_array()) {
        sums["cycles"] += whole(l.at("cycles"));
        sums["bytes_moved"] += whole(l.at("bytes_moved"));
    }
    EXPECT_EQ(whole(r.at("totals").at("cycles")), sums["cycles"]);
    EXPECT_EQ(whole(r.at("totals").at("bytes_moved")), sums["bytes_moved"]);
    EXPECT_EQ(whole(r.at("totals").at("layers")), several.size());
    EXPECT_EQ(whole(r.at("totals").at("live_nodes")), 16U);
    std::uint64_t received = 0;
    for (const auto& [path, value] : statistics_of(r)) {
        received += path.ends_with(".network_interface.bytes_received") ? value : 0;
    }
    EXPECT_EQ(received, sums["bytes_moved"]);
}

TEST_F(report, every_cycle_of_every_node_has_a_class_and_every_wait_a_name) {
    for (const char* timing : {"lt", "at", "ca"}) {
        const json::object r = of(small_run("net.csv", {"--timing", timing}));
        std::uint64_t total = 0;
        for (const auto& l : r.at("layers").as_array()) {
            const json::object& stack = l.at("cycle_stack").as_object();
            EXPECT_THAT(keys(l.at("cycle_stack")),
                        ElementsAre("matrix", "simd", "scalar", "sram_port", "memory", "front_end", "latency", "data",
                                    "others", "launch", "idle"));
            std::uint64_t sum = 0;
            for (const auto& c : stack) {
                sum += whole(c.value());
            }
            EXPECT_EQ(sum, whole(l.at("cycles")) * 16) << "16 live nodes";
            total += sum;
            std::uint64_t waits = 0;
            for (const auto& w : l.at("waits").as_array()) {
                EXPECT_THAT(keys(w), ElementsAre("class", "for", "node_cycles"));
                waits += whole(w.at("node_cycles"));
            }
            EXPECT_EQ(waits, whole(stack.at("data")) + whole(stack.at("others")));
        }
        EXPECT_EQ(total, whole(r.at("totals").at("cycles")) * 16);
    }
}

TEST_F(report, energy_is_that_of_its_blocks_and_but_for_leakage_the_same_at_every_level) {
    const json::object at = of(small_run("net.csv"));
    double total = 0;
    for (const auto& l : at.at("layers").as_array()) {
        double blocks = 0;
        for (const auto& block : l.at("energy").as_object()) {
            blocks += real(block.value());
        }
        EXPECT_NEAR(real(l.at("energy_joules")), blocks, blocks * 1e-12);
        // 16 nodes leak 452 mW each.
        EXPECT_NEAR(real(l.at("energy").at("leakage")), real(l.at("seconds")) * 16 * 0.452, 1e-15);
        total += blocks;
    }
    EXPECT_NEAR(real(at.at("totals").at("energy_joules")), total, total * 1e-12);
    EXPECT_NEAR(real(at.at("totals").at("watts")) * real(at.at("totals").at("seconds")), total, total * 1e-9);
    EXPECT_EQ(real(at.at("relative_area")), 1);
    for (const char* other : {"lt", "ca"}) {
        const json::object r = of(small_run("net.csv", {"--timing", other}));
        for (std::size_t i = 0; i < several.size(); ++i) {
            for (const char* block : {"matrix", "simd", "sram", "registers", "mesh"}) {
                EXPECT_EQ(r.at("layers").at(i).at("energy").at(block), at.at("layers").at(i).at("energy").at(block))
                    << other << " " << block;
            }
        }
    }
}

TEST_F(report, costs_of_energy_and_area_come_from_a_file_where_it_has_them) {
    folder.write("costs.yaml", "energy:\n  sram_line: 0\n  leakage_power: 1000\narea:\n  rest: 0\n");
    const json::object d1 = of(small_run("net.csv"));
    const json::object other = of(small_run("net.csv", {"--config", "costs.yaml"}));
    EXPECT_EQ(real(other.at("totals").at("energy").at("sram")), 0);
    EXPECT_EQ(other.at("totals").at("energy").at("matrix"), d1.at("totals").at("energy").at("matrix"));
    EXPECT_NEAR(real(other.at("totals").at("energy").at("leakage")) / real(d1.at("totals").at("energy").at("leakage")),
                1 / 0.452, 1e-9);
    EXPECT_EQ(real(other.at("relative_area")), 1) << "the default machine has the same costs";
}

TEST_F(report, bound_by_is_the_first_of_the_largest_bounds_and_no_layer_beats_them) {
    folder.write("more.csv",
                 table_of({"compute, 256, 256, 512", "tiny, 1, 1, 1", "outer, 256, 256, 4", "row, 1, 512, 512"}));
    for (const char* table : {"net.csv", "more.csv"}) {
        const json::object r = of(small_run(table));
        for (const auto& l : r.at("layers").as_array()) {
            std::string largest;
            std::uint64_t most = 0;
            for (const char* name : {"matrix", "sram_port", "link", "synchronisation"}) {
                const std::uint64_t bound = whole(l.at("bounds").at(name));
                if (largest.empty() || bound > most) {
                    largest = name;
                    most = bound;
                }
            }
            EXPECT_EQ(l.at("bound_by").as_string(), largest) << l.at("name");
            EXPECT_LE(most, whole(l.at("cycles"))) << l.at("name");
        }
    }
}

TEST_F(report, routing_counts_the_pairs_and_what_dead_routers_do_to_them) {
    const json::object whole_die = of(small_run("net.csv"));
    EXPECT_EQ(whole(whole_die.at("routing").at("pairs")), 16U * 15);
    EXPECT_EQ(whole(whole_die.at("routing").at("xy_kept")), 16U * 15);
    EXPECT_EQ(whole(whole_die.at("routing").at("detoured")), 0U);
    EXPECT_EQ(whole(whole_die.at("routing").at("longest_path")), 6U);
    const json::object r = of(small_run("net.csv", {"--set", "die.harvest.dead=[[1,1]]"}));
    const auto& routing = r.at("routing").as_object();
    EXPECT_EQ(whole(routing.at("pairs")), 15U * 14);
    EXPECT_GT(whole(routing.at("detoured")), 0U);
    EXPECT_EQ(whole(routing.at("xy_kept")) + whole(routing.at("xy_lost")), whole(routing.at("xy_live")));
    EXPECT_EQ(whole(r.at("totals").at("live_nodes")), 15U);
}

// ---- reproducibility

TEST_F(report, two_runs_are_byte_for_byte_the_same_outside_host) {
    for (const words& more : {words{"--check"}, words{"--timing", "lt"}, words{"--stats-interval", "100"}}) {
        EXPECT_EQ(reproducible(text(small_run("net.csv", more))), reproducible(text(small_run("net.csv", more))));
    }
}

TEST_F(report, a_layer_does_not_depend_on_the_layers_before_it) {
    words backwards(several.rbegin(), several.rend());
    folder.write("backwards.csv", table_of(backwards));
    json::array forward = of(small_run("net.csv")).at("layers").as_array();
    json::array turned = of(small_run("backwards.csv")).at("layers").as_array();
    std::reverse(turned.begin(), turned.end());
    EXPECT_EQ(forward, turned);
}

TEST_F(report, functional_off_changes_not_a_cycle_nor_a_counter) {
    for (const char* table : {"net.csv", "conv.csv"}) {
        for (const char* timing : {"at", "lt"}) {
            const json::object on = of(small_run(table, {"--timing", timing}));
            const json::object off = of(small_run(table, {"--timing", timing, "--functional", "off"}));
            for (const char* same : {"layers", "totals", "statistics"}) EXPECT_EQ(on.at(same), off.at(same)) << same;
            EXPECT_NE(on.at("parameters"), off.at("parameters"));
        }
    }
}

TEST_F(report, a_layer_of_equal_work_has_the_figures_that_a_run_of_its_own_gives) {
    folder.write("equal.csv", table_of({"a, 40, 16, 24,", "b, 8, 8, 24,", "again, 40, 16, 24,", "a, 40, 16, 24,"}));
    const words passes = {"--pass", "training", "--detail", "again:ca"};
    words payloads_off = passes;
    payloads_off.insert(payloads_off.end(), {"--functional", "off"});
    const json::object each_ran = of(small_run("equal.csv", passes));
    const json::object reused = of(small_run("equal.csv", payloads_off));
    for (const char* same : {"layers", "totals", "statistics"}) EXPECT_EQ(each_ran.at(same), reused.at(same)) << same;
    EXPECT_THAT(folder.run(small_run("equal.csv", payloads_off)).out,
                HasSubstr("4 rows have the figures of an earlier one of equal work"));
    EXPECT_THAT(folder.run(small_run("equal.csv", passes)).out, Not(HasSubstr("equal work")));
    payloads_off.insert(payloads_off.end(), {"--stats-interval", "layer"});
    EXPECT_THAT(folder.run(small_run("equal.csv", payloads_off)).out, Not(HasSubstr("equal work")))
        << "what is sampled in a layer needs its run";
}

TEST_F(report, checking_and_sampling_change_not_a_cycle) {
    const json::object plain = of(small_run("net.csv"));
    for (const words& more : {words{"--check"}, words{"--stats-interval", "7"}, words{"--stats-interval", "layer"},
                              words{"--stats-interval", "9223372036854775807"}}) {
        const json::object watched = of(small_run("net.csv", more));
        EXPECT_EQ(column(plain, "cycles"), column(watched, "cycles"));
        EXPECT_EQ(plain.at("statistics"), watched.at("statistics"));
        EXPECT_EQ(plain.at("totals"), watched.at("totals"));
    }
}

TEST_F(report, the_seed_is_said_and_changes_operands_only) {
    const json::object one = of(small_run("net.csv", {"--check"}));
    const json::object two = of(small_run("net.csv", {"--check", "--seed", "18446744073709551615"}));
    EXPECT_EQ(whole(two.at("seed")), ~std::uint64_t{0});
    EXPECT_EQ(column(one, "cycles"), column(two, "cycles"));
    EXPECT_EQ(one.at("statistics"), two.at("statistics"));
    EXPECT_NE(column(one, "check"), column(two, "check")) << "other numbers have other errors";
}

TEST_F(report, lt_moves_the_same_bytes_in_no_more_cycles) {
    for (const char* table : {"net.csv", "conv.csv"}) {
        const json::object at = of(small_run(table, {"--check"}));
        const json::object lt = of(small_run(table, {"--check", "--timing", "lt"}));
        EXPECT_EQ(column(at, "bytes_moved"), column(lt, "bytes_moved"));
        for (std::size_t i = 0; i < at.at("layers").as_array().size(); ++i) {
            EXPECT_LE(whole(lt.at("layers").at(i).at("cycles")), whole(at.at("layers").at(i).at("cycles"))) << i;
        }
    }
}

TEST_F(report, the_format_of_the_results_is_said) {
    const json::object r = of(small_run("net.csv", {"--out", "fp32", "--check"}));
    EXPECT_EQ(r.at("out"), "fp32");
    for (const auto& l : r.at("layers").as_array()) EXPECT_EQ(l.at("check").at("wrong"), 0);
}

TEST_F(report, a_dumped_configuration_gives_the_same_report) {
    const words changes{"--set", "die.noc.link_packets_per_cycle=4", "--set", "simulation.seed=99"};
    words dump = small_run("net.csv", changes);
    dump.emplace_back("--dump-config");
    const outcome dumped = folder.run(dump);
    ASSERT_EQ(dumped.code, 0);
    folder.write("mine.yaml", dumped.out);
    EXPECT_EQ(reproducible(text({"run", "net.csv", "--config", "mine.yaml"})),
              reproducible(text(small_run("net.csv", changes))));
}

// ---- samples

TEST_F(report, samples_of_an_interval_add_up_to_the_counters) {
    const json::object r = of(small_run("net.csv", {"--stats-interval", "50"}));
    counters sums;
    for (const auto& l : r.at("layers").as_array()) {
        const json::array& samples = l.at("samples").as_array();
        ASSERT_EQ(samples.size(), whole(l.at("cycles")) / 50 + 1) << "each interval, and the rest";
        std::uint64_t moved = 0;
        for (std::size_t i = 0; i < samples.size(); ++i) {
            if (i + 1 < samples.size()) {
                EXPECT_EQ(whole(samples[i].at("cycle")), 50 * (i + 1));
            } else {
                EXPECT_EQ(samples[i].at("layer"), l.at("name"));
            }
            for (const auto& change : samples[i].at("delta").as_object()) {
                sums[change.key()] += whole(change.value());
                const bool bytes = std::string(change.key()).ends_with(".network_interface.bytes_received");
                moved += bytes ? whole(change.value()) : 0;
            }
        }
        EXPECT_EQ(moved, whole(l.at("bytes_moved")));
    }
    for (const auto& [path, value] : statistics_of(r)) {
        EXPECT_EQ(sums[path], value) << path;
    }
}

TEST_F(report, sampling_per_layer_gives_one_sample_a_layer) {
    const json::object r = of(small_run("net.csv", {"--stats-interval", "layer"}));
    counters sums;
    for (const auto& l : r.at("layers").as_array()) {
        ASSERT_EQ(l.at("samples").as_array().size(), 1U);
        EXPECT_EQ(l.at("samples").at(0).at("layer"), l.at("name"));
        for (const auto& change : l.at("samples").at(0).at("delta").as_object()) {
            sums[change.key()] += whole(change.value());
        }
    }
    for (const auto& [path, value] : statistics_of(r)) {
        EXPECT_EQ(sums[path], value) << path;
    }
}

}  // namespace
}  // namespace d1
