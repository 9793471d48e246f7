// Fuzz target: the text form of programs. What is read, printed and read again is the same programs on the same nodes,
// and validate() takes whatever can be read.

#include <algorithm>
#include <sstream>
#include <string>
#include <variant>

#include "models/program/program_file.hpp"
#include "models/program/validate.hpp"
#include "testbenches/fuzz/property.hpp"

namespace {

using d1::program::program_file;

std::string printed(const program_file& file) {
    std::ostringstream out;
    d1::program::print(out, file);
    return out.str();
}

// A NaN is unequal to itself.
bool has_nan(const d1::program::program& p) {
    for (const auto& thread : p.threads) {
        for (const auto& i : thread) {
            const auto* vector = std::get_if<d1::program::vector_operation<d1::program::affine>>(&i);
            if (vector != nullptr && vector->scalar != vector->scalar) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using d1::fuzz::require;
    program_file first;
    if (!d1::fuzz::accepted([&] { first = d1::program::parse_file(d1::fuzz::as_text(data, size), "input.d1p"); })) {
        return 0;
    }
    const std::string text = printed(first);
    const program_file second = d1::program::parse_file(text, "printed.d1p");
    const bool nan = std::any_of(first.roles.begin(), first.roles.end(), [](const auto& r) { return has_nan(r.body); });
    require(first == second || nan, "programs that are printed and read again are the same");
    require(printed(second) == text, "printing them again gives the same text");
    require(d1::fuzz::showable(text), "a printed program can be shown");
    for (const auto& r : first.roles) {
        for (const auto& fault : d1::program::validate(r.body, {})) {
            require(d1::fuzz::showable(to_string(fault)), "a diagnostic can be shown");
        }
    }
    return 0;
}
