#include "platforms/d1_parameters.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "models/noc/routing_traits.hpp"
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

std::optional<violation> find_in_links(const die_parameters& die) {
    const grid places{static_cast<std::int32_t>(die.noc.columns), static_cast<std::int32_t>(die.noc.rows)};
    std::vector<place_pair> links = die.harvest.dead_links;
    for (place_pair& link : links) {
        if (const std::string_view fault = noc::link_fault(places, link); !fault.empty())
            return violation{{"die.harvest.dead_links", "die.noc.columns", "die.noc.rows"},
                             parameter::format(link) + ' ' + std::string(fault)};
        if (link.b < link.a) std::swap(link.a, link.b);
    }
    std::ranges::sort(links);
    const auto twice = std::ranges::adjacent_find(links);
    if (twice != links.end())
        return violation{{"die.harvest.dead_links"},
                         parameter::format(*twice) + " is in the list twice; a link is dead in both directions"};
    return std::nullopt;
}

std::optional<violation> find_in_routing(const die_parameters& die) {
    if (die.noc.routing == routing_kind::table && die.noc.routing_table.path.empty())
        return violation{{"die.noc.routing", "die.noc.routing_table"},
                         "this routing reads a file; name it in die.noc.routing_table"};
    const routing_traits policy = traits_of(die.noc.routing);
    const std::string unfit = why_unfit(policy, die.noc.channels_per_class, !faults_of(die.harvest).none());
    if (unfit.empty()) return std::nullopt;
    std::vector<std::string> paths{"die.noc.routing", "die.noc.channels_per_class"};
    if (die.noc.channels_per_class >= policy.channels_per_class)
        paths = {"die.noc.routing", "die.harvest.dead", "die.harvest.dead_links"};
    return violation{paths, unfit};
}

std::optional<violation> find_in_matrix_unit(const core_parameters& core) {
    const auto fits = [](std::uint32_t side) { return side == 4 || side == 8 || side == 16; };
    if (!fits(core.matrix_rows)) return violation{{"die.node.core.matrix_rows"}, "must be 4, 8 or 16"};
    if (!fits(core.matrix_columns)) return violation{{"die.node.core.matrix_columns"}, "must be 4, 8 or 16"};
    return std::nullopt;
}

std::optional<violation> find_violation(const d1_parameters& parameters) {
    if (auto found = find_single(parameters)) return found;
    if (auto found = find_in_harvest(parameters.die)) return found;
    if (auto found = find_in_links(parameters.die)) return found;
    if (auto found = find_in_routing(parameters.die)) return found;
    return find_in_matrix_unit(parameters.die.node.core);
}

}  // namespace

noc::mesh_faults faults_of(const harvest_parameters& harvest) {
    return {harvest.dead_router ? harvest.dead : std::vector<coordinate>(), harvest.dead_links};
}

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
