// Fuzz target: route tables. One that is taken leads every pair to its end on a small mesh, and what is written from it
// reads as the same paths.

#include <sstream>
#include <string>

#include "models/noc/routing_file.hpp"
#include "testbenches/fuzz/property.hpp"

/// The paths need SystemC's library, and that a program; no simulation is run here.
extern "C" int sc_main(int, char**) {
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using d1::node_index;
    using d1::fuzz::require;
    const d1::grid shape{3, 2};
    std::ostringstream written;
    const auto read = [&] {
        const d1::noc::routing_file file(d1::fuzz::as_text(data, size), "input.txt");
        const d1::noc::route_table first = file.table(shape, {});
        d1::noc::write_routes(written, first);
        const d1::noc::route_table second = d1::noc::routing_file(written.str(), "written.txt").table(shape, {});
        for (std::uint32_t s = 0; s < shape.size(); ++s) {
            for (std::uint32_t d = 0; d < shape.size(); ++d) {
                const auto path = first.path(node_index{s}, node_index{d});
                require(path.back() == node_index{d}, "every path leads to its destination");
                require(second.path(node_index{s}, node_index{d}) == path, "what is written is read as the same paths");
            }
        }
        require(first.dependencies().acyclic(), "a table that is taken cannot deadlock");
    };
    static_cast<void>(d1::fuzz::accepted(read));
    return 0;
}
