#pragma once
// The known word that a mistyped one was probably meant to be. For the text form and for those who read names of it.

#include <span>
#include <string>
#include <string_view>

namespace d1::program::detail {

/// The known word at the least edit distance from `word` (the first of several), or nothing where more than a third of
/// the letters would have to change; one may always, except the only one. Words longer than 64 bytes are near nothing.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> known);

/// "; did you mean 'loop'?", or "; expected one of a, b, c" where nothing is near.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace d1::program::detail
