#pragma once
// A node's pipeline, cycle by cycle: from fetch to the units and the SRAM's ports. No SystemC, no bytes: time alone.

#include <array>
#include <cstdint>
#include <vector>

#include "models/core/core_parameters.hpp"
#include "models/core/pipeline/instruction_cache.hpp"
#include "models/core/pipeline/micro_op.hpp"
#include "models/core/pipeline/shut_stretches.hpp"
#include "models/sram/sram_parameters.hpp"

namespace d1::pipeline {

/// What a cycle went to: the first of these that is true of it.
enum class cycle_class : std::uint8_t {
    matrix,         ///< a matrix step started
    simd,           ///< a SIMD operation started
    scalar,         ///< an operation of the scalar scheduler started
    port_conflict,  ///< an operation had all but a port of the SRAM, or a bank behind it
    memory,         ///< vector loads, vector stores or granules started, and as many as wanted to
    front_end,      ///< nothing is decoded: fetch, instruction cache or decode
    waiting,        ///< for the results of operations under way
    idle,           ///< no thread runs a kernel
};
inline constexpr std::size_t cycle_class_count = 8;

/// What has been used since the start, in operations, lines, steps or granules.
struct machine_counts {
    std::array<std::uint64_t, cycle_class_count> cycles{};
    std::uint64_t fetched = 0;  ///< windows of code
    std::uint64_t decoded = 0;
    std::uint64_t scalar = 0;  ///< of the scalar scheduler, its loads and stores included
    std::uint64_t scalar_loads = 0;
    std::uint64_t scalar_stores = 0;
    std::uint64_t vector_loads = 0;  ///< at the load ports, granules included
    std::uint64_t vector_stores = 0;
    std::uint64_t mesh_reads = 0;
    std::uint64_t mesh_writes = 0;
    std::uint64_t granules = 0;
    std::uint64_t simd = 0;
    std::uint64_t matrix = 0;
    std::uint64_t refills = 0;  ///< of lines of the instruction cache
    shut_stretches loads_shut;  ///< cycles in which all load ports were taken

    [[nodiscard]] std::uint64_t total_cycles() const noexcept;
    [[nodiscard]] std::uint64_t of(cycle_class c) const noexcept { return cycles[static_cast<std::size_t>(c)]; }
    /// Bytes at all seven ports.
    [[nodiscard]] std::uint64_t loaded_bytes() const noexcept;
    [[nodiscard]] std::uint64_t stored_bytes() const noexcept;
    machine_counts& add(const machine_counts& more, std::uint64_t times = 1) noexcept;
    [[nodiscard]] machine_counts since(const machine_counts& before) const noexcept;
    friend bool operator==(const machine_counts&, const machine_counts&) = default;
};

/// Up to four threads that each run a kernel. In a cycle, in this order: units take operations that are ready, decoders
/// fill the queues of the units, and fetch brings a window of code. Every thread has a queue for each unit, first in
/// first out; so what a unit does is in order, and units run ahead of each other as far as queues and registers let
/// them. An operation starts when its operands are there (a scoreboard of registers, without renaming: a register is
/// not written before it has been read by all that were to), its unit is free and its ports are. Pointers are read
/// when an access enters its queue. The thread whose kernel began first goes first, everywhere.
///
/// Not modelled: what a branch mispredicted would cost; dependences through memory; values.
class machine {
  public:
    machine(const core_parameters& core, const sram_parameters& memory);

    /// Thread `thread`, which must not be busy, fetches from the next cycle on. The kernel must outlive its run. Where
    /// no other thread is busy, nothing is left of what ran before but the instruction cache.
    void start(std::uint32_t thread, const kernel& code);
    [[nodiscard]] bool busy() const noexcept { return running_ != 0; }
    [[nodiscard]] bool busy(std::uint32_t thread) const noexcept { return threads_[thread].code != nullptr; }

    /// In the coming cycle the network interface takes one of its ports for the line at `address`; false where all of
    /// them, or the line's bank, are taken. To be called before tick().
    [[nodiscard]] bool mesh_access(bool write, std::uint32_t address);

    /// In the coming cycle somebody else has all load ports. To be called before tick().
    void shut_loads() noexcept { loads_are_shut_ = true; }

    /// One cycle. Returns which threads' kernels end with it, a bit a thread: all results are there in the next cycle.
    std::uint32_t tick();

    [[nodiscard]] const machine_counts& counts() const noexcept { return counts_; }
    /// Cycles up to the last in which an operation started.
    [[nodiscard]] std::uint64_t busy_cycles() const noexcept { return busy_cycles_; }
    /// Cycles up to the last in which a vector was loaded.
    [[nodiscard]] std::uint64_t loading_cycles() const noexcept { return loading_cycles_; }
    /// Cycles before the first in which a vector was stored.
    [[nodiscard]] std::uint64_t cycles_before_stores() const noexcept { return cycles_before_stores_; }
    /// Puts a kernel's code into the instruction cache, in no time.
    void warm(const kernel& code);
    void reset();

    // For finding the steady state of a loop of the only thread that runs; see steady_state.hpp.
    /// The loop whose branch was taken by the fetch of the last cycle, or none.
    static constexpr std::uint32_t no_loop = ~0U;
    [[nodiscard]] std::uint32_t branched() const noexcept { return branched_; }
    /// Iterations that `loop` still begins.
    [[nodiscard]] std::uint32_t remaining(std::uint32_t loop) const noexcept;
    /// All that decides on the future, but for the counter of `loop`; absolute time has no part in it.
    void describe(std::uint32_t loop, std::vector<std::uint32_t>& state) const;
    /// Counts `times` x `iterations` of the loop, which took `all` together each time, as done.
    void skip(std::uint32_t loop, std::uint32_t iterations, const machine_counts& all, std::uint32_t times);

