// Fuzz target: .npy files. An array that is read, written and read again is the same, and holds what its shape says.

#include <sstream>
#include <string>

#include "testbenches/d1sim/npy.hpp"
#include "testbenches/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using d1::fuzz::require;
    std::istringstream in{std::string(d1::fuzz::as_text(data, size))};
    d1::npy_array first;
    if (!d1::fuzz::accepted([&] { first = d1::read_npy(in, "input.npy"); })) {
        return 0;
    }
    std::uint64_t elements = 1;
    for (const std::uint64_t side : first.shape) {
        elements *= side;
    }
    require(first.bytes.size() == elements * first.item_bytes, "an array has the bytes of its shape");
    require(first.bytes.size() <= size, "and no more than its file");

    std::istringstream again{d1::npy_text(first)};
    require(d1::read_npy(again, "written.npy") == first, "an array that is written and read again is the same");
    require(d1::fuzz::showable(first.type_name() + d1::to_string(first.shape)), "its type and shape can be shown");
    return 0;
}
