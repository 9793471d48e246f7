#pragma once
// Signals to a node's semaphores that take effect in a later cycle.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/packet/coordinate.hpp"
#include "models/sram/semaphore_file.hpp"
#include "models/timing/event_queue.hpp"

namespace d1 {

/// Delivers signals to the semaphores of a node, now or later. A signal that names no semaphore of the node, or makes
/// one overflow, ends the run as a failed check.
class signal_scheduler final : public timing::event_handler {
  public:
    signal_scheduler(std::string node_name, node_index node, semaphore_file& semaphores, timing::event_queue& events)
        : node_name_(std::move(node_name)), node_(node), semaphores_(semaphores), events_(events) {}

    /// Adds now. Numbers are taken as they come out of a program's operands, and checked here.
    void deliver(std::int64_t semaphore, std::int64_t amount, const causality& cause);

    /// Adds when cycle `at` is served, among the signals that arrive then.
    void schedule(timing::cycle at, std::int64_t semaphore, std::int64_t amount, const causality& cause);

    void reset();

  private:
    struct pending {
        std::int64_t semaphore = 0;
        std::int64_t amount = 0;
        causality cause;
    };
    // Local signals come after those from the mesh within a cycle: their lane follows the message classes.
    static constexpr std::uint32_t lane = 8;

    void serve(void* subject) override;

    std::string node_name_;
    node_index node_;
    semaphore_file& semaphores_;
    timing::event_queue& events_;
    std::deque<pending> all_;
    std::vector<pending*> free_;
    std::uint64_t number_ = 0;
};

}  // namespace d1
