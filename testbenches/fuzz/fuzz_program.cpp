// Fuzz target: the text form of programs. What is read, printed and read again is the same program, and validate()
// takes whatever can be read.

#include <sstream>
#include <string>
#include <variant>

#include "models/program/text.hpp"
#include "models/program/validate.hpp"
#include "testbenches/fuzz/property.hpp"

namespace {

std::string printed(const d1::program::program& p) {
    std::ostringstream out;
    d1::program::print(out, p);
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
    d1::program::program first;
    if (d1::fuzz::accepted([&] { first = d1::program::parse(d1::fuzz::as_text(data, size), "input.d1p"); })) {
        const std::string text = printed(first);
        const d1::program::program second = d1::program::parse(text, "printed.d1p");
        require(first == second || has_nan(first), "a program that is printed and read again is the same");
        require(printed(second) == text, "printing it again gives the same text");
        require(d1::fuzz::showable(text), "a printed program can be shown");
        for (const auto& fault : d1::program::validate(first, {})) {
            require(d1::fuzz::showable(to_string(fault)), "a diagnostic can be shown");
        }
    }
    return 0;
}
