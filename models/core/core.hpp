#pragma once
// The core of a node: four SMT threads that run a program.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "models/core/activity_log.hpp"
#include "models/core/awaited.hpp"
#include "models/core/barrier_tree.hpp"
#include "models/core/core_parameters.hpp"
#include "models/core/cycle_pipeline.hpp"
#include "models/core/cycle_stack.hpp"
#include "models/core/placement.hpp"
#include "models/core/steady_states.hpp"
#include "models/core/unit_schedule.hpp"
#include "models/numerics/arithmetic.hpp"
#include "models/packet/dma_command.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/program/accesses.hpp"
#include "models/program/apply.hpp"
#include "models/program/cursor.hpp"
#include "models/sram/race_detector.hpp"
#include "models/sram/semaphore_file.hpp"
#include "models/sram/signal_scheduler.hpp"
#include "models/sram/sram_parameters.hpp"
#include "models/sram/uninitialised_detector.hpp"
#include "models/statistics/group.hpp"
#include "models/timing/event_queue.hpp"

namespace d1 {

/// What a core shares with the rest of its die.
struct core_surroundings {
    node_index here{};
    timing::event_queue& events;
    semaphore_file& semaphores;
    signal_scheduler& signals;
    timing_kind timing = timing_kind::at;
    std::uint32_t quantum = 1000;  ///< lt: greatest lead of a thread over kernel time, cycles
    bool functional = true;        ///< false: no arithmetic
    numerics::arithmetic arithmetic;
    race_detector* races = nullptr;  ///< null: switched off
    uninitialised_detector* uninitialised = nullptr;
    activity_log* activities = nullptr;  ///< null: switched off
    steady_states* costs = nullptr;      ///< of instructions on the pipeline; null: published rates
};

/// A thread that has not come to its end, for a deadlock report.
struct blocked_thread {
    std::uint32_t thread = 0;
    std::size_t instruction = 0;
    std::string place;  ///< "thread 1, instruction 7", and where that stands in the program's text if it has one
    std::string why;    ///< "waits for 3 of semaphore 5 (full+1), which is 2"; "waits in barrier 1 of 4 x 2 nodes ..."
};

/// Sockets: `mem` is the way to the SRAM's vector and scalar ports, by DMI, or where a memory grants none, or takes it
/// back, by calls that complete at once; one that waits or annotates a delay is an error. `dma` hands commands to the
/// network interface.
///
/// A thread takes one instruction at a time: issue_cycles to issue it, or list_entry_cycles where it stands in a list
/// (and the list itself issue_cycles). An instruction that computes or moves bytes within the SRAM then
/// reserves units and ports, as its inner kernel takes them on the pipeline or at the published rates, or at ca runs
/// its kernel on the pipeline, and is complete when its result is there, which is when its arithmetic is done; a push,
/// pull or signal is complete when it is handed over; a wait when the semaphore grants it, wake_cycles later if it had
/// to wait; a barrier wake_cycles after the network interface's word. Without arithmetic, what writes a buffer of
/// indices is done all the same, and such transfers carry their bytes. lt: a thread runs ahead of kernel time by at
/// most the quantum, and shares nothing.
class core : public sc_core::sc_module,
             private tlm::tlm_bw_transport_if<>,
             private timing::event_handler,
             private semaphore_waiter,
             private kernel_owner {
  public:
    tlm::tlm_initiator_socket<512> mem{"mem"};
    tlm::tlm_initiator_socket<512> dma{"dma"};

    core(const sc_core::sc_module_name& name, const core_surroundings& surroundings, const core_parameters& parameters,
         const sram_parameters& memory);
    ~core() override;

    /// Starts `program` on this node, which stands at `logical` in `where`; both must outlive the run. Threads begin
    /// launch_cycles from now. The program must have passed program::validate.
    void launch(const program::program& program, const placement& where, coordinate logical);

    /// Whether every thread that was launched has come to its end.
    [[nodiscard]] bool finished() const noexcept { return running_ == 0; }
    /// The cycle in which the last thread ended.
    [[nodiscard]] timing::cycle finish_cycle() const noexcept { return finish_cycle_; }
    /// The longest chain of synchronisation that ends in a thread here, in cycles; see causality.
    [[nodiscard]] std::uint64_t longest_chain() const noexcept { return longest_chain_; }
    [[nodiscard]] std::vector<blocked_thread> blocked() const;

    struct counters {
        std::uint64_t instructions = 0;
        std::uint64_t matrix_steps = 0;
        std::uint64_t matrix_steps_8_bit = 0;  ///< of these, both operands of 8 bits
        std::uint64_t simd_elements = 0;
        std::uint64_t simd_operations = 0;
        std::uint64_t register_bytes = 0;
        std::uint64_t vector_load_lines = 0;
        std::uint64_t vector_store_lines = 0;
        std::uint64_t compute_cycles = 0;
        std::uint64_t wait_cycles = 0;
        std::uint64_t dma_stall_cycles = 0;
        std::uint64_t gather_granules = 0;
        std::uint64_t barrier_cycles = 0;
        std::uint64_t invalid = 0;  ///< instructions that raised the flag, of those that compute; so below
        std::uint64_t denormal = 0;
        std::uint64_t overflow = 0;
        std::uint64_t underflow = 0;
    };
    [[nodiscard]] const counters& count() const noexcept { return count_; }

    /// Where the cycles of a run of `cycles` went, when all threads have come to their ends.
    [[nodiscard]] cycle_stack where_cycles_went(timing::cycle cycles) const { return account_.stack(cycles); }
    /// Adds to `all` what the cycles of classes data and others were spent waiting for.
    void add_waits(wait_cycles& all) const;

    void register_statistics(statistics::group& group);
    void reset();
    /// Between a reset and the next launch.
    void set_timing(timing_kind timing) noexcept { my_.timing = timing; }
    /// What runs its kernels at ca; null at the published rates.
    [[nodiscard]] const cycle_pipeline* pipeline() const noexcept { return pipeline_.get(); }
    /// Whom the mesh ports ask for the SRAM's banks at ca; null where there are none.
    [[nodiscard]] shared_banks* banks() noexcept { return parameters_.sram_banks != 0 ? pipeline_.get() : nullptr; }

  private:
    struct thread;

    // Events of threads
    void serve(void* subject) override;
    void granted(std::uint32_t number, const causality& cause) override;
    void kernel_ends(std::uint32_t number, timing::cycle at) override;
    void kernel_goes_on(std::uint32_t number) override;
    void resume(thread& t, timing::cycle at);

    // One thread
    void run(thread& t, timing::cycle local);
    enum class outcome : std::uint8_t { go_on, blocked };
    outcome execute(thread& t, timing::cycle& local);
    outcome compute(thread& t, const instruction_cost& cost, timing::cycle& local);
    void leave_kernel(thread& t);
    void account(thread& t, const unit_demand& demand, std::span<const unit_schedule::stretch> work, timing::cycle end);
    void spend(thread& t, const thread_stretch& s, std::uint32_t cause = 0);
    void spend(thread& t, timing::cycle end, cycle_class doing) { spend(t, {.end = end, .doing = doing}); }
    void complete_compute(thread& t);
    void note_accesses(thread& t);
    void count(const program::step& s);
    outcome wait(thread& t, const program::wait<std::int64_t>& w);
    void halt(thread& t);
    void learn(thread& t, const causality& cause);
    [[nodiscard]] bool touches_indices(const program::access_list& touched, bool write) const;
    [[nodiscard]] static bool synchronises(const program::step& s);

    // Commands to the network interface
    outcome hand_over(thread& t, const program::push<std::int64_t>& p, timing::cycle& local);
    outcome hand_over(thread& t, const program::pull<std::int64_t>& p, timing::cycle& local);
    outcome hand_over(thread& t, const program::signal<std::int64_t>& s, timing::cycle& local);
    outcome hand_over(thread& t, const program::barrier<std::int64_t>& b, timing::cycle& local);
    void leave_barrier(thread& t);
    outcome hand_over(thread& t, const program::node_reference<std::int64_t>& remote, std::int64_t offset,
                      timing::cycle& local);
    [[nodiscard]] bool command_answered(const thread& t);
    void stall(thread& t);
    void leave_stall(thread& t);
    void resume_next_in_line();
    void inform_races(thread& t, node_index there);

    [[nodiscard]] bool check_accesses(thread& t);
    void fail(const thread& t, const std::string& what);

    // Backward paths
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) override;
    void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) override;
    [[nodiscard]] std::span<std::byte> direct_memory();
    [[nodiscard]] program::applied apply(thread& t);
    [[nodiscard]] program::applied apply_by_calls(thread& t);
    [[nodiscard]] std::span<const std::byte> memory_with_indices(thread& t);
    [[nodiscard]] bool transport(thread& t, const program::access& a);

    core_surroundings my_;
    core_parameters parameters_;
    sram_parameters memory_;
    counters count_;
    unit_schedule units_;
    cycle_account account_;
    std::unique_ptr<cycle_pipeline> pipeline_;
    const program::program* program_ = nullptr;
    const placement* placement_ = nullptr;
    coordinate logical_;
    std::vector<std::unique_ptr<thread>> threads_;
    std::vector<program::extent> indices_;  // the program's buffers of indices
    bool has_barriers_ = false;
    thread* dma_pending_ = nullptr;    // its command is with the network interface and not yet accepted
    std::deque<thread*> dma_waiting_;  // in the order in which they came; the first may be about to try again
    std::uint32_t running_ = 0;
    timing::cycle finish_cycle_ = 0;
    std::uint64_t longest_chain_ = 0;
    std::span<std::byte> dmi_;
    bool dmi_refused_ = false;       // not asked for again before the memory hints at it
    std::vector<std::byte> copies_;  // of what an instruction touches, where there is no direct access
};

}  // namespace d1
