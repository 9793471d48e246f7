#pragma once
// Work in a process of its own: a process elaborates SystemC once, and who asks for several machines needs several.

#include <functional>
#include <string>

namespace d1 {

/// What `work` gives, done in a child process that begins as a copy of this one. An input_error and std::bad_alloc that
/// end it are thrown here again. To be called before this process makes a SystemC module. Throws std::runtime_error if
/// there can be no child, or it ends without a result.
[[nodiscard]] std::string in_child(const std::function<std::string()>& work);

}  // namespace d1
