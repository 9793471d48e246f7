#include "testbenches/d1sim/layer_detail.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "models/parameter/error.hpp"

namespace d1 {

bool layer_detail::matches(const std::string& layer) const {
    return fnmatch(pattern.c_str(), layer.c_str(), 0) == 0;
}

layer_detail parse_layer_detail(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    layer_detail detail;
    if (colon == std::string::npos || colon == 0 ||
        !boost::describe::enum_from_string(text.substr(colon + 1).c_str(), detail.timing)) {
        throw input_error(error_class::option_value, "--detail: '" + text +
                                                         "' is not PATTERN:LEVEL with a level lt, at or ca, as in "
                                                         "'conv3_*:ca'");
    }
    detail.pattern = text.substr(0, colon);
    return detail;
}

std::vector<timing_kind> levels_of(const std::vector<std::string>& layers, const std::vector<layer_detail>& details,
                                   timing_kind usual) {
    std::vector<timing_kind> levels(layers.size(), usual);
    for (const layer_detail& detail : details) {
        bool any = false;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            if (detail.matches(layers[i])) {
                levels[i] = detail.timing;
                any = true;
            }
        }
        if (!any) {
            throw input_error(error_class::option_value,
                              "--detail: '" + detail.pattern + "' matches none of the " +
                                  std::to_string(layers.size()) + " layers, of which the first is '" +
                                  (layers.empty() ? std::string() : layers.front()) +
                                  "'; * stands for any text, and upper and lower case differ");
        }
    }
    return levels;
}

}  // namespace d1
