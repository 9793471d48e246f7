#pragma once
// Files that a user names, to be read.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace d1 {

/// A file opened to be read. `wanted` says in messages what it should be: "the program file". Throws input_error if
/// there is none, it is a directory or cannot be opened.
[[nodiscard]] std::ifstream open_input(const std::filesystem::path& path, std::string_view wanted);

/// The content of such a file; of a longer one more than `most` bytes, but not all. Throws input_error as above, or if
/// it cannot be read.
[[nodiscard]] std::string read_input(const std::filesystem::path& path, std::string_view wanted, std::size_t most);

}  // namespace d1
