#pragma once

#include <string>

namespace d1::numerics {

/// function_records as a table in Markdown, one line a function.
[[nodiscard]] std::string function_table();

}  // namespace d1::numerics
