#pragma once
// Where the cycles of a node went: each to one class. No SystemC.

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "models/timing/cycle.hpp"

namespace d1 {

/// What a cycle of a node went to: the first of these that is true of it; docs/cycle_stack.md says when that is.
enum class cycle_class : std::uint8_t {
    matrix,     ///< matrix steps started
    simd,       ///< SIMD operations started
    scalar,     ///< an operation of the scalar scheduler started; only the pipeline has these
    sram_port,  ///< an instruction had all but slots of the vector ports
    memory,     ///< lines or granules moved, and nothing else did
    front_end,  ///< a thread issued an instruction: fetch and decode
    latency,    ///< results were under way in a unit
    data,       ///< a thread waited for bytes of a transfer, or for room to ask for them
    others,     ///< a thread waited for the word of another thread
    launch,     ///< the program was being started
    idle,       ///< no thread had anything left to do
};
inline constexpr std::size_t cycle_class_count = 11;

[[nodiscard]] constexpr std::string_view name_of(cycle_class c) noexcept {
    constexpr std::array<std::string_view, cycle_class_count> names{
        "matrix", "simd", "scalar", "sram_port", "memory", "front_end", "latency", "data", "others", "launch", "idle"};
    return names[static_cast<std::size_t>(c)];
}

/// Cycles, or node-cycles of several nodes, by class.
struct cycle_stack {
    std::array<std::uint64_t, cycle_class_count> cycles{};

    [[nodiscard]] std::uint64_t& of(cycle_class c) noexcept { return cycles[static_cast<std::size_t>(c)]; }
    [[nodiscard]] std::uint64_t of(cycle_class c) const noexcept { return cycles[static_cast<std::size_t>(c)]; }
    [[nodiscard]] std::uint64_t total() const noexcept {
        return std::accumulate(cycles.begin(), cycles.end(), std::uint64_t{0});
    }
    cycle_stack& operator+=(const cycle_stack& more) noexcept {
        for (std::size_t i = 0; i < cycle_class_count; ++i) {
            cycles[i] += more.cycles[i];
        }
        return *this;
    }
    friend bool operator==(const cycle_stack&, const cycle_stack&) = default;
};

/// Cycles of an instruction at work by class: the first of cycle_class, up to latency.
inline constexpr std::size_t work_class_count = 7;
using cycle_shares = std::array<std::uint64_t, work_class_count>;
static_assert(static_cast<std::size_t>(cycle_class::latency) + 1 == work_class_count);

/// A stretch of time in which a thread did one thing.
struct thread_stretch {
    timing::cycle end = 0;                  ///< it begins where the one before it ended
    cycle_class doing = cycle_class::idle;  ///< memory where it uses units, whichever they are
    bool wants_ports = false;               ///< memory: the vector ports, or what others took, set its pace
    cycle_shares shares{};      ///< memory: cycles of it that go to these classes; what is left to the ports
                                ///< where it wants them, else to memory
    std::uint32_t awaited = 0;  ///< data, others: a number of the caller's own for what it waits for
};

/// Gives each cycle of a node a class, from what its threads tell of themselves: each its stretches one behind the
/// other, in any order among threads. Where several threads do something the class that comes first counts. Shares are
/// spread evenly over a stretch, those of different classes over different cycles as far as there are such.
/// Of threads that wait for the same class, the one that ends first is named.
class cycle_account {
  public:
    /// Thread `thread` has begun in cycle `at`; `at` must not lie before a cycle already accounted for.
    void begin(std::uint32_t thread, timing::cycle at);
    /// What a thread did from the end of its last stretch on; one without a cycle changes nothing.
    void spend(std::uint32_t thread, const thread_stretch& s);
    /// Where the last stretch of a thread ends.
    [[nodiscard]] timing::cycle position(std::uint32_t thread) const { return threads_[thread].position; }
    /// The thread does nothing any more.
    void end(std::uint32_t thread);

    /// The stack of the cycles 0 to `cycles`, of which no stretch may be beyond; idle where nothing was told. All
    /// threads must have ended.
    [[nodiscard]] cycle_stack stack(timing::cycle cycles) const;
    /// Cycles of classes data and others by what was awaited; shorter than the largest name where nothing was.
    [[nodiscard]] const std::vector<std::uint64_t>& awaited() const noexcept { return awaited_; }
    void reset();

  private:
    static constexpr std::uint32_t threads_most = 4;

    struct told_by_thread {
        bool live = false;   // has begun, and not all of it is accounted for
        bool ended = false;  // will tell nothing more
        timing::cycle position = 0;
        timing::cycle accounted = 0;            // up to the begin of the next stretch
        std::vector<thread_stretch> stretches;  // told; those before `next` are accounted for
        std::size_t next = 0;

        [[nodiscard]] bool empty() const noexcept { return next == stretches.size(); }
        [[nodiscard]] const thread_stretch& front() const noexcept { return stretches[next]; }
        void push(const thread_stretch& s);
        void pop();
    };

    void settle();
    void classify(timing::cycle to);
    void add(cycle_class c, std::uint64_t cycles) noexcept { stack_.of(c) += cycles; }

    std::array<told_by_thread, threads_most> threads_;
    timing::cycle accounted_ = 0;
    cycle_shares carry_{};  // what rounding put into a window that was full already
    cycle_stack stack_;
    std::vector<std::uint64_t> awaited_;
};

}  // namespace d1
