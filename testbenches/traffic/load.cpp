#include "testbenches/traffic/load.hpp"

#include <cassert>
#include <numeric>
#include <utility>

#include "models/numerics/counter_random.hpp"
#include "testbenches/traffic/trace.hpp"

namespace d1::traffic {

namespace {
/// The streams of random bits of a node: each has its own keys.
constexpr std::uint64_t streams_of(node_index here) {
    return 2 * std::uint64_t{to_number(here)};
}
constexpr std::uint64_t more_streams = std::uint64_t{1} << 32U;  // beyond those of all nodes

/// Whether `random` falls into one of `many` equal parts.
constexpr bool one_in(std::uint64_t random, std::uint64_t many) {
    return random % many == 0;
}
}  // namespace

burst_sizes::burst_sizes(std::vector<part> parts) : parts_(std::move(parts)) {
    assert(std::accumulate(parts_.begin(), parts_.end(), 0U, [](auto sum, const part& p) { return sum + p.percent; }) ==
           100);
}

double burst_sizes::mean() const {
    double sum = 0;
    for (const part& p : parts_) {
        sum += static_cast<double>(p.packets) * p.percent;
    }
    return sum / 100;
}

std::uint32_t burst_sizes::draw(std::uint64_t random) const {
    std::uint64_t left = random % 100;
    for (const part& p : parts_) {
        if (left < p.percent) {
            return p.packets;
        }
        left -= p.percent;
    }
    return parts_.back().packets;
}

creation_process::creation_process(const load& offered, node_index here, const destinations& to)
    : load_(offered), here_(here), to_(&to) {
    if (offered.replay) {
        replay_ = offered.replay->of(here);
    } else if (to.sends(here) && offered.outstanding == 0) {
        const double rate = offered.rate * (offered.phases ? offered.phases->boost() : 1);
        threshold_ = static_cast<std::uint64_t>(rate / offered.burst_packets.mean() * 0x1p63);
    }
}

void creation_process::advance_phase(std::uint64_t at) {
    const on_off& phases = *load_.phases;
    const std::uint64_t key = more_streams + streams_of(here_) + 1;
    const std::uint64_t period = std::uint64_t{phases.on} + phases.off;
    if (phases.kind == on_off::lengths::fixed) {
        on_ = (at + numerics::counter_random(load_.seed, key, 0) % period) % period < phases.on;
    } else if (at == 0) {
        on_ = numerics::counter_random(load_.seed, key, 0) % period < phases.on;
    } else if (phases.off != 0 && one_in(numerics::counter_random(load_.seed, key, at), on_ ? phases.on : phases.off)) {
        on_ = !on_;
    }
}

bool creation_process::creates(std::uint64_t at) {
    if (load_.phases) {
        advance_phase(at);
        if (!on_) {
            return false;
        }
    }
    return numerics::counter_random(load_.seed, streams_of(here_), at) >> 1U < threshold_;
}

creation creation_process::drawn(std::uint64_t at, std::uint64_t index) {
    const std::uint64_t key = streams_of(here_);
    const std::uint32_t packets =
        load_.burst_packets.parts().size() == 1
            ? load_.burst_packets.parts().front().packets
            : load_.burst_packets.draw(numerics::counter_random(load_.seed, more_streams + key, index));
    return {at, to_->draw(here_, numerics::counter_random(load_.seed, key + 1, index), number_++), packets,
            load_.channel_class};
}

creation creation_process::next() {
    if (load_.replay) {
        const creation none{load_.end(), here_};
        return number_ < replay_.size() ? replay_[number_++] : none;
    }
    while (threshold_ != 0 && cycle_ < load_.end() && !creates(cycle_)) {
        ++cycle_;
    }
    if (threshold_ == 0 || cycle_ >= load_.end()) {
        return {load_.end(), here_};
    }
    const std::uint64_t at = cycle_++;
    return drawn(at, at);
}

creation creation_process::create(std::uint64_t at) {
    return drawn(at, number_);
}

}  // namespace d1::traffic
