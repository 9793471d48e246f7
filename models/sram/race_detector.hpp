#pragma once
// Finds accesses to SRAM that nothing puts in order, while a program runs.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/packet/coordinate.hpp"

namespace d1 {

/// One side of a race: an instruction of a thread, which accessed memory itself or through its transfer.
struct race_party {
    node_index node{};              ///< where the thread runs
    std::uint32_t thread = 0;       ///< of the node
    std::uint32_t instruction = 0;  ///< index in the thread's program
    bool transfer = false;          ///< a push or pull; otherwise computation
    bool write = false;
    friend constexpr auto operator<=>(const race_party&, const race_party&) = default;
};

/// Two accesses in a race, where they first met.
struct race {
    node_index memory{};
    std::uint32_t address = 0;  ///< first byte that both touched
    std::uint32_t bytes = 0;
    race_party earlier;  ///< in the order of this run
    race_party later;
    friend constexpr bool operator==(const race&, const race&) = default;
};

/// "race on bytes 64..127 of node number 3: ...", in one line.
[[nodiscard]] std::string to_string(const race& r);

/// A happens-before race detector, fed by cores and network interfaces in the order of the simulation.
///
/// **A race** is two accesses to one byte of one memory, at least one a write, by different actors, of which neither
/// happens before the other. Actors are threads and transfers (each execution of a push or pull). Happens before is the
/// least transitive relation in which
/// - what a thread does is in program order;
/// - what a thread did or learnt before it issued a transfer comes before all accesses of the transfer;
/// - the reads of a transfer come before reads_done(), its reads and writes before all_done();
/// - all that a piece of knowledge covers comes before what a thread does after acquire() of it.
/// So a transfer is unordered with its thread's later work, and with the thread's other transfers, until a signal of it
/// has been waited for; and so are the reads and the writes of one transfer with each other, if its source overlaps its
/// destination. Writes of one transfer count as ordered. Where destinations are named, knowledge sent to a node covers
/// the thread's earlier pushes to it, which the memory model promises under every routing policy; that pushes of other
/// threads arrive in order too is a property of some policies and is not relied on.
///
/// **What is reported** is always a race. For each byte the first access that races with an earlier one is found, with
/// one such pair; a pair in which a third access has taken the place of the first may go unnamed where another pair is
/// named. Nothing is lost beyond that while forgotten_reads() is 0. The relation is that of the observed run: counts of
/// a semaphore are attributed first in, first out, so if two producers signal one semaphore and in this run the right
/// one came first, the other order is not examined.
///
/// **Cost.** Knowledge: about 24 B for each signal, transfer and wait, kept to reset(). Acquiring it visits what is new
/// to the thread once, and merges two sorted lists of event runs: one run for each thread, and for each instruction
/// with transfers, that the thread has learnt of, more only where completions became known out of order. An access
/// costs the intervals it meets in a 4 KiB page, and a binary search in those lists for each. A byte remembers the last
/// write and, since then, the reads that no later read of the same instruction or thread is known to follow; equal
/// states are shared. There are at most 1024 runs of readers on a byte and, over all, 256 MiB of them; further readers
/// are forgotten and counted.
///
/// Preconditions: node and thread numbers below those constructed with, handles given by this object since the last
/// reset(), calls in an order that agrees with happens-before (an access before the acquire() of what covers it).
/// Not covered: memories of DIPs; what the host writes before launch, which everybody knows.
class race_detector {
  public:
    /// What a signal lets its receiver know. Copied freely, valid until reset().
    using knowledge = std::uint32_t;
    /// What everybody knows at launch.
    static constexpr knowledge nothing = 0;
    /// Names a transfer from begin_transfer() to end_transfer(); never 0.
    using transfer_id = std::uint32_t;

    /// `threads` is that of each node.
    race_detector(std::uint32_t nodes, std::uint32_t threads);
    race_detector(race_detector&&) noexcept;
    race_detector& operator=(race_detector&&) noexcept;
    ~race_detector();

    /// Computation of a thread touches [address, address + bytes) of its own node's memory. Bytes outside the window of
    /// a node (address_map) are ignored, here and below.
    void thread_access(node_index node, std::uint32_t thread, std::uint32_t instruction, std::int64_t address,
                       std::int64_t bytes, bool write);

    /// What a signal of the thread carries: all that it did and learnt so far; sent `to` another node, also its earlier
    /// pushes there.
    [[nodiscard]] knowledge release(node_index node, std::uint32_t thread, std::optional<node_index> to = {});
    /// A wait of the thread was granted by signals that carried this.
    void acquire(node_index node, std::uint32_t thread, knowledge learnt);
    /// What either covers.
    [[nodiscard]] knowledge join(knowledge a, knowledge b);

    /// The thread issues a push or a pull. `pushed_to` is the destination of a push: with it, knowledge that the thread
    /// sends there from now on covers this push.
    [[nodiscard]] transfer_id begin_transfer(node_index node, std::uint32_t thread, std::uint32_t instruction,
                                             std::optional<node_index> pushed_to = {});
    /// The transfer touches a contiguous range; called when it happens.
    void transfer_access(transfer_id transfer, node_index memory, std::int64_t address, std::int64_t bytes, bool write);
    /// What a signal carries that tells of all reads of the transfer (`done` of a push). May be asked for beforehand.
    [[nodiscard]] knowledge reads_done(transfer_id transfer);
    /// What a signal carries that tells of all reads and writes (`notify`, and `done` of a pull). May be asked for
    /// beforehand.
    [[nodiscard]] knowledge all_done(transfer_id transfer);
    /// The transfer accesses nothing any more; its name will be used again.
    void end_transfer(transfer_id transfer);

    /// The first 100 distinct pairs. Pairs are the same if threads, instructions and kinds of access are, whatever the
    /// nodes, since nodes share programs.
    [[nodiscard]] const std::vector<race>& races() const noexcept;
    /// How often an access met an unordered one, counted by contiguous pieces: 0 if and only if no race was found.
    [[nodiscard]] std::uint64_t race_count() const noexcept;
    /// Reads that were not remembered for want of room; while 0, the verdict is exact for the observed run.
    [[nodiscard]] std::uint64_t forgotten_reads() const noexcept;
    /// Bytes of host memory held, allocator overhead aside.
    [[nodiscard]] std::size_t footprint() const noexcept;

    /// As constructed.
    void reset();

  private:
    class implementation;

    [[nodiscard]] std::uint32_t number_of(node_index node, std::uint32_t thread) const noexcept {
        return to_number(node) * threads_ + thread;
    }

    std::uint32_t nodes_;
    std::uint32_t threads_;
    std::unique_ptr<implementation> implementation_;
};

}  // namespace d1
