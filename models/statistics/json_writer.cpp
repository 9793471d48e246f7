#include "models/statistics/json_writer.hpp"

#include <map>
#include <stdexcept>

namespace d1::statistics {
namespace {

boost::json::object values_of(const group& level) {
    boost::json::object result;
    result.reserve(level.counters().size() + level.children().size());
    for (const counter_entry& counter : level.counters()) result.emplace(counter.name(), counter.value());
    for (const auto& [name, below] : level.children()) result.emplace(name, values_of(*below));
    return result;
}

boost::json::object legend_of(const group& root) {
    std::map<std::string, counter_entry, natural_order> kinds;
    root.visit([&](const std::string& path, const counter_entry& counter) {
        const auto [kind, added] = kinds.try_emplace(generalise(path).pattern, counter);
        if (!added && (kind->second.unit() != counter.unit() || kind->second.description() != counter.description())) {
            throw std::logic_error("statistics: '" + path + "' differs in unit or description from others of its kind");
        }
    });
    boost::json::object result;
    result.reserve(kinds.size());
    for (const auto& [pattern, counter] : kinds) {
        result.emplace(pattern, boost::json::object{{"unit", counter.unit()}, {"description", counter.description()}});
    }
    return result;
}

}  // namespace

boost::json::object to_json(const group& root) {
    return {{"legend", legend_of(root)}, {"values", values_of(root)}};
}

}  // namespace d1::statistics
