#include "models/sram/signal_scheduler.hpp"

#include <limits>

namespace d1 {

void signal_scheduler::deliver(std::int64_t semaphore, std::int64_t amount, const causality& cause) {
    if (semaphore < 0 || semaphore >= semaphores_.size()) {
        events_.fail(node_name_ + ": a signal names semaphore " + std::to_string(semaphore) + "; the node has 0 to " +
                     std::to_string(semaphores_.size() - 1));
        return;
    }
    if (amount < 0 || amount > std::numeric_limits<std::uint32_t>::max() ||
        !semaphores_.signal(static_cast<std::uint32_t>(semaphore), static_cast<std::uint32_t>(amount), cause)) {
        events_.fail(node_name_ + ": semaphore " + std::to_string(semaphore) + " overflows: its value is " +
                     std::to_string(semaphores_.value(static_cast<std::uint32_t>(semaphore))) + ", the signal adds " +
                     std::to_string(amount));
    }
}

void signal_scheduler::schedule(timing::cycle at, std::int64_t semaphore, std::int64_t amount, const causality& cause) {
    if (free_.empty()) {
        free_.push_back(&all_.emplace_back());
    }
    pending* const p = free_.back();
    free_.pop_back();
    *p = {semaphore, amount, cause};
    events_.schedule(at, timing::order_of(timing::phase::signals_arrive, to_number(node_), lane, number_++), *this, p);
}

void signal_scheduler::serve(void* subject) {
    const pending p = *static_cast<pending*>(subject);
    free_.push_back(static_cast<pending*>(subject));
    deliver(p.semaphore, p.amount, p.cause);
}

void signal_scheduler::reset() {
    all_.clear();
    free_.clear();
    number_ = 0;
}

}  // namespace d1
