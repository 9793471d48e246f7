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
/// loops must be balanced (validate.hpp), else next() throws std::logic_error. A loop whose iterations yield nothing is
/// still walked; validate() refuses empty loops.
class cursor {
  public:
    /// thread < source.threads.size(), else std::out_of_range.
    cursor(const program& source, std::size_t thread, coordinate logical);

    /// The next instruction, or null at the end of the thread (and at every later call). Valid until the following
    /// call.
    [[nodiscard]] const step* next();

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
    std::array<std::int64_t, max_loop_depth> counters_{};
    std::array<live_loop, max_loop_depth> loops_{};
    step step_;
};

}  // namespace d1::program
