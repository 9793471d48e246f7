#pragma once
// For tests alone: whether sanitizers watch.

#include <string_view>

namespace d1 {

/// Everything takes several times as long with them, so what is repeated many times in a test may be less often.
inline constexpr bool is_sanitized = !std::string_view(D1_SANITIZERS).empty();

}  // namespace d1
