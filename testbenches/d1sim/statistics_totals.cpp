#include "testbenches/d1sim/statistics_totals.hpp"

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

void statistics_totals::add() {
    auto total = values_.begin();
    of_.visit([&total](const std::string&, const statistics::counter_entry& c) { *total++ += c.value(); });
}

}  // namespace d1
