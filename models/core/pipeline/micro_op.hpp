#pragma once
// The micro-operations of a node's pipeline, and the inner kernels written in them. They stand for D1's instruction
// set, which is unpublished: a small vocabulary in which the published facts can be said. docs/pipeline.md tells which
// is which.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace d1::pipeline {

/// What a micro-operation does. Those of the front end are resolved and dropped at decode; they take a place in fetch
/// and decode and nothing behind it.
enum class op_kind : std::uint8_t {
    branch,        ///< front end: back to the head of a loop until its count is reached; predicted without fail
    immediate,     ///< front end: a predicate, or a constant into a scalar register
    rotate,        ///< front end: accumulators are named in the other half of them from here on
    list_entry,    ///< front end: an entry of a list of transfers, parsed beside the SRAM
    scalar,        ///< an integer unit
    address,       ///< an address unit: adds to a pointer
    semaphore,     ///< an integer unit: adds to a semaphore, or takes from it
    scalar_load,   ///< 8 bytes to a scalar register
    scalar_store,  ///< 8 bytes from a scalar register
    vector_load,   ///< a line of 64 bytes to a vector register or accumulator
    vector_store,  ///< a line of 64 bytes from a vector register or accumulator
    gather,        ///< a granule of 8 or 16 bytes to its place in a vector register, by the gather engine
    scatter,       ///< the same the other way
    simd,          ///< one operation on all lanes
    matrix,        ///< one step of the matrix unit onto an accumulator that it names
};
inline constexpr std::size_t op_kind_count = 15;

/// A register of a thread: one number for all kinds.
using register_name = std::uint8_t;
inline constexpr std::uint32_t vector_registers_most = 64;
inline constexpr std::uint32_t accumulators_most = 128;
inline constexpr std::uint32_t pointers_most = 16;
inline constexpr std::uint32_t staging_registers = 16;
inline constexpr std::uint32_t register_count = 255;
inline constexpr register_name no_register = 255;
[[nodiscard]] constexpr register_name vector_register(std::uint32_t n) noexcept {
    return static_cast<register_name>(n);
}
[[nodiscard]] constexpr register_name accumulator(std::uint32_t n) noexcept {
    return static_cast<register_name>(vector_registers_most + n);
}
[[nodiscard]] constexpr register_name pointer(std::uint32_t n) noexcept {
    return static_cast<register_name>(vector_registers_most + accumulators_most + n);
}
/// Where the operand of a load+execute operation waits for it; no program names it.
[[nodiscard]] constexpr register_name staging(std::uint32_t n) noexcept {
    return static_cast<register_name>(vector_registers_most + accumulators_most + pointers_most + n);
}
[[nodiscard]] constexpr bool is_accumulator(register_name r) noexcept {
    return r >= accumulator(0) && r < pointer(0);
}

/// One micro-operation, four bytes of the machine's code. A vector register holds what one SIMD operation takes, a line
/// or more; a load of a line to it leaves its other lines alone.
struct micro_op {
    op_kind kind{};
    register_name to = no_register;
    std::array<register_name, 2> from{no_register, no_register};  ///< `to` of a matrix step is read too
    /// Of a memory access, and of a SIMD operation that loads its second operand itself (load+execute).
    register_name base = no_register;
    std::int32_t value = 0;  ///< bytes behind the pointer, bytes that an address operation adds, or a branch's target
    std::uint8_t loop = 0;   ///< of a branch
    bool updates = false;    ///< a SIMD operation that reads `to` too, and loads nothing itself
    friend constexpr bool operator==(const micro_op&, const micro_op&) = default;
};
inline constexpr std::uint32_t op_bytes = 4;

/// Loops may be nested this deep, and stand this many in a kernel.
inline constexpr std::size_t loops_most = 16;

/// The loop nest that one instruction of a program is for the machine.
struct kernel {
    std::string name;
    std::vector<micro_op> code;
    std::vector<std::uint32_t> counts;  ///< how often each loop's body runs; at least once
    std::uint32_t address = 0;          ///< of its first operation, for the instruction cache
    [[nodiscard]] std::uint32_t bytes() const noexcept { return static_cast<std::uint32_t>(code.size()) * op_bytes; }
};

/// Writes a kernel. Loops that run not at all leave their body out, those that run once their branch.
class kernel_writer {
  public:
    explicit kernel_writer(std::string name) { kernel_.name = std::move(name); }

    void immediate() { put({.kind = op_kind::immediate}); }
    void rotate() { put({.kind = op_kind::rotate}); }
    void list_entry() { put({.kind = op_kind::list_entry}); }
    void scalar() { put({.kind = op_kind::scalar}); }
    void semaphore() { put({.kind = op_kind::semaphore}); }
    void add(register_name p, std::int64_t bytes) {
        put({.kind = op_kind::address, .to = p, .value = static_cast<std::int32_t>(bytes)});
    }
    void load(register_name to, register_name base, std::int64_t offset) {
        put({.kind = op_kind::vector_load, .to = to, .base = base, .value = static_cast<std::int32_t>(offset)});
    }
    void store(register_name from, register_name base, std::int64_t offset) {
        put({.kind = op_kind::vector_store,
             .from = {from, no_register},
             .base = base,
             .value = static_cast<std::int32_t>(offset)});
    }
    void simd(register_name to, register_name a = no_register, register_name b = no_register) {
        put({.kind = op_kind::simd, .to = to, .from = {a, b}});
    }
    void matrix(register_name accumulator, register_name a, register_name b) {
        put({.kind = op_kind::matrix, .to = accumulator, .from = {a, b}});
    }
    void put(const micro_op& op) { kernel_.code.push_back(op); }

    template <typename Body>
    void loop(std::uint64_t count, Body&& body) {
        if (count == 0) {
            return;
        }
        const auto head = static_cast<std::int32_t>(kernel_.code.size());
        const std::size_t number = kernel_.counts.size();
        if (count > 1) {
            kernel_.counts.push_back(static_cast<std::uint32_t>(count));
        }
        body();
        if (count > 1) {
            put({.kind = op_kind::branch, .value = head, .loop = static_cast<std::uint8_t>(number)});
        }
    }
    [[nodiscard]] kernel take() { return std::move(kernel_); }

  private:
    kernel kernel_;
};

/// The kernel in writing, an operation a line: for documents and people.
[[nodiscard]] std::string to_text(const kernel& k);

}  // namespace d1::pipeline
