#pragma once
// What the threads of a die did, one thing behind the other, and what ended their waits. No hardware.

#include <cstdint>
#include <vector>

#include "models/core/cycle_stack.hpp"
#include "models/packet/coordinate.hpp"
#include "models/packet/dma_command.hpp"

namespace d1 {

/// A stretch of a thread's time.
struct activity {
    node_index node{};
    std::uint32_t thread = 0;
    std::size_t instruction = 0;  ///< its position in the thread's list
    timing::cycle begin = 0;
    thread_stretch what;
    std::uint32_t previous = 0;  ///< of the thread; 0 where it begins
    std::uint32_t cause = 0;     ///< of a wait: the last activity before the signal that ended it was sent
    bool hands_over = false;     ///< at its end a command goes to the network interface
    dma_operation operation = dma_operation::push;
    node_index remote{};
    std::uint64_t bytes = 0;
};

/// Grows with every instruction of every node, so it is there only where somebody asks for it.
class activity_log {
  public:
    /// Returns the activity's number, from 1 on.
    [[nodiscard]] std::uint32_t add(const activity& a) {
        all_.push_back(a);
        return static_cast<std::uint32_t>(all_.size());
    }
    [[nodiscard]] const activity& at(std::uint32_t number) const { return all_.at(number - 1); }

    /// At the end of activity `number` its thread hands over a command.
    void hand_over(std::uint32_t number, const dma_extension& command, node_index remote) {
        activity& a = all_.at(number - 1);
        a.hands_over = true;
        a.operation = command.operation;
        a.remote = remote;
        a.bytes = command.geometry.bytes();
    }

    /// A thread ended with activity `number`.
    void end_of_thread(std::uint32_t number) {
        if (last_ == 0 || at(number).what.end > at(last_).what.end) {
            last_ = number;
        }
    }
    /// The activity with which the last thread ended, the first of equal ones; 0 where none has.
    [[nodiscard]] std::uint32_t last() const noexcept { return last_; }

    void reset() {
        all_.clear();
        last_ = 0;
    }

  private:
    std::vector<activity> all_;
    std::uint32_t last_ = 0;
};

}  // namespace d1
