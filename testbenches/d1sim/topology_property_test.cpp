// Properties over random tables: every way to write a table reads the same; every damaged table is read or refused.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/topology.hpp"

namespace d1 {
namespace {

/// Random choices from a seed that is printed; D1_TEST_SEED repeats a run.
class random_source {
  public:
    random_source() {
        const char* given = std::getenv("D1_TEST_SEED");
        const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 0) : 20210819;
        std::cout << "seed " << seed << " (D1_TEST_SEED)\n";
        engine_.seed(seed);
    }

    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    std::uint64_t from_to(std::uint64_t first, std::uint64_t last) { return first + below(last - first + 1); }
    bool coin() { return below(2) == 0; }

    template <typename container>
    const auto& pick(const container& choices) {
        return choices[below(std::size(choices))];
    }

  private:
    std::mt19937_64 engine_;
};

// ---- shapes

TEST(convolution_shape_property, agrees_with_placing_the_filter_one_position_after_the_other) {
    random_source random;
    for (int i = 0; i < 2000; ++i) {
        const convolution_shape c{.ifmap_height = random.from_to(1, 20),
                                  .ifmap_width = random.from_to(1, 20),
                                  .filter_height = random.from_to(1, 20),
                                  .filter_width = random.from_to(1, 20),
                                  .channels = random.from_to(1, 5),
                                  .filters = random.from_to(1, 5),
                                  .stride = random.from_to(1, 6),
                                  .batch = random.from_to(1, 3)};
        if (c.filter_height > c.ifmap_height || c.filter_width > c.ifmap_width) continue;
        std::uint64_t rows = 0;
        std::uint64_t columns = 0;
        for (std::uint64_t y = 0; y + c.filter_height <= c.ifmap_height; y += c.stride) ++rows;
        for (std::uint64_t x = 0; x + c.filter_width <= c.ifmap_width; x += c.stride) ++columns;
        ASSERT_EQ(c.output_height(), rows);
        ASSERT_EQ(c.output_width(), columns);
        const std::uint64_t window = c.filter_height * c.filter_width * c.channels;
        ASSERT_EQ(c.as_gemm(), (gemm_shape{c.batch * rows * columns, c.filters, window}));
        ASSERT_EQ(c.expanded_bytes(2), 2 * c.batch * rows * columns * window);
        ASSERT_EQ(c.input_bytes(4), 4 * c.batch * c.ifmap_height * c.ifmap_width * c.channels);
    }
}

// ---- writing

struct written_layer {
    std::string name;
    std::vector<std::uint64_t> numbers;  ///< in the order of the form's titles
};

const std::vector<std::vector<std::string>> gemm_titles{
    {"Layer", "layer name", "Layer Name"}, {"M", "m"}, {"N"}, {"K", " k "}};
const std::vector<std::vector<std::string>> convolution_titles{
    {"Layer name", "Layer", "LAYER NAME"}, {"IFMAP Height", "Ifmap height"},
    {"IFMAP Width", "ifmap_width"},        {"Filter Height", "filter height"},
    {"Filter Width", "FilterWidth"},       {"Channels", "channels"},
    {"Num Filter", "num filters"},         {"Strides", "stride"}};

std::vector<written_layer> random_layers(random_source& random, bool convolution) {
    std::vector<written_layer> layers(random.from_to(1, 6));
    for (std::size_t i = 0; i < layers.size(); ++i) {
        layers[i].name = random.pick(std::array{"conv", "a b", "x,y", "\"q\"", "größe", "#1", "7"}) + std::string("-") +
                         std::to_string(i);
        if (convolution) {
            const std::uint64_t r = random.from_to(1, 9);
            const std::uint64_t s = random.from_to(1, 9);
            layers[i].numbers = {r + random.below(300),   s + random.below(300), r, s, random.from_to(1, 2048),
                                 random.from_to(1, 4096), random.from_to(1, 4)};
        } else {
            layers[i].numbers = {random.from_to(1, 100000), random.from_to(1, 100000), random.from_to(1, 100000)};
        }
    }
    return layers;
}

std::string quote(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
    return result + "\"";
}

/// Writes tables in one of the many ways in which such files come.
class random_writer {
  public:
    explicit random_writer(random_source& random)
        : random_(random), separator_(random.coin() ? "," : "\t"), end_(random.pick(std::array{"\n", "\r\n", "\r"})) {}

    std::string write(const std::vector<std::vector<std::string>>& titles, const std::vector<written_layer>& layers) {
        std::vector<std::size_t> order(titles.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.below(i)]);

        std::string text = random_.coin() ? "\xef\xbb\xbf" : "";
        text += filler();
        std::vector<std::string> cells;
        for (const std::size_t i : order) cells.push_back(cell(random_.pick(titles[i])));
        text += line(cells);
        for (const written_layer& l : layers) {
            text += filler();
            cells.clear();
            for (const std::size_t i : order) cells.push_back(cell(i == 0 ? l.name : std::to_string(l.numbers[i - 1])));
            text += line(cells);
        }
        if (random_.coin()) text.erase(text.size() - end_.size());
        return text;
    }

