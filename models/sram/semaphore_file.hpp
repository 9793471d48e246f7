#pragma once
// The semaphores of a node.

#include <boost/container/devector.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/packet/causality.hpp"

namespace d1 {

/// Who is told when a wait is granted.
class semaphore_waiter {
  public:
    /// `cause`: what the signals that were consumed carried, joined.
    virtual void granted(std::uint32_t thread, const causality& cause) = 0;

  protected:
    ~semaphore_waiter() = default;
};

/// Unsigned 32-bit counters, zero at reset. A wait takes its amount in one step; waiters of a semaphore are served in
/// the order in which they came, and a later one that wants less never overtakes. What signals carry is handed on first
/// in, first out: a wait learns of the signals whose counts it consumes. Not modelled: what a semaphore operation
/// costs; the core and the network interface account for that.
class semaphore_file {
  public:
    /// One that waits: for `amount` of `semaphore`.
    struct waiting {
        std::uint32_t thread;
        std::uint32_t semaphore;
        std::uint32_t amount;
    };

    /// Joins what two signals know; the race detector's part.
    using join_function = std::uint32_t (*)(void* context, std::uint32_t a, std::uint32_t b);

    explicit semaphore_file(std::uint32_t count) : semaphores_(count) {}

    void connect(semaphore_waiter& waiter) { waiter_ = &waiter; }
    void connect_knowledge(join_function join, void* context) {
        join_ = join;
        join_context_ = context;
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(semaphores_.size()); }
    [[nodiscard]] std::uint32_t value(std::uint32_t semaphore) const { return semaphores_.at(semaphore).value; }

    /// Adds `amount`, then serves waiters. False, with nothing changed, if the counter would overflow.
    [[nodiscard]] bool signal(std::uint32_t number, std::uint32_t amount, const causality& cause);

    /// Takes `amount` and returns what the consumed signals carried, or, if there is not enough or others wait already,
    /// queues the thread, which is told later.
    [[nodiscard]] std::optional<causality> wait(std::uint32_t number, std::uint32_t amount, std::uint32_t thread);

    /// The threads that wait now, by semaphore and then in their order.
    [[nodiscard]] std::vector<waiting> waiters() const;

    void reset();

  private:
    struct share {
        std::uint32_t units = 0;
        causality cause;
    };
    struct counter {
        std::uint32_t value = 0;
        // Most counters are never used, and hold no memory until they are.
        boost::container::devector<share> shares;  // what makes up the value, oldest first
        boost::container::devector<waiting> queue;
    };

    [[nodiscard]] causality consume(counter& s, std::uint32_t amount);

    std::vector<counter> semaphores_;
    semaphore_waiter* waiter_ = nullptr;
    join_function join_ = nullptr;
    void* join_context_ = nullptr;
};

}  // namespace d1
