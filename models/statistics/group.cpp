#include "models/statistics/group.hpp"

#include <algorithm>
#include <stdexcept>

namespace d1::statistics {
namespace {

void check_name(std::string_view name) {
    if (!is_valid_name(name)) {
        throw std::logic_error("statistics: '" + std::string(name) +
                               "' is no name; write letters, digits and _, then optionally an index such as [3,4]");
    }
}

[[noreturn]] void refuse_duplicate(std::string_view name) {
    throw std::logic_error("statistics: the name '" + std::string(name) + "' is registered twice in one group");
}

auto find_place(auto& counters, std::string_view name) {
    return std::ranges::lower_bound(counters, name, natural_order{}, &counter_entry::name);
}

}  // namespace

group& group::child(std::string_view name) {
    if (const auto found = children_.find(name); found != children_.end()) return *found->second;
    check_name(name);
    const auto place = find_place(counters_, name);
    if (place != counters_.end() && place->name() == name) refuse_duplicate(name);
    return *children_.emplace(name, std::make_unique<group>()).first->second;
}

void group::counter(std::string_view name, std::string_view unit, std::string_view description, std::uint64_t& value) {
    check_name(name);
    const auto place = find_place(counters_, name);
    const bool taken = place != counters_.end() && place->name() == name;
    if (taken || children_.contains(name)) refuse_duplicate(name);
    counters_.emplace(place, name, unit, description, value);
}

void group::reset() noexcept {
    for (const counter_entry& counter : counters_) *counter.value_ = 0;
    for (const auto& [name, below] : children_) below->reset();
}

void group::visit(const visitor& visit_counter) const {
    std::string path;
    visit_below(path, visit_counter);
}

void group::visit_below(std::string& path, const visitor& visit_counter) const {
    const std::size_t length = path.size();
    const auto step_to = [&](std::string_view name) {
        path.resize(length);
        if (length != 0) path += '.';
        path += name;
    };
    for (const counter_entry& counter : counters_) {
        step_to(counter.name());
        visit_counter(path, counter);
    }
    for (const auto& [name, below] : children_) {
        step_to(name);
        below->visit_below(path, visit_counter);
    }
    path.resize(length);
}

}  // namespace d1::statistics