  private:
    using cycle = std::uint64_t;
    static constexpr std::uint32_t threads_most = 4;
    static constexpr std::uint32_t queue_most = 32;
    static constexpr std::uint32_t fetched_most = 64;

    /// Queues of a thread.
    enum class lane : std::uint8_t {
        scalar,
        address,
        scalar_load,
        scalar_store,
        vector_load,
        vector_store,
        gather,
        simd,
        matrix
    };
    static constexpr std::size_t lane_count = 9;

    /// Counts wrap; differences between them stay small.
    struct register_state {
        std::uint16_t writes_decoded = 0;
        std::uint16_t writes_started = 0;
        std::uint16_t reads_decoded = 0;
        std::uint16_t reads_started = 0;
        cycle ready = 0;
        cycle accumulates = 0;  // a matrix step may add to it
    };
    struct waiting_op {
        op_kind kind{};
        register_name to = no_register;
        std::array<register_name, 3> from{no_register, no_register, no_register};
        std::array<std::uint16_t, 3> from_writes{};  // as many must have started
        std::uint16_t to_writes = 0;
        std::uint16_t to_reads = 0;
        std::uint32_t bank = 0;
    };
    struct queue {
        std::array<waiting_op, queue_most> ops;
        std::uint32_t first = 0;
        std::uint32_t size = 0;
        [[nodiscard]] waiting_op& front() noexcept { return ops[first]; }
        [[nodiscard]] const waiting_op& at(std::uint32_t n) const noexcept { return ops[(first + n) % queue_most]; }
        [[nodiscard]] waiting_op& push() noexcept { return ops[(first + size++) % queue_most]; }
        void pop() noexcept {
            first = (first + 1) % queue_most;
            --size;
        }
    };
    struct thread_state {
        const kernel* code = nullptr;
        std::uint32_t pc = 0;
        std::array<std::uint32_t, loops_most> counters{};
        cycle fetch_ready = 0;
        std::array<std::uint16_t, fetched_most> fetched{};
        std::uint32_t fetched_first = 0;
        std::uint32_t fetched_size = 0;
        std::uint32_t staging_next = 0;
        bool rotated = false;
        std::uint32_t occupied = 0;  // a bit a lane whose queue is not empty
        cycle complete = 0;          // of all that has started
        std::array<std::int64_t, pointers_most> pointers{};
        std::array<register_state, register_count> registers;
        std::array<queue, lane_count> queues;
    };

    void issue();
    void issue(thread_state& t);
    void count_shut_loads() noexcept;
    [[nodiscard]] bool try_lane(thread_state& t, lane l);
    [[nodiscard]] static bool operands_ready(const thread_state& t, const waiting_op& op, cycle now) noexcept;
    [[nodiscard]] bool take_unit(const waiting_op& op, lane l);
    [[nodiscard]] bool take_ports(std::uint32_t& left, std::uint32_t bank) noexcept;
    void start_op(thread_state& t, const waiting_op& op);
    void decode();
    [[nodiscard]] bool decode(thread_state& t, const micro_op& op);
    void enqueue(thread_state& t, lane l, const micro_op& op, register_name to, register_name extra);
    void fetch();
    [[nodiscard]] bool fetch(thread_state& t);
    void classify();
    [[nodiscard]] bool has_room(const thread_state& t, lane l) const noexcept {
        return t.queues[static_cast<std::size_t>(l)].size < core_.queue_depth;
    }
    [[nodiscard]] register_name renamed(const thread_state& t, register_name r) const noexcept;
    [[nodiscard]] std::uint32_t bank_of(std::int64_t address) const noexcept;
    [[nodiscard]] std::uint32_t latency_of(const waiting_op& op) const noexcept;
    [[nodiscard]] const thread_state& only_thread() const noexcept { return threads_[by_age_[0]]; }

    core_parameters core_;
    sram_parameters memory_;
    instruction_cache cache_;
    cycle now_ = 0;
    std::uint32_t running_ = 0;
    std::array<std::uint8_t, threads_most> by_age_{};
    std::array<thread_state, threads_most> threads_;
    std::uint32_t drain_interval_ = 1;  // cycles for a line out of an accumulator
    cycle drain_free_ = 0;
    cycle refill_free_ = 0;
    std::uint32_t branched_ = no_loop;
    cycle list_free_ = 0;
    machine_counts counts_;
    std::uint64_t busy_cycles_ = 0;
    std::uint64_t loading_cycles_ = 0;
    std::uint64_t cycles_before_stores_ = 0;
    std::uint64_t shut_for_ = 0;  // cycles of the present stretch, up to one behind the longest that are told apart

    // What is left of the cycle.
    struct slots {
        std::uint32_t scalar_width = 0, scalar = 0, address = 0, scalar_load = 0, scalar_store = 0;
        std::uint32_t vector_load = 0, vector_store = 0, gather = 0, simd = 0, matrix = 0;
    };
    slots left_;
    std::uint32_t mesh_read_left_ = 0;
    std::uint32_t mesh_write_left_ = 0;
    std::uint64_t banks_taken_ = 0;
    bool loads_are_shut_ = false;
    bool refused_ = false;
    bool started_ = false;
};

}  // namespace d1::pipeline
