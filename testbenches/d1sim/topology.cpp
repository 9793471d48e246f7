#include "testbenches/d1sim/topology.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <utility>

#include "models/parameter/error.hpp"
#include "testbenches/d1sim/input_file.hpp"
#include "testbenches/d1sim/topology_csv.hpp"
#include "testbenches/d1sim/topology_header.hpp"

namespace d1 {

namespace {

using csv::in_quotes;
using csv::located;
using csv::position;
using csv::refuse;

/// One row of the table, with what its cells mean.
struct row {
    const topology_header& columns;
    const std::vector<std::string>& cells;
    position where;

    [[nodiscard]] const std::string& text(column c) const {
        static const std::string none;
        const std::size_t index = columns.index(c);
        return index < cells.size() ? cells[index] : none;
    }

    [[nodiscard]] std::uint64_t number(column c) const {
        const std::string& cell = text(c);
        const bool negative = cell.starts_with('-');
        const char* const end = cell.data() + cell.size();
        std::uint64_t value = 0;
        const auto [stop, error] = std::from_chars(cell.data() + (negative ? 1 : 0), end, value);
        const auto fail = [&](std::string_view what) {
            refuse(where, "column " + in_quotes(columns.title(c)) + ": " + std::string(what) +
                              "; allowed are whole numbers from 1 to " + std::to_string(max_dimension));
        };
        if (cell.empty()) fail("no value");
        if (stop != end || error == std::errc::invalid_argument) fail(in_quotes(cell) + " is not a whole number");
        const bool overflow = error == std::errc::result_out_of_range;
        if (overflow || negative || value == 0 || value > max_dimension) {
            fail(in_quotes(cell) + " is out of range");
        }
        return value;
    }
};

/// The product, or nothing when it is over the limit. Factors are at least 1.
std::optional<std::uint64_t> product(std::initializer_list<std::uint64_t> factors, std::uint64_t limit) {
    std::uint64_t result = 1;
    for (const std::uint64_t factor : factors) {
        if (result > limit / factor) return std::nullopt;
        result *= factor;
    }
    return result;
}

void require_product(const row& source, std::initializer_list<std::uint64_t> factors, std::uint64_t limit,
                     std::string_view meaning) {
    if (product(factors, limit)) return;
    refuse(source.where, "layer " + in_quotes(source.text(column::layer_name)) +
                             " is too large: " + std::string(meaning) + " is over " + std::to_string(limit) +
                             "; make the layer or the batch smaller");
}

std::uint64_t read_stride(const row& source) {
    if (source.columns.has(column::stride)) return source.number(column::stride);
    const std::uint64_t down = source.number(column::stride_height);
    const std::uint64_t across = source.number(column::stride_width);
    if (down != across) {
        refuse(source.where, "columns " + in_quotes(source.columns.title(column::stride_height)) + " and " +
                                 in_quotes(source.columns.title(column::stride_width)) + ": " + std::to_string(down) +
                                 " and " + std::to_string(across) +
                                 " differ; a layer has one stride for both directions");
    }
    return down;
}

void require_filter_fits(const row& source, column filter, column ifmap) {
    if (source.number(filter) <= source.number(ifmap)) return;
    refuse(source.where, "column " + in_quotes(source.columns.title(filter)) + ": " + in_quotes(source.text(filter)) +
                             " is larger than " + in_quotes(source.columns.title(ifmap)) + ", " +
                             in_quotes(source.text(ifmap)) + "; the input must hold the filter, padding included");
}

convolution_shape read_convolution(const row& source, std::uint32_t batch) {
    const convolution_shape shape{.ifmap_height = source.number(column::ifmap_height),
                                  .ifmap_width = source.number(column::ifmap_width),
                                  .filter_height = source.number(column::filter_height),
                                  .filter_width = source.number(column::filter_width),
                                  .channels = source.number(column::channels),
                                  .filters = source.number(column::filters),
                                  .stride = read_stride(source),
                                  .batch = batch};
    require_filter_fits(source, column::filter_height, column::ifmap_height);
    require_filter_fits(source, column::filter_width, column::ifmap_width);
    require_product(source, {batch, shape.output_height(), shape.output_width()}, max_dimension,
                    "M, batch x output height x output width,");
    require_product(source, {shape.filter_height, shape.filter_width, shape.channels}, max_dimension,
                    "K, filter height x filter width x channels,");
    require_product(source, {batch, shape.ifmap_height, shape.ifmap_width, shape.channels}, max_matrix_elements,
                    "the number of input elements");
    return shape;
}

gemm_shape read_gemm(const row& source, std::uint32_t batch) {
    const gemm_shape shape{.m = source.number(column::m), .n = source.number(column::n), .k = source.number(column::k)};
    require_product(source, {batch, shape.m}, max_dimension, "batch x M");
    return {.m = batch * shape.m, .n = shape.n, .k = shape.k};
}

layer read_layer(const row& source, std::uint32_t batch) {
    layer result{.name = source.text(column::layer_name), .gemm = {}, .convolution = {}, .line = source.where.line};
    if (result.name.empty()) {
        refuse(source.where,
               "column " + in_quotes(source.columns.title(column::layer_name)) + ": no value; name the layer");
    }
    if (source.columns.is_convolution()) {
        result.convolution = read_convolution(source, batch);
        result.gemm = result.convolution->as_gemm();
    } else {
        result.gemm = read_gemm(source, batch);
    }
    const auto [m, n, k] = result.gemm;
    require_product(source, {m, k}, max_matrix_elements, "the number of elements of A, M x K,");
    require_product(source, {k, n}, max_matrix_elements, "the number of elements of B, K x N,");
    require_product(source, {m, n}, max_matrix_elements, "the number of elements of C, M x N,");
    return result;
}

class topology_reader {
  public:
    topology_reader(std::string_view file, std::uint32_t batch) : file_(file), batch_(batch) {}

