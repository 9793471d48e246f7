#include "models/statistics/sampler.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <stdexcept>
#include <utility>

namespace d1::statistics {

sampler::sampler(const group& root) {
    root.visit([this](const std::string& path, const counter_entry& counter) { sources_.push_back({path, counter}); });
}

void sampler::sample(std::uint64_t cycle) {
    take(cycle);
}
void sampler::sample(std::string layer) {
    take(std::move(layer));
}

void sampler::take(label at) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        source& s = sources_[i];
        const std::uint64_t value = s.counter.value();
        if (value == s.previous) continue;
        changed_.push_back(static_cast<std::uint32_t>(i));
        increment_.push_back(static_cast<std::int64_t>(value - s.previous));
        s.previous = value;
    }
    samples_.push_back({std::move(at), changed_.size()});
}

void sampler::reset() noexcept {
    samples_.clear();
    changed_.clear();
    increment_.clear();
    for (source& s : sources_) s.previous = 0;
}

std::uint64_t sampler::value_at(std::size_t index, std::string_view path) const {
    const auto found = std::ranges::find(sources_, path, &source::path);
    if (index >= samples_.size() || found == sources_.end()) {
        throw std::out_of_range("statistics: no sample " + std::to_string(index) + " of '" + std::string(path) + "'");
    }
    const auto wanted = static_cast<std::uint32_t>(found - sources_.begin());
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < samples_[index].end; ++i) {
        if (changed_[i] == wanted) value += static_cast<std::uint64_t>(increment_[i]);
    }
    return value;
}

boost::json::array sampler::to_json() const {
    boost::json::array result;
    result.reserve(samples_.size());
    for (std::size_t index = 0; index < samples_.size(); ++index) {
        const taken_sample& sample = samples_[index];
        boost::json::object delta;
        delta.reserve(sample.end - begin_of(index));
        for (std::size_t i = begin_of(index); i < sample.end; ++i) {
            delta.emplace(sources_[changed_[i]].path, increment_[i]);
        }
        boost::json::object entry;
        if (const auto* cycle = std::get_if<std::uint64_t>(&sample.at)) {
            entry.emplace("cycle", *cycle);
        } else {
            entry.emplace("layer", std::get<std::string>(sample.at));
        }
        entry.emplace("delta", std::move(delta));
        result.push_back(std::move(entry));
    }
    return result;
}

}  // namespace d1::statistics
