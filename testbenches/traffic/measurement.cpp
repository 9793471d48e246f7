#include "testbenches/traffic/measurement.hpp"

#include <algorithm>
#include <cmath>

namespace d1::traffic {

namespace {
double ratio(std::uint64_t a, std::uint64_t b) noexcept {
    return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}
}  // namespace

void histogram::add(std::uint64_t value) {
    if (value >= bins_.size()) {
        bins_.resize(value + 1);
    }
    ++bins_[value];
    ++count_;
    sum_ += value;
}

double histogram::mean() const noexcept {
    return ratio(sum_, count_);
}

std::uint64_t histogram::quantile(double part) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_)));
    std::uint64_t below = 0;
    for (std::size_t value = 0; value < bins_.size(); ++value) {
        below += bins_[value];
        if (below >= wanted && below > 0) {
            return value;
        }
    }
    return 0;
}

void durations::add(std::uint64_t cycles, timing::cycle since, const load& offered) {
    latency.add(cycles);
    batch& of_time = by_time[(since - offered.warm_up) * batches / offered.measured];
    ++of_time.bursts;
    of_time.latency += cycles;
}

double durations::confidence() const {
    constexpr double student = 2.093;  // 97.5 % point of Student's t with 19 degrees of freedom
    static_assert(batches == 20);
    double sum = 0;
    double squares = 0;
    for (const batch& b : by_time) {
        if (b.bursts == 0) {
            return 0;
        }
        const double mean = ratio(b.latency, b.bursts);
        sum += mean;
        squares += mean * mean;
    }
    const double variance = std::max(0.0, (squares - sum * sum / batches) / (batches - 1));
    return student * std::sqrt(variance / batches);
}

double flow::mean_queueing() const noexcept {
    return ratio(queueing, latency.count());
}

double flow::zero_load_latency(std::uint32_t hop_cycles) const noexcept {
    return hops.mean() * hop_cycles + ratio(followers, hops.count());
}

double flow::offered_rate() const noexcept {
    return ratio(packets_created, node_cycles);
}

double flow::accepted_rate() const noexcept {
    return ratio(packets_arrived, node_cycles);
}

}  // namespace d1::traffic
