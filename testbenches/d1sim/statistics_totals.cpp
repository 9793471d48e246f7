#include "testbenches/d1sim/statistics_totals.hpp"

#include <algorithm>
#include <functional>
#include <string_view>

namespace d1 {

namespace {

statistics::group& group_at(statistics::group& root, std::string_view path) {
    statistics::group* at = &root;
    for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
        at = &at->child(path.substr(0, dot));
        path.remove_prefix(dot + 1);
    }
    return *at;
}

}  // namespace

statistics_totals::statistics_totals(const statistics::group& of) : of_(of) {
    of.visit([this](const std::string& path, const statistics::counter_entry& c) {
        group_at(tree_, path).counter(c.name(), c.unit(), c.description(), values_.emplace_back(0));
    });
}

std::vector<std::uint64_t> statistics_totals::present() const {
    std::vector<std::uint64_t> values;
    values.reserve(values_.size());
    of_.visit([&values](const std::string&, const statistics::counter_entry& c) { values.push_back(c.value()); });
    return values;
}

void statistics_totals::add(const std::vector<std::uint64_t>& run) {
    std::ranges::transform(values_, run, values_.begin(), std::plus<>());
}

}  // namespace d1