    topology read(std::string_view text) {
        position where{file_, 0};
        while (!text.empty()) {
            ++where.line;
            read_line(csv::take_line(text), where);
        }
        if (!header_) throw input_error(error_class::table, file_ + ": no header; " + std::string(expected_header));
        if (result_.layers.empty())
            throw input_error(error_class::table, file_ + ": a header, but no layer; add a row for each layer");
        if (held_back_ > 0) result_.warnings.push_back(located(where, std::to_string(held_back_) + " more warnings"));
        return std::move(result_);
    }

  private:
    void read_line(std::string_view line, position where) {
        const auto is_empty = [](const std::string& cell) { return cell.empty(); };
        const char separator = header_ ? header_->separator() : csv::find_separator(line);
        std::vector<std::string> cells = csv::split_cells(line, separator, where);
        if (std::ranges::all_of(cells, is_empty)) return;
        if (std::all_of(cells.begin() + 1, cells.end(), is_empty) && !cells.front().empty()) {
            warn(where,
                 in_quotes(cells.front()) + " stands alone in its row: taken as a section title, not as a layer");
        } else if (!header_) {
            header_.emplace(std::move(cells), separator, where);
            const std::vector<std::string> unused = header_->unused();
            if (!unused.empty()) warn(where, "columns not used: " + csv::joined(unused));
        } else {
            add_layer(cells, where);
        }
    }

    void add_layer(const std::vector<std::string>& cells, position where) {
        layer added = read_layer({*header_, cells, where}, batch_);
        macs_ += added.gemm.macs();  // at most 2^62 + 2^60
        if (macs_ > max_topology_macs) {
            refuse(where, "the layers up to here take more than " + std::to_string(max_topology_macs) +
                              " multiply-accumulates; split the table or make the batch smaller");
        }
        warn_of_untitled(cells, where);
        const auto [first, is_new] = lines_.try_emplace(added.name, where.line);
        if (!is_new) {
            warn(where, "layer name " + in_quotes(added.name) + " was used in line " + std::to_string(first->second) +
                            "; both layers are kept");
        }
        result_.layers.push_back(std::move(added));
    }

    /// Values in columns that the header does not name: one warning for a file, at the first such row.
    void warn_of_untitled(const std::vector<std::string>& cells, position where) {
        if (warned_of_untitled_) return;
        std::vector<std::string> numbers;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (!cells[i].empty() && !header_->has_title(i)) numbers.push_back(std::to_string(i + 1));
        }
        if (numbers.empty()) return;
        warned_of_untitled_ = true;
        warn(where, "columns without a title in the header not used: " + csv::joined(numbers));
    }

    void warn(position where, std::string_view message) {
        constexpr std::size_t most = 100;
        if (result_.warnings.size() < most) {
            result_.warnings.push_back(located(where, message));
        } else {
            ++held_back_;
        }
    }

    std::string file_;
    std::uint32_t batch_;
    topology result_;
    std::optional<topology_header> header_;
    std::map<std::string, std::size_t> lines_;  ///< of the first layer of each name
    std::uint64_t macs_ = 0;
    bool warned_of_untitled_ = false;
    std::size_t held_back_ = 0;
};

}  // namespace

topology parse_topology(std::string_view text, std::string_view file_name, std::uint32_t batch) {
    if (batch == 0 || batch > max_dimension) {
        throw input_error(error_class::option_value, "batch: '" + std::to_string(batch) +
                                                         "' is out of range; allowed are whole numbers from 1 to " +
                                                         std::to_string(max_dimension));
    }
    if (text.size() > max_topology_bytes) {
        throw input_error(error_class::table, std::string(file_name) + ": larger than " +
                                                  std::to_string(max_topology_bytes >> 20) +
                                                  " MiB, which no table of layers is");
    }
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    if (text.empty())
        throw input_error(error_class::table,
                          std::string(file_name) + ": an empty file; " + std::string(expected_header));
    csv::require_plain_text(text, file_name);
    return topology_reader(std::string(file_name), batch).read(text);
}

topology read_topology(const std::filesystem::path& path, std::uint32_t batch) {
    return parse_topology(read_input(path, "the topology CSV file", max_topology_bytes), path.string(), batch);
}

}  // namespace d1
