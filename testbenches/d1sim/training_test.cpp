// `d1sim run --pass training`, run as a program: every pass is right, and is what a table of its own would run.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "testbenches/d1sim/program_run.hpp"

namespace d1 {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using words = std::vector<std::string>;

/// Layers of ResNet-50 and of an encoder of BERT, each dimension reduced, tails kept.
constexpr const char* resnet_like =
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    "conv1, 21, 21, 7, 7, 3, 16, 2,\nreduce, 9, 9, 1, 1, 24, 12, 1,\nconv, 9, 9, 3, 3, 12, 20, 1,\n"
    "shortcut, 9, 9, 1, 1, 24, 40, 2,\n";
const words bert_like{"query, 32, 64, 64", "scores, 64, 32, 16", "expand, 32, 100, 64", "reduce, 30, 64, 100"};

class training : public testing::Test {
  protected:
    training() {
        folder.write("resnet.csv", resnet_like);
        folder.write("bert.csv", table_of(bert_like));
    }
    json::array layers_of(const words& arguments) const {
        words all = arguments;
        all.insert(all.end(), {"--json", "out.json"});
        const outcome o = folder.run(all);
        EXPECT_EQ(o.code, 0) << o.err << o.out;
        return json::parse(folder.read("out.json")).as_object().at("layers").as_array();
    }
    static std::uint64_t whole(const json::value& v) { return v.to_number<std::uint64_t>(); }
    static words with(const words& first, const words& more) {
        words all = first;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    wording_folder folder;
};

TEST_F(training, checks_every_result_of_every_pass_at_every_level) {
    for (const words& how : {words{}, words{"--optimizer", "adamw"}, words{"--out", "fp32", "--timing", "lt"},
                             words{"--format", "cfp8_143,bf16", "--batch", "2"},
                             words{"--set", "arithmetic.keep_subnormals=false", "--optimizer", "adamw", "--seed", "9"},
                             words{"--timing", "ca", "--optimizer", "adamw"}}) {
        const std::uint64_t tensors = testing::PrintToString(how).find("adamw") == std::string::npos ? 3 : 4;
        for (const char* table : {"resnet.csv", "bert.csv"}) {
            const json::array layers = layers_of(with(small_run(table, {"--pass", "training", "--check"}), how));
            ASSERT_EQ(layers.size(), 16U);
            for (std::size_t i = 0; i < layers.size(); ++i) {
                const json::value& l = layers[i];
                SCOPED_TRACE(json::serialize(l));
                const json::value& check = l.at("check");
                const bool is_step = l.at("pass") == "optimizer";
                EXPECT_EQ(whole(check.at("results")), whole(l.at("m")) * whole(l.at("n")) * (is_step ? tensors : 1));
                EXPECT_EQ(whole(check.at("wrong")), 0U);
                EXPECT_EQ(whole(check.at("outside_bound")), 0U);
                EXPECT_GT(whole(check.at("bounded")), 0U);
                EXPECT_EQ(whole(l.at("races")), 0U);
                EXPECT_EQ(whole(l.at("uninitialised_reads")), 0U);
                const std::vector<std::string> passes{"forward", "dgrad", "wgrad", "optimizer"};
                EXPECT_EQ(l.at("pass").as_string(), passes[i % 4]);
            }
        }
    }
}

TEST_F(training, checks_every_result_of_convolutions_without_im2col) {
    for (const words& how : {words{}, words{"--batch", "5", "--out", "fp32", "--timing", "lt"},
                             words{"--format", "cfp8_143", "--batch", "4"},
                             words{"--set", "arithmetic.keep_subnormals=false", "--seed", "9"}}) {
        const json::array layers =
            layers_of(with(small_run("resnet.csv", {"--pass", "training", "--conv", "direct", "--check"}), how));
        ASSERT_EQ(layers.size(), 16U);
        for (const json::value& l : layers) {
            SCOPED_TRACE(json::serialize(l));
            const bool is_direct = (l.at("name") == "conv1" || l.at("name") == "conv") && l.at("pass") != "optimizer";
            EXPECT_EQ(l.as_object().contains("convolution"), is_direct);
            EXPECT_EQ(l.as_object().contains("im2col_bytes"), !is_direct && l.at("pass") != "optimizer");
            EXPECT_EQ(whole(l.at("check").at("wrong")), 0U);
            EXPECT_EQ(whole(l.at("check").at("outside_bound")), 0U);
            EXPECT_EQ(whole(l.at("races")), 0U);
            EXPECT_EQ(whole(l.at("uninitialised_reads")), 0U);
            if (is_direct && l.at("pass") == "dgrad") {
                const json::value& c = l.at("convolution");
                EXPECT_EQ(whole(l.at("check").at("results")), whole(c.at("batch")) * whole(c.at("ifmap_height")) *
                                                                  whole(c.at("ifmap_width")) * whole(c.at("channels")))
                    << "the gradient of the input, not of its windows";
            }
        }
    }
    EXPECT_THAT(folder.run(small_run("resnet.csv", {"--conv", "direct"})).out,
                HasSubstr("Convolutions run without im2col; those by single pixels are matrix products."));
}

TEST_F(training, explains_and_emits_convolutions_without_im2col) {
    const words direct{"--conv", "direct"};
    const json::array layers =
        layers_of(with(small_run("resnet.csv", {"--pass", "training", "--emit-programs", "em"}), direct));
    const words passes{"forward", "dgrad", "wgrad"};
    const std::vector<words> names{
        {"input", "weights", "output"}, {"d_output", "weights", "d_input"}, {"input", "d_output", "d_weights"}};
    for (std::size_t i = 0; i < passes.size(); ++i) {
        const std::string cycles = std::to_string(whole(layers[8 + i].at("cycles"))) + " cycles\n";
        const words of_layer{"--layer", "conv", "--pass", passes[i]};
        words table = with(small_run("resnet.csv", of_layer), direct);
        table[0] = "explain";
        EXPECT_THAT(folder.run(table).out, HasSubstr(cycles));
        EXPECT_THAT(folder.run(with({"explain", "out.json"}, of_layer)).out, HasSubstr(cycles));
        const std::string stem = "em/0" +
                                 std::string(i == 0   ? "09"
                                             : i == 1 ? "10"
                                                      : "11") +
                                 "_conv" + (i == 0 ? "" : "_" + passes[i]);
        const outcome o =
            folder.run({"exec", stem + ".d1p", "--config", "em/parameters.yaml", "--load",
                        names[i][0] + "=" + stem + "." + names[i][0] + ".npy", "--load",
                        names[i][1] + "=" + stem + "." + names[i][1] + ".npy", "--dump", names[i][2] + "=out.npy"});
        EXPECT_EQ(o.code, 0) << o.err;
        EXPECT_TRUE(folder.read("out.npy") == folder.read(stem + "." + names[i][2] + ".npy")) << stem;
    }
}

TEST_F(training, runs_the_products_of_the_gradients_and_the_cycles_that_they_have_as_rows_of_a_table) {
    const json::array all = layers_of(small_run("bert.csv", {"--pass", "training", "--functional", "off"}));
    // reduce is Y[30 x 64] = X[30 x 100] W[100 x 64]
    folder.write("rows.csv", table_of({"forward, 30, 64, 100", "dgrad, 30, 100, 64", "wgrad, 100, 64, 30"}));
    const json::array rows = layers_of(small_run("rows.csv"));
    for (std::size_t i = 0; i < 3; ++i) {
        const json::value& l = all[12 + i];
        for (const char* key : {"m", "n", "k", "cycles", "bytes_moved", "cycle_stack", "energy_joules"}) {
            EXPECT_EQ(l.at(key), rows[i].at(key)) << l.at("pass") << " " << key;
        }
    }
    EXPECT_EQ(whole(all[15].at("m")), 6400U);
    EXPECT_EQ(all[15].at("tflops").to_number<double>(), 0) << "of the matrix units";
}

TEST_F(training, leaves_the_forward_pass_as_it_is_without) {
    const json::array alone = layers_of(small_run("resnet.csv", {"--check"}));
    const json::array all = layers_of(small_run("resnet.csv", {"--check", "--pass", "training"}));
    for (std::size_t i = 0; i < alone.size(); ++i) {
        EXPECT_EQ(json::serialize(alone[i]), json::serialize(all[4 * i]));
    }
}

TEST_F(training, accounts_for_every_cycle_and_joule_of_each_pass) {
    const words run = small_run("resnet.csv", {"--pass", "training", "--optimizer", "adamw"});
    const json::array layers = layers_of(run);
    const json::object report = json::parse(folder.read("out.json")).as_object();
    EXPECT_EQ(report.at("optimizer"), "adamw");
    const json::object& totals = report.at("totals").as_object();
    json::object sums;
    for (const json::value& l : layers) {
        std::uint64_t cycles = 0;
        for (const auto& of_class : l.at("cycle_stack").as_object()) cycles += whole(of_class.value());
        EXPECT_EQ(cycles, 16 * whole(l.at("cycles")));
        EXPECT_GT(l.at("energy_joules").to_number<double>(), 0);
        json::value& sum = sums[l.at("pass").as_string()];
        sum = (sum.is_null() ? 0 : whole(sum)) + whole(l.at("cycles"));
    }
    std::uint64_t together = 0;
    for (const auto& pass : totals.at("passes").as_object()) {
        EXPECT_EQ(whole(pass.value().at("cycles")), whole(sums.at(pass.key()))) << pass.key();
        EXPECT_EQ(whole(pass.value().at("layers")), 4U);
        together += whole(pass.value().at("cycles"));
    }
    EXPECT_EQ(together, whole(totals.at("cycles")));
    const std::string table = folder.run(run).out;
    EXPECT_THAT(table,
                AllOf(HasSubstr("layer     pass "), HasSubstr("\nshortcut  wgrad "), HasSubstr("\ntotal     dgrad "),
                      HasSubstr("optimizer adamw"), HasSubstr("whose sum over windows is not run")));
    EXPECT_THAT(folder.run(small_run("resnet.csv")).out, Not(HasSubstr("pass")));
}

TEST_F(training, has_no_optimizer_for_layers_without_weights_or_at_all) {
    const auto passes = [&](const words& more) {
        words found;
        for (const json::value& l : layers_of(with(small_run("bert.csv", {"--pass", "training"}), more))) {
            if (l.at("pass") == "optimizer") found.emplace_back(l.at("name").as_string());
        }
        return found;
    };
    EXPECT_THAT(passes({}), ElementsAre("query", "scores", "expand", "reduce"));
    EXPECT_THAT(passes({"--no-optimizer", "sc*", "--no-optimizer", "query"}), ElementsAre("expand", "reduce"));
    EXPECT_THAT(passes({"--optimizer", "none"}), ElementsAre());
    const outcome o = folder.run(small_run("bert.csv", {"--pass", "training", "--no-optimizer", "conv*"}));
    EXPECT_EQ(o.code, 2);
    EXPECT_THAT(o.err, HasSubstr("--no-optimizer: 'conv*' matches none of the 4 layers"));
}

/// A training set as SCALE-Sim has it: gradients as convolutions whose filters cover their inputs' rows.
class training_set : public training {
  protected:
    training_set() {
        constexpr const char* header =
            "Layer name, Ifmap height, ifmap width, filter height, filter width, channels, num filters, strides,\n";
        folder.write("fwd.csv", std::string(header) + "a, 6, 6, 3, 3, 4, 8, 1,\nb, 1, 1, 1, 1, 40, 10, 1,\n");
        folder.write("igrad.csv", std::string(header) + "a, 16, 8, 1, 8, 1, 36, 1,\nb, 1, 10, 1, 10, 1, 40, 1,\n");
        folder.write("wgrad.csv", std::string(header) + "a, 36, 16, 1, 16, 1, 8, 1,\nb, 40, 1, 1, 1, 1, 10, 1,\n");
    }
    words run(const words& more = {}) const {
        words all = small_run("fwd.csv", more);
        all.insert(all.begin() + 2, {"igrad.csv", "wgrad.csv"});
        return all;
    }
    static words shapes(const json::array& layers) {
        words all;
        for (const json::value& l : layers) {
            all.push_back(std::string(l.at("name").as_string()) + " " + std::string(l.at("pass").as_string()) + " " +
                          std::to_string(whole(l.at("m"))) + "x" + std::to_string(whole(l.at("n"))) + "x" +
                          std::to_string(whole(l.at("k"))));
        }
        return all;
    }
};

TEST_F(training_set, runs_each_table_as_it_is_layer_by_layer) {
    EXPECT_THAT(shapes(layers_of(run({"--check"}))),
                ElementsAre("a forward 16x8x36", "a dgrad 16x36x8", "a wgrad 36x8x16", "a optimizer 288x1x1",
                            "b forward 1x10x40", "b dgrad 1x40x10", "b wgrad 40x10x1", "b optimizer 400x1x1"));
}

TEST_F(training_set, has_a_batch_in_the_sum_of_its_weight_gradients) {
    EXPECT_THAT(shapes(layers_of(run({"--check", "--batch", "3"}))),
                ElementsAre("a forward 48x8x36", "a dgrad 48x36x8", "a wgrad 36x8x48", "a optimizer 288x1x1",
                            "b forward 3x10x40", "b dgrad 3x40x10", "b wgrad 40x10x3", "b optimizer 400x1x1"));
}

TEST_F(training_set, takes_the_cycles_of_training_by_the_forward_table_alone) {
    const json::array set = layers_of(run());
    const json::array derived = layers_of(small_run("fwd.csv", {"--pass", "training"}));
    ASSERT_EQ(set.size(), derived.size());
    for (std::size_t i = 0; i < set.size(); ++i) EXPECT_EQ(set[i].at("cycles"), derived[i].at("cycles"));
}

TEST_F(training_set, of_tables_that_do_not_go_together_is_refused) {
    folder.write("short.csv", table_of({"a, 36, 8, 16"}));
    folder.write("other.csv", table_of({"a, 36, 8, 16", "c, 40, 10, 1"}));
    folder.write("deep.csv", table_of({"a, 36, 8, 4096", "b, 40, 10, 1"}));
    folder.write("windows.csv", folder.read("fwd.csv"));
    const auto refused = [&](const std::string& wgrad, const words& more) {
        words all = run(more);
        all[3] = wgrad;
        const outcome o = folder.run(all);
        EXPECT_EQ(o.code, 2) << o.out;
        return o.err;
    };
    EXPECT_THAT(refused("short.csv", {}), HasSubstr("short.csv: it has 1 layers, and fwd.csv has 2"));
    EXPECT_THAT(refused("other.csv", {}), HasSubstr("other.csv:3: layer 'c' stands where fwd.csv has 'b'"));
    EXPECT_THAT(refused("windows.csv", {"--batch", "2"}), HasSubstr("convolution whose windows overlap"));
    EXPECT_THAT(refused("deep.csv", {"--batch", "1048576"}),
                HasSubstr("deep.csv:2: layer 'a' is too large: batch x K is 4294967296"));
}

TEST_F(training, that_does_not_fit_is_refused_with_the_bytes_before_anything_runs) {
    folder.write("large.csv", table_of({"small, 8, 8, 8", "large, 1, 1024, 1400"}));
    const words run = small_run("large.csv", {"--pass", "training", "--functional", "off"});
    EXPECT_EQ(folder.run(run).code, 0) << "12 B a weight are 17 MB of 21 MB";
    const outcome o = folder.run(with(run, {"--optimizer", "adamw"}));
    EXPECT_EQ(o.code, 2);
    EXPECT_THAT(o.err,
                HasSubstr("large.csv:3: layer 'large', optimizer: adamw of 1433600 x 1 elements does not fit: it "
                          "needs 16 B for each, and 16 live nodes have 20971520 B of SRAM together"));
    EXPECT_EQ(o.out, "");
}

TEST_F(training, emits_programs_of_each_pass_that_run_to_the_same_bytes_and_cycles) {
    const json::array layers =
        layers_of(small_run("resnet.csv", {"--pass", "training", "--optimizer", "adamw", "--emit-programs", "em"}));
    struct emitted {
        std::size_t layer;
        std::string stem;
        words loads;
        std::vector<std::pair<std::string, std::string>> dumps;  ///< buffer, and file with the same bytes
    };
    for (const emitted& e : {emitted{9, "010_conv_dgrad", {"a", "b"}, {{"c", "c"}}},
                             emitted{10, "011_conv_wgrad", {"a", "b"}, {{"c", "c"}}},
                             emitted{11,
                                     "012_conv_optimizer",
                                     {"w", "m", "v", "g"},
                                     {{"w", "out.w"}, {"m", "out.m"}, {"v", "out.v"}, {"copy", "copy"}}}}) {
        words again{"exec", "em/" + e.stem + ".d1p", "--config", "em/parameters.yaml", "--json", "exec.json"};
        for (const std::string& name : e.loads) {
            again.insert(again.end(), {"--load", name + "=em/" + e.stem + "." + name + ".npy"});
        }
        for (const auto& [name, file] : e.dumps) again.insert(again.end(), {"--dump", name + "=" + name + ".npy"});
        const outcome o = folder.run(again);
        ASSERT_EQ(o.code, 0) << o.err;
        for (const auto& [name, file] : e.dumps) {
            EXPECT_TRUE(folder.read(name + ".npy") == folder.read("em/" + e.stem + "." + file + ".npy")) << name;
        }
        EXPECT_EQ(json::parse(folder.read("exec.json")).at("cycles"), layers[e.layer].at("cycles")) << e.stem;
        const std::string program = folder.read("em/" + e.stem + ".d1p");
        EXPECT_THAT(program, HasSubstr("# The same bytes as "));
    }
}

TEST_F(training, is_explained_pass_by_pass) {
    const words adamw{"--optimizer", "adamw"};
    const json::array layers = layers_of(with(small_run("bert.csv", {"--pass", "training"}), adamw));
    for (std::size_t i = 8; i < 12; ++i) {
        const std::string pass(layers[i].at("pass").as_string());
        const words of_layer{"--layer", "expand", "--pass", pass};
        const outcome of_result = folder.run(with({"explain", "out.json"}, of_layer));
        words table = small_run("bert.csv", with(of_layer, adamw));
        table[0] = "explain";
        const outcome of_table = folder.run(table);
        EXPECT_EQ(of_result.code, 0) << of_result.err;
        EXPECT_EQ(of_table.out, of_result.out);
        EXPECT_THAT(of_result.out, HasSubstr(", " + std::to_string(whole(layers[i].at("cycles"))) + " cycles\n"));
    }
    EXPECT_THAT(folder.run({"explain", "out.json", "--pass", "optimizer"}).out,
                HasSubstr(", optimizer: 6400 weights by adamw, timing at"));
    static_cast<void>(layers_of(small_run("bert.csv")));
    EXPECT_THAT(folder.run({"explain", "out.json", "--pass", "wgrad"}).err,
                HasSubstr("--pass: no layer of out.json has a pass wgrad"));
}

}  // namespace
}  // namespace d1
