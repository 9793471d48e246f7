#pragma once
// Walks one thread of a program on one node: the only interpreter of programs.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "models/packet/coordinate.hpp"
#include "models/program/instruction.hpp"

namespace d1::program {

/// Yields the instructions of a thread in the order in which they are issued, with loops resolved and operands
/// evaluated for the node. Knows nothing of time, and of the meaning of an instruction only where its operands are: the
/// values are yielded as they come out, whether or not they lie in a memory or name a node.
///
/// Costs nothing to make and allocates nothing. The program must outlive the cursor and must not change meanwhile; its
/// loops must be balanced (validate.hpp), else next() throws std::logic_error.
///
/// A loop whose inner loops never run yields nothing, in as many iterations as it has. On the machine they take time;
/// here they would take none, and the host's for nothing: a cursor that goes through max_idle_iterations of them in a
/// row gives up.
class cursor {
  public:
    static constexpr std::uint32_t max_idle_iterations = 1U << 20U;

    /// thread < source.threads.size(), else std::out_of_range.
    cursor(const program& source, std::size_t thread, coordinate logical);

    /// The next instruction, or null at the end of the thread (and at every later call) and where it gives up. Valid
    /// until the following call.
    [[nodiscard]] const step* next();

    /// Whether it has gone through max_idle_iterations of loops without coming to an instruction.
    [[nodiscard]] bool gave_up() const noexcept { return idle_iterations_ >= max_idle_iterations; }

    /// Whether the instruction last yielded stands in a list, and so is issued by the list parser.
    [[nodiscard]] bool in_list() const noexcept { return in_list_ && !std::holds_alternative<list_begin>(step_); }

    /// Index in the thread of the instruction last yielded; the thread's size at its end; 0 before the first.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

    /// Counters of the loops around the instruction last yielded, outermost first.
    [[nodiscard]] std::span<const std::int64_t> counters() const noexcept { return {counters_.data(), depth_}; }

  private:
    struct live_loop {
        std::size_t body = 0;  // index of the first instruction in the loop
        std::int64_t count = 0;
    };

    void enter(const loop_begin& loop);
    void iterate();
    void skip_body();

    std::span<const instruction> instructions_;
    coordinate logical_;
    std::size_t following_ = 0;  // index of the instruction to look at next
    std::size_t position_ = 0;
    std::size_t depth_ = 0;
    std::uint32_t idle_iterations_ = 0;  // of loops, since the instruction last yielded
    bool in_list_ = false;
    std::array<std::int64_t, max_loop_depth> counters_{};
    std::array<live_loop, max_loop_depth> loops_{};
    step step_;
};

}  // namespace d1::program
