#include "platforms/configuration_tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

namespace d1::parameter {
namespace {

struct count_range {
    std::uint64_t minimum = 0;
    std::uint64_t maximum = 0;
    std::uint64_t step = 1;
};

// A range is written in doubles; 2^64 - 1, say, is not one.
std::uint64_t to_count(double bound) {
    if (!(bound > 0)) return 0;
    constexpr double two_to_64 = 18446744073709551616.0;
    return bound >= two_to_64 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(bound);
}

count_range range_of(const entry& leaf) {
    return {to_count(leaf.about.minimum), std::min(to_count(leaf.about.maximum), leaf.type_maximum),
            std::max<std::uint64_t>(1, to_count(leaf.about.step))};
}

template <class Number>
std::string to_text(Number number) {
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return {buffer.data(), end};
}

// In YAML's double quotes, whatever it holds.
std::string in_quotes(std::string_view text) {
    std::string out(1, '"');
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

// "1 to 64 nodes", "64 to 2097152 B in steps of 64"; empty for what has no range.
std::string bounds_text(const entry& leaf) {
    std::string unit(leaf.about.unit);
    if (!unit.empty()) unit.insert(unit.begin(), ' ');
    if (leaf.kind == value_kind::real) return to_text(leaf.about.minimum) + " to " + to_text(leaf.about.maximum) + unit;
    if (leaf.kind != value_kind::count) return {};
    const count_range range = range_of(leaf);
    return to_text(range.minimum) + " to " + to_text(range.maximum) + unit +
           (range.step > 1 ? " in steps of " + to_text(range.step) : "");
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0U : 1U);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
        }
    }
    return row[b.size()];
}

std::string_view last_name(std::string_view path) {
    return path.substr(path.rfind('.') + 1);
}

}  // namespace

bool allowed(const entry& leaf, const value& v) {
    if (v.index() != static_cast<std::size_t>(leaf.kind)) return false;
    switch (leaf.kind) {
        case value_kind::count: {
            const count_range range = range_of(leaf);
            const std::uint64_t count = std::get<std::uint64_t>(v);
            return count >= range.minimum && count <= range.maximum && count % range.step == 0;
        }
        case value_kind::real: {
            const double number = std::get<double>(v);
            return number >= leaf.about.minimum && number <= leaf.about.maximum;  // false for a NaN
        }
        case value_kind::name:
            return std::ranges::find(leaf.names, std::get<std::string>(v)) != leaf.names.end();
        case value_kind::places:
        case value_kind::links:
        case value_kind::flag:
            return true;
        case value_kind::file:  // must fit on one line of a dump
            return std::ranges::none_of(std::get<file_name>(v).path,
                                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
        case value_kind::group:
            break;
    }
    return false;
}

std::string allowed_text(const entry& leaf) {
    switch (leaf.kind) {
        case value_kind::flag:
            return "true or false";
        case value_kind::count:
            return "a whole number from " + bounds_text(leaf);
        case value_kind::real:
            return "a number from " + bounds_text(leaf);
        case value_kind::name:
            return (leaf.names.size() > 1 ? "one of " : "") + join(leaf.names);
        case value_kind::places:
            return "a list of places [x, y] such as [[3, 2], [14, 5]], or []";
        case value_kind::links:
            return "a list of links [[x, y], [x, y]] between neighbours such as [[[3, 4], [3, 5]]], or []";
        case value_kind::file:
            return "the name of a file, or \"\" for none";
        case value_kind::group:
            break;
    }
    return "a map of parameters";
}

std::string range_text(const entry& leaf) {
    if (leaf.kind == value_kind::flag || leaf.kind == value_kind::name) return allowed_text(leaf);
    const std::string bounds = bounds_text(leaf);
    return bounds.empty() ? std::string(leaf.about.unit) : bounds;
}

std::string format(coordinate place) {
    return '[' + to_text(place.x) + ", " + to_text(place.y) + ']';
}

std::string format(const place_pair& link) {
    return '[' + format(link.a) + ", " + format(link.b) + ']';
}

std::string format(const value& v) {
    struct formatter {
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(std::uint64_t count) const { return to_text(count); }
        std::string operator()(double number) const { return to_text(number); }
        std::string operator()(const std::string& name) const { return name; }
        std::string operator()(const std::vector<coordinate>& places) const {
            std::vector<std::string> words;
            for (const coordinate c : places) words.push_back(format(c));
            return '[' + join(words) + ']';
        }
        std::string operator()(const std::vector<place_pair>& links) const {
            std::vector<std::string> words;
            for (const place_pair& link : links) words.push_back(format(link));
            return '[' + join(words) + ']';
        }
        std::string operator()(const file_name& file) const { return in_quotes(file.path); }
    };
    return std::visit(formatter{}, v);
}

const entry* find_entry(const std::vector<entry>& entries, std::string_view path) {
    const auto found = std::ranges::find(entries, path, &entry::path);
    return found == entries.end() ? nullptr : &*found;
}

std::string nearest_path(const std::vector<entry>& entries, std::string_view path) {
    constexpr std::size_t longest = 200;  // more letters than that tell nothing
    path = path.substr(0, longest);
    const auto cost = [path](const entry& e) {
        return std::min(edit_distance(path, e.path), edit_distance(last_name(path), last_name(e.path)) + 2);
    };
    const auto nearest = std::ranges::min_element(entries, {}, cost);
    return nearest == entries.end() ? std::string() : nearest->path;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string out;
    for (const char c : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        constexpr std::string_view digits = "0123456789abcdef";
        if (byte >= 0x20 && byte < 0x7f)
            out += c;
        else
            out += std::string("\\x") + digits[byte >> 4U] + digits[byte & 15U];
    }
    return text.size() > longest ? out + "..." : out;
}

}  // namespace d1::parameter
