#pragma once
// Executes programs without a notion of time: the reference for what they compute, and the ground that the checker
// stands on.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/numerics/arithmetic.hpp"
#include "models/program/accesses.hpp"
#include "models/program/assignment.hpp"
#include "models/program/cursor.hpp"
#include "models/program/validate.hpp"

namespace d1::program {

/// An instruction of a thread.
struct place {
    node_index node{};              ///< logical
    std::uint32_t thread = 0;       ///< of the node
    std::uint32_t instruction = 0;  ///< index in the thread
    friend constexpr auto operator<=>(const place&, const place&) = default;
};

/// What a step touches in the memory of another node: the destination of a push, the source of a pull.
struct remote_access {
    node_reference<std::int64_t> node;
    access touched;
};
[[nodiscard]] std::optional<remote_access> remote_access_of(const step& s);

/// What makes an execution stop.
enum class fault_kind : std::uint8_t {
    structure,      ///< of a program, said by validate()
    range,          ///< an access outside the memory
    buffer,         ///< an access outside the buffers that the owner's program declares, or across two
    owner,          ///< a node that the job does not have, or that runs no program
    operands,       ///< a result over an operand that is still read
    semaphore,      ///< no such semaphore or barrier, an amount out of range, an overflow
    unmatched,      ///< counts that are left over
    uninitialised,  ///< a read of bytes that nobody wrote
    race,           ///< two accesses that nothing puts in order
    dead_wait,      ///< a wait that nothing can end
};

/// Is told of every step before it takes effect.
class step_watcher {
  public:
    virtual ~step_watcher() = default;
    virtual void starts(const place& where, const step& s) = 0;
};

/// Is told in which order things happen, and says what a signal lets its receiver know; the handles are its own.
class order_watcher {
  public:
    using knowledge = std::uint32_t;
    using transfer = std::uint32_t;

    virtual ~order_watcher() = default;
    /// The step of a thread works on the memory of its node.
    virtual void computes(const place& where, const step& s) = 0;
    /// A push or a pull of `s` is issued.
    virtual transfer issues(const place& where, const step& s) = 0;
    virtual void reads(transfer t, const place& who, node_index memory, const access& a) = 0;
    virtual void writes(transfer t, node_index memory, const access& a) = 0;
    virtual void ends(transfer t) = 0;
    /// What signals carry: of a thread, to a node; of a transfer whose reads, or whose writes too, are done.
    virtual knowledge released(const place& where, std::optional<node_index> to) = 0;
    virtual knowledge reads_done(transfer t) = 0;
    virtual knowledge all_done(transfer t) = 0;
    virtual knowledge join(knowledge a, knowledge b) = 0;
    /// A wait was granted.
    virtual void learns(const place& where, knowledge k) = 0;
};

struct untimed_options {
    limits node{};
    bool functional = true;  ///< false: no memories, no arithmetic
    numerics::arithmetic arithmetic{};
    /// 0: threads in turn, each as far as it goes, transfers complete at issue. Any other number is the seed of an
    /// order in which threads and transfers take single steps.
    std::uint64_t schedule = 0;
    /// Nodes that start; empty: all that have a program.
    std::vector<bool> started{};
    step_watcher* steps = nullptr;
    order_watcher* order = nullptr;
};

enum class untimed_status : std::uint8_t {
    finished,  ///< every thread came to its end
    deadlock,  ///< threads wait, and nothing is under way
    failed,    ///< see failure()
};

/// Nodes that run programs as far as they can. Threads take their steps in program order; a push reads its source, adds
/// to `done`, writes its destination and adds to `notify`, in this order; what a node pushes and signals to another
/// arrives in the order in which it was issued; a pull is in no order with either. Semaphores are those of design: a
/// wait takes its amount at once, and waiters are served in the order in which they came. A thread comes to a barrier
/// when its transfers are done. In a program without races
/// all orders that `schedule` allows lead to the same bytes, and these are the bytes at every timing level. Needs the
/// programs to have passed validate(). Not modelled: time, dead nodes, anything that a queue holds.
class untimed_machine {
  public:
    struct stop {
        fault_kind kind{};
        place where;
        std::string message;
    };
    struct waiting_thread {
        place where;
        std::optional<node_index> absent{};  ///< at a barrier: who has not come to it; the rest is of semaphores
        std::uint32_t semaphore = 0;
        std::uint32_t amount = 0;
        std::uint32_t value = 0;        ///< of the semaphore
        std::optional<place> behind{};  ///< who came to the semaphore first and waits too
    };
    /// A semaphore in the end.
    struct semaphore_state {
        std::uint32_t value = 0;
        bool waited_for = false;
        std::optional<place> last_signal{};  ///< who added to it last
    };

    untimed_machine(const assignment& job, const untimed_options& options);
    ~untimed_machine();
    untimed_machine(untimed_machine&&) noexcept;
    untimed_machine& operator=(untimed_machine&&) noexcept;

    /// The SRAM of a node, all zero at first; empty where `functional` is off.
    [[nodiscard]] std::span<std::byte> memory(node_index n);

    /// Once.
    untimed_status run();

    [[nodiscard]] const std::optional<stop>& failure() const noexcept;
    [[nodiscard]] std::vector<waiting_thread> waiting() const;
    [[nodiscard]] semaphore_state semaphore(node_index n, std::uint32_t number) const;
    /// The steps of a thread that are still to come, the one that waits included: visit(instruction, step), until it
    /// gives false.
    template <typename Visit>
    void for_each_remaining(node_index n, std::uint32_t thread, Visit&& visit) const {
        auto [walk, s] = rest_of(n, thread);
        for (; s != nullptr; s = walk.next()) {
            if (!visit(walk.position(), *s)) return;
        }
    }
    [[nodiscard]] std::uint64_t steps() const noexcept;

  private:
    class implementation;
    /// A copy of where a thread stands, and the step there.
    [[nodiscard]] std::pair<cursor, const step*> rest_of(node_index n, std::uint32_t thread) const;
    std::unique_ptr<implementation> implementation_;
};

}  // namespace d1::program
