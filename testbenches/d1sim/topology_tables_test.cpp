// The tables that the project ships, against closed forms, and the samples of SCALE-Sim.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>

#include "testbenches/d1sim/topology.hpp"

namespace d1 {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;

std::uint64_t macs(const topology& table) {
    return std::accumulate(table.layers.begin(), table.layers.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const layer& l) { return sum + l.gemm.macs(); });
}

const layer& find(const topology& table, const std::string& name) {
    for (const layer& l : table.layers) {
        if (l.name == name) return l;
    }
    throw std::runtime_error("no layer " + name);
}

// ---- shipped tables

topology shipped(const std::string& name) {
    return read_topology(std::filesystem::path(D1_TOPOLOGIES) / name, 1);
}

TEST(shipped_resnet50, has_53_convolutions_and_the_classifier_without_warnings) {
    const topology table = shipped("resnet50.csv");
    EXPECT_EQ(table.layers.size(), 54u);
    EXPECT_THAT(table.warnings, IsEmpty());
    EXPECT_EQ(table.layers.back().gemm, (gemm_shape{1, 1000, 2048}));
}

// A stage halves the side of the feature map and doubles the width w of its blocks, so u = w^2 * pixels is the same in
// all: (64 * 56)^2. A block costs w*4w + 9w*w + w*4w per pixel, 17 u. The first block of a stage reads 2w channels
// instead of 4w (stage 2: w) in its reduction, at the stage's resolution, and in a projection to 4w.
TEST(shipped_resnet50, has_the_operations_of_the_paper) {
    constexpr std::uint64_t u = std::uint64_t{64} * 64 * 56 * 56;
    constexpr std::uint64_t plain_blocks = (2 + 3 + 5 + 2) * 17;
    constexpr std::uint64_t first_blocks = (1 + 9 + 4 + 4) + 3 * (2 + 9 + 4 + 8);
    constexpr std::uint64_t stem = std::uint64_t{112} * 112 * 64 * (7 * 7 * 3);
    constexpr std::uint64_t total = u * (plain_blocks + first_blocks) + stem + std::uint64_t{2048} * 1000;
    EXPECT_EQ(macs(shipped("resnet50.csv")), total);
    EXPECT_EQ(total, 3'857'973'248u);  // the paper rounds to 3.8e9
}

// 25 557 032 parameters in all, less scale and shift of the 26 560 normalised channels and 1000 biases.
TEST(shipped_resnet50, has_the_weights_of_the_network) {
    std::uint64_t weights = 0;
    for (const layer& l : shipped("resnet50.csv").layers) weights += l.gemm.n * l.gemm.k;
    EXPECT_EQ(weights, 25'557'032u - 2 * 26'560u - 1000u);
}

TEST(shipped_resnet50, feeds_each_layer_what_the_layers_before_produce) {
    std::uint64_t side = 56;  // after the 3x3 max pooling of stride 2 behind conv1
    std::uint64_t channels = 64;
    convolution_shape block_input{};
    for (const layer& l : shipped("resnet50.csv").layers) {
        if (!l.name.starts_with("conv") || l.name == "conv1") continue;
        const convolution_shape& c = l.convolution.value();
        const std::uint64_t padding = c.filter_height / 2 * 2;
        const bool shortcut = l.name.ends_with("_shortcut");
        if (l.name.ends_with("_reduce")) block_input = c;
        EXPECT_EQ(c.ifmap_height, (shortcut ? block_input.ifmap_height : side) + padding) << l.name;
        EXPECT_EQ(c.channels, shortcut ? block_input.channels : channels) << l.name;
        EXPECT_EQ(c.ifmap_height, c.ifmap_width) << l.name;
        if (shortcut) {
            EXPECT_EQ(c.output_height(), side) << l.name;
            EXPECT_EQ(c.filters, channels) << l.name;
        }
        side = c.output_height();
        channels = c.filters;
    }
    EXPECT_EQ(side, 7u);
    EXPECT_EQ(channels, 2048u);
}

// s = 512 tokens, h = 1024. Four projections of h x h and two of h x 4h: 12 s h^2. Scores and context over all heads:
// s^2 h each.
TEST(shipped_bert_large, has_the_operations_of_24_encoder_layers) {
    constexpr std::uint64_t s = 512;
    constexpr std::uint64_t h = 1024;
    const topology table = shipped("bert_large.csv");
    EXPECT_EQ(table.layers.size(), 24u * 8);
    EXPECT_THAT(table.warnings, IsEmpty());
    EXPECT_EQ(macs(table), 24 * (12 * s * h * h + 2 * s * s * h));
}

TEST(shipped_bert_large, repeats_one_encoder_layer) {
    std::map<std::string, std::vector<gemm_shape>> kinds;
    for (const layer& l : shipped("bert_large.csv").layers)
        kinds[l.name.substr(std::string("encoder01_").size())].push_back(l.gemm);
    ASSERT_EQ(kinds.size(), 8u);
    for (const auto& [kind, shapes] : kinds) {
        EXPECT_EQ(shapes.size(), 24u) << kind;
        EXPECT_THAT(shapes, testing::Each(shapes.front())) << kind;
    }
    EXPECT_EQ(kinds.at("scores_16_heads").front(), (gemm_shape{16 * 512, 512, 1024 / 16}));
    EXPECT_EQ(kinds.at("context_16_heads").front(), (gemm_shape{16 * 512, 1024 / 16, 512}));
}

// ---- samples of SCALE-Sim

class scalesim_sample : public testing::Test {
  protected:
    scalesim_sample() {
        const char* shared = std::getenv("D1_SHARED_DATA");
        folder_ = std::filesystem::path(shared != nullptr ? shared : D1_SHARED_DATA) / "scalesim";
    }

    void SetUp() override {
        if (!std::filesystem::is_directory(folder_)) {
            GTEST_SKIP() << "no " << folder_ << "; D1_SHARED_DATA names the folder above it";
        }
    }

    topology read(const std::string& name) const { return read_topology(folder_ / name, 1); }

    std::filesystem::path folder_;
};

TEST_F(scalesim_sample, each_file_has_its_number_of_layers) {
    const std::map<std::string, std::size_t> expected{{"conv/AlphaGoZero.csv", 8},
                                                      {"conv/Resnet18.csv", 21},
                                                      {"conv/Resnet50.csv", 54},
                                                      {"conv/UNet_maestro.csv", 23},
                                                      {"conv/alexnet.csv", 5},
                                                      {"conv/yolo_tiny.csv", 9},
                                                      {"gemm/gpt2.csv", 6},
                                                      {"gemm/test_mnk_input.csv", 1},
                                                      {"gemm/vit_s.csv", 5},
                                                      {"training/resnet_fwd.csv", 54},
                                                      {"training/resnet_input_grad.csv", 54},
                                                      {"training/resnet_weight_grad.csv", 54}};
    std::map<std::string, std::size_t> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        if (entry.path().extension() != ".csv") continue;
        const std::string name = std::filesystem::relative(entry.path(), folder_).string();
        found[name] = read(name).layers.size();
    }
    EXPECT_EQ(found, expected);
}

TEST_F(scalesim_sample, shapes_are_those_computed_by_hand) {
    EXPECT_EQ(find(read("conv/alexnet.csv"), "Conv1").gemm, (gemm_shape{54 * 54, 96, 363}));
    EXPECT_EQ(find(read("conv/Resnet18.csv"), "Conv3_1a").gemm, (gemm_shape{27 * 27, 128, 576}));
    EXPECT_EQ(find(read("conv/Resnet50.csv"), "CB3s").gemm, (gemm_shape{28 * 28, 512, 256}));
    EXPECT_EQ(find(read("conv/UNet_maestro.csv"), "Conv1_1").gemm, (gemm_shape{570 * 570, 64, 9}));
    EXPECT_EQ(find(read("conv/UNet_maestro.csv"), "Conv1_5").gemm, (gemm_shape{388 * 388, 2, 64}));
    EXPECT_EQ(find(read("conv/yolo_tiny.csv"), "Conv7").gemm, (gemm_shape{9 * 9, 1024, 4608}));
    EXPECT_EQ(find(read("conv/AlphaGoZero.csv"), "PolidyHead_FC").gemm, (gemm_shape{1, 362, 722}));
    EXPECT_EQ(find(read("gemm/gpt2.csv"), "Linear1").gemm, (gemm_shape{1024, 4800, 1600}));
    EXPECT_EQ(find(read("gemm/gpt2.csv"), "PW-FF-L2").gemm, (gemm_shape{1024, 1600, 3072}));
    EXPECT_EQ(find(read("gemm/test_mnk_input.csv"), "Test 1").gemm, (gemm_shape{256, 128, 256}));
    EXPECT_EQ(find(read("training/resnet_input_grad.csv"), "conv1").gemm, (gemm_shape{12544, 147, 64}));
    EXPECT_EQ(find(read("training/resnet_weight_grad.csv"), "fc1000").gemm, (gemm_shape{2048, 1000, 1}));
}

TEST_F(scalesim_sample, warnings_are_the_extra_columns_and_repeated_names) {
    EXPECT_THAT(read("conv/Resnet50.csv").warnings,
                ElementsAre(EndsWith("Resnet50.csv:1: columns not used: 'Eh', 'Ew', 'e2'")));
    const std::vector<std::string> unet = read("conv/UNet_maestro.csv").warnings;
    EXPECT_EQ(unet.size(), 2u);
    EXPECT_THAT(
        unet,
        Contains(EndsWith("UNet_maestro.csv:11: layer name 'Conv5_1' was used in line 10; both layers are kept")));
    EXPECT_THAT(read("conv/AlphaGoZero.csv").warnings, IsEmpty());
    EXPECT_THAT(read("gemm/gpt2.csv").warnings, IsEmpty());
    EXPECT_THAT(read("training/resnet_fwd.csv").warnings, IsEmpty());
}

}  // namespace
}  // namespace d1
