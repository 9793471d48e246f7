#include "models/statistics/path.hpp"

#include <algorithm>
#include <cstddef>

namespace d1::statistics {
namespace {

// Independent of the locale, unlike the functions of <cctype>.
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

constexpr std::size_t digits_at_front(std::string_view text) noexcept {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    return count;
}

/// Takes the number at the front of `text` and returns its digits without leading zeros.
std::string_view take_number(std::string_view& text) noexcept {
    std::string_view digits = text.substr(0, digits_at_front(text));
    text.remove_prefix(digits.size());
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
}

/// Whether `text` is `[number]` or `[number,number...]`.
bool is_index(std::string_view text) noexcept {
    if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
    text = text.substr(1, text.size() - 2);
    while (true) {
        const std::size_t digits = digits_at_front(text);
        if (digits == 0) return false;
        text.remove_prefix(digits);
        if (text.empty()) return true;
        if (text.front() != ',') return false;
        text.remove_prefix(1);
    }
}

}  // namespace

bool natural_order::operator()(std::string_view a, std::string_view b) const noexcept {
    // Most names that are compared begin alike; a number is compared from its first digit on.
    auto differ = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
    while (differ > 0 && is_digit(a[differ - 1])) {
        --differ;
    }
    std::string_view rest_a = a.substr(differ);
    std::string_view rest_b = b.substr(differ);
    while (!rest_a.empty() && !rest_b.empty()) {
        if (is_digit(rest_a.front()) && is_digit(rest_b.front())) {
            const std::string_view x = take_number(rest_a);
            const std::string_view y = take_number(rest_b);
            if (x.size() != y.size()) return x.size() < y.size();
            if (x != y) return x < y;
        } else {
            if (rest_a.front() != rest_b.front()) return rest_a.front() < rest_b.front();
            rest_a.remove_prefix(1);
            rest_b.remove_prefix(1);
        }
    }
    if (rest_a.empty() != rest_b.empty()) return rest_a.empty();
    return a < b;  // alike but for leading zeros
}

bool is_valid_name(std::string_view name) noexcept {
    const std::size_t bracket = std::min(name.find('['), name.size());
    const std::string_view word = name.substr(0, bracket);
    const std::string_view index = name.substr(bracket);
    return !word.empty() && is_letter(word.front()) &&
           std::ranges::all_of(word, [](char c) { return is_letter(c) || is_digit(c); }) &&
           (index.empty() || is_index(index));
}

generic_path generalise(std::string_view path) {
    generic_path result;
    while (!path.empty()) {
        const std::size_t open = std::min(path.find('['), path.size());
        result.pattern += path.substr(0, open);
        path.remove_prefix(open);
        if (path.empty()) break;
        const std::size_t length = std::min(path.find(']'), path.size() - 1) + 1;
        result.pattern += "[*]";
        result.indices += path.substr(0, length);
        path.remove_prefix(length);
    }
    return result;
}

}  // namespace d1::statistics
