#pragma once
// YAML text over a list of entries. Everything that the text can get wrong ends in an input_error.

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "models/parameter/error.hpp"
#include "platforms/configuration_tree.hpp"

namespace d1::parameter {

/// Where the value of a path was set, as "run.yaml:12" or "--set"; a path that is missing has its default.
using origins = std::map<std::string, std::string, std::less<>>;

/// A text longer than this many bytes is refused unread.
inline constexpr std::size_t longest_text = 262144;

/// Sets what the text of a configuration file says: a map of groups and parameters, in which a key may be a dotted
/// path. \param file the file's name, for errors and origins \throws input_error with file:line, path, value and what
/// is allowed; entries before the error have been set
void apply_file_text(const std::vector<entry>& entries, std::string_view text, const std::string& file,
                     origins& set_by);

/// Sets what "path=value" says, the value as in YAML.
/// \throws input_error as above, with "--set" as the place
void apply_assignment(const std::vector<entry>& entries, std::string_view assignment, origins& set_by);

}  // namespace d1::parameter
