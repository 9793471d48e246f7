// Fuzz target: configurations in YAML. What is loaded, dumped and loaded again is the same configuration; so is what a
// setting in the manner of --set leaves. An input that begins with '=' is such a setting.

#include <sstream>
#include <string>

#include "platforms/configuration.hpp"
#include "testbenches/fuzz/property.hpp"

namespace {

std::string dumped(const d1::configuration& c) {
    std::ostringstream out;
    c.dump(out);
    return out.str();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using d1::fuzz::require;
    const std::string_view text = d1::fuzz::as_text(data, size);
    d1::configuration first;
    const bool taken = d1::fuzz::accepted([&] {
        if (text.starts_with('=')) {
            first.set(text.substr(1));
        } else {
            first.load_text(text, "input.yaml");
        }
    });
    if (!taken) {
        require(first.value() == d1::configuration().value(), "a text that is refused changes nothing");
        return 0;
    }
    const std::string dump = dumped(first);
    d1::configuration second;
    second.load_text(dump, "dump.yaml");
    require(dumped(second) == dump, "a configuration that is dumped and loaded again is the same");

    d1::d1_parameters of_first;
    d1::d1_parameters of_second;
    const bool fits = d1::fuzz::accepted([&] { of_first = first.value(); });
    require(fits == d1::fuzz::accepted([&] { of_second = second.value(); }), "and goes together or not as before");
    require(of_first == of_second, "with the same values");
    return 0;
}
