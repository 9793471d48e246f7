#pragma once
// Which layers of a table run at another timing level than the rest.

#include <string>
#include <string_view>
#include <vector>

#include "models/parameter/timing_kind.hpp"

namespace d1 {

/// `--detail PATTERN:LEVEL`: layers whose name matches the pattern (the shell's: * ? [a-z]) run at that level.
struct layer_detail {
    std::string pattern;
    timing_kind timing = timing_kind::ca;

    [[nodiscard]] bool matches(const std::string& layer) const;
};

/// Reads PATTERN:LEVEL. Throws input_error for anything else, naming the option.
[[nodiscard]] layer_detail parse_layer_detail(const std::string& text);

/// The level of each layer: that of the last detail that matches its name, else `usual`. Throws input_error for a
/// detail that matches no layer, since that is a slip of the pen.
[[nodiscard]] std::vector<timing_kind> levels_of(const std::vector<std::string>& layers,
                                                 const std::vector<layer_detail>& details, timing_kind usual);

}  // namespace d1
