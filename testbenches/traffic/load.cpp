#include "testbenches/traffic/load.hpp"

#include "models/numerics/counter_random.hpp"

namespace d1::traffic {

creation_process::creation_process(const load& offered, node_index here, std::uint32_t nodes)
    : load_(offered),
      here_(to_number(here)),
      nodes_(nodes),
      threshold_(static_cast<std::uint64_t>(offered.rate / offered.burst_packets * 0x1p63)) {}

creation_process::creation creation_process::next() {
    const auto is_created = [this](timing::cycle at) {
        return numerics::counter_random(load_.seed, 2 * here_, at) >> 1U < threshold_;
    };
    while (cycle_ < load_.end() && !is_created(cycle_)) {
        ++cycle_;
    }
    const timing::cycle at = cycle_++;
    return {at, static_cast<node_index>(numerics::counter_random(load_.seed, 2 * here_ + 1, at) % nodes_)};
}

}  // namespace d1::traffic
