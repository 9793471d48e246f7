#pragma once

#include <string>

namespace d1::numerics {

/// The table of number formats in docs/numerics.md, as Markdown: what they reach, and the worst relative error of a
/// conversion from FP32, measured between every two neighbouring normal values.
[[nodiscard]] std::string format_table();

}  // namespace d1::numerics
