#include "testbenches/traffic/load.hpp"

#include "models/numerics/counter_random.hpp"

namespace d1::traffic {

creation_process::creation_process(const load& offered, node_index here, const destinations& to)
    : load_(offered),
      here_(here),
      to_(&to),
      threshold_(to.sends(here) ? static_cast<std::uint64_t>(offered.rate / offered.burst_packets * 0x1p63) : 0) {}

creation_process::creation creation_process::next() {
    const std::uint64_t stream = 2 * std::uint64_t{to_number(here_)};
    const auto is_created = [&](timing::cycle at) {
        return numerics::counter_random(load_.seed, stream, at) >> 1U < threshold_;
    };
    while (threshold_ != 0 && cycle_ < load_.end() && !is_created(cycle_)) {
        ++cycle_;
    }
    if (threshold_ == 0 || cycle_ >= load_.end()) {
        return {load_.end(), here_};
    }
    const timing::cycle at = cycle_++;
    return {at, to_->draw(here_, numerics::counter_random(load_.seed, stream + 1, at), number_++)};
}

}  // namespace d1::traffic
