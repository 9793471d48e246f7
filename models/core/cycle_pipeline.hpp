#pragma once
// The pipeline of a core at ca: the kernels of its threads run on one machine, cycle by cycle.

#include <cstdint>
#include <memory>
#include <optional>

#include "models/core/cycle_stack.hpp"
#include "models/core/pipeline/machine.hpp"
#include "models/core/steady_states.hpp"
#include "models/sram/shared_banks.hpp"
#include "models/timing/event_queue.hpp"

namespace d1 {

/// Whose kernels run.
class kernel_owner {
  public:
    /// The results of the kernel of `thread` are there in cycle `at`, which lies ahead.
    virtual void kernel_ends(std::uint32_t thread, timing::cycle at) = 0;
    /// What was said of its end holds no longer: it has got company. The end will be said again.
    virtual void kernel_goes_on(std::uint32_t thread) = 0;

  protected:
    ~kernel_owner() = default;
};

/// A block of the die's two-phase tick, awake while kernels run side by side: its machine then goes on by a cycle in
/// each, in commit(), when the mesh ports have taken their banks. A kernel alone takes the cycles of its steady state,
/// which are known, and nothing ticks; when another one starts, the machine is brought to where it stands by then, and
/// ticks from there on until it is empty. So every kernel ends when it would if the machine ran in every cycle. Where
/// the SRAM has banks, what comes from the mesh is not known, and the machine ticks while there is any kernel or mesh
/// access.
///
/// Tells the cycle account what the cycles in which kernels were in the machine went to; not those of a kernel that was
/// alone from start to end.
class cycle_pipeline final : public timing::clocked_block, public shared_banks {
  public:
    cycle_pipeline(timing::event_queue& events, kernel_owner& owner, cycle_account& account,
                   const core_parameters& core, const sram_parameters& memory);

    /// `thread`, which is in no kernel, starts that of `cost`, which must outlive it, in the present cycle. For events
    /// alone.
    void start(std::uint32_t thread, const instruction_cost& cost);

    [[nodiscard]] bool mesh_access(bool write, std::uint32_t address) override;

    /// Cycles in which the machine has ticked.
    [[nodiscard]] std::uint64_t ticks() const noexcept { return ticks_; }
    /// Differs from what it was where operations have been decoded or started since.
    [[nodiscard]] std::uint64_t progress() const noexcept;
    void reset();

  private:
    /// The only kernel under way, of which nothing has been run.
    struct lone_kernel {
        std::uint32_t thread;
        const instruction_cost* cost;
        timing::cycle begin;
        timing::cycle end;
    };

    void evaluate() override {}
    bool commit() override;
    pipeline::machine& machine();
    void enter(std::uint32_t thread, const instruction_cost& cost);
    void catch_up(const lone_kernel& lone);
    void tell(timing::cycle now);

    timing::event_queue& events_;
    kernel_owner& owner_;
    cycle_account& account_;
    core_parameters core_;
    sram_parameters memory_;
    std::optional<lone_kernel> lone_;
    std::unique_ptr<pipeline::machine> machine_;  // made when it is needed first
    std::uint32_t running_ = 0;                   // threads in the machine, a bit each
    pipeline::machine_counts told_;               // up to which the account knows
    std::uint64_t ticks_ = 0;
};

}  // namespace d1
