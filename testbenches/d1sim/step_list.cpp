#include "testbenches/d1sim/step_list.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "models/parameter/error.hpp"

namespace d1 {

namespace {

std::string place(const std::string& file, const layer& l) {
    return file + ":" + std::to_string(l.line) + ": layer '" + l.name + "'";
}

/// The rows of a table of gradients, as long as the forward table and with the same names.
std::vector<layer> gradient_rows(const std::string& file, std::uint32_t batch, const std::string& forward_file,
                                 const std::vector<layer>& forward, std::vector<std::string>& warnings) {
    topology table = read_topology(file, batch);
    std::ranges::move(table.warnings, std::back_inserter(warnings));
    for (std::size_t i = 0; i < std::min(table.layers.size(), forward.size()); ++i) {
        if (table.layers[i].name != forward[i].name) {
            throw input_error(error_class::table, place(file, table.layers[i]) + " stands where " + forward_file +
                                                      " has '" + forward[i].name +
                                                      "'; the tables of a training set have the same layers");
        }
    }
    if (table.layers.size() != forward.size()) {
        throw input_error(error_class::table, file + ": it has " + std::to_string(table.layers.size()) +
                                                  " layers, and " + forward_file + " has " +
                                                  std::to_string(forward.size()) +
                                                  "; the tables of a training set have the same layers");
    }
    return std::move(table.layers);
}

/// A batch lengthens the sum of a weight gradient. Its row, if written as a convolution, must be a plain product.
void lengthen(const std::string& file, layer& row, std::uint32_t batch) {
    if (batch == 1) return;
    if (row.convolution && row.convolution->expanded_bytes(1) != row.convolution->input_bytes(1)) {
        throw input_error(error_class::table,
                          place(file, row) +
                              ": with a batch, a weight gradient is a matrix product; this row is a "
                              "convolution whose windows overlap; leave --batch out");
    }
    row.convolution.reset();
    row.gemm.k *= batch;  // both below 2^31
    const auto [m, n, k] = row.gemm;
    if (k > max_dimension || m > max_matrix_elements / k || n > max_matrix_elements / k) {
        throw input_error(error_class::table, place(file, row) + " is too large: batch x K is " + std::to_string(k) +
                                                  "; make the layer or the batch smaller");
    }
}

/// Whether each layer has weights, that is, is named by no pattern.
std::vector<bool> with_weights(const std::vector<layer>& layers, const std::vector<std::string>& without) {
    std::vector<bool> has(layers.size(), true);
    for (const std::string& pattern : without) {
        bool any = false;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            if (fnmatch(pattern.c_str(), layers[i].name.c_str(), 0) == 0) {
                has[i] = false;
                any = true;
            }
        }
        if (!any) {
            throw input_error(error_class::option_value, "--no-optimizer: '" + pattern + "' matches none of the " +
                                                             std::to_string(layers.size()) +
                                                             " layers, of which the first is '" + layers.front().name +
                                                             "'; * stands for any text");
        }
    }
    return has;
}

}  // namespace

step_list read_steps(const run_options& options) {
    topology forward = read_topology(options.topology, options.batch);
    step_list list{{}, std::move(forward.warnings)};
    std::vector<layer> dgrad;
    std::vector<layer> wgrad;
    if (!options.gradients.empty()) {
        const std::string& dgrad_file = options.gradients.at(0);
        const std::string& wgrad_file = options.gradients.at(1);
        dgrad = gradient_rows(dgrad_file, options.batch, options.topology, forward.layers, list.warnings);
        wgrad = gradient_rows(wgrad_file, 1, options.topology, forward.layers, list.warnings);
        for (layer& row : wgrad) lengthen(wgrad_file, row, options.batch);
    }
    const std::vector<bool> has_weights = with_weights(forward.layers, options.no_optimizer);
    for (std::size_t i = 0; i < forward.layers.size(); ++i) {
        const layer& row = forward.layers[i];
        list.steps.push_back({row, layer_pass::forward, true, i});
        if (!options.training) continue;
        const bool derived = options.gradients.empty();
        list.steps.push_back({derived ? row : dgrad[i], layer_pass::dgrad, !derived, i});
        list.steps.push_back({derived ? row : wgrad[i], layer_pass::wgrad, !derived, i});
        if (options.optimizer != optimizer_kind::none && has_weights[i]) {
            list.steps.push_back({row, layer_pass::optimizer, false, i});
        }
    }
    return list;
}

}  // namespace d1
