#pragma once
// The one queue of a die's events, which fixes their order.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "models/timing/cycle.hpp"

namespace d1::timing {

/// What happens first within one cycle. Whatever a step causes outside itself happens at least one cycle later, so all
/// events of a cycle are known before the first of them is served.
enum class phase : std::uint8_t { bytes_arrive, signals_arrive, threads, injections, sleepers };

/// The place of an event within its cycle: by phase, then node, then lane (message class or thread), then number.
[[nodiscard]] constexpr std::uint64_t order_of(phase p, std::uint32_t node, std::uint32_t lane,
                                               std::uint64_t number) noexcept {
    return static_cast<std::uint64_t>(p) << 61U | std::uint64_t{node} << 43U | std::uint64_t{lane} << 39U |
           (number & ((1ULL << 39U) - 1));
}

/// Somebody who schedules events and serves them.
class event_handler {
  public:
    /// `subject` is what was scheduled.
    virtual void serve(void* subject) = 0;

  protected:
    ~event_handler() = default;
};

class event_queue;

/// A block, which must not outlive its event queue, that acts in single cycles of its own choice: behind all events of
/// the cycle, and in the order of ranks. Costs less than an event of its own each time where many such blocks act in
/// every cycle, since nothing is sorted.
class sleeper : private event_handler {
  public:
    /// `rank` is one's own among the sleepers of the queue.
    sleeper(event_queue& events, std::uint32_t rank);
    sleeper(const sleeper&) = delete;
    sleeper& operator=(const sleeper&) = delete;
    virtual ~sleeper() = default;

  protected:
    /// To act in cycle `at`, as event_queue::schedule() allows it; nothing if an earlier one has been named.
    void sleep_until(cycle at);

  private:
    friend class event_queue;
    virtual void wake() = 0;
    void serve(void* subject) override;

    static constexpr cycle never = ~cycle{0};
    event_queue& events_;
    std::uint32_t rank_;
    cycle wakes_at_ = never;
};

/// A block with a cycle-accurate level, which must not outlive its event queue: acts in every cycle in which something
/// in it moves, in two phases, so that no order among blocks matters.
class clocked_block {
  public:
    explicit clocked_block(event_queue& events);
    clocked_block(const clocked_block&) = delete;
    clocked_block& operator=(const clocked_block&) = delete;
    virtual ~clocked_block() = default;

    /// Decides by what was there at the end of the last cycle, and sends. What is sent to another block is only put
    /// down there.
    virtual void evaluate() = 0;
    /// Takes in what was sent to it, touching no other block. Returns whether there is anything to do in the next cycle
    /// if nothing more is sent to it.
    virtual bool commit() = 0;

  private:
    friend class event_queue;
    std::uint32_t number_;  // in its event queue
};

/// Events of a die in the order (cycle, order_of), and behind the events of a cycle those sleepers that it wakes, and
/// its active clocked blocks. One SystemC method serves all events of a cycle and re-arms itself for the next cycle
/// that has any; a die in which nothing happens has no kernel activity. The order rests neither on delta cycles nor on
/// the order of construction.
class event_queue : public sc_core::sc_module {
  public:
    SC_HAS_PROCESS(event_queue);
    event_queue(const sc_core::sc_module_name& name, const clock& clock);

    /// The cycle that is being served; 0 at the launch of a run.
    [[nodiscard]] cycle now() const noexcept { return now_; }
    [[nodiscard]] const timing::clock& clock() const noexcept { return clock_; }

    /// For callers from outside the queue, at kernel times of their own: now() while events are served, otherwise the
    /// first cycle at or after kernel time.
    [[nodiscard]] cycle present() const;
    /// The first cycle after kernel time plus `delay`, wherever the call comes from: what happened by then can be
    /// scheduled there, and no order of processes within one time shows.
    [[nodiscard]] cycle following(const sc_core::sc_time& delay = {}) const;

    /// `at` must lie after now() while events are being served, and not before now() otherwise.
    void schedule(cycle at, std::uint64_t order, event_handler& handler, void* subject = nullptr);

    /// Something was sent to `block` in the cycle that is being served: it commits at the end of it and is evaluated in
    /// every cycle from the next on, until it has nothing left to do.
    void activate(clocked_block& block) {
        active_[block.number_ / 64] |= 1ULL << block.number_ % 64;
        resting_ = false;
        if (!serving_) {
            arm();
        }
    }

    /// Drops all events, lets all clocked blocks rest and starts a new count of cycles at SystemC's present time.
    void reset();

    /// Pauses the simulation (sc_pause) after the present cycle.
    void request_pause() noexcept { pause_requested_ = true; }

    /// Calls `tick` with each multiple of `interval` as soon as a cycle at or after it has been served: for interval
    /// statistics and progress. Stays across resets.
    void every(cycle interval, std::function<void(cycle)> tick);

    /// Ends the run as a failed check after the present cycle. The first reason stands.
    void fail(std::string reason);
    [[nodiscard]] const std::optional<std::string>& failure() const noexcept { return failure_; }

    [[nodiscard]] bool empty() const noexcept { return pending_ == 0 && waking_ == 0 && resting_; }
    [[nodiscard]] std::uint64_t served() const noexcept { return served_; }

  private:
    friend class clocked_block;
    friend class sleeper;
    struct event {
        std::uint64_t order;
        event_handler* handler;
        void* subject;
    };
    struct node {
        event what;
        node* next;
    };
    static constexpr std::uint64_t near_cycles = 4096;  // events nearer than this lie in the wheel
    static constexpr std::uint64_t near_wakes = 64;     // sleepers that wake later have an event

    void serve();
    void mark(const sleeper& s, cycle at);
    void wake_sleepers();
    void run_clocked_blocks();
    void tick();
    void arm();
    [[nodiscard]] cycle next_cycle() const;
    void collect(cycle at);

    timing::clock clock_;
    sc_core::sc_event wake_;
    sc_core::sc_time origin_;
    cycle now_ = 0;
    cycle armed_ = 0;
    bool is_armed_ = false;
    bool now_is_served_ = false;
    bool serving_ = false;
    bool pause_requested_ = false;
    std::uint64_t pending_ = 0;
    std::uint64_t served_ = 0;
    struct ticker {
        cycle interval;
        cycle next;
        std::function<void(cycle)> tick;
    };
    std::vector<ticker> tickers_;
    cycle next_tick_ = ~cycle{0};
    std::optional<std::string> failure_;

    // Blocks by number, and which of them are active, bit by bit: they are served in the order of their numbers, so
    // that neighbours on the mesh, which were made one after the other, find each other in the host's cache.
    std::vector<clocked_block*> blocks_;
    std::vector<std::uint64_t> active_;
    std::vector<std::uint64_t> awake_;  // at the beginning of the cycle
    bool resting_ = true;               // no block is active

    // Sleepers by rank, and for each of the coming cycles, as many words as they need, whom it wakes.
    std::vector<sleeper*> sleepers_;
    std::vector<std::uint64_t> wakes_;
    std::uint64_t waking_ = 0;  // bit c: cycle c modulo near_wakes wakes anybody

    std::array<node*, near_cycles> wheel_{};
    std::array<std::uint64_t, near_cycles / 64> occupied_{};
    std::map<cycle, std::vector<event>> far_;
    std::deque<node> nodes_;
    node* free_ = nullptr;
    std::vector<event> batch_;
};

}  // namespace d1::timing
