// Fuzz target: layer tables. Every layer that is read is within the limits of a table, and a table written anew from
// the layers reads as the same layers.

#include <string>

#include "testbenches/d1sim/topology.hpp"
#include "testbenches/fuzz/property.hpp"

namespace {

std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) {
        text += c;
        if (c == '"') {
            text += c;
        }
    }
    return text + '"';
}

std::string table_of(const d1::topology& t) {
    std::string text = "Layer, M, N, K\n";
    for (const d1::layer& l : t.layers) {
        text += quoted(l.name) + "," + std::to_string(l.gemm.m) + "," + std::to_string(l.gemm.n) + "," +
                std::to_string(l.gemm.k) + "\n";
    }
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using d1::fuzz::require;
    // The batch comes with the text, so that it varies too.
    const std::uint32_t batch = size == 0 ? 1 : 1U + data[size - 1] % 4U;
    d1::topology first;
    if (!d1::fuzz::accepted([&] { first = d1::parse_topology(d1::fuzz::as_text(data, size), "input.csv", batch); })) {
        return 0;
    }
    require(!first.layers.empty(), "a table has a layer");
    std::uint64_t macs = 0;
    for (const d1::layer& l : first.layers) {
        const auto fits = [](std::uint64_t value) { return value >= 1 && value <= d1::max_dimension; };
        require(fits(l.gemm.m) && fits(l.gemm.n) && fits(l.gemm.k), "dimensions are within the limits");
        require(l.gemm.m * l.gemm.k <= d1::max_matrix_elements && l.gemm.n * l.gemm.k <= d1::max_matrix_elements &&
                    l.gemm.m * l.gemm.n <= d1::max_matrix_elements,
                "matrices are within the limits");
        require(!l.convolution || l.convolution->as_gemm() == l.gemm, "a convolution is its matrix product");
        macs += l.gemm.macs();
        require(macs <= d1::max_topology_macs, "the sum of the operations is within its limit");
    }
    for (const std::string& warning : first.warnings) {
        require(d1::fuzz::showable(warning), "a warning can be shown");
    }
    const d1::topology second = d1::parse_topology(table_of(first), "written.csv", 1);
    require(second.layers.size() == first.layers.size(), "a table written anew has the same number of layers");
    for (std::size_t i = 0; i < first.layers.size(); ++i) {
        require(second.layers[i].name == first.layers[i].name && second.layers[i].gemm == first.layers[i].gemm,
                "and the same layers");
    }
    return 0;
}
