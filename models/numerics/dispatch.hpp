#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace d1::numerics {

/// The instruction sets that the vector code was compiled for and that this processor has, best first, by Highway's
/// names: "AVX2", "SSE4", ... The first one is used. All of them give the same bytes.
[[nodiscard]] std::vector<std::string> dispatch_targets();

/// Makes the whole process's vector code use one of dispatch_targets() for as long as the object lives. For tests and
/// benchmarks: not while another thread computes, one object at a time. Throws std::invalid_argument for another name.
class forced_dispatch_target {
  public:
    explicit forced_dispatch_target(std::string_view name);
    ~forced_dispatch_target();
    forced_dispatch_target(const forced_dispatch_target&) = delete;
    forced_dispatch_target& operator=(const forced_dispatch_target&) = delete;
};

}  // namespace d1::numerics