  private:
    std::string cell(const std::string& text) {
        const bool must = text.find_first_of(",\"") != std::string::npos;
        return space() + (must || random_.below(5) == 0 ? quote(text) : text) + space();
    }
    std::string space() {
        return random_.pick(std::array{"", "", " ", "  "}) +
               std::string(separator_ == "," && random_.coin() ? "\t" : "");
    }
    std::string line(const std::vector<std::string>& cells) {
        std::string text;
        for (const std::string& c : cells) text += (text.empty() ? "" : separator_) + c;
        for (std::uint64_t i = random_.below(4); i > 0; --i) text += separator_;
        return text + end_;
    }
    std::string filler() {
        switch (random_.below(6)) {
            case 0:
                return end_;
            case 1:
                return " " + end_;
            case 2:
                return separator_ + separator_ + separator_ + end_;
            case 3:
                return "A title" + (random_.coin() ? separator_ : "") + end_;
            default:
                return "";
        }
    }

    random_source& random_;
    std::string separator_;
    std::string end_;
};

TEST(topology_property, every_way_to_write_a_table_reads_the_same) {
    random_source random;
    for (int i = 0; i < 3000; ++i) {
        const bool convolution = random.coin();
        const std::vector<written_layer> layers = random_layers(random, convolution);
        const std::string text = random_writer(random).write(convolution ? convolution_titles : gemm_titles, layers);
        SCOPED_TRACE(text);
        const topology read = parse_topology(text, "random.csv", 1);
        ASSERT_EQ(read.layers.size(), layers.size());
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::vector<std::uint64_t>& x = layers[l].numbers;
            ASSERT_EQ(read.layers[l].name, layers[l].name);
            if (convolution) {
                ASSERT_EQ(read.layers[l].convolution, (convolution_shape{x[0], x[1], x[2], x[3], x[4], x[5], x[6], 1}));
            } else {
                ASSERT_EQ(read.layers[l].gemm, (gemm_shape{x[0], x[1], x[2]}));
            }
        }
    }
}

// ---- damage

std::string damaged(std::string text, random_source& random) {
    static constexpr std::string_view likely = ",,,\n\r\t\"\"-.0123456789 eNMK\xef\xbb\xc3\x80";
    for (std::uint64_t edits = random.from_to(1, 4); edits > 0 && !text.empty(); --edits) {
        const std::size_t at = random.below(text.size());
        const char byte = random.coin() ? likely[random.below(likely.size())] : static_cast<char>(random.below(256));
        switch (random.below(6)) {
            case 0:
                text.resize(at);
                break;
            case 1:
                std::swap(text[at], text[random.below(text.size())]);
                break;
            case 2:
                text.insert(at, 1, byte);
                break;
            case 3:
                text[at] = byte;
                break;
            case 4:
                text.erase(at, random.from_to(1, 12));
                break;
            default:
                text.insert(at, text.substr(random.below(text.size()), random.from_to(1, 40)));
                break;
        }
    }
    return text;
}

void expect_sound(const topology& read) {
    ASSERT_FALSE(read.layers.empty());
    for (const layer& l : read.layers) {
        const auto [m, n, k] = l.gemm;
        ASSERT_FALSE(l.name.empty());
        ASSERT_GT(l.line, 1u);
        for (const std::uint64_t dimension : {m, n, k}) {
            ASSERT_GE(dimension, 1u);
            ASSERT_LE(dimension, max_dimension);
        }
        ASSERT_LE(std::max({m * k, k * n, m * n}), max_matrix_elements);
        if (!l.convolution) continue;
        ASSERT_LE(l.convolution->filter_height, l.convolution->ifmap_height);
        ASSERT_LE(l.convolution->filter_width, l.convolution->ifmap_width);
        ASSERT_GE(l.convolution->stride, 1u);
        ASSERT_EQ(l.convolution->as_gemm(), l.gemm);
    }
    for (const std::string& warning : read.warnings) ASSERT_TRUE(warning.starts_with("damaged.csv:")) << warning;
}

std::string shipped_text(const std::string& name) {
    std::ifstream file(std::string(D1_TOPOLOGIES) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(topology_property, a_damaged_table_is_read_or_refused_with_one_line) {
    random_source random;
    const std::vector<std::string> originals{
        shipped_text("resnet50.csv").substr(0, 600), shipped_text("bert_large.csv").substr(0, 200),
        "\xef\xbb\xbfLayer name\t IFMAP Height\t IFMAP Width\t Filter Height\t Filter Width\t Channels\t Num Filter\t "
        "Strides\t\r\n"
        "größe\t9\t9\t3\t3\t1\t2\t1\t\r\n\"a \"\"b\"\"\"\t9\t9\t3\t3\t1\t2\t1\t\r\n",
        "Layer,M,N,K,,Eh\n,,,\nTitle\n\"a, b\",1,2,3,,4\na,2147483647,1,1\n"};
    int accepted = 0;
    int refused = 0;
    for (int i = 0; i < 40000; ++i) {
        const std::string text = damaged(random.pick(originals), random);
        SCOPED_TRACE(testing::PrintToString(text));
        try {
            expect_sound(parse_topology(text, "damaged.csv", static_cast<std::uint32_t>(random.from_to(1, 4))));
            ++accepted;
        } catch (const input_error& error) {
            const std::string message = error.what();
            ASSERT_TRUE(message.starts_with("damaged.csv:")) << message;
            ASSERT_EQ(message.find_first_of("\r\n"), std::string::npos) << message;
            ++refused;
        }
        if (HasFatalFailure()) return;
    }
    EXPECT_GT(accepted, 1000);
    EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace d1
