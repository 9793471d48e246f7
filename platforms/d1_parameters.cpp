#include "platforms/d1_parameters.hpp"

#include <algorithm>
#include <optional>

#include "models/parameter/error.hpp"
#include "platforms/configuration_tree.hpp"

namespace d1 {
namespace {

// Parameters that do not go together, or one that is out of its range.
struct violation {
    std::vector<std::string> paths;
    std::string message;
};

std::optional<violation> find_single(const d1_parameters& parameters) {
    d1_parameters copy = parameters;
    for (const parameter::entry& e : parameter::list_entries(copy)) {
        if (e.is_group() || parameter::allowed(e, e.get())) continue;
        return violation{{e.path}, "must be " + parameter::allowed_text(e)};
    }
    return std::nullopt;
}

std::optional<violation> find_in_harvest(const die_parameters& die) {
    const grid places{static_cast<std::int32_t>(die.noc.columns), static_cast<std::int32_t>(die.noc.rows)};
    std::vector<coordinate> dead = die.harvest.dead;
    const auto outside = std::ranges::find_if_not(dead, [&](coordinate c) { return places.contains(c); });
    if (outside != dead.end())
        return violation{
            {"die.harvest.dead", "die.noc.columns", "die.noc.rows"},
            parameter::format(*outside) + " is not a place of the grid; give die.harvest.dead places inside it, or []"};
    std::ranges::sort(dead);
    const auto twice = std::ranges::adjacent_find(dead);
    if (twice != dead.end())
        return violation{{"die.harvest.dead"}, parameter::format(*twice) + " is in the list twice"};
    if (dead.size() == places.size())
        return violation{{"die.harvest.dead", "die.noc.columns", "die.noc.rows"}, "no node is left alive"};
    return std::nullopt;
}

std::optional<violation> find_violation(const d1_parameters& parameters) {
    if (auto found = find_single(parameters)) return found;
    return find_in_harvest(parameters.die);
}

}  // namespace

void validate(const d1_parameters& parameters, const origin_finder& origin) {
    const auto found = find_violation(parameters);
    if (!found) return;
    d1_parameters copy = parameters;
    const auto entries = parameter::list_entries(copy);
    std::string text;
    for (const std::string& path : found->paths) {
        const std::string value = parameter::format(find_entry(entries, path)->get());
        text += (text.empty() ? "" : ", ") + path + " = " + parameter::quoted(value);
        if (origin) text += " (" + origin(path) + ')';
    }
    throw input_error(error_class::parameters, text + ": " + found->message);
}

}  // namespace d1
